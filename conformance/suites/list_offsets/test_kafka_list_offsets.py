"""Offsets by place and by time."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import GZIP, NONE, NOW_MS, Sent
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.partition import (
    COMMITTED,
    EARLIEST,
    LATEST,
    LIST_OFFSETS,
    MAX_TIMESTAMP,
    UNCOMMITTED,
    Partition,
    list_offsets_request,
)
from conformance.drivers.kafka.tester import KafkaTester
from conformance.models.kafka_log import LogModel
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

BASE = NOW_MS - 10_000
TIMES = st.integers(0, 6)
"""Milliseconds after BASE: few, so that records share them and are asked for between them."""

BATCHES = st.lists(st.lists(TIMES, min_size=1, max_size=3), min_size=1, max_size=4)
CODECS = st.sampled_from([NONE, GZIP])
EARLIEST_LOCAL, LATEST_TIERED = -4, -5


def filled(
    kafka: KafkaTester, batches: list[list[int]], codec: int = NONE
) -> tuple[Partition, LogModel]:
    partition, model = kafka.fresh(), LogModel()
    for times in batches:
        model.append([BASE + time for time in times])
        partition.append([Sent(b"x" * 40, timestamp=BASE + time) for time in times], codec)
    return partition, model


@requirement("kafka.list-offsets.earliest-and-latest")
@holds_for(batches=st.lists(st.lists(TIMES, min_size=1, max_size=3), max_size=3))
def test_both_ends(kafka: KafkaTester, batches: list[list[int]]) -> None:
    partition, model = filled(kafka, batches)
    for version in kafka.versions(LIST_OFFSETS, 1):
        for place in (EARLIEST, LATEST):
            offset, timestamp, code = partition.list_offset(place, version)
            expect.equal(name_of(code), "NONE", f"version {version}")
            expect.equal((offset, timestamp), model.look_up(place), f"{place}, v{version}")


@requirement("kafka.list-offsets.without-transactions")
def test_isolation_makes_no_difference(kafka: KafkaTester) -> None:
    partition, model = filled(kafka, [[1, 2], [3]])
    for isolation in (UNCOMMITTED, COMMITTED):
        expect.equal(partition.list_offset(LATEST, isolation=isolation).offset, model.end)


@requirement("kafka.list-offsets.by-time")
@holds_for(batches=BATCHES, codec=CODECS)
def test_the_first_record_that_is_as_late(
    kafka: KafkaTester, batches: list[list[int]], codec: int
) -> None:
    partition, model = filled(kafka, batches, codec)
    for time in range(8):
        offset, timestamp, code = partition.list_offset(BASE + time)
        expect.equal(name_of(code), "NONE")
        expect.equal((offset, timestamp), model.look_up(BASE + time), f"{time} ms after the base")


@requirement("kafka.list-offsets.by-time-in-every-version")
def test_every_version_looks_up_times(kafka: KafkaTester) -> None:
    partition, model = filled(kafka, [[4, 1], [2, 6]])
    for version in kafka.versions(LIST_OFFSETS, 1):
        for time in range(8):
            found = partition.list_offset(BASE + time, version)
            expected = model.look_up(BASE + time)
            expect.equal((found.offset, found.timestamp), expected, f"{time} ms, v{version}")


@requirement("kafka.list-offsets.nothing-as-late")
@holds_for(batches=BATCHES, later=st.integers(1, 1000))
def test_times_after_the_last(kafka: KafkaTester, batches: list[list[int]], later: int) -> None:
    partition, model = filled(kafka, batches)
    found = partition.list_offset(max(model.timestamps) + later)
    expect.equal(found, (-1, -1, 0), "offset, timestamp and error")


@requirement("kafka.list-offsets.found-record-comes-first")
@holds_for(batches=BATCHES, time=TIMES, codec=CODECS)
def test_the_offset_found_leads_to_the_record(
    kafka: KafkaTester, batches: list[list[int]], time: int, codec: int
) -> None:
    partition, _ = filled(kafka, batches, codec)
    found = partition.list_offset(BASE + time)
    if found.offset >= 0:
        records = partition.read(found.offset)
        expect.true(bool(records), f"records from offset {found.offset} on", "none")
        first = records[0]
        seen = (first.offset, first.timestamp)
        expect.equal(seen, (found.offset, found.timestamp), "first record from there on")


@requirement("kafka.list-offsets.max-timestamp")
@holds_for(batches=BATCHES, codec=CODECS)
def test_the_latest_time(kafka: KafkaTester, batches: list[list[int]], codec: int) -> None:
    partition, model = filled(kafka, batches, codec)
    offset, timestamp, _ = partition.list_offset(MAX_TIMESTAMP)
    expect.equal(timestamp, max(model.timestamps), "timestamp")
    expect.true(0 <= offset < model.end, "an offset of the log", offset)
    expect.equal(model.timestamps[offset], timestamp, f"time of the record at {offset}")


@requirement("kafka.list-offsets.max-timestamp")
def test_the_latest_time_of_nothing(kafka: KafkaTester) -> None:
    expect.equal(kafka.fresh().list_offset(MAX_TIMESTAMP), (-1, -1, 0))


@requirement("kafka.list-offsets.tiers")
def test_places_of_tiers(kafka: KafkaTester) -> None:
    partition, _ = filled(kafka, [[1, 2]])
    expect.equal(partition.list_offset(EARLIEST_LOCAL).offset, 0, "earliest local offset")
    expect.equal(partition.list_offset(LATEST_TIERED).offset, -1, "latest tiered offset")


@requirement("kafka.list-offsets.unknown-place")
def test_places_that_a_version_does_not_know(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    first = {MAX_TIMESTAMP: 7, EARLIEST_LOCAL: 8, LATEST_TIERED: 9}
    for place, least in first.items():
        for version in kafka.versions(LIST_OFFSETS, 1):
            code = name_of(partition.list_offset(place, version).error_code)
            expected = "NONE" if version >= least else "UNSUPPORTED_VERSION"
            expect.equal(code, expected, f"{place} in version {version}")
    code = name_of(partition.list_offset(-99).error_code)
    expect.equal(code, "UNSUPPORTED_VERSION", "-99")
    absent = Partition(kafka, partition.topic, partition.topic_id, 7)
    code = name_of(absent.list_offset(-99).error_code)
    expect.equal(code, "UNSUPPORTED_VERSION", "-99 of a partition that is not there")


@requirement("kafka.list-offsets.unknown-partition")
def test_what_is_not_there(kafka: KafkaTester) -> None:
    there = kafka.fresh()
    for nowhere in (
        Partition(kafka, there.topic, there.topic_id, 99),
        Partition(kafka, there.topic, there.topic_id, -1),
        Partition(kafka, kafka.name(), there.topic_id, 0),
    ):
        for place in (EARLIEST, LATEST, BASE):
            offset, timestamp, code = nowhere.list_offset(place)
            expect.equal(name_of(code), "UNKNOWN_TOPIC_OR_PARTITION", repr(nowhere))
            expect.equal((offset, timestamp), (-1, -1), "offset and timestamp")


@requirement("kafka.list-offsets.twice")
def test_a_partition_that_is_asked_for_twice(kafka: KafkaTester) -> None:
    twice, once = kafka.fresh(), kafka.fresh()
    request = list_offsets_request([(twice, EARLIEST), (once, LATEST), (twice, LATEST)])
    answer = kafka.call(request)
    seen = {
        (topic.name, part.partition_index): name_of(part.error_code)
        for topic in answer.topics
        for part in topic.partitions
    }
    expected = {
        (twice.topic, twice.index): "INVALID_REQUEST",
        (once.topic, once.index): "NONE",
    }
    expect.equal(seen, expected, "errors of the partitions")


@requirement("kafka.list-offsets.leader-epoch")
@holds_for(epoch=st.integers(-2, 3))
def test_epochs_that_are_not_current(kafka: KafkaTester, epoch: int) -> None:
    partition = kafka.fresh()
    (topic,) = kafka.metadata([partition.topic]).topics
    current = {one.partition_index: one.leader_epoch for one in topic.partitions}[partition.index]
    expected = "NONE" if epoch in (-1, current) else "UNKNOWN_LEADER_EPOCH"
    if epoch < current and epoch != -1:
        expected = "FENCED_LEADER_EPOCH"
    expect_code(partition.list_offset(LATEST, leader_epoch=epoch), expected, f"epoch {epoch}")
