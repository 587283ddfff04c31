"""What tests say: each helper passes silently or raises a `Mismatch` that reads as a sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from conformance.errors import BrokenPromise, ChannelClosed, ConnectionClosed, Mismatch, Overdue
from conformance.requirements.model import Outcome

POLL_S = 0.005
"""Pause between two looks at a condition that the kit can only poll."""

_patience_s = 5.0


def be_patient(seconds: float) -> None:
    """Set how long `eventually` looks where a test names no limit."""
    global _patience_s
    _patience_s = seconds


def equal(observed: Any, expected: Any, about: str = "") -> None:
    """`observed` must equal `expected`."""
    if observed != expected:
        raise Mismatch(_shown(expected), _shown(observed), about)


def true(condition: bool, expected: str, observed: Any, about: str = "") -> None:
    """A condition must hold; say in words what was expected."""
    if not condition:
        raise Mismatch(expected, _shown(observed), about)


def same_members(observed: Collection[Any], expected: Collection[Any], about: str = "") -> None:
    """Both must hold the same members, in any order, each equally often."""
    equal(sorted(observed), sorted(expected), about)


def at_most(observed: float, limit: float, about: str = "") -> None:
    """Observe at most `limit`, or raise Mismatch."""
    if observed > limit:
        raise Mismatch(f"at most {limit}", str(observed), about)


def at_least(observed: float, limit: float, about: str = "") -> None:
    """Observe at least `limit`, or raise Mismatch."""
    if observed < limit:
        raise Mismatch(f"at least {limit}", str(observed), about)


@contextmanager
def ends(
    outcomes: Outcome | Collection[Outcome], barrier: Callable[[], object] | None = None
) -> Iterator[None]:
    """What is inside must end with the outcome, or one of several where versions differ.

    `barrier` is called after it, for errors of methods that have no answer; it must raise what
    the broker reported.
    """
    allowed = [outcomes] if isinstance(outcomes, Outcome) else list(outcomes)
    try:
        yield
        if barrier is not None:
            barrier()
    except ChannelClosed as error:
        observed = Outcome("channel", error.code)
        text = error.text
    except ConnectionClosed as error:
        observed = Outcome("connection", error.code)
        text = error.text
    else:
        observed = Outcome("ok", 0)
        text = ""
    if observed not in allowed:
        raise Mismatch(" or ".join(map(str, allowed)), f"{observed} {text}".strip())


def channel_error(code: int, barrier: Callable[[], object] | None = None) -> Any:
    """What is inside must close its channel with `code`, and only the channel."""
    return ends(Outcome("channel", code), barrier)


def connection_error(code: int, barrier: Callable[[], object] | None = None) -> Any:
    """What is inside must close the connection with `code`."""
    return ends(Outcome("connection", code), barrier)


def eventually(
    condition: Callable[[], bool],
    what: str,
    within_s: float | None = None,
    observed: Any = None,
) -> None:
    """Look again and again until `condition` holds; it must within `within_s`."""
    limit_s = _patience_s if within_s is None else within_s
    until_s = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > until_s:
            shown = observed() if callable(observed) else "it never happened"
            raise Overdue(f"{what} within {limit_s:g} s", _shown(shown))
        time.sleep(POLL_S)


@contextmanager
def case(label: str) -> Iterator[None]:
    """Name the row of a table that is being tested, should it fail."""
    try:
        yield
    except BrokenPromise as error:
        error.add_note(f"case: {label}")
        raise


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


__all__ = [
    "BrokenPromise",
    "at_least",
    "at_most",
    "be_patient",
    "case",
    "channel_error",
    "connection_error",
    "ends",
    "equal",
    "eventually",
    "same_members",
    "true",
]
