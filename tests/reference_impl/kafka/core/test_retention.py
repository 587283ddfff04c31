"""Records that are deleted for their age or for the size of the log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference_impl.kafka.core.logs import HOUR_MS, World
from tests.reference_impl.strategies import quick

MINUTE_MS = 60_000
CHECK_MS = 300_000
PAIR = (b"k", b"v" * 100)


def test_old_segments_go_at_the_next_check() -> None:
    world = World(retention_ms=str(HOUR_MS), segment_ms="1")
    world.write(PAIR)
    world.advance(50 * MINUTE_MS)
    world.write(PAIR)
    world.advance(9 * MINUTE_MS)
    assert world.offsets() == [0, 1]
    world.advance(CHECK_MS)
    assert (world.offsets(), world.log.start_offset) == ([1], 1)
    world.advance(2 * HOUR_MS)
    assert (world.offsets(), world.log.start_offset, world.log.end_offset) == ([], 2, 2)
    assert world.write(PAIR) == 2


def test_a_segment_goes_as_a_whole() -> None:
    world = World(retention_ms=str(HOUR_MS), segment_ms=str(24 * HOUR_MS))
    world.write(PAIR)
    world.advance(50 * MINUTE_MS)
    world.write(PAIR)
    world.advance(30 * MINUTE_MS)
    assert world.offsets() == [0, 1]


def test_the_first_segment_that_is_young_keeps_what_follows() -> None:
    world = World(retention_ms=str(HOUR_MS), segment_ms="1")
    world.write(PAIR)
    world.write(PAIR, age_ms=-HOUR_MS)
    world.write(PAIR, age_ms=10 * HOUR_MS)
    world.advance(HOUR_MS + CHECK_MS)
    assert world.offsets() == [1, 2]


@pytest.mark.parametrize(
    "settings", [{"retention_ms": "-1"}, {"retention_ms": "1", "cleanup_policy": ""}]
)
def test_what_is_kept_for_ever(settings: dict[str, str]) -> None:
    world = World(segment_ms="1", **settings)
    world.write(PAIR)
    world.advance(10_000 * HOUR_MS)
    assert world.offsets() == [0]


@quick
@given(st.integers(0, 1000), st.integers(0, 12))
def test_size_keeps_at_least_the_limit(limit: int, count: int) -> None:
    world = World(retention_bytes=str(limit), segment_bytes="200", retention_ms="-1")
    for _ in range(count):
        world.write(PAIR)
    before = world.log.size
    world.advance(CHECK_MS)
    assert world.offsets() == list(range(count))[world.log.start_offset :]
    assert world.log.size >= min(before, limit)
    size = before // count if count else 1
    assert world.log.size < limit + size or world.log.size == before
    assert world.log.end_offset == count


def test_a_change_of_the_topic_counts_at_once() -> None:
    world = World(segment_ms="1")
    world.write(PAIR)
    world.advance(2 * HOUR_MS)
    settings = world.broker.settings_for({"retention.ms": str(HOUR_MS)})
    world.broker.configure_topic(world.topic, settings)
    world.advance(CHECK_MS)
    assert world.offsets() == []


def test_both_policies_at_once() -> None:
    world = World(cleanup_policy="compact,delete", retention_ms=str(HOUR_MS), segment_ms="1")
    world.write(PAIR)
    world.advance(2 * HOUR_MS)
    assert world.offsets() == []
