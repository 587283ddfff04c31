"""`make kill`: many rounds, one line each; exit code 1 if any found an anomaly."""

from __future__ import annotations

import argparse

from tests.kill.workload import run_round


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    bad = confirmed = 0
    for number in range(arguments.times):
        outcome = run_round(arguments.seed + number)
        confirmed += outcome.confirmed
        bad += bool(outcome.anomalies)
        print(
            f"{number + 1:3}: {outcome.published} published, {outcome.confirmed} confirmed, "
            f"{outcome.acknowledged} acknowledged, {outcome.recovered} recovered, "
            f"{len(outcome.anomalies)} anomalies"
        )
        for anomaly in outcome.anomalies:
            print(f"     {anomaly}")
    print(f"{arguments.times} kills, {confirmed} confirms, {bad} rounds with anomalies")
    return 1 if bad else 0


raise SystemExit(main())
