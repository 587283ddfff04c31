"""`brokertck compare`: the same histories on two brokers, every observation compared."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from conformance.drivers.transcript import Line
from conformance.errors import UsageError
from conformance.machines import report
from conformance.machines.explained import load_explained
from conformance.machines.operation import Operation
from conformance.machines.pair import Pair
from conformance.machines.registry import MACHINES
from conformance.machines.search import Finding, Search, Tally, replay, transcripts_of
from conformance.machines.subject import Subject
from conformance.targets.model import Target
from conformance.targets.readiness import check_answers
from conformance.targets.resolve import FORMS, resolve
from conformance.targets.urls import without_password

MOST_FINDINGS = 10
"""After so many different differences a machine stops: they are likely to have few causes."""

EXIT_EQUAL = 0
EXIT_DIFFERENT = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        f"targets:\n{FORMS}\n\nexit codes: 0 no unexplained difference, 1 differences, 2 usage,\n"
        "3 target not reachable, 130 interrupted"
    )
    parser.add_argument("a", metavar="A", help="a target, for example reference:3.10")
    parser.add_argument("b", metavar="B", help="another, for example process:rabbitmq")
    parser.add_argument(
        "--machine",
        choices=[*MACHINES, "all"],
        default="all",
        help="default: all of the protocols that both serve",
    )
    parser.add_argument(
        "--histories", type=int, default=100, metavar="N", help="a machine; default: 100"
    )
    parser.add_argument(
        "--steps", type=int, default=30, metavar="N", help="drawn operations a history; default: 30"
    )
    parser.add_argument("--seed", type=int, help="fixes every history (default: random)")
    parser.add_argument(
        "--replay", type=Path, metavar="FILE", help="only the history of a DIR/difference-N.json"
    )
    parser.add_argument(
        "--out", "-o", type=Path, default=Path("out"), metavar="DIR", help="default: ./out"
    )


def run(arguments: argparse.Namespace) -> int:
    for name in ("histories", "steps"):
        if getattr(arguments, name) < 1:
            raise UsageError(f"--{name} must be at least 1")
    wanted = None if arguments.replay is None else report.read_history(arguments.replay)
    if wanted is not None and wanted[0] not in MACHINES:
        raise UsageError(f"{arguments.replay}: there is no machine {wanted[0]!r}")
    names = [without_password(text) for text in (arguments.a, arguments.b)]
    targets = [resolve(text) for text in (arguments.a, arguments.b)]
    machines = _chosen(arguments.machine if wanted is None else wanted[0], names, targets)
    for target in targets:
        target.check()
    out: Path = arguments.out
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: there is a file of this name; choose a folder")
    out.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False, soft_wrap=True)
    with ExitStack() as stack:
        for target in targets:
            stack.callback(target.stop)
            target.start()
            check_answers(target)
        if wanted is not None:
            return _replay(console, names, targets, *wanted, arguments.replay)
        return _search(console, names, targets, machines, arguments)


def _chosen(machine: str, names: Sequence[str], targets: Sequence[Target]) -> list[str]:
    """The machines to run: of protocols that both targets serve. Raises UsageError."""
    common = [p for p in targets[0].protocols if p in targets[1].protocols]
    fitting = [name for name, kind in MACHINES.items() if kind.subject.protocol in common]
    if not fitting:
        raise UsageError(f"{names[0]} and {names[1]} serve no protocol in common")
    if machine == "all":
        return fitting
    if machine not in fitting:
        protocol = MACHINES[machine].subject.protocol
        raise UsageError(f"machine {machine} needs {protocol} of both {names[0]} and {names[1]}")
    return [machine]


@contextmanager
def _pair(targets: Sequence[Target], subject: type[Subject]) -> Iterator[Pair]:
    with ExitStack() as stack:
        subjects = []
        for target in targets:
            subjects.append(subject(target))
            stack.callback(subjects[-1].close)
        yield Pair(*subjects)


def _search(
    console: Console,
    names: list[str],
    targets: list[Target],
    machines: Sequence[str],
    arguments: argparse.Namespace,
) -> int:
    seed = secrets.randbelow(2**31) if arguments.seed is None else arguments.seed
    tallies: list[Tally] = []
    sides: list[dict[str, str]] = []
    for machine in machines:
        kind = MACHINES[machine]
        progress = report.CompareProgress(console, machine, arguments.histories)
        with _pair(targets, kind.subject) as pair:
            sides = [report.side(n, s) for n, s in zip(names, (pair.a, pair.b), strict=True)]
            search = Search(
                pair,
                kind.rules,
                machine,
                prefix=_new_prefix(),
                explained=[e for e in load_explained() if e.machine == machine],
                tell=progress.show,
            )
            try:
                tallies.append(
                    search.run(arguments.histories, arguments.steps, seed, MOST_FINDINGS)
                )
            finally:
                progress.stop()
    options = {"seed": seed, "histories": arguments.histories, "steps": arguments.steps}
    paths = report.write(arguments.out, report.to_json(sides, options, tallies))
    findings = [finding for tally in tallies for finding in tally.findings]
    report.print_findings(console, names, findings, paths)
    report.print_tallies(console, sides, tallies)
    console.print(f"seed {seed}; result: {arguments.out / report.FILE_NAME}")
    return EXIT_DIFFERENT if findings else EXIT_EQUAL


def _replay(
    console: Console,
    names: list[str],
    targets: list[Target],
    machine: str,
    history: list[Operation],
    path: Path,
) -> int:
    with _pair(targets, MACHINES[machine].subject) as pair:
        recorded: list[list[Line]] = []
        difference = replay(
            pair, _new_prefix(), history, lambda pair: recorded.extend(transcripts_of(pair))
        )
    if difference is None:
        console.print(f"{len(history)} operations: both are equal")
        return EXIT_EQUAL
    finding = Finding(machine, history, difference, transcripts=recorded)
    report.print_findings(console, names, [finding], [path])
    return EXIT_DIFFERENT


def _new_prefix() -> str:
    return f"tck-{secrets.token_hex(3)}-"
