"""index.html: its data cannot break out, and it works in a real browser from a file."""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest

from conformance.errors import UsageError
from conformance.reporting import matrix
from conformance.reporting.matrix import page_data, render
from conformance.reporting.results import load_results
from conformance.reporting.verdicts import Verdict
from tests.conformance.reporting.samples import NASTY, record, results

CHROMIUM = shutil.which("chromium")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--dump-dom",
)
WITHIN_S = 60


class Scripts(html.parser.HTMLParser):
    """The contents of script elements as a browser finds them, and every other tag."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script" and data.strip():
            self.scripts.append(data)


def parsed(page: str) -> Scripts:
    scripts = Scripts()
    scripts.feed(page)
    return scripts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Results of two targets in two folders."""
    for target, version in (("reference", "4.3.6"), ("reference:3.10", "3.10.8")):
        place = tmp_path / target.replace(":", "-")
        place.mkdir()
        found = results(place, target, version)
        if version == "3.10.8":
            found.records["amqp.sample.bad"] = [record("bad", Verdict.PASSED)]
        found.write()
    return tmp_path


def test_data_cannot_break_out_of_its_element(folder: Path) -> None:
    page = matrix.write(folder).read_text(encoding="utf-8")
    found = parsed(page)
    assert found.tags.count("script") == 2, "the data and the program, nothing that data brought"
    data, program = found.scripts
    assert "<" not in data
    assert '"use strict";' in program
    content = json.loads(data)
    assert NASTY.replace("\ud800", "?") in [
        test["expected"]
        for row in content["rows"]
        for cell in row["cells"].values()
        for test in cell["tests"]
        if "expected" in test
    ]


def test_it_needs_nothing_from_elsewhere(folder: Path) -> None:
    page = matrix.write(folder).read_text(encoding="utf-8")
    head = page[: page.index('<script type="application/json"')]
    assert re.findall(r"(?:src|href)=|@import|url\(", head) == []


def test_columns_are_ordered_by_product_and_version(tmp_path: Path) -> None:
    targets = [("b", "4.3.6"), ("c", "3.10.8"), ("a", "4.3.6"), ("d", "3.9.1"), ("a", "4.3.6")]
    contents = [results(tmp_path, target, version).to_json() for target, version in targets]
    contents[0]["target"]["product"] = "AnotherMQ"
    contents[2]["target"]["description"] = {"emulates": "RabbitMQ default"}
    contents.append({**contents[0], "target": {}})
    columns = page_data(contents)["columns"]
    assert [(column["key"], column["name"]) for column in columns] == [
        ("b", "b"),
        ("b (2)", "AnotherMQ 4.3.6"),
        ("d", "RabbitMQ 3.9.1"),
        ("c", "RabbitMQ 3.10.8"),
        ("a", "Reference as 4.3.6"),
        ("a (2)", "RabbitMQ 4.3.6"),
    ]


def test_rows_are_ordered_and_cells_are_found_by_column(folder: Path) -> None:
    found = [load_results(path) for path in sorted(folder.rglob("results.json"))]
    del found[0]["requirements"]["amqp.sample.good"]
    data = page_data(found)
    identifiers = [row["id"] for row in data["rows"]]
    assert identifiers == sorted(identifiers)
    assert len(identifiers) == 10
    (good,) = (row for row in data["rows"] if row["id"] == "amqp.sample.good")
    assert len(good["cells"]) == 1


def test_a_cell_shows_what_was_done_and_how_to_do_it_again(tmp_path: Path) -> None:
    found = results(tmp_path)
    done = ["1 basic.publish 'm1'", "1 basic.publish 'm2'"]
    found.records["amqp.sample.bad"] = [record("bad", Verdict.FAILED, operations=done)]
    rows = {row["id"]: row for row in page_data([found.to_json()])["rows"]}
    cell = rows["amqp.sample.bad"]["cells"][0]
    assert cell["tests"][0]["operations"] == done
    assert cell["again"].startswith("brokertck run --target refer")


def test_published_results_are_called_after_their_target(tmp_path: Path) -> None:
    published = tmp_path / "amqp" / "results"
    published.mkdir(parents=True)
    for version in ("4.0.5", "4.3.6"):
        (tmp_path / version).mkdir()
        path = results(tmp_path / version, f"rabbitmq:{version}", version).path
        path.rename(published / f"rabbitmq-{version}.json")
    (tmp_path / "amqp" / "other.json").write_text("{}")
    page = matrix.write(tmp_path / "amqp")
    assert page == tmp_path / "amqp" / "index.html"
    assert "rabbitmq:4.0.5" in page.read_text()
    assert "rabbitmq:4.3.6" in page.read_text()


def test_no_results_no_page(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no results.json in .*; `brokertck run --out"):
        matrix.write(tmp_path)


def test_an_empty_run_has_a_page(tmp_path: Path) -> None:
    content = results(tmp_path).to_json()
    content.update(target={}, requirements={}, summary={"unexpected": 0})
    assert page_data([content])["rows"] == []
    assert "<title>Message broker compatibility</title>" in render([content])


# -- in a browser -----------------------------------------------------------------------------


def dom(page: Path, profile: Path, **state: str) -> str:
    """What a browser has made of the page, opened from its file with filters in the address."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    address = page.as_uri() + (f"#{urlencode(state)}" if state else "")
    done = subprocess.run(
        [CHROMIUM, *OPTIONS, f"--user-data-dir={profile}", address],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=True,
    )
    return done.stdout


def text_of(node: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", node).split())


def element(page: str, identifier: str) -> str:
    """The inside of the element with an id, up to the next element with one."""
    start = page.index(f'id="{identifier}"')
    return page[page.index(">", start) + 1 : page.find(' id="', start + 5)]


@pytest.mark.slow
def test_the_whole_matrix_in_a_browser(folder: Path, tmp_path: Path) -> None:
    page = dom(matrix.write(folder), tmp_path / "profile")
    assert text_of(element(page, "count")).startswith("10 of 10 requirements")
    head = text_of(element(page, "head"))
    assert "RabbitMQ 3.10.8 reference:3.10" in head
    assert page.count('class="cell ') == 20
    assert page.count('class="cell v-known-deviation"') == 2
    assert page.count('class="cell v-stale-deviation"') == 2
    assert page.count('class="cell v-failed"') == 1
    targets = text_of(element(page, "targets"))
    assert "5 unexpected" in targets
    assert "6 unexpected" in targets
    assert "tx is declared, but the broker refuses it" in targets
    assert re.search(r'<aside id="panel" hidden', page)
    assert "known deviation : breaks it as expected" in text_of(element(page, "legend"))


@pytest.mark.slow
def test_filters_and_a_link_to_a_cell_in_a_browser(folder: Path, tmp_path: Path) -> None:
    state = {"text": "BROKER bad", "verdict": "failed", "on": "reference", "differ": "1"}
    cell = "amqp.sample.bad@reference"
    page = dom(matrix.write(folder), tmp_path / "profile", **state, cell=cell)
    assert text_of(element(page, "count")).startswith("1 of 10 requirements")
    assert re.findall(r'data-id="([^"]+)"', page) == ["amqp.sample.bad"]
    assert 'class="row here"' in page
    panel = page[page.index('<aside id="panel"') : page.index("</aside>")]
    assert "hidden" not in panel.partition(">")[0]
    said = text_of(panel)
    for part in (
        "The broker does bad.",
        "failed on RabbitMQ 4.3.6 (reference), 0.25 s",
        "expected &lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;",
        "observed nothing",
        "smallest failing example Failing test case: test_bad(n=3)",
        "wire: 2 frames",
        "1.3 ms #1 &gt; 1 queue.declare queue='q'",
        "brokertck run --target reference --select amqp.sample.bad --profile core --seed 7",
    ):
        assert part in said
    assert 'href="https://example.org/spec"' in panel
    assert page.count("<script") == 2
