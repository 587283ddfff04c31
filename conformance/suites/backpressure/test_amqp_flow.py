"""Back-pressure by TCP and by resource alarms; what publishers are told of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pika import spec

from conformance import expect
from conformance.drivers.amqp.raw import RawConnection
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import NoAnswer
from conformance.requirements import requirement
from conformance.suites.delivery.steps import await_ready, fill

TOLD = {"connection.blocked": True}

SLOW_MESSAGES = 300
SLOW_BODY = 40_000
"""Together 12 MB: more than the socket buffers of both ends hold (2.5 and 6 MB on Linux)."""

SILENT_S = 3.2
"""RabbitMQ gives up on a client with heartbeats of 1 s after 2 to 3 s."""


@contextmanager
def alarm(amqp: AmqpTester) -> Iterator[None]:
    """The memory alarm is set inside the block."""
    amqp.target.set_alarm(True)
    try:
        yield
    finally:
        amqp.target.set_alarm(False)


def answer_is_owed(amqp: AmqpTester, raw: RawConnection) -> None:
    """Nothing comes on a connection while another one is answered again and again."""
    for _ in range(20):
        amqp.admin.barrier()
    try:
        received = raw.read_frame(within_s=0.2)
    except NoAnswer:
        return
    expect.equal(received, None, "what a blocked connection was sent")


@requirement("amqp.backpressure.publishers-are-sent-no-flow")
def test_a_fast_publisher_is_never_told_to_pause(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = amqp.name("q")
    raw.call(1, spec.Queue.Declare(queue=queue, exclusive=True), spec.Queue.DeclareOk)
    for _ in range(1000):
        raw.publish(1, "", queue, b"x")
    look = spec.Queue.Declare(queue=queue, passive=True)
    expect.eventually(
        lambda: raw.call(1, look, spec.Queue.DeclareOk).message_count == 1000,
        "1000 ready messages",
    )


@requirement("amqp.backpressure.slow-reader-loses-nothing")
def test_a_consumer_that_does_not_read_for_a_while(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    raw = amqp.raw().open()
    raw.call(1, spec.Basic.Consume(queue=queue, no_ack=True), spec.Basic.ConsumeOk)
    for number in range(SLOW_MESSAGES):
        amqp.admin.publish("", queue, f"{number:04}".ljust(SLOW_BODY))
    amqp.admin.barrier()
    seen = []
    for _ in range(SLOW_MESSAGES):
        raw.expect(spec.Basic.Deliver)
        seen.append(raw.expect_body()[:4].decode())
    sent = [f"{number:04}" for number in range(SLOW_MESSAGES)]
    expect.equal(seen, sent, "messages in the order of their arrival")


@requirement("amqp.backpressure.alarm-stops-publishers")
def test_nothing_is_read_from_a_publisher_during_an_alarm(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    raw = amqp.raw().open(capabilities=TOLD)
    with alarm(amqp):
        raw.publish(1, "", queue, b"m1")
        raw.expect(spec.Connection.Blocked)
        raw.publish(1, "", queue, b"m2")
        raw.send_method(1, spec.Basic.Qos(prefetch_count=1))
        answer_is_owed(amqp, raw)
        expect.at_most(amqp.admin.ready(queue), 1, "ready messages during the alarm")
    raw.expect(spec.Connection.Unblocked)
    raw.expect(spec.Basic.QosOk)
    await_ready(amqp, queue, 2)


@requirement("amqp.backpressure.alarm-stops-publishers-that-are-not-told")
def test_a_client_without_the_capability_is_stopped_silently(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    raw = amqp.raw().open()
    with alarm(amqp):
        raw.publish(1, "", queue, b"m1")
        raw.publish(1, "", queue, b"m2")
        raw.send_method(1, spec.Basic.Qos(prefetch_count=1))
        answer_is_owed(amqp, raw)
        expect.at_most(amqp.admin.ready(queue), 1, "ready messages during the alarm")
    raw.expect(spec.Basic.QosOk)
    await_ready(amqp, queue, 2)


@requirement("amqp.backpressure.blocked-is-told-once-at-the-first-publish")
def test_a_publisher_is_told_when_it_publishes(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    raw = amqp.raw().open(capabilities=TOLD)
    look = spec.Queue.Declare(queue=queue, passive=True)
    raw.publish(1, "", queue, b"before the alarm")
    with alarm(amqp):
        for _ in range(2):
            raw.call(1, look, spec.Queue.DeclareOk)
        for body in (b"m1", b"m2"):
            raw.publish(1, "", queue, body)
        reason = raw.expect(spec.Connection.Blocked).reason
        expect.equal(reason, "low on memory", "reason in connection.blocked")
    raw.expect(spec.Connection.Unblocked)


@requirement("amqp.backpressure.unblocked-is-told-once")
def test_a_publisher_is_told_when_the_alarm_is_over(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    raw = amqp.raw().open(capabilities=TOLD)
    idle = amqp.raw().open(capabilities=TOLD)
    with alarm(amqp):
        raw.publish(1, "", queue, b"m1")
        raw.expect(spec.Connection.Blocked)
    raw.expect(spec.Connection.Unblocked)
    raw.publish(1, "", queue, b"m2")
    for connection in (raw, idle):
        connection.call(1, spec.Basic.Qos(prefetch_count=1), spec.Basic.QosOk)
    await_ready(amqp, queue, 2)


@requirement("amqp.backpressure.alarm-stops-new-publishers")
def test_a_connection_opened_during_an_alarm(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    with alarm(amqp):
        raw = amqp.raw().open(capabilities=TOLD)
        raw.call(1, spec.Queue.Declare(queue=queue, passive=True), spec.Queue.DeclareOk)
        raw.publish(1, "", queue, b"m1")
        raw.expect(spec.Connection.Blocked)
        raw.send_method(1, spec.Basic.Qos(prefetch_count=1))
        answer_is_owed(amqp, raw)
    raw.expect(spec.Connection.Unblocked)
    raw.expect(spec.Basic.QosOk)


@requirement("amqp.backpressure.alarm-does-not-stop-consumers")
def test_a_connection_that_only_consumes_goes_on(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    fill(amqp, queue, 3)
    channel = amqp.connect().channel()
    channel.qos(1)
    with alarm(amqp):
        consumer = channel.consume(queue)
        for count in (1, 2, 3):
            channel.ack(consumer.expect(count)[-1].tag)
        channel.barrier()
        channel.close()
    await_ready(amqp, queue, 0)


@requirement("amqp.backpressure.blocked-connection-needs-no-heartbeats")
def test_a_blocked_client_may_be_silent(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    with alarm(amqp):  # raising it can take longer than a silent client is given
        raw = amqp.raw().open(capabilities=TOLD, heartbeat=1)
        raw.publish(1, "", queue, b"m1")
        raw.expect(spec.Connection.Blocked)
        until_s = time.monotonic() + SILENT_S
        amqp.client.wait_for(lambda: time.monotonic() >= until_s, "time to pass", SILENT_S)
    raw.expect(spec.Connection.Unblocked)
    raw.call(1, spec.Basic.Qos(prefetch_count=1), spec.Basic.QosOk)
