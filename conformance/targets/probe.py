"""What a running broker says of itself, and which declared features show at all.

A probe only asks whether a feature is there; whether it works is what the suite decides. A probe
that disagrees with the declaration is reported; it never changes what is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.drivers.amqp.client import Connection
from conformance.errors import BrokenPromise, ChannelClosed, ConnectionClosed
from conformance.targets.model import Capabilities, Identity, Target
from conformance.targets.readiness import open_once


def identify(connection: Connection) -> Identity:
    """Product and version as connection.start announces them."""
    properties = connection.server_properties
    return Identity(str(properties.get("product", "")), str(properties.get("version", "")))


def probe(target: Target) -> Identity:
    """Connect, identify the broker and fill in `target.capabilities.probed`.

    Raises TargetError if the broker cannot be reached or does not answer.
    """
    connection = open_once(target.name, target.amqp)
    client = connection.client
    try:
        identity = identify(connection)
        announced = connection.server_properties.get("capabilities", {})
        probed = target.capabilities.probed
        probed["confirms"] = bool(announced.get("publisher_confirms"))
        probed["nack"] = bool(announced.get("basic.nack"))
        probed["exchange-bindings"] = bool(announced.get("exchange_exchange_bindings"))
        probed["consumer-cancel-notify"] = bool(announced.get("consumer_cancel_notify"))
        for name, arguments in QUEUE_ARGUMENTS.items():
            probed[name] = _declares(connection, client.connect, arguments, name)
        probed["tx"] = _works(client.connect, lambda c: c.channel().tx_select())
        return identity
    finally:
        client.close()


QUEUE_ARGUMENTS: dict[str, Mapping[str, Any]] = {
    "dead-letter": {"x-dead-letter-exchange": "amq.direct"},
    "length-limit": {"x-max-length": 1},
    "message-ttl": {"x-message-ttl": 1000},
    "priority-queues": {"x-max-priority": 5},
    "queue-expiry": {"x-expires": 60_000},
    "single-active-consumer": {"x-single-active-consumer": True},
    "quorum-queues": {"x-queue-type": "quorum"},
    "streams": {"x-queue-type": "stream"},
}
"""Features that show in the arguments that a queue is declared with: a broker without the feature
refuses a value of the wrong type just as little as a right one."""


def _declares(
    connection: Connection,
    connect: Callable[[], Connection],
    arguments: Mapping[str, Any],
    feature: str,
) -> bool:
    """Whether a queue with these arguments can be declared; it is deleted again."""
    replicated = feature in ("quorum-queues", "streams")
    name = f"tck-probe-{feature}-{id(connection):x}"

    def declare(fresh: Connection) -> None:
        channel = fresh.channel()
        channel.declare_queue(
            name, durable=replicated, exclusive=not replicated, arguments=arguments
        )
        channel.delete_queue(name)

    return _works(connect, declare)


def _works(connect: Callable[[], Connection], action: Callable[[Connection], object]) -> bool:
    """Whether an action on a connection of its own is not refused."""
    connection = connect()
    try:
        action(connection)
    except (ChannelClosed, ConnectionClosed):
        return False
    except BrokenPromise:
        return False
    finally:
        connection.drop()
    return True


def disagreements(capabilities: Capabilities) -> list[str]:
    """One sentence for each capability that the probe found otherwise than declared."""
    sentences = []
    for name, (declared, found) in sorted(capabilities.disagreements().items()):
        if declared:
            sentences.append(f"{name} is declared, but the broker refuses it")
        else:
            sentences.append(f"{name} is declared absent, but the broker offers it")
        assert declared != found
    return sentences
