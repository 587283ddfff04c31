"""Messages arrive in the order in which they were published."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st
from pika import BasicProperties

from conformance import expect
from conformance.drivers.amqp.client import Consumer, Message
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.delivery.steps import await_ready, fill, settle, take, texts

SIZES = [4, 100, 4000, 140_000, 4]
"""Octets of bodies; the largest does not fit into one frame."""

TRANSIENT, PERSISTENT = 1, 2


def numbered(numbers: Iterable[int]) -> list[str]:
    """Beginnings of bodies."""
    return [f"{number:04}" for number in numbers]


def beginnings(messages: list[Message]) -> list[str]:
    """How the bodies begin."""
    return [message.text[:4] for message in messages]


def await_all(consumers: list[Consumer], count: int) -> None:
    """Wait until the consumers have `count` messages together."""
    consumers[0].channel.wait_for(
        lambda: sum(len(consumer.received) for consumer in consumers) >= count,
        f"{count} deliveries to {len(consumers)} consumers",
    )


@requirement("amqp.ordering.publish-order-is-delivery-order")
@holds_for(cost=4, sizes=st.permutations(SIZES), waiting=st.integers(0, len(SIZES)))
def test_one_channel_to_one_consumer(amqp: AmqpTester, sizes: list[int], waiting: int) -> None:
    queue = amqp.queue()
    publisher, receiver = amqp.channel(), amqp.channel()
    bodies = [f"{number:04}".ljust(size) for number, size in enumerate(sizes)]
    for body in bodies[:waiting]:
        publisher.publish("", queue, body)
    publisher.barrier()
    consumer = receiver.consume(queue)
    for body in bodies[waiting:]:
        publisher.publish("", queue, body)
    received = beginnings(consumer.expect(len(sizes)))
    expect.equal(received, numbered(range(len(sizes))), f"order of bodies of {sizes} octets")


@requirement("amqp.ordering.burst-keeps-its-order")
def test_many_messages_at_once(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    receiver = amqp.channel()
    receiver.qos(10)
    consumer = receiver.consume(queue)
    for number in range(300):
        amqp.admin.publish("", queue, f"{number:04}")
    for count in range(10, 301, 10):
        receiver.ack(consumer.expect(count)[count - 1].tag, multiple=True)
    expect.equal(beginnings(consumer.received), numbered(range(300)))


@requirement("amqp.ordering.persistence-does-not-change-the-order")
@holds_for(cost=6, modes=st.permutations([TRANSIENT, PERSISTENT] * 3))
def test_persistent_among_transient_messages(amqp: AmqpTester, modes: list[int]) -> None:
    queue = amqp.queue(durable=True)
    for number, mode in enumerate(modes):
        properties = BasicProperties(delivery_mode=mode)
        amqp.admin.publish("", queue, f"{number:04}", properties)
    await_ready(amqp, queue, len(modes))
    received = amqp.channel().consume(queue, ack=False).expect(len(modes))
    expect.equal(
        beginnings(received), numbered(range(len(modes))), f"order of delivery modes {modes}"
    )


@requirement("amqp.ordering.each-consumer-sees-the-order")
@holds_for(
    cost=6,
    prefetches=st.lists(st.integers(1, 2), min_size=2, max_size=3),
    acks=st.lists(st.integers(0, 2), min_size=3, max_size=8),
)
def test_competing_consumers_never_go_back(
    amqp: AmqpTester, prefetches: list[int], acks: list[int]
) -> None:
    queue = amqp.queue()
    consumers = []
    for prefetch in prefetches:
        channel = amqp.channel()
        channel.qos(prefetch)
        consumers.append(channel.consume(queue))
    for number in range(10):
        amqp.admin.publish("", queue, f"{number:04}")
    amqp.admin.ready(queue)
    for index in acks:
        consumer = consumers[index % len(consumers)]
        if consumer.received:
            consumer.channel.ack(0, multiple=True)
            consumer.channel.barrier()
    for consumer in consumers:
        consumer.channel.barrier()
        seen = beginnings(consumer.received)
        expect.equal(seen, sorted(seen), "what one of the consumers saw")


@requirement("amqp.ordering.every-bound-queue-gets-the-same-order")
@holds_for(cost=6, queues=st.integers(2, 3), count=st.integers(4, 8))
def test_fanout_keeps_the_order_in_every_queue(amqp: AmqpTester, queues: int, count: int) -> None:
    exchange = amqp.exchange("fanout")
    names = [amqp.bound_queue(exchange) for _ in range(queues)]
    for number in range(count):
        amqp.admin.publish(exchange, str(number % 2), f"{number:04}")
    for name in names:
        expect.equal(
            beginnings(amqp.admin.drain(name)), numbered(range(count)), "order in one queue"
        )


@requirement("amqp.ordering.each-publisher-keeps-its-order")
@holds_for(cost=6, turns=st.permutations([0, 1] * 4))
def test_publishers_on_two_connections(amqp: AmqpTester, turns: list[int]) -> None:
    queue = amqp.queue(durable=True)
    publishers = [amqp.channel(), amqp.connect().channel()]
    for number, turn in enumerate(turns):
        publishers[turn].publish("", queue, f"{number:04} {turn}")
    await_ready(amqp, queue, len(turns))
    received = amqp.admin.drain(queue)
    for turn in (0, 1):
        sent = numbered(n for n, other in enumerate(turns) if other == turn)
        seen = beginnings([message for message in received if message.text.endswith(f" {turn}")])
        expect.equal(seen, sent, f"messages of publisher {turn}")


@requirement("amqp.ordering.get-takes-the-oldest")
@holds_for(cost=6, acks=st.lists(st.booleans(), min_size=3, max_size=6))
def test_get_takes_messages_in_order(amqp: AmqpTester, acks: list[bool]) -> None:
    queue = amqp.queue()
    bodies = fill(amqp, queue, len(acks))
    channel = amqp.channel()
    got = [take(channel, queue, ack=ack).text for ack in acks]
    expect.equal(got, bodies, "bodies in the order of basic.get")


@requirement("amqp.ordering.get-and-deliveries-share-one-order")
@holds_for(cost=6, steps=st.permutations(["get", "ack"] * 3))
def test_get_and_a_consumer_take_turns(amqp: AmqpTester, steps: list[str]) -> None:
    queue = amqp.queue()
    bodies = fill(amqp, queue, len(steps) + 1)
    channel = amqp.channel()
    channel.qos(1)
    consumer = channel.consume(queue)
    taken = texts(consumer.expect(1))
    for step in steps:
        if step == "get":
            taken.append(take(channel, queue, ack=False).text)
        else:
            channel.ack(consumer.received[-1].tag)
            taken.append(consumer.expect(len(consumer.received) + 1)[-1].text)
    expect.equal(taken, bodies, f"messages in the order of {steps}")


@requirement("amqp.ordering.returns-come-in-order")
def test_unroutable_messages_come_back_in_order(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("direct")
    queue = amqp.bound_queue(exchange, "bound")
    publisher = amqp.channel()
    for number in range(12):
        key = "bound" if number % 3 == 0 else "unbound"
        publisher.publish(exchange, key, f"{number:04}", mandatory=True)
    publisher.barrier()
    lost = numbered(number for number in range(12) if number % 3)
    expect.equal(beginnings(publisher.returned), lost, "messages that were returned")
    expect.equal(
        beginnings(amqp.admin.drain(queue)), numbered(range(0, 12, 3)), "messages that were routed"
    )


@requirement("amqp.ordering.dead-letters-come-in-order")
def test_rejected_messages_are_dead_lettered_in_order(amqp: AmqpTester) -> None:
    morgue = amqp.queue()
    arguments = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": morgue}
    queue = amqp.queue(arguments=arguments)
    bodies = fill(amqp, queue, 6)
    channel = amqp.channel()
    consumer = channel.consume(queue)
    for message in consumer.expect(6)[:3]:
        settle(channel, "reject", message.tag, requeue=False)
    channel.nack(0, multiple=True, requeue=False)
    await_ready(amqp, morgue, 6)
    expect.equal(amqp.bodies(morgue), bodies, "dead letters")
