"""Queues that deliver by priority."""

from collections.abc import Iterable
from random import Random

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_priority import (
    Ranked,
    delivery_order,
    delivery_order_within,
    ranked,
)
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

MAX = 3
WITHIN = st.lists(st.integers(0, MAX), min_size=2, max_size=10)
"""Priorities that such a queue knows."""


def priority_queue(amqp: AmqpTester, **arguments: int) -> str:
    """Declare a queue of priorities 0 to MAX."""
    named = {f"x-{name.replace('_', '-')}": value for name, value in arguments.items()}
    return amqp.queue(arguments={"x-max-priority": MAX, **named})


def publish(channel: Channel, queue: str, messages: Iterable[Ranked]) -> None:
    for message in messages:
        properties = pika.BasicProperties(priority=message.priority)
        channel.publish("", queue, message.body, properties)


@requirement("amqp.priorities.order")
@holds_for(cost=4, priorities=WITHIN)
def test_higher_priorities_come_first(amqp: AmqpTester, priorities: list[int]) -> None:
    queue, messages = priority_queue(amqp), ranked(priorities)
    publish(amqp.admin, queue, messages)
    expect.equal(amqp.bodies(queue), delivery_order(messages, MAX))


@requirement("amqp.priorities.order")
@holds_for(cost=8, priorities=WITHIN, prefetch=st.integers(0, 2))
def test_consumers_get_higher_priorities_first(
    amqp: AmqpTester, priorities: list[int], prefetch: int
) -> None:
    queue, messages = priority_queue(amqp), ranked(priorities)
    publish(amqp.admin, queue, messages)
    amqp.admin.barrier()
    channel = amqp.channel()
    channel.qos(prefetch)
    consumer = channel.consume(queue)
    for count in range(1, len(messages) + 1):
        channel.ack(consumer.expect(count)[count - 1].tag)
    delivered = [message.text for message in consumer.received]
    expect.equal(delivered, delivery_order(messages, MAX))


@requirement("amqp.priorities.missing-is-lowest")
@holds_for(cost=3, priorities=st.lists(st.sampled_from([None, None, 0, 1]), min_size=2, max_size=8))
def test_no_priority_means_0(amqp: AmqpTester, priorities: list[int | None]) -> None:
    queue, messages = priority_queue(amqp), ranked(priorities)
    publish(amqp.admin, queue, messages)
    expect.equal(amqp.bodies(queue), delivery_order(messages, MAX))


@requirement("amqp.priorities.above-maximum-is-maximum")
@holds_for(
    cost=3, priorities=st.lists(st.sampled_from([0, MAX, MAX + 1, 255]), min_size=2, max_size=8)
)
def test_priorities_above_the_maximum_count_as_it(amqp: AmqpTester, priorities: list[int]) -> None:
    queue, messages = priority_queue(amqp), ranked(priorities)
    publish(amqp.admin, queue, messages)
    expect.equal(amqp.bodies(queue), delivery_order(messages, MAX))


@requirement("amqp.priorities.zero-counts-as-one")
def test_a_maximum_of_0_counts_as_1(amqp: AmqpTester) -> None:
    queue, messages = amqp.queue(arguments={"x-max-priority": 0}), ranked([None, 0, 1, 2])
    publish(amqp.admin, queue, messages)
    expect.equal(amqp.bodies(queue), delivery_order(messages, 1))


@requirement("amqp.priorities.ignored-without-maximum")
@holds_for(cost=6, priorities=st.lists(st.none() | st.integers(0, 255), min_size=2, max_size=8))
def test_other_queues_ignore_priorities(amqp: AmqpTester, priorities: list[int | None]) -> None:
    queue, messages = amqp.queue(), ranked(priorities)
    publish(amqp.admin, queue, messages)
    expect.equal(amqp.bodies(queue), [message.body for message in messages])


@requirement("amqp.priorities.delivered-not-overtaken")
def test_what_is_delivered_is_not_overtaken(amqp: AmqpTester) -> None:
    queue, messages = priority_queue(amqp), ranked([1, 1, 1, 3])
    channel = amqp.channel()
    channel.qos(2)
    consumer = channel.consume(queue)
    publish(channel, queue, messages[:3])
    held = consumer.expect(2)
    publish(channel, queue, messages[3:])
    channel.barrier()
    expect.equal(len(consumer.received), 2, "deliveries within a prefetch of 2")
    channel.ack(held[0].tag)
    channel.ack(consumer.expect(3)[1].tag)
    delivered = [message.text for message in consumer.expect(4)]
    expect.equal(delivered, [messages[n].body for n in (0, 1, 3, 2)])


@requirement("amqp.priorities.requeue-to-its-place")
@holds_for(cost=4, before=WITHIN, after=WITHIN, taken=st.integers(1, 10), order=st.randoms())
def test_requeued_messages_find_their_place(
    amqp: AmqpTester, before: list[int], after: list[int], taken: int, order: Random
) -> None:
    queue, messages = priority_queue(amqp), ranked([*before, *after])
    channel = amqp.channel()
    publish(channel, queue, messages[: len(before)])
    held = [channel.take(queue) for _ in before[:taken]]
    publish(channel, queue, messages[len(before) :])
    order.shuffle(held)
    for message in held:
        channel.nack(message.tag)
    left = [message.text for message in channel.drain(queue)]
    expect.equal(left, delivery_order(messages, MAX))


@requirement("amqp.priorities.drop-head-drops-highest")
def test_octets_of_all_priorities_count_together(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments={"x-max-priority": MAX, "x-max-length-bytes": 10})
    for body, priority in (("12345", 1), ("67890", 0), ("abcde", 1)):
        amqp.admin.publish("", queue, body, pika.BasicProperties(priority=priority))
    expect.equal(amqp.bodies(queue), ["abcde", "67890"], "15 octets within a limit of 10")


@requirement("amqp.priorities.drop-head-drops-highest")
@holds_for(cost=3, priorities=WITHIN, length=st.integers(0, 4))
def test_the_head_that_is_dropped_has_the_highest_priority(
    amqp: AmqpTester, priorities: list[int], length: int
) -> None:
    queue, messages = priority_queue(amqp, max_length=length), ranked(priorities)
    publish(amqp.admin, queue, messages)
    expect.equal(amqp.bodies(queue), delivery_order_within(messages, MAX, length))


@requirement("amqp.priorities.first-delivery-not-redelivered")
@holds_for(cost=6, priorities=WITHIN, taken=st.integers(0, 9))
def test_a_first_delivery_is_not_flagged(
    amqp: AmqpTester, priorities: list[int], taken: int
) -> None:
    queue = priority_queue(amqp)
    channel = amqp.channel()
    publish(channel, queue, ranked(priorities))
    first = [channel.take(queue) for _ in priorities[:taken]]
    rest = channel.consume(queue).expect(len(priorities) - len(first))
    flagged = [message.text for message in [*first, *rest] if message.redelivered]
    expect.equal(flagged, [], "first deliveries flagged as redelivered")


@requirement("amqp.priorities.all-levels-count")
@holds_for(cost=6, priorities=WITHIN)
def test_ready_and_purge_count_every_priority(amqp: AmqpTester, priorities: list[int]) -> None:
    queue = priority_queue(amqp)
    channel = amqp.channel()
    publish(channel, queue, ranked(priorities))
    expect.equal(channel.take(queue).ready_after, len(priorities) - 1, "ready messages")
    expect.equal(channel.purge(queue), len(priorities) - 1, "messages purged")
    expect.equal(channel.get(queue), None, "after the purge")
