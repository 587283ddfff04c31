"""What a run shows on the terminal while it goes on, and at its end."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from conformance.reporting.results import Results, TestRecord
from conformance.reporting.verdicts import Verdict

COLOURS = {
    Verdict.PASSED: "green",
    Verdict.FAILED: "red",
    Verdict.WARNED: "yellow",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.NOT_RUN: "magenta",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.HARNESS_ERROR: "bold red",
}
MAX_TRANSCRIPT_LINES = 60
"""Lines of a transcript on the terminal; results.json and index.html have all of it."""


class TerminalProgress:
    """A bar with count, rate and failures so far; on something that is no terminal, nothing."""

    def __init__(self, console: Console, title: str) -> None:
        self._started_s = time.monotonic()
        self._failures = 0
        self._done = 0
        self._bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.0f}/s"),
            TextColumn("[red]{task.fields[failures]} failed"),
            console=console,
            transient=True,
            auto_refresh=False,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(title, total=None, rate=0.0, failures=0)
        self._bar.start()

    def started(self, total: int) -> None:
        self._bar.update(self._task, total=total, refresh=True)

    def finished_test(self, record: TestRecord) -> None:
        self._done += 1
        if record.verdict in (Verdict.FAILED, Verdict.HARNESS_ERROR):
            self._failures += 1
        elapsed_s = max(1e-6, time.monotonic() - self._started_s)
        rate = self._done / elapsed_s
        self._bar.update(self._task, advance=1, rate=rate, failures=self._failures, refresh=True)

    def stop(self) -> None:
        self._bar.stop()


def print_report(console: Console, results: Results) -> None:
    """The table by topic, then every failure with its evidence, then the verdict of the run."""
    console.print(_topic_table(results))
    _print_not_run(console, results)
    for identifier in results.unexpected():
        if results.verdict(identifier) is not Verdict.NOT_RUN:
            for record in results.records[identifier]:
                _print_failure(console, results, identifier, record)
    for problem in results.problems:
        console.print(Text(f"note: {problem}", style="yellow"))
    counts = ", ".join(f"{count} {name}" for name, count in results.counts().items())
    unexpected = len(results.unexpected())
    target = results.target
    broker = f"{target.get('product', '')} {target.get('version', '')}".strip()
    name = results.run["target"]
    console.print(
        Text(
            f"{name}{f' ({broker})' if broker else ''}: {counts}; "
            + (f"{unexpected} unexpected" if unexpected else "nothing unexpected"),
            style="bold red" if unexpected else "bold green",
        )
    )


def _topic_table(results: Results) -> Table:
    used = [v for v in Verdict if any(results.verdict(i) is v for i in results.records)]
    table = Table("topic", box=None, pad_edge=False, header_style="bold")
    for verdict in used:
        table.add_column(verdict.value, justify="right", style=COLOURS[verdict])
    topics: dict[str, Counter[Verdict]] = {}
    for identifier, requirement in results.requirements.items():
        name = f"{requirement.protocol} {requirement.topic}".replace("_", " ")
        topics.setdefault(name, Counter())[results.verdict(identifier)] += 1
    for topic, counter in topics.items():
        table.add_row(topic, *(str(counter[v]) if counter[v] else "" for v in used))
    return table


def _print_not_run(console: Console, results: Results) -> None:
    """What did not run, by reason: an unreachable broker is one sentence, not one a test."""
    reasons: dict[str, list[str]] = {}
    for identifier in results.records:
        if results.verdict(identifier) is Verdict.NOT_RUN:
            given = [record.reason for record in results.records[identifier] if record.reason]
            reason = given[0] if given else results.stopped_early or "it has no test"
            reasons.setdefault(reason, []).append(identifier)
    for reason, identifiers in reasons.items():
        listed = ", ".join(identifiers[:3]) + (" ..." if len(identifiers) > 3 else "")
        console.print(Text(f"NOT RUN  {len(identifiers)} ({listed})", style="magenta"))
        console.print(Text(f"  {reason}"))


def _print_failure(console: Console, results: Results, identifier: str, record: TestRecord) -> None:
    requirement = results.requirements[identifier]
    deviation = results.deviations.get(identifier)
    stale = record.verdict is Verdict.PASSED and deviation is not None
    if record.verdict is Verdict.PASSED and not stale:
        return  # another test of the same requirement is the one that failed
    console.print()
    style = COLOURS[record.verdict]
    console.print(Text(f"{record.verdict.value.upper()}  {identifier}", style=style))
    console.print(Text(f"  {requirement.level.value}: {requirement.statement}"))
    console.print(Text(f"  source: {'; '.join(requirement.sources)}", style="dim"))
    if deviation is not None and stale:
        console.print(Text(f"  stale: listed as a deviation ({deviation.reason}), but it passes"))
    elif record.expected or record.observed:
        console.print(Text(f"  expected: {record.expected}"))
        console.print(Text(f"  observed: {record.observed}"))
    else:
        console.print(Text(f"  {record.reason}"))
    _print_evidence(console, record)
    console.print(Text(f"  again: {again(results.run, identifier)}"))


def _print_evidence(console: Console, record: TestRecord) -> None:
    if record.example:
        console.print(Text("  example:", style="bold"))
        console.print(Text("    " + record.example.replace("\n", "\n    ")))
    if record.verdict is Verdict.FAILED and record.operations:
        console.print(Text("  operations:", style="bold"))
        for operation in record.operations:
            console.print(Text(f"    {operation}"))
    lines = record.transcript[-MAX_TRANSCRIPT_LINES:]
    if lines:
        cut = len(record.transcript) - len(lines)
        console.print(
            Text(
                f"  wire{f' (last {len(lines)} of {cut + len(lines)})' if cut else ''}:",
                style="bold",
            )
        )
    for line in lines:
        console.print(
            Text(
                f"    {line['at_ms']:9.1f} ms #{line['connection']} {line['direction']} "
                f"{line['text']}",
                style="dim",
            )
        )
    if record.traceback:
        console.print(Text("  traceback of the kit:", style="bold"))
        console.print(Text("    " + record.traceback.replace("\n", "\n    "), style="dim"))


def again(run: dict[str, Any], identifier: str) -> str:
    """The command that runs one requirement again with the same inputs."""
    return (
        f"brokertck run --target {run['target']} --select {identifier} "
        f"--profile {run['profile']} --seed {run['seed']}"
    )
