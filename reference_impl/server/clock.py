"""The system's clock, for brokers that run in real time."""

from __future__ import annotations

import time


class SystemClock:
    """The calendar clock of this machine."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


class MonotonicClock:
    """Time since some moment; never goes back. For heartbeats and time-outs."""

    def now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000
