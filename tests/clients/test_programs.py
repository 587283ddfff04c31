"""Programs with other people's clients cannot tell the reference from RabbitMQ 4.3.6 and
Kafka 4.3.1."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from reference_impl import ReferenceBroker
from tests.clients import __main__ as command
from tests.clients import running
from tests.clients.running import (
    PROGRAMS,
    TRANSCRIPTS,
    difference,
    needs_java,
    protocol_of,
    run_program,
    transcript_path,
)

CLIENTS = {"aio": "aio_pika", "confluent": "confluent_kafka"}
"""The package that a program needs, by the first word of its name where they are not the same."""


@pytest.fixture(scope="module")
def addresses() -> Iterator[dict[str, str]]:
    with ReferenceBroker(rabbitmq="4.3", kafka="4.3") as broker:
        host, port = broker.kafka_address
        yield {"amqp": broker.amqp_url, "kafka": f"{host}:{port}"}


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_program_prints_what_it_prints_on_the_real_broker(
    addresses: dict[str, str], name: str
) -> None:
    if needs_java(name):
        if not (shutil.which("java") and shutil.which("mvn")):
            pytest.skip("there is no Java, or no Maven")
    else:
        package = name.partition("_")[0]
        spec = importlib.util.find_spec(CLIENTS.get(package, package))
        if spec is None:
            pytest.skip(f"{package} is not installed")
    found = run_program(name, addresses[protocol_of(name)])
    recorded = transcript_path(name).read_text(encoding="utf-8")
    assert difference(recorded, found, ("real", "reference")) == ""


def test_every_transcript_has_its_program() -> None:
    recorded = sorted(path.relative_to(TRANSCRIPTS) for path in TRANSCRIPTS.glob("*/*.txt"))
    assert recorded == sorted(transcript_path(name).relative_to(TRANSCRIPTS) for name in PROGRAMS)


# -- the command ------------------------------------------------------------------------------


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Three programs, and brokers that are called as their targets."""
    programs = {
        "broken": "raise SystemExit(3)",
        "other": "import sys; print(sys.argv[1])",
        "same": "print('same')",
    }
    folder = tmp_path / "amqp"
    folder.mkdir()
    for name, text in programs.items():
        (folder / f"{name}.py").write_text(text)
        monkeypatch.setitem(running.PROGRAMS, name, folder / f"{name}.py")
    monkeypatch.setattr(command, "broker", lambda target: nullcontext({"amqp": target}))
    monkeypatch.setattr(running, "TRANSCRIPTS", tmp_path)
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
    recorded = sorted((tmp_path / "amqp").glob("*.txt"))
    assert [path.name for path in recorded] == ["other.txt", "same.txt"]
    assert recorded[0].read_text() == "a\n"
    assert run_program("broken", "a") == "exit code 3\n"
