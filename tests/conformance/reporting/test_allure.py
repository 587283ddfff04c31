"""Allure results of a run, parsed: labels, links, parameters, steps, attachments, statuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.kits import TinyKit, run_kit

STATUSES = {
    "good": "passed",
    "bad": "failed",
    "known": "skipped",
    "stale": "failed",
    "nice": "skipped",
    "other": "skipped",
    "unclear": "unknown",
    "kit": "broken",
    "drawn": "passed",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """allure-results of one run with most verdicts."""
    kit = TinyKit(tmp_path_factory.mktemp("allure") / "kit")
    look = "queue = amqp.queue()\nexpect.equal(amqp.bodies(queue), [])"
    kit.test(
        "good",
        look,
        level="EXTENSION",
        chapter=["CH5.2-7"],
        sources=["https://example.org/spec", "XML basic/01", "Guide https://example.org/guide"],
    )
    kit.test("bad", "amqp.queue()\nexpect.equal(1, 2, 'the number')")
    kit.test("known", "expect.equal(1, 2)")
    kit.deviation("known")
    kit.test("stale", "pass")
    kit.deviation("stale")
    kit.test("nice", "expect.equal(1, 2)", level="SHOULD")
    kit.test("other", "pass", needs=["streams"])
    kit.test("unclear", "pytest.skip('no idea')")
    kit.test("kit", "{}['x']")
    identifier = kit.requirement("drawn", level="MAY")
    kit.tests(
        f"@requirement({identifier!r})\n@holds_for(n=st.integers(0, 9))\n"
        "def test_drawn(amqp, n):\n    amqp.queue()\n"
    )
    run_kit(kit, allure=kit.folder / "allure")
    return kit.folder / "allure"


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """The results by the name of their requirement."""
    results = {}
    for path in folder.glob("*-result.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        (story,) = labels(content, "story")
        results[story.rpartition(".")[2]] = content
    return results


def labels(result: Any, name: str) -> list[str]:
    return [label["value"] for label in result["labels"] if label["name"] == name]


def test_the_statuses_are_those_of_the_verdicts(found: dict[str, Any]) -> None:
    assert {name: result["status"] for name, result in found.items()} == STATUSES


def test_behaviours_and_suites(found: dict[str, Any]) -> None:
    result = found["good"]
    assert result["name"] == "The broker does good."
    assert labels(result, "epic") == ["AMQP"]
    assert labels(result, "feature") == ["tiny"]
    assert labels(result, "story") == ["amqp.tiny.good"]
    assert labels(result, "parentSuite") == ["reference"]
    assert labels(result, "suite") == ["tiny"]
    assert labels(result, "tag") == ["EXTENSION", "CH5.2-7"]
    assert result["description"].startswith("The broker does good.\n\nhttps://example.org/spec")


def test_severity_follows_the_level(found: dict[str, Any]) -> None:
    severities = {name: labels(found[name], "severity")[0] for name in found}
    assert severities["bad"] == "critical"
    assert severities["good"] == "normal"
    assert severities["nice"] == "minor"
    assert severities["drawn"] == "trivial"


def test_links_to_the_sources(found: dict[str, Any]) -> None:
    links = [(link["name"], link["url"]) for link in found["good"]["links"]]
    assert links == [
        ("https://example.org/spec", "https://example.org/spec"),
        ("Guide", "https://example.org/guide"),
    ]


def test_the_target_is_a_parameter_and_the_version_does_not_cut_the_history(
    found: dict[str, Any],
) -> None:
    assert found["good"]["parameters"] == [
        {"name": "target", "value": "reference"},
        {"name": "broker", "value": "RabbitMQ 4.3.6", "excluded": True},
    ]


def test_steps_can_be_read(found: dict[str, Any]) -> None:
    steps = [step["name"] for step in found["good"]["steps"]]
    assert steps == [
        "queue.declare exclusive=True queue='q1' (channel 1)",
        "basic.get no_ack=True queue='q1' (channel 1)",
    ]
    assert len(found["drawn"]["steps"]) == 1, "those of the last example, not of all"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad", "the number: expected 2, observed 1"),
        ("known", "known deviation: it was never built (https://example.org/issue)"),
        ("stale", "stale deviation, it passes: it was never built (https://example.org/issue)"),
        ("nice", "warned: expected 2, observed 1"),
        ("other", "not applicable: the target is declared without streams"),
        ("unclear", "inconclusive: no idea"),
        ("kit", "harness error: KeyError: 'x'"),
    ],
)
def test_messages_say_why(found: dict[str, Any], name: str, message: str) -> None:
    details = found[name]["statusDetails"]
    assert details["message"] == message
    assert details.get("known", False) is (name in ("known", "stale"))


def test_a_pass_needs_no_words(found: dict[str, Any]) -> None:
    assert "statusDetails" not in found["good"]
    assert "attachments" not in found["good"]


def test_a_failure_carries_its_evidence(folder: Path, found: dict[str, Any]) -> None:
    attached = {
        attachment["name"]: (folder / attachment["source"]).read_text(encoding="utf-8")
        for attachment in found["bad"]["attachments"]
    }
    assert attached["expected and observed"].startswith("expected  the number: 2\nobserved  1\n")
    transcript = attached["wire transcript"]
    assert " ms  #1 > 1 queue.declare exclusive=True" in transcript
    assert " ms  #1 < 1 queue.declare-ok" in transcript
    assert "ce\n" in transcript, "the octets, each frame to its end"


def test_a_fault_of_the_kit_has_its_traceback_and_no_observation(found: dict[str, Any]) -> None:
    assert "KeyError: 'x'" in found["kit"]["statusDetails"]["trace"]
    assert [a["name"] for a in found["kit"].get("attachments", [])] == []
