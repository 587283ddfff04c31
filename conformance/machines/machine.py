"""What the machines share: each rule is an operation that the session carries out on both sides."""

from __future__ import annotations

import sys
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from conformance.machines.operation import Operation

Drawn = tuple[str, dict[str, Any]]
"""The name of an operation and its arguments."""


def drawn(name: str, **arguments: Any) -> st.SearchStrategy[Drawn]:
    """Draw the arguments of an operation; what is no strategy is the argument itself."""
    strategies = {
        key: value if isinstance(value, st.SearchStrategy) else st.just(value)
        for key, value in arguments.items()
    }
    return st.tuples(st.just(name), st.fixed_dictionaries(strategies))


def weighted(*choices: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Draw from strategies by weight; `st.one_of` counts each of them once."""
    table = [strategy for weight, strategy in choices for _ in range(weight)]
    return st.integers(0, len(table) - 1).flatmap(table.__getitem__)


def mostly(usual: st.SearchStrategy[Any], *unusual: Any) -> st.SearchStrategy[Any]:
    """Draw the usual, but one of the unusual values once in eight times."""
    return weighted((7, usual), (1, st.sampled_from(unusual)))


class Session(Protocol):
    """Where the operations of a machine go; raises what ends the history."""

    def begin(self) -> None:
        """A history begins."""

    def step(self, operation: Operation) -> None:
        """Carry out one operation and compare."""

    def end(self, *, whole: bool) -> None:
        """The history is over; `whole` if it was not cut short, whatever came of it."""

    def options(self, name: str) -> list[dict[str, Any]]:
        """What an operation can be about just now: arguments that make sense."""

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

    def draw(self, drawn: Drawn) -> None:
        """Carry out what a rule has drawn. An argument `nth` chooses among the options that the
        subjects have for such an operation; if there are none, nothing happens."""
        name, arguments = drawn
        if "nth" in arguments:
            arguments = dict(arguments)
            nth = arguments.pop("nth")
            options = self.session.options(name)
            if not options:
                return
            arguments |= options[nth % len(options)]
        self.step(name, **arguments)

    def sweep(self) -> None:
        """The operations that every history ends with."""

    def teardown(self) -> None:
        whole = sys.exception() is None  # Hypothesis gives up a history that it cannot draw
        try:
            if whole and not self.session.over:
                self.sweep()
        finally:
            self.session.end(whole=whole)
