"""Deadlines in the order in which they fall due."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from reference_impl.clock import Clock

LEAST_SWEEP = 64
"""Fewer timers than this are not worth looking for cancelled ones."""


class Timer:
    """One pending call; `cancel` makes it never happen."""

    __slots__ = ("callback", "due_ms")

    def __init__(self, due_ms: int, callback: Callable[[], None]) -> None:
        self.due_ms = due_ms
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Make the call never happen; one that was made already stays made."""
        self.callback = None


class Timers:
    """Calls that are due at a time of `clock`; nothing happens until `run_due` is called.

    `on_earlier` is called when a timer is set that is due before all others.
    """

    def __init__(self, clock: Clock, on_earlier: Callable[[], None]) -> None:
        self.clock = clock
        self._on_earlier = on_earlier
        self._heap: list[tuple[int, int, Timer]] = []
        self._sequence = 0
        self._sweep_at = LEAST_SWEEP

    def __len__(self) -> int:
        """How many timers are kept, cancelled ones that were not swept away yet included."""
        return len(self._heap)

    def at(self, due_ms: int, callback: Callable[[], None]) -> Timer:
        """Call `callback` in the first `run_due` at or after `due_ms`; ties in creation order."""
        if len(self._heap) >= self._sweep_at:
            self._sweep()
        timer = Timer(due_ms, callback)
        self._sequence += 1
        heapq.heappush(self._heap, (due_ms, self._sequence, timer))
        if self._heap[0][2] is timer:
            self._on_earlier()
        return timer

    def _sweep(self) -> None:
        """Forget cancelled timers: a queue with x-expires leaves one behind at each basic.get. The
        next sweep comes when there are twice as many, so that a timer costs the same on average."""
        self._heap[:] = [item for item in self._heap if item[2].callback is not None]
        heapq.heapify(self._heap)
        self._sweep_at = max(LEAST_SWEEP, 2 * len(self._heap))

    def next_due_ms(self) -> int | None:
        """Return when the next live timer is due, or None."""
        heap = self._heap
        while heap and heap[0][2].callback is None:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def run_due(self) -> None:
        """Make every call that is due now, including those that these calls make due."""
        heap = self._heap
        while heap and heap[0][0] <= self.clock.now_ms():
            timer = heapq.heappop(heap)[2]
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback()
