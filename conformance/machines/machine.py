"""What the machines share: each rule is an operation that the session carries out on both sides."""

from __future__ import annotations

import sys
from typing import Any, Protocol

from hypothesis.stateful import RuleBasedStateMachine

from conformance.machines.operation import Operation


class Session(Protocol):
    """Where the operations of a machine go; raises what ends the history."""

    def begin(self) -> None:
        """A history begins."""

    def step(self, operation: Operation) -> None:
        """Carry out one operation and compare."""

    def end(self, *, whole: bool) -> None:
        """The history is over; `whole` if it was not cut short, whatever came of it."""

    @property
    def over(self) -> bool:
        """Whether nothing of this history is carried out any more."""


class DifferentialMachine(RuleBasedStateMachine):
    """A machine without a state of its own: whether an operation makes sense is decided by the
    subjects, so that a history is only its operations. `session` is set in a subclass made for
    each search."""

    session: Session

    def __init__(self) -> None:
        super().__init__()
        self.session.begin()

    def step(self, name: str, **arguments: Any) -> None:
        """Carry out one operation on both sides."""
        self.session.step(Operation(name, arguments))

    def sweep(self) -> None:
        """The operations that every history ends with."""

    def teardown(self) -> None:
        whole = sys.exception() is None  # Hypothesis gives up a history that it cannot draw
        try:
            if whole and not self.session.over:
                self.sweep()
        finally:
            self.session.end(whole=whole)
