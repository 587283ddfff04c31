"""What compaction leaves, against a dict that keeps the last value of each key."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reference_impl.kafka.core.log import StoredBatch
from reference_impl.kafka.record.batches import COMPRESSIONS, read_header
from reference_impl.kafka.record.records import ABORT, COMMIT, build_end_marker
from tests.reference_impl.kafka.core.logs import HOUR_MS, World
from tests.reference_impl.strategies import quick

BACKOFF_MS = 15_000
DAY_MS = 24 * HOUR_MS


def compacted(**settings: str) -> World:
    return World(
        cleanup_policy="compact",
        segment_ms="1",
        min_cleanable_dirty_ratio="0",
        **settings,
    )


def next_segment(world: World) -> None:
    """What comes after this is in another segment."""
    world.advance(10)


def test_the_last_record_of_each_key_stays_where_it_was() -> None:
    world = compacted()
    for key, value in ((b"a", b"1"), (b"b", b"1"), (b"a", b"2")):
        world.write((key, value))
        next_segment(world)
    world.write((b"b", b"2"))
    world.advance(BACKOFF_MS)
    assert world.read() == [(1, b"b", b"1"), (2, b"a", b"2"), (3, b"b", b"2")]
    assert (world.log.start_offset, world.log.end_offset) == (0, 4)


def test_the_active_segment_is_left_alone() -> None:
    world = World(cleanup_policy="compact", min_cleanable_dirty_ratio="0")
    for _ in range(3):
        world.write((b"a", b"1"))
    world.advance(BACKOFF_MS)
    assert world.offsets() == [0, 1, 2]


def test_a_batch_that_loses_records_keeps_its_offsets() -> None:
    world = compacted()
    world.write((b"a", b"1"), (b"b", b"1"), (b"a", b"2"))
    next_segment(world)
    world.write((b"b", b"2"))
    next_segment(world)
    world.write((b"z", b"1"))
    world.advance(BACKOFF_MS)
    assert world.read() == [(2, b"a", b"2"), (3, b"b", b"2"), (4, b"z", b"1")]
    first = next(iter(world.log)).header
    assert (first.base_offset, first.last_offset, first.record_count) == (0, 2, 1)


def test_tombstones_go_after_their_time() -> None:
    world = compacted(delete_retention_ms=str(HOUR_MS))
    world.write((b"a", b"1"))
    next_segment(world)
    world.write((b"a", None))
    next_segment(world)
    world.write((b"z", b"1"))
    world.advance(BACKOFF_MS)
    assert world.read() == [(1, b"a", None), (2, b"z", b"1")]
    assert next(iter(world.log)).header.has_delete_horizon
    world.advance(HOUR_MS - 2 * BACKOFF_MS)
    world.write((b"z", b"2"))
    world.advance(BACKOFF_MS)
    assert world.offsets() == [1, 2, 3]
    world.write((b"z", b"3"))
    world.advance(BACKOFF_MS)
    assert world.offsets() == [3, 4]


def test_records_without_a_key_go() -> None:
    world = World(segment_ms="1")
    world.write((None, b"1"))
    next_segment(world)
    world.write((b"a", b"1"))
    settings = {"cleanup.policy": "compact", "segment.ms": "1", "min.cleanable.dirty.ratio": "0"}
    world.broker.configure_topic(world.topic, world.broker.settings_for(settings))
    world.advance(BACKOFF_MS)
    assert world.offsets() == [1]


def test_young_records_stay_for_their_lag() -> None:
    world = compacted(min_compaction_lag_ms=str(HOUR_MS))
    for _ in range(3):
        world.write((b"a", b"1"))
        next_segment(world)
    world.advance(HOUR_MS - BACKOFF_MS)
    assert world.offsets() == [0, 1, 2]
    world.advance(2 * BACKOFF_MS)
    assert world.offsets() == [1, 2]


def test_little_dirt_waits_unless_it_is_old() -> None:
    world = World(
        cleanup_policy="compact",
        segment_ms="1",
        min_cleanable_dirty_ratio="0.9",
        max_compaction_lag_ms=str(DAY_MS),
    )
    world.log.compacted_to = 3
    for number in range(5):
        world.write((b"%d" % (number % 4), b"1"))
        next_segment(world)
    world.advance(HOUR_MS)
    assert world.offsets() == [0, 1, 2, 3, 4]
    world.write((b"0", b"2"))
    world.advance(DAY_MS)
    assert world.offsets() == [1, 2, 3, 4, 5]


def test_codecs_stay() -> None:
    world = compacted()
    for codec in range(1, len(COMPRESSIONS)):
        settings = {
            "cleanup.policy": "compact",
            "segment.ms": "1",
            "min.cleanable.dirty.ratio": "0",
            "compression.type": COMPRESSIONS[codec],
        }
        world.broker.configure_topic(world.topic, world.broker.settings_for(settings))
        world.write((b"a", b"1"), (b"%d" % codec, b"1"))
        next_segment(world)
    world.write((b"a", b"1"))
    world.advance(BACKOFF_MS)
    assert [batch.header.compression for batch in world.log] == [1, 2, 3, 4, 4]
    assert world.offsets() == [1, 3, 5, 6, 7, 8]


def end_transaction(world: World, control_type: int, producer_id: int) -> None:
    octets = build_end_marker(
        control_type,
        offset=world.log.end_offset,
        timestamp=world.clock.now_ms(),
        producer_id=producer_id,
        producer_epoch=0,
        coordinator_epoch=0,
    )
    batch = StoredBatch(read_header(octets), octets)
    world.log.append_marker(batch, commit=control_type == COMMIT, coordinator_epoch=0)


def transactional(sequence: int) -> dict[str, int]:
    return {"attributes": 16, "producer_id": 9, "producer_epoch": 0, "base_sequence": sequence}


def test_aborted_records_go_and_markers_after_them() -> None:
    world = compacted(delete_retention_ms="0")
    world.write((b"a", b"1"))
    next_segment(world)
    world.write((b"a", b"2"), **transactional(0))
    end_transaction(world, ABORT, 9)
    next_segment(world)
    world.write((b"b", b"1"), **transactional(1))
    end_transaction(world, COMMIT, 9)
    next_segment(world)
    for number in range(3):
        world.write((b"z", b"%d" % number))
        world.advance(BACKOFF_MS)
    assert [pair[1:] for pair in world.read()] == [
        (b"a", b"1"),
        (b"b", b"1"),
        (b"z", b"1"),
        (b"z", b"2"),
    ]
    controls = [batch.header.base_offset for batch in world.log if batch.header.is_control]
    assert controls == [4]


def test_the_last_batch_of_a_producer_stays_without_records() -> None:
    world = compacted()
    world.write((b"a", b"1"), producer_id=5, producer_epoch=0, base_sequence=0)
    next_segment(world)
    world.write((b"a", b"2"))
    next_segment(world)
    world.write((b"z", b"1"))
    world.advance(BACKOFF_MS)
    assert world.offsets() == [1, 2]
    assert next(iter(world.log)).header.record_count == 0


def test_an_open_transaction_is_not_passed() -> None:
    world = compacted()
    world.write((b"a", b"1"))
    next_segment(world)
    world.write((b"b", b"1"), **transactional(0))
    next_segment(world)
    for _ in range(3):
        world.write((b"a", b"2"))
        next_segment(world)
    world.advance(BACKOFF_MS)
    assert world.offsets() == [0, 1, 2, 3, 4]


Write = tuple[bytes, bytes | None]

keys, values = st.sampled_from([b"a", b"b", b"c"]), st.sampled_from([b"1", b"2", None])
batches = st.lists(st.tuples(keys, values), min_size=1, max_size=3)


@quick
@given(st.lists(st.tuples(batches, st.integers(0, 2)), max_size=12))
def test_the_last_values_are_those_of_a_dict(writes: list[tuple[list[Write], int]]) -> None:
    world = compacted(delete_retention_ms=str(2 * BACKOFF_MS))
    model: dict[bytes, bytes | None] = {}
    written = []
    for pairs, rounds in writes:
        for key, value in pairs:
            model[key] = value
            written.append((len(written), key, value))
        world.write(*pairs)
        for _ in range(rounds):
            world.advance(BACKOFF_MS)
        left = world.read()
        assert [one for one in written if one in left] == left, "a part, in order"
        last = {key: value for _, key, value in left}
        assert {k: v for k, v in last.items() if v is not None} == {
            k: v for k, v in model.items() if v is not None
        }
        assert world.log.end_offset == len(written)
