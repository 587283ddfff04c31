"""Results with one requirement of each verdict, and texts that are hard to write down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.expectations import Deviation
from conformance.reporting.results import Results, TestRecord
from conformance.reporting.verdicts import Verdict
from conformance.requirements import Level, Requirement, VersionRange

NASTY = (
    "</script><script>alert(1)</script><!-- <script> \0 \x1b[31m \ud800 \" ' & < > `x` | \n\r ${x}"
)
"""Ends of elements, quotes, NUL, an escape sequence, half a surrogate pair, Markdown."""

RUN: dict[str, Any] = {
    "target": "reference",
    "profile": "core",
    "seed": 7,
    "workers": 0,
    "select": [],
    "strict": False,
}


def requirement(name: str, level: Level = Level.MUST, **changes: Any) -> Requirement:
    """A requirement amqp.TOPIC.NAME; the topic is "sample"."""
    values: dict[str, Any] = {
        "id": f"amqp.sample.{name}",
        "statement": f"The broker does {name}.",
        "level": level,
        "topic": "sample",
        "sources": ("XML basic/01", "https://example.org/spec"),
        "chapter": ("CH5.2-7",),
        **changes,
    }
    return Requirement(**values)


def record(name: str, verdict: Verdict, **changes: Any) -> TestRecord:
    """The record of a test of amqp.sample.NAME."""
    identifier = f"amqp.sample.{name}"
    return TestRecord(identifier, f"sample/test_x.py::test_{name}", verdict, 0.25, **changes)


LINE = {
    "at_ms": 1.25,
    "connection": 1,
    "direction": ">",
    "text": "1 queue.declare queue='q'",
    "hex": "01000100000002ce",
}


def results(folder: Path, target: str = "reference", version: str = "4.3.6") -> Results:
    """Results with every verdict, a known deviation and a stale one."""
    names = {
        "good": Verdict.PASSED,
        "bad": Verdict.FAILED,
        "deviating": Verdict.FAILED,
        "stale": Verdict.PASSED,
        "nice": Verdict.WARNED,
        "other": Verdict.NOT_APPLICABLE,
        "skipped": Verdict.NOT_RUN,
        "unclear": Verdict.INCONCLUSIVE,
        "kit": Verdict.HARNESS_ERROR,
        "untested": None,
    }
    levels = {"nice": Level.SHOULD, "other": Level.EXTENSION}
    found = Results(
        folder / "results.json",
        [requirement(name, levels.get(name, Level.MUST)) for name in names],
        {**RUN, "target": target},
    )
    found.target = {
        "name": target,
        "product": "RabbitMQ",
        "version": version,
        "protocols": ["amqp"],
        "description": {"kind": "embedded"},
        "capabilities": {"tx": True},
        "probed": {"tx": True},
    }
    for name in ("deviating", "stale"):
        identifier = f"amqp.sample.{name}"
        found.deviations[identifier] = Deviation(
            "RabbitMQ", identifier, VersionRange.parse(""), "never built", "https://example.org/1"
        )
    evidence: dict[Verdict, dict[str, Any]] = {
        Verdict.PASSED: {"examples": 20, "operations": ["1 queue.declare"], "octets": (10, 20)},
        Verdict.FAILED: {
            "reason": f"expected {NASTY}",
            "expected": NASTY,
            "observed": "nothing",
            "example": "Failing test case: test_bad(n=3)",
            "examples": 3,
            "operations": ["1 queue.declare queue='q'"],
            "transcript": [LINE, {**LINE, "direction": "<", "text": NASTY}],
            "octets": (8, 8),
        },
        Verdict.HARNESS_ERROR: {"reason": "KeyError: 'x'", "traceback": "Traceback ..."},
    }
    for name, verdict in names.items():
        if verdict is not None:
            more = evidence.get(verdict, {"reason": f"because of {name}"})
            found.add(record(name, verdict, **more))
    found.problems.append("tx is declared, but the broker refuses it")
    found.complete = True
    return found
