"""Two subjects side by side: every observation of one must be that of the other."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.errors import BrokenPromise
from conformance.machines.operation import Operation
from conformance.machines.subject import Data, Subject

PATIENCE_S = 1.0
"""How long what arrives may differ before it counts: a broker needs a moment to carry dead letters
from queue to queue. The slowest seen took 40 ms beside other work on two cores."""

SHRINKING_PATIENCE_S = 0.3
"""The same while a difference is shrunk, when most attempts end with it."""

_NAMES = re.compile(r"\b[qxgw]\d\b|'[^']*'|\d+")


@dataclass(eq=False)
class Difference(Exception):
    """One observation that differs: `what` was observed after (or as the answer to) `operation`."""

    operation: Operation
    what: str
    a: Data
    b: Data

    @property
    def signature(self) -> str:
        """Equal for differences that are likely to have one cause: names and numbers left out."""
        return f"{self.operation.name}: {_kind(self.what)}: {_kind(self.a)} | {_kind(self.b)}"

    def __str__(self) -> str:
        return f"{self.operation}: {self.what} differs"


def _kind(data: Data) -> str:
    """What is left of an observation without names and numbers."""
    if isinstance(data, str):
        return _NAMES.sub("_", data)
    if isinstance(data, list) and data and isinstance(data[0], str) and "error" in data[0]:
        return f"{data[0]} {data[1]} {_kind(data[2])}"
    if isinstance(data, list) and data and data[0] == "ok":
        return " ".join(["ok", *(_kind(answer) for answer in data[1:] if isinstance(answer, str))])
    return type(data).__name__


class Pair:
    """Carries histories out on two brokers."""

    def __init__(self, a: Subject, b: Subject) -> None:
        self.a = a
        self.b = b
        self.observations = 0
        """Values compared so far."""
        self.patience_s = PATIENCE_S

    def begin(self, prefix: str) -> None:
        """Begin a history on both sides, under names that begin with `prefix`."""
        for subject in (self.a, self.b):
            subject.begin(prefix)

    def end(self) -> None:
        """Remove what the history has left on both sides."""
        for subject in (self.a, self.b):
            subject.end()

    def close(self) -> None:
        """Close all connections of both sides."""
        for subject in (self.a, self.b):
            subject.close()

    def allows(self, operation: Operation) -> bool:
        """Both know the same: everything observed so far was equal."""
        return self.a.allows(operation)

    def step(self, operation: Operation) -> None:
        """Carry an operation out on both sides. Raises Difference."""
        answers = [subject.execute(operation) for subject in (self.a, self.b)]
        self._compare(operation, {"answer": answers[0]}, {"answer": answers[1]})
        if operation.name in self.a.quiet and answers[0][0] == "ok":
            self.observations += 1
            return
        limit_s = time.monotonic() + self.patience_s
        while True:
            views = [_observe(subject, operation) for subject in (self.a, self.b)]
            if views[0] == views[1]:
                break
            if time.monotonic() > limit_s:
                self._compare(operation, *views)
        self.observations += 1 + len(views[0])
        for subject in (self.a, self.b):
            subject.settled()

    @staticmethod
    def _compare(operation: Operation, a: dict[str, Data], b: dict[str, Data]) -> None:
        for what in sorted(a.keys() | b.keys()):
            if a.get(what) != b.get(what):
                raise Difference(operation, what, a.get(what), b.get(what))

    def replay(self, prefix: str, history: Iterable[Operation]) -> Difference | None:
        """Carry a whole history out; return the difference it ends with, if any.

        The transcripts of the subjects hold what went over the wire.
        """
        self.begin(prefix)
        try:
            for operation in history:
                if self.allows(operation):
                    self.step(operation)
        except Difference as difference:
            return difference
        return None


def _observe(subject: Subject, operation: Operation) -> dict[str, Data]:
    try:
        return subject.observe(operation)
    except BrokenPromise as error:
        return {"broken": str(error)}


def shown(data: Data) -> str:
    """An observation as one line."""
    return data if isinstance(data, str) else json.dumps(data, sort_keys=True)
