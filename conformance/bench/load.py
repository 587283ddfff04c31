"""How much is measured, and the meter that does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from conformance.bench.subject import Subject


@dataclass(frozen=True)
class Load:
    """How much, how large, how durable."""

    messages: int = 20_000
    round_trips: int = 1_000
    body_size: int = 100
    persistent: bool = False


Sample = dict[str, float]
"""The figures of one round by their labels."""

Workload = Callable[[Subject, Load], Sample]
"""What one client does with a broker, once."""


class Meter:
    """Wall, broker and client processor time of a block, in seconds."""

    wall_s = broker_s = client_s = 0.0

    def costs(self, name: str, unit: str, count: int) -> Sample:
        """Rate, and both sides' processor time for one of `count`."""
        each = 1e6 / count
        return {
            f"{name}, {unit}/s": count / self.wall_s,
            f"broker CPU, {name}, µs/{unit}": self.broker_s * each,
            f"client CPU, {name}, µs/{unit}": self.client_s * each,
        }


@contextmanager
def measured(subject: Subject) -> Iterator[Meter]:
    """Measure what happens inside."""
    meter = Meter()
    broker, client, wall = subject.cpu_s(), time.process_time(), time.perf_counter()
    yield meter
    meter.wall_s = time.perf_counter() - wall
    meter.client_s = time.process_time() - client
    meter.broker_s = subject.cpu_s() - broker
