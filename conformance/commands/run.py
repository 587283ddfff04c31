"""`brokertck run`: the conformance suite against one or more brokers."""

from __future__ import annotations

import argparse
import re
import secrets
from pathlib import Path

from rich.console import Console

from conformance.errors import UsageError
from conformance.reporting import junit, matrix, summary
from conformance.reporting.results import Results
from conformance.requirements.model import PROFILES, Level
from conformance.runner.options import RunOptions, parse_shard
from conformance.runner.progress import print_report
from conformance.runner.run import exit_code, new_nonce, run_target
from conformance.targets.resolve import FORMS, resolve
from conformance.targets.urls import without_password


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        f"targets:\n{FORMS}\n\nexit codes: 0 nothing unexpected, 1 unexpected "
        "failures or stale deviations,\n2 usage or configuration, 3 target not reachable or "
        "failure of the kit, 130 interrupted"
    )
    parser.add_argument(
        "--target", "-t", action="append", metavar="TARGET", help="default: reference"
    )
    parser.add_argument(
        "--profile", default="core", metavar="PROFILE", help=f"{', '.join(PROFILES)} (core)"
    )
    parser.add_argument(
        "--select",
        "-s",
        action="append",
        default=[],
        metavar="PATTERN",
        help="a glob over ids, topic:NAME, level:NAME or a chapter id; may be repeated",
    )
    parser.add_argument(
        "--level",
        action="append",
        default=[],
        metavar="LEVEL",
        help=", ".join(level.value for level in Level),
    )
    parser.add_argument("--seed", type=int, help="fixes every drawn input (default: random)")
    parser.add_argument(
        "--workers", "-n", type=int, default=0, metavar="N", help="processes side by side"
    )
    parser.add_argument(
        "--shard", default="1/1", metavar="I/N", help="run only the I-th of N parts"
    )
    parser.add_argument(
        "--out", "-o", type=Path, default=Path("out"), metavar="DIR", help="default: ./out"
    )
    parser.add_argument(
        "--strict", action="store_true", help="a broken SHOULD or MAY is a failure too"
    )
    parser.add_argument("--no-allure", action="store_true", help="do not write DIR/allure-results")
    parser.add_argument(
        "--kit",
        default="",
        metavar="DIR",
        help="requirements/, expectations/ and suites/ of your own instead of the shipped ones",
    )


def run(arguments: argparse.Namespace) -> int:
    console = Console(highlight=False, soft_wrap=True)
    out: Path = arguments.out
    allure_dir = None if arguments.no_allure else out / "allure-results"
    options = _options(arguments)
    for one in options:
        resolve(one.target).check()
    _prepare(out, allure_dir)
    worst = 0
    written = []
    for one in options:
        folder = out if len(options) == 1 else out / slug(one.target)
        results = run_target(one, folder, console, allure_dir)
        print_report(console, results)
        write_reports(results, folder)
        written.append(results.path)
        worst = max(worst, exit_code(results))
        if results.stopped_early:
            break
    page = matrix.write(out, written)
    console.print(f"seed {options[0].seed}; report: {page}")
    return worst


def _options(arguments: argparse.Namespace) -> list[RunOptions]:
    """One for each target. Raises UsageError."""
    if arguments.workers < 0:
        raise UsageError(f"--workers {arguments.workers}: give 0, 1 or more")
    targets = arguments.target or ["reference"]
    twice = next((target for target in targets if targets.count(target) > 1), None)
    if twice is not None:
        raise UsageError(f"--target {without_password(twice)} is given twice")
    seed = secrets.randbelow(2**31) if arguments.seed is None else arguments.seed
    return [
        RunOptions(
            target=target,
            profile=arguments.profile,
            select=tuple(arguments.select),
            levels=tuple(level.upper() for level in arguments.level),
            seed=seed,
            workers=arguments.workers,
            shard=parse_shard(arguments.shard),
            strict=arguments.strict,
            nonce=new_nonce(),
            kit=arguments.kit,
        )
        for target in targets
    ]


def _prepare(out: Path, allure_dir: Path | None) -> None:
    """Make the folder; Allure's results of an earlier run would mix with the new ones."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: there is a file of this name; choose a folder")
    out.mkdir(parents=True, exist_ok=True)
    if allure_dir is not None and allure_dir.is_dir():
        for pattern in ("*-result.json", "*-container.json", "*-attachment.*"):
            for path in allure_dir.glob(pattern):
                path.unlink()


def write_reports(results: Results, folder: Path) -> None:
    """Write what stands beside results.json."""
    content = results.to_json()
    junit.write(content, folder / "junit.xml")
    summary.write(content, folder / "summary.md")


def slug(target: str) -> str:
    """A folder name for a target."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", target).strip("-")
