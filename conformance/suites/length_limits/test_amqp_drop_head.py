"""Bounded queues that drop their head."""

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_limits import Limits
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.length_limits.histories import (
    BOTH_LIMITS,
    HISTORIES,
    MESSAGE_LIMITS,
    OCTET_LIMITS,
    PUBLISHES,
    REQUEUEING,
    Step,
    observe,
    predict,
)


def check_what_is_left(amqp: AmqpTester, limits: Limits, steps: list[Step]) -> None:
    expected = predict(limits, steps, confirms=False)
    seen = observe(amqp, limits, steps, confirms=False)
    expect.equal(seen.taken, expected.taken, "messages taken on the way")
    expect.equal(seen.left, expected.left, "messages ready at the end")


@requirement("amqp.length-limits.max-length")
@holds_for(cost=2, limits=MESSAGE_LIMITS, steps=PUBLISHES)
def test_the_newest_messages_stay(amqp: AmqpTester, limits: Limits, steps: list[Step]) -> None:
    check_what_is_left(amqp, limits, steps)


@requirement("amqp.length-limits.max-length-bytes")
@holds_for(cost=2, limits=OCTET_LIMITS, steps=PUBLISHES)
def test_the_newest_octets_stay(amqp: AmqpTester, limits: Limits, steps: list[Step]) -> None:
    check_what_is_left(amqp, limits, steps)


@requirement("amqp.length-limits.max-length-bytes")
def test_the_limit_is_exact(amqp: AmqpTester) -> None:
    for limit, expected in (9, ["67890"]), (10, ["12345", "67890"]):
        queue = amqp.queue(arguments={"x-max-length-bytes": limit})
        for body in ("12345", "67890"):
            amqp.admin.publish("", queue, body)
        expect.equal(amqp.bodies(queue), expected, f"10 octets within a limit of {limit}")


@requirement("amqp.length-limits.max-length-bytes")
def test_purged_octets_do_not_count(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments={"x-max-length-bytes": 10})
    for _ in range(2):
        for body in ("12345", "67890"):
            amqp.admin.publish("", queue, body)
        expect.equal(amqp.admin.purge(queue), 2, "messages within the limit")


@requirement("amqp.length-limits.bytes-of-bodies-only")
def test_headers_and_properties_weigh_nothing(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments={"x-max-length-bytes": 10})
    heavy = pika.BasicProperties(headers={"ballast": "x" * 500}, message_id="y" * 200)
    for body in ("12345", "67890"):
        amqp.admin.publish("", queue, body, heavy)
    expect.equal(amqp.bodies(queue), ["12345", "67890"])


@requirement("amqp.length-limits.both-limits")
@holds_for(cost=2, limits=BOTH_LIMITS, steps=PUBLISHES)
def test_the_first_limit_to_be_hit_applies(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    check_what_is_left(amqp, limits, steps)


@requirement("amqp.length-limits.held-do-not-count")
@holds_for(cost=2, limits=MESSAGE_LIMITS | OCTET_LIMITS, steps=HISTORIES)
def test_what_a_client_holds_does_not_count(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    check_what_is_left(amqp, limits, steps)


@requirement("amqp.length-limits.requeue-drops-head")
@holds_for(cost=2, limits=MESSAGE_LIMITS | OCTET_LIMITS, steps=REQUEUEING)
def test_a_requeue_drops_the_head_again(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    check_what_is_left(amqp, limits, steps)


@requirement("amqp.length-limits.requeue-drops-head")
def test_what_comes_back_is_the_oldest_and_goes_first(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments={"x-max-length": 2})
    channel = amqp.channel()
    for body in ("one", "two"):
        channel.publish("", queue, body)
    channel.take(queue)
    last = channel.take(queue)
    channel.publish("", queue, "three")
    channel.nack(last.tag, multiple=True)
    expect.equal([m.text for m in channel.drain(queue)], ["two", "three"])


@requirement("amqp.length-limits.dropped-are-dead-lettered")
@holds_for(cost=2, limits=MESSAGE_LIMITS | OCTET_LIMITS | BOTH_LIMITS, steps=REQUEUEING)
def test_dropped_messages_are_dead_lettered_in_order(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    expected = predict(limits, steps, confirms=False)
    expect.equal(observe(amqp, limits, steps, confirms=False).dead, expected.dead, "dead letters")


@requirement("amqp.length-limits.drop-head-confirms")
@holds_for(cost=6, limits=MESSAGE_LIMITS, steps=PUBLISHES)
def test_the_publisher_is_not_told_of_a_drop(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    seen = observe(amqp, limits, steps, confirms=True)
    expect.equal(seen.outcomes, ["ack"] * len(steps), "confirms of all publishes")


@requirement("amqp.length-limits.delivered-at-once")
@holds_for(cost=3, length=st.integers(0, 2), count=st.integers(1, 5))
def test_a_waiting_consumer_gets_everything(amqp: AmqpTester, length: int, count: int) -> None:
    channel = amqp.channel()
    consumer = channel.consume(amqp.queue(arguments={"x-max-length": length}))
    bodies = [f"message {n}".encode() for n in range(count)]
    for body in bodies:
        channel.publish("", consumer.queue, body)
    consumer.expect(count)
    expect.equal(consumer.bodies, bodies, "deliveries")


@requirement("amqp.length-limits.explicit-drop-head")
@holds_for(cost=6, length=st.integers(0, 3), steps=PUBLISHES)
def test_drop_head_is_what_happens_without_x_overflow(
    amqp: AmqpTester, length: int, steps: list[Step]
) -> None:
    check_what_is_left(amqp, Limits(length, overflow="drop-head"), steps)
