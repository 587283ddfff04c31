"""JUnit XML of a results file, one test case a requirement, as CI systems read it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_UNPRINTABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(content: Mapping[str, Any], path: Path) -> None:
    """Write one test suite for the run in `content`."""
    suite = ET.Element("testsuite", name=content["run"]["target"])
    failures = errors = skipped = 0
    for identifier, requirement in content["requirements"].items():
        case = ET.SubElement(
            suite,
            "testcase",
            classname=f"{requirement['protocol']}.{requirement['topic']}",
            name=identifier,
            time=str(requirement["duration_s"]),
        )
        kind = _kind(requirement)
        failures += kind == "failure"
        errors += kind == "error"
        skipped += kind == "skipped"
        if kind:
            element = ET.SubElement(case, kind, message=_clean(_message(requirement)))
            if kind in ("failure", "error"):
                element.text = _clean(_details(requirement))
    suite.set("tests", str(len(content["requirements"])))
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    suite.set("skipped", str(skipped))
    suite.set("time", str(content["run"]["duration_s"]))
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def _kind(requirement: Mapping[str, Any]) -> str:
    verdict = requirement["verdict"]
    if requirement["expected"]:
        return "" if verdict == "passed" else "skipped"
    if verdict in ("failed", "passed"):  # an unexpected pass is a stale deviation
        return "failure"
    return "error"


def _message(requirement: Mapping[str, Any]) -> str:
    if requirement["verdict"] == "passed":
        return f"stale deviation: {requirement['deviation']['reason']}"
    if requirement["expected"] and "deviation" in requirement:
        return f"known deviation: {requirement['deviation']['reason']}"
    reasons = [test.get("reason", "") for test in requirement["tests"]]
    return str(next((reason for reason in reasons if reason), requirement["verdict"]))


def _details(requirement: Mapping[str, Any]) -> str:
    lines = [requirement["statement"], *requirement["sources"]]
    for test in requirement["tests"]:
        lines += [test.get("example", ""), test.get("traceback", "")]
        lines += [f"{line['direction']} {line['text']}" for line in test.get("transcript", ())]
    return "\n".join(line for line in lines if line)


def _clean(text: str) -> str:
    """Replace what XML 1.0 cannot hold."""
    cleaned: str = _UNPRINTABLE.sub("?", text)
    return cleaned
