"""What one round found."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.history import Anomaly


@dataclass(frozen=True)
class Round:
    """`counts` are told by their names; `confirmed` is how many promises were checked."""

    counts: dict[str, int]
    confirmed: int
    anomalies: list[Anomaly]
