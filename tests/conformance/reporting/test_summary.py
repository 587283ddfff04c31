"""The Markdown summary."""

from __future__ import annotations

from pathlib import Path

from conformance.reporting import summary
from conformance.reporting.results import Results
from conformance.reporting.verdicts import Verdict
from conformance.requirements import Level
from tests.conformance.reporting.samples import RUN, record, requirement, results


def test_counts_by_topic_and_what_is_unexpected(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    summary.write(results(tmp_path).to_json(), path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "## reference: RabbitMQ 4.3.6"
    assert lines[2].startswith("profile core, seed 7, ")
    assert lines[2].endswith(" s, 6 unexpected")
    header, rule, row = (line for line in lines if line.startswith("|"))
    cells = dict(zip(header.split(" | "), row.split(" | "), strict=True))
    assert cells["failed"] == "2"
    assert header.count("|") == rule.count("|") == row.count("|")
    unexpected = lines[lines.index("### Unexpected") + 2 :]
    assert len(unexpected) == 6, "one line each, whatever the reason holds"
    assert unexpected[0].startswith("- **failed** `amqp.sample.bad`: expected ")
    assert "<script>" not in unexpected[0]
    assert unexpected[1] == "- **passed** `amqp.sample.stale`: stale deviation: never built"
    assert unexpected[-1] == "- **not run** `amqp.sample.untested`: no test ran"


def test_nothing_unexpected(tmp_path: Path) -> None:
    found = Results(tmp_path / "results.json", [requirement("a", Level.MAY)], RUN)
    found.add(record("a", Verdict.PASSED))
    text = summary.render(found.to_json())
    assert text.startswith("## reference: ?\n")
    assert "Unexpected" not in text
