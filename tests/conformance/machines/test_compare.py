"""The command `compare`: exit codes, the result file, and histories that are carried out again."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from conformance.cli import main
from conformance.machines.operation import Operation
from conformance.machines.pair import Difference
from conformance.machines.report import command_again, read_history, to_json, write
from conformance.machines.search import Finding, Tally
from tests.mutants.catalogue import all_mutants
from tests.mutants.mutant import planted


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


REFUSED = [
    (["reference", "rabit"], "unknown target 'rabit'"),
    (["reference", "reference", "--histories", "0"], "--histories must be at least 1"),
    (["reference", "reference", "--steps", "-1"], "--steps must be at least 1"),
    (["reference", "reference", "--out", "a-file"], "--out a-file: there is a file of this name"),
    (["reference", "reference", "--replay", "nowhere"], "cannot read history nowhere"),
    (["reference", "reference", "--replay", "a-file"], "cannot read history a-file"),
    (["reference", "reference", "--replay", "other"], "other is no difference-N.json of this kit"),
    (["reference", "reference", "--replay", "alien"], "alien: there is no machine 'fridge'"),
]


@pytest.mark.parametrize(("arguments", "why"), REFUSED, ids=[w for _, w in REFUSED])
def test_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    Path("a-file").write_text("")
    Path("other").write_text("{}")
    Path("alien").write_text('{"machine": "fridge", "history": []}')
    assert main(["compare", *arguments]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("error: ")
    assert why in said.err
    assert said.out == ""


def test_an_unknown_machine_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["compare", "reference", "reference", "--machine", "fridge"])
    assert ended.value.code == 2
    assert "invalid choice: 'fridge'" in capsys.readouterr().err


def test_a_broker_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "reference", f"amqp://127.0.0.1:{free_port()}/"]) == 3
    assert "nothing listens at 127.0.0.1" in capsys.readouterr().err


def test_histories_are_written_and_read(tmp_path: Path) -> None:
    history = [Operation("publish", {"on": "A1", "key": "q1"}), Operation("purge", {"queue": "q1"})]
    difference = Difference(history[-1], "answer", ["ok", 1], ["ok", 2])
    tally = Tally("delivery", 3, 70, 200, 1.25, [Finding("delivery", history, difference)])
    side = {"target": "reference", "product": "RabbitMQ", "version": "4.3.6"}
    (path,) = write(tmp_path, to_json([side, side], {"seed": 7}, [tally]))
    assert read_history(path) == ("delivery", history)
    content = json.loads((tmp_path / "compare.json").read_text())
    assert (content["schema"], content["options"]) == ("brokertck/compare/1", {"seed": 7})
    (machine,) = content["machines"]
    assert (machine["histories"], machine["operations"], machine["differences"]) == (3, 70, 1)
    (found,) = content["differences"]
    assert (found["what"], found["a"], found["b"]) == ("answer", ["ok", 1], ["ok", 2])
    assert command_again(["reference", "a b"], Path("out/difference-1.json")) == (
        "brokertck compare reference 'a b' --replay out/difference-1.json"
    )


@pytest.mark.slow
def test_equal_brokers(capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--histories", "2", "--steps", "5", "--seed", "3"]
    assert main(["compare", "reference:4.0", "reference:4.0", *few]) == 0
    said = capsys.readouterr().out
    assert "reference:4.0 (RabbitMQ 4.0.5) and reference:4.0 (RabbitMQ 4.0.5):" in said
    assert "topology: 2 histories, " in said
    assert "delivery: 2 histories, " in said
    assert "no unexplained difference" in said
    assert "seed 3; result: out/compare.json" in said
    content = json.loads(Path("out/compare.json").read_text())
    assert [one["machine"] for one in content["machines"]] == ["topology", "delivery"]
    assert content["differences"] == []


@pytest.mark.slow
def test_a_difference_is_reported_and_can_be_seen_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pair = ["compare", "reference", "process:reference"]
    (mutant,) = (m for m in all_mutants() if m.name == "topology-foreign-get-allowed")
    with planted(mutant):
        code = main([*pair, "--machine", "topology", "--histories", "4", "--seed", "1"])
        said = capsys.readouterr().out
        assert code == 1
        assert "DIFFERENT  topology #1: " in said
        assert "wire of process:reference" in said
        command = "brokertck compare reference process:reference --replay out/difference-1.json"
        assert f"again: {command}" in said
        assert main(command.split()[1:]) == 1
        again = capsys.readouterr().out
    lines = [line for line in said.splitlines() if line.startswith("    A") or "answer" in line]
    assert lines[:3] == [line for line in again.splitlines() if line in lines][:3]
    assert main(command.split()[1:]) == 0
    assert "both are equal" in capsys.readouterr().out


@pytest.mark.slow
def test_versions_of_the_reference_differ(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--machine", "topology", "--histories", "8", "--seed", "2"]
    assert main(["compare", "reference:3.10", "reference:4.3", *arguments]) == 1
    assert "DIFFERENT  topology #1" in capsys.readouterr().out
