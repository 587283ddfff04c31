"""What the kit makes of the Allure results that allure-pytest writes.

Epic is the protocol, feature the topic, story the requirement, whose sentence is the title;
severity comes from the level. A test that ran on several targets has the target as a parameter and
as its suite, so that one report shows them side by side. The status is that of the verdict. Outside
a run with --alluredir all of this does nothing.
"""

from __future__ import annotations

import re
from typing import Any

import allure
import allure_commons
from allure_commons.model2 import Status, StatusDetails

from conformance.expectations import Deviation
from conformance.reporting.results import TestRecord
from conformance.reporting.verdicts import Verdict
from conformance.requirements import Level, Requirement
from conformance.targets.model import Identity

SEVERITIES = {
    Level.MUST: allure.severity_level.CRITICAL,
    Level.EXTENSION: allure.severity_level.NORMAL,
    Level.SHOULD: allure.severity_level.MINOR,
    Level.MAY: allure.severity_level.TRIVIAL,
}
STATUSES = {
    Verdict.PASSED: Status.PASSED,
    Verdict.FAILED: Status.FAILED,
    Verdict.WARNED: Status.SKIPPED,
    Verdict.NOT_APPLICABLE: Status.SKIPPED,
    Verdict.NOT_RUN: Status.SKIPPED,
    Verdict.INCONCLUSIVE: Status.UNKNOWN,
    Verdict.HARNESS_ERROR: Status.BROKEN,
}

_URL = re.compile(r"https?://\S+")
_PREFIX = re.compile(r"tck-[0-9a-z]+-[0-9a-f]+-")
"""Of the names of one test in one run (runner/fixtures.py): noise to a reader."""


class _Plain:
    """A text that Allure shows without quotes."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class Shaper:
    """Gives each result, when it is written, the form that fits its verdict: allure-pytest knows
    only what pytest knows. One for a run."""

    def __init__(self) -> None:
        self._title = ""
        self._description = ""
        self._status = ""
        self._details: StatusDetails | None = None

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: Any) -> None:
        """Called by Allure before a result is written to its file."""
        if self._title:
            result.name, result.description = self._title, self._description
            result.status, result.statusDetails = self._status, self._details
        self._title = ""

    def register(self) -> None:
        """Take part in the writing of results."""
        allure_commons.plugin_manager.register(self)

    def unregister(self) -> None:
        """Take part no longer."""
        allure_commons.plugin_manager.unregister(self)

    def finished(
        self, requirement: Requirement, record: TestRecord, deviation: Deviation | None
    ) -> None:
        """Remember what to make of the test that has just ended."""
        self._title = requirement.statement
        self._description = "\n\n".join((requirement.statement, *requirement.sources))
        self._status = STATUSES[record.verdict]
        self._details = None
        message = f"{record.verdict.value}: {record.reason}"
        if deviation is not None and record.verdict is Verdict.FAILED:
            self._status = Status.SKIPPED
            message = f"known deviation: {deviation.reason} ({deviation.link})"
        elif deviation is not None and record.verdict is Verdict.PASSED:
            self._status = Status.FAILED
            message = f"stale deviation, it passes: {deviation.reason} ({deviation.link})"
        elif record.verdict is Verdict.FAILED:
            message = record.reason
        if deviation is not None or record.verdict is not Verdict.PASSED:
            trace = record.traceback or record.example
            self._details = StatusDetails(
                known=deviation is not None or None, message=message, trace=trace
            )


def describe(requirement: Requirement, target: str, identity: Identity) -> None:
    """Label the test that is about to run."""
    allure.dynamic.epic(requirement.protocol.upper())
    allure.dynamic.feature(requirement.topic.replace("_", " "))
    allure.dynamic.story(requirement.id)
    allure.dynamic.severity(SEVERITIES[requirement.level])
    allure.dynamic.parent_suite(target)
    allure.dynamic.suite(requirement.topic.replace("_", " "))
    allure.dynamic.tag(requirement.level.value, *requirement.chapter)
    allure.dynamic.parameter("target", _Plain(target))
    broker = f"{identity.product} {identity.version}".strip()
    # Not part of what identifies a test: its history goes on when the broker is upgraded.
    allure.dynamic.parameter("broker", _Plain(broker), excluded=True)
    for source in requirement.sources:
        for url in _URL.findall(source):
            allure.dynamic.link(url, name=source.replace(url, "").strip() or url)


def attach(record: TestRecord) -> None:
    """Attach the evidence of a test: its operations as steps, the transcript if it failed."""
    for operation in record.operations:
        with allure.step(readable(operation)):
            pass
    text = allure.attachment_type.TEXT
    if record.expected or record.observed:
        said = f"expected  {record.expected}\nobserved  {record.observed}\n\n{record.example}"
        allure.attach(said, "expected and observed", text)
    if record.transcript:
        lines = (
            f"{line['at_ms']:10.2f} ms  #{line['connection']} {line['direction']} {line['text']}\n"
            f"{'':15}{line['hex']}"
            for line in record.transcript
        )
        allure.attach("\n".join(lines), "wire transcript", text)


def readable(operation: str) -> str:
    """A frame as a step: without what makes names unique, and the channel at the end."""
    channel, _, what = operation.partition(" ")
    return f"{_PREFIX.sub('', what)} (channel {channel})"
