"""Runs client programs on a broker and keeps what they print."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.targets.resolve import resolve

HERE = Path(__file__).parent
PROGRAMS = {path.stem: path for path in sorted((HERE / "programs").glob("*.py"))}
TRANSCRIPTS = HERE / "transcripts"
"""What each program printed on RabbitMQ 4.3.6: `python -m tests.clients --record TARGET`."""

LIMIT_S = 120.0
"""Far more than any program needs: Celery's takes 6 s on RabbitMQ with two busy cores."""

FAILED = re.compile(r"^(exit code|not finished after) ", re.MULTILINE)
"""In the output of a program that did not end well."""


def transcript_of(name: str) -> str:
    """Return the recorded output of a program."""
    return (TRANSCRIPTS / f"{name}.txt").read_text(encoding="utf-8")


def run_program(name: str, url: str) -> str:
    """Run a program against a broker and return its output and, if it failed, how it ended.

    A program prints nothing that may differ between two runs: it hides its own random names.
    """
    # The folder of this test run is not on the programs' path: they are any user's programs.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PROGRAM_"))}
    try:
        ended = subprocess.run(
            [sys.executable, "-u", str(PROGRAMS[name]), url],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            env=environment,
        )
    except subprocess.TimeoutExpired as expired:
        said = expired.stdout or b""
        return f"{said.decode(errors='replace')}not finished after {LIMIT_S:g} s\n"
    if ended.returncode == 0:
        return ended.stdout
    return f"{ended.stdout}exit code {ended.returncode}\n{ended.stderr}"


@contextmanager
def broker(target: str) -> Iterator[str]:
    """Start a target, in any form of `brokertck run --target`, and give its address."""
    started = resolve(target)
    try:
        started.start()
        yield started.amqp.url
    finally:
        started.stop()


def difference(first: str, second: str, names: tuple[str, str]) -> str:
    """Return how two outputs differ as a unified diff, or an empty text."""
    lines = difflib.unified_diff(first.splitlines(), second.splitlines(), *names, lineterm="")
    return "\n".join(lines)
