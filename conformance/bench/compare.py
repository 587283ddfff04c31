"""Rounds that alternate between two brokers, and what can be said afterwards."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from conformance.bench import subject as subjects
from conformance.bench.workloads import Load, Sample, run

LABELS = {
    "publish_per_s": "publish, msg/s",
    "consume_per_s": "consume, msg/s",
    "round_trip_us": "publish and confirm, µs",
    "broker_publish_us": "broker CPU, publish, µs/msg",
    "broker_consume_us": "broker CPU, consume, µs/msg",
    "client_publish_us": "client CPU, publish, µs/msg",
    "client_consume_us": "client CPU, consume, µs/msg",
    "memory_mib": "broker memory after publish, MiB",
    "start_s": "start, s",
}


@dataclass(frozen=True)
class Figure:
    """One line of the table: medians of both sides, and the ratio A/B round by round."""

    label: str
    a: float
    b: float
    ratio: float
    ratio_min: float
    ratio_max: float


def compare(a: str, b: str, load: Load, rounds: int, tell: Callable[[str], None]) -> list[Figure]:
    """Start both brokers, run `rounds` rounds on each in turn, and stop them.

    The side that begins changes from round to round. One round that is not counted comes first.
    """
    first = subjects.start(a)
    try:
        second = subjects.start(b)
        try:
            return _rounds(first, second, load, rounds, tell)
        finally:
            second.target.stop()
    finally:
        first.target.stop()


def _rounds(
    a: subjects.Subject,
    b: subjects.Subject,
    load: Load,
    rounds: int,
    tell: Callable[[str], None],
) -> list[Figure]:
    warm_up = dataclasses.replace(load, messages=load.messages // 10 or 1, round_trips=50)
    for side in (a, b):
        run(side, warm_up)
    samples: dict[str, list[Sample]] = {a.name: [], b.name: []}
    for number in range(rounds):
        for side in (a, b) if number % 2 == 0 else (b, a):
            samples[side.name].append(run(side, load))
        tell(f"round {number + 1} of {rounds}")
    figures = []
    for field in dataclasses.fields(Sample):
        of_a = [getattr(sample, field.name) for sample in samples[a.name]]
        of_b = [getattr(sample, field.name) for sample in samples[b.name]]
        figures.append(_figure(LABELS[field.name], of_a, of_b))
    figures.append(_figure(LABELS["start_s"], [a.start_s], [b.start_s]))
    return figures


def _figure(label: str, of_a: list[float], of_b: list[float]) -> Figure:
    ratios = [x / y if y else float("inf") for x, y in zip(of_a, of_b, strict=True)]
    return Figure(
        label,
        statistics.median(of_a),
        statistics.median(of_b),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
    )
