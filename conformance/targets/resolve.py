"""From the text after --target to a target."""

from __future__ import annotations

from pathlib import Path

from conformance.drivers.registry import DRIVERS
from conformance.errors import UsageError
from conformance.targets import descriptor
from conformance.targets.embedded import EmbeddedTarget, emulation
from conformance.targets.embedded_patterns import VARIANTS
from conformance.targets.external import ExternalTarget
from conformance.targets.model import Target
from conformance.targets.pattern import pattern_target
from conformance.targets.process_kafka import KafkaProcessTarget
from conformance.targets.process_rabbitmq import RabbitMqProcessTarget
from conformance.targets.served import ServedReferenceTarget
from conformance.targets.urls import without_password

FORMS = """\
reference            the reference broker in this process, as the newest RabbitMQ and Kafka that it
                     emulates
reference:VERSION    the same as RabbitMQ 3.10, 4.0 or 4.3 alone
reference:kafka:VERSION
                     the same as Kafka 3.9 or 4.3 alone
rabbitmq:VERSION     RabbitMQ in a container
kafka:VERSION        Kafka in a container
process:reference    the reference as a process of its own, which can be killed; versions as above
process:rabbitmq     RabbitMQ as installed on this machine, started privately
process:kafka:VERSION
                     Kafka as a process; Maven fetches its jars once
pattern:NAME         a library of application patterns, through its adapter; NAME reference for ours
pattern:jsonl:COMMAND
                     the same in any language, by a program that speaks JSON lines
amqp://…, kafka://…  a broker that is already running
FILE.toml            a broker described by a file (docs/guides/testing-a-broker.md)"""


def resolve(text: str) -> Target:
    """Return the target for one of FORMS; nothing is started. Raises UsageError."""
    kind, _, rest = text.partition(":")
    containers = descriptor.shipped()
    if text == f"{kind}:" and (kind == "reference" or kind in containers):
        raise UsageError(f"target {text!r} lacks its version; give one, or say {kind!r}")
    if kind in DRIVERS and rest.startswith("//"):
        endpoint = DRIVERS[kind].parse_url(text)
        return ExternalTarget(f"{kind}://{endpoint.address}", {kind: endpoint})
    if text.endswith(".toml"):
        return descriptor.build(descriptor.read(Path(text)))
    if kind == "reference":
        return EmbeddedTarget(emulation(rest))
    if kind == "pattern" and rest:
        return pattern_target(rest, VARIANTS)
    if kind == "process":
        product, _, version = rest.partition(":")
        if product == "rabbitmq" and not version:
            return RabbitMqProcessTarget()
        if product == "kafka":
            return KafkaProcessTarget(version or None)
        if product == "reference":
            return ServedReferenceTarget(emulation(version))
    if kind in containers:
        return descriptor.build(containers[kind], rest or None)
    shown = without_password(text)
    if text.startswith("amqps://"):
        raise UsageError(f"target {shown!r}: TLS is not supported; give an amqp:// address")
    raise UsageError(f"unknown target {shown!r}; choose one of these:\n{FORMS}")
