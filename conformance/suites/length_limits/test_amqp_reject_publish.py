"""Bounded queues that refuse what is published beyond their limits."""

from typing import Any

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp.raw import body_frame, header_frame, method_frame
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_limits import REJECT_PUBLISH, REJECT_PUBLISH_DLX, Limits
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.dead_letter.deaths import x_death
from conformance.suites.length_limits.histories import (
    HISTORIES,
    LENGTHS,
    OCTETS,
    REQUEUEING,
    Step,
    observe,
    predict,
)


def rejecting(overflow: str) -> st.SearchStrategy[Limits]:
    """Small limits of either kind, or of both."""
    by_length = st.builds(Limits, length=LENGTHS, overflow=st.just(overflow))
    by_octets = st.builds(Limits, octets=OCTETS, overflow=st.just(overflow))
    return by_length | by_octets | st.builds(Limits, LENGTHS, OCTETS, st.just(overflow))


@requirement("amqp.length-limits.reject-publish")
@holds_for(cost=2, limits=rejecting(REJECT_PUBLISH), steps=HISTORIES)
def test_a_full_queue_refuses_the_new_message(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    expected = predict(limits, steps, confirms=False)
    seen = observe(amqp, limits, steps, confirms=False)
    expect.equal(seen.taken, expected.taken, "messages taken on the way")
    expect.equal(seen.left, expected.left, "messages ready at the end")


@requirement("amqp.length-limits.reject-publish-nacks")
@holds_for(
    cost=2,
    limits=rejecting(REJECT_PUBLISH) | rejecting(REJECT_PUBLISH_DLX),
    steps=HISTORIES,
)
def test_the_publisher_is_told_of_each_refusal(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    expected = predict(limits, steps, confirms=True)
    seen = observe(amqp, limits, steps, confirms=True)
    expect.equal(seen.outcomes, expected.outcomes, "confirms of the publishes in their order")


@requirement("amqp.length-limits.reject-publish-nacks")
def test_refusals_in_a_burst_are_told_apart(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments=Limits(octets=4, overflow=REJECT_PUBLISH).arguments())
    raw = amqp.raw().open()
    raw.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    bodies = {1: b"three", 2: b"abc", 3: b"four", 4: b"d", 5: b"five"}
    raw.send(*(publish_frames(1, queue, body) for body in bodies.values()))
    outcomes: dict[int, str] = {}
    while len(outcomes) < len(bodies):
        confirm: Any = getattr(raw.read_frame(), "method", None)
        is_confirm = isinstance(confirm, spec.Basic.Ack | spec.Basic.Nack)
        expect.true(is_confirm, "a confirm", confirm)
        first = 1 if confirm.multiple else confirm.delivery_tag
        for number in range(first, confirm.delivery_tag + 1):
            outcomes.setdefault(number, confirm.NAME)
    expected = {n: "Basic.Ack" if n in (2, 4) else "Basic.Nack" for n in bodies}
    expect.equal(dict(sorted(outcomes.items())), expected, "confirms")


def publish_frames(channel: int, queue: str, body: bytes) -> bytes:
    """A whole publish into a queue."""
    publish = spec.Basic.Publish(exchange="", routing_key=queue)
    return b"".join(
        (
            method_frame(channel, publish),
            header_frame(channel, len(body)),
            body_frame(channel, body),
        )
    )


@requirement("amqp.length-limits.reject-publish-keeps-requeued")
@holds_for(
    cost=2, limits=rejecting(REJECT_PUBLISH) | rejecting(REJECT_PUBLISH_DLX), steps=REQUEUEING
)
def test_what_is_requeued_is_never_refused(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    expected = predict(limits, steps, confirms=False)
    seen = observe(amqp, limits, steps, confirms=False)
    expect.equal(seen.taken, expected.taken, "messages taken on the way")
    expect.equal(seen.left, expected.left, "messages ready at the end")


@requirement("amqp.length-limits.reject-publish-is-no-death")
def test_a_refused_message_is_not_dead_lettered(amqp: AmqpTester) -> None:
    limits = Limits(1, overflow=REJECT_PUBLISH)
    queue, graveyard = amqp.mortal_queue(limits.arguments())
    for body in ("kept", "refused"):
        amqp.admin.publish("", queue, body)
    expect.equal(amqp.bodies(queue), ["kept"])
    expect.equal(amqp.bodies(graveyard), [], "dead letters")


@requirement("amqp.length-limits.reject-publish-dlx")
@holds_for(cost=2, limits=rejecting(REJECT_PUBLISH_DLX), steps=REQUEUEING)
def test_refused_messages_are_dead_lettered_instead(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    expected = predict(limits, steps, confirms=False)
    seen = observe(amqp, limits, steps, confirms=False)
    expect.equal(seen.left, expected.left, "messages ready at the end")
    expect.equal(seen.dead, expected.dead, "dead letters")


@requirement("amqp.length-limits.reject-publish-dlx")
def test_refused_messages_died_of_the_limit(amqp: AmqpTester) -> None:
    queue, graveyard = amqp.mortal_queue(Limits(0, overflow=REJECT_PUBLISH_DLX).arguments())
    amqp.admin.publish("", queue, "refused")
    dead = amqp.channel().consume(graveyard).expect(1)[0]
    died = [(death.get("queue"), death.get("reason")) for death in x_death(dead)]
    expect.equal(died, [(queue, "maxlen")], "queues and reasons of its deaths")


@requirement("amqp.length-limits.zero-refuses-everything")
def test_length_0_refuses_even_with_a_waiting_consumer(amqp: AmqpTester) -> None:
    limits = Limits(0, overflow=REJECT_PUBLISH)
    channel = amqp.channel()
    channel.select_confirms()
    consumer = channel.consume(amqp.queue(arguments=limits.arguments()))
    expect.equal(channel.publish_confirmed("", consumer.queue, "refused"), "nack")
    channel.barrier()
    expect.equal(consumer.bodies, [], "deliveries")


@requirement("amqp.length-limits.one-of-several-queues-full")
@holds_for(cost=3, free=st.integers(0, 2), full=st.integers(1, 2), count=st.integers(1, 3))
def test_one_full_queue_makes_it_a_nack(amqp: AmqpTester, free: int, full: int, count: int) -> None:
    exchange = amqp.exchange("fanout")
    limits = Limits(1, overflow=REJECT_PUBLISH)
    free_queues = [amqp.queue() for _ in range(free)]
    full_queues = [amqp.queue(arguments=limits.arguments()) for _ in range(full)]
    for queue in [*full_queues[:1], *free_queues, *full_queues[1:]]:
        amqp.admin.bind(queue, exchange)
    channel = amqp.channel()
    channel.select_confirms()
    bodies = [f"message {n}" for n in range(count)]
    outcomes = [channel.publish_confirmed(exchange, "", body) for body in bodies]
    expect.equal(outcomes, ["ack", "nack", "nack"][:count])
    for queue in free_queues:
        expect.equal(amqp.bodies(queue), bodies, "in a queue without limit")
    for queue in full_queues:
        expect.equal(amqp.bodies(queue), bodies[:1], "in a queue of length 1")


@requirement("amqp.length-limits.refused-without-confirms")
def test_a_refused_publish_is_no_error(amqp: AmqpTester) -> None:
    limits = Limits(1, overflow=REJECT_PUBLISH)
    queue = amqp.queue(arguments=limits.arguments())
    channel = amqp.channel()
    for body in ("kept", "refused", "refused too"):
        channel.publish("", queue, body, mandatory=True)
    channel.barrier()
    expect.equal(channel.take(queue).text, "kept")
    channel.publish("", queue, "room again")
    expect.equal(channel.take(queue).text, "room again")
    expect.equal([m.text for m in channel.returned], [], "returned messages")
