"""History files: what is written is read, and every bad line is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cli import main
from conformance.errors import UsageError
from conformance.history import History, Operation, read_history, write_history
from conformance.history.record import KINDS, OUTCOMES, UNKNOWN

GOOD = {"kind": "send", "actor": "p", "place": "q", "value": "m1", "outcome": "ok"}


@given(
    operations=st.lists(
        st.builds(
            Operation,
            kind=st.sampled_from(KINDS),
            actor=st.text(max_size=5),
            place=st.text(max_size=5),
            value=st.text(max_size=5),
            outcome=st.sampled_from(OUTCOMES),
            redelivered=st.booleans(),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda o: (o.place, o.value),
    )
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, operations: list[Operation]
) -> None:
    path = tmp_path_factory.getbasetemp() / "history.jsonl"
    write_history(History(operations), path)
    assert read_history(path).operations == operations


def test_recording() -> None:
    history = History()
    history.sent("p", "q", "m", UNKNOWN)
    history.received("c", "q", "m", redelivered=True)
    assert [o.kind for o in history] == ["send", "receive"]
    assert len(history) == 2
    assert history.of_kind("receive")[0].redelivered


def test_an_operation_is_checked_when_it_is_made() -> None:
    with pytest.raises(ValueError, match="kinds are send, receive, outcomes ok, fail, unknown"):
        Operation("sent", "p", "q", "m", "ok")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "line 2: not an operation: Expecting value"),
        ("{", "line 2: not an operation: "),
        ("[1]", "line 2: not an operation: it must be an object with kind, actor, place"),
        ('"x"', "line 2: not an operation: it must be an object"),
        (json.dumps({**GOOD, "kind": "publish"}), "kind 'publish' with outcome 'ok'; kinds are"),
        (json.dumps({**GOOD, "outcome": "yes"}), "outcomes ok, fail, unknown"),
        (json.dumps({**GOOD, "value": 5}), "'value' has the wrong type: 5"),
        (json.dumps({**GOOD, "redelivered": "no"}), "'redelivered' has the wrong type: 'no'"),
        (json.dumps({**GOOD, "queue": "q"}), "'queue' is unknown; known are kind, actor"),
        (json.dumps({k: v for k, v in GOOD.items() if k != "place"}), "'place' is missing"),
        (json.dumps(GOOD), "'m1' was sent to 'q' before, on line 1; every message needs a value"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(json.dumps(GOOD) + f"\n{line}\n" + json.dumps({**GOOD, "value": "m3"}) + "\n")
    with pytest.raises(UsageError) as caught:
        read_history(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")
    assert why in str(caught.value)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["check", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_check_as_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(json.dumps(GOOD) + "\n")
    assert run(capsys, str(path)) == (
        1,
        "lost in q: 1 sends were confirmed and never received: m1\n1 operations, 1 anomalies\n",
        "",
    )
    assert run(capsys, str(path), "--only", "phantom") == (0, "1 operations, 0 anomalies\n", "")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory"),
        (b"", "holds no operations: there is nothing to check"),
        (b"\xff\xfe\x00", "cannot read history"),
        (b"not json\n", "line 1: not an operation"),
    ],
)
def test_check_refuses_files_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, why: str
) -> None:
    path = tmp_path / "history.jsonl"
    if content is not None:
        path.write_bytes(content)
    code, out, complaint = run(capsys, str(path))
    assert (code, out) == (2, "")
    assert complaint.startswith("error: ")
    assert why in complaint
    assert complaint.count("\n") == 1
