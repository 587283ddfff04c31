"""Bounded queues that refuse what is published beyond their limits."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_limits import REJECT_PUBLISH, REJECT_PUBLISH_DLX, Limits
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.length_limits.histories import (
    PUBLISH,
    REQUEUE,
    TAKE,
    Step,
    observe,
    predict,
)


def rejecting(overflow: str) -> st.SearchStrategy[Limits]:
    """Small limits of either kind, or of both."""
    length, octets = st.integers(0, 4), st.integers(0, 16)
    by_length = st.builds(Limits, length=length, overflow=st.just(overflow))
    by_octets = st.builds(Limits, octets=octets, overflow=st.just(overflow))
    return by_length | by_octets | st.builds(Limits, length, octets, st.just(overflow))


HISTORIES = st.lists(PUBLISH | PUBLISH | TAKE, min_size=6, max_size=14)
REQUEUEING = st.lists(PUBLISH | PUBLISH | TAKE | TAKE | REQUEUE, min_size=8, max_size=18)


@requirement("amqp.length-limits.reject-publish")
@holds_for(cost=3, limits=rejecting(REJECT_PUBLISH), steps=HISTORIES)
def test_a_full_queue_refuses_the_new_message(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    expected = predict(limits, steps, confirms=False)
    seen = observe(amqp, limits, steps, confirms=False)
    expect.equal(seen.taken, expected.taken, "messages taken on the way")
    expect.equal(seen.left, expected.left, "messages ready at the end")


@requirement("amqp.length-limits.reject-publish-nacks")
@holds_for(
    cost=3,
    limits=rejecting(REJECT_PUBLISH) | rejecting(REJECT_PUBLISH_DLX),
    steps=HISTORIES,
)
def test_the_publisher_is_told_of_each_refusal(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    expected = predict(limits, steps, confirms=True)
    seen = observe(amqp, limits, steps, confirms=True)
    expect.equal(seen.outcomes, expected.outcomes, "confirms of the publishes in their order")


@requirement("amqp.length-limits.reject-publish-keeps-requeued")
@holds_for(
    cost=3, limits=rejecting(REJECT_PUBLISH) | rejecting(REJECT_PUBLISH_DLX), steps=REQUEUEING
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
@holds_for(cost=3, limits=rejecting(REJECT_PUBLISH_DLX), steps=REQUEUEING)
def test_refused_messages_are_dead_lettered_instead(
    amqp: AmqpTester, limits: Limits, steps: list[Step]
) -> None:
    expected = predict(limits, steps, confirms=False)
    seen = observe(amqp, limits, steps, confirms=False)
    expect.equal(seen.left, expected.left, "messages ready at the end")
    expect.equal(seen.dead, expected.dead, "dead letters")


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
    free_queues = [amqp.bound_queue(exchange) for _ in range(free)]
    full_queues = [amqp.queue(arguments=limits.arguments()) for _ in range(full)]
    for queue in full_queues:
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
