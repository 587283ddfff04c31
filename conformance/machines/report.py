"""What is said and written of a comparison."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from conformance.errors import UsageError
from conformance.machines.explained import Explained
from conformance.machines.operation import Operation
from conformance.machines.pair import shown
from conformance.machines.search import Finding, Tally
from conformance.machines.subject import Subject

SCHEMA = "brokertck/compare/1"
FILE_NAME = "compare.json"
MAX_TRANSCRIPT_LINES = 40
"""Lines of a transcript on the terminal, from its end; the file has all of it."""


class CompareProgress:
    """A bar with count, rate and differences so far; on something that is no terminal, nothing."""

    def __init__(self, console: Console, machine: str, total: int) -> None:
        self._started_s = time.monotonic()
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.1f}/s"),
            TextColumn("[red]{task.fields[differences]} different"),
            console=console,
            transient=True,
            auto_refresh=False,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(machine, total=total, rate=0.0, differences=0)
        self._bar.start()

    def show(self, tally: Tally) -> None:
        """One more history was carried out."""
        elapsed_s = max(1e-6, time.monotonic() - self._started_s)
        self._bar.update(
            self._task,
            completed=tally.histories,
            rate=tally.histories / elapsed_s,
            differences=len(tally.findings),
            refresh=True,
        )

    def stop(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def side(name: str, subject: Subject) -> dict[str, str]:
    """Who one of the brokers is. `name` is what the user called it, without a password."""
    return {
        "target": name,
        "product": subject.identity.product,
        "version": subject.identity.version,
    }


def to_json(
    sides: Sequence[Mapping[str, str]], options: Mapping[str, Any], tallies: Sequence[Tally]
) -> dict[str, Any]:
    """Everything about a comparison as plain data."""
    return {
        "schema": SCHEMA,
        "a": dict(sides[0]),
        "b": dict(sides[1]),
        "options": dict(options),
        "machines": [
            {
                "machine": tally.machine,
                "histories": tally.histories,
                "operations": tally.operations,
                "observations": tally.observations,
                "duration_s": round(tally.duration_s, 1),
                "differences": len(tally.findings),
                "explained": [
                    {"operation": e.operation, "what": e.what, "reason": e.reason, "times": times}
                    for e, times in tally.explained.items()
                ],
            }
            for tally in tallies
        ],
        "differences": [_finding(finding) for tally in tallies for finding in tally.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    difference = finding.difference
    return {
        "machine": finding.machine,
        "operation": str(difference.operation),
        "what": difference.what,
        "a": difference.a,
        "b": difference.b,
        "histories": finding.seen,
        "repeatable": finding.repeatable,
        "history": [operation.to_json() for operation in finding.history],
        "transcripts": [[str(line) for line in lines] for lines in finding.transcripts],
    }


def write(folder: Path, content: Mapping[str, Any]) -> list[Path]:
    """Write compare.json, and difference-N.json for each difference; return the paths of these."""
    (folder / FILE_NAME).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    paths = []
    for number, difference in enumerate(content["differences"], 1):
        path = folder / f"difference-{number}.json"
        path.write_text(json.dumps(difference, indent=1) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def read_history(path: Path) -> tuple[str, list[Operation]]:
    """Return machine and operations of a difference-N.json. Raises UsageError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return content["machine"], [Operation.from_json(one) for one in content["history"]]
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read history {path}: {error}") from error
    except (KeyError, TypeError) as error:
        raise UsageError(f"{path} is no difference-N.json of this kit: {error!r}") from error


def print_findings(
    console: Console, names: Sequence[str], findings: Sequence[Finding], paths: Sequence[Path]
) -> None:
    """Each difference: the operations, both observations, both transcripts, how to see it again."""
    for number, (finding, path) in enumerate(zip(findings, paths, strict=True), 1):
        difference = finding.difference
        console.print()
        console.print(_text(f"DIFFERENT  {finding.machine} #{number}: {difference}", "bold red"))
        for operation in finding.history:
            console.print(_text(f"    {operation}"))
        width = max(map(len, names))
        for name, data in zip(names, (difference.a, difference.b), strict=True):
            console.print(_text(f"  {name:<{width}}  {difference.what}: {shown(data)}"))
        if finding.seen > 1:
            console.print(_text(f"  {finding.seen} histories ended with it"))
        if not finding.repeatable:
            console.print(_text("  carried out again, both were equal", "yellow"))
        for name, lines in zip(names, finding.transcripts, strict=False):
            cut = len(lines) - MAX_TRANSCRIPT_LINES
            more = f" (last {MAX_TRANSCRIPT_LINES} of {len(lines)})" if cut > 0 else ""
            console.print(_text(f"  wire of {name}{more}:", "bold"))
            for line in lines[-MAX_TRANSCRIPT_LINES:]:
                console.print(_text(f"    {line}", "dim"))
        console.print(_text(f"  again: {command_again(names, path)}"))


def command_again(names: Sequence[str], path: Path) -> str:
    """The command that carries out just this history."""
    return shlex.join(["brokertck", "compare", *names, "--replay", str(path)])


def print_tallies(
    console: Console, sides: Sequence[Mapping[str, str]], tallies: Sequence[Tally]
) -> None:
    """One line a machine."""
    names = " and ".join(
        f"{one['target']} ({one['product']} {one['version']})".replace(" ()", "") for one in sides
    )
    console.print(_text(f"{names}:"))
    for tally in tallies:
        different = len(tally.findings)
        console.print(
            _text(
                f"{tally.machine}: {tally.histories} histories, {tally.operations} operations, "
                f"{tally.observations} observations, {tally.duration_s:.0f} s: "
                + (f"{different} different" if different else "no unexplained difference"),
                "bold red" if different else "bold green",
            )
        )
        for explained, times in tally.explained.items():
            console.print(_text(f"  explained {times} times: {_why(explained)}", "dim"))


def _why(explained: Explained) -> str:
    return f"{explained.operation}, {explained.what}: {explained.reason} ({explained.link})"


def _text(content: str, style: str = "") -> Text:
    """Text without what would move the cursor: much of it comes from the brokers."""
    shown_ = "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in content
    )
    return Text(shown_, style=style)
