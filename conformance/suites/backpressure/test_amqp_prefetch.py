"""basic.qos: no consumer holds more unacknowledged messages than its limit."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel, Consumer
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_queue import ACK, DISCARD, REQUEUE, QueueModel, Subscription
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.delivery.steps import await_ready, fill, hold, take, texts

STEPS = st.permutations(["publish", "ack first", "ack second", "get", "give back"])
WAYS = st.permutations(
    [
        ("ack", False, False),
        ("ack", True, False),
        ("nack", False, True),
        ("nack", True, True),
        ("nack", True, False),
        ("reject", False, True),
        ("reject", False, False),
        ("recover", False, True),
    ]
)
"""Method, multiple, requeue."""


def consume(channel: Channel, queue: str, prefetch: int, *, ack: bool = True) -> Consumer:
    channel.qos(prefetch)
    return channel.consume(queue, ack=ack)


def settled_down(channel: Channel, queue: str) -> None:
    """Let the queue carry out what the channel asked for, and what it sends arrive."""
    channel.ready(queue)
    channel.barrier()


@requirement("amqp.backpressure.prefetch-is-never-exceeded")
@holds_for(cost=4, limits=st.permutations([1, 2, 3]), steps=STEPS, more=STEPS)
def test_no_consumer_holds_more_than_its_limit(
    amqp: AmqpTester, limits: list[int], steps: list[str], more: list[str]
) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 3)
    channel, other = amqp.channel(), amqp.channel()
    taken = [message.tag for message in hold(other, queue, 2)]
    consumers = [consume(channel, queue, limit) for limit in limits[:2]]
    acked = [0, 0]
    for step in ["publish", *steps, *more, "publish"]:
        if step == "publish":
            for _ in range(3):
                amqp.admin.publish("", queue)
            amqp.admin.ready(queue)
        elif step == "give back":
            if taken:
                other.nack(taken.pop())
                other.ready(queue)
        elif step == "get":
            channel.get(queue)
        else:
            which = 0 if step == "ack first" else 1
            if len(consumers[which].received) > acked[which]:
                channel.ack(consumers[which].received[acked[which]].tag)
                acked[which] += 1
        settled_down(channel, queue)
        for consumer, settled, limit in zip(consumers, acked, limits, strict=False):
            held = len(consumer.received) - settled
            expect.at_most(held, limit, f"unacknowledged at a consumer after {step}")


@requirement("amqp.backpressure.settling-makes-room")
@holds_for(cost=4, prefetch=st.integers(1, 3), ways=WAYS, which=st.integers(0, 2))
def test_what_is_settled_is_replaced(
    amqp: AmqpTester, prefetch: int, ways: list[tuple[str, bool, bool]], which: int
) -> None:
    queue = amqp.queue()
    model = QueueModel()
    model.consumers["c"] = Subscription("channel", prefetch)
    channel = amqp.channel()
    consumer = consume(channel, queue, prefetch)
    for body in fill(amqp, queue, 20):
        model.publish(body)
    handed_over = 0
    for method, multiple, requeue in ways:
        due = len(model.due())
        for message in consumer.expect(handed_over + due)[handed_over : handed_over + due]:
            expect.true(message.text in model.ready, f"one of {model.ready}", message.text)
            model.hand_over("c", message.text)
        handed_over += due
        held = sorted(model.held.get("channel", {}))
        if method == "recover":
            channel.recover()
            model.recover("channel")
        elif held:
            tag = held[which % len(held)]
            settle(channel, model, method, tag, multiple, requeue)
    consumer.expect(handed_over + len(model.due()))


@requirement("amqp.backpressure.settling-makes-room")
def test_room_is_made_for_every_consumer_of_the_channel(amqp: AmqpTester) -> None:
    for way in ("ack", "ack multiple", "discard", "requeue"):
        queue = amqp.queue()
        channel = amqp.channel()
        consumers = [consume(channel, queue, 1) for _ in range(3)]
        fill(amqp, queue, 6)
        tags = [consumer.expect(1)[0].tag for consumer in consumers]
        with expect.case(way):
            if way == "ack multiple":
                channel.ack(max(tags), multiple=True)
            else:
                for tag in tags:
                    settle_one(channel, way, tag)
            for consumer in consumers:
                consumer.expect(2)


def settle_one(channel: Channel, way: str, tag: int) -> None:
    if way == "ack":
        channel.ack(tag)
    else:
        channel.reject(tag, requeue=way == "requeue")


def settle(
    channel: Channel, model: QueueModel, method: str, tag: int, multiple: bool, requeue: bool
) -> None:
    """Settle a delivery at the broker and in the model; basic.reject knows no multiple."""
    if method == "ack":
        channel.ack(tag, multiple=multiple)
        model.settle("channel", tag, ACK, multiple=multiple)
        return
    outcome = REQUEUE if requeue else DISCARD
    if method == "nack":
        channel.nack(tag, multiple=multiple, requeue=requeue)
        model.settle("channel", tag, outcome, multiple=multiple)
    else:
        channel.reject(tag, requeue=requeue)
        model.settle("channel", tag, outcome)


@requirement("amqp.backpressure.prefetch-zero-is-unlimited")
def test_no_limit_and_a_lifted_one(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 40)
    channel = amqp.channel()
    channel.qos(3)
    consume(channel, queue, 0).expect(40)


@requirement("amqp.backpressure.prefetch-counts-for-each-consumer")
@holds_for(cost=6, prefetch=st.integers(1, 3), one_queue=st.booleans())
def test_each_consumer_of_a_channel_has_the_whole_limit(
    amqp: AmqpTester, prefetch: int, one_queue: bool
) -> None:
    first = amqp.queue()
    second = first if one_queue else amqp.queue()
    channel = amqp.channel()
    channel.qos(prefetch)
    consumers = [channel.consume(first), channel.consume(second)]
    for queue in (first, second):
        fill(amqp, queue, prefetch + 2)
    for consumer in consumers:
        consumer.expect(prefetch)
    channel.barrier()
    held = [len(consumer.received) for consumer in consumers]
    expect.equal(held, [prefetch, prefetch], "unacknowledged at each consumer")


@requirement("amqp.backpressure.prefetch-applies-to-later-consumers")
@holds_for(cost=6, limits=st.permutations([1, 2, 3]))
def test_a_running_consumer_keeps_its_limit(amqp: AmqpTester, limits: list[int]) -> None:
    before, after, _ = limits
    old, new = amqp.queue(), amqp.queue()
    channel = amqp.channel()
    early = consume(channel, old, before)
    late = consume(channel, new, after)
    for queue in (old, new):
        fill(amqp, queue, 4)
    early.expect(before)
    late.expect(after)
    channel.barrier()
    held = len(early.received), len(late.received)
    expect.equal(held, (before, after), "unacknowledged at the consumers before and after qos")


@requirement("amqp.backpressure.prefetch-is-local-to-its-channel")
def test_another_channel_has_no_limit(amqp: AmqpTester) -> None:
    limited, free = amqp.queue(), amqp.queue()
    channel, other = amqp.channel(), amqp.channel()
    bounded = consume(channel, limited, 1)
    unbounded = other.consume(free)
    for queue in (limited, free):
        fill(amqp, queue, 3)
    expect.equal(len(unbounded.expect(3)), 3)
    settled_down(channel, limited)
    expect.equal(len(bounded.received), 1, "unacknowledged at the consumer with prefetch 1")


@requirement("amqp.backpressure.no-ack-consumer-ignores-prefetch")
def test_a_consumer_without_acks_gets_everything(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 5)
    consume(amqp.channel(), queue, 1, ack=False).expect(5)


@requirement("amqp.backpressure.get-ignores-prefetch")
def test_get_is_neither_limited_nor_counted(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 4)
    channel = amqp.channel()
    consumer = consume(channel, queue, 1)
    consumer.expect(1)
    expect.equal([take(channel, queue).text for _ in range(2)], ["m2", "m3"], "basic.get")
    channel.ack(consumer.received[0].tag)
    expect.equal(texts(consumer.expect(2)), ["m1", "m4"], "what the consumer gets")


@requirement("amqp.backpressure.get-without-consumer-ignores-prefetch")
def test_get_beyond_the_prefetch_of_a_channel(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 3)
    channel = amqp.channel()
    channel.qos(1)
    expect.equal(texts(hold(channel, queue, 3)), ["m1", "m2", "m3"])


@requirement("amqp.backpressure.full-consumer-is-skipped")
@holds_for(cost=6, prefetch=st.integers(1, 2), slow_first=st.booleans())
def test_others_get_what_a_slow_consumer_cannot_take(
    amqp: AmqpTester, prefetch: int, slow_first: bool
) -> None:
    queue = amqp.queue()
    channels = [amqp.channel(), amqp.channel()]
    limits = [prefetch, 0] if slow_first else [0, prefetch]
    consumers = [consume(c, queue, limit) for c, limit in zip(channels, limits, strict=True)]
    slow, fast = consumers if slow_first else consumers[::-1]
    fill(amqp, queue, 8)
    fast.expect(8 - prefetch)
    slow.expect(prefetch)
    await_ready(amqp, queue, 0)
    expect.equal(len(slow.received), prefetch, "unacknowledged at the slow consumer")


@requirement("amqp.backpressure.freed-consumer-joins-again")
def test_a_full_consumer_that_acknowledges_gets_its_share(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    slow, fast = consume(amqp.channel(), queue, 1), consume(amqp.channel(), queue, 0)
    fill(amqp, queue, 4)
    slow.expect(1)
    fast.expect(3)
    slow.channel.ack(slow.received[0].tag)
    slow.channel.ready(queue)
    for body in ("m5", "m6"):
        amqp.admin.publish("", queue, body)
    slow.expect(2)
    fast.expect(4)


@requirement("amqp.backpressure.prefetch-size-is-refused")
def test_a_limit_in_octets_is_not_implemented(amqp: AmqpTester) -> None:
    with expect.connection_error(540):
        amqp.connect().channel().qos(0, size=1)


@requirement("amqp.backpressure.queue-depth-is-observable")
@holds_for(cost=6, steps=st.permutations([3, 2, 1, -1, -2]))
def test_the_backlog_of_a_slow_consumer_is_counted(amqp: AmqpTester, steps: list[int]) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    consumer = consume(channel, queue, 1)
    published = acked = 0
    for step in steps:
        for _ in range(step):
            amqp.admin.publish("", queue)
            published += 1
        amqp.admin.ready(queue)
        for _ in range(min(-step, published - acked)):
            channel.ack(consumer.expect(acked + 1)[acked].tag)
            acked += 1
        channel.ready(queue)
        await_ready(amqp, queue, max(0, published - acked - 1))
