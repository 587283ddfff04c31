"""Which of several consumers gets a message: in turn, by priority, or only the active one."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Consumer
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.delivery.steps import await_ready, fill, flags, texts

SINGLE_ACTIVE = {"x-single-active-consumer": True}


def consume(amqp: AmqpTester, queue: str, priority: int | None, prefetch: int = 0) -> Consumer:
    """Start a consumer on a channel of its own."""
    channel = amqp.channel()
    channel.qos(prefetch)
    arguments = {} if priority is None else {"x-priority": priority}
    return channel.consume(queue, arguments=arguments)


def await_deliveries(consumers: list[Consumer], count: int) -> None:
    """Wait until the consumers have `count` messages together, and no more are on the way."""
    consumers[0].channel.wait_for(
        lambda: sum(len(consumer.received) for consumer in consumers) >= count,
        f"{count} deliveries to {len(consumers)} consumers",
    )
    for consumer in consumers:
        consumer.channel.barrier()


@requirement("amqp.delivery.round-robin")
@holds_for(cost=4, channels=st.permutations([0, 0, 1, 1]))
def test_consumers_take_turns(amqp: AmqpTester, channels: list[int]) -> None:
    queue = amqp.queue()
    pair = [amqp.channel(), amqp.channel()]
    consumers = [pair[index].consume(queue) for index in channels]
    bodies = fill(amqp, queue, 2 * len(consumers) + 1)
    await_deliveries(consumers, len(bodies))
    delivered = [text for consumer in consumers for text in texts(consumer.received)]
    expect.same_members(delivered, bodies, "what all consumers got together")
    owner = {text: c.tag for c in consumers for text in texts(c.received)}
    turns = [owner[body] for body in bodies]
    first = turns[: len(consumers)]
    expect.equal(len(set(first)), len(consumers), f"consumers among the first owners {first}")
    expect.equal(turns, (first * 3)[: len(turns)], "owners of the messages in turn")


@requirement("amqp.delivery.round-robin")
@holds_for(cost=6, prefetch=st.integers(0, 2), count=st.integers(4, 7))
def test_consumers_that_acknowledge_at_once_get_equal_shares(
    amqp: AmqpTester, prefetch: int, count: int
) -> None:
    queue = amqp.queue()
    consumers = [consume(amqp, queue, None, prefetch) for _ in range(2)]
    for number in range(1, count + 1):
        amqp.admin.publish("", queue, f"m{number}")
        await_deliveries(consumers, number)
        for consumer in consumers:
            consumer.channel.ack(0, multiple=True)
            consumer.channel.ready(queue)
    shares = sorted(len(consumer.received) for consumer in consumers)
    expect.equal(shares, [count // 2, count - count // 2], "messages for each consumer")


@requirement("amqp.delivery.each-message-to-one-consumer")
@holds_for(cost=4, acks=st.lists(st.booleans(), min_size=2, max_size=4), count=st.integers(3, 9))
def test_competing_consumers_share_the_messages(
    amqp: AmqpTester, acks: list[bool], count: int
) -> None:
    queue = amqp.queue()
    consumers = [amqp.channel().consume(queue, ack=ack) for ack in acks]
    bodies = fill(amqp, queue, count)
    await_deliveries(consumers, count)
    delivered = [text for consumer in consumers for text in texts(consumer.received)]
    expect.same_members(delivered, bodies, "what all consumers got together")


@requirement("amqp.delivery.higher-priority-consumers-first")
@holds_for(
    cost=4,
    priorities=st.permutations([None, -1, 0, 1, 10]),
    prefetches=st.permutations([1, 1, 2, 1, 2]),
    count=st.integers(1, 8),
)
def test_consumers_are_filled_by_priority(
    amqp: AmqpTester, priorities: list[int | None], prefetches: list[int], count: int
) -> None:
    queue = amqp.queue()
    consumers = list(zip(priorities, prefetches, strict=True))
    started = [(priority or 0, consume(amqp, queue, priority, n)) for priority, n in consumers]
    bodies = fill(amqp, queue, count)
    await_deliveries([c for _, c in started], min(count, sum(n for _, n in consumers)))
    for level in sorted({priority for priority, _ in started}, reverse=True):
        room = sum(n for priority, n in consumers if (priority or 0) == level)
        got = [text for priority, c in started if priority == level for text in texts(c.received)]
        expect.same_members(got, bodies[:room], f"messages for consumers of priority {level}")
        bodies = bodies[room:]


@requirement("amqp.delivery.freed-higher-priority-consumer-comes-first")
def test_the_consumer_of_higher_priority_gets_the_next_message(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    low, high = consume(amqp, queue, 0, prefetch=2), consume(amqp, queue, 1, prefetch=1)
    fill(amqp, queue, 2)
    high.channel.ack(high.expect(1)[0].tag)
    high.channel.barrier()
    amqp.admin.publish("", queue, "m3")
    expect.equal(texts(high.expect(2)), ["m1", "m3"], "messages for priority 1")
    expect.equal(texts(low.expect(1)), ["m2"], "messages for priority 0")


@requirement("amqp.delivery.equal-priority-takes-turns")
def test_consumers_of_the_highest_priority_take_turns(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    low, *high = [consume(amqp, queue, priority) for priority in (0, 5, 5)]
    fill(amqp, queue, 4)
    await_deliveries([low, *high], 4)
    shares = sorted(texts(consumer.received) for consumer in high)
    expect.equal(shares, [["m1", "m3"], ["m2", "m4"]], "what the two of priority 5 got")


@requirement("amqp.delivery.single-active-consumer")
@holds_for(cost=4, prefetch=st.integers(1, 3), count=st.integers(2, 5))
def test_only_the_first_consumer_is_active(amqp: AmqpTester, prefetch: int, count: int) -> None:
    queue = amqp.queue(arguments=SINGLE_ACTIVE)
    active, *waiting = [consume(amqp, queue, None, prefetch) for _ in range(3)]
    bodies = fill(amqp, queue, count)
    await_deliveries([active, *waiting], min(count, prefetch))
    expect.equal(texts(active.received), bodies[:prefetch], "the active consumer")
    expect.equal([texts(one.received) for one in waiting], [[], []], "the waiting consumers")


@requirement("amqp.delivery.single-active-consumer-is-replaced-when-its-channel-ends")
def test_a_waiting_consumer_takes_over_when_the_channel_ends(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments=SINGLE_ACTIVE)
    active, *waiting = [consume(amqp, queue, None) for _ in range(3)]
    fill(amqp, queue, 2)
    active.expect(2)
    active.channel.close()
    amqp.admin.publish("", queue, "m3")
    await_deliveries(waiting, 3)
    shares = sorted(flags(one.received) for one in waiting)
    expect.equal(shares, [[], [("m1", True), ("m2", True), ("m3", False)]], "the other two")


@requirement("amqp.delivery.single-active-consumer-is-replaced-when-its-connection-ends")
def test_a_waiting_consumer_takes_over_when_the_connection_ends(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True, arguments=SINGLE_ACTIVE)
    lost = amqp.connect()
    active = lost.channel().consume(queue)
    waiting = [consume(amqp, queue, None) for _ in range(2)]
    fill(amqp, queue, 2)
    active.expect(2)
    lost.drop()
    await_deliveries(waiting, 2)
    shares = sorted(texts(one.received) for one in waiting)
    expect.equal(shares, [[], ["m1", "m2"]], "the other two")


@requirement("amqp.delivery.single-active-consumer-is-replaced-when-cancelled")
def test_a_waiting_consumer_takes_over_after_cancel(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments=SINGLE_ACTIVE)
    active, *waiting = [consume(amqp, queue, None) for _ in range(3)]
    fill(amqp, queue, 1)
    active.expect(1)
    active.channel.cancel(active)
    for body in ("m2", "m3"):
        amqp.admin.publish("", queue, body)
    await_deliveries(waiting, 2)
    shares = sorted(texts(one.received) for one in waiting)
    expect.equal(shares, [[], ["m2", "m3"]], "the other two")


@requirement("amqp.delivery.single-active-consumer-settles-after-its-cancel")
def test_the_cancelled_active_consumer_acknowledges_what_it_has(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments=SINGLE_ACTIVE)
    active, waiting = consume(amqp, queue, None), consume(amqp, queue, None)
    fill(amqp, queue, 2)
    tag = active.expect(2)[0].tag
    active.channel.cancel(active)
    active.channel.ack(tag)
    active.channel.close()
    expect.equal(texts(waiting.expect(1)), ["m2"], "what the new active consumer gets")
    waiting.channel.close()
    await_ready(amqp, queue, 1)


@requirement("amqp.delivery.single-active-consumer-cannot-be-exclusive")
def test_no_exclusive_consumer_where_one_is_active_anyway(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments=SINGLE_ACTIVE)
    refused = amqp.channel()
    with expect.channel_error(403):
        refused.consume(queue, exclusive=True)
