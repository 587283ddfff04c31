"""`make kill`: many rounds, one line each; exit code 1 if any found an anomaly."""

from __future__ import annotations

import argparse

from tests.kill import amqp, kafka

PROTOCOLS = {"amqp": amqp.run_round, "kafka": kafka.run_round}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--protocol", choices=[*PROTOCOLS], action="append", help="default: all")
    arguments = parser.parse_args()
    found = [
        _rounds(protocol, arguments.times, arguments.seed)
        for protocol in arguments.protocol or PROTOCOLS
    ]
    return 1 if any(found) else 0


def _rounds(protocol: str, times: int, seed: int) -> int:
    """Return in how many rounds something was wrong."""
    bad = confirmed = 0
    for number in range(times):
        outcome = PROTOCOLS[protocol](seed + number)
        confirmed += outcome.confirmed
        bad += bool(outcome.anomalies)
        counts = ", ".join(f"{count} {name}" for name, count in outcome.counts.items())
        print(f"{protocol} {number + 1:3}: {counts}, {len(outcome.anomalies)} anomalies")
        for anomaly in outcome.anomalies:
            print(f"     {anomaly}")
    print(f"{protocol}: {times} kills, {confirmed} promises, {bad} rounds with anomalies")
    return bad


raise SystemExit(main())
