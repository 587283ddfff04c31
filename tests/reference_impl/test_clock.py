"""Clocks and sources of names."""

from __future__ import annotations

import pytest

from reference_impl.clock import ManualClock, counting_ids
from reference_impl.server.clock import MonotonicClock, SystemClock


def test_manual_clock_moves_when_told() -> None:
    clock = ManualClock(5)
    seen: list[int] = []
    remove = clock.on_advance(lambda: seen.append(clock.now_ms()))
    clock.advance(3)
    clock.advance(0)
    assert seen == [8, 8]
    remove()
    clock.advance(1)
    assert (seen, clock.now_ms()) == ([8, 8], 9)


def test_manual_clock_does_not_go_back() -> None:
    clock = ManualClock()
    with pytest.raises(ValueError, match="a clock cannot go back by 1 ms"):
        clock.advance(-1)


def test_listener_may_remove_itself() -> None:
    clock = ManualClock()
    calls: list[str] = []
    removers: list[object] = []

    def once() -> None:
        calls.append("once")
        remove = removers[0]
        assert callable(remove)
        remove()

    removers.append(clock.on_advance(once))
    clock.on_advance(lambda: calls.append("always"))
    clock.advance(1)
    clock.advance(1)
    assert calls == ["once", "always", "always"]


def test_default_start_is_a_plausible_date() -> None:
    assert ManualClock().now_ms() == 1_700_000_000_000


def test_counted_names_differ_and_are_the_same_at_each_run() -> None:
    first, second = counting_ids("a-"), counting_ids("a-")
    names = [first() for _ in range(100)]
    assert len(set(names)) == 100
    assert names == [second() for _ in range(100)] == sorted(names)


def test_system_clocks_count_milliseconds() -> None:
    assert SystemClock().now_ms() > 1_700_000_000_000
    clock = MonotonicClock()
    times = [clock.now_ms() for _ in range(100)]
    assert times == sorted(times)
