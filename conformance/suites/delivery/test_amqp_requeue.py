"""Refusing a message: it is discarded, or it comes back flagged as redelivered."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from pika import BasicProperties, spec

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_queue import REQUEUE, QueueModel
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.delivery.steps import (
    REQUEUING,
    await_ready,
    fill,
    flags,
    hold,
    settle,
    take,
    texts,
)

METHODS = st.sampled_from(REQUEUING)
ACTIONS = st.sampled_from([*REQUEUING, "get", "get"])


@requirement("amqp.delivery.refused-message-is-discarded")
@holds_for(cost=4, method=METHODS, count=st.integers(2, 4), which=st.integers(0, 3))
def test_without_requeue_the_message_is_gone(
    amqp: AmqpTester, method: str, count: int, which: int
) -> None:
    queue = amqp.queue()
    bodies = fill(amqp, queue, count)
    channel = amqp.channel()
    refused = hold(channel, queue, count)[which % count]
    settle(channel, method, refused.tag, requeue=False)
    channel.close()
    await_ready(amqp, queue, count - 1)
    bodies.remove(refused.text)
    expect.same_members(amqp.bodies(queue), bodies, f"messages after {method} of {refused.text}")


@requirement("amqp.delivery.requeued-message-is-ready-again")
@holds_for(cost=4, method=METHODS, count=st.integers(2, 4), which=st.integers(0, 3))
def test_with_requeue_the_message_is_ready(
    amqp: AmqpTester, method: str, count: int, which: int
) -> None:
    queue = amqp.queue()
    fill(amqp, queue, count)
    channel = amqp.channel()
    refused = hold(channel, queue, count)[which % count]
    settle(channel, method, refused.tag)
    channel.barrier()
    await_ready(amqp, queue, 1)
    expect.equal(amqp.bodies(queue), [refused.text], f"ready after {method}")


@requirement("amqp.delivery.requeued-message-is-flagged")
@holds_for(cost=4, steps=st.lists(st.tuples(ACTIONS, st.integers(0, 2)), min_size=6, max_size=10))
def test_flagged_as_soon_as_it_was_given_to_somebody(
    amqp: AmqpTester, steps: list[tuple[str, int]]
) -> None:
    queue = amqp.queue()
    model = QueueModel()
    channel = amqp.channel()
    for body in fill(amqp, queue, 3):
        model.publish(body)
    for method, which in [("get", 0), ("get", 0), *steps, ("get", 0)]:
        held = list(model.held.get("channel", {}))
        if method == "get" and model.ready:
            expected = model.get("channel")
            message = take(channel, queue)
            observed = message.text, message.redelivered
            assert expected is not None
            expect.equal(observed, (expected.body, expected.redelivered), "message and flag")
        elif method != "get" and held:
            tag = held[which % len(held)]
            settle(channel, method, tag)
            model.settle("channel", tag, REQUEUE)
            channel.ready(queue)


@requirement("amqp.delivery.requeued-message-is-flagged")
@pytest.mark.parametrize("method", REQUEUING)
def test_flagged_when_it_is_delivered_again(amqp: AmqpTester, method: str) -> None:
    queue = amqp.queue()
    channel, other = amqp.channel(), amqp.channel()
    consumer = channel.consume(queue)
    fill(amqp, queue, 1)
    tag = consumer.expect(1)[0].tag
    channel.cancel(consumer)
    settle(channel, method, tag)
    expect.equal(flags(other.consume(queue).expect(1)), [("m1", True)])


@requirement("amqp.delivery.requeued-message-may-return-to-its-consumer")
@pytest.mark.parametrize("method", REQUEUING)
def test_the_only_consumer_gets_its_message_again(amqp: AmqpTester, method: str) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    channel.qos(1)
    consumer = channel.consume(queue)
    fill(amqp, queue, 1)
    for turn in range(1, 4):
        settle(channel, method, consumer.expect(turn)[-1].tag)
    expect.equal(texts(consumer.expect(4)), ["m1"] * 4)


@requirement("amqp.delivery.first-delivery-is-not-flagged")
@pytest.mark.parametrize("pushed", [False, True], ids=["get", "consume"])
def test_a_new_message_is_not_flagged(amqp: AmqpTester, pushed: bool) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    fill(amqp, queue, 2)
    channel.nack(take(channel, queue).tag)
    channel.ready(queue)
    amqp.admin.publish("", queue, "new")
    amqp.admin.ready(queue)
    messages = channel.consume(queue).expect(3) if pushed else hold(channel, queue, 3)
    expect.equal(flags(messages)[1:], [("m2", False), ("new", False)])


@requirement("amqp.delivery.first-delivery-from-a-priority-queue-is-not-flagged")
def test_a_new_message_of_a_priority_queue_is_not_flagged(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments={"x-max-priority": 3})
    for number in range(4):
        amqp.admin.publish("", queue, f"p{number}", BasicProperties(priority=number))
    amqp.admin.ready(queue)
    messages = hold(amqp.channel(), queue, 4)
    expect.same_members(flags(messages), [(f"p{n}", False) for n in range(4)])


@requirement("amqp.delivery.recover-requeues-what-the-channel-holds")
@holds_for(cost=4, count=st.integers(2, 4), acked=st.integers(0, 2), pushed=st.booleans())
def test_recover_gives_back_what_is_unacknowledged(
    amqp: AmqpTester, count: int, acked: int, pushed: bool
) -> None:
    queue = amqp.queue()
    channel, other = amqp.channel(), amqp.channel()
    bodies = fill(amqp, queue, count + 1)
    take(other, queue)
    if pushed:
        consumer = channel.consume(queue)
        held = list(consumer.expect(count))
        channel.cancel(consumer)
    else:
        held = hold(channel, queue, count)
    for message in held[:acked]:
        channel.ack(message.tag)
    channel.recover()
    await_ready(amqp, queue, len(held[acked:]))
    expect.same_members(amqp.bodies(queue), bodies[1 + acked :], "ready after recover")


@requirement("amqp.delivery.recovered-message-is-flagged")
def test_recovered_messages_come_back_flagged(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    fill(amqp, queue, 2)
    consumer = channel.consume(queue)
    consumer.expect(2)
    channel.recover()
    expect.equal([m.redelivered for m in consumer.expect(4)], [False, False, True, True])


@requirement("amqp.delivery.recovered-tags-are-settled")
def test_a_recovered_delivery_cannot_be_acknowledged(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    fill(amqp, queue, 1)
    tag = take(channel, queue).tag
    channel.recover()
    with expect.channel_error(406, barrier=channel.barrier):
        channel.ack(tag)


@requirement("amqp.delivery.recover-without-requeue-is-refused")
def test_recover_to_the_same_consumers_is_not_implemented(amqp: AmqpTester) -> None:
    with expect.connection_error(540):
        amqp.connect().channel().recover(requeue=False)


@requirement("amqp.delivery.recover-async-requeues-without-an-answer")
def test_recover_async_gives_everything_back(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = amqp.name("q")
    raw.call(1, spec.Queue.Declare(queue=queue, exclusive=True), spec.Queue.DeclareOk)
    for body in (b"m1", b"m2"):
        raw.publish(1, "", queue, body)
    for _ in range(2):
        raw.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
        raw.expect_body()
    raw.send_method(1, spec.Basic.RecoverAsync(requeue=True))
    for _ in range(2):
        answer = raw.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
        expect.equal(answer.redelivered, True, "redelivered flag")
        raw.expect_body()
