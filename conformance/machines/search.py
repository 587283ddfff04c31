"""Hypothesis draws histories; one that differs is shrunk, and then the search goes on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from conformance.drivers.transcript import Line
from conformance.machines.explained import Explained
from conformance.machines.machine import DifferentialMachine
from conformance.machines.operation import Operation
from conformance.machines.pair import PATIENCE_S, SHRINKING_PATIENCE_S, Difference, Pair

SHRINK_ATTEMPTS = 100
"""How many smaller histories Hypothesis may try; then operations are left out in ever smaller
pieces."""

SHRINK_BUDGET_S = 30.0
"""How long each of the two may take: a broker that does not answer makes each try cost seconds."""


@dataclass
class Finding:
    """A difference with the shortest history found for it."""

    machine: str
    history: list[Operation]
    difference: Difference
    seen: int = 1
    """How many histories ended with it."""
    repeatable: bool = True
    """Whether carrying the history out again gave the same difference."""
    transcripts: list[list[Line]] = field(default_factory=list)
    """What went over the wire on either side."""


@dataclass
class Tally:
    """What a search came to."""

    machine: str
    histories: int = 0
    operations: int = 0
    observations: int = 0
    duration_s: float = 0.0
    findings: list[Finding] = field(default_factory=list)
    explained: Counter[Explained] = field(default_factory=Counter)


class _Enough(BaseException):
    """Time is over for shrinking; no Exception, so that Hypothesis lets it pass."""


class _Broken(BaseException):
    """Something that is no difference went wrong: `fault` is what the caller gets."""

    def __init__(self, fault: Exception) -> None:
        super().__init__(fault)
        self.fault = fault


class Search:
    """One machine on one pair. It is the session that the machine gives its operations to.

    `tell` is called after each history.
    """

    def __init__(
        self,
        pair: Pair,
        machine: type[DifferentialMachine],
        name: str,
        *,
        prefix: str,
        explained: Sequence[Explained] = (),
        shrink_attempts: int = SHRINK_ATTEMPTS,
        tell: Callable[[Tally], None] = lambda _: None,
    ) -> None:
        self.tally = Tally(name)
        self.over = False
        self._pair = pair
        self._machine = machine
        self._prefix = prefix
        self._explained = explained
        self._shrink_attempts = shrink_attempts
        self._tell = tell
        self._begun = 0
        self._counts = True
        self._observed_before = 0
        self._history: list[Operation] = []
        self._hunted: Finding | None = None
        self._found_s = 0.0
        self._attempts = 0

    def run(self, histories: int, steps: int, seed: int, most_findings: int) -> Tally:
        """Carry out so many histories of so many drawn operations.

        Each difference is shrunk and the search goes on, with the next seed, past histories that
        end with one already found; it stops early at `most_findings`.
        """
        started_s = time.monotonic()
        while self.tally.histories < histories and len(self.tally.findings) < most_findings:
            self._hunted = None
            self._draw(histories - self.tally.histories, steps, seed)
            if self._hunted is not None:
                self.tally.findings.append(self._concluded(self._hunted))
                self._pair.patience_s = PATIENCE_S
            seed += 1
        self.tally.duration_s = time.monotonic() - started_s
        return self.tally

    def _draw(self, histories: int, steps: int, seed: int) -> None:
        machine = type(self._machine.__name__, (self._machine,), {"session": self})
        limits = settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            verbosity=Verbosity.quiet,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        try:
            run_state_machine_as_test(hypothesis.seed(seed)(machine), settings=limits)
        except _Broken as broken:
            raise broken.fault from None
        except (Difference, Flaky, _Enough):
            pass

    # -- session of the machine -------------------------------------------------------------

    def begin(self) -> None:
        """A history begins; not when the time for shrinking is over."""
        if self._hunted is not None:
            self._attempts += 1
            late = time.monotonic() - self._found_s > SHRINK_BUDGET_S
            if late or self._attempts > self._shrink_attempts:
                raise _Enough
        self._begun += 1
        self._counts = self._hunted is None
        self._observed_before = self._pair.observations
        self._history = []
        self.over = False
        self._guarded(lambda: self._pair.begin(self._new_prefix()))

    def _new_prefix(self) -> str:
        return f"{self._prefix}{self._begun}-"

    def step(self, operation: Operation) -> None:
        """Carry out one operation, unless the history has ended or chance would decide."""
        if not self.over:
            self._guarded(lambda: self._step(operation))

    def options(self, name: str) -> list[dict[str, Any]]:
        """What an operation can be about just now."""
        return [] if self.over else self._pair.a.options(name)

    def _step(self, operation: Operation) -> None:
        if not self._pair.allows(operation):
            return
        self._history.append(operation)
        if self._counts:
            self.tally.operations += 1
        try:
            self._pair.step(operation)
        except Difference as difference:
            self.over = True
            if self._is_new(difference):
                raise

    def _is_new(self, difference: Difference) -> bool:
        """Whether a difference is the one that is being hunted, or begins a hunt."""
        for explained in self._explained:
            if explained.covers(difference, self._pair.a.identity, self._pair.b.identity):
                self.tally.explained[explained] += 1
                return False
        for finding in self.tally.findings:
            if finding.difference.signature == difference.signature:
                finding.seen += 1
                return False
        hunted = self._hunted
        if hunted is None:
            self._found_s = time.monotonic()
            self._attempts = 0
        elif hunted.difference.signature != difference.signature:
            return False
        if hunted is None or len(self._history) <= len(hunted.history):
            self._hunted = Finding(self.tally.machine, list(self._history), difference)
            self._pair.patience_s = SHRINKING_PATIENCE_S
        return True

    def end(self, *, whole: bool) -> None:
        """The history is over. Those that are drawn while shrinking do not count."""
        self._guarded(self._pair.end)
        if self._counts and (whole or self.over):
            self.tally.histories += 1
            self.tally.observations += self._pair.observations - self._observed_before
            self._tell(self.tally)

    @staticmethod
    def _guarded(action: Callable[[], None]) -> None:
        """Hypothesis must not take a fault of the kit, or of the surroundings, for a finding."""
        try:
            action()
        except Difference:
            raise
        except Exception as error:
            raise _Broken(error) from error

    # -- what was found ---------------------------------------------------------------------

    def _concluded(self, finding: Finding) -> Finding:
        """Leave out every operation that is not needed, and record what goes over the wire."""
        history = self._without_the_needless(finding)
        again = self._again(
            history, finding, lambda pair: finding.transcripts.extend(transcripts_of(pair))
        )
        finding.history = history
        finding.repeatable = again is not None
        finding.difference = again or finding.difference
        return finding

    def _without_the_needless(self, finding: Finding) -> list[Operation]:
        """Try without each half, then without each quarter, and so on down to one operation."""
        limit_s = time.monotonic() + SHRINK_BUDGET_S
        history = finding.history
        size = len(history) // 2
        while size > 0:
            begin = len(history) - 1 - size  # the last operation shows the difference
            while begin > -size and time.monotonic() < limit_s:
                first = max(begin, 0)
                shorter = [*history[:first], *history[begin + size :]]
                if self._again(shorter, finding) is not None:
                    history = shorter
                begin -= size
            size //= 2
        return history

    def _again(
        self,
        history: Sequence[Operation],
        finding: Finding,
        look: Callable[[Pair], None] = lambda _: None,
    ) -> Difference | None:
        """Carry a history out again; return its difference if it is that of the finding."""
        self._begun += 1
        difference = replay(self._pair, self._new_prefix(), history, look)
        if difference is None or difference.signature != finding.difference.signature:
            return None
        return difference


def replay(
    pair: Pair,
    prefix: str,
    history: Sequence[Operation],
    look: Callable[[Pair], None] = lambda _: None,
) -> Difference | None:
    """Carry a history out, look at the pair, and clean up; return the difference, if any."""
    try:
        difference = pair.replay(prefix, history)
        look(pair)
        return difference
    finally:
        pair.end()


def transcripts_of(pair: Pair) -> list[list[Line]]:
    """What went over the wire on either side, without what the kit did to look at it."""
    return [subject.lines() for subject in (pair.a, pair.b)]
