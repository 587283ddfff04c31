"""What a record holds besides its verdict: expected, observed, operations, the wire."""

from __future__ import annotations

import itertools

import pytest

from conformance.drivers.amqp.decoding import describe_frame
from conformance.drivers.amqp.tester import AmqpTester
from conformance.drivers.transcript import Line
from conformance.errors import BrokenPromise, KitError, Mismatch, NoAnswer
from conformance.reporting.results import TestRecord
from conformance.reporting.verdicts import Verdict, leaves

MAX_OPERATIONS = 200
"""Operations shown of one example; a shrunk failure has a handful."""

MAX_OPERATIONS_OF_A_PASS = 12
"""What a test that passed did is told by how it begins: results of the whole suite take 1 MB so,
and 1.6 MB with everything."""

PUBLIC_PASSWORD = "guest"
"""What everybody knows need not be hidden, and hiding it would hide the user's name too."""

CONNECTION_CLASS = b"\x00\x0a"


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


def add_traffic(record: TestRecord, tester: AmqpTester) -> None:
    """Add what the last example did: for a failure whole, for a pass in short."""
    record.examples = max(1, tester.examples)
    record.octets = tester.transcript.counts()
    passed = record.verdict is Verdict.PASSED
    shown = MAX_OPERATIONS_OF_A_PASS if passed else MAX_OPERATIONS
    password = tester.endpoint.password
    sent = (_concealed(line, password) for line in tester.transcript.decoded(">"))
    operations = (line.text for line in sent if _is_operation(line.text))
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
            for line in (_concealed(line, password) for line in tester.transcript.lines())
        ]


def _is_operation(text: str) -> bool:
    """Whether a frame is something that the test did, rather than how a connection is opened."""
    words = text.split()
    return len(words) > 1 and not words[1].startswith(("connection.", "channel.", "header"))


def _concealed(line: Line, password: str) -> Line:
    """The line without the password, which stands in start-ok and must not be published."""
    secret = password.encode()
    login = line.octets[7:9] == CONNECTION_CLASS or "no whole frame" in line.text
    if line.direction == "<" or not login or password in ("", PUBLIC_PASSWORD):
        return line
    if secret not in line.octets:
        return line
    octets = line.octets.replace(secret, b"*" * len(secret))
    text = line.text if "no whole frame" in line.text else describe_frame(octets)
    return Line(line.at_ms, line.connection, line.direction, text, octets)
