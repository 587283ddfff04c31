"""What tests about one queue do again and again."""

from __future__ import annotations

from conformance import expect
from conformance.drivers.amqp.client import Channel, Message
from conformance.drivers.amqp.tester import AmqpTester

REQUEUING = ("nack", "reject")
"""Methods that give a message back."""

SETTLING = ("ack", "nack", "reject")
"""Methods that name a delivery tag."""


def fill(amqp: AmqpTester, queue: str, count: int) -> list[str]:
    """Publish "m1", "m2", ... and return these bodies; the queue has them when this returns."""
    bodies = [f"m{number}" for number in range(1, count + 1)]
    for body in bodies:
        amqp.admin.publish("", queue, body)
    amqp.admin.ready(queue)
    return bodies


def hold(channel: Channel, queue: str, count: int) -> list[Message]:
    """Take messages with basic.get and leave them unacknowledged."""
    return [take(channel, queue) for _ in range(count)]


def take(channel: Channel, queue: str, *, ack: bool = True) -> Message:
    """Get one message, which must be there."""
    message = channel.get(queue, ack=ack)
    expect.true(message is not None, "a message", "get-empty", f"basic.get from {queue}")
    assert message is not None
    return message


def settle(channel: Channel, method: str, tag: int, *, requeue: bool = True) -> None:
    """basic.ack, basic.nack or basic.reject for one tag."""
    if method == "ack":
        channel.ack(tag)
    elif method == "nack":
        channel.nack(tag, requeue=requeue)
    else:
        channel.reject(tag, requeue=requeue)


def await_ready(amqp: AmqpTester, queue: str, count: int, within_s: float | None = None) -> None:
    """Wait until exactly `count` messages are ready."""
    expect.eventually(
        lambda: amqp.admin.ready(queue) == count,
        f"{count} ready messages",
        within_s,
        observed=lambda: f"{amqp.admin.ready(queue)} ready messages",
    )


def await_consumers(amqp: AmqpTester, queue: str, count: int) -> None:
    """Wait until a queue has exactly `count` consumers."""
    expect.eventually(
        lambda: amqp.admin.declare_queue(queue, passive=True).consumer_count == count,
        f"{count} consumers",
    )


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


def flags(messages: list[Message]) -> list[tuple[str, bool]]:
    """Each message with its redelivered flag."""
    return [(message.text, message.redelivered) for message in messages]
