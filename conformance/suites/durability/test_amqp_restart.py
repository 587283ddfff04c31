"""What a clean restart leaves."""

import time

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

TRANSIENT, PERSISTENT = 1, 2

CLOCK_S = 0.005
"""How far the clocks of broker and kit may be apart within a second: brokers count milliseconds."""


def mode(delivery_mode: int, **more: object) -> pika.BasicProperties:
    return pika.BasicProperties(delivery_mode=delivery_mode, **more)


def fill(amqp: AmqpTester, queue: str, bodies: list[str]) -> None:
    """Publish persistent messages and wait for their confirms."""
    channel = amqp.channel()
    channel.select_confirms()
    for body in bodies:
        channel.publish("", queue, body, mode(PERSISTENT))
    channel.wait_confirms(len(bodies))


@requirement("amqp.durability.entities-survive-restart")
def test_durable_exchange_queue_and_binding_still_route(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("direct", durable=True)
    bound, unbound = amqp.queue(durable=True), amqp.queue(durable=True)
    amqp.admin.bind(bound, exchange, "key")
    amqp.admin.bind(unbound, exchange, "key")
    amqp.admin.unbind(unbound, exchange, "key")
    amqp.restart()
    amqp.admin.declare_exchange(exchange, passive=True)
    amqp.admin.publish(exchange, "key", "routed")
    expect.equal(amqp.bodies(bound), ["routed"], "messages in the bound queue")
    expect.equal(amqp.bodies(unbound), [], "messages in the queue unbound before the restart")


@requirement("amqp.durability.transient-exchange-vanishes")
def test_transient_exchange_is_gone(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("direct", durable=False)
    amqp.restart()
    with expect.channel_error(404):
        amqp.channel().declare_exchange(exchange, passive=True)


@requirement("amqp.durability.exclusive-queue-vanishes")
def test_exclusive_queues_are_gone(amqp: AmqpTester) -> None:
    queues = [amqp.queue_name(), amqp.queue_name()]
    for queue, durable in zip(queues, (True, False), strict=True):
        amqp.admin.declare_queue(queue, durable=durable, exclusive=True)
    amqp.restart()
    for queue in queues:
        with expect.channel_error(404):
            amqp.channel().declare_queue(queue, passive=True)


@requirement("amqp.durability.persistent-messages-survive-restart")
@holds_for(cost=20, modes=st.permutations([TRANSIENT, PERSISTENT] * 4))
def test_exactly_the_persistent_messages_survive(amqp: AmqpTester, modes: list[int]) -> None:
    queue = amqp.queue(durable=True)
    publisher = amqp.channel()
    publisher.select_confirms()
    for number, delivery_mode in enumerate(modes):
        properties = mode(delivery_mode, message_id=f"id{number}", headers={"n": number})
        publisher.publish("", queue, f"m{number}", properties)
    publisher.wait_confirms(len(modes))
    amqp.restart()
    survivors = amqp.admin.drain(queue)
    expected = [f"m{n}" for n, delivery_mode in enumerate(modes) if delivery_mode == PERSISTENT]
    expect.equal([message.text for message in survivors], expected, "survivors in order")
    for message in survivors:
        expect.equal(message.properties.message_id, f"id{message.text[1:]}", "a message id")
        expect.equal(dict(message.headers), {"n": int(message.text[1:])}, "headers")


@requirement("amqp.durability.unacknowledged-come-back")
def test_unacknowledged_messages_are_redelivered(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    fill(amqp, queue, ["consumed", "got", "ready"])
    channel = amqp.channel()
    channel.qos(1)
    channel.consume(queue).expect(1)
    expect.true(channel.get(queue) is not None, "a message", None)
    amqp.restart()
    back = amqp.admin.drain(queue)
    expect.equal([message.text for message in back], ["consumed", "got", "ready"])
    expect.equal([message.redelivered for message in back[:2]], [True, True], "redelivered flags")


@requirement("amqp.durability.acknowledged-stay-away")
def test_acknowledged_messages_do_not_come_back(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    fill(amqp, queue, ["auto", "acked", "rejected", "kept"])
    channel = amqp.channel()
    channel.get(queue, ack=False)
    for settle in (channel.ack, lambda tag: channel.reject(tag, requeue=False)):
        message = channel.get(queue)
        assert message is not None
        settle(message.tag)
    channel.barrier()
    amqp.restart()
    expect.equal(amqp.bodies(queue), ["kept"])


@requirement("amqp.durability.arguments-stay-effective")
def test_length_limit_and_dead_letters_still_work(amqp: AmqpTester) -> None:
    dead = amqp.queue(durable=True)
    arguments = {
        "x-max-length": 1,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead,
    }
    queue = amqp.queue(durable=True, arguments=arguments)
    fill(amqp, queue, ["first"])
    amqp.restart()
    amqp.admin.declare_queue(queue, durable=True, arguments=arguments)
    fill(amqp, queue, ["second"])
    expect.equal(amqp.bodies(queue), ["second"], "the limited queue")
    expect.eventually(lambda: amqp.admin.ready(dead) == 1, "the first message dead-lettered")
    expect.equal(amqp.bodies(dead), ["first"], "the dead-letter queue")


@requirement("amqp.durability.ttl-keeps-running")
def test_ttl_runs_while_the_broker_is_down(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    channel = amqp.channel()
    channel.select_confirms()
    published_s = time.monotonic()
    channel.publish_confirmed("", queue, "short", mode(PERSISTENT, expiration="1000"))
    channel.publish_confirmed("", queue, "long", mode(PERSISTENT, expiration="600000"))
    amqp.restart()
    expect.eventually(
        lambda: amqp.admin.ready(queue) == 1,
        "only the message with ten minutes to live",
        observed=lambda: f"{amqp.admin.ready(queue)} messages",
    )
    lived_s = time.monotonic() - published_s
    expect.at_least(lived_s, 1.0 - CLOCK_S, "seconds that a message with one to live lived")
    expect.equal(amqp.bodies(queue), ["long"])


@requirement("amqp.durability.clients-are-told")
def test_a_connected_client_sees_the_end(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    amqp.restart()
    frames = raw.expect_eof()
    closes = [f.method.reply_code for f in frames if hasattr(f, "method")]
    expect.true(closes in ([], [320]), "connection.close 320, or nothing but the end", closes)


@requirement("amqp.durability.queue-keeps-until-consumed")
def test_messages_stay_over_two_restarts_until_they_are_consumed(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    fill(amqp, queue, ["a", "b"])
    for _ in range(2):
        amqp.restart()
        expect.equal(amqp.admin.ready(queue), 2, "messages after a restart")
    expect.equal(amqp.bodies(queue), ["a", "b"])
    expect.equal(amqp.admin.ready(queue), 0, "messages once they are consumed")
