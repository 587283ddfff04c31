"""What makes a dead letter, and what does not."""

from __future__ import annotations

import time
from typing import Literal

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Message
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_deaths import EXPIRED
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.dead_letter.deaths import REASONS, deadly_queue, kill, one, x_death

How = Literal["ack", "nack", "nack all", "reject", "requeue"]
SETTLEMENTS = st.lists(
    st.tuples(st.sampled_from(["ack", "nack", "nack all", "reject", "requeue"]), st.integers(0, 7)),
    min_size=3,
    max_size=6,
)


def settle(amqp: AmqpTester, settlements: list[tuple[How, int]]) -> tuple[list[str], list[str]]:
    """Settle 8 messages in many ways; return the dead letters and those that are expected."""
    queue, graveyard = amqp.mortal_queue()
    channel = amqp.channel()
    for number in range(8):
        channel.publish("", queue, f"message {number}")
    held = [channel.take(queue) for _ in range(8)]
    expected: list[Message] = []
    for how, which in settlements:
        if not held:
            break
        message = held[which % len(held)]
        settled = held[: which % len(held) + 1] if how == "nack all" else [message]
        held = [m for m in held if m not in settled]
        if how == "ack":
            channel.ack(message.tag)
        elif how == "reject":
            channel.reject(message.tag, requeue=False)
        else:
            channel.nack(message.tag, multiple=how == "nack all", requeue=how == "requeue")
        if how in ("nack", "nack all", "reject"):
            expected += settled
    channel.drain(queue)
    return amqp.bodies(graveyard), [message.text for message in expected]


@requirement("amqp.dead-letter.rejected")
@holds_for(cost=6, settlements=SETTLEMENTS)
def test_what_is_rejected_for_good_is_dead_lettered_once(
    amqp: AmqpTester, settlements: list[tuple[How, int]]
) -> None:
    dead, expected = settle(amqp, settlements)
    expect.same_members(dead, expected, "dead letters")


@requirement("amqp.dead-letter.rejected")
def test_a_consumer_can_reject_too(amqp: AmqpTester) -> None:
    expect.same_members(consume_and_reject(amqp), ["1", "2", "3", "5", "6"], "dead letters")


@requirement("amqp.dead-letter.order-of-rejections")
def test_dead_letters_of_a_consumer_come_in_order(amqp: AmqpTester) -> None:
    expect.equal(consume_and_reject(amqp), ["6", "1", "2", "3", "5"], "dead letters")


def consume_and_reject(amqp: AmqpTester) -> list[str]:
    """Consume messages 1 to 7, reject some in every way, and return the dead letters."""
    queue, graveyard = amqp.mortal_queue()
    channel = amqp.channel()
    consumer = channel.consume(queue)
    for number in range(1, 8):
        channel.publish("", queue, str(number))
    tags = [message.tag for message in consumer.expect(7)]
    channel.reject(tags[5], requeue=False)
    channel.nack(tags[2], multiple=True, requeue=False)
    channel.ack(tags[3])
    channel.nack(tags[4], requeue=False)
    channel.get(queue)
    return amqp.bodies(graveyard)


@requirement("amqp.dead-letter.order-of-rejections")
@holds_for(cost=6, settlements=SETTLEMENTS)
def test_dead_letters_come_in_the_order_of_their_deaths(
    amqp: AmqpTester, settlements: list[tuple[How, int]]
) -> None:
    dead, expected = settle(amqp, settlements)
    expect.equal(dead, expected, "dead letters in their order")


@requirement("amqp.dead-letter.order-of-expiry")
@holds_for(cost=6, count=st.integers(1, 6))
def test_messages_that_expire_together_keep_their_order(amqp: AmqpTester, count: int) -> None:
    queue, graveyard = amqp.mortal_queue()
    channel = amqp.channel()
    channel.publish("", queue, "alive")
    bodies = [f"message {n}" for n in range(count)]
    for body in bodies:
        channel.publish("", queue, body, pika.BasicProperties(expiration="0"))
    expect.equal(channel.take(queue).text, "alive")
    expect.equal(channel.get(queue), None, "messages that have not expired")
    expect.equal(amqp.bodies(graveyard), bodies)


@requirement("amqp.dead-letter.expired")
def test_expired_messages_are_dead_lettered_once(amqp: AmqpTester) -> None:
    queue, graveyard = amqp.mortal_queue({"x-message-ttl": 0})
    kill(amqp, queue, EXPIRED, "by its queue")
    queue = amqp.queue(
        arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": graveyard}
    )
    kill(amqp, queue, EXPIRED, "by itself", pika.BasicProperties(expiration="0"))
    expect.equal(amqp.bodies(graveyard), ["by its queue", "by itself"])


@requirement("amqp.dead-letter.expired-promptly")
def test_expired_messages_are_dead_lettered_unasked(amqp: AmqpTester) -> None:
    queue, graveyard = amqp.mortal_queue({"x-message-ttl": 300})
    channel = amqp.channel()
    consumer = channel.consume(graveyard)
    published_s = time.monotonic()
    for body in ("first", "second"):
        channel.publish("", queue, body)
    consumer.expect(2)
    expect.at_least(1000 * (time.monotonic() - published_s), 295, "ms until the dead letters")
    expect.equal(consumer.bodies, [b"first", b"second"])


@requirement("amqp.dead-letter.reason")
def test_each_cause_has_its_reason(amqp: AmqpTester) -> None:
    for reason in REASONS:
        graveyard = amqp.queue()
        kill(amqp, deadly_queue(amqp, reason, "", graveyard), reason)
        deaths = x_death(one(amqp.admin.drain(graveyard)))
        expect.equal([death["reason"] for death in deaths], [reason])


@requirement("amqp.dead-letter.requeued-is-alive")
def test_requeueing_makes_no_dead_letters(amqp: AmqpTester) -> None:
    queue, graveyard = amqp.mortal_queue()
    amqp.admin.publish("", queue, "survivor")
    channel = amqp.channel()
    channel.nack(channel.take(queue).tag)
    channel.reject(channel.take(queue).tag)
    channel.take(queue)
    channel.recover()
    channel.take(queue)
    channel.close()
    expect.eventually(lambda: amqp.admin.ready(queue) == 1, "the message to be ready again")
    expect.equal(amqp.bodies(graveyard), [], "dead letters")
    expect.equal(amqp.bodies(queue), ["survivor"])


@requirement("amqp.dead-letter.consumed-is-no-death")
def test_consuming_makes_no_dead_letters(amqp: AmqpTester) -> None:
    queue, graveyard = amqp.mortal_queue()
    channel = amqp.channel()
    for number in range(4):
        channel.publish("", queue, f"message {number}")
    channel.ack(channel.take(queue).tag)
    channel.take(queue, ack=False)
    consumer = channel.consume(queue)
    channel.ack(consumer.expect(2)[1].tag, multiple=True)
    channel.cancel(consumer)
    expect.equal(channel.get(queue), None, "messages left")
    expect.equal(amqp.bodies(graveyard), [], "dead letters")


@requirement("amqp.dead-letter.removed-with-queue")
def test_purge_and_delete_make_no_dead_letters(amqp: AmqpTester) -> None:
    queue, graveyard = amqp.mortal_queue()
    channel = amqp.channel()
    for body in ("held", "purged"):
        channel.publish("", queue, body)
    held = channel.take(queue)
    expect.equal(channel.purge(queue), 1, "messages purged")
    channel.publish("", queue, "deleted")
    expect.equal(channel.delete_queue(queue), 1, "messages deleted")
    channel.reject(held.tag, requeue=False)
    channel.barrier()
    expect.equal(amqp.bodies(graveyard), [], "dead letters")
