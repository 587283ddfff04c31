"""Every program on two brokers: `python -m tests.clients TARGET_A TARGET_B` says of each whether
it printed the same, shows what differs, and exits with 1 if anything did.

`--record TARGET` writes the transcripts that tests/clients/test_programs.py compares with.
"""

from __future__ import annotations

import argparse
import fnmatch
import time

from tests.clients.running import (
    FAILED,
    PROGRAMS,
    broker,
    difference,
    protocol_of,
    run_program,
    transcript_path,
)


def compare(names: list[str], first: str, second: str) -> int:
    """Print one line for each program; return the exit code."""
    different = 0
    with broker(first) as one, broker(second) as other:
        names = [name for name in names if protocol_of(name) in one.keys() & other.keys()]
        for name in names:
            protocol = protocol_of(name)
            started_s = time.monotonic()
            outputs = run_program(name, one[protocol]), run_program(name, other[protocol])
            changes = difference(*outputs, (first, second))
            different += bool(changes)
            took_s = time.monotonic() - started_s
            lines = len(outputs[0].splitlines())
            print(f"{'different' if changes else 'equal':9} {name}: {lines} lines, {took_s:.1f} s")
            if changes:
                print(changes)
    print(f"{len(names)} programs, {different} different on {first} and {second}")
    return 1 if different else 0


def record(names: list[str], target: str) -> int:
    """Write the transcript of each program; a program that fails keeps the old one."""
    failed = 0
    with broker(target) as addresses:
        for name in [name for name in names if protocol_of(name) in addresses]:
            output = run_program(name, addresses[protocol_of(name)])
            if FAILED.search(output):
                print(f"failed {name}\n{output}")
                failed += 1
                continue
            transcript_path(name).write_text(output, encoding="utf-8")
            print(f"recorded {name}: {len(output.splitlines())} lines")
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.clients", description=__doc__)
    parser.add_argument("targets", nargs="+", help="two to compare, one to record")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--only", default="*", metavar="GLOB", help="names of programs")
    arguments = parser.parse_args()
    names = fnmatch.filter(PROGRAMS, arguments.only)
    if not names or len(arguments.targets) != (1 if arguments.record else 2):
        parser.error(f"give {'one target' if arguments.record else 'two targets'} and a program")
    if arguments.record:
        return record(names, *arguments.targets)
    return compare(names, *arguments.targets)


if __name__ == "__main__":
    raise SystemExit(main())
