"""How the tests of this topic look at a broker: what exists, what is routed, what is ready."""

from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import ChannelClosed


def exchange_exists(amqp: AmqpTester, name: str) -> bool:
    """Whether a passive declare finds the exchange; any refusal but 404 is raised."""
    try:
        amqp.admin.declare_exchange(name, passive=True)
    except ChannelClosed as error:
        if error.code != 404:
            raise
        return False
    return True


def queue_exists(amqp: AmqpTester, name: str) -> bool:
    """Whether a passive declare finds the queue, which may be another connection's own (405)."""
    try:
        amqp.admin.declare_queue(name, passive=True)
    except ChannelClosed as error:
        if error.code not in (404, 405):
            raise
        return error.code == 405
    return True


def is_forgotten(amqp: AmqpTester, queue: str) -> bool:
    """Whether nothing is left of a queue: a different one may be declared, and is deleted again.

    That is more than not to exist: RabbitMQ 4.3 answers a passive declare of a queue whose process
    has ended with 404 while its record, with its bindings, is still there for a moment.
    """
    try:
        amqp.admin.declare_queue(queue, exclusive=True, arguments={"x-max-length": 1})
    except ChannelClosed as error:
        if error.code not in (405, 406):
            raise
        return False
    amqp.admin.delete_queue(queue)
    return True


def is_routed(channel: Channel, exchange: str, key: str, queue: str) -> bool:
    """Whether a message published now arrives in the queue, which must be empty."""
    channel.publish(exchange, key, "is it routed?")
    return bool(channel.drain(queue))


def fill(channel: Channel, queue: str, count: int) -> list[str]:
    """Put messages into an empty queue and return their bodies.

    A further message before them is taken out again: the queue answers when all have arrived,
    which a count of ready messages would not wait for.
    """
    bodies = [f"message {number}" for number in range(1, count + 1)]
    for body in ("taken at once", *bodies):
        channel.publish("", queue, body)
    channel.get(queue, ack=False)
    return bodies
