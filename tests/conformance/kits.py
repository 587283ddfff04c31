"""Tiny kits for tests: a few requirements, deviations and tests in a folder of their own."""

from __future__ import annotations

import gc
import io
import itertools
import json
import os
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from conformance.reporting.results import Results
from conformance.runner.options import RunOptions
from conformance.runner.progress import print_report
from conformance.runner.run import exit_code, run_target

_NUMBERS = itertools.count()

_IMPORTS = """\
import pika
import pytest
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import *
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
"""


class TinyKit:
    """Writes requirements "amqp.tiny.NAME" and their tests below a folder.

    Test modules have names that no other kit of this process has, because pytest keeps modules
    that it has imported by name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.suite = folder / "suites" / "tiny"
        self._requirements = folder / "requirements" / "amqp" / "tiny.toml"
        self._deviations = folder / "expectations" / "rabbitmq.toml"
        for path in (self.suite / "x", self._requirements, self._deviations):
            path.parent.mkdir(parents=True, exist_ok=True)

    def requirement(self, name: str, **changes: Any) -> str:
        """Add a requirement and return its id; `changes` replaces or adds keys."""
        entry = {
            "id": f"amqp.tiny.{name}",
            "statement": f"The broker does {name}.",
            "level": "MUST",
            "sources": ["https://example.org/spec"],
            **changes,
        }
        outcomes = entry.pop("outcomes", None)
        lines = [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
        if outcomes:
            lines.append("[requirement.outcomes]")
            lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in outcomes.items()]
        with self._requirements.open("a", encoding="utf-8") as file:
            file.write("\n".join(["[[requirement]]", *lines, "\n"]))
        return str(entry["id"])

    def deviation(self, name: str, versions: str = "") -> None:
        """Say that RabbitMQ is known to break a requirement."""
        if not self._deviations.exists():
            self._deviations.write_text('product = "RabbitMQ"\n')
        with self._deviations.open("a", encoding="utf-8") as file:
            file.write(
                f'[[deviation]]\nrequirement = "amqp.tiny.{name}"\nversions = "{versions}"\n'
                'reason = "it was never built"\nlink = "https://example.org/issue"\n'
            )

    def tests(self, source: str) -> Path:
        """Add a module of tests; what suites usually import is there."""
        module = self.suite / f"test_tiny_{os.getpid()}_{next(_NUMBERS)}.py"
        module.write_text(_IMPORTS + textwrap.dedent(source), encoding="utf-8")
        return module

    def test(self, name: str, body: str, **changes: Any) -> str:
        """Add a requirement and a test `body` that decides it; return its id."""
        identifier = self.requirement(name, **changes)
        function = name.replace("-", "_")
        self.tests(
            f"@requirement({identifier!r})\ndef test_{function}(amqp):\n"
            + textwrap.indent(textwrap.dedent(body), "    ")
        )
        return identifier


@dataclass
class Ran:
    """What a run came to."""

    results: Results
    code: int
    text: str
    folder: Path

    def verdict(self, name: str) -> str:
        return self.results.verdict(f"amqp.tiny.{name}").value

    def record(self, name: str) -> Any:
        """The only record of a requirement."""
        (record,) = self.results.records[f"amqp.tiny.{name}"]
        return record

    @property
    def content(self) -> Any:
        """results.json as it stands on the disk."""
        return json.loads((self.folder / "results.json").read_text(encoding="utf-8"))


def run_kit(
    kit: TinyKit, *, target: str = "reference", allure: Path | None = None, **options: Any
) -> Ran:
    """Run a kit in this process."""
    settings = {"kit": str(kit.folder), **options}
    return run_shipped(kit.folder / "out", target=target, allure=allure, **settings)


def run_shipped(out: Path, *, target: str, allure: Path | None = None, **options: Any) -> Ran:
    """Run the shipped kit, or what the options say, in this process."""
    said = io.StringIO()
    console = Console(file=said, width=200, soft_wrap=True)
    settings = {"profile": "core", "seed": 1, "nonce": "n0nce0", **options}
    gc.freeze()  # pytest collects garbage at the end of a run: what was there before is none of its
    results = run_target(RunOptions(target=target, **settings), out, console, allure)
    print_report(console, results)
    return Ran(results, exit_code(results), said.getvalue(), out)
