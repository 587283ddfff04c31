"""Kafka among the targets: forms, versions, and what is told of a broker that is none."""

from __future__ import annotations

import pytest

from conformance.drivers.kafka.endpoint import KafkaEndpoint
from conformance.drivers.kafka.readiness import check_answers, claimed_version
from conformance.errors import TargetError, TargetHung, UsageError
from conformance.targets import process_kafka
from conformance.targets.container import ContainerTarget
from conformance.targets.embedded import EmbeddedTarget, emulation
from conformance.targets.ports import free_ports
from conformance.targets.process_kafka import KafkaProcessTarget, settings
from conformance.targets.resolve import resolve
from tests.conformance.fake_broker import FakeBroker


@pytest.mark.parametrize(
    ("text", "protocols", "versions"),
    [
        ("", ("amqp", "kafka"), {"amqp": "4.3", "kafka": "4.3"}),
        ("4.0", ("amqp",), {"amqp": "4.0"}),
        ("rabbitmq:3.10", ("amqp",), {"amqp": "3.10"}),
        ("rabbitmq", ("amqp",), {"amqp": "4.3"}),
        ("kafka:3.9", ("kafka",), {"kafka": "3.9"}),
        ("kafka", ("kafka",), {"kafka": "4.3"}),
    ],
)
def test_what_the_reference_may_be(
    text: str, protocols: tuple[str, ...], versions: dict[str, str]
) -> None:
    found = emulation(text)
    assert (found.protocols, dict(found.versions)) == (protocols, versions)
    assert EmbeddedTarget(found).name == ("reference" if not text else f"reference:{text}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kafka:2.0", "Kafka '2.0' is not emulated; choose one of 3.9, 4.3"),
        ("pulsar:1.0", "the reference emulates no 'pulsar'; it can be rabbitmq or kafka"),
    ],
)
def test_what_the_reference_cannot_be(text: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(f"reference:{text}")
    assert str(caught.value) == why


def test_a_product_alone_serves_its_protocol_alone() -> None:
    target = EmbeddedTarget(emulation("kafka:3.9"))
    target.start()
    try:
        assert list(target.endpoints) == ["kafka"]
        with pytest.raises(UsageError, match="does not serve amqp"):
            _ = target.amqp
        check_answers(target.name, target.kafka)
    finally:
        target.stop()


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("kafka://h", "h", 9092),
        ("kafka://h:1/", "h", 1),
        ("kafka://[::1]:2", "::1", 2),
    ],
)
def test_addresses(url: str, host: str, port: int) -> None:
    target = resolve(url)
    assert target.protocols == ("kafka",)
    target.start()
    assert target.kafka == KafkaEndpoint(host, port)


@pytest.mark.parametrize("url", ["kafka://", "kafka://h:x", "kafka://u:p@h", "kafka://h/topic"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(UsageError, match=r"is not a (URL|Kafka address)") as caught:
        resolve(url)
    assert "u:p" not in str(caught.value)


def test_containers_and_processes_have_the_same_settings() -> None:
    container = resolve("kafka:4.3.1")
    assert isinstance(container, ContainerTarget)
    assert (container.name, container.product, container.version) == (
        "kafka:4.3.1",
        "Kafka",
        "4.3.1",
    )
    assert container.describe()["configuration"] == settings()
    assert "log.cleaner.backoff.ms=100\n" in settings()


def test_versions_of_processes() -> None:
    assert resolve("process:kafka").version == process_kafka.DEFAULT_VERSION
    assert resolve("process:kafka:3.9.2").version == "3.9.2"
    with pytest.raises(UsageError, match="write three numbers, as in process:kafka:4"):
        resolve("process:kafka:3.9")


def test_a_machine_without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(UsageError) as caught:
        KafkaProcessTarget().check()
    assert str(caught.value) == (
        "process:kafka needs a Java runtime (Debian: openjdk-17-jre-headless), and there is no "
        "'java' on the PATH; install it, or use the container target kafka:VERSION"
    )


def test_nothing_listens() -> None:
    endpoint = KafkaEndpoint("127.0.0.1", free_ports(1)[0])
    with pytest.raises(TargetError, match=r"nothing listens at 127\.0\.0\.1:.*start the broker"):
        check_answers("mine", endpoint)


def test_a_broker_of_another_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.drivers.kafka.readiness.ALIVE_WITHIN_S", 0.5)
    with FakeBroker(greet=False) as broker:
        endpoint = KafkaEndpoint("127.0.0.1", broker.port)
        with pytest.raises(TargetError, match="is it a Kafka broker, without TLS and SASL"):
            check_answers("mine", endpoint)


def test_a_broker_that_answers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.drivers.kafka.readiness.ALIVE_WITHIN_S", 0.3)
    with FakeBroker() as broker:
        broker.hung = True
        with pytest.raises(TargetHung, match="is it hung, or no Kafka broker"):
            check_answers("mine", KafkaEndpoint("127.0.0.1", broker.port))


@pytest.mark.parametrize(
    ("served", "version"),
    [
        ({}, ""),
        ({1: (0, 16)}, ""),
        ({1: (0, 17)}, "3.9"),
        ({1: (4, 17), 2: (1, 10)}, "4.0"),
        ({1: (4, 18), 0: (0, 13), 2: (1, 11), 35: (1, 5)}, "4.3"),
    ],
)
def test_the_version_that_a_broker_claims(served: dict[int, tuple[int, int]], version: str) -> None:
    assert claimed_version(served) == version
