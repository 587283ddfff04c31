"""What the outcome of a test means."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator

from conformance.errors import BrokenPromise, TargetError
from conformance.requirements.model import Level


class Verdict(enum.Enum):
    """Of a test, and of a requirement. Ordered from the worst to the best, for combining."""

    HARNESS_ERROR = "harness error"
    """The kit itself failed; says nothing about the target."""
    FAILED = "failed"
    """The target broke the promise."""
    INCONCLUSIVE = "inconclusive"
    """The test could not decide."""
    NOT_RUN = "not run"
    """The test was to run and did not; the reason says why."""
    WARNED = "warned"
    """The target broke a promise that it need not keep (SHOULD, MAY)."""
    PASSED = "passed"
    NOT_APPLICABLE = "not applicable"
    """The target is declared without what the requirement is about."""


_WORST_FIRST = list(Verdict)


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of a requirement whose tests have these; NOT_RUN if there is none."""
    return min(verdicts, key=_WORST_FIRST.index, default=Verdict.NOT_RUN)


def of_failure(error: BaseException) -> Verdict:
    """Who is to blame for what a test raised: the target, the kit, or, where the target could not
    be controlled (a restart command that fails), nobody that the kit could name.

    Groups come from Hypothesis, which wraps failures that it could not repeat: a promise that was
    broken once was broken.
    """
    raised = list(leaves(error))
    if any(isinstance(leaf, BrokenPromise | AssertionError) for leaf in raised):
        return Verdict.FAILED
    if any(isinstance(leaf, TargetError) for leaf in raised):
        return Verdict.INCONCLUSIVE
    return Verdict.HARNESS_ERROR


def leaves(error: BaseException) -> Iterator[BaseException]:
    """The error itself, or all that a group of errors holds."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def by_level(verdict: Verdict, level: Level, *, strict: bool) -> Verdict:
    """Soften the failure of a requirement that does not bind, unless the run is strict."""
    if verdict is Verdict.FAILED and not level.binding and not strict:
        return Verdict.WARNED
    return verdict
