"""Exclusive consumers: one alone, or not at all."""

import pytest

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.suites.delivery.steps import await_consumers, fill, take, texts


@requirement("amqp.delivery.exclusive-consumer-is-refused-beside-others")
def test_a_second_consumer_cannot_be_exclusive(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    consumer = amqp.channel().consume(queue)
    refused = amqp.channel()
    with expect.channel_error(403):
        refused.consume(queue, exclusive=True)
    bodies = fill(amqp, queue, 3)
    expect.equal(texts(consumer.expect(3)), bodies, "what the first consumer gets")


@requirement("amqp.delivery.exclusive-consumer-shuts-others-out")
def test_nobody_joins_an_exclusive_consumer(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    consumer = amqp.channel().consume(queue, exclusive=True)
    elsewhere = amqp.connect()
    for exclusive in (False, True):
        for connection in (amqp.connection, elsewhere):
            refused = connection.channel()
            with expect.channel_error(403):
                refused.consume(queue, exclusive=exclusive)
    bodies = fill(amqp, queue, 3)
    expect.equal(texts(consumer.expect(3)), bodies, "what the exclusive consumer gets")


@requirement("amqp.delivery.cancelled-exclusive-consumer-lets-others-in")
def test_others_follow_a_cancelled_exclusive_consumer(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    channel.cancel(channel.consume(queue, exclusive=True))
    channel.cancel(channel.consume(queue, exclusive=True))
    consumers = [channel.consume(queue), channel.consume(queue)]
    fill(amqp, queue, 2)
    for consumer in consumers:
        consumer.expect(1)


@requirement("amqp.delivery.closed-exclusive-consumer-lets-others-in")
@pytest.mark.parametrize("end", ["channel closed", "connection closed", "connection lost"])
def test_others_follow_an_exclusive_consumer_that_is_gone(amqp: AmqpTester, end: str) -> None:
    queue = amqp.queue(durable=True)
    channel = amqp.connect().channel()
    channel.consume(queue, exclusive=True)
    if end == "channel closed":
        channel.close()
    elif end == "connection closed":
        channel.connection.close()
    else:
        channel.connection.drop()
    await_consumers(amqp, queue, 0)
    consumer = amqp.channel().consume(queue, exclusive=True)
    bodies = fill(amqp, queue, 1)
    expect.equal(texts(consumer.expect(1)), bodies)


@requirement("amqp.delivery.get-beside-an-exclusive-consumer")
def test_get_takes_what_an_exclusive_consumer_has_no_room_for(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 2)
    channel = amqp.channel()
    channel.qos(1)
    channel.consume(queue, exclusive=True).expect(1)
    expect.equal(take(amqp.channel(), queue).text, "m2")
