"""`brokertck chapter`: the semantics of the chapter, and how they stand."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from rich.table import Table

from conformance.commands.terminal import table_console
from conformance.reporting.results import find_results, load_results
from conformance.requirements import Requirement, load_catalogue, load_chapter
from conformance.requirements.coverage import status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--results",
        type=Path,
        action="append",
        metavar="DIR",
        help="folders with results to take verdicts from (default: out and reports)",
    )


def run(arguments: argparse.Namespace) -> int:
    folders = arguments.results or [Path("out"), Path("reports")]
    verdicts = _latest_verdicts(folders)
    by_semantic: dict[str, list[Requirement]] = {}
    for requirement in load_catalogue().values():
        for identifier in requirement.chapter:
            by_semantic.setdefault(identifier, []).append(requirement)
    table = Table("id", "semantic", "status", "tested by", "latest verdicts", box=None)
    gaps = 0
    for identifier, semantic in load_chapter().items():
        tested = [r for r in by_semantic.get(identifier, []) if status(r) == "tested"]
        gaps += not tested
        table.add_row(
            identifier,
            semantic.statement,
            "[green]tested[/]" if tested else "[red]gap[/]",
            _counted(len(tested)) if tested else "",
            _summary(tested, verdicts),
        )
    table_console().print(table)
    total = len(load_chapter())
    print(f"{total - gaps} of {total} semantics are tested, {gaps} are not")
    return 0


def _counted(requirements: int) -> str:
    return "1 requirement" if requirements == 1 else f"{requirements} requirements"


def _latest_verdicts(folders: list[Path]) -> dict[str, dict[str, str]]:
    """Verdict by target and requirement, from the newest results of each target."""
    newest: dict[str, tuple[str, dict[str, str]]] = {}
    for folder in folders:
        for path in find_results(folder):
            content = load_results(path)
            verdicts = {i: r["verdict"] for i, r in content["requirements"].items()}
            target, started = content["run"]["target"], content["run"]["started"]
            if started >= newest.get(target, ("",))[0]:
                newest[target] = started, verdicts
    return {target: verdicts for target, (_, verdicts) in sorted(newest.items())}


def _summary(tested: list[Requirement], verdicts: dict[str, dict[str, str]]) -> str:
    """For instance "reference: 5 passed; rabbitmq:4.3: 4 passed, 1 failed"."""
    parts = []
    for target, by_id in verdicts.items():
        counter = Counter(by_id[r.id] for r in tested if r.id in by_id)
        if counter:
            counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counter.items()))
            parts.append(f"{target}: {counts}")
    return "; ".join(parts)
