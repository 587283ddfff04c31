"""Rounds that alternate between two brokers, and what can be said afterwards."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from conformance.bench import subject as subjects
from conformance.bench.load import Load, Sample, Workload
from conformance.bench.workloads import client_for


@dataclass(frozen=True)
class Figure:
    """One line of the table: medians of both sides, and the ratio A/B round by round."""

    label: str
    a: float
    b: float
    ratio: float
    ratio_min: float
    ratio_max: float


def compare(
    a: str,
    b: str,
    load: Load,
    rounds: int,
    tell: Callable[[str], None],
    client: str | None = None,
) -> list[Figure]:
    """Start both brokers, run `rounds` rounds on each in turn, and stop them.

    The side that begins changes from round to round. One round that is not counted comes first.
    Raises UsageError, before anything starts, for a target that cannot be measured, or a client
    that does not speak the protocol of both.
    """
    protocols = [subjects.measurable(name).protocols for name in (a, b)]
    workload = client_for(client, *protocols).run
    first = subjects.start(a)
    try:
        second = subjects.start(b)
        try:
            return _rounds(first, second, workload, load, rounds, tell)
        finally:
            second.target.stop()
    finally:
        first.target.stop()


def _rounds(
    a: subjects.Subject,
    b: subjects.Subject,
    run: Workload,
    load: Load,
    rounds: int,
    tell: Callable[[str], None],
) -> list[Figure]:
    warm_up = dataclasses.replace(load, messages=load.messages // 10 or 1, round_trips=50)
    for side in (a, b):
        run(side, warm_up)
    of_a: list[Sample] = []
    of_b: list[Sample] = []
    for number in range(rounds):
        for side, samples in ((a, of_a), (b, of_b)) if number % 2 == 0 else ((b, of_b), (a, of_a)):
            samples.append(run(side, load))
        tell(f"round {number + 1} of {rounds}")
    figures = [
        _figure(label, [one[label] for one in of_a], [one[label] for one in of_b])
        for label in of_a[0]
    ]
    if a.start_s is None or b.start_s is None:
        return figures
    return [*figures, _figure("start, s", [a.start_s], [b.start_s])]


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
