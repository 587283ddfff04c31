"""What a run shows on the terminal."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from conformance.reporting.verdicts import Verdict
from conformance.runner.progress import MAX_TRANSCRIPT_LINES, TerminalProgress, print_report
from tests.conformance.reporting.samples import LINE, record, results


def shown(folder: Path) -> str:
    said = io.StringIO()
    print_report(Console(file=said, width=200, soft_wrap=True), results(folder))
    return said.getvalue()


def test_the_table_and_the_last_line(tmp_path: Path) -> None:
    lines = shown(tmp_path).splitlines()
    assert lines[0].split("  ")[0] == "topic"
    assert lines[1].split()[:2] == ["amqp", "sample"]
    assert lines[-1] == (
        "reference (RabbitMQ 4.3.6): 1 failed, 1 harness error, 1 inconclusive, 1 known "
        "deviation, 1 not applicable, 2 not run, 2 passed, 1 warned; 6 unexpected"
    )
    assert lines[-2] == "note: tx is declared, but the broker refuses it"


def test_every_unexpected_requirement_is_explained(tmp_path: Path) -> None:
    text = shown(tmp_path)
    for part in (
        "NOT RUN  1 (amqp.sample.skipped)\n  because of skipped\n",
        "NOT RUN  1 (amqp.sample.untested)\n  it has no test\n",
        "FAILED  amqp.sample.bad\n  MUST: The broker does bad.\n  source: XML basic/01; https",
        "Failing test case: test_bad(n=3)",
        "  operations:\n    1 queue.declare queue='q'\n",
        "      1.2 ms #1 > 1 queue.declare queue='q'\n",
        "PASSED  amqp.sample.stale",
        "stale: listed as a deviation (never built), but it passes",
        "INCONCLUSIVE  amqp.sample.unclear",
        "HARNESS ERROR  amqp.sample.kit",
        "traceback of the kit:\n    Traceback ...\n",
        "again: brokertck run --target reference --select amqp.sample.kit --profile core --seed 7",
    ):
        assert part in text
    for expected in ("amqp.sample.good", "amqp.sample.deviating", "amqp.sample.nice"):
        assert expected not in text


def test_texts_of_the_broker_cannot_move_the_cursor(tmp_path: Path) -> None:
    text = shown(tmp_path)
    assert "\x1b" not in text
    assert "\0" not in text
    text.encode()


def test_a_long_transcript_is_cut_on_the_terminal(tmp_path: Path) -> None:
    found = results(tmp_path)
    lines = [{**LINE, "text": f"frame {number}"} for number in range(MAX_TRANSCRIPT_LINES + 5)]
    found.records["amqp.sample.bad"] = [record("bad", Verdict.FAILED, transcript=lines)]
    said = io.StringIO()
    print_report(Console(file=said, width=200, soft_wrap=True), found)
    assert f"wire (last {MAX_TRANSCRIPT_LINES} of {MAX_TRANSCRIPT_LINES + 5}):" in said.getvalue()
    assert "frame 4\n" not in said.getvalue()
    assert "frame 5\n" in said.getvalue()


def test_the_bar_counts_tests_and_failures() -> None:
    said = io.StringIO()
    console = Console(file=said, force_terminal=True, width=100)
    progress = TerminalProgress(console, "reference")
    progress.started(3)
    progress.finished_test(record("good", Verdict.PASSED))
    progress.finished_test(record("bad", Verdict.FAILED))
    progress.stop()
    assert "2/3" in said.getvalue()
    assert "1 failed" in said.getvalue()


def test_no_bar_where_there_is_no_terminal() -> None:
    said = io.StringIO()
    progress = TerminalProgress(Console(file=said), "reference")
    progress.started(1)
    progress.finished_test(record("good", Verdict.PASSED))
    progress.stop()
    assert said.getvalue() == ""
