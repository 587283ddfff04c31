"""The process that a user started: collects the records of all workers and shows the progress."""

from __future__ import annotations

from typing import Protocol

import pytest

from conformance.expectations import deviations_for
from conformance.reporting.results import Results, TestRecord
from conformance.reporting.verdicts import Verdict
from conformance.resources import Kit
from conformance.runner.plugin import PROPERTY, TARGET_PROPERTY, property_of
from conformance.targets.model import Identity


class Progress(Protocol):
    """Where the progress of a run is shown."""

    def started(self, total: int) -> None: ...

    def finished_test(self, record: TestRecord) -> None: ...


class Controller:
    """A pytest plugin that lives in the controlling process only."""

    def __init__(self, results: Results, progress: Progress, kit: Kit) -> None:
        self.results = results
        self.progress = progress
        self.kit = kit
        self.collection_errors: list[str] = []
        self._identities = 0
        """Protocols in which the target is known so far."""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.progress.started(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        """xdist: every worker collects; all have the same tests."""
        self.progress.started(len(ids))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.collection_errors.append(str(report.longrepr))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        described = property_of(report, TARGET_PROPERTY)
        if described is not None:
            self._take_target(described)
        values = property_of(report, PROPERTY)
        if values is not None:
            record = TestRecord.from_json(values)
        elif report.failed:  # a worker died, or a hook failed: nothing else goes unrecorded
            requirement = self.results.requirement_of(report.nodeid)
            record = TestRecord(requirement, report.nodeid, Verdict.HARNESS_ERROR)
            record.reason = "the test ended without a verdict"
            record.traceback = str(report.longrepr)
            self.results.problems.append(f"{report.nodeid}: {record.reason}: {report.longrepr}")
            if not requirement:
                self.progress.finished_test(record)
                return
        else:
            return
        self.results.add(record)
        self.progress.finished_test(record)

    def _take_target(self, described: dict[str, object]) -> None:
        target = described["target"]
        problems = described["problems"]
        identities = described["identities"]
        assert isinstance(identities, list)
        assert isinstance(target, dict)
        assert isinstance(problems, list)
        if len(identities) >= self._identities:  # a worker may have met one protocol only
            self._identities = len(identities)
            self.results.target = target
        for product, version in identities:
            deviations = deviations_for(Identity(product, version), self.kit)
            self.results.deviations.update(deviations)
        for problem in problems:
            if problem not in self.results.problems:
                self.results.problems.append(problem)
