"""Operations and the history that they form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

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
            raise ValueError(f"no operation of kind {self.kind!r} and outcome {self.outcome!r}")


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
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"cannot read history {path}: {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        try:
            history.operations.append(Operation(**json.loads(line)))
        except (TypeError, ValueError) as error:
            raise UsageError(f"{path}, line {number}: not an operation: {error}") from error
    return history
