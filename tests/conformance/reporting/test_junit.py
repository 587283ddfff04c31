"""JUnit XML, read back as a CI system reads it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from conformance.reporting import junit
from tests.conformance.reporting.samples import results


def test_every_requirement_is_one_case(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    junit.write(results(tmp_path).to_json(), path)
    suite = ET.parse(path).getroot()
    assert suite.tag == "testsuite"
    assert suite.get("name") == "reference"
    counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "10", "failures": "2", "errors": "4", "skipped": "3"}
    found = {}
    for case in suite:
        assert case.get("classname") == "amqp.sample"
        kinds = [child.tag for child in case]
        found[str(case.get("name")).rpartition(".")[2]] = kinds[0] if kinds else "passed"
    assert found == {
        "good": "passed",
        "bad": "failure",
        "deviating": "skipped",
        "stale": "failure",
        "nice": "skipped",
        "other": "skipped",
        "skipped": "error",
        "unclear": "error",
        "kit": "error",
        "untested": "error",
    }


def test_messages_tell_why_and_survive_what_xml_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    junit.write(results(tmp_path).to_json(), path)
    cases = {case.get("name"): case for case in ET.parse(path).getroot()}

    def message(name: str) -> str:
        return str(cases[f"amqp.sample.{name}"][0].get("message"))

    assert message("bad").startswith("expected </script><script>alert(1)</script>")
    assert "? ?[31m ?" in message("bad"), "NUL, escape and half a surrogate pair"
    assert message("deviating") == "known deviation: never built"
    assert message("stale") == "stale deviation: never built"
    assert message("other") == "because of other"
    assert message("untested") == "not run"
    details = str(cases["amqp.sample.bad"][0].text)
    for part in ("The broker does bad.", "https://example.org/spec", "test_bad(n=3)", "> 1 queue."):
        assert part in details
    assert "Traceback ..." in str(cases["amqp.sample.kit"][0].text)
