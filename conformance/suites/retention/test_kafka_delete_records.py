"""DeleteRecords: a partition begins later."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.administration import delete_records, delete_records_of
from conformance.drivers.kafka.batches import Sent
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.commits import commit
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

SIZES = st.lists(st.integers(1, 3), min_size=1, max_size=4)
ALL = -1


def filled(kafka: KafkaTester, sizes: list[int]) -> Partition:
    """A partition with batches of these sizes; the value of a record is its offset."""
    partition = kafka.fresh()
    for size in sizes:
        end = partition.end
        partition.append([Sent(b"%d" % (end + number)) for number in range(size)])
    return partition


def check_begins_at(partition: Partition, start: int, end: int) -> None:
    """Exactly the records from `start` to `end` can be read."""
    expect.equal((partition.start, partition.end), (start, end), "start and end")
    expected = [(offset, b"%d" % offset) for offset in range(start, end)]
    found = [(one.offset, one.value) for one in partition.read(start)]
    expect.equal(found, expected, "offsets and values")


@requirement("kafka.retention.delete-records")
@holds_for(sizes=SIZES, offsets=st.lists(st.integers(0, 12), min_size=1, max_size=3))
def test_records_before_an_offset_are_deleted(
    kafka: KafkaTester, sizes: list[int], offsets: list[int]
) -> None:
    partition, start, end = filled(kafka, sizes), 0, sum(sizes)
    for offset in offsets:
        offset = min(offset, end)
        answer = delete_records(partition, offset)
        expect_code(answer, "NONE", f"delete before {offset}")
        start = max(start, offset)
        expect.equal(answer.low_watermark, start, "low watermark in the answer")
        check_begins_at(partition, start, end)
        expect.equal(partition.fetch(start).start_offset, start, "log start in Fetch")


@requirement("kafka.retention.delete-all-records")
@holds_for(cost=2, sizes=SIZES)
def test_minus_one_deletes_everything(kafka: KafkaTester, sizes: list[int]) -> None:
    partition, end = filled(kafka, sizes), sum(sizes)
    answer = delete_records(partition, ALL)
    expect_code(answer, "NONE")
    expect.equal(answer.low_watermark, end, "low watermark")
    check_begins_at(partition, end, end)
    expect.equal(partition.append([Sent(b"%d" % end)]), end, "offset of the next record")
    check_begins_at(partition, end, end + 1)


@requirement("kafka.retention.delete-out-of-range")
@holds_for(cost=2, sizes=SIZES, beyond=st.integers(1, 5))
def test_what_is_not_there_cannot_be_deleted(
    kafka: KafkaTester, sizes: list[int], beyond: int
) -> None:
    partition, end = filled(kafka, sizes), sum(sizes)
    for offset in (end + beyond, ALL - beyond):
        answer = delete_records(partition, offset)
        expect_code(answer, "OFFSET_OUT_OF_RANGE", f"delete before {offset}")
        expect.equal(answer.low_watermark, -1, "low watermark")
    check_begins_at(partition, 0, end)


@requirement("kafka.retention.deleted-cannot-be-read")
@holds_for(cost=2, sizes=SIZES, start=st.integers(1, 12))
def test_fetch_before_the_start(kafka: KafkaTester, sizes: list[int], start: int) -> None:
    partition = filled(kafka, sizes)
    start = min(start, sum(sizes))
    expect_code(delete_records(partition, start), "NONE")
    for offset in range(sum(sizes) + 1):
        answer = partition.fetch(offset)
        expect_code(answer, "OFFSET_OUT_OF_RANGE" if offset < start else "NONE", f"at {offset}")


@requirement("kafka.retention.delete-unknown")
def test_partitions_that_are_not_there(kafka: KafkaTester) -> None:
    partition = filled(kafka, [2])
    wanted = [(partition.topic, 99, 0), (kafka.name(), 0, 0), (partition.topic, partition.index, 1)]
    for topic, index, offset in wanted[:2]:
        ((answer,),) = delete_records_of([(topic, index, offset)], partition)
        expect_code(answer, "UNKNOWN_TOPIC_OR_PARTITION", f"{topic}-{index}")
    parts = [one for topic in delete_records_of(wanted[1:], partition) for one in topic]
    codes = sorted(name_of(one.error_code) for one in parts)
    expect.equal(codes, ["NONE", "UNKNOWN_TOPIC_OR_PARTITION"], "answers to one request")
    check_begins_at(partition, 1, 2)


@requirement("kafka.retention.delete-internal")
def test_internal_topics_are_left_alone(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    commit(kafka.name("g"), partition, 0)
    ((answer,),) = delete_records_of([("__consumer_offsets", 0, ALL)], partition)
    expect_code(answer, "INVALID_TOPIC_EXCEPTION")


@requirement("kafka.retention.delete-compacted")
def test_only_what_is_deleted_anyway_is_deleted(kafka: KafkaTester) -> None:
    for policy, expected in (("compact", "POLICY_VIOLATION"), ("compact,delete", "NONE")):
        (partition,) = kafka.topic(cleanup_policy=policy)
        partition.append([Sent(b"0", b"a"), Sent(b"1", b"b")])
        expect_code(delete_records(partition, 1), expected, policy)
        start = 1 if expected == "NONE" else 0
        expect.equal(partition.start, start, f"start, with {policy}")
