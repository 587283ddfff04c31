"""Compaction: of each key the last record stays.

The active segment is not compacted, so each test ends with a record of another time, which begins
a new segment; what stands before it is compacted within some 100 ms.
"""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import NOW_MS, Read, Sent
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.models.kafka_compaction import latest_by_key
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

WITHIN_S = 30.0
"""How long a broker may take to compact; Kafka's cleaner sleeps up to 15 s where it was idle."""

LAPS = 6
"""Compactions in which a tombstone whose time is over must go: one sets the time, one takes it."""

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
KEYS = st.sampled_from([b"a", b"b", b"c"])
BATCHES = st.lists(st.lists(KEYS, min_size=1, max_size=4), min_size=1, max_size=5)


def compacted_topic(kafka: KafkaTester, **more: str) -> Partition:
    """A topic in which whatever is dirty is compacted soon."""
    settings = {
        "cleanup_policy": "compact",
        "segment_ms": str(SECOND_MS),
        "min_cleanable_dirty_ratio": "0",
        **more,
    }
    return kafka.topic(1, **settings)[0]


def fill(partition: Partition, batches: list[list[bytes]]) -> list[Read]:
    """Append batches of records with these keys, close their segment, return all records."""
    number = 0
    for keys in batches:
        records = []
        for key in keys:
            records.append(Sent(b"%d" % number, key, NOW_MS - MINUTE_MS))
            number += 1
        partition.append(records)
    before = partition.read()
    partition.append([Sent(b"end", b"of the segment", NOW_MS)])
    return before


def when_compacted(partition: Partition, expected: list[int]) -> list[Read]:
    """Wait until exactly these offsets are left; return the records."""
    found: list[Read] = []

    def compacted() -> bool:
        found[:] = partition.read()
        offsets = [one.offset for one in found]
        missing = [offset for offset in expected if offset not in offsets]
        expect.equal(missing, [], "last records of their keys that are gone")
        return offsets == expected

    what = f"records at {expected} alone"
    expect.eventually(compacted, what, WITHIN_S, lambda: [one.offset for one in found])
    return found


@requirement("kafka.retention.compaction")
@holds_for(cost=5, batches=BATCHES)
def test_the_last_record_of_each_key_stays(kafka: KafkaTester, batches: list[list[bytes]]) -> None:
    partition = compacted_topic(kafka)
    before = fill(partition, batches)
    kept = latest_by_key(before)
    after = when_compacted(partition, [one.offset for one in kept] + [len(before)])
    expect.equal(after[:-1], kept, "records, with their offsets, in order")
    expect.equal(partition.end, len(before) + 1, "end")
    expect.equal(partition.start, 0, "start")


@requirement("kafka.retention.compacted-holes")
def test_fetch_in_a_hole_finds_what_is_next(kafka: KafkaTester) -> None:
    partition = compacted_topic(kafka)
    before = fill(partition, [[b"a"], [b"b"], [b"b", b"c"], [b"c", b"d"], [b"d"], [b"c", b"c"]])
    offsets = [one.offset for one in latest_by_key(before)] + [len(before)]
    when_compacted(partition, offsets)
    for offset in range(len(before) + 1):
        found = [one.offset for one in partition.read(offset)]
        expected = [one for one in offsets if one >= offset]
        expect.equal(found, expected, f"offsets read from {offset} on")


@requirement("kafka.retention.active-segment-is-not-compacted")
def test_the_last_segment_stays_whole(kafka: KafkaTester) -> None:
    partition = compacted_topic(kafka)
    fill(partition, [[b"a", b"a", b"b"]])
    partition.append([Sent(b"4", b"b", NOW_MS), Sent(b"5", b"b", NOW_MS)])
    when_compacted(partition, [1, 2, 3, 4, 5])


@requirement("kafka.retention.tombstones")
def test_tombstones_stay_for_a_while(kafka: KafkaTester) -> None:
    long = compacted_topic(kafka, delete_retention_ms=str(60 * MINUTE_MS))
    short = compacted_topic(kafka, delete_retention_ms="0")
    old = NOW_MS - 2 * MINUTE_MS
    for partition in (long, short):
        partition.append([Sent(b"0", b"a", old), Sent(b"1", b"b", old), Sent(None, b"a", old)])
        partition.append([Sent(b"3", b"c", NOW_MS - MINUTE_MS)])
    found = when_compacted(long, [1, 2, 3])
    expect.equal(found[1].value, None, "value of the tombstone")
    # Only a compaction that passes it takes it away, so there must be something to compact.
    left: list[int] = []
    short.append([Sent(b"4", b"c", NOW_MS + 2 * SECOND_MS)])
    for number in range(5, 5 + LAPS):
        short.append([Sent(b"%d" % number, b"c", NOW_MS + number * 2 * SECOND_MS)])
        left = when_gone(short, number - 2)
        if 2 not in left:
            break
    expect.true(1 in left and 2 not in left, "the other key and no tombstone", left)
    expect.true(2 in offsets_of(long), "the tombstone that must stay", offsets_of(long))


def offsets_of(partition: Partition) -> list[int]:
    return [one.offset for one in partition.read(partition.start)]


def when_gone(partition: Partition, offset: int) -> list[int]:
    """Wait until a record is compacted away; return the offsets that are left."""
    found: list[int] = []

    def gone() -> bool:
        found[:] = offsets_of(partition)
        return offset not in found

    expect.eventually(gone, f"record {offset} compacted away", WITHIN_S, lambda: found)
    return found


@requirement("kafka.retention.compact-and-delete")
def test_both_policies_together(kafka: KafkaTester) -> None:
    day, hour = 24 * 60 * MINUTE_MS, 60 * MINUTE_MS
    partition = compacted_topic(
        kafka, cleanup_policy="compact,delete", retention_ms=str(hour), segment_bytes=str(1 << 20)
    )
    # Compaction joins segments as far as segment.bytes allows, and one with something young in it
    # is too young: these two are too large for each other.
    large = bytes(600_000)
    partition.append([Sent(large, b"old", NOW_MS - day)])
    partition.append([Sent(large, b"young", NOW_MS - 2 * MINUTE_MS)])
    for time in (-2 * MINUTE_MS, 0):
        partition.append([Sent(b"", b"young", NOW_MS + time)])
    expect.eventually(lambda: partition.start > 0, "an old segment deleted", WITHIN_S)
    expect.equal(when_gone(partition, 1), [2, 3], "offsets that are left")
    expect.equal(partition.end, 4, "end")
