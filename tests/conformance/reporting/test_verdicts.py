"""Verdicts: who is to blame, and what several of them mean together."""

from __future__ import annotations

import itertools

import pytest

from conformance.errors import (
    BrokenPromise,
    ChannelClosed,
    ConnectionClosed,
    Mismatch,
    NoAnswer,
    TargetError,
    TargetHung,
    UsageError,
)
from conformance.reporting.verdicts import Verdict, by_level, combine, leaves, of_failure
from conformance.requirements import Level

WORST_FIRST = [
    Verdict.HARNESS_ERROR,
    Verdict.FAILED,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_RUN,
    Verdict.WARNED,
    Verdict.PASSED,
    Verdict.NOT_APPLICABLE,
]


def test_the_worst_counts() -> None:
    assert list(Verdict) == WORST_FIRST
    for worse, better in itertools.combinations(WORST_FIRST, 2):
        assert combine([better, worse, better]) is worse
        assert combine([worse]) is worse


def test_no_test_is_not_run() -> None:
    assert combine([]) is Verdict.NOT_RUN


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (BrokenPromise("x"), Verdict.FAILED),
        (Mismatch("a", "b"), Verdict.FAILED),
        (ChannelClosed(404, "x"), Verdict.FAILED),
        (ConnectionClosed(0, "x"), Verdict.FAILED),
        (NoAnswer("x", 5), Verdict.FAILED),
        (AssertionError(), Verdict.FAILED),
        (TargetError("x"), Verdict.INCONCLUSIVE),
        (TargetHung("x"), Verdict.INCONCLUSIVE),
        (UsageError("x"), Verdict.HARNESS_ERROR),
        (KeyError("x"), Verdict.HARNESS_ERROR),
        (OSError("x"), Verdict.HARNESS_ERROR),
        (SystemExit(1), Verdict.HARNESS_ERROR),
        (ExceptionGroup("flaky", [KeyError("x"), Mismatch("a", "b")]), Verdict.FAILED),
        (ExceptionGroup("x", [ExceptionGroup("y", [KeyError("z")])]), Verdict.HARNESS_ERROR),
    ],
)
def test_blame(error: BaseException, verdict: Verdict) -> None:
    assert of_failure(error) is verdict


def test_leaves_of_groups() -> None:
    one, two, three = KeyError("1"), KeyError("2"), KeyError("3")
    group = ExceptionGroup("outer", [one, ExceptionGroup("inner", [two, three])])
    assert list(leaves(group)) == [one, two, three]
    assert list(leaves(one)) == [one]


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("strict", [False, True])
def test_only_the_failure_of_what_does_not_bind_is_softened(level: Level, strict: bool) -> None:
    softened = level in (Level.SHOULD, Level.MAY) and not strict
    expected = Verdict.WARNED if softened else Verdict.FAILED
    assert by_level(Verdict.FAILED, level, strict=strict) is expected
    for verdict in set(Verdict) - {Verdict.FAILED}:
        assert by_level(verdict, level, strict=strict) is verdict


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Mismatch("2", "3", "messages"), "messages: expected 2, observed 3"),
        (Mismatch("2", "3"), "expected 2, observed 3"),
        (
            NoAnswer("queue.declare-ok", 5.0),
            "expected queue.declare-ok within 5 s, observed nothing",
        ),
        (ChannelClosed(404, "NOT_FOUND"), "the broker closed the channel: 404 NOT_FOUND"),
        (
            ConnectionClosed(501, "FRAME_ERROR", " during login"),
            "the broker closed the connection during login: 501 FRAME_ERROR",
        ),
    ],
)
def test_broken_promises_read_as_sentences(error: BrokenPromise, text: str) -> None:
    assert str(error) == text
