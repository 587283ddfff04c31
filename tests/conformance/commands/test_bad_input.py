"""Bad input, at the command line: one sentence, what to do, no traceback, exit 2 or 3.

| what is wrong                | exit | tested here              | elsewhere, in every form        |
|------------------------------|------|--------------------------|---------------------------------|
| unknown target               | 2    | test_cli                 | targets/test_resolve, test_urls |
| unknown version              | 2    | test_usage_of_versions   | targets/test_resolve            |
| unknown profile, glob, level | 2    | test_cli                 |                                 |
| unreadable descriptor        | 2    | test_usage               | targets/test_descriptor         |
| contradictory descriptor     | 2    | test_usage               | targets/test_descriptor         |
| no Docker                    | 2    | test_no_container_engine | test_plugin, test_resolve       |
| no RabbitMQ installed        | 2    | test_no_rabbitmq         | targets/test_resolve            |
| broker down                  | 3    | test_unreachable         | runner/test_unreachable         |
| wrong password               | 3    | test_unreachable_for_*   | runner/test_unreachable         |
| another protocol at the port | 3    | test_unreachable_by_amqp | runner/test_unreachable         |
| port in use                  | 2    | test_serve               | server/test_serve               |
| data directory in use        | 3    | test_serve_data          | server/test_serve               |
| data directory not writable  | 3    | test_serve_data_that_*   | storage/test_durable            |
| data directory damaged       | 3    | test_serve_data          | storage/test_durable            |
| a target that hangs: not run | 3    | test_a_target_that_hangs | runner/test_unreachable         |
| Ctrl-C: partial results      | 130  |                          | runner/test_interruption        |
| Ctrl-C: containers removed   | 130  |                          | targets/test_container          |
| any of these to `compare`    | 2, 3 |                          | machines/test_compare           |
| garbage to the reference     |      |                          | test_session_robustness         |
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError
from pika import spec
from requests import Response

from conformance.cli import main
from conformance.drivers.amqp import readiness
from conformance.reporting.results import load_results
from conformance.targets import container, process_rabbitmq
from conformance.targets.ports import free_ports
from reference_impl import ReferenceBroker
from reference_impl.storage.durable import DurableJournal
from tests.conformance.fake_broker import FakeBroker
from tests.conformance.kits import TinyKit

EXTERNAL = 'name = "b"\nkind = "external"\nprotocols = ["amqp"]\n[amqp]\nurl = "{url}"\n'
SOON_S = 0.5
"""How long a silent broker is waited for: long enough for one on loopback to answer."""


@pytest.fixture(autouse=True)
def _elsewhere_and_impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(readiness, "ALIVE_WITHIN_S", SOON_S)


@pytest.fixture
def kit(kit: TinyKit) -> TinyKit:
    kit.test("one", "amqp.queue()")
    return kit


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Exit code and the one sentence of a command that says nothing else."""
    code = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    return code, said.err.removeprefix("error: ").rstrip("\n")


def not_run(capsys: pytest.CaptureFixture[str], kit: TinyKit, target: str) -> str:
    """The reason why `run` could run nothing, which it says once and writes down; exit 3."""
    code = main(["run", "--kit", str(kit.folder), "-t", target, "--no-allure", "-o", "out"])
    said = capsys.readouterr()
    assert code == 3
    assert "Traceback" not in said.out + said.err
    (record,) = load_results(Path("out/results.json"))["requirements"].values()
    assert record["verdict"] == "not run"
    reason = str(record["tests"][0]["reason"])
    assert " ".join(said.out.split()).count(reason) == 1
    return reason


# -- what the user wrote ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'name = "b', "cannot read descriptor b.toml: "),
        (b"\xff\xfe", "cannot read descriptor b.toml: "),
        (b"", "descriptor b.toml: "),
        (
            EXTERNAL.format(url="amqp://h/").encode() + b'[container]\nimages = ["i"]\n',
            'descriptor b.toml: kind "external" contradicts [container]; remove one of them',
        ),
        (
            EXTERNAL.format(url="amqp://h/").encode() + b"[capabilities]\nkill = true\n",
            "descriptor b.toml: capability 'kill' is true, but [commands] has no 'kill'",
        ),
    ],
    ids=["no TOML", "no text", "empty", "two kinds", "a control without a command"],
)
@pytest.mark.parametrize("command", ["run -t", "targets", "bench --vs"])
def test_usage(capsys: pytest.CaptureFixture[str], command: str, content: bytes, why: str) -> None:
    Path("b.toml").write_bytes(content)
    code, sentence = refused(capsys, *command.split(), "b.toml")
    assert code == 2
    assert sentence.startswith(why)


@pytest.mark.parametrize("target", ["reference:9.9", "process:reference:9.9"])
def test_usage_of_versions(capsys: pytest.CaptureFixture[str], target: str) -> None:
    sentence = "RabbitMQ '9.9' is not emulated; choose one of 3.10, 4.0, 4.3"
    assert refused(capsys, "run", "-t", target) == (2, sentence)
    assert refused(capsys, "serve", "--rabbitmq", "9.9") == (2, sentence)


# -- what the machine lacks -------------------------------------------------------------------


@pytest.mark.parametrize("command", ["run -t", "bench --vs"])
def test_no_container_engine(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    code, sentence = refused(capsys, *command.split(), "rabbitmq:4.3")
    assert code == 2
    assert sentence == (
        "target rabbitmq:4.3 needs a container engine, and none answers at tcp://127.0.0.1:1; "
        "start Docker, or use a process: target or the address of a broker that runs"
    )


class Engine:
    """A container engine that answers every question for an image with an error."""

    def __init__(self, status: int) -> None:
        self.images = self
        self._status = status

    def get(self, image: str) -> Any:
        response = Response()
        response.status_code = self._status
        raise APIError(f"{self._status} for {image}", response)


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [
        (400, 2, "'brokertck/rabbitmq:4 3' is no name of an image; check the version"),
        (500, 3, "the container engine fails: "),
    ],
)
def test_an_engine_that_refuses(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: int,
    why: str,
) -> None:
    monkeypatch.setattr(container, "connect_engine", lambda _: Engine(status))
    found, sentence = refused(capsys, "run", "-t", "rabbitmq:4 3")
    assert found == code
    assert sentence.startswith(f"target rabbitmq:4 3: {why}")


def test_no_rabbitmq(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_rabbitmq, "SERVER_CANDIDATES", ("/nonexistent/rabbitmq-server",))
    code, sentence = refused(capsys, "run", "-t", "process:rabbitmq")
    assert code == 2
    assert "install it (Debian: apt-get install rabbitmq-server)" in sentence


# -- what is not there, or not what it should be ----------------------------------------------


def test_unreachable(capsys: pytest.CaptureFixture[str], kit: TinyKit) -> None:
    (port,) = free_ports(1)
    url = f"amqp://127.0.0.1:{port}/"
    why = f"nothing listens at 127.0.0.1:{port} (Connection refused); start the broker, or check"
    assert why in not_run(capsys, kit, url)
    Path("b.toml").write_text(EXTERNAL.format(url=url))
    assert why in not_run(capsys, kit, "b.toml")


def test_unreachable_for_this_user(capsys: pytest.CaptureFixture[str], kit: TinyKit) -> None:
    with ReferenceBroker() as broker:
        host, port = broker.amqp_address
        reason = not_run(capsys, kit, f"amqp://guest:wrong@{host}:{port}/")
        assert f"{host}:{port} refuses user 'guest' with this password; put the right" in reason
        reason = not_run(capsys, kit, f"amqp://{host}:{port}/nowhere")
        assert "refuses the virtual host: NOT_ALLOWED - vhost nowhere not found" in reason


def test_unreachable_by_amqp(capsys: pytest.CaptureFixture[str], kit: TinyKit) -> None:
    with FakeBroker(first=[b"SSH-2.0-OpenSSH_9.2\r\n"]) as broker:
        reason = not_run(capsys, kit, broker.url)
    assert "does not speak AMQP 0-9-1 (it says b'SSH-2.0-OpenSSH_9.2\\r\\n'); check the" in reason


@pytest.mark.parametrize("hung_at", ["handshake", "first channel"])
def test_a_target_that_hangs(
    capsys: pytest.CaptureFixture[str], kit: TinyKit, hung_at: str
) -> None:
    answers = {spec.Channel.Open: lambda _: []} if hung_at == "first channel" else {}
    with FakeBroker(answers) as broker:
        broker.hung = hung_at == "handshake"
        assert "is it hung" in not_run(capsys, kit, broker.url)


# -- what the reference cannot use ------------------------------------------------------------


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_serve(capsys: pytest.CaptureFixture[str], taken_port: int) -> None:
    assert refused(capsys, "serve", "--amqp", f"127.0.0.1:{taken_port}") == (
        2,
        f"port {taken_port} on 127.0.0.1 is in use; stop what listens there, or use port 0 for "
        "any free one",
    )


def test_serve_data(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    data = tmp_path / "data"
    with ReferenceBroker(data=data):
        assert refused(capsys, "serve", "--data", data) == (
            3,
            f"{data} is in use by another broker; stop it or choose another directory",
        )
    (tmp_path / "file").touch()
    assert refused(capsys, "serve", "--data", tmp_path / "file" / "below") == (
        3,
        f"cannot use {tmp_path}/file/below as data directory: Not a directory; choose a directory "
        "that this user may write to",
    )
    journal = DurableJournal(tmp_path / "damaged")
    list(journal.records())
    for record in (b"first", b"second"):
        journal.append(record)
    journal.close()
    (path,) = (p for p in (tmp_path / "damaged").iterdir() if b"first" in p.read_bytes())
    path.write_bytes(path.read_bytes().replace(b"first", b"worst"))
    code, sentence = refused(capsys, "serve", "--data", tmp_path / "damaged")
    assert code == 3
    assert sentence.startswith(f"{path} is damaged at octet ")


def test_serve_data_that_may_not_be_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulated, as tests may run as a user to whom permissions do not apply."""
    data = tmp_path / "data"
    opened = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if str(path).startswith(str(data)):
            raise OSError(30, "Read-only file system", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    assert refused(capsys, "serve", "--data", data) == (
        3,
        f"cannot use {data} as data directory: Read-only file system; choose a directory that "
        "this user may write to",
    )
