"""Exclusive queues: one connection has them, and they go with it."""

from collections.abc import Callable

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import exchange_exists, is_forgotten, queue_exists

Attempt = Callable[[Channel, str, str], object]
"""An operation on a queue that is bound to an exchange with the key "bound"."""

ATTEMPTS: dict[str, Attempt] = {
    "declare": lambda channel, queue, _: channel.declare_queue(queue, exclusive=True),
    "bind": lambda channel, queue, exchange: channel.bind(queue, exchange, "new"),
    "unbind": lambda channel, queue, exchange: channel.unbind(queue, exchange, "bound"),
    "get": lambda channel, queue, _: channel.get(queue, ack=False),
    "purge": lambda channel, queue, _: channel.purge(queue),
    "consume": lambda channel, queue, _: channel.consume(queue),
    "delete": lambda channel, queue, _: channel.delete_queue(queue),
}


@requirement("amqp.topology.queue-exclusive-locked")
def test_other_connections_are_refused(amqp: AmqpTester) -> None:
    exchange, stranger = amqp.exchange(), amqp.connect()
    for name, attempt in ATTEMPTS.items():
        queue = amqp.bound_queue(exchange, "bound")
        amqp.admin.publish("", queue, "kept")
        amqp.admin.barrier()
        with expect.channel_error(405):
            attempt(stranger.channel(), queue, exchange)
        amqp.admin.publish(exchange, "new", "by a binding that was refused")
        amqp.admin.publish(exchange, "bound", "still bound")
        expect.equal(amqp.bodies(queue), ["kept", "still bound"], f"messages after {name} failed")


@requirement("amqp.topology.queue-exclusive-locked-passive")
def test_other_connections_may_not_even_look(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    with expect.channel_error(405):
        amqp.connect().channel().declare_queue(queue, passive=True)


@requirement("amqp.topology.queue-exclusive-owner")
def test_every_channel_of_the_owner_may_use_it(amqp: AmqpTester) -> None:
    exchange = amqp.exchange()
    queue = amqp.bound_queue(exchange, "bound")
    for attempt in ATTEMPTS.values():
        attempt(amqp.channel(), queue, exchange)


@requirement("amqp.topology.queue-exclusive-server-named")
def test_server_named_queue_is_private_too(amqp: AmqpTester) -> None:
    owner, other = amqp.connect(), amqp.connect()
    queue = owner.channel().declare_queue(exclusive=True).queue
    with expect.channel_error(405):
        other.channel().consume(queue)
    owner.close()
    expect.eventually(
        lambda: not queue_exists(amqp, queue), "the end of the closed connection's queue"
    )


@requirement("amqp.topology.queue-exclusive-published-by-others")
def test_everybody_may_publish_to_an_exclusive_queue(amqp: AmqpTester) -> None:
    exchange = amqp.exchange()
    queue = amqp.bound_queue(exchange, "key")
    stranger = amqp.connect().channel()
    stranger.publish("", queue, "by its name")
    stranger.publish(exchange, "key", "through an exchange")
    stranger.barrier()
    received = amqp.channel().consume(queue, ack=False).expect(2)
    expect.equal([message.text for message in received], ["by its name", "through an exchange"])


@requirement("amqp.topology.queue-exclusive-ends-with-close")
@holds_for(cost=2, auto_delete=st.booleans(), messages=st.integers(0, 2), consumed=st.booleans())
def test_queue_is_gone_when_its_connection_is_closed(
    amqp: AmqpTester, auto_delete: bool, messages: int, consumed: bool
) -> None:
    owner, exchange = amqp.connect(), amqp.exchange("fanout")
    channel = owner.channel()
    queue = channel.declare_queue(amqp.queue_name(), exclusive=True, auto_delete=auto_delete).queue
    channel.bind(queue, exchange)
    for number in range(messages):
        channel.publish(exchange, "", str(number))
    if consumed:
        channel.consume(queue)
    owner.close()
    expect.eventually(lambda: is_forgotten(amqp, queue), "the end of the closed connection's queue")
    amqp.admin.declare_queue(queue, exclusive=True)
    amqp.admin.publish(exchange, "", "by the binding of the old queue")
    expect.equal(amqp.bodies(queue), [], "messages in a new queue of that name")


@requirement("amqp.topology.queue-exclusive-gone-at-close-ok")
def test_queue_is_gone_at_close_ok(amqp: AmqpTester) -> None:
    owner, queue = amqp.connect(), amqp.queue_name()
    owner.channel().declare_queue(queue, exclusive=True)
    owner.close()
    expect.equal(queue_exists(amqp, queue), False, "queue after connection.close-ok")


@requirement("amqp.topology.queue-exclusive-ends-with-socket")
@holds_for(cost=2, consumed=st.booleans())
def test_queue_is_gone_when_its_connection_is_cut(amqp: AmqpTester, consumed: bool) -> None:
    owner, queue = amqp.connect(), amqp.queue_name()
    channel = owner.channel()
    channel.declare_queue(queue, exclusive=True)
    if consumed:
        channel.consume(queue)
    owner.drop()
    expect.eventually(lambda: is_forgotten(amqp, queue), "the end of the cut connection's queue")


@requirement("amqp.topology.queue-exclusive-outlives-channel")
def test_queue_outlives_the_channel_that_declared_it(amqp: AmqpTester) -> None:
    declaring, failing = amqp.channel(), amqp.channel()
    queues = [amqp.queue_name(), amqp.queue_name()]
    for channel, queue in zip((declaring, failing), queues, strict=True):
        channel.declare_queue(queue, exclusive=True)
        channel.publish("", queue, queue)
        channel.barrier()
    declaring.close()
    with expect.channel_error(404):
        failing.purge(amqp.queue_name())
    expect.equal([amqp.bodies(queue) for queue in queues], [[queue] for queue in queues])


@requirement("amqp.topology.queue-exclusive-outlives-consumers")
def test_exclusive_does_not_mean_auto_delete(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    amqp.admin.cancel(amqp.admin.consume(queue))
    closing = amqp.channel()
    closing.consume(queue)
    closing.close()
    expect.equal(queue_exists(amqp, queue), True, "queue after the loss of its last consumer")


@requirement("amqp.topology.queue-lasting-outlives-connection")
def test_other_queues_outlive_their_connection(amqp: AmqpTester) -> None:
    queue, exchange = amqp.queue_name(), amqp.exchange_name()
    declaring = amqp.connect()
    channel = declaring.channel()
    channel.declare_queue(queue, durable=True)
    channel.declare_exchange(exchange, "fanout")
    channel.bind(queue, exchange)
    channel.publish(exchange, "", "kept")
    channel.barrier()
    declaring.close()
    expect.equal(exchange_exists(amqp, exchange), True, "exchange after its connection has ended")
    amqp.admin.publish(exchange, "", "still bound")
    expect.equal(amqp.bodies(queue), ["kept", "still bound"])
