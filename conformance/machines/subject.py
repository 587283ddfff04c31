"""One broker in a comparison: carries operations out and reports what can be observed.

Everything observed is plain data with symbols in place of names, so that two brokers can be
compared with ==.
"""

from __future__ import annotations

import abc
from typing import Any, ClassVar

from conformance.drivers.transcript import Line
from conformance.errors import BrokenPromise
from conformance.machines.operation import Operation
from conformance.targets.model import Identity, Target

Data = Any
"""None, booleans, numbers, text, and lists and dictionaries of them."""


class Subject(abc.ABC):
    """A broker that is started. Subclasses have the operations, as methods `do_NAME`, whose
    arguments are those of the operation and whose result is the answer.

    `execute` never raises for what the broker does: errors are answers. Raises TargetError when
    the broker lets nobody in any more.
    """

    protocol: ClassVar[str]
    quiet: ClassVar[frozenset[str]] = frozenset()
    """Operations that, when they succeed, show in nothing but their answer and later ones."""
    identity: Identity

    def __init__(self, target: Target) -> None:
        self.target = target

    # -- life of a history ------------------------------------------------------------------

    @abc.abstractmethod
    def begin(self, prefix: str) -> None:
        """Begin a history whose names begin with `prefix`; nothing of the last one is left."""

    @abc.abstractmethod
    def end(self) -> None:
        """Delete what the history created."""

    @abc.abstractmethod
    def close(self) -> None:
        """Close all connections and leave nothing behind."""

    # -- operations -------------------------------------------------------------------------

    def allows(self, operation: Operation) -> bool:
        """Whether what becomes of an operation is not left to chance by the protocol."""
        return True

    def options(self, name: str) -> list[dict[str, Any]]:
        """Arguments with which an operation makes sense just now."""
        return []

    def execute(self, operation: Operation) -> Data:
        """Carry an operation out; return ["ok"], ["ok", ANSWER], or what it failed with: a list
        that begins with a word for the kind of failure."""
        try:
            answer = getattr(self, f"do_{operation.name}")(**operation.arguments)
        except BrokenPromise as error:
            return self.failed(operation, error)
        return ["ok"] if answer is None else ["ok", self.symbolic(answer)]

    @abc.abstractmethod
    def failed(self, operation: Operation, error: BrokenPromise) -> Data:
        """What an operation that did not succeed is answered with. Puts in order what the failure
        has left: later operations are carried out as if a client had noticed it."""

    # -- observing --------------------------------------------------------------------------

    @abc.abstractmethod
    def observe(self, operation: Operation) -> dict[str, Data]:
        """What is there after an operation, and what has arrived since `settled` was called last.

        The pair asks again as long as the two sides differ.
        """

    @abc.abstractmethod
    def settled(self) -> None:
        """The observation is complete: the next one begins after it."""

    @abc.abstractmethod
    def symbolic(self, value: Any) -> Data:
        """A value as plain data with symbols for the real names in it."""

    @abc.abstractmethod
    def lines(self) -> list[Line]:
        """What went over the connections of the history, without what the kit did to look."""
