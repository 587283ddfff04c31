"""Producers that number their batches: three of them in two partitions.

What a batch is numbered is told from the number that is due, as far as earlier answers say; so a
history means the same when operations are left out of it. The broker hands out the ids; of those
that it does not know it takes any epoch and any first number, which histories make use of.

Records are of the present: Kafka forgets a producer whose last record is a day old. Where the
broker stamps records there is one batch at a time, so that no two have the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from kafka.protocol.admin import DescribeProducersRequest

from conformance.drivers.kafka.administration import delete_records_of
from conformance.drivers.kafka.batches import GZIP, NONE, build
from conformance.drivers.kafka.codes import name_of
from conformance.drivers.kafka.messages import encode
from conformance.drivers.kafka.partition import ALL, NOBODY, ONE, PRODUCE, only_part
from conformance.drivers.kafka.transactional import (
    INIT_PRODUCER_ID,
    NO_IDENTITY,
    init_request,
    repeated,
)
from conformance.machines.kafka.records import (
    PARTITIONS,
    Edits,
    Records,
    RecordsSubject,
    Refusal,
)
from conformance.machines.machine import DifferentialMachine, Drawn, drawn, mostly, weighted
from conformance.machines.operation import Operation
from conformance.machines.subject import Data

MODULUS = 2**31
"""After the largest sequence number, one less than this, comes 0."""

LAST_EPOCH = 2**15 - 1
PRODUCERS = ("a", "b", "c")
MOST_REPEATED = 8
"""How many batches back a producer repeats one: brokers remember five."""

NEWEST = 99
WHOLE = "one"


@dataclass
class Written:
    """What answers told of one producer in one partition."""

    epoch: int
    due: int
    batches: list[dict[str, Any]] = field(default_factory=list)
    """Arguments of `build` for those that were appended."""


class IdempotenceSubject(RecordsSubject):
    """Carries out the operations of `IdempotenceMachine`."""

    quiet = frozenset({"build"})

    def _forget(self) -> None:
        super()._forget()
        self._ids: dict[str, int] = {}
        """Producer ids, by producer."""
        self._given: set[int] = set()
        """All ids that the broker gave in this history."""
        self._first: dict[str, int] = {}
        self._epochs: dict[str, int] = {}
        self._ends: dict[str, int] = {}
        """By partition: the offset after the last record that answers told of."""
        self._written: dict[tuple[str, int], Written] = {}
        """By partition and producer id."""

    # -- what is left to chance -------------------------------------------------------------

    def allows(self, operation: Operation) -> bool:
        arguments = operation.arguments
        if operation.name == "build":
            return True
        if not self.partitions:
            return False
        if operation.name == "flight":
            return not self.is_stamped(arguments["on"])
        if operation.name == "send_both":
            return not all(map(self.is_stamped, PARTITIONS))
        if operation.name == "again":
            written = self._known(arguments["on"], arguments["producer"])
            return written is not None and arguments["back"] < len(written.batches)
        return True

    def options(self, name: str) -> list[dict[str, Any]]:
        if name != "again":
            return super().options(name)
        return [
            {"on": on, "producer": producer, "back": back}
            for on in self.partitions
            for producer in PRODUCERS
            if (written := self._known(on, producer)) is not None
            for back in range(min(MOST_REPEATED, len(written.batches)))
        ]

    def _known(self, on: str, producer: str) -> Written | None:
        return self._written.get((on, self._ids[producer])) if producer in self._ids else None

    # -- producers --------------------------------------------------------------------------

    def told_producer(self, producer_id: int) -> Data:
        """The broker's ids by symbols, in the order in which they are given."""
        if producer_id in self._given:
            return self.name_generated(producer_id, "i")
        return producer_id

    def do_build(
        self, profiles: Sequence[str], first: Sequence[int], epochs: Sequence[int]
    ) -> Data:
        """`first` are the sequence numbers that producers begin with, `epochs` their epochs."""
        self.take_partitions(profiles)
        self._first = dict(zip(PRODUCERS, first, strict=True))
        self._epochs = dict(zip(PRODUCERS, epochs, strict=True))
        for producer in PRODUCERS:
            self.do_init(producer, list(NO_IDENTITY), NEWEST)

    def do_init(self, producer: str, expected: Sequence[int], version: int) -> Data:
        """Get a new id for a producer, which forgets what it has sent; `expected` is what it says
        to have: an id and an epoch."""
        request = init_request(None, expected=(expected[0], expected[1]))
        chosen = self.tester.best(INIT_PRODUCER_ID, version)
        answer = repeated(self.tester, lambda: self.tester.call(request, chosen))
        if answer.error_code:
            raise Refusal(name_of(answer.error_code), [answer.producer_id, answer.producer_epoch])
        is_new = answer.producer_id not in self._given
        self._ids[producer] = answer.producer_id
        self._given.add(answer.producer_id)
        return [is_new, self.told_producer(answer.producer_id), answer.producer_epoch]

    # -- batches ----------------------------------------------------------------------------

    def _position(self, on: str, producer: str, bump: int) -> Written:
        """Epoch and sequence number that a producer goes on with."""
        known = self._known(on, producer)
        if known is None:
            epoch, due = self._epochs[producer], self._first[producer]
        else:
            epoch, due = known.epoch, known.due
        epoch = min(LAST_EPOCH, max(-1, epoch + bump))
        return Written(epoch, due if bump <= 0 else 0)

    def _numbered(
        self, position: Written, producer: str, ahead: int, records: Records, codec: int
    ) -> dict[str, Any]:
        """Arguments of `build` for a batch that is so far from the number that is due."""
        return {
            "records": self.records(records),
            "compression": codec,
            "producer_id": self._ids[producer],
            "producer_epoch": position.epoch,
            "base_sequence": (position.due + ahead) % MODULUS,
        }

    def _note(self, on: str, batch: dict[str, Any], answer: dict[str, Any]) -> None:
        """Take notice of what was answered to a batch."""
        offset = answer.get("base_offset", -1)
        if answer.get("error", "NONE") != "NONE" or offset < self._ends.get(on, 0):
            return
        self._ends[on] = offset + len(batch["records"])
        due = (batch["base_sequence"] + len(batch["records"])) % MODULUS
        key = on, batch["producer_id"]
        epoch = batch["producer_epoch"]
        known = self._written.get(key)
        batches = [*known.batches, batch] if known is not None else [batch]
        self._written[key] = Written(epoch, due, batches)

    # -- producing --------------------------------------------------------------------------

    def do_send(
        self,
        on: str,
        producer: str,
        bump: int,
        ahead: int,
        records: Records,
        codec: int,
        edits: Edits,
        shape: str,
        acks: int,
        version: int,
    ) -> Data:
        """One batch, `bump` epochs later."""
        position = self._position(on, producer, bump)
        batch = self._numbered(position, producer, ahead, records, codec)
        octets = self.shaped(self.edited(build(**batch), edits), shape)
        answer = self.append(on, octets, acks, version)
        if not edits:
            self._note(on, batch, answer or {})
        return answer

    def do_again(
        self, on: str, producer: str, back: int, to: str, records: Records, changed: str
    ) -> Data:
        """A batch that was appended is sent again, with something changed or nothing."""
        known = self._written[on, self._ids[producer]]
        batch = dict(known.batches[-1 - back])
        if changed == "contents":
            batch["records"] = (self.records(records) * 4)[: len(batch["records"])]
        elif changed == "count":
            batch["records"] = batch["records"] + self.records(records)
        elif changed == "codec":
            batch["compression"] = NONE if batch["compression"] else GZIP
        elif changed == "epoch":
            batch["producer_epoch"] = known.epoch
        elif changed == "key":
            batch["records"] = [one._replace(key=None) for one in batch["records"]]
        elif changed == "producer":
            batch["producer_id"] = self._ids[PRODUCERS[PRODUCERS.index(producer) - 1]]
        target = to if changed == "partition" else on
        octets = self.shaped(build(**batch), "flipped" if changed == "octet" else WHOLE)
        answer = self.append(target, octets)
        self._note(target, batch, answer)
        return answer

    def do_flight(
        self, on: str, producer: str, batches: Sequence[Any], order: Sequence[int], bump: int
    ) -> Data:
        """Batches that are all sent before the first is answered, in this order. `batches` are
        records; each is numbered as if those before it had been appended."""
        position = self._position(on, producer, bump)
        numbered = []
        for records in batches:
            numbered.append(self._numbered(position, producer, 0, records, NONE))
            position.due = (position.due + len(records)) % MODULUS
        sent = [numbered[which % len(numbered)] for which in order]
        partition, version = self.partition(on), self.tester.best(PRODUCE)
        raw = self.tester.raw()
        raw.send(
            *(
                encode(partition.produce_request(build(**batch)), version, number)
                for number, batch in enumerate(sent)
            )
        )
        answers = []
        for number, batch in enumerate(sent):
            response = raw.read_response(PRODUCE, version, number)
            answer = self.told_append(only_part(response.responses, "partition_responses"))
            answers.append(answer)
            self._note(on, batch, answer)
        raw.close()
        return answers

    def do_send_both(
        self, producer: str, order: Sequence[str], aheads: Sequence[int], records: Records
    ) -> Data:
        """One request with a batch for each partition."""
        batches = {
            on: self._numbered(self._position(on, producer, 0), producer, ahead, records, NONE)
            for on, ahead in zip(order, aheads, strict=True)
        }
        parts = [(on, build(**batch)) for on, batch in batches.items()]
        answers = self.send(parts, ALL, NEWEST)
        for on, batch in batches.items():
            self._note(on, batch, answers[on])
        return answers

    def do_append(self, on: str, records: Records) -> Data:
        """A batch of nobody."""
        return self.append(on, self.batch(records))

    def do_delete_records(self, on: str, offset: int) -> Data:
        partition = self.partition(on)
        ((part,),) = delete_records_of([(partition.topic, partition.index, offset)], partition)
        if part.error_code:
            raise Refusal(name_of(part.error_code), part.low_watermark)
        self.starts[on] = part.low_watermark
        return part.low_watermark

    # -- observing --------------------------------------------------------------------------

    def observe(self, operation: Operation) -> dict[str, Data]:
        """Everything in the partitions, and what they know of producers."""
        return {**super().observe(operation), **self._producers()}

    def _producers(self) -> dict[str, Data]:
        topic = DescribeProducersRequest.TopicRequest
        wanted = [
            topic(name=one.topic, partition_indexes=[one.index]) for one in self.partitions.values()
        ]
        response = self.looker.call(DescribeProducersRequest(topics=wanted))
        parts = {
            (one.name, part.partition_index): part
            for one in response.topics
            for part in one.partitions
        }
        return {
            f"producers of {symbol}": self._described(parts.get((one.topic, one.index)))
            for symbol, one in self.partitions.items()
        }

    def _described(self, part: Any) -> Data:
        if part is None or part.error_code:
            return ["error", None if part is None else name_of(part.error_code), None]
        return sorted(
            [
                str(self.told_producer(one.producer_id)),
                one.producer_epoch,
                one.last_sequence,
                self.told_time(one.last_timestamp),
                one.coordinator_epoch,
                one.current_txn_start_offset,
            ]
            for one in part.active_producers
        )


HERE = st.sampled_from(PARTITIONS)
WHO = st.sampled_from([*PRODUCERS, "a"])
RECORD = st.fixed_dictionaries(
    {
        "key": mostly(st.just("k"), None),
        "value": st.sampled_from(["short", "short", "long"]),
        "time": st.integers(0, 4),
    }
)
RECORDS = st.lists(RECORD, min_size=1, max_size=3)
AHEAD = mostly(st.just(0), -1, -2, 1, 2, MODULUS // 2)
BUMP = mostly(st.just(0), 1, 1, -1)
USUAL = {
    "on": HERE,
    "producer": WHO,
    "bump": BUMP,
    "ahead": AHEAD,
    "records": RECORDS,
    "codec": mostly(st.just(NONE), GZIP),
    "edits": {},
    "shape": WHOLE,
    "acks": mostly(st.just(ALL), ONE, NOBODY, 2),
    "version": mostly(st.just(NEWEST), 3, 5, 8, 11, 12),
}
WRONG = st.sampled_from(
    [
        {"crc": 1},
        {"base_sequence": -1},
        {"base_sequence": -7},
        {"producer_epoch": -1},
        {"producer_epoch": -2},
        {"producer_epoch": LAST_EPOCH},
        {"producer_id": -1},
        {"producer_id": -2},
        {"producer_id": 2**62},
        {"record_count": 9},
        {"last_offset_delta": 9},
    ]
)
ORDERS = st.one_of(
    st.permutations(range(5)).map(list),
    st.sampled_from([[0, 1, 2, 3, 4], [0, 0, 1, 1, 2], [0, 1, 2, 1, 3], [1, 0, 1, 2, 3]]),
)
CHANGES = mostly(
    st.sampled_from(["", "", "", "contents", "count", "codec", "epoch"]),
    "key",
    "octet",
    "partition",
    "producer",
)
OPERATIONS = weighted(
    (8, drawn("send", **USUAL)),
    (1, drawn("send", **{**USUAL, "edits": WRONG, "acks": ALL})),
    (
        6,
        drawn("again", nth=st.integers(0, 47), to=HERE, records=RECORDS, changed=CHANGES),
    ),
    (
        3,
        drawn(
            "flight",
            on=HERE,
            producer=WHO,
            batches=st.lists(RECORDS, min_size=1, max_size=5),
            order=ORDERS,
            bump=mostly(st.just(0), 1),
        ),
    ),
    (
        2,
        drawn(
            "send_both",
            producer=WHO,
            order=st.sampled_from([["p1", "p2"], ["p2", "p1"]]),
            aheads=st.lists(AHEAD, min_size=2, max_size=2),
            records=RECORDS,
        ),
    ),
    (1, drawn("append", on=HERE, records=RECORDS)),
    (
        1,
        drawn(
            "init",
            producer=WHO,
            expected=st.sampled_from([[-1, -1], [-1, -1], [-1, 0], [4000, -1], [4000, 2]]),
            version=st.sampled_from([0, 2, 3, 4, NEWEST]),
        ),
    ),
    (1, drawn("delete_records", on=HERE, offset=st.integers(-1, 9))),
)


class IdempotenceMachine(DifferentialMachine):
    """Draws histories of `IdempotenceSubject`. One rule draws all operations, because of several
    rules Hypothesis leaves out about half in each history."""

    @initialize(
        profiles=st.lists(
            st.sampled_from(["plain", "plain", "plain", "append-time", "compacted"]),
            min_size=2,
            max_size=2,
        ),
        first=st.lists(
            st.sampled_from([0, 0, 7, MODULUS - 1, MODULUS - 2, MODULUS - 5]),
            min_size=3,
            max_size=3,
        ),
        epochs=st.lists(st.sampled_from([0, 0, 0, 1, LAST_EPOCH - 1]), min_size=3, max_size=3),
    )
    def build(self, profiles: Any, first: Any, epochs: Any) -> None:
        """Partitions, and where producers begin."""
        self.step("build", profiles=profiles, first=first, epochs=epochs)

    @rule(operation=OPERATIONS)
    def operate(self, operation: Drawn) -> None:
        """Anything, at any time."""
        self.draw(operation)

    def sweep(self) -> None:
        """Everything was observed after each step."""
