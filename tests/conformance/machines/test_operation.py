"""Operations as text and as data, and what differences have in common."""

from __future__ import annotations

import pytest

from conformance.machines.operation import Operation
from conformance.machines.pair import Difference

CONSUME = Operation("consume", {"on": "A1", "queue": "q1", "tag": "t1", "exclusive": False})


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (CONSUME, "A1: consume queue=q1 tag=t1"),
        (Operation("contents", {"queue": "q2"}), "contents queue=q2"),
        (
            Operation("publish", {"on": "B1", "key": "", "mandatory": True, "headers": {}}),
            "B1: publish key='' mandatory",
        ),
    ],
)
def test_an_operation_reads_as_a_line(operation: Operation, text: str) -> None:
    assert str(operation) == text
    assert Operation.from_json(operation.to_json()) == operation


def signature(what: str, a: object, b: object) -> str:
    return Difference(CONSUME, what, a, b).signature


def test_names_and_numbers_are_no_part_of_a_signature() -> None:
    refused = ["channel error", 404, "NOT_FOUND - no queue 'q1' in vhost '/'"]
    again = ["channel error", 404, "NOT_FOUND - no queue 'q2' in vhost '/'"]
    assert signature("answer", refused, ["ok", 1]) == signature("answer", again, ["ok", 2])
    assert signature("queue q1", [1, 0], [2, 0]) == signature("queue q3", [5, 0], [2, 1])


def test_codes_and_kinds_are_part_of_a_signature() -> None:
    refused = ["channel error", 404, "no"]
    different = [
        signature("answer", refused, ["ok"]),
        signature("answer", ["channel error", 405, "no"], ["ok"]),
        signature("answer", ["connection error", 404, "no"], ["ok"]),
        signature("answer", ["ok"], refused),
        signature("queue q1", [1, 0], "exists"),
        signature("answer", ["ok", "NONE"], ["ok", "ILLEGAL_GENERATION"]),
        signature("answer", ["ok", "UNKNOWN_MEMBER_ID"], ["ok", "ILLEGAL_GENERATION"]),
    ]
    assert len(set(different)) == len(different)
