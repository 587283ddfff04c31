"""Programs with other people's clients cannot tell the reference from RabbitMQ 4.3.6."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from reference_impl import ReferenceBroker
from tests.clients import __main__ as command
from tests.clients import running
from tests.clients.running import PROGRAMS, TRANSCRIPTS, difference, run_program, transcript_of

CLIENTS = {"aio": "aio_pika", "celery": "celery", "kombu": "kombu", "pika": "pika"}
"""The package that a program needs, by the first word of its name."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ReferenceBroker(rabbitmq="4.3") as broker:
        yield broker.amqp_url


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_program_prints_what_it_prints_on_rabbitmq(url: str, name: str) -> None:
    pytest.importorskip(CLIENTS[name.partition("_")[0]])
    found = run_program(name, url)
    assert difference(transcript_of(name), found, ("RabbitMQ 4.3.6", "reference")) == ""


def test_every_transcript_has_its_program() -> None:
    assert {path.stem for path in TRANSCRIPTS.glob("*.txt")} == set(PROGRAMS)


# -- the command ------------------------------------------------------------------------------


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three programs, and brokers that are called as their targets."""
    programs = {
        "broken": "raise SystemExit(3)",
        "other": "import sys; print(sys.argv[1])",
        "same": "print('same')",
    }
    for name, text in programs.items():
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.setitem(running.PROGRAMS, name, tmp_path / f"{name}.py")
    monkeypatch.setattr(command, "broker", nullcontext)
    monkeypatch.setattr(command, "TRANSCRIPTS", tmp_path)
    return list(programs)


@pytest.mark.slow
def test_what_differs_is_shown(planted: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.compare(planted, "a", "b") == 1
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said if ": 1 lines" in line] == [
        "equal     broken",
        "different other",
        "equal     same",
    ]
    assert said[said.index("-a") + 1] == "+b"
    assert said[-1] == "3 programs, 1 different on a and b"
    assert command.compare(["same"], "a", "b") == 0


@pytest.mark.slow
def test_a_program_that_fails_is_not_recorded(planted: list[str], tmp_path: Path) -> None:
    assert command.record(planted, "a") == 1
    assert sorted(path.name for path in tmp_path.glob("*.txt")) == ["other.txt", "same.txt"]
    assert (tmp_path / "other.txt").read_text() == "a\n"
    assert run_program("broken", "a") == "exit code 3\n"
