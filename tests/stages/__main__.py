"""`python -m tests.stages`: µs a message and stage, beside what a bare loop needs.

Each stage is what one more layer costs: the layers above it are stubs. Every figure is the least of
many short rounds, which is what the code costs on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from pathlib import Path

from tests.stages import amqp, kafka

ROUNDS = 40


def least_us(prepare: Callable[[], Callable[[], None]], calls: int, messages: int) -> float:
    """µs a message, as the least of many rounds of `calls` calls with `messages` messages each."""
    rounds = []
    for _ in range(ROUNDS):
        one = prepare()
        started = time.perf_counter()
        for _ in range(calls):
            one()
        rounds.append(time.perf_counter() - started)
    return min(rounds) / calls / messages * 1e6


def main() -> int:
    """Measure, print, and write the table if a file is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.stages", description=__doc__)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the Markdown here too")
    arguments = parser.parse_args()
    gc.disable()
    lines = ["| stage | µs a message | times the floor |", "| --- | ---: | ---: |"]
    for name, value, floor in (
        *amqp.rows({n: least_us(one, amqp.MESSAGES, 1) for n, one in amqp.STAGES.items()}),
        *kafka.rows(
            {n: least_us(one, kafka.BATCHES, kafka.RECORDS) for n, one in kafka.STAGES.items()}
        ),
    ):
        lines.append(f"| {name} | {value:.3g} | {value / floor:.1f} |")
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if arguments.out is not None:
        arguments.out.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
