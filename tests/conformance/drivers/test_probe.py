"""What a broker says of itself and shows, against what it is declared to have."""

from __future__ import annotations

from typing import Any

import pytest
from pika import spec

from conformance.drivers.amqp.endpoint import Endpoint
from conformance.drivers.amqp.probe import probe
from conformance.targets.embedded import EmbeddedTarget, emulation
from conformance.targets.external import ExternalTarget
from conformance.targets.model import Identity
from tests.conformance.fake_broker import FakeBroker, silence


def target_of(broker: FakeBroker, **capabilities: bool) -> ExternalTarget:
    target = ExternalTarget(
        "fake", {"amqp": Endpoint("127.0.0.1", broker.port)}, capabilities=capabilities
    )
    target.start()
    return target


def refuse(_: Any) -> list[Any]:
    return [spec.Connection.Close(540, "NOT_IMPLEMENTED - no", 0, 0)]


def refuse_priorities(method: Any) -> list[Any]:
    if "x-max-priority" in (method.arguments or {}):
        return [spec.Channel.Close(406, "PRECONDITION_FAILED - invalid arg", 50, 10)]
    return [spec.Queue.DeclareOk(method.queue, 0, 0)]


def test_the_reference_is_as_it_is_declared() -> None:
    target = EmbeddedTarget(emulation("4.0"))
    target.start()
    try:
        assert probe(target) == Identity("RabbitMQ", "4.0.5")
    finally:
        target.stop()
    assert target.capabilities.disagreements() == []
    assert target.capabilities.probed["quorum-queues"] is False
    assert target.capabilities.probed["tx"] is True


def test_a_declaration_that_lies_is_reported_both_ways() -> None:
    answers = {spec.Tx.Select: refuse, spec.Queue.Declare: refuse_priorities}
    with FakeBroker(answers) as broker:
        target = target_of(broker, streams=False)
        assert probe(target) == Identity("Fake", "1.0")
    assert target.capabilities.disagreements() == [
        "priority-queues is declared, but the broker refuses it",
        "streams is declared absent, but the broker offers it",
        "tx is declared, but the broker refuses it",
    ]
    assert target.capabilities.has("tx"), "what is declared decides what is tested"
    assert not target.capabilities.has("streams")


def test_what_the_broker_does_not_announce_is_reported() -> None:
    with FakeBroker(properties={"capabilities": {"basic.nack": True}}) as broker:
        target = target_of(broker)
        probe(target)
    assert target.capabilities.disagreements() == [
        "confirms is declared, but the broker refuses it",
        "consumer-cancel-notify is declared, but the broker refuses it",
        "exchange-bindings is declared, but the broker refuses it",
    ]


@pytest.mark.parametrize("properties", [{"capabilities": "all of them"}, {"product": 5}])
def test_strange_server_properties_do_no_harm(properties: dict[str, Any]) -> None:
    with FakeBroker(properties=properties) as broker:
        identity = probe(target_of(broker))
    assert identity.product == str(properties.get("product", "Fake"))


def test_a_probe_that_is_not_answered_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.drivers.amqp.probe.PROBE_WITHIN_S", 0.2)

    def silent_if_limited(method: Any) -> list[Any]:
        return [] if method.arguments else [spec.Queue.DeclareOk(method.queue, 0, 0)]

    with FakeBroker({spec.Queue.Declare: silent_if_limited, spec.Tx.Select: silence}) as broker:
        target = target_of(broker)
        probe(target)
        asked = [m for m in broker.methods if isinstance(m, spec.Queue.Declare) and m.arguments]
    assert len(asked) == 1
    assert "tx" not in target.capabilities.probed
