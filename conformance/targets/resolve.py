"""From the text after --target to a target."""

from __future__ import annotations

from pathlib import Path

from conformance.errors import UsageError
from conformance.targets import descriptor
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.external import ExternalTarget
from conformance.targets.model import Target
from conformance.targets.process import RabbitMqProcessTarget
from conformance.targets.served import ServedReferenceTarget
from conformance.targets.urls import parse_amqp_url, without_password

FORMS = """\
reference            the reference broker in this process, as the newest RabbitMQ it emulates
reference:VERSION    the same as RabbitMQ 3.10, 4.0 or 4.3
rabbitmq:VERSION     RabbitMQ in a container
process:reference    the reference as a process of its own, which can be killed
process:rabbitmq     RabbitMQ as installed on this machine, started privately
amqp://…             a broker that is already running
FILE.toml            a broker described by a file (docs/guides/testing-a-broker.md)"""


def resolve(text: str) -> Target:
    """Return the target for one of FORMS; nothing is started. Raises UsageError."""
    kind, _, rest = text.partition(":")
    containers = descriptor.shipped()
    if text == f"{kind}:" and (kind == "reference" or kind in containers):
        raise UsageError(f"target {text!r} lacks its version; give one, or say {kind!r}")
    if text.startswith("amqp://"):
        endpoint = parse_amqp_url(text)
        return ExternalTarget(f"amqp://{endpoint.address}", endpoint)
    if text.endswith(".toml"):
        return descriptor.build(descriptor.read(Path(text)))
    if kind == "reference":
        return EmbeddedTarget(rest or None)
    if kind == "process":
        product, _, version = rest.partition(":")
        if product == "rabbitmq" and not version:
            return RabbitMqProcessTarget()
        if product == "reference":
            return ServedReferenceTarget(version or None)
    if kind in containers:
        return descriptor.build(containers[kind], rest or None)
    shown = without_password(text)
    if text.startswith("amqps://"):
        raise UsageError(f"target {shown!r}: TLS is not supported; give an amqp:// address")
    raise UsageError(f"unknown target {shown!r}; choose one of these:\n{FORMS}")
