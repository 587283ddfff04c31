"""Operations and the history that they form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from conformance.errors import UsageError

SEND = "send"
RECEIVE = "receive"
KINDS = (SEND, RECEIVE)

OK = "ok"
"""The operation certainly happened: a confirmed send, a receive that was acknowledged."""
FAIL = "fail"
"""The operation certainly did not happen: a refused send."""
UNKNOWN = "unknown"
"""Nobody can tell: a send without a confirm, a receive whose acknowledgement may be lost."""
OUTCOMES = (OK, FAIL, UNKNOWN)


@dataclass(frozen=True)
class Operation:
    """One send or receive of a value.

    `actor` is the producer or consumer; `place` the queue or partition. Values are unique over the
    whole history. `redelivered` is what the broker said of a receive.
    """

    kind: str
    actor: str
    place: str
    value: str
    outcome: str
    redelivered: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.outcome not in OUTCOMES:
            raise ValueError(
                f"kind {self.kind!r} with outcome {self.outcome!r}; kinds are {', '.join(KINDS)}, "
                f"outcomes {', '.join(OUTCOMES)}"
            )


class History:
    """Operations in the order in which they ended."""

    def __init__(self, operations: Iterable[Operation] = ()) -> None:
        self.operations = list(operations)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    def __len__(self) -> int:
        return len(self.operations)

    def sent(self, actor: str, place: str, value: str, outcome: str) -> None:
        self.operations.append(Operation(SEND, actor, place, value, outcome))

    def received(
        self, actor: str, place: str, value: str, outcome: str = OK, *, redelivered: bool = False
    ) -> None:
        self.operations.append(Operation(RECEIVE, actor, place, value, outcome, redelivered))

    def of_kind(self, kind: str) -> list[Operation]:
        return [operation for operation in self.operations if operation.kind == kind]


def write_history(history: History, path: Path) -> None:
    """Write one JSON object a line."""
    lines = (json.dumps(asdict(operation)) for operation in history)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_history(path: Path) -> History:
    """Read what `write_history` wrote. Raises UsageError that names the line."""
    history = History()
    sent: dict[tuple[str, str], int] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read history {path}: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            operation = _parse(json.loads(line))
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: not an operation: {error}") from error
        if operation.kind == SEND:
            first = sent.setdefault((operation.place, operation.value), number)
            if first != number:
                raise UsageError(
                    f"{path}, line {number}: {operation.value!r} was sent to {operation.place!r} "
                    f"before, on line {first}; every message needs a value of its own"
                )
        history.operations.append(operation)
    if not history.operations:
        raise UsageError(f"{path} holds no operations: there is nothing to check")
    return history


def _parse(values: Any) -> Operation:
    """Make the operation of one decoded line. Raises ValueError that says what is wrong."""
    known = {field.name: field.default for field in fields(Operation)}
    if not isinstance(values, dict):
        raise ValueError(f"it must be an object with {', '.join(known)}")
    for name, default in known.items():
        if name not in values and default is MISSING:
            raise ValueError(f"{name!r} is missing")
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"{name!r} is unknown; known are {', '.join(known)}")
        if not isinstance(value, bool if name == "redelivered" else str):
            raise ValueError(f"{name!r} has the wrong type: {value!r}")
    return Operation(**values)
