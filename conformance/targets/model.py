"""What every broker under test offers to the kit."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from conformance.errors import UsageError

if TYPE_CHECKING:
    from conformance.drivers.amqp.endpoint import Endpoint
    from conformance.drivers.kafka.endpoint import KafkaEndpoint

FEATURES: dict[str, dict[str, str]] = {
    "amqp": {
        "alternate-exchange": "exchanges with an alternate exchange",
        "cc-bcc": "routing keys in CC and BCC headers",
        "classic-queues": "queues with the semantics of RabbitMQ's classic queues",
        "confirms": "publisher confirms",
        "consumer-cancel-notify": "basic.cancel from the broker",
        "consumer-priority": "consumers with x-priority",
        "dead-letter": "queues with a dead-letter exchange",
        "direct-reply-to": "amq.rabbitmq.reply-to",
        "exchange-bindings": "bindings from exchange to exchange",
        "length-limit": "queues with a length limit",
        "message-ttl": "messages and queues with a time to live",
        "nack": "basic.nack",
        "priority-queues": "queues with x-max-priority",
        "queue-expiry": "queues with x-expires",
        "quorum-queues": "queues of type quorum",
        "single-active-consumer": "queues with x-single-active-consumer",
        "streams": "queues of type stream",
        "tx": "the tx class",
    },
    "kafka": {
        "auto-create-topics": "a topic that a client asks for by Metadata is created",
        "idempotence": "producer ids, and batches that are recognised when they are repeated",
        "topic-settings": "topics created by clients, with partitions and settings of their own",
        "transactions": "transactional ids, and records that count once they are committed",
    },
    "patterns": {},
}
"""Features by protocol: a target has them unless its descriptor says otherwise."""

CONTROLS = {
    "restart": "the kit can stop the broker and start it again with its data",
    "kill": "the kit can end the broker with SIGKILL and start it again with its data",
    "alarm": "the kit can raise and clear the memory alarm",
    "vhosts": "the kit can create virtual hosts",
    "users": "the kit can create users with permissions",
}
"""What the kit can do to a target; declared by the kind of target, never assumed."""


@dataclass(frozen=True)
class Identity:
    """What a running broker says of itself."""

    product: str
    version: str


class Address(Protocol):
    """Where a broker listens for one protocol; the protocol's driver knows the rest."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    @property
    def address(self) -> str: ...


@dataclass
class Capabilities:
    """Declared before the run, probed at its start; the difference is reported.

    What is declared decides what is tested, so that a broken feature cannot hide behind a failed
    probe.
    """

    declared: dict[str, bool]
    probed: dict[str, bool] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return self.declared.get(name, False)

    def disagreements(self) -> list[str]:
        """One sentence for each capability that the probe found otherwise than declared."""
        sentences = []
        for name, found in sorted(self.probed.items()):
            if self.has(name) and not found:
                sentences.append(f"{name} is declared, but the broker refuses it")
            elif found and not self.has(name):
                sentences.append(f"{name} is declared absent, but the broker offers it")
        return sentences


class Target(abc.ABC):
    """A broker under test. `start` makes it reachable, `stop` undoes that, also after a failure.

    Subclasses set `name` (for reports), `protocols` and `capabilities` when they are made, and
    `endpoints`, by protocol, when they are started.
    """

    name: str
    protocols: tuple[str, ...]
    capabilities: Capabilities

    #: Product whose versions the requirements speak of, if it is known before it is reached.
    product: str | None = None

    #: Version of the product, if whoever starts it knows more than the broker tells.
    version: str | None = None

    #: Whether each worker of a run may start one of its own, or use the same one beside others.
    side_by_side = True

    lacks: Mapping[str, str] = MappingProxyType({})
    """What it is known not to serve, in words, by protocol."""

    endpoints: Mapping[str, Address] = MappingProxyType({})
    """Where clients connect, by protocol; only between `start` and `stop`."""

    def endpoint(self, protocol: str) -> Any:
        """Where clients of a protocol connect. Raises UsageError if it is not served."""
        if protocol not in self.endpoints:
            raise UsageError(f"target {self.name} does not serve {protocol}")
        return self.endpoints[protocol]

    @property
    def amqp(self) -> Endpoint:
        """Where AMQP clients connect. Raises UsageError."""
        found: Endpoint = self.endpoint("amqp")
        return found

    @property
    def kafka(self) -> KafkaEndpoint:
        """Where Kafka clients connect. Raises UsageError."""
        found: KafkaEndpoint = self.endpoint("kafka")
        return found

    def check(self) -> None:  # noqa: B027  most targets need nothing
        """Raise UsageError if something that `start` needs is not there; starts nothing."""

    @abc.abstractmethod
    def start(self) -> None:
        """Make the broker reachable. Raises TargetError."""

    @abc.abstractmethod
    def stop(self) -> None:
        """Give everything back. May be called at any time, and more than once."""

    def describe(self) -> Mapping[str, Any]:
        """How it was started: everything that a reader of a report should know."""
        return {}

    # -- controls, for targets that declare them ------------------------------------------------

    def restart(self, *, kill: bool = False) -> None:
        """Stop (or SIGKILL) the broker and start it again on the same address and data."""
        raise NotImplementedError(f"{self.name} cannot be restarted")

    def set_alarm(self, active: bool) -> None:
        """Raise or clear the memory alarm."""
        raise NotImplementedError(f"{self.name} has no alarm control")

    def create_vhost(self, name: str) -> None:
        """Create a virtual host that the target's user may use."""
        raise NotImplementedError(f"{self.name} cannot create virtual hosts")

    def create_user(self, name: str, password: str, configure: str, write: str, read: str) -> None:
        """Create a user with permissions in the target's virtual host."""
        raise NotImplementedError(f"{self.name} cannot create users")


def all_features(protocols: tuple[str, ...]) -> dict[str, bool]:
    """Every feature of the protocols, declared present."""
    return {name: True for protocol in protocols for name in FEATURES[protocol]}
