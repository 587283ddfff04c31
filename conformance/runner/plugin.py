"""pytest hooks of a conformance run; loaded by `brokertck run`, never by itself.

The controller process records; the process that runs a test (the same one, or a worker of xdist)
decides its verdict and gathers the evidence, which travels as a user property of the report.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from conformance.errors import Mismatch, NoAnswer, UsageError
from conformance.reporting import allure
from conformance.reporting.results import TestRecord
from conformance.reporting.verdicts import Verdict, by_level, leaves, of_failure
from conformance.requirements.marker import MARKER
from conformance.runner import properties
from conformance.runner.fixtures import amqp
from conformance.runner.options import RunOptions
from conformance.runner.session import RunSession

__all__ = ["amqp"]

PROPERTY = "brokertck"
TARGET_PROPERTY = "brokertck-target"
MAX_OPERATIONS = 200
"""Operations shown of one example; a shrunk failure has a handful."""


class NotTested(Exception):
    """The test does not run; carries the verdict and the reason."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        self.verdict = verdict
        super().__init__(reason)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tck-options", required=True, help="JSON of RunOptions")


def pytest_configure(config: pytest.Config) -> None:
    options = RunOptions.from_json(config.getoption("--tck-options"))
    properties.configure(options.base_examples, shrink=options.shrink)
    config.addinivalue_line("markers", f"{MARKER}(id): the requirement that a test decides")
    config.stash[RunSession.KEY] = RunSession(options)


def pytest_unconfigure(config: pytest.Config) -> None:
    session = config.stash.get(RunSession.KEY, None)
    if session is not None:
        session.stop()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the selected requirements, in the order of the catalogue."""
    session = config.stash[RunSession.KEY]
    order = {r.id: number for number, r in enumerate(session.options.selected())}
    chosen: list[tuple[int, pytest.Item]] = []
    rest: list[pytest.Item] = []
    for item in items:
        identifier = requirement_of(item)
        if identifier not in session.requirements:
            raise UsageError(f"{item.nodeid} names no requirement of the catalogue: {identifier!r}")
        if identifier in order:
            chosen.append((order[identifier], item))
        else:
            rest.append(item)
    chosen.sort(key=lambda pair: pair[0])
    items[:] = [item for _, item in chosen]
    if rest:
        config.hook.pytest_deselected(items=rest)


def requirement_of(item: pytest.Item) -> str:
    """Return the requirement that a test decides; empty for a test without one."""
    marker = item.get_closest_marker(MARKER)
    return str(marker.args[0]) if marker is not None else ""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    session = item.config.stash[RunSession.KEY]
    session.ensure_started()
    requirement = session.requirements[requirement_of(item)]
    allure.describe(requirement, session.target.name, session.identity)
    if session.dead:
        raise NotTested(Verdict.NOT_RUN, session.dead)
    reason = session.why_not_applicable(requirement)
    if reason:
        raise NotTested(Verdict.NOT_APPLICABLE, reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    session = item.config.stash[RunSession.KEY]
    error = call.excinfo.value if call.excinfo is not None else None
    if error is None and call.when != "call":
        return report
    record = _record(item, session, report, error)
    if record.verdict in (Verdict.FAILED, Verdict.HARNESS_ERROR, Verdict.WARNED):
        session.check_alive()
    report.user_properties.append((PROPERTY, record.to_json()))
    report.user_properties.append(
        (TARGET_PROPERTY, {"target": session.describe(), "problems": session.problems()})
    )
    allure.attach(record)
    _align(report, record, session)
    return report


def _record(
    item: pytest.Item,
    session: RunSession,
    report: pytest.TestReport,
    error: BaseException | None,
) -> TestRecord:
    requirement = session.requirements[requirement_of(item)]
    record = TestRecord(requirement.id, item.nodeid, Verdict.PASSED, round(report.duration, 4))
    if isinstance(error, NotTested):
        record.verdict, record.reason = error.verdict, str(error)
        return record
    if isinstance(error, pytest.skip.Exception):
        record.verdict, record.reason = Verdict.INCONCLUSIVE, str(error)
    elif error is not None:
        verdict = of_failure(error) if report.when == "call" else Verdict.HARNESS_ERROR
        record.verdict = by_level(verdict, requirement.level, strict=session.options.strict)
        _explain(record, error)
        if verdict is Verdict.HARNESS_ERROR:
            record.traceback = str(report.longrepr)
    _add_evidence(item, record)
    return record


def _explain(record: TestRecord, error: BaseException) -> None:
    """Fill in what was expected and what was observed."""
    leaf = next(iter(leaves(error)))
    record.reason = f"{type(leaf).__name__}: {leaf}" if not str(leaf) else str(leaf)
    if isinstance(leaf, Mismatch):
        record.expected = f"{leaf.about}: {leaf.expected}" if leaf.about else leaf.expected
        record.observed = leaf.observed
    elif isinstance(leaf, NoAnswer):
        record.expected, record.observed = leaf.what, f"nothing within {leaf.within_s:g} s"
    else:
        record.observed = str(leaf)
    notes = [*getattr(error, "__notes__", ()), *getattr(leaf, "__notes__", ())]
    record.example = "\n".join(dict.fromkeys(notes))


def _add_evidence(item: pytest.Item, record: TestRecord) -> None:
    """Attach what the last example did: for a failure whole, for a pass in short."""
    tester = item.stash.get(RunSession.TESTER, None)
    if tester is None:
        return
    record.examples = max(1, tester.examples)
    record.octets = tester.transcript.counts()
    lines = tester.transcript.lines()
    sent = [line.text for line in lines if line.direction == ">"]
    record.operations = [text for text in sent if _is_operation(text)][:MAX_OPERATIONS]
    if record.verdict is not Verdict.PASSED:
        record.truncated = tester.transcript.truncated
        record.transcript = [
            {
                "at_ms": round(line.at_ms, 2),
                "connection": line.connection,
                "direction": line.direction,
                "text": line.text,
                "hex": line.octets.hex(),
            }
            for line in lines
        ]


def _is_operation(text: str) -> bool:
    """Whether a frame is something that the test did, rather than how a connection is opened."""
    words = text.split()
    return len(words) > 1 and not words[1].startswith(("connection.", "channel.", "header"))


def _align(report: pytest.TestReport, record: TestRecord, session: RunSession) -> None:
    """Give pytest, and through it Allure, an outcome that fits the verdict."""
    deviation = session.deviations.get(record.requirement)
    if record.verdict in (Verdict.NOT_APPLICABLE, Verdict.NOT_RUN, Verdict.WARNED):
        report.outcome = "skipped"
        report.longrepr = (str(report.nodeid), 0, f"{record.verdict.value}: {record.reason}")
    elif record.verdict is Verdict.FAILED and deviation is not None:
        report.outcome = "skipped"
        report.longrepr = (str(report.nodeid), 0, f"known deviation: {deviation.reason}")


def property_of(report: pytest.TestReport, name: str) -> dict[str, Any] | None:
    """A property that `pytest_runtest_makereport` put on a report."""
    for key, value in report.user_properties:
        if key == name:
            assert isinstance(value, dict)
            return value
    return None
