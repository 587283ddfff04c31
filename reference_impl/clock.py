"""Time and identity as arguments, so that the core is deterministic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time in milliseconds since the Unix epoch.

    TTLs keep running while a broker is down (RabbitMQ uses the system time for message expiry), so
    the clock is the calendar's, not a monotonic one.
    """

    def now_ms(self) -> int:
        """Return the current time in ms since the epoch."""
        ...


class ManualClock:
    """A clock that moves only when it is told to.

    A broker that runs on it registers a listener, so that `advance` makes everything that became
    due happen before it returns.
    """

    def __init__(self, start_ms: int = 1_700_000_000_000) -> None:
        self._now_ms = start_ms
        self._listeners: list[Callable[[], None]] = []

    def now_ms(self) -> int:
        """Return the time in ms since the epoch."""
        return self._now_ms

    def advance(self, ms: int) -> None:
        """Move time forward by `ms` >= 0 milliseconds and let everything due happen.

        Raises ValueError for a negative `ms`: timers that fired cannot be taken back.
        """
        if ms < 0:
            raise ValueError(f"a clock cannot go back by {-ms} ms; create a new broker instead")
        self._now_ms += ms
        for listener in list(self._listeners):
            listener()

    def on_advance(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each `advance`; returns a function that removes it again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


def counting_ids(prefix: str = "") -> Callable[[], str]:
    """Return a source of distinct names `prefix + number`, the same at each run."""
    count = 0

    def next_id() -> str:
        nonlocal count
        count += 1
        return f"{prefix}{count:08d}"

    return next_id
