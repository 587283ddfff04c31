"""basic.qos with global: one limit for all consumers of a channel, up to RabbitMQ 4.2."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel, Consumer
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.delivery.steps import fill, hold, take


def held_by(channel: Channel, queues: list[str]) -> int:
    """How many deliveries the consumers of a channel have, once all is quiet."""
    for queue in queues:
        channel.ready(queue)
    channel.barrier()
    return sum(len(consumer.received) for consumer in channel.consumers.values())


def await_deliveries(channel: Channel, count: int) -> None:
    """Wait until the consumers of a channel have `count` deliveries together."""
    channel.wait_for(
        lambda: sum(len(c.received) for c in channel.consumers.values()) >= count,
        f"{count} deliveries on the channel",
    )


def deliveries(channel: Channel) -> list[int]:
    """The delivery tags of everything that the consumers of a channel have."""
    consumers = channel.consumers.values()
    return sorted(message.tag for consumer in consumers for message in consumer.received)


@requirement("amqp.backpressure.global-prefetch-limits-each-consumer")
@holds_for(cost=6, prefetch=st.integers(1, 3))
def test_global_qos_is_answered_and_limits_a_lone_consumer(amqp: AmqpTester, prefetch: int) -> None:
    queue = amqp.queue()
    fill(amqp, queue, prefetch + 2)
    channel = amqp.channel()
    channel.qos(prefetch, global_=True)
    consumer = channel.consume(queue)
    consumer.expect(prefetch)
    expect.equal(held_by(channel, [queue]), prefetch, "unacknowledged at the consumer")
    channel.ack(consumer.received[0].tag)
    consumer.expect(prefetch + 1)
    expect.equal(held_by(channel, [queue]), prefetch + 1, "deliveries after one ack")


@requirement("amqp.backpressure.global-prefetch-limits-the-channel")
@holds_for(cost=6, prefetch=st.integers(1, 4), acks=st.integers(1, 3), one_queue=st.booleans())
def test_consumers_of_a_channel_share_the_limit(
    amqp: AmqpTester, prefetch: int, acks: int, one_queue: bool
) -> None:
    queues = [amqp.queue()] * 2 if one_queue else [amqp.queue(), amqp.queue()]
    for queue in queues:
        fill(amqp, queue, 4)
    channel = amqp.channel()
    channel.qos(prefetch, global_=True)
    for queue in queues:
        channel.consume(queue)
    await_deliveries(channel, prefetch)
    for tag in deliveries(channel)[:acks]:
        channel.ack(tag)
    expected = prefetch + min(acks, prefetch)
    await_deliveries(channel, expected)
    expect.equal(held_by(channel, queues), expected, f"deliveries after {acks} acks")


@requirement("amqp.backpressure.both-prefetch-limits-hold")
def test_a_limit_for_each_consumer_and_one_for_all(amqp: AmqpTester) -> None:
    queues = [amqp.queue() for _ in range(3)]
    channel = amqp.channel()
    channel.qos(2)
    channel.qos(3, global_=True)
    consumers: list[Consumer] = []
    for queue in queues:
        fill(amqp, queue, 3)
        consumers.append(channel.consume(queue))
        channel.barrier()
    await_deliveries(channel, 3)
    expect.equal(held_by(channel, queues), 3, "unacknowledged on the channel")
    held = [len(consumer.received) for consumer in consumers]
    expect.equal(held, [2, 1, 0], "unacknowledged at each consumer")


@requirement("amqp.backpressure.global-prefetch-blocks-no-ack-consumers")
def test_a_full_channel_delivers_nothing_at_all(amqp: AmqpTester) -> None:
    for settle in ("ack", "ack multiple", "reject"):
        filling, waiting = amqp.queue(), amqp.queue()
        fill(amqp, filling, 1)
        channel = amqp.channel()
        channel.qos(1, global_=True)
        full = channel.consume(filling)
        tag = full.expect(1)[0].tag
        blocked = channel.consume(waiting, ack=False)
        fill(amqp, waiting, 2)
        with expect.case(settle):
            held = held_by(channel, [filling, waiting])
            expect.equal(held, 1, "deliveries while the channel is full")
            if settle == "reject":
                channel.reject(tag, requeue=False)
            else:
                channel.ack(tag, multiple=settle == "ack multiple")
            blocked.expect(2)


@requirement("amqp.backpressure.global-prefetch-limits-the-channel")
def test_what_came_from_a_deleted_queue_holds_room_until_it_is_settled(amqp: AmqpTester) -> None:
    for settle in (Channel.ack, Channel.reject):
        doomed, waiting = amqp.queue(), amqp.queue()
        fill(amqp, doomed, 1)
        channel = amqp.channel()
        channel.qos(1, global_=True)
        tag = channel.consume(doomed).expect(1)[0].tag
        consumer = channel.consume(waiting)
        fill(amqp, waiting, 1)
        amqp.admin.delete_queue(doomed)
        with expect.case(settle.__name__):
            expect.equal(held_by(channel, [waiting]), 1, "deliveries before it is settled")
            settle(channel, tag)
            consumer.expect(1)


@requirement("amqp.backpressure.global-prefetch-can-be-lowered")
def test_a_lower_limit_waits_until_enough_is_settled(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 6)
    channel = amqp.channel()
    channel.qos(3, global_=True)
    consumer = channel.consume(queue)
    tags = [message.tag for message in consumer.expect(3)]
    channel.qos(1, global_=True)
    for tag in tags[:2]:
        channel.ack(tag)
        expect.equal(held_by(channel, [queue]), 3, "deliveries above the new limit")
    channel.ack(tags[2])
    consumer.expect(4)
    expect.equal(held_by(channel, [queue]), 4, "deliveries at the new limit")


@requirement("amqp.backpressure.global-prefetch-can-be-raised")
def test_a_higher_limit_and_none_take_effect_at_once(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 6)
    channel = amqp.channel()
    channel.qos(1, global_=True)
    consumer = channel.consume(queue)
    consumer.expect(1)
    channel.qos(3, global_=True)
    consumer.expect(3)
    expect.equal(held_by(channel, [queue]), 3, "deliveries at the higher limit")
    channel.qos(0, global_=True)
    consumer.expect(6)


@requirement("amqp.backpressure.global-prefetch-does-not-limit-get")
def test_get_goes_beyond_the_limit_of_the_channel(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 4)
    channel = amqp.channel()
    channel.qos(1, global_=True)
    channel.consume(queue).expect(1)
    hold(channel, queue, 2)
    expect.equal(take(channel, queue, ack=False).text, "m4", "basic.get on a full channel")
