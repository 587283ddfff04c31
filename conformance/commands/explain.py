"""`brokertck explain ID`: everything about one requirement."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator
from pathlib import Path

from conformance.errors import UsageError
from conformance.expectations import load_deviations
from conformance.reporting.results import find_results, load_results
from conformance.requirements import Requirement, load_catalogue, load_chapter
from conformance.requirements.coverage import shipped_tests, status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id")
    parser.add_argument(
        "--results",
        type=Path,
        action="append",
        metavar="DIR",
        help="folders with results to show verdicts from (default: out and reports)",
    )


def run(arguments: argparse.Namespace) -> int:
    catalogue = load_catalogue()
    if arguments.id not in catalogue:
        near = [i for i in catalogue if arguments.id in i][:5]
        near = near or difflib.get_close_matches(arguments.id, catalogue, 3)
        hint = f"; did you mean {', '.join(near)}?" if near else "; `brokertck list` shows them all"
        raise UsageError(f"no requirement {arguments.id!r}{hint}")
    requirement = catalogue[arguments.id]
    folders = arguments.results or [Path("out"), Path("reports")]
    for line in (*_describe(requirement), *_verdicts(requirement, folders)):
        print(line)
    return 0


def _describe(requirement: Requirement) -> Iterator[str]:
    yield f"{requirement.id}"
    yield f"  {requirement.level.value}: {requirement.statement}"
    state = status(requirement)
    reason = requirement.excluded or requirement.todo
    yield f"  status: {state}{f' ({reason})' if reason else ''}"
    for source in requirement.sources:
        yield f"  source: {source}"
    chapter = load_chapter()
    for identifier in requirement.chapter:
        yield f"  chapter: {identifier} {chapter[identifier].statement}"
    if requirement.needs:
        yield f"  needs: {', '.join(requirement.needs)}"
    if requirement.applies.text:
        yield f"  promised by versions: {requirement.applies.text}"
    for versions, outcome in requirement.outcomes.items():
        yield f"  outcome in versions {versions.text}: {outcome}"
    yield f"  first profile: {requirement.profile}"
    for test in shipped_tests().get(requirement.id, ()):
        yield f"  test: conformance/suites/{test}"
    for mutant in _mutants(requirement.id):
        yield f"  killed mutant: {mutant}"
    for deviation in load_deviations():
        if deviation.requirement == requirement.id:
            where = f"{deviation.product} {deviation.versions.text}"
            yield f"  known deviation: {where}: {deviation.reason}"
            yield f"    {deviation.link}"


def _mutants(identifier: str) -> list[str]:
    """The mutants that this requirement kills; they are part of a checkout, not of the wheel."""
    try:
        from tests.mutants.catalogue import all_mutants
    except ImportError:
        return []
    return [mutant.name for mutant in all_mutants() if identifier in mutant.kills]


def _verdicts(requirement: Requirement, folders: list[Path]) -> Iterator[str]:
    """The latest verdict on each target, as far as results are at hand."""
    latest: dict[tuple[str, str], tuple[str, str]] = {}
    for folder in folders:
        for path in find_results(folder):
            content = load_results(path)
            found = content["requirements"].get(requirement.id)
            if found is None:
                continue
            run = content["run"]
            key = run["target"], content["target"].get("version", "")
            latest[key] = max(latest.get(key, ("", "")), (run["started"], found["verdict"]))
    for (target, version), (started, verdict) in sorted(latest.items()):
        yield f"  verdict: {verdict} on {target} ({version}), {started}"
    if not latest:
        yield f"  verdict: no results in {', '.join(map(str, folders))}"
