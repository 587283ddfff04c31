"""Which records a fetch gives, how many of them, and when."""

import time
from typing import Any

from hypothesis import strategies as st
from kafka.protocol.consumer import FetchRequest

from conformance import expect
from conformance.drivers.kafka.batches import GZIP, NONE, Sent, build, split
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.partition import (
    COMMITTED,
    FETCH,
    MANY_OCTETS,
    UNCOMMITTED,
    Partition,
    fetched,
)
from conformance.drivers.kafka.tester import KafkaTester
from conformance.models.kafka_log import LogModel
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=5)
LONG_MS = 30_000
"""A wait that no test may see the end of."""

WAIT_MS = 300
CLOCK_MS = 5
"""By how much clocks may differ in what they call the same time."""

NO_TOPIC_ID = "00000000-0000-4000-8000-00000000dead"


def filled(kafka: KafkaTester, sizes: list[int], codec: int = NONE) -> tuple[Partition, LogModel]:
    """A partition with batches of these sizes; each record's value is its offset."""
    partition, model = kafka.fresh(), LogModel()
    for size in sizes:
        first = model.append([0] * size)
        partition.append([Sent(b"%d" % (first + n)) for n in range(size)], codec)
    return partition, model


def together(requests: list[FetchRequest], **changes: Any) -> FetchRequest:
    """One request for everything that these ask for, in this order."""
    topics = [topic for request in requests for topic in request.topics]
    fields = {
        "max_wait_ms": 0,
        "min_bytes": 1,
        "max_bytes": MANY_OCTETS,
        "session_id": 0,
        "session_epoch": -1,
        **changes,
    }
    return FetchRequest(topics=topics, forgotten_topics_data=[], **fields)


def elapsed_ms(started_s: float) -> float:
    return (time.monotonic() - started_s) * 1000


HIGHEST_SESSION = 8 * ((2**31 - 1) // 8) - 1
"""Kafka keeps sessions in eight parts by their ids, and looks for the last eight ids in a ninth:
they get UNKNOWN_SERVER_ERROR on 4.3.1 (FetchSessionCache.getCacheShard). Nobody is given one."""


@requirement("kafka.fetch.from-offset")
@holds_for(sizes=SIZES, data=st.data(), codec=st.sampled_from([NONE, GZIP]))
def test_a_fetch_begins_with_the_batch_of_its_offset(
    kafka: KafkaTester, sizes: list[int], data: st.DataObject, codec: int
) -> None:
    partition, model = filled(kafka, sizes, codec)
    offset = data.draw(st.integers(0, model.end - 1), "offset")
    answer = partition.fetch(offset)
    expect_code(answer, "NONE")
    found = [one.offset for one in answer.records]
    expect.equal(found, list(range(model.batch_of(offset), model.end)), f"offsets from {offset}")
    expect.equal([one.value for one in answer.records], [b"%d" % o for o in found], "values")


@requirement("kafka.fetch.every-version")
def test_every_version_gives_the_same_records(kafka: KafkaTester) -> None:
    partition, _ = filled(kafka, [2, 3])
    for version in kafka.versions(FETCH, 4):
        answer = partition.fetch(1, version=version)
        expect_code(answer, "NONE", f"version {version}")
        offsets = [one.offset for one in answer.records]
        expect.equal(offsets, [0, 1, 2, 3, 4], f"offsets with version {version}")
        expect.equal(answer.high_watermark, 5, f"high watermark with version {version}")


@requirement("kafka.fetch.at-the-end")
@holds_for(sizes=st.lists(st.integers(1, 3), max_size=3))
def test_the_end_is_no_error(kafka: KafkaTester, sizes: list[int]) -> None:
    partition, model = filled(kafka, sizes)
    answer = partition.fetch(model.end)
    expect_code(answer, "NONE")
    expect.equal(answer.octets, 0, "octets")


@requirement("kafka.fetch.out-of-range")
@holds_for(sizes=st.lists(st.integers(1, 3), max_size=3), beyond=st.integers(1, 3))
def test_offsets_beyond_the_end(kafka: KafkaTester, sizes: list[int], beyond: int) -> None:
    partition, model = filled(kafka, sizes)
    for offset in (model.end + beyond, -beyond, 2**62):
        answer = partition.fetch(offset)
        expect_code(answer, "OFFSET_OUT_OF_RANGE", f"offset {offset} of {model.end}")
        expect.equal(answer.octets, 0, "octets")


@requirement("kafka.fetch.unknown-partition")
def test_what_is_not_there(kafka: KafkaTester) -> None:
    there = kafka.fresh()
    for version in kafka.versions(FETCH, 4):
        beyond = Partition(kafka, there.topic, there.topic_id, 99)
        answer = beyond.fetch(version=version)
        expect_code(answer, "UNKNOWN_TOPIC_OR_PARTITION", f"partition 99, version {version}")
        nowhere = Partition(kafka, kafka.name(), NO_TOPIC_ID, 0)
        expected = "UNKNOWN_TOPIC_ID" if version >= 13 else "UNKNOWN_TOPIC_OR_PARTITION"
        expect_code(nowhere.fetch(version=version), expected, f"topic, version {version}")


@requirement("kafka.fetch.offsets-of-the-partition")
@holds_for(sizes=st.lists(st.integers(1, 3), max_size=3))
def test_marks_of_the_partition(kafka: KafkaTester, sizes: list[int]) -> None:
    partition, model = filled(kafka, sizes)
    answer = partition.fetch()
    expect.equal(answer.high_watermark, model.end, "high watermark")
    expect.equal(answer.stable_offset, model.end, "last stable offset")
    expect.equal(answer.start_offset, 0, "log start offset")


@requirement("kafka.fetch.waits")
def test_a_fetch_waits_for_data_and_then_gives_up(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    kafka.main.barrier()
    started_s = time.monotonic()
    answer = partition.fetch(max_wait_ms=WAIT_MS)
    expect.at_least(elapsed_ms(started_s), WAIT_MS - CLOCK_MS, "ms until the answer")
    expect_code(answer, "NONE")
    expect.equal(answer.octets, 0, "octets")


@requirement("kafka.fetch.waits")
def test_what_there_is_comes_at_the_end_of_the_wait(kafka: KafkaTester) -> None:
    partition, _ = filled(kafka, [2])
    started_s = time.monotonic()
    answer = partition.fetch(max_wait_ms=WAIT_MS, min_bytes=1_000_000)
    expect.at_least(elapsed_ms(started_s), WAIT_MS - CLOCK_MS, "ms until the answer")
    expect.equal(len(answer.records), 2, "records")


@requirement("kafka.fetch.wakes")
@holds_for(cost=4, batches=st.integers(1, 3))
def test_a_fetch_is_answered_when_there_is_enough(kafka: KafkaTester, batches: int) -> None:
    partition = kafka.fresh()
    octets = len(build([Sent(b"x" * 100)]))
    raw, version = kafka.raw(), kafka.best(FETCH)
    request = partition.fetch_request(max_wait_ms=LONG_MS, min_bytes=octets * batches)
    correlation_id = raw.send_request(request, version)
    for _ in range(batches):
        partition.append([Sent(b"x" * 100)])
    answer = fetched(raw.read_response(FETCH, version, correlation_id))
    expect.equal(len(answer.records), batches, "records")


@requirement("kafka.fetch.does-not-wait")
def test_a_fetch_that_need_not_wait(kafka: KafkaTester) -> None:
    partition, _ = filled(kafka, [1])
    empty = kafka.fresh()
    version = kafka.best(FETCH)
    with expect.case("there is enough"):
        kafka.main.call(partition.fetch_request(max_wait_ms=LONG_MS), version)
    with expect.case("the wait is 0"):
        kafka.main.call(empty.fetch_request(max_wait_ms=0, min_bytes=1000), version)
    with expect.case("min_bytes is 0"):
        kafka.main.call(empty.fetch_request(max_wait_ms=LONG_MS, min_bytes=0), version)
    with expect.case("no partitions"):
        kafka.main.call(together([], max_wait_ms=LONG_MS), version)
    with expect.case("an error"):
        request = empty.fetch_request(5, max_wait_ms=LONG_MS)
        expect_code(fetched(kafka.main.call(request, version)), "OFFSET_OUT_OF_RANGE")


@requirement("kafka.fetch.at-least-one-batch")
@holds_for(limit=st.integers(1, 80), sizes=st.lists(st.integers(1, 3), min_size=2, max_size=4))
def test_a_batch_comes_however_large_it_is(
    kafka: KafkaTester, limit: int, sizes: list[int]
) -> None:
    partition, model = filled(kafka, sizes)
    for limits in ({"max_bytes": limit}, {"partition_max_bytes": limit}):
        position = 0
        for first, size in zip(model.batches, sizes, strict=True):
            answer = partition.fetch(position, **limits)
            found = [one.offset for one in answer.records]
            expect.true(
                found[:size] == list(range(first, first + size)),
                f"the whole batch at {position}",
                found,
                str(limits),
            )
            position = first + size


@requirement("kafka.fetch.size-limit")
@holds_for(count=st.integers(2, 6), whole=st.integers(1, 6), by_request=st.booleans())
def test_limits_hold_after_the_first_batch(
    kafka: KafkaTester, count: int, whole: int, by_request: bool
) -> None:
    partition, _ = filled(kafka, [1] * count)
    one = partition.fetch(0, max_bytes=1).octets // len(partition.fetch(0, max_bytes=1).batches)
    limit = one * whole
    options = {"max_bytes": limit} if by_request else {"partition_max_bytes": limit}
    expect.at_most(partition.fetch(**options).octets, max(limit, one), f"octets, limit {limit}")


@requirement("kafka.fetch.request-order")
def test_partitions_are_filled_in_their_order(kafka: KafkaTester) -> None:
    pair = [filled(kafka, [3])[0] for _ in range(2)]
    version = kafka.best(FETCH, 12)
    for order in (pair, pair[::-1]):
        request = together([one.fetch_request() for one in order], max_bytes=1)
        answer = kafka.call(request, version)
        seen = {
            (topic.topic, part.partition_index): len(split(bytes(part.records or b"")))
            for topic in answer.responses
            for part in topic.partitions
        }
        found = [seen.get((one.topic, one.index), 0) for one in order]
        expect.equal(found, [1, 0], "batches of the first and of the second partition")


@requirement("kafka.fetch.errors-are-single")
def test_one_error_leaves_the_others_alone(kafka: KafkaTester) -> None:
    right, wrong = filled(kafka, [2])[0], kafka.fresh()
    request = together([wrong.fetch_request(7), right.fetch_request()])
    answer = kafka.call(request, kafka.best(FETCH, 12))
    seen = {
        (topic.topic, part.partition_index): name_of(part.error_code)
        for topic in answer.responses
        for part in topic.partitions
    }
    expected = {
        (wrong.topic, wrong.index): "OFFSET_OUT_OF_RANGE",
        (right.topic, right.index): "NONE",
    }
    expect.equal(seen, expected, "errors of the partitions")


@requirement("kafka.fetch.leader-epoch")
@holds_for(epoch=st.integers(-2, 3))
def test_epochs_that_are_not_current(kafka: KafkaTester, epoch: int) -> None:
    partition = kafka.fresh()
    (topic,) = kafka.metadata([partition.topic]).topics
    current = {one.partition_index: one.leader_epoch for one in topic.partitions}[partition.index]
    expected = "NONE" if epoch < 0 or epoch == current else "UNKNOWN_LEADER_EPOCH"
    if 0 <= epoch < current:
        expected = "FENCED_LEADER_EPOCH"
    expect_code(partition.fetch(leader_epoch=epoch), expected, f"epoch {epoch}, now {current}")


@requirement("kafka.fetch.no-aborted-transactions")
def test_without_transactions_none_are_aborted(kafka: KafkaTester) -> None:
    partition, _ = filled(kafka, [2])
    for isolation in (UNCOMMITTED, COMMITTED):
        answer = partition.fetch(isolation=isolation)
        (topic,) = answer.whole.responses
        expect.equal(list(topic.partitions[0].aborted_transactions or []), [], "aborted")
        expect.equal(len(answer.records), 2, "records")


@requirement("kafka.fetch.without-a-session")
def test_a_fetch_without_a_session(kafka: KafkaTester) -> None:
    partition, _ = filled(kafka, [1])
    for version in kafka.versions(FETCH, 7):
        for _ in range(2):
            answer = partition.fetch(version=version)
            expect.equal(answer.whole.session_id, 0, f"session in version {version}")
            expect.equal(len(answer.records), 1, "records")


@requirement("kafka.fetch.unknown-session")
@holds_for(session=st.integers(1, HIGHEST_SESSION), epoch=st.integers(1, 3))
def test_sessions_that_are_not_there(kafka: KafkaTester, session: int, epoch: int) -> None:
    request = together([], session_id=session, session_epoch=epoch)
    answer = kafka.call(request, kafka.best(FETCH))
    expect_code(answer, "FETCH_SESSION_ID_NOT_FOUND")
    expect.equal(list(answer.responses), [], "partitions")
