"""What is given back regains its place among the ready messages."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.delivery.steps import (
    REQUEUING,
    await_ready,
    fill,
    hold,
    settle,
    take,
    texts,
)

BACK = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(REQUEUING)), min_size=2, max_size=6)
"""Which of the held messages goes back next, and how."""

HOLDERS = st.permutations([0, 0, 1, 1, 2])
"""Who takes each message: 0 and 1 end, 2 stays."""


@requirement("amqp.ordering.requeued-message-regains-its-place")
@holds_for(cost=4, count=st.integers(3, 6), later=st.integers(1, 2), back=BACK)
def test_messages_go_back_in_any_order(
    amqp: AmqpTester, count: int, later: int, back: list[tuple[int, str]]
) -> None:
    queue = amqp.queue()
    bodies = fill(amqp, queue, count + later)
    channel = amqp.channel()
    held = hold(channel, queue, count)
    for which, method in back:
        if held:
            settle(channel, method, held.pop(which % len(held)).tag)
    channel.barrier()
    kept = texts(held)
    await_ready(amqp, queue, len(bodies) - len(kept))
    expect.equal(amqp.bodies(queue), [b for b in bodies if b not in kept], "ready messages")


@requirement("amqp.ordering.nack-multiple-keeps-the-order")
@holds_for(cost=4, count=st.integers(3, 6), upto=st.integers(2, 6), acked=st.integers(1, 6))
def test_several_messages_go_back_at_once(
    amqp: AmqpTester, count: int, upto: int, acked: int
) -> None:
    queue = amqp.queue()
    bodies = fill(amqp, queue, count + 1)
    channel = amqp.channel()
    tags = {message.text: message.tag for message in hold(channel, queue, count)}
    upto = min(upto, count)
    if acked < upto:
        channel.ack(acked)
        bodies.remove(f"m{acked}")
    channel.nack(upto, multiple=True)
    channel.barrier()
    expected = [body for body in bodies if tags.get(body, 0) <= upto]
    await_ready(amqp, queue, len(expected))
    expect.equal(amqp.bodies(queue), expected, f"ready after nack up to {upto}")


@requirement("amqp.ordering.requeued-message-is-next")
@holds_for(cost=4, method=st.sampled_from(REQUEUING), prefetch=st.integers(2, 3))
def test_a_consumer_gets_what_went_back_before_what_is_younger(
    amqp: AmqpTester, method: str, prefetch: int
) -> None:
    queue = amqp.queue()
    bodies = fill(amqp, queue, prefetch + 2)
    channel = amqp.channel()
    channel.qos(prefetch)
    consumer = channel.consume(queue)
    for message in list(consumer.expect(prefetch)):
        settle(channel, method, message.tag)
    again = texts(consumer.expect(2 * prefetch)[prefetch:])
    expect.equal(again, bodies[:prefetch], "what is delivered after the requeue")


@requirement("amqp.ordering.recover-keeps-the-order")
@holds_for(cost=4, count=st.integers(3, 5), later=st.integers(1, 2), acked=st.integers(0, 5))
def test_recover_puts_everything_back_in_its_place(
    amqp: AmqpTester, count: int, later: int, acked: int
) -> None:
    queue = amqp.queue()
    bodies = fill(amqp, queue, count + later)
    channel = amqp.channel()
    hold(channel, queue, count)
    if 0 < acked <= count:
        channel.ack(acked)
        bodies.remove(f"m{acked}")
    channel.recover()
    await_ready(amqp, queue, len(bodies))
    expect.equal(amqp.bodies(queue), bodies, "ready after recover")


def order_after_the_end(
    amqp: AmqpTester, holders: list[int], end: Callable[[Channel], None], order: list[int]
) -> None:
    """Three channels take messages in turn; two of them end, in the given order."""
    queue = amqp.queue(durable=True)
    bodies = fill(amqp, queue, len(holders) + 1)
    channels = [amqp.connect().channel() for _ in range(2)] + [amqp.channel()]
    for body, holder in zip(list(bodies), holders, strict=False):
        take(channels[holder], queue)
        if holder == 2:
            bodies.remove(body)
    for index in order:
        end(channels[index])
    await_ready(amqp, queue, len(bodies))
    expect.equal(amqp.bodies(queue), bodies, f"ready after channels {order} ended")


@requirement("amqp.ordering.channel-close-keeps-the-order")
@holds_for(cost=6, holders=HOLDERS, order=st.permutations([0, 1]))
def test_two_channels_are_closed(amqp: AmqpTester, holders: list[int], order: list[int]) -> None:
    order_after_the_end(amqp, holders, Channel.close, order)


@requirement("amqp.ordering.connection-loss-keeps-the-order")
@holds_for(cost=6, holders=HOLDERS, order=st.permutations([0, 1]))
def test_two_connections_are_lost(amqp: AmqpTester, holders: list[int], order: list[int]) -> None:
    order_after_the_end(amqp, holders, lambda channel: channel.connection.drop(), order)


@requirement("amqp.ordering.deliveries-go-back-in-order")
@holds_for(cost=6, prefetches=st.lists(st.integers(1, 3), min_size=2, max_size=3))
def test_unacknowledged_deliveries_of_several_consumers(
    amqp: AmqpTester, prefetches: list[int]
) -> None:
    queue = amqp.queue()
    channels = []
    for prefetch in prefetches:
        channel = amqp.channel()
        channel.qos(prefetch)
        channel.consume(queue)
        channels.append(channel)
    bodies = fill(amqp, queue, sum(prefetches) + 1)
    await_ready(amqp, queue, 1)
    for channel in channels:
        for consumer in channel.consumers.values():
            channel.cancel(consumer)
    for channel in channels:
        channel.close()
    await_ready(amqp, queue, len(bodies))
    expect.equal(amqp.bodies(queue), bodies, "ready after all channels are closed")
