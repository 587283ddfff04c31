"""What the kit knows of each protocol: one entry, and nothing else in the kit names a protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.drivers.amqp import probe as amqp_probe
from conformance.drivers.amqp import readiness as amqp_readiness
from conformance.drivers.amqp.tester import AmqpTester
from conformance.drivers.kafka import readiness as kafka_readiness
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.patterns import readiness as patterns_readiness
from conformance.drivers.patterns.tester import PatternTester
from conformance.drivers.tester import Tester
from conformance.targets.model import Address, Identity, Target
from conformance.targets.urls import parse_amqp_url, parse_kafka_url


@dataclass(frozen=True)
class Driver:
    """How the kit reaches and questions a broker in one protocol."""

    product: str
    """Product whose versions the requirements of the protocol speak of; empty if of none."""
    first_topics: tuple[str, ...]
    """Topics whose tests still tell something when no ordinary client gets in."""
    knock: Callable[[str, Any], None]
    """Let a client in at an endpoint, for the target of a name. Raises TargetError."""
    check_answers: Callable[[str, Any], None]
    """Ask what no broker can be tested without. Raises TargetError."""
    probe: Callable[[Target], Identity]
    """Identify the broker and fill in `target.capabilities.probed`. Raises TargetError."""
    tester: Callable[[Target, str, Any, float, float], Tester]
    """A client for one test."""
    parse_url: Callable[[str], Address]
    """The endpoint that a URL names; its scheme is the protocol. Raises UsageError."""
    describe: Callable[[Any], Mapping[str, str]]
    """An endpoint as a report may tell it."""


DRIVERS: dict[str, Driver] = {
    "amqp": Driver(
        "RabbitMQ",
        ("connection",),
        amqp_readiness.knock,
        amqp_readiness.check_answers,
        amqp_probe.probe,
        AmqpTester,
        parse_amqp_url,
        lambda endpoint: {
            "address": endpoint.address,
            "virtual_host": endpoint.virtual_host,
        },
    ),
    "kafka": Driver(
        "Kafka",
        ("api-versions", "wire"),
        kafka_readiness.knock,
        kafka_readiness.check_answers,
        kafka_readiness.probe,
        KafkaTester,
        parse_kafka_url,
        lambda endpoint: {"bootstrap": endpoint.address},
    ),
    "patterns": Driver(
        "",
        (),
        patterns_readiness.knock,
        patterns_readiness.knock,
        patterns_readiness.probe,
        PatternTester,
        patterns_readiness.parse_url,
        lambda endpoint: {"library": endpoint.address},
    ),
}
"""By protocol, as in ids of requirements."""
