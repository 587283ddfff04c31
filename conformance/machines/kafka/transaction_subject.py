"""Transactions in a comparison: who writes under two transactional ids, and what it comes to.

What is left to chance stands at the head of `transactions.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kafka.protocol.admin import DescribeProducersRequest, ListTransactionsRequest

from conformance.drivers.kafka.batches import TRANSACTIONAL, Fetched, Sent, build
from conformance.drivers.kafka.codes import name_of
from conformance.drivers.kafka.groups import Group, fetch_offsets
from conformance.drivers.kafka.partition import (
    COMMITTED,
    PRODUCE,
    UNCOMMITTED,
    Answer,
    Partition,
    only_part,
)
from conformance.drivers.kafka.transactional import (
    ADD_OFFSETS,
    ADD_PARTITIONS,
    END_TXN,
    GROUP,
    INIT_PRODUCER_ID,
    NO_IDENTITY,
    TRANSACTION,
    TXN_OFFSET_COMMIT,
    Producer,
    aborted_of,
    added,
    described,
    find_coordinator,
    is_control,
    repeated,
    settle,
)
from conformance.machines.kafka.subject import KafkaSubject
from conformance.machines.operation import Operation
from conformance.machines.subject import Data
from conformance.requirements.model import VersionRange
from conformance.targets.model import Target

IDS = ("x", "y")
INSTANCES = ("x1", "x2", "y1", "y2")
PARTITIONS = ("a", "b")
GROUPS = {"g1": "gAa", "g2": "gBB"}
"""How the names of groups end. Java's hash code of both is the same, so that one partition of
__consumer_offsets keeps both groups, however many of them a broker is set to have."""

OFFSETS_TOPIC = "__consumer_offsets"
NONE_SUCH = "none"
"""A partition that does not exist, or a transactional id that nobody has used."""

NO_INDEX = 1000
INVENTED = 1 << 40
"""Added to a producer id: no broker comes so far."""

WHO = ("own", "rival", "earlier", "behind", "ahead", "foreign", "invented", NONE_SUCH, "empty")
"""Whom a request claims to come from: the instance itself, the other instance of its id, what it
was before, one epoch less or more, somebody of the other id, a producer id that nobody has, and
itself under another transactional id: one that nobody has, or the empty one."""

GIVEN = frozenset({"own", "rival", "earlier", "foreign"})
"""Identities that the broker gave somebody."""

LARGER_EPOCHS_PASS = VersionRange.parse("<4.0")
"""Versions whose logs take an epoch that was never given, once the transaction is open there."""

WRITES = frozenset({"produce", "commit_offset"})

FIRST_END_WITH_IDENTITY = 5
"""The version of EndTxn whose answer has the identity for the next transaction."""

Identity = tuple[int, int]


class TransactionsSubject(KafkaSubject):
    """Carries out the operations of `TransactionsMachine`. Answers begin with the name of the
    error; versions are the largest that are asked with, where the broker has them."""

    quiet = frozenset({"build", "read", "describe_producers", "list_transactions"})

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        for key_type in (TRANSACTION, GROUP):  # the first one has the broker make its own topics
            find_coordinator(self.tester, self.tester.name("first"), key_type)

    def _forget(self) -> None:
        super()._forget()
        self._partitions: dict[str, Partition] = {}
        self._groups: dict[str, Group] = {}
        self._looked_at: list[Group] = []
        self._known: dict[str, list[Identity]] = {one: [] for one in INSTANCES}
        """What each instance was told to be, the latest at the end."""
        self._current: dict[str, Identity] = {}
        """By transactional id: whom the broker described last."""
        self._announced: dict[str, list[str]] = {}
        """By transactional id: partitions of the open transaction."""
        self._open: set[str] = set()
        self._staged: list[dict[str, Any]] = []
        """Groups and partitions whose offsets wait for the end of a transaction."""
        self._sequences: dict[tuple[str, Identity], int] = {}
        self._batches: dict[tuple[str, Identity], tuple[int, int]] = {}
        """First sequence number and count of the last batch that was accepted."""
        self._values = 0
        self._ends = dict.fromkeys(PARTITIONS, (0, 0))
        """By partition: high watermark and stable offset when they were observed last."""
        self._ends_now = dict(self._ends)

    # -- names ------------------------------------------------------------------------------

    def _name(self, symbol: str) -> str:
        return self.prefix + GROUPS.get(symbol, symbol) if symbol else ""

    def _partition(self, symbol: str) -> Partition:
        known = self._partitions.get(symbol)
        if known is not None:
            return known
        first = self._partitions["a"]
        return Partition(self.tester, first.topic, first.topic_id, NO_INDEX)

    def _place(self, topic: str, index: int) -> str:
        """The symbol of a partition; of the broker's own topic only its name."""
        if topic == OFFSETS_TOPIC:
            return topic
        for symbol in (*PARTITIONS, NONE_SUCH):
            one = self._partition(symbol)
            if (one.topic, one.index) == (topic, index):
                return symbol
        return f"{topic}-{index}"

    def _producer_name(self, producer_id: int) -> Data:
        if producer_id < 0:
            return producer_id
        return self.name_generated(f"producer {producer_id}", "p")

    # -- who asks ---------------------------------------------------------------------------

    def _identity(self, on: str, who: str) -> Identity:
        known = self._known[on]
        own = known[-1] if known else NO_IDENTITY
        if who == "earlier":
            return known[-2] if len(known) > 1 else own
        if who in ("rival", "foreign"):
            letter = on[0] if who == "rival" else IDS[on[0] == IDS[0]]
            others = self._known[letter + "21"[on[1] == "2"]]
            return others[-1] if others else NO_IDENTITY
        steps = {"behind": -1, "ahead": 1}
        if who in steps:
            return own[0], max(0, own[1] + steps[who])
        return (own[0] + INVENTED, own[1]) if who == "invented" else own

    def _producer(self, on: str, who: str) -> Producer:
        """Somebody who sends the requests of an instance."""
        symbol = {NONE_SUCH: NONE_SUCH, "empty": ""}.get(who, on[0])
        producer = Producer(self.tester, NONE_SUCH)
        producer.transactional_id = self._name(symbol)
        producer.producer_id, producer.epoch = self._identity(on, who)
        return producer

    def _learn(self, on: str, identity: Identity) -> None:
        if self._known[on][-1:] != [identity]:
            self._known[on].append(identity)

    # -- what is left to chance -------------------------------------------------------------

    def allows(self, operation: Operation) -> bool:
        name, arguments = operation.name, operation.arguments
        if name == "build" or not self._partitions:
            return name == "build"
        if name == "list_transactions":
            return bool(self._current)
        if "who" not in arguments:
            return True
        who = arguments["who"]
        if who == "ahead" and self.identity.version in LARGER_EPOCHS_PASS and name in WRITES:
            return False
        if name == "produce":
            good = arguments["transactional"] or who in GIVEN
            return good and self._identity(arguments["on"], who) != NO_IDENTITY
        return True

    def options(self, name: str) -> list[dict[str, Any]]:
        """Who has the latest epoch, and zombies of open transactions; with what is part of it."""
        known = [one for one in INSTANCES if self._known[one]]
        current = [one for one in known if self._known[one][-1] == self._current.get(one[0])]
        zombies = [one for one in known if one not in current and one[0] in self._open]
        if name in ("add_partitions", "add_offsets"):
            return [{"on": one} for one in (*current, *zombies)]
        writing = [one for one in (*current, *zombies) if one[0] in self._open]
        if name == "produce":
            parts = [(one, part) for one in writing for part in self._announced[one[0]]]
            return [{"on": one, "partition": part} for one, part in parts if part in PARTITIONS]
        if name == "commit_offset":
            staging = [one for one in writing if OFFSETS_TOPIC in self._announced[one[0]]]
            places: list[dict[str, Any]] = [{"group": group} for group in GROUPS]
            return [{"on": one, **at} for one in staging or writing for at in places + self._staged]
        idle = [one for one in current if one not in writing]
        return [{"on": one} for one in (*writing, *idle)]

    def execute(self, operation: Operation) -> Data:
        answer = super().execute(operation)
        if answer[0] == "ok" and len(answer) > 1 and answer[1][0] != "NONE":
            code, *more = answer[1]
            return ["error", code, more]
        return answer

    # -- identities -------------------------------------------------------------------------

    def do_build(self) -> None:
        """Take two partitions, and wait until the coordinators of all names are ready."""
        self._partitions = {symbol: self.tester.fresh() for symbol in PARTITIONS}
        for symbol in (*IDS, NONE_SUCH):
            find_coordinator(self.tester, self._name(symbol), TRANSACTION)
            self._described(symbol)
        self._groups = {symbol: Group(self.tester, self._name(symbol)) for symbol in GROUPS}
        self._looked_at = [Group(self.looker, one.id) for one in self._groups.values()]
        self.tester.transcript.clear()

    def do_init_producer(
        self, on: str, who: str, timeout_ms: int, version: int, again: bool
    ) -> Data:
        """`who` is expected, nobody if it is empty. `again` repeats what was too early."""
        producer = self._producer(on, who)
        answer = producer.init_producer_id(
            producer.identity if who else NO_IDENTITY,
            timeout_ms,
            self.tester.best(INIT_PRODUCER_ID, version),
            again=again,
        )
        if answer.error_code == 0:
            self._learn(on, (answer.producer_id, answer.producer_epoch))
        return self._given(answer)

    def _given(self, answer: Any) -> Data:
        identity = self._producer_name(answer.producer_id), answer.producer_epoch
        return [name_of(answer.error_code), *identity]

    # -- what is part of it -----------------------------------------------------------------

    def do_add_partitions(self, on: str, who: str, partitions: Sequence[str], version: int) -> Data:
        wanted = [self._partition(symbol) for symbol in partitions]
        response = self._producer(on, who).add_partitions(
            *wanted, version=self.tester.best(ADD_PARTITIONS, version)
        )
        codes = {self._place(*where): code for where, code in added(response).items()}
        return [" ".join(sorted(set(codes.values()))) or "NONE", codes]

    def do_produce(
        self,
        on: str,
        who: str,
        partition: str,
        count: int,
        sequence: str,
        version: int,
        transactional: bool,
    ) -> Data:
        """`sequence` says how the batch follows the last accepted one of the same identity: "next",
        after a "gap", as its "repeat", or from "zero"."""
        producer = self._producer(on, who)
        key = partition, producer.identity
        first = self._sequences.get(key, 0)
        if sequence == "repeat":
            first, count = self._batches.get(key, (first, count))
        first = {"gap": first + 1, "zero": 0}.get(sequence, first)
        values = [b"v%d" % (self._values + number) for number in range(1, count + 1)]
        self._values += count
        place, asked = self._partition(partition), self.tester.best(PRODUCE, version)
        if transactional:
            answer = producer.produce(place, *values, version=asked, sequence=first)
        else:
            batch = build(
                map(Sent, values),
                producer_id=producer.producer_id,
                producer_epoch=producer.epoch,
                base_sequence=first,
            )
            answer = place.produce(batch, version=asked)
        if answer.error_code == 0:
            self._sequences[key] = max(self._sequences.get(key, 0), first + count)
            self._batches[key] = first, count
        return [name_of(answer.error_code), answer.base_offset, answer.error_message]

    def do_add_offsets(self, on: str, who: str, group: str, version: int) -> Data:
        asked = self.tester.best(ADD_OFFSETS, version)
        answer = self._producer(on, who).add_offsets(self._name(group), asked)
        return [name_of(answer.error_code)]

    def do_commit_offset(
        self,
        on: str,
        who: str,
        group: str,
        partition: str,
        offset: int,
        member: Sequence[Any],
        version: int,
    ) -> Data:
        """In a transaction, as a member (id, generation) of the group."""
        answer = self._producer(on, who).commit_offset(
            self._name(group),
            self._partition(partition),
            offset,
            member=(member[0], member[1]),
            version=self.tester.best(TXN_OFFSET_COMMIT, version),
        )
        return [name_of(answer.error_code)]

    def do_commit_outside(self, group: str, partition: str, offset: int) -> Data:
        """In no transaction."""
        return [self._groups[group].commit_one(self._partition(partition), offset)]

    # -- how it ends ------------------------------------------------------------------------

    def do_end_txn(self, on: str, who: str, commit: bool, version: int) -> Data:
        asked = self.tester.best(END_TXN, version)
        answer = self._producer(on, who).end_txn(commit, asked)
        if asked < FIRST_END_WITH_IDENTITY:
            return [name_of(answer.error_code)]
        if answer.error_code == 0:
            self._learn(on, (answer.producer_id, answer.producer_epoch))
        return self._given(answer)

    # -- looking ----------------------------------------------------------------------------

    def do_read(self, partition: str, offset: int, committed: bool) -> Data:
        where = self.looking(self._partition(partition))
        answer = where.fetch(offset, isolation=COMMITTED if committed else UNCOMMITTED)
        return [name_of(answer.error_code), self._fetched(answer)]

    def do_describe_producers(self, partition: str) -> Data:
        """What the partition knows of each producer."""
        place = self._partition(partition)
        wanted = DescribeProducersRequest.TopicRequest(
            name=place.topic, partition_indexes=[place.index]
        )
        response = self.looker.call(DescribeProducersRequest(topics=[wanted]))
        part = only_part(response.topics, "partitions")
        producers = [
            [
                self._producer_name(one.producer_id),
                one.producer_epoch,
                one.last_sequence,
                one.coordinator_epoch,
                one.current_txn_start_offset,
            ]
            for one in sorted(part.active_producers, key=lambda one: one.producer_id)
        ]
        return [name_of(part.error_code), producers]

    def do_list_transactions(self, states: Sequence[str]) -> Data:
        request = ListTransactionsRequest(
            state_filters=list(states),
            producer_id_filters=[producer_id for producer_id, _ in self._current.values()],
            duration_filter=-1,
            transactional_id_pattern=None,
        )
        response = self.looker.call(request)
        listed = [
            [one.transactional_id, self._producer_name(one.producer_id), one.transaction_state]
            for one in response.transaction_states
        ]
        return [
            name_of(response.error_code),
            sorted(response.unknown_state_filters),
            sorted(listed),
        ]

    # -- observing --------------------------------------------------------------------------

    def observe(self, operation: Operation) -> dict[str, Data]:
        """First the coordinator of transactions is asked, until nothing is on its way."""
        seen: dict[str, Data] = {f"transaction {one}": self._described(one) for one in IDS}
        seen |= {f"partition {one}": self._arrived(one) for one in PARTITIONS}
        seen |= self._offsets(stable=False) | self._offsets(stable=True)
        return {what: self.symbolic(data) for what, data in seen.items()}

    def _described(self, letter: str) -> Data:
        name = self._name(letter)
        found = repeated(self.looker, lambda: described(self.looker, name))
        if found.transaction_state.startswith("Prepare"):
            settle(self.looker, name)
            found = described(self.looker, name)
        if found.error_code != 0:
            return [name_of(found.error_code)]
        self._current[letter] = found.producer_id, found.producer_epoch
        parts = sorted(self._place(t.topic, i) for t in found.topics for i in t.partitions)
        self._announced[letter] = parts
        is_open = found.transaction_state == "Ongoing"
        (self._open.add if is_open else self._open.discard)(letter)
        started_ms = found.transaction_start_time_ms
        return {
            "state": found.transaction_state,
            "producer": [self._producer_name(found.producer_id), found.producer_epoch],
            "timeout_ms": found.transaction_timeout_ms,
            "started": "once" if started_ms > 0 else started_ms,
            "partitions": parts,
        }

    def _arrived(self, symbol: str) -> Data:
        """What has come since, of all records and of those that are decided."""
        where = self.looking(self._partitions[symbol])
        end, stable = self._ends[symbol]
        every = where.fetch(end, isolation=UNCOMMITTED)
        decided = where.fetch(stable, isolation=COMMITTED)
        self._ends_now[symbol] = every.high_watermark, decided.stable_offset
        return {
            "all": self._fetched(every),
            "decided": self._fetched(decided),
        }

    def _fetched(self, answer: Answer) -> Data:
        last = answer.batches[-1].next_offset - 1 if answer.batches else -1
        return {
            "error": name_of(answer.error_code),
            "offsets": [answer.start_offset, answer.stable_offset, answer.high_watermark],
            "batches": [self._batch(one) for one in answer.batches],
            "aborted": sorted(
                [self._producer_name(producer_id), first]
                for producer_id, first in aborted_of(answer)
                if first <= last
            ),
        }

    def _batch(self, batch: Fetched) -> Data:
        """The fields without times, and the values; of a marker its key and value in hex."""
        fields = batch.fields
        kind = "transactional" if fields["attributes"] & TRANSACTIONAL else "plain"
        values = [one.value.decode() if one.value else "" for one in batch.records]
        if is_control(fields):
            kind = "marker"
            parts = [part for one in batch.records for part in (one.key, one.value)]
            values = [(part or b"").hex() for part in parts]
        names = ("base_offset", "leader_epoch", "producer_epoch", "base_sequence")
        producer = self._producer_name(fields["producer_id"])
        return [kind, producer, *(fields[name] for name in names), values]

    def _offsets(self, *, stable: bool) -> dict[str, Data]:
        """Of each group and partition: offset, leader epoch, and error."""
        every = fetch_offsets(self._looked_at, self._partitions.values(), stable=stable)
        found = [
            (group, self._place(*where), committed)
            for group, offsets in zip(GROUPS, every, strict=True)
            for where, committed in offsets.items()
        ]
        if stable:
            self._staged = [
                {"group": group, "partition": partition}
                for group, partition, committed in found
                if committed.error == "UNSTABLE_OFFSET_COMMIT"
            ]
        kind = "stable offset" if stable else "offset"
        return {
            f"{kind} of {group} in {partition}": [one.offset, one.leader_epoch, one.error]
            for group, partition, one in found
        }

    def settled(self) -> None:
        self._ends = dict(self._ends_now)
