"""What a running broker says of itself, and which declared features show at all.

A probe only asks whether a feature is there; whether it works is what the suite decides. A probe
that disagrees with the declaration is reported; it never changes what is tested.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from conformance.drivers.amqp.client import Channel, Connection
from conformance.drivers.amqp.readiness import check_answers, open_once
from conformance.errors import ChannelClosed, ConnectionClosed, NoAnswer
from conformance.targets.model import Identity, Target

PROBE_WITHIN_S = 5.0
"""How long one probe may take; see ANSWER_WITHIN_S of the client."""


def identify(connection: Connection) -> Identity:
    """Product and version as connection.start announces them."""
    properties = connection.server_properties
    return Identity(str(properties.get("product", "")), str(properties.get("version", "")))


def probe(target: Target) -> Identity:
    """Connect, identify the broker and fill in `target.capabilities.probed`.

    Raises TargetError if the broker cannot be reached or does not answer.
    """
    check_answers(target.name, target.amqp)
    connection = open_once(target.name, target.amqp)
    client = connection.client
    try:
        identity = identify(connection)
        announced = connection.server_properties.get("capabilities")
        announced = announced if isinstance(announced, Mapping) else {}
        probed = target.capabilities.probed
        probed["confirms"] = bool(announced.get("publisher_confirms"))
        probed["nack"] = bool(announced.get("basic.nack"))
        probed["exchange-bindings"] = bool(announced.get("exchange_exchange_bindings"))
        probed["consumer-cancel-notify"] = bool(announced.get("consumer_cancel_notify"))
        try:
            for name, arguments in QUEUE_ARGUMENTS.items():
                probed[name] = _declares(target, arguments, name)
            probed["tx"] = _works(target, lambda channel: channel.tx_select())
        except NoAnswer:
            pass  # the rest stays unknown: each probe would take as long again
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


def _declares(target: Target, arguments: Mapping[str, Any], feature: str) -> bool:
    """Whether a queue with these arguments can be declared; it is deleted again."""
    replicated = feature in ("quorum-queues", "streams")
    name = f"tck-probe-{feature}-{secrets.token_hex(4)}"

    def declare(channel: Channel) -> None:
        channel.declare_queue(
            name, durable=replicated, exclusive=not replicated, arguments=arguments
        )
        channel.delete_queue(name)

    return _works(target, declare)


def _works(target: Target, action: Callable[[Channel], object]) -> bool:
    """Whether an action on a channel of a connection of its own is not refused."""
    connection = open_once(target.name, target.amqp)
    connection.client.deadline_s = time.monotonic() + PROBE_WITHIN_S
    try:
        action(connection.channel())
    except (ChannelClosed, ConnectionClosed):
        return False
    finally:
        connection.client.close()
    return True
