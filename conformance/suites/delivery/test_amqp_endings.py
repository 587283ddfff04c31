"""A channel or a connection ends: what it held becomes ready again, flagged as redelivered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pika import spec

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.suites.delivery.steps import (
    await_consumers,
    await_ready,
    fill,
    flags,
    hold,
    take,
    texts,
)

PUSHED = pytest.mark.parametrize("pushed", [False, True], ids=["get", "consume"])


def hold_three(amqp: AmqpTester, channel: Channel, *, pushed: bool) -> str:
    """Publish four messages to a new queue, take three and acknowledge the second of them."""
    queue = amqp.queue(durable=True)
    fill(amqp, queue, 4)
    channel.qos(3)
    held = channel.consume(queue).expect(3) if pushed else hold(channel, queue, 3)
    channel.qos(0)
    take(channel, queue, ack=False)
    channel.ack(held[1].tag)
    channel.barrier()
    return queue


def fail(channel: Channel) -> None:
    """Make the broker close the channel."""
    with expect.channel_error(404):
        channel.declare_queue("tck-there-is-no-such-queue", passive=True)


def check_requeued(amqp: AmqpTester, queue: str) -> None:
    await_ready(amqp, queue, 2)
    expect.same_members(amqp.bodies(queue), ["m1", "m3"], "what was held and not settled")


def check_flagged(amqp: AmqpTester, queue: str) -> None:
    await_ready(amqp, queue, 2)
    amqp.admin.publish("", queue, "new")
    messages = amqp.admin.drain(queue)
    expect.same_members(flags(messages), [("m1", True), ("m3", True), ("new", False)])


@requirement("amqp.delivery.channel-close-requeues")
@PUSHED
def test_closing_a_channel(amqp: AmqpTester, pushed: bool) -> None:
    channel = amqp.channel()
    queue = hold_three(amqp, channel, pushed=pushed)
    channel.close()
    check_requeued(amqp, queue)


@requirement("amqp.delivery.redelivered-after-channel-close")
@PUSHED
def test_flagged_after_closing_a_channel(amqp: AmqpTester, pushed: bool) -> None:
    channel = amqp.channel()
    queue = hold_three(amqp, channel, pushed=pushed)
    channel.close()
    check_flagged(amqp, queue)


@requirement("amqp.delivery.channel-error-requeues")
@PUSHED
def test_a_channel_error(amqp: AmqpTester, pushed: bool) -> None:
    channel = amqp.channel()
    queue = hold_three(amqp, channel, pushed=pushed)
    fail(channel)
    check_requeued(amqp, queue)


@requirement("amqp.delivery.unknown-delivery-tag-requeues-the-rest")
def test_the_error_of_an_unknown_tag(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    queue = hold_three(amqp, channel, pushed=True)
    with expect.channel_error(406, barrier=channel.barrier):
        channel.ack(99)
    check_requeued(amqp, queue)


@requirement("amqp.delivery.redelivered-after-channel-error")
@PUSHED
def test_flagged_after_a_channel_error(amqp: AmqpTester, pushed: bool) -> None:
    channel = amqp.channel()
    queue = hold_three(amqp, channel, pushed=pushed)
    fail(channel)
    check_flagged(amqp, queue)


@requirement("amqp.delivery.connection-close-requeues")
@PUSHED
def test_closing_a_connection(amqp: AmqpTester, pushed: bool) -> None:
    connection = amqp.connect()
    queue = hold_three(amqp, connection.channel(), pushed=pushed)
    connection.close()
    check_requeued(amqp, queue)


@requirement("amqp.delivery.redelivered-after-connection-close")
def test_flagged_after_closing_a_connection(amqp: AmqpTester) -> None:
    connection = amqp.connect()
    queue = hold_three(amqp, connection.channel(), pushed=True)
    connection.close()
    check_flagged(amqp, queue)


@requirement("amqp.delivery.connection-loss-requeues")
@PUSHED
def test_losing_a_connection(amqp: AmqpTester, pushed: bool) -> None:
    connection = amqp.connect()
    queue = hold_three(amqp, connection.channel(), pushed=pushed)
    connection.drop()
    check_requeued(amqp, queue)


@requirement("amqp.delivery.redelivered-after-connection-loss")
def test_flagged_after_losing_a_connection(amqp: AmqpTester) -> None:
    connection = amqp.connect()
    queue = hold_three(amqp, connection.channel(), pushed=True)
    connection.drop()
    check_flagged(amqp, queue)


@requirement("amqp.delivery.silent-connection-requeues")
def test_a_connection_that_misses_its_heartbeats(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    fill(amqp, queue, 2)
    silent = amqp.raw().open(heartbeat=1)
    silent.call(1, spec.Basic.Consume(queue=queue, consumer_tag="t"), spec.Basic.ConsumeOk)
    await_ready(amqp, queue, 0)
    await_ready(amqp, queue, 2, within_s=10.0)
    expect.same_members(amqp.bodies(queue), ["m1", "m2"], "what the silent client was given")


@requirement("amqp.delivery.unread-deliveries-count-as-delivered")
@pytest.mark.parametrize("half_closed", [False, True])
def test_what_the_client_never_read_comes_back_flagged(amqp: AmqpTester, half_closed: bool) -> None:
    queue = amqp.queue(durable=True)
    fill(amqp, queue, 2)
    raw = amqp.raw().open()
    raw.send_method(1, spec.Basic.Consume(queue=queue, consumer_tag="t"))
    await_ready(amqp, queue, 0)
    if half_closed:
        raw.half_close()
    else:
        raw.close()
    await_ready(amqp, queue, 2)
    expect.same_members(flags(amqp.admin.drain(queue)), [("m1", True), ("m2", True)])


@requirement("amqp.delivery.channel-close-cancels-consumers")
@pytest.mark.parametrize("end", [Channel.close, fail], ids=["close", "error"])
def test_consumers_end_with_their_channel(amqp: AmqpTester, end: Callable[[Channel], None]) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    channel.consume(queue)
    channel.consume(queue)
    staying = amqp.channel().consume(queue)
    end(channel)
    await_consumers(amqp, queue, 1)
    bodies = fill(amqp, queue, 4)
    expect.equal(texts(staying.expect(4)), bodies, "what the consumer of another channel gets")


@requirement("amqp.delivery.channel-close-sends-no-cancel")
def test_a_closed_channel_is_not_told_of_its_consumers(amqp: AmqpTester) -> None:
    raw = amqp.raw().open(capabilities={"consumer_cancel_notify": True}, channels=2)
    queue = amqp.name("q")
    raw.call(1, spec.Queue.Declare(queue=queue, exclusive=True), spec.Queue.DeclareOk)
    raw.call(1, spec.Basic.Consume(queue=queue, consumer_tag="t"), spec.Basic.ConsumeOk)
    raw.call(1, spec.Channel.Close(200, "", 0, 0), spec.Channel.CloseOk)
    for _ in range(2):
        raw.call(2, spec.Queue.Declare(queue=queue, passive=True), spec.Queue.DeclareOk)


@requirement("amqp.delivery.no-ack-deliveries-are-settled")
@pytest.mark.parametrize("cut", [False, True], ids=["close", "cut"])
def test_what_was_delivered_without_ack_never_comes_back(amqp: AmqpTester, cut: bool) -> None:
    queue = amqp.queue(durable=True)
    connection = amqp.connect()
    channel = connection.channel()
    consumer = channel.consume(queue, ack=False)
    fill(amqp, queue, 3)
    consumer.expect(3)
    if cut:
        connection.drop()
    else:
        channel.close()
    await_consumers(amqp, queue, 0)
    later = amqp.channel().consume(queue)
    amqp.admin.publish("", queue, "new")
    expect.equal(flags(later.expect(1)), [("new", False)], "what a later consumer gets")
