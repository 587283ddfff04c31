"""Published reports: whole runs with nothing unexpected, told rightly by their README."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from conformance.reporting.results import find_results, load_results
from tests.repo.sources import ROOT

REPORTS = ROOT / "reports"
PUBLISHED = {
    path.relative_to(REPORTS).as_posix(): load_results(path) for path in find_results(REPORTS)
}
VERSIONS = {
    "amqp": {"rabbitmq": ("3.10", "4.0", "4.3"), "reference": ("3.10", "4.0", "4.3")},
}


def row_of(path: str, content: Mapping[str, Any]) -> str:
    """The line of a results file in the README; `path` is that of the file below reports/."""
    target, run, summary = content["target"], content["run"], content["summary"]
    who = "reference as" if "emulates" in target["description"] else target["product"]
    cells = [
        f"[{path.rpartition('/')[2]}]({path})",
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
    assert set(PUBLISHED) == {
        f"{protocol}/results/{who}-{version}.json"
        for protocol, brokers in VERSIONS.items()
        for who, versions in brokers.items()
        for version in versions
    }


@pytest.mark.parametrize("path", PUBLISHED)
def test_a_published_run_is_whole_and_has_nothing_unexpected(path: str) -> None:
    run, summary = PUBLISHED[path]["run"], PUBLISHED[path]["summary"]
    assert run["complete"]
    assert (run["profile"], run["select"], summary["unexpected"]) == ("full", [], 0)


def test_the_readme_says_what_the_files_say() -> None:
    lines = (REPORTS / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| [")]
    assert rows == [row_of(path, content) for path, content in PUBLISHED.items()]


@pytest.mark.parametrize("protocol", VERSIONS)
def test_the_page_shows_every_file(protocol: str) -> None:
    page = (REPORTS / protocol / "index.html").read_text(encoding="utf-8")
    for content in (c for path, c in PUBLISHED.items() if path.startswith(f"{protocol}/")):
        assert f'"seed":{content["run"]["seed"]}' in page
        assert content["run"]["started"] in page
