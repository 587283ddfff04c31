"""Where a consumer begins, goes on and begins again, with kafka-python's KafkaConsumer."""

from hypothesis import strategies as st
from kafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from conformance import expect
from conformance.drivers.kafka.administration import delete_records
from conformance.drivers.kafka.batches import Sent
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.commits import commit, committed
from conformance.drivers.kafka.consumers import POLL_MS, consuming, place, take
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.kafka.transactional import Producer
from conformance.errors import Mismatch
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

COUNT = 6
AUTO_COMMIT_MS = 100


def numbered(kafka: KafkaTester, count: int = COUNT) -> Partition:
    """A partition whose records have their offsets as values, in batches of two."""
    partition = kafka.fresh()
    for offset in range(0, count, 2):
        partition.append([Sent(b"%d" % number) for number in range(offset, offset + 2)])
    return partition


def offsets(records: list[object]) -> list[int]:
    return [one.offset for one in records]  # type: ignore[attr-defined]


@requirement("kafka.consumers.reset-earliest")
def test_earliest_begins_at_the_first_record(kafka: KafkaTester) -> None:
    partition = numbered(kafka)
    expect_code(delete_records(partition, 3), "NONE")
    with consuming(kafka, partition, group_id=kafka.name("g")) as consumer:
        expect.equal(offsets(take(consumer, 3)), [3, 4, 5], "offsets")


@requirement("kafka.consumers.reset-latest")
def test_latest_begins_with_what_comes_later(kafka: KafkaTester) -> None:
    partition, group = numbered(kafka), kafka.name("g")
    with consuming(kafka, partition, group_id=group, auto_offset_reset="latest") as consumer:
        expect.equal(consumer.position(place(partition)), COUNT, "position")
        partition.append([Sent(b"later")])
        expect.equal(offsets(take(consumer, 1)), [COUNT], "offsets")


@requirement("kafka.consumers.reset-none")
def test_none_is_an_error(kafka: KafkaTester) -> None:
    partition, group = numbered(kafka), kafka.name("g")
    with consuming(kafka, partition, group_id=group, auto_offset_reset="none") as consumer:
        expect_refused(consumer, NoOffsetForPartitionError, "nothing committed")
        consumer.seek(place(partition), COUNT + 1)
        expect_refused(consumer, OffsetOutOfRangeError, "beyond the end")


def expect_refused(consumer: object, kind: type[KafkaError], about: str) -> None:
    """Polling must raise."""

    def raises() -> bool:
        try:
            consumer.poll(POLL_MS)  # type: ignore[attr-defined]
        except kind:
            return True
        return False

    expect.eventually(raises, f"{kind.__name__}, {about}")


@requirement("kafka.consumers.committed-wins")
@holds_for(cost=30, start=st.integers(0, COUNT - 1))
def test_a_committed_offset_wins(kafka: KafkaTester, start: int) -> None:
    partition, group = numbered(kafka), kafka.name("g")
    commit(group, partition, start)
    for reset in ("earliest", "latest", "none"):
        with consuming(kafka, partition, group_id=group, auto_offset_reset=reset) as consumer:
            found = offsets(take(consumer, COUNT - start))
            expect.equal(found, list(range(start, COUNT)), f"offsets, reset {reset}")


@requirement("kafka.consumers.resumes")
def test_a_new_consumer_goes_on_where_the_last_committed(kafka: KafkaTester) -> None:
    partition, group = numbered(kafka), kafka.name("g")
    for first in range(0, COUNT, 2):
        with consuming(kafka, partition, group_id=group) as consumer:
            expect.equal(offsets(take(consumer, 2, 2)), [first, first + 1], "offsets")
            consumer.commit()


@requirement("kafka.consumers.failed-record")
def test_a_failed_record_comes_again_after_a_seek_or_a_crash(kafka: KafkaTester) -> None:
    partition, group = numbered(kafka), kafka.name("g")
    with consuming(kafka, partition, group_id=group) as consumer:
        expect.equal(offsets(take(consumer, 1, 1)), [0], "the record that fails")
        expect.equal(offsets(take(consumer, 1, 1)), [1], "the next poll")
        consumer.seek(place(partition), 0)
        expect.equal(offsets(take(consumer, 1, 1)), [0], "after a seek")
    with consuming(kafka, partition, group_id=group) as consumer:
        expect.equal(offsets(take(consumer, 1, 1)), [0], "after a crash")


@requirement("kafka.consumers.auto-commit-repeats")
def test_auto_commit_is_late(kafka: KafkaTester) -> None:
    """What was processed after the last automatic commit comes again after a crash."""
    partition, group = numbered(kafka), kafka.name("g")
    options = {"group_id": group, "enable_auto_commit": True}
    with consuming(kafka, partition, auto_commit_interval_ms=60_000, **options) as consumer:
        expect.equal(offsets(take(consumer, 2, 2)), [0, 1], "offsets before the crash")
    expect.equal(committed(group, partition), -1, "committed offset")
    with consuming(kafka, partition, **options) as consumer:
        expect.equal(offsets(take(consumer, 2, 2)), [0, 1], "offsets after the crash")


@requirement("kafka.consumers.auto-commit")
def test_auto_commit_follows_the_position(kafka: KafkaTester) -> None:
    partition, group = numbered(kafka), kafka.name("g")
    options = {"group_id": group, "enable_auto_commit": True}
    with consuming(kafka, partition, auto_commit_interval_ms=AUTO_COMMIT_MS, **options) as consumer:
        take(consumer, 2, 2)
        consumer.pause(place(partition))

        def follows() -> bool:
            consumer.poll(AUTO_COMMIT_MS)
            found = committed(group, partition)
            expect.at_most(found, 2, "committed offset, where the position is 2")
            return found == 2

        expect.eventually(follows, "the position committed")


@requirement("kafka.consumers.close-commits")
def test_closing_commits_with_auto_commit(kafka: KafkaTester) -> None:
    partition, group = numbered(kafka), kafka.name("g")
    options = {"group_id": group, "enable_auto_commit": True}
    with consuming(kafka, partition, auto_commit_interval_ms=60_000, **options) as consumer:
        take(consumer, 4, 4)
        consumer.close()
    expect.equal(committed(group, partition), 4, "committed offset")


@requirement("kafka.consumers.altered-offset")
@holds_for(cost=20, altered=st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=2))
def test_an_altered_offset_is_where_the_next_one_begins(
    kafka: KafkaTester, altered: list[int]
) -> None:
    partition, group = numbered(kafka), kafka.name("g")
    with consuming(kafka, partition, group_id=group) as consumer:
        take(consumer, COUNT)
        consumer.commit()
    for offset in altered:
        commit(group, partition, offset)
    with consuming(kafka, partition, group_id=group) as consumer:
        first = take(consumer, 1, 1)
        expect.equal(offsets(first), [altered[-1]], "first offset")


@requirement("kafka.consumers.seek-to-the-ends")
def test_seeking_to_beginning_and_end(kafka: KafkaTester) -> None:
    partition = numbered(kafka)
    where = place(partition)
    with consuming(kafka, partition) as consumer:
        take(consumer, COUNT)
        consumer.seek_to_beginning(where)
        expect.equal(consumer.position(where), 0, "position at the beginning")
        expect.equal(offsets(take(consumer, COUNT)), list(range(COUNT)), "offsets")
        consumer.seek_to_end(where)
        expect.equal(consumer.position(where), COUNT, "position at the end")
        partition.append([Sent(b"next")])
        expect.equal(offsets(take(consumer, 1)), [COUNT], "offsets from the end")


@requirement("kafka.consumers.seek-beyond-the-end")
def test_beyond_the_end_the_reset_decides(kafka: KafkaTester) -> None:
    partition = numbered(kafka)
    where = place(partition)
    with consuming(kafka, partition) as consumer:
        consumer.seek(where, COUNT + 10)
        expect.equal(offsets(take(consumer, COUNT)), list(range(COUNT)), "offsets, earliest")
    with consuming(kafka, partition, auto_offset_reset="latest") as consumer:
        consumer.seek(where, COUNT + 10)

        def at_the_end() -> bool:
            found = [one for records in consumer.poll(POLL_MS).values() for one in records]
            expect.equal(found, [], "records")
            return bool(consumer.position(where) == COUNT)

        expect.eventually(at_the_end, f"position {COUNT}, latest")


@requirement("kafka.consumers.polls-go-forward")
@holds_for(cost=20, sizes=st.lists(st.integers(1, 3), min_size=1, max_size=5))
def test_polls_skip_and_repeat_nothing(kafka: KafkaTester, sizes: list[int]) -> None:
    """Also past the markers of transactions, which take offsets and are no records."""
    partition, producer = kafka.fresh(), Producer(kafka).init()
    visible: list[tuple[int, bytes]] = []
    for number, size in enumerate([*sizes, 1, 2, 1]):  # each second one is aborted
        values = [b"%d.%d" % (number, one) for one in range(size)]
        first = producer.write(partition, *values)
        commits = number % 2 == 0
        producer.end(commits)
        if commits:
            visible += [(first + one, value) for one, value in enumerate(values)]
    where = place(partition)
    with consuming(kafka, partition, isolation_level="read_committed") as consumer:
        position = 0
        seen: list[tuple[int, bytes]] = []
        while len(seen) < len(visible):
            (record,) = take(consumer, 1, 1)
            expect.at_least(record.offset, position, "offset of the next record")
            position = record.offset + 1
            expect.equal(consumer.position(where), position, "position after it")
            seen.append((record.offset, record.value))
        expect.equal(seen, visible, "records")


@requirement("kafka.consumers.abort-does-not-rewind")
def test_an_abort_leaves_the_consumer_where_it_is(kafka: KafkaTester) -> None:
    source, target, group = numbered(kafka), kafka.fresh(), kafka.name("g")
    producer = Producer(kafka).init()
    with consuming(kafka, source, group_id=group) as consumer:
        (record,) = take(consumer, 1, 1)
        producer.write(target, record.value)
        producer.stage(group, source, record.offset + 1)
        producer.abort()
        expect.equal(offsets(take(consumer, 1, 1)), [1], "the next poll")
    expect.equal(committed(group, source), -1, "committed offset")


@requirement("kafka.consumers.pause")
def test_a_paused_partition_gives_nothing_and_loses_nothing(kafka: KafkaTester) -> None:
    """It is paused when all of it was polled: kafka-python 3.0.12 does not always go on with what
    it had fetched before (fetch_records looks for it only if nothing came from elsewhere)."""
    paused, other = numbered(kafka), kafka.fresh()
    with consuming(kafka, paused, other) as consumer:
        take(consumer, COUNT)
        consumer.pause(place(paused))
        paused.append([Sent(b"while it was paused")])
        other.append([Sent(b"x")])
        found = take(consumer, 1)
        expect.equal({one.topic + str(one.partition) for one in found}, {of(other)}, "sources")
        consumer.resume(place(paused))
        expect.equal(offsets(take(consumer, 1)), [COUNT], "offsets after it was resumed")


def of(partition: Partition) -> str:
    return partition.topic + str(partition.index)


@requirement("kafka.consumers.reconnects")
def test_consumers_go_on_after_a_restart(kafka: KafkaTester) -> None:
    partition = kafka.topic()[0]
    partition.append([Sent(b"before")])
    options = {"group_id": kafka.name("g"), "reconnect_backoff_max_ms": 200}
    with consuming(kafka, partition, **options) as consumer:
        take(consumer, 1)
        kafka.restart()
        kafka.when_usable(partition.topic)
        partition.append([Sent(b"after")])
        (record,) = take(consumer, 1)
        if record.value != b"after":
            raise Mismatch("the record that came after the restart", repr(record.value))
