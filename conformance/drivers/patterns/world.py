"""The world that a library under test lives in: a clock that only the test moves, seeded chance,
a folder, and what has to be put back afterwards."""

from __future__ import annotations

import contextlib
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

EPOCH_NS = 1_700_000_000 * 10**9
"""Wall-clock time at which every world begins; its clock begins at 0."""

NS = 10**9


class ManualTime:
    """A clock in nanoseconds that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.slept_ns: list[int] = []
        """Every sleep that was asked for, in order."""
        self.moved: Callable[[int], object] = int
        """Told of every move in nanoseconds: for clocks that have to follow."""

    def advance(self, ns: int) -> None:
        """Move on by `ns` >= 0."""
        if ns < 0:
            raise ValueError(f"a clock is moved forward, not by {ns} ns; `set_back` moves it back")
        self.now_ns += ns
        self.moved(ns)

    def set_back(self, ns: int) -> None:
        """Make the clock show `ns` less, as a wall clock may that is corrected."""
        self.now_ns -= ns
        self.moved(-ns)

    def sleep_ns(self, ns: int) -> None:
        """Sleep as the library's caller would: the time has passed when it returns."""
        self.slept_ns.append(ns)
        if ns > 0:
            self.advance(ns)


class FakeTime:
    """What of Python's module `time` libraries use, going by a manual clock."""

    def __init__(self, clock: ManualTime) -> None:
        self._clock = clock

    def monotonic_ns(self) -> int:
        return self._clock.now_ns

    def monotonic(self) -> float:
        return self._clock.now_ns / NS

    perf_counter_ns = monotonic_ns
    perf_counter = monotonic

    def time_ns(self) -> int:
        return EPOCH_NS + self._clock.now_ns

    def time(self) -> float:
        return self.time_ns() / NS

    def sleep(self, seconds: float) -> None:
        self._clock.sleep_ns(round(seconds * NS))


class World:
    """One for each example of a property; `close` puts everything back."""

    def __init__(self, seed: int = 0) -> None:
        self.clock = ManualTime()
        self.random = random.Random(seed)
        self._closing = contextlib.ExitStack()
        self._temp_dir: Path | None = None

    @property
    def temp_dir(self) -> Path:
        """A folder that is removed at the end."""
        if self._temp_dir is None:
            folder = tempfile.TemporaryDirectory(prefix="brokertck-patterns-")
            self._temp_dir = Path(self._closing.enter_context(folder))
        return self._temp_dir

    def fake_time(self) -> FakeTime:
        """A stand-in for a library's `time`."""
        return FakeTime(self.clock)

    def patch(self, module: ModuleType | type, name: str, value: Any) -> None:
        """Replace an attribute that exists, until the end."""
        original = vars(module)[name]
        setattr(module, name, value)
        self._closing.callback(setattr, module, name, original)

    def on_close(self, callback: Callable[[], Any]) -> None:
        """Call back at the end, the latest first."""
        self._closing.callback(callback)

    def close(self) -> None:
        self._closing.close()
