"""Brokers that somebody else runs, and those that a descriptor's commands control."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import psutil
import pytest

from conformance.drivers.amqp.endpoint import Endpoint
from conformance.errors import TargetError
from conformance.reporting.verdicts import Verdict
from conformance.requirements import load_catalogue
from conformance.targets import external
from conformance.targets.external import ExternalTarget
from conformance.targets.ports import LOOPBACK, free_ports
from tests.conformance.fake_broker import FakeBroker
from tests.conformance.kits import TinyKit, run_kit, run_shipped


def target(port: int = 1, **commands: list[str]) -> ExternalTarget:
    return ExternalTarget("mine", {"amqp": Endpoint(LOOPBACK, port)}, commands=commands)


def test_a_target_without_commands_is_left_alone() -> None:
    broker = target()
    broker.start()
    assert broker.amqp == Endpoint(LOOPBACK, 1)
    broker.stop()
    broker.stop()


def test_a_command_that_fails(tmp_path: Path) -> None:
    script = tmp_path / "up"
    script.write_text("echo one; echo two >&2; exit 7")
    with pytest.raises(TargetError) as caught:
        target(start=["sh", str(script)]).start()
    assert str(caught.value) == (
        f"target mine: start command 'sh {script}' failed with exit code 7: two"
    )


def test_a_command_that_does_not_exist() -> None:
    with pytest.raises(TargetError) as caught:
        target(start=["no-such-program", "up"]).start()
    assert str(caught.value) == (
        "target mine: start command 'no-such-program up' cannot be run (No such file or "
        "directory); check [commands] in its descriptor"
    )


def test_a_command_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "COMMAND_TIMEOUT_S", 0.1)
    with pytest.raises(TargetError, match="start command 'tail -f /dev/null' took longer than"):
        target(start=["tail", "-f", "/dev/null"]).start()


def test_a_command_may_leave_the_broker_running(tmp_path: Path) -> None:
    left = tmp_path / "pid"
    command = f"tail -f /dev/null & echo $! > {left}"
    with FakeBroker() as broker:
        target(broker.port, start=["sh", "-c", command]).start()
    psutil.Process(int(left.read_text())).kill()


def test_what_a_failed_start_left_is_stopped(tmp_path: Path) -> None:
    stopped = tmp_path / "stopped"
    broker = target(start=["false"], stop=["touch", str(stopped)])
    with pytest.raises(TargetError):
        broker.start()
    broker.stop()
    assert stopped.exists()


def test_kill_is_followed_by_start(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def note(word: str) -> list[str]:
        return ["sh", "-c", f"echo {word} >> {log}"]

    with FakeBroker() as broker:
        commands = {name: note(name) for name in ("start", "stop", "restart", "kill")}
        controlled = target(broker.port, **commands)
        controlled.start()
        controlled.restart()
        controlled.restart(kill=True)
        controlled.stop()
    assert log.read_text().split() == ["start", "restart", "kill", "start", "stop"]


def test_the_password_appears_nowhere(kit: TinyKit) -> None:
    secret = "s3cret-of-bob"
    kit.test("bad", "amqp.channel().declare_queue('x', passive=True)\nexpect.equal(1, 2)")
    kit.test("raw", "amqp.raw().open()\nexpect.equal(1, 2)")
    kit.test("broken", "amqp.raw().open()\n{}['no such key']")
    out = kit.folder / "out"
    with FakeBroker() as broker:
        url = f"amqp://bob:{secret}@{LOOPBACK}:{broker.port}/"
        ran = run_kit(kit, target=url, allure=out / "allure")
        logins = [m.response for m in broker.methods if m.NAME == "Connection.StartOk"]
    assert {f"\0bob\0{secret}".encode()} == set(logins), "it was given"
    assert ran.results.counts() == {"failed": 2, "harness error": 1}
    texts = [path.read_text(encoding="utf-8") for path in out.rglob("*.*")]
    assert len(texts) > 5
    for text in (*texts, ran.text):
        assert secret not in text
        assert secret.encode().hex() not in text
    assert "bob" in json.dumps(ran.content), "the name may stay"
    assert "bob:***@" in ran.content["run"]["target"]


@pytest.mark.slow
def test_a_descriptor_alone_makes_a_target_that_can_be_restarted_and_killed(
    tmp_path: Path,
) -> None:
    (port,) = free_ports(1)
    data, pid = tmp_path / "data", tmp_path / "pid"
    serve = f"{sys.executable} -m reference_impl --amqp {LOOPBACK}:{port} --data {data}"
    start = f"{serve} > {tmp_path}/log 2>&1 & echo $! > {pid}"
    # A process that has ended no longer holds the lock of its data.
    stop = f"kill $(cat {pid}); flock {data}/lock true"
    kill = f"kill -9 $(cat {pid}); flock {data}/lock true"
    commands = {"start": start, "stop": stop, "restart": f"{stop}; {start}", "kill": kill}
    lines = [f"{name} = {json.dumps(['sh', '-c', text])}" for name, text in commands.items()]
    descriptor = tmp_path / "mine.toml"
    descriptor.write_text(
        f'name = "mine"\nkind = "external"\nprotocols = ["amqp"]\n[amqp]\n'
        f'url = "amqp://{LOOPBACK}:{port}/"\n[capabilities]\nquorum-queues = false\n'
        "streams = false\n[commands]\n" + "\n".join(lines)
    )
    options = {"profile": "quick", "select": ("topic:durability",)}
    ran = run_shipped(tmp_path / "out", target=str(descriptor), **options)
    catalogue = [r for r in load_catalogue().values() if r.protocol == "amqp"]
    tested = [r.id for r in catalogue if r.topic == "durability" and r.has_test]
    assert list(ran.results.records) == tested
    assert {ran.results.verdict(i) for i in tested} <= {Verdict.PASSED, Verdict.FAILED}
    assert (ran.code, ran.results.problems) == (0, [])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((LOOPBACK, port))
