"""Timers against a list of calls."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reference_impl.clock import ManualClock
from reference_impl.timers import Timer, Timers
from tests.reference_impl.strategies import quick

START_MS = 1_000
AT = st.tuples(st.just("at"), st.integers(-2, 6))
CANCEL = st.tuples(st.just("cancel"), st.integers(0, 99))
ADVANCE = st.tuples(st.just("advance"), st.integers(0, 4))


class Model:
    """What is to be called, in the order of due time and then of creation."""

    def __init__(self) -> None:
        self.pending: dict[int, int] = {}
        """Due times by number."""

    def next_due_ms(self) -> int | None:
        return min(self.pending.values(), default=None)

    def due(self, now_ms: int) -> list[int]:
        chosen = [n for n, due_ms in self.pending.items() if due_ms <= now_ms]
        chosen.sort(key=lambda n: (self.pending[n], n))
        for number in chosen:
            del self.pending[number]
        return chosen


@quick
@given(st.lists(AT | CANCEL | ADVANCE, max_size=40))
def test_timers_are_called_when_due_and_in_order(steps: list[tuple[str, int]]) -> None:
    clock = ManualClock(START_MS)
    earlier: list[int] = []
    timers = Timers(clock, lambda: earlier.append(1))
    model = Model()
    made: list[Timer] = []
    called: list[int] = []
    for kind, value in steps:
        if kind == "at":
            due_ms, number = clock.now_ms() + value, len(made)
            before = model.next_due_ms()
            earlier.clear()
            made.append(timers.at(due_ms, partial(called.append, number)))
            model.pending[number] = due_ms
            if before is None or due_ms < before:
                assert earlier == [1]
        elif kind == "cancel" and made:
            number = value % len(made)
            made[number].cancel()
            model.pending.pop(number, None)
        elif kind == "advance":
            clock.advance(value)
            called.clear()
            timers.run_due()
            assert called == model.due(clock.now_ms())
        assert timers.next_due_ms() == model.next_due_ms()


def test_calls_that_a_call_makes_due_happen_at_once() -> None:
    clock = ManualClock(START_MS)
    timers = Timers(clock, lambda: None)
    called: list[str] = []

    def first() -> None:
        called.append("first")
        timers.at(START_MS, lambda: called.append("second"))
        timers.at(START_MS + 1, lambda: called.append("later"))

    timers.at(START_MS, first)
    timers.run_due()
    assert called == ["first", "second"]
    assert timers.next_due_ms() == START_MS + 1


def test_call_may_cancel_another_that_is_due() -> None:
    timers = Timers(ManualClock(START_MS), lambda: None)
    called: list[str] = []
    others: list[Any] = []
    timers.at(START_MS, lambda: others[0].cancel())
    others.append(timers.at(START_MS, lambda: called.append("cancelled")))
    timers.run_due()
    assert called == []
    assert timers.next_due_ms() is None


def test_cancelled_timers_do_not_pile_up() -> None:
    """A queue with x-expires sets a timer at each basic.get and cancels the one before."""
    timers = Timers(ManualClock(START_MS), lambda: None)
    last = timers.at(START_MS + 3_600_000, lambda: None)
    for _ in range(5_000):
        last.cancel()
        last = timers.at(START_MS + 3_600_000, lambda: None)
    assert len(timers) < 100
    assert timers.next_due_ms() == START_MS + 3_600_000
