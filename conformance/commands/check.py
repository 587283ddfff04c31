"""`brokertck check HISTORY`: say what is wrong with a recorded history."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance.history import CHECKERS, check, read_history


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("history", type=Path, help="a file of JSON lines (history/record.py)")
    parser.add_argument(
        "--only", action="append", choices=sorted(CHECKERS), help="run only this checker"
    )


def run(arguments: argparse.Namespace) -> int:
    history = read_history(arguments.history)
    anomalies = check(history, arguments.only or CHECKERS)
    for anomaly in anomalies:
        print(anomaly)
    print(f"{len(history)} operations, {len(anomalies)} anomalies")
    return 1 if anomalies else 0
