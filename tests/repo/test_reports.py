"""Published reports: whole runs with nothing unexpected, told rightly by their README."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.reporting.results import find_results, load_results
from tests.repo.sources import ROOT

REPORTS = ROOT / "reports"
PUBLISHED = {path.stem: load_results(path) for path in find_results(REPORTS)}


def row_of(name: str, content: Mapping[str, Any]) -> str:
    """The line of a results file in the README."""
    target, run, summary = content["target"], content["run"], content["summary"]
    who = "reference as" if "emulates" in target["description"] else target["product"]
    cells = [
        f"[{name}.json](amqp/results/{name}.json)",
        f"{who} {target['version']}",
        f"`{run['target']}`",
        run["started"][:10],
        run["seed"],
        summary["passed"],
        summary.get("known deviation", 0),
        summary["not applicable"],
        round(run["duration_s"]),
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


def test_real_brokers_and_the_reference_are_published() -> None:
    versions = ("3.10", "4.0", "4.3")
    assert {f"{who}-{version}" for who in ("rabbitmq", "reference") for version in versions} == set(
        PUBLISHED
    )


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_run_is_whole_and_has_nothing_unexpected(name: str) -> None:
    run, summary = PUBLISHED[name]["run"], PUBLISHED[name]["summary"]
    assert run["complete"]
    assert (run["profile"], run["select"], summary["unexpected"]) == ("full", [], 0)


def test_the_readme_says_what_the_files_say() -> None:
    lines = (REPORTS / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| [")]
    assert rows == [row_of(name, content) for name, content in PUBLISHED.items()]


def test_the_page_shows_every_file() -> None:
    page = (REPORTS / "amqp" / "index.html").read_text(encoding="utf-8")
    for content in PUBLISHED.values():
        assert f'"seed":{content["run"]["seed"]}' in page
        assert content["run"]["started"] in page
