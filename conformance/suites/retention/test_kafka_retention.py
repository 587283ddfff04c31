"""What is deleted for its age or the size of the log, whether or not it was read."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.administration import SET, Change, alter
from conformance.drivers.kafka.batches import NOW_MS, Sent
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

WITHIN_S = 20.0
"""How long a broker may take to delete: it looks every half second, and machines are slow."""

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MEBIBYTE = 1 << 20


def check_start(partition: Partition, start: int) -> None:
    """The partition must soon begin there, and never later than there."""
    found = [0]

    def begins() -> bool:
        found[0] = partition.start
        expect.at_most(found[0], start, "start")
        return found[0] == start

    expect.eventually(begins, f"start at {start}", WITHIN_S, lambda: found[0])


def retained(kafka: KafkaTester) -> None:
    """Return when the broker has deleted what was old elsewhere, after all that was there before:
    it looks at its logs one after the other, over and over."""
    for _ in range(2):
        (partition,) = kafka.topic(retention_ms=str(HOUR_MS))
        partition.append([Sent(b"old", timestamp=NOW_MS - DAY_MS)])
        check_start(partition, 1)


@requirement("kafka.retention.by-time")
@holds_for(cost=7, old=st.integers(0, 3), young=st.integers(1, 3))
def test_old_segments_are_deleted(kafka: KafkaTester, old: int, young: int) -> None:
    (partition,) = kafka.topic(segment_ms="1000", retention_ms="-1")
    times = [NOW_MS - (old - n) * DAY_MS for n in range(old)]
    times += [NOW_MS - (young - n) * 60_000 for n in range(young)]
    for number, time in enumerate(times):
        partition.append([Sent(b"%d" % number, timestamp=time)])
    change = ("retention.ms", SET, str(HOUR_MS))
    expect_code(alter(kafka, partition.topic, change), "NONE")
    check_start(partition, old)
    expect.equal(partition.end, old + young, "end")
    left = [b"%d" % number for number in range(old, old + young)]
    expect.equal([one.value for one in partition.read(old)], left, "records that are left")


@requirement("kafka.retention.active-segment")
def test_everything_may_go(kafka: KafkaTester) -> None:
    (partition,) = kafka.topic(retention_ms=str(HOUR_MS))
    partition.append([Sent(b"x", timestamp=NOW_MS - DAY_MS)] * 3)
    check_start(partition, 3)
    expect.equal(partition.end, 3, "end")
    expect.equal(partition.append([Sent(b"new")]), 3, "offset of the next record")
    found = [(one.offset, one.value) for one in partition.read(3)]
    expect.equal(found, [(3, b"new")], "records")


@requirement("kafka.retention.by-size")
@holds_for(cost=20, limit=st.integers(1, 4))
def test_a_log_that_is_too_large_loses_its_oldest(kafka: KafkaTester, limit: int) -> None:
    settings = {"segment_bytes": str(MEBIBYTE), "retention_bytes": "-1"}
    (partition,) = kafka.topic(1, **settings)
    octets = 700_000
    for number in range(5):  # two do not fit into one segment
        partition.append([Sent(b"%d" % number + b"x" * octets)])
    kept = 5 - (5 * octets - limit * octets) // octets
    change: Change = ("retention.bytes", SET, str(limit * octets))
    expect_code(alter(kafka, partition.topic, change), "NONE")
    check_start(partition, 5 - kept)
    expect.equal(partition.end, 5, "end")
    values = [(one.value or b"")[:1] for one in partition.read(5 - kept)]
    expect.equal(values, [b"%d" % n for n in range(5 - kept, 5)], "records that are left")


@requirement("kafka.retention.unlimited")
def test_without_limits_nothing_goes(kafka: KafkaTester) -> None:
    settings = {"segment_ms": "1000", "retention_ms": "-1", "retention_bytes": "-1"}
    (partition,) = kafka.topic(1, **settings)
    for day in range(5, 0, -1):
        partition.append([Sent(b"%d" % day, timestamp=NOW_MS - day * 100 * DAY_MS)])
    retained(kafka)
    expect.equal((partition.start, partition.end), (0, 5), "start and end")
    expect.equal(partition.values(), [b"5", b"4", b"3", b"2", b"1"], "records")


@requirement("kafka.retention.not-by-consumption")
def test_reading_deletes_nothing_and_keeps_nothing(kafka: KafkaTester) -> None:
    (read,) = kafka.topic()
    read.append([Sent(b"kept")] * 3)
    (unread,) = kafka.topic(retention_ms=str(HOUR_MS))
    unread.append([Sent(b"old", timestamp=NOW_MS - DAY_MS)])
    expect.equal(read.values(), [b"kept"] * 3, "records, read")
    check_start(unread, 1)
    retained(kafka)
    expect.equal(read.values(), [b"kept"] * 3, "records, read again")
