"""The ways in which a channel ends without a commit, and how to see what it gives back."""

from __future__ import annotations

from collections.abc import Callable

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester


def _close(channel: Channel) -> None:
    channel.close()


def _cut(channel: Channel) -> None:
    channel.connection.drop()


def _fail(channel: Channel) -> None:
    with expect.channel_error(404):
        channel.declare_queue("no such queue", passive=True)


ENDS: dict[str, Callable[[Channel], None]] = {
    "channel.close": _close,
    "loss of the connection": _cut,
    "an error": _fail,
}


def tx_channel(amqp: AmqpTester) -> Channel:
    """A transactional channel on a connection of its own, which may be cut."""
    channel = amqp.connect().channel()
    channel.tx_select()
    return channel


def filled_queue(amqp: AmqpTester, *bodies: str, dead_letters: str = "") -> str:
    """A queue with messages; with the name of a queue for its dead letters, if wanted."""
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead_letters}
    queue = amqp.queue(durable=True, arguments=arguments if dead_letters else None)
    for body in bodies:
        amqp.admin.publish("", queue, body)
    amqp.admin.barrier()
    return queue


def take(channel: Channel, queue: str, *bodies: str) -> None:
    """Get messages one by one, without settling them."""
    for body in bodies:
        message = channel.get(queue)
        expect.equal(message and message.text, body, "what a get brings")


def expect_back(amqp: AmqpTester, queue: str, bodies: list[str], after: str) -> None:
    """Exactly these messages must become ready, in this order, flagged redelivered."""
    expect.eventually(
        lambda: amqp.admin.ready(queue) >= len(bodies),
        f"{bodies} in the queue after {after}",
        observed=lambda: f"{amqp.admin.ready(queue)} messages",
    )
    found = [(message.text, message.redelivered) for message in amqp.admin.drain(queue)]
    expect.equal(found, [(body, True) for body in bodies], f"after {after}")
