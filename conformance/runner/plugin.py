"""pytest hooks of a conformance run; loaded by `brokertck run`, never by itself.

The controller process records; the process that runs a test (the same one, or a worker of xdist)
decides its verdict and gathers the evidence, which travels as a user property of the report.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from typing import Any

import pytest

from conformance import expect
from conformance.reporting import allure
from conformance.reporting.results import TestRecord
from conformance.reporting.verdicts import Verdict, by_level, of_failure
from conformance.requirements.marker import MARKER
from conformance.runner import properties
from conformance.runner.evidence import add_traffic, explain
from conformance.runner.fixtures import amqp, kafka, patterns
from conformance.runner.options import RunOptions
from conformance.runner.session import RunSession
from conformance.targets.model import Identity

__all__ = ["amqp", "kafka", "patterns"]

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Instead of Python's 700: a whole quick run takes a twentieth less of the processor."""

PROPERTY = "brokertck"
TARGET_PROPERTY = "brokertck-target"
TROUBLE = (Verdict.FAILED, Verdict.WARNED, Verdict.INCONCLUSIVE, Verdict.HARNESS_ERROR)
"""Verdicts after which the kit looks whether the target is still alive."""
SHAPER: pytest.StashKey[allure.Shaper] = pytest.StashKey()
VERDICT: pytest.StashKey[Verdict] = pytest.StashKey()


class NotTested(Exception):
    """The test does not run; carries the verdict and the reason."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        self.verdict = verdict
        super().__init__(reason)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tck-options", required=True, help="JSON of RunOptions")


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    options = RunOptions.from_json(config.getoption("--tck-options"))
    properties.configure(options.base_examples, shrink=options.shrink)
    expect.be_patient(options.answer_within_s)
    config.addinivalue_line("markers", f"{MARKER}(id): the requirement that a test decides")
    config.stash[RunSession.KEY] = RunSession(options)
    shaper = config.stash[SHAPER] = allure.Shaper()
    shaper.register()
    config.add_cleanup(shaper.unregister)


def pytest_unconfigure(config: pytest.Config) -> None:
    session = config.stash.get(RunSession.KEY, None)
    if session is not None:
        session.stop()
        gc.freeze()  # else everything is gone through once more at the end of the process


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of the selected requirements, in the order of the catalogue."""
    session = config.stash[RunSession.KEY]
    order = {r.id: number for number, r in enumerate(session.selected())}
    chosen: list[tuple[int, pytest.Item]] = []
    rest: list[pytest.Item] = []
    for item in items:
        identifier = requirement_of(item)
        if identifier not in session.requirements:
            raise pytest.UsageError(
                f"{item.nodeid} names no requirement of the catalogue: {identifier!r}"
            )
        if identifier in order:
            chosen.append((order[identifier], item))
        else:
            rest.append(item)
    chosen.sort(key=lambda pair: pair[0])
    items[:] = [item for _, item in chosen]
    gc.freeze()  # what was imported stays
    if rest:
        config.hook.pytest_deselected(items=rest)


def requirement_of(item: pytest.Item) -> str:
    """Return the requirement that a test decides; empty for a test without one."""
    marker = item.get_closest_marker(MARKER)
    return str(marker.args[0]) if marker is not None else ""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    session = item.config.stash[RunSession.KEY]
    requirement = session.requirements[requirement_of(item)]
    session.ensure_started(requirement.protocol)
    properties.begin_test()
    identity = session.identities.get(requirement.protocol, Identity("", ""))
    allure.describe(requirement, session.target.name, identity)
    reason = session.why_not_run(requirement)
    if reason:
        raise NotTested(Verdict.NOT_RUN, reason)
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
    if call.when == "teardown":
        if error is not None:
            _after_the_test(item, session, report, error)
        return report
    if error is None and call.when == "setup":
        return report
    record = _record(item, session, report, error)
    if record.verdict in TROUBLE:
        session.check_alive()
    item.stash[VERDICT] = record.verdict
    report.user_properties.append((PROPERTY, record.to_json()))
    report.user_properties.append((TARGET_PROPERTY, session.about()))
    allure.attach(record)
    requirement = session.requirements[record.requirement]
    deviation = session.deviations.get(record.requirement)
    item.config.stash[SHAPER].finished(requirement, record, deviation)
    _align(report, record, session)
    return report


def _after_the_test(
    item: pytest.Item, session: RunSession, report: pytest.TestReport, error: BaseException
) -> None:
    """Cleaning up failed. The test has its verdict: a broker that cannot be cleaned up is a note
    of the run, and a fault of the kit shows unless it would hide a failure."""
    said = f"cleaning up after the test failed: {type(error).__name__}: {error}"
    session.notes.append(f"{item.nodeid}: {said}")
    session.check_alive()
    report.user_properties.append((TARGET_PROPERTY, session.about()))
    kit_failed = of_failure(error) is Verdict.HARNESS_ERROR and not isinstance(error, OSError)
    if kit_failed and item.stash.get(VERDICT, None) is not Verdict.FAILED:
        record = TestRecord(requirement_of(item), item.nodeid, Verdict.HARNESS_ERROR)
        record.reason, record.traceback = said, str(report.longrepr)
        report.user_properties.append((PROPERTY, record.to_json()))
    else:
        report.outcome = "passed"
        report.longrepr = None


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
        verdict = of_failure(error)
        record.verdict = by_level(verdict, requirement.level, strict=session.options.strict)
        explain(record, error)
        if verdict is Verdict.HARNESS_ERROR:
            record.traceback = str(report.longrepr)
    tester = item.stash.get(RunSession.TESTER, None)
    if tester is not None:
        add_traffic(record, tester)
    return record


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
