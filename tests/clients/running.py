"""Runs client programs on a broker and keeps what they print."""

from __future__ import annotations

import difflib
import functools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.targets.process_kafka import cache_folder, fetch_jars
from conformance.targets.resolve import resolve

HERE = Path(__file__).parent
PROGRAMS = {
    path.stem: path
    for path in sorted((HERE / "programs").glob("*/*"))
    if path.suffix in (".py", ".java")
}
"""By name; the folder of each is called after its protocol."""
TRANSCRIPTS = HERE / "transcripts"
"""What each program printed on RabbitMQ 4.3.6 and on Kafka 4.3.1, in a folder for each protocol:
`python -m tests.clients --record TARGET`."""

KAFKA_VERSION = "4.3.1"
"""Of the Java client and the command line tools."""

LIMIT_S = 120.0
"""Far more than any program needs: Celery's takes 6 s on RabbitMQ with two busy cores."""

FAILED = re.compile(r"^(exit code|not finished after) ", re.MULTILINE)
"""In the output of a program that did not end well."""


def protocol_of(name: str) -> str:
    """Return what a program speaks."""
    return PROGRAMS[name].parent.name


def transcript_path(name: str) -> Path:
    """Return where the recorded output of a program is kept."""
    return TRANSCRIPTS / protocol_of(name) / f"{name}.txt"


def needs_java(name: str) -> bool:
    """Whether a program runs on Kafka's jars."""
    return PROGRAMS[name].suffix == ".java" or name == "kafka_tools"


@functools.cache
def class_path() -> str:
    """Return Kafka's jars as Java's class path; Maven fetches them the first time."""
    folder = cache_folder() / f"tools-{KAFKA_VERSION}"
    if not folder.is_dir():
        fetch_jars(KAFKA_VERSION, folder, HERE / "tools.xml")
    return f"{folder}/*"


def _command(name: str, address: str) -> list[str]:
    path = str(PROGRAMS[name])
    if PROGRAMS[name].suffix == ".java":
        return ["java", "-Xmx256m", "-cp", class_path(), path, address]
    more = [class_path()] if needs_java(name) else []
    return [sys.executable, "-u", path, address, *more]


def run_program(name: str, address: str) -> str:
    """Run a program against a broker and return its output and, if it failed, how it ended.

    A program prints nothing that may differ between two runs: it hides its own random names.
    """
    # The folder of this test run is not on the programs' path: they are any user's programs.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PROGRAM_"))}
    try:
        ended = subprocess.run(
            _command(name, address),
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
def broker(target: str) -> Iterator[dict[str, str]]:
    """Start a target, in any form of `brokertck run --target`, and give its address for each
    protocol that it serves."""
    started = resolve(target)
    try:
        started.start()
        addresses = {}
        if "amqp" in started.protocols:
            addresses["amqp"] = started.amqp.url
        if "kafka" in started.protocols:
            addresses["kafka"] = started.kafka.address
        yield addresses
    finally:
        started.stop()


def difference(first: str, second: str, names: tuple[str, str]) -> str:
    """Return how two outputs differ as a unified diff, or an empty text."""
    lines = difflib.unified_diff(first.splitlines(), second.splitlines(), *names, lineterm="")
    return "\n".join(lines)
