"""From the text after --target to a target; nothing is started."""

from __future__ import annotations

import pytest

from conformance.errors import EngineMissing, UsageError
from conformance.targets import process_rabbitmq
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.external import ExternalTarget
from conformance.targets.model import Target
from conformance.targets.resolve import FORMS, resolve
from conformance.targets.served import ServedReferenceTarget


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("reference", EmbeddedTarget, "reference"),
        ("reference:4.0", EmbeddedTarget, "reference:4.0"),
        ("process:reference", ServedReferenceTarget, "process:reference"),
        ("process:reference:3.10", ServedReferenceTarget, "process:reference:3.10"),
        ("amqp://h:1/v", ExternalTarget, "amqp://h:1"),
        ("amqp://u:p@[::1]/", ExternalTarget, "amqp://[::1]:5672"),
    ],
)
def test_resolved(text: str, kind: type[Target], name: str) -> None:
    target = resolve(text)
    assert type(target) is kind
    assert target.name == name
    with pytest.raises(UsageError, match="does not serve amqp"):
        _ = target.amqp


@pytest.mark.parametrize(
    "text",
    ["", "referense", "rabbit", "process:", "process:rabbitmq:4.0", "kafkas:4.1"],
)
def test_an_unknown_target_shows_the_known_forms(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(text)
    assert str(caught.value) == f"unknown target {text!r}; choose one of these:\n{FORMS}"


@pytest.mark.parametrize("text", ["reference:9.9", "process:reference:2.0"])
def test_an_unknown_version_shows_the_known_ones(text: str) -> None:
    version = text.rpartition(":")[2]
    with pytest.raises(UsageError) as caught:
        resolve(text)
    assert str(caught.value) == (
        f"RabbitMQ {version!r} is not emulated; choose one of 3.10, 4.0, 4.3"
    )


@pytest.mark.parametrize("product", ["reference", "rabbitmq"])
def test_an_empty_version_is_refused(product: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(f"{product}:")
    assert (
        str(caught.value) == f"target '{product}:' lacks its version; give one, or say '{product}'"
    )


def test_tls_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="TLS is not supported; give an amqp:// address"):
        resolve("amqps://h/")


def test_a_machine_without_rabbitmq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_rabbitmq, "SERVER_CANDIDATES", ("/nonexistent/rabbitmq-server",))
    with pytest.raises(UsageError, match=r"install it \(Debian: apt-get install rabbitmq-server\)"):
        resolve("process:rabbitmq")


def test_a_machine_without_a_container_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    target = resolve("rabbitmq:4.3")
    with pytest.raises(EngineMissing) as caught:
        target.check()
    assert str(caught.value) == (
        "target rabbitmq:4.3 needs a container engine, and none answers at tcp://127.0.0.1:1; "
        "start Docker, or use a process: target or the address of a broker that runs"
    )
    target.stop()
