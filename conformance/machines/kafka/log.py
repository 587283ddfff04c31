"""Producing, fetching, looking up and deleting in two partitions of different kinds.

Where Kafka leaves things to chance, histories keep away from it, so that what remains must be
equal:

- How small records get that the broker compresses is up to its library: no fetch of such a
  partition has a limit.
- Records that the broker stamps within one millisecond have one time: after each the kit waits for
  the next, and asks only for times that were given.
- Of two partitions in which records are stamped only one is written to in a request.
- The latest time may be that of a deleted record, until its segment goes: nobody asks for it where
  records were deleted.
- A fetch ends where a segment does: times stay within the week after which Kafka begins another.
- Kafka owes an answer to a request without records (null): none is sent.
- A fetch that is too small for a batch may give the beginning of it: only whole ones count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from kafka.protocol.consumer import OffsetForLeaderEpochRequest

from conformance.drivers.kafka.administration import delete_records_of
from conformance.drivers.kafka.batches import (
    CONTROL,
    GZIP,
    LOG_APPEND_TIME,
    NONE,
    TRANSACTIONAL,
    Fetched,
)
from conformance.drivers.kafka.codes import name_of
from conformance.drivers.kafka.partition import (
    ALL,
    EARLIEST,
    FETCH,
    LATEST,
    LIST_OFFSETS,
    MANY_OCTETS,
    MAX_TIMESTAMP,
    NOBODY,
    ONE,
    list_offsets_request,
    only_part,
)
from conformance.machines.kafka.records import (
    BEYOND,
    DAY_MS,
    NOWHERE,
    PARTITIONS,
    PROFILES,
    Edits,
    Records,
    RecordsSubject,
    Refusal,
    fetch_request,
)
from conformance.machines.machine import DifferentialMachine, Drawn, drawn, mostly, weighted
from conformance.machines.operation import Operation
from conformance.machines.subject import Data

LEADER_EPOCH = 23

NEWEST = 99
"""As a version: the newest that both the broker and the kit have."""


class LogSubject(RecordsSubject):
    """Carries out the operations of `LogMachine`."""

    quiet = frozenset({"build", "fetch", "fetch_both", "list_offset", "find_batch", "epoch_end"})

    def _forget(self) -> None:
        super()._forget()
        self._stamps: dict[str, list[int]] = {}
        """Times that the broker gave to batches, by partition, in the order of their symbols."""

    # -- what is left to chance -------------------------------------------------------------

    def allows(self, operation: Operation) -> bool:
        if operation.name != "build" and not self.partitions:
            return False
        limited = operation.arguments.get("limit", MANY_OCTETS) < MANY_OCTETS
        if operation.name == "fetch":
            return not (limited and self.is_recoded(operation.arguments["on"]))
        if operation.name == "fetch_both":
            return not (limited and any(map(self.is_recoded, PARTITIONS)))
        if operation.name == "produce_both":
            return not all(map(self.is_stamped, operation.arguments["order"]))
        if operation.name == "list_offset" and operation.arguments["place"] == MAX_TIMESTAMP:
            return not self.starts.get(operation.arguments["on"])
        if operation.name == "find_batch":
            stamps = self._stamps.get(operation.arguments["on"], [])
            return bool(operation.arguments["which"] < len(stamps))
        return True

    def options(self, name: str) -> list[dict[str, Any]]:
        if name == "find_batch":
            return [
                {"on": on, "which": which}
                for on, stamps in self._stamps.items()
                for which in range(len(stamps))
            ]
        return super().options(name)

    # -- producing --------------------------------------------------------------------------

    def do_build(self, profiles: Sequence[str]) -> Data:
        self.take_partitions(profiles)

    def do_produce(
        self,
        on: str,
        records: Records,
        codec: int,
        edits: Edits,
        shape: str,
        acks: int,
        version: int,
    ) -> Data:
        batch = self.edited(self.batch(records, codec), edits)
        return self.append(on, self.shaped(batch, shape), acks, version)

    def do_produce_both(
        self, order: Sequence[str], records: Sequence[Records], shapes: Sequence[str], version: int
    ) -> Data:
        """One request for both partitions."""
        parts = [
            (symbol, self.shaped(self.batch(one), shape))
            for symbol, one, shape in zip(order, records, shapes, strict=True)
        ]
        return self.send(parts, ALL, version)

    def told_batch(self, symbol: str, batch: Fetched) -> Data:
        if self.is_stamped(symbol):
            stamps = self._stamps.setdefault(symbol, [])
            if batch.fields["max_timestamp"] not in stamps:
                stamps.append(batch.fields["max_timestamp"])
        return super().told_batch(symbol, batch)

    # -- fetching ---------------------------------------------------------------------------

    def do_fetch(
        self,
        on: str,
        offset: int,
        limit: int,
        whole_limit: bool,
        isolation: int,
        epoch: int,
        version: int,
    ) -> Data:
        """`limit` is in octets: of the request if `whole_limit`, otherwise of the partition."""
        partition = self.partition(on)
        request = partition.fetch_request(
            offset,
            isolation=isolation,
            leader_epoch=epoch,
            **{"max_bytes" if whole_limit else "partition_max_bytes": limit},
        )
        chosen = self.tester.best(FETCH, version)
        found = self.contents(self.tester.call(request, chosen), chosen)[on]
        if found[0] == "error":
            raise Refusal(*found[1:])
        return found

    def do_fetch_both(
        self, order: Sequence[str], offsets: Sequence[int], limit: int, version: int
    ) -> Data:
        requests = [
            self.partition(symbol).fetch_request(offset)
            for symbol, offset in zip(order, offsets, strict=True)
        ]
        chosen = self.tester.best(FETCH, version)
        request = fetch_request(requests, max_bytes=limit)
        return self.contents(self.tester.call(request, chosen), chosen)

    # -- looking up -------------------------------------------------------------------------

    def do_list_offset(
        self, on: str, place: int, time: int | None, isolation: int, epoch: int, version: int
    ) -> Data:
        """The offset of a time, or of a place if there is no time."""
        wanted = place if time is None else self.real_time(time)
        return self._look_up(on, wanted, isolation, epoch, version)

    def do_find_batch(self, on: str, which: int) -> Data:
        """The offset of a time that the broker gave."""
        return self._look_up(on, self._stamps[on][which], 0, -1, NEWEST)

    def _look_up(self, on: str, time: int, isolation: int, epoch: int, version: int) -> Data:
        request = list_offsets_request([(self.partition(on), time)], isolation, epoch)
        response = self.tester.call(request, self.tester.best(LIST_OFFSETS, version))
        part = only_part(response.topics, "partitions")
        found = [part.offset, self.told_time(part.timestamp), part.leader_epoch]
        if part.error_code:
            raise Refusal(name_of(part.error_code), found)
        return found

    def do_epoch_end(self, on: str, epoch: int, current: int, version: int) -> Data:
        """Where the records of a leader epoch end."""
        partition = self.partition(on)
        topic = OffsetForLeaderEpochRequest.OffsetForLeaderTopic
        wanted = topic.OffsetForLeaderPartition(
            partition=partition.index, current_leader_epoch=current, leader_epoch=epoch
        )
        request = OffsetForLeaderEpochRequest(
            replica_id=-1, topics=[topic(topic=partition.topic, partitions=[wanted])]
        )
        response = self.tester.call(request, self.tester.best(LEADER_EPOCH, version))
        part = only_part(response.topics, "partitions")
        found = [part.leader_epoch, part.end_offset]
        if part.error_code:
            raise Refusal(name_of(part.error_code), found)
        return found

    # -- deleting ---------------------------------------------------------------------------

    def do_delete_records(self, on: str, offset: int) -> Data:
        partition = self.partition(on)
        ((part,),) = delete_records_of([(partition.topic, partition.index, offset)], partition)
        if part.error_code:
            raise Refusal(name_of(part.error_code), part.low_watermark)
        self.starts[on] = part.low_watermark
        return part.low_watermark


B = st.booleans()
ON = st.sampled_from([*PARTITIONS * 7, BEYOND, NOWHERE])
HERE = st.sampled_from(PARTITIONS)
ORDER = mostly(
    st.sampled_from([["p1", "p2"], ["p2", "p1"]]), ["p1", BEYOND], ["p2", NOWHERE], [NOWHERE, "p1"]
)
FAR = (2 * DAY_MS, -2 * DAY_MS)
"""Times further away than some partitions have it, by default or by their settings."""

RECORD = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["k", "k", "l", "", None]),
        "value": st.sampled_from(["short", "short", "short", "long", "headers", "null", "empty"]),
        "time": mostly(st.integers(0, 4), None, *FAR),
    }
)
KEYED = st.fixed_dictionaries(
    {"key": st.sampled_from(["k", "l"]), "value": st.just("short"), "time": st.integers(0, 4)}
)
RECORDS = st.one_of(
    st.lists(KEYED, min_size=1, max_size=3), st.lists(RECORD, min_size=1, max_size=4)
)
WRONG = st.sampled_from(
    [
        {"crc": 1},
        {"record_count": 0},
        {"record_count": 2},
        {"record_count": 2, "last_offset_delta": 1},
        {"last_offset_delta": 5},
        {"last_offset_delta": -1, "record_count": 0},
        {"magic": 1},
        {"magic": 3},
        {"base_offset": 5},
        {"length": 0},
        {"length": 20},
        {"length": 1000},
        {"attributes": CONTROL},
        {"attributes": TRANSACTIONAL},
        {"attributes": 5},
        {"attributes": GZIP},
        {"attributes": LOG_APPEND_TIME},
        {"attributes": LOG_APPEND_TIME, "max_timestamp": 3},
        {"attributes": 0x40},
        {"attributes": 0x80},
        {"max_timestamp": -1},
        {"max_timestamp": 1},
        {"max_timestamp": 2 * DAY_MS},
        {"base_timestamp": 1},
        {"leader_epoch": 7},
        {"producer_id": 5},
        {"producer_id": -7},
        {"producer_epoch": 3, "base_sequence": 9},
    ]
)
SHAPES = st.sampled_from(["two", "empty", "cut", "less", "more", "flipped", "bent"])
CODEC = mostly(st.just(NONE), GZIP, GZIP)
PRODUCE_VERSIONS = mostly(st.just(NEWEST), 3, 5, 6, 7, 8, 9, 11, 12)
EPOCHS = mostly(st.just(-1), 0, 1, 0, -2)
LIMITS = st.sampled_from([MANY_OCTETS, MANY_OCTETS, 1, 0, 80, 150, 300, 700])
OFFSETS = mostly(st.integers(0, 6), -1, 9, 14, 2**62)
WITHOUT = {"edits": {}, "shape": "one"}


def _produce(**arguments: Any) -> st.SearchStrategy[Drawn]:
    usual = {
        "on": ON,
        "records": RECORDS,
        "codec": CODEC,
        "acks": ALL,
        "version": PRODUCE_VERSIONS,
        **WITHOUT,
    }
    return drawn("produce", **{**usual, **arguments})


PRODUCE = weighted(
    (6, _produce(acks=mostly(st.sampled_from([ALL, ONE]), ALL, ONE, 2, -2))),
    (2, _produce(edits=WRONG, on=HERE)),
    (1, _produce(shape=SHAPES, on=HERE)),
    (1, _produce(shape=mostly(st.just("one"), "empty", "flipped"), acks=NOBODY)),
)
BOTH = drawn(
    "produce_both",
    order=ORDER,
    records=st.tuples(RECORDS, RECORDS).map(list),
    shapes=st.lists(mostly(st.just("one"), "flipped", "empty", "two"), min_size=2, max_size=2),
    version=PRODUCE_VERSIONS,
)
FETCH_ONE = drawn(
    "fetch",
    on=ON,
    offset=OFFSETS,
    limit=LIMITS,
    whole_limit=B,
    isolation=st.sampled_from([0, 1]),
    epoch=EPOCHS,
    version=mostly(st.just(NEWEST), 4, 5, 8, 10, 11, 12, 13, 15),
)
FETCH_BOTH = drawn(
    "fetch_both",
    order=ORDER,
    offsets=st.lists(OFFSETS, min_size=2, max_size=2),
    limit=LIMITS,
    version=mostly(st.just(NEWEST), 4, 12, 13),
)


def _list_offset(**arguments: Any) -> st.SearchStrategy[Drawn]:
    usual = {
        "on": ON,
        "place": 0,
        "time": None,
        "isolation": st.sampled_from([0, 1]),
        "epoch": EPOCHS,
        "version": mostly(st.just(NEWEST), 1, 2, 4, 6, 7, 8, 9, 10),
    }
    return drawn("list_offset", **{**usual, **arguments})


PLACES = st.sampled_from(
    [EARLIEST, LATEST, LATEST, MAX_TIMESTAMP, MAX_TIMESTAMP, -4, -5, -6, -7, -99]
)
OPERATIONS = weighted(
    (8, PRODUCE),
    (2, BOTH),
    (4, FETCH_ONE),
    (2, FETCH_BOTH),
    (2, _list_offset(place=PLACES)),
    (3, _list_offset(time=st.sampled_from([0, 1, 2, 3, 4, 5, *FAR]))),
    (1, drawn("find_batch", nth=st.integers(0, 9))),
    (3, drawn("delete_records", on=ON, offset=mostly(st.integers(-1, 9), -2, 2**62))),
    (
        1,
        drawn(
            "epoch_end",
            on=ON,
            epoch=st.integers(-1, 1),
            current=EPOCHS,
            version=st.sampled_from([2, 3, NEWEST]),
        ),
    ),
)


class LogMachine(DifferentialMachine):
    """Draws histories of `LogSubject`. One rule draws all operations, because of several rules
    Hypothesis leaves out about half in each history."""

    @initialize(profiles=st.lists(st.sampled_from(list(PROFILES)), min_size=2, max_size=2))
    def build(self, profiles: Any) -> None:
        """The kinds of both partitions."""
        self.step("build", profiles=profiles)

    @rule(operation=OPERATIONS)
    def operate(self, operation: Drawn) -> None:
        """Anything, at any time."""
        self.draw(operation)

    def sweep(self) -> None:
        """Each partition is asked for its places and for all times that its records may have."""
        usual = {"isolation": 0, "epoch": -1, "version": NEWEST}
        for on in PARTITIONS:
            for place in (EARLIEST, LATEST, MAX_TIMESTAMP):
                self.step("list_offset", on=on, place=place, time=None, **usual)
            for time in range(5):
                self.step("list_offset", on=on, place=0, time=time, **usual)
