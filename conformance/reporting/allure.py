"""What the kit adds to Allure results, which allure-pytest writes.

Epic is the protocol, feature the topic, story the requirement; severity comes from the level. A
test that ran on several targets has the target as a parameter, so that one report shows them side
by side. Outside a run with --alluredir all of this does nothing.
"""

from __future__ import annotations

import re

import allure

from conformance.reporting.results import TestRecord
from conformance.requirements import Level, Requirement
from conformance.targets.model import Identity

SEVERITIES = {
    Level.MUST: allure.severity_level.CRITICAL,
    Level.EXTENSION: allure.severity_level.NORMAL,
    Level.SHOULD: allure.severity_level.MINOR,
    Level.MAY: allure.severity_level.TRIVIAL,
}

_URL = re.compile(r"https?://\S+")


def describe(requirement: Requirement, target: str, identity: Identity) -> None:
    """Label the test that is about to run."""
    allure.dynamic.epic(requirement.protocol.upper())
    allure.dynamic.feature(requirement.topic.replace("_", " "))
    allure.dynamic.story(requirement.id)
    allure.dynamic.severity(SEVERITIES[requirement.level])
    allure.dynamic.title(requirement.statement)
    allure.dynamic.tag(requirement.level.value, *requirement.chapter)
    allure.dynamic.parameter("target", target)
    allure.dynamic.parameter("broker", f"{identity.product} {identity.version}".strip())
    allure.dynamic.description("\n\n".join((requirement.statement, *requirement.sources)))
    for source in requirement.sources:
        for url in _URL.findall(source):
            allure.dynamic.link(url, name=source.replace(url, "").strip() or url)


def attach(record: TestRecord) -> None:
    """Attach the evidence of a test: its operations as steps, the transcript if it failed."""
    for operation in record.operations:
        with allure.step(operation):
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
