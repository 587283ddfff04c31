"""Ways to make a message die at once, and what can be read about its deaths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance import expect
from conformance.drivers.amqp.client import Channel, Message
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import Mismatch
from conformance.models.amqp_deaths import EXPIRED, MAXLEN, REJECTED

REASONS = (REJECTED, EXPIRED, MAXLEN)

AT_ONCE: Mapping[str, Mapping[str, int]] = {
    REJECTED: {},
    EXPIRED: {"x-message-ttl": 0},
    MAXLEN: {"x-max-length": 0},
}
"""Arguments of a queue where messages die at once of a reason; a rejection needs a client."""


def deadly_queue(
    amqp: AmqpTester, reason: str, exchange: str, key: str | None = None, **arguments: Any
) -> str:
    """Declare a queue for deaths of one reason, with its dead-letter exchange and key."""
    fate = {"x-dead-letter-exchange": exchange, **AT_ONCE[reason], **arguments}
    if key is not None:
        fate["x-dead-letter-routing-key"] = key
    return amqp.queue(arguments=fate)


def bury(channel: Channel, queue: str, reason: str) -> None:
    """Let the one message in `queue` die; when this returns, it has left for good.

    What a queue answers to basic.get comes after everything it was told or has sent before.
    """
    if reason == REJECTED:
        channel.reject(channel.take(queue).tag, requeue=False)
    expect.equal(channel.get(queue), None, "left in the queue where it died")


def kill(
    amqp: AmqpTester, queue: str, reason: str, body: str = "dead", properties: Any = None
) -> None:
    """Publish a message into `queue` and let it die there."""
    channel = amqp.admin
    channel.publish("", queue, body, properties)
    bury(channel, queue, reason)


def x_death(message: Message) -> list[dict[str, Any]]:
    """The x-death header, which must be an array of tables that say queue, reason and count."""
    deaths = message.headers.get("x-death")
    if not isinstance(deaths, list) or not deaths:
        raise Mismatch("an array of tables", repr(deaths), f"x-death of {message.text!r}")
    for death in deaths:
        if not isinstance(death, dict) or not {"queue", "reason", "count"} <= death.keys():
            raise Mismatch("queue, reason and count", repr(death), "an entry of x-death")
    return deaths


def death_count(message: Message, queue: str, reason: str) -> int:
    """How often the message says it died in `queue` of `reason`; 0 without such an entry."""
    if "x-death" not in message.headers:
        return 0
    counts = [d["count"] for d in x_death(message) if (d["queue"], d["reason"]) == (queue, reason)]
    return int(sum(counts))


def one(messages: list[Message]) -> Message:
    """The only one of them."""
    expect.equal(len(messages), 1, "dead letters")
    return messages[0]
