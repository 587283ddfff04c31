"""What a record holds besides its verdict: expected, observed, operations, the wire."""

from __future__ import annotations

import itertools

import pytest

from conformance.drivers.tester import Tester
from conformance.errors import BrokenPromise, KitError, Mismatch, NoAnswer
from conformance.reporting.results import TestRecord
from conformance.reporting.verdicts import Verdict, leaves

MAX_OPERATIONS = 200
"""Operations shown of one example; a shrunk failure has a handful."""

MAX_OPERATIONS_OF_A_PASS = 12
"""What a test that passed did is told by how it begins: results of the whole suite take 1 MB so,
and 1.6 MB with everything."""


def explain(record: TestRecord, error: BaseException) -> None:
    """Fill in what was expected and what was observed."""
    leaf = next(iter(leaves(error)))
    ours = isinstance(leaf, BrokenPromise | KitError | pytest.skip.Exception)
    record.reason = str(leaf) if ours and str(leaf) else f"{type(leaf).__name__}: {leaf}"
    if isinstance(leaf, Mismatch):
        record.expected = f"{leaf.about}: {leaf.expected}" if leaf.about else leaf.expected
        record.observed = leaf.observed
    elif isinstance(leaf, NoAnswer):
        record.expected, record.observed = leaf.what, f"nothing within {leaf.within_s:g} s"
    elif isinstance(leaf, AssertionError):
        record.observed = str(leaf)
    notes = [*getattr(error, "__notes__", ()), *getattr(leaf, "__notes__", ())]
    record.example = "\n".join(dict.fromkeys(notes))


def add_traffic(record: TestRecord, tester: Tester) -> None:
    """Add what the last example did: for a failure whole, for a pass in short."""
    record.examples = max(1, tester.examples)
    record.octets = tester.transcript.counts()
    passed = record.verdict is Verdict.PASSED
    shown = MAX_OPERATIONS_OF_A_PASS if passed else MAX_OPERATIONS
    sent = map(tester.publishable, tester.transcript.decoded(">"))
    operations = (line.text for line in sent if tester.is_operation(line))
    record.operations = list(itertools.islice(operations, shown))
    if not passed:
        record.truncated = tester.transcript.truncated
        record.transcript = [
            {
                "at_ms": round(line.at_ms, 2),
                "connection": line.connection,
                "direction": line.direction,
                "text": line.text,
                "hex": line.octets.hex(),
            }
            for line in map(tester.publishable, tester.transcript.lines())
        ]
