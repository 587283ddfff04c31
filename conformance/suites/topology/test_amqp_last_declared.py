"""The empty queue name: it means the queue that the channel declared last."""

from collections.abc import Callable

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import is_routed, queue_exists

WAYS: dict[str, Callable[[Channel, str], object]] = {
    "redeclared": lambda channel, queue: channel.declare_queue(queue, exclusive=True),
    "passively": lambda channel, queue: channel.declare_queue(queue, passive=True),
}
"""How a channel comes to know a queue that exists."""


def last_declared(amqp: AmqpTester, way: str) -> tuple[Channel, str]:
    """A channel that knew another queue before, and the queue that it declared last."""
    queue = amqp.queue()
    channel = amqp.channel()
    channel.declare_queue(amqp.queue_name(), exclusive=True)
    WAYS[way](channel, queue)
    amqp.admin.declare_queue(amqp.queue_name(), exclusive=True)
    return channel, queue


@requirement("amqp.topology.last-declared-get")
@holds_for(way=st.sampled_from(sorted(WAYS)))
def test_get(amqp: AmqpTester, way: str) -> None:
    channel, queue = last_declared(amqp, way)
    channel.publish("", queue, "the right one")
    message = channel.get("")
    expect.equal(message and message.text, "the right one", "message got")


@requirement("amqp.topology.last-declared-consume")
@holds_for(way=st.sampled_from(sorted(WAYS)))
def test_consume(amqp: AmqpTester, way: str) -> None:
    channel, queue = last_declared(amqp, way)
    consumer = channel.consume("")
    channel.publish("", queue, "the right one")
    expect.equal([message.text for message in consumer.expect(1)], ["the right one"])


@requirement("amqp.topology.last-declared-bind")
@holds_for(way=st.sampled_from(sorted(WAYS)))
def test_bind(amqp: AmqpTester, way: str) -> None:
    channel, queue = last_declared(amqp, way)
    exchange = amqp.exchange()
    channel.bind("", exchange, "key")
    channel.publish(exchange, "key", "the right one")
    expect.equal([message.text for message in channel.drain(queue)], ["the right one"])


@requirement("amqp.topology.last-declared-unbind")
@holds_for(way=st.sampled_from(sorted(WAYS)))
def test_unbind(amqp: AmqpTester, way: str) -> None:
    channel, queue = last_declared(amqp, way)
    exchange = amqp.exchange()
    amqp.admin.bind(queue, exchange, "key")
    channel.unbind("", exchange, "key")
    expect.equal(is_routed(channel, exchange, "key", queue), False, "routing after unbind-ok")


@requirement("amqp.topology.last-declared-purge")
@holds_for(way=st.sampled_from(sorted(WAYS)))
def test_purge(amqp: AmqpTester, way: str) -> None:
    channel, queue = last_declared(amqp, way)
    channel.publish("", queue, "the right one")
    expect.equal(channel.purge(""), 1, "message-count of purge-ok")


@requirement("amqp.topology.last-declared-delete")
@holds_for(way=st.sampled_from(sorted(WAYS)))
def test_delete(amqp: AmqpTester, way: str) -> None:
    channel, queue = last_declared(amqp, way)
    channel.delete_queue("")
    expect.equal(queue_exists(amqp, queue), False, "queue after delete-ok")


@requirement("amqp.topology.last-declared-server-named")
def test_queue_named_by_the_server(amqp: AmqpTester) -> None:
    channel, exchange = amqp.channel(), amqp.exchange()
    channel.declare_queue(amqp.queue_name(), exclusive=True)
    queue = channel.declare_queue(exclusive=True).queue
    channel.bind("", exchange, "key")
    channel.publish(exchange, "key", "the right one")
    expect.equal([message.text for message in channel.drain(queue)], ["the right one"])


@requirement("amqp.topology.last-declared-none")
def test_channel_that_declared_nothing(amqp: AmqpTester) -> None:
    operations: list[Callable[[Channel], object]] = [
        lambda channel: channel.get(""),
        lambda channel: channel.consume(""),
        lambda channel: channel.bind("", "amq.direct", "key"),
        lambda channel: channel.bind("", "amq.direct", ""),
        lambda channel: channel.unbind("", "amq.direct", "key"),
        lambda channel: channel.purge(""),
        lambda channel: channel.delete_queue(""),
    ]
    amqp.admin.declare_queue(amqp.queue_name(), exclusive=True)
    for operation in operations:
        with expect.channel_error(404):
            operation(amqp.channel())


@requirement("amqp.topology.last-declared-key")
def test_empty_queue_and_key_mean_its_name(amqp: AmqpTester) -> None:
    channel, queue = last_declared(amqp, "redeclared")
    exchange = amqp.exchange()
    channel.bind("", exchange, "")
    expect.equal(
        is_routed(channel, exchange, queue, queue), True, "routing by the name of the queue"
    )
    expect.equal(is_routed(channel, exchange, "", queue), False, "routing by the empty key")
    channel.unbind("", exchange, "")
    expect.equal(is_routed(channel, exchange, queue, queue), False, "routing after unbind-ok")


@requirement("amqp.topology.last-declared-key-of-named-queue")
def test_empty_key_of_a_named_queue_is_empty(amqp: AmqpTester) -> None:
    channel, queue = last_declared(amqp, "redeclared")
    exchange = amqp.exchange()
    channel.bind(queue, exchange, "")
    expect.equal(is_routed(channel, exchange, "", queue), True, "routing by the empty key")
    expect.equal(
        is_routed(channel, exchange, queue, queue), False, "routing by the name of the queue"
    )
