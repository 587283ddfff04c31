"""Targets that are not there, that are something else, or that stop answering."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from pika import spec

from conformance.drivers.amqp import readiness
from conformance.drivers.registry import DRIVERS
from conformance.targets.ports import free_ports
from tests.conformance.fake_broker import FakeBroker, hang_up, silence
from tests.conformance.kits import Ran, TinyKit, run_kit

LIMIT_S = 0.5


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "ALIVE_WITHIN_S", LIMIT_S)


@pytest.fixture
def kit(kit: TinyKit) -> TinyKit:
    for name in ("one", "two", "three"):
        kit.test(name, "amqp.queue()")
    return kit


def not_run(kit: TinyKit, target: str) -> str:
    """Run, and return the one reason why nothing could be run."""
    ran = run_kit(kit, target=target)
    assert ran.results.counts() == {"not run": 3}
    assert ran.code == 3
    (reason,) = {record["reason"] for record in all_tests(ran)}
    assert "Traceback" not in ran.text
    assert ran.text.count(reason) == 1, "one sentence for all of them"
    return str(reason)


def all_tests(ran: Ran) -> list[dict[str, Any]]:
    return [test for r in ran.content["requirements"].values() for test in r["tests"]]


def test_nothing_listens(kit: TinyKit) -> None:
    (port,) = free_ports(1)
    address = f"127.0.0.1:{port}"
    assert not_run(kit, f"amqp://{address}/") == (
        f"target amqp://{address}: nothing listens at {address} (Connection refused); start the "
        "broker, or check host and port"
    )


def test_a_host_that_does_not_exist(kit: TinyKit) -> None:
    assert not_run(kit, "amqp://no-such-host.invalid/").endswith(
        "the host name 'no-such-host.invalid' cannot be resolved; check the address"
    )


def test_a_broker_that_answers_nothing(kit: TinyKit) -> None:
    with FakeBroker() as broker:
        broker.hung = True
        reason = not_run(kit, broker.url)
        assert broker.connections == 2, "a look whether something listens, one handshake, no more"
    assert f"127.0.0.1:{broker.port} accepts connections but does not complete the AMQP" in reason
    assert f"within {LIMIT_S:g} s; is it hung, or no AMQP broker?" in reason


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",  # a TLS alert: handshake failure
        b"AMQP\x00\x01\x00\x00",  # an AMQP 1.0 peer
    ],
)
def test_another_protocol_behind_the_port(kit: TinyKit, first: bytes) -> None:
    with FakeBroker(first=[first]) as broker:
        reason = not_run(kit, broker.url)
    assert f"does not speak AMQP 0-9-1 (it says {first[:24]!r}); check the port" in reason


def test_a_server_that_closes_the_socket(kit: TinyKit) -> None:
    with FakeBroker(first=None, greet=False) as broker:
        reason = not_run(kit, broker.url)
    assert (
        "closes the connection without a word; is it an AMQP 0-9-1 broker, without TLS?" in reason
    )


def test_an_old_broker_that_closes_the_socket_on_a_wrong_password(kit: TinyKit) -> None:
    with FakeBroker({spec.Connection.StartOk: hang_up}) as broker:
        reason = not_run(kit, broker.url)
    assert "refuses user 'guest' with this password" in reason


def test_a_broker_that_refuses_everybody(kit: TinyKit) -> None:
    refusal = spec.Connection.Close(320, "CONNECTION_FORCED - maintenance", 0, 0)
    with FakeBroker(first=[refusal]) as broker:
        assert "ends the AMQP handshake: 320 CONNECTION_FORCED" in not_run(kit, broker.url)


BROKEN_HANDSHAKES: dict[str, dict[str, Any]] = {
    "mechanisms": {"first": [spec.Connection.Start(0, 9, {}, "PLAIN,ANONYMOUS", "en_US")]},
    "version": {"first": [spec.Connection.Start(9, 0, {}, "PLAIN", "en_US")]},
    "silence": {"answers": {spec.Connection.StartOk: silence}},
    "tune-ok": {
        "answers": {spec.Connection.TuneOk: lambda _: [spec.Connection.Close(530, "no", 10, 31)]}
    },
}


@pytest.mark.parametrize("broken", BROKEN_HANDSHAKES.values(), ids=BROKEN_HANDSHAKES)
def test_who_breaks_the_handshake_is_judged_by_the_tests_of_it(
    kit: TinyKit, monkeypatch: pytest.MonkeyPatch, broken: dict[str, Any]
) -> None:
    kit.test("starts", "raw = amqp.raw()\nexpect.equal(raw.start().version_major, 8)")
    with FakeBroker(**broken) as broker:
        assert run_kit(kit, target=broker.url).results.counts() == {"not run": 4}
        driver = dataclasses.replace(DRIVERS["amqp"], first_topics=("tiny",))
        monkeypatch.setitem(DRIVERS, "amqp", driver)
        ran = run_kit(kit, target=broker.url, answer_within_s=LIMIT_S)
    assert ran.results.counts() == {"failed": 4}
    assert ran.record("starts").expected == "8"
    assert ran.code == 1


def test_wrong_password(kit: TinyKit) -> None:
    refusal = spec.Connection.Close(403, "ACCESS_REFUSED - login was refused", 10, 11)
    with FakeBroker({spec.Connection.StartOk: lambda _: [refusal]}) as broker:
        reason = not_run(kit, f"amqp://bob:s3cret@127.0.0.1:{broker.port}/")
    assert reason == (
        f"target amqp://127.0.0.1:{broker.port}: 127.0.0.1:{broker.port} refuses user 'bob' with "
        "this password; put the right ones into the URL: amqp://USER:PASSWORD@HOST:PORT/VHOST"
    )


def test_wrong_virtual_host(kit: TinyKit) -> None:
    refusal = spec.Connection.Close(530, "NOT_ALLOWED - vhost nowhere not found", 10, 40)
    with FakeBroker({spec.Connection.Open: lambda _: [refusal]}) as broker:
        reason = not_run(kit, f"amqp://127.0.0.1:{broker.port}/nowhere")
    assert "refuses the virtual host: NOT_ALLOWED - vhost nowhere not found" in reason


@pytest.mark.parametrize("silent", [spec.Channel.Open, spec.Queue.Declare])
def test_a_broker_that_only_lets_clients_in(kit: TinyKit, silent: type[Any]) -> None:
    with FakeBroker({silent: silence}) as broker:
        reason = not_run(kit, broker.url)
    assert "lets a client in, but does not answer with" in reason
    assert "is it hung?" in reason


def test_a_broker_that_stops_answering_in_the_middle(kit: TinyKit) -> None:
    with FakeBroker() as broker:

        def hang(_: Any) -> list[Any]:
            broker.hung = True
            return []

        broker.answer(spec.Basic.Recover, hang)
        kit.test("hangs", "amqp.channel().recover()")
        kit.test("after", "amqp.queue()")
        ran = run_kit(kit, target=broker.url, test_limit_s=LIMIT_S)
    assert ran.code == 1
    assert [ran.verdict(name) for name in ("one", "two", "three")] == ["passed"] * 3
    assert ran.verdict("hangs") == "failed"
    assert ran.record("hangs").expected == "basic.recover-ok"
    assert ran.verdict("after") == "not run"
    assert "the target stopped answering" in ran.record("after").reason


def test_a_broker_that_ends_in_the_middle(kit: TinyKit) -> None:
    broker = FakeBroker()
    with broker:

        def end(_: Any) -> None:
            broker.stop_listening()

        broker.answer(spec.Basic.Recover, end)
        kit.test("ends", "amqp.channel().recover()")
        kit.test("after", "amqp.queue()")
        ran = run_kit(kit, target=broker.url)
    assert ran.code == 1
    assert ran.verdict("ends") == "failed"
    assert "nothing listens at" in ran.record("after").reason


def test_one_silent_answer_is_one_failure(kit: TinyKit) -> None:
    kit.test("silent", "amqp.channel().recover()")
    kit.test("after", "amqp.queue()")
    with FakeBroker({spec.Basic.Recover: silence}) as broker:
        ran = run_kit(kit, target=broker.url, test_limit_s=LIMIT_S)
    assert ran.verdict("silent") == "failed"
    assert ran.results.counts() == {"failed": 1, "passed": 4}


def test_a_target_that_is_started_by_the_kit_is_brought_back(kit: TinyKit) -> None:
    kit.test("ends", "amqp.target._broker.stop()\namqp.queue()")
    kit.test("after", "amqp.queue()")
    ran = run_kit(kit)
    assert (ran.verdict("ends"), ran.verdict("after"), ran.code) == ("failed", "passed", 1)
    assert any("it was started again" in problem for problem in ran.results.problems)
