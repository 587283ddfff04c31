"""Delivery tags, and which deliveries a settlement settles."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_queue import ACK, DISCARD, REQUEUE, QueueModel
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.delivery.steps import (
    SETTLING,
    await_ready,
    fill,
    hold,
    settle,
    take,
    texts,
)

STEPS = st.builds(
    lambda before, tag, after: [*((t, False) for t in before), (tag, True), *after],
    before=st.lists(st.integers(1, 5), max_size=2),
    tag=st.integers(1, 4),
    after=st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=2),
)
"""Tags to settle, and whether with `multiple`; a tag that is settled already is left out."""


@requirement("amqp.delivery.delivery-tags-count-up-from-one")
@holds_for(
    cost=6,
    how=st.permutations(["deliver", "deliver no-ack", "get", "get", "get no-ack", "nothing"]),
)
def test_tags_number_the_deliveries_of_a_channel(amqp: AmqpTester, how: list[str]) -> None:
    pushed, pulled = amqp.queue(), amqp.queue()
    channel, other = amqp.channel(), amqp.channel()
    consumers = {
        "deliver": channel.consume(pushed),
        "deliver no-ack": channel.consume(amqp.queue(), ack=False),
    }
    tags = []
    for step in how:
        if step in consumers:
            amqp.admin.publish("", consumers[step].queue)
            tags.append(consumers[step].expect(1)[0].tag)
        elif step == "nothing":
            expect.equal(channel.get(pulled), None, "basic.get from an empty queue")
        else:
            fill(amqp, pulled, 1)
            tags.append(take(channel, pulled, ack=step == "get").tag)
    expect.equal(tags, list(range(1, len(how))), f"tags of {how}")
    fill(amqp, pulled, 1)
    expect.equal(take(other, pulled).tag, 1, "first tag on another channel")


@requirement("amqp.delivery.settled-tags-are-not-used-again")
def test_tags_go_on_after_settling(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 3)
    channel = amqp.channel()
    channel.ack(take(channel, queue).tag)
    channel.nack(take(channel, queue).tag)
    channel.barrier()
    expect.equal([m.tag for m in hold(channel, queue, 2)], [3, 4], "the next tags")


@requirement("amqp.delivery.ack-settles-exactly-its-delivery")
@holds_for(cost=4, order=st.permutations(range(5)), acks=st.integers(1, 4), pushed=st.booleans())
def test_ack_of_single_deliveries(
    amqp: AmqpTester, order: list[int], acks: int, pushed: bool
) -> None:
    queue = amqp.queue()
    bodies = fill(amqp, queue, 5)
    channel = amqp.channel()
    held = channel.consume(queue).expect(5) if pushed else hold(channel, queue, 5)
    acked = order[-acks:]
    for index in acked:
        channel.ack(held[index].tag)
    channel.close()
    await_ready(amqp, queue, 5 - acks)
    kept = [body for index, body in enumerate(bodies) if index not in acked]
    expect.same_members(amqp.bodies(queue), kept, "messages that were not acknowledged")


def settle_as_the_model(amqp: AmqpTester, steps: list[tuple[int, bool]], outcome: str) -> None:
    """Hold five messages, settle some of them, and compare what is ready then and at the end."""
    queue = amqp.queue()
    model = QueueModel()
    channel = amqp.channel()
    for body in fill(amqp, queue, 5):
        model.publish(body)
    for _ in hold(channel, queue, 5):
        model.get("channel")
    for tag, multiple in steps:
        if model.settle("channel", tag, outcome, multiple=multiple):
            if outcome == ACK:
                channel.ack(tag, multiple=multiple)
            else:
                channel.nack(tag, multiple=multiple, requeue=outcome == REQUEUE)
    channel.barrier()
    await_ready(amqp, queue, len(model.ready))
    expect.same_members(amqp.bodies(queue), model.ready, f"ready after {steps}")
    model.ready.clear()
    channel.close()
    model.close("channel")
    await_ready(amqp, queue, len(model.ready))
    expect.same_members(amqp.bodies(queue), model.ready, f"unacknowledged after {steps}")


@requirement("amqp.delivery.ack-multiple-settles-up-to-its-tag")
@holds_for(cost=4, steps=STEPS)
def test_ack_multiple(amqp: AmqpTester, steps: list[tuple[int, bool]]) -> None:
    settle_as_the_model(amqp, steps, ACK)


@requirement("amqp.delivery.nack-multiple-requeues-up-to-its-tag")
@holds_for(cost=4, steps=STEPS)
def test_nack_multiple_with_requeue(amqp: AmqpTester, steps: list[tuple[int, bool]]) -> None:
    settle_as_the_model(amqp, steps, REQUEUE)


@requirement("amqp.delivery.nack-multiple-discards-up-to-its-tag")
@holds_for(cost=4, steps=STEPS)
def test_nack_multiple_without_requeue(amqp: AmqpTester, steps: list[tuple[int, bool]]) -> None:
    settle_as_the_model(amqp, steps, DISCARD)


@requirement("amqp.delivery.multiple-reaches-no-other-channel")
@pytest.mark.parametrize("method", ["ack", "nack"])
def test_multiple_settles_on_its_own_channel_only(amqp: AmqpTester, method: str) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 4)
    channel, other = amqp.channel(), amqp.channel()
    for holder in (other, channel, other, channel):
        take(holder, queue)
    if method == "ack":
        channel.ack(2, multiple=True)
    else:
        channel.nack(2, multiple=True, requeue=False)
    channel.close()
    expect.equal(amqp.admin.ready(queue), 0, "ready messages while the other channel holds two")
    other.close()
    await_ready(amqp, queue, 2)
    expect.same_members(amqp.bodies(queue), ["m1", "m3"], "what the other channel held")


@requirement("amqp.delivery.multiple-reaches-every-queue-of-the-channel")
def test_multiple_settles_deliveries_of_several_queues(amqp: AmqpTester) -> None:
    queues = [amqp.queue(), amqp.queue()]
    channel = amqp.channel()
    for queue in queues:
        fill(amqp, queue, 2)
    for queue in (*queues, *queues):
        last = take(channel, queue)
    channel.ack(last.tag, multiple=True)
    channel.close()
    expect.equal([amqp.admin.ready(queue) for queue in queues], [0, 0], "what came back")


@requirement("amqp.delivery.ack-multiple-of-zero-settles-all")
@holds_for(cost=6, count=st.integers(1, 4))
def test_tag_zero_means_all_there_are(amqp: AmqpTester, count: int) -> None:
    queue = amqp.queue()
    fill(amqp, queue, count + 1)
    channel = amqp.channel()
    channel.ack(0, multiple=True)
    channel.barrier()
    hold(channel, queue, count)
    channel.ack(0, multiple=True)
    channel.barrier()
    take(channel, queue)
    channel.close()
    await_ready(amqp, queue, 1)
    expect.equal(amqp.bodies(queue), [f"m{count + 1}"], "what was taken after the ack")


@requirement("amqp.delivery.nack-multiple-of-zero-covers-all")
@holds_for(cost=6, count=st.integers(2, 4), requeue=st.booleans())
def test_tag_zero_gives_all_back(amqp: AmqpTester, count: int, requeue: bool) -> None:
    queue = amqp.queue()
    bodies = fill(amqp, queue, count)
    channel = amqp.channel()
    channel.nack(0, multiple=True, requeue=requeue)
    channel.barrier()
    hold(channel, queue, count)
    channel.nack(0, multiple=True, requeue=requeue)
    channel.barrier()
    await_ready(amqp, queue, count if requeue else 0)
    expect.same_members(amqp.bodies(queue), bodies if requeue else [], "ready after the nack")
    channel.close()
    expect.equal(amqp.admin.ready(queue), 0, "what the channel still held")


@requirement("amqp.delivery.tag-zero-alone-is-refused")
@pytest.mark.parametrize("method", SETTLING)
def test_tag_zero_without_multiple(amqp: AmqpTester, method: str) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 1)
    channel = amqp.channel()
    take(channel, queue)
    with expect.channel_error(406, barrier=channel.barrier):
        settle(channel, method, 0)


@requirement("amqp.delivery.unknown-delivery-tag-is-refused")
@pytest.mark.parametrize("method", SETTLING)
@pytest.mark.parametrize("tag", [3, 1 << 40])
def test_a_tag_that_was_never_given(amqp: AmqpTester, method: str, tag: int) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 2)
    channel = amqp.channel()
    hold(channel, queue, 2)
    with expect.channel_error(406, barrier=channel.barrier):
        settle(channel, method, tag)


@requirement("amqp.delivery.delivery-is-settled-once")
@pytest.mark.parametrize("second", SETTLING)
@pytest.mark.parametrize("first", SETTLING)
def test_a_tag_that_is_settled_already(amqp: AmqpTester, first: str, second: str) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 2)
    channel = amqp.channel()
    tag = hold(channel, queue, 2)[0].tag
    settle(channel, first, tag, requeue=False)
    with expect.channel_error(406, barrier=channel.barrier):
        settle(channel, second, tag)


@requirement("amqp.delivery.multiple-settles-once")
@pytest.mark.parametrize("method", SETTLING)
def test_a_tag_that_multiple_has_settled(amqp: AmqpTester, method: str) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 3)
    channel = amqp.channel()
    first, second, _ = hold(channel, queue, 3)
    channel.ack(second.tag, multiple=True)
    with expect.channel_error(406, barrier=channel.barrier):
        settle(channel, method, first.tag)


@requirement("amqp.delivery.delivery-tags-are-local-to-their-channel")
@pytest.mark.parametrize("method", SETTLING)
def test_a_tag_of_another_channel(amqp: AmqpTester, method: str) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 1)
    owner, stranger = amqp.channel(), amqp.channel()
    tag = take(owner, queue).tag
    with expect.channel_error(406, barrier=stranger.barrier):
        settle(stranger, method, tag)
    owner.ack(tag)
    owner.close()
    expect.equal(amqp.admin.ready(queue), 0, "what came back after the owner's ack")


@requirement("amqp.delivery.no-ack-delivery-cannot-be-settled")
@pytest.mark.parametrize("method", SETTLING)
def test_a_tag_that_needs_no_settling(amqp: AmqpTester, method: str) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 1)
    channel = amqp.channel()
    tag = channel.consume(queue, ack=False).expect(1)[0].tag
    with expect.channel_error(406, barrier=channel.barrier):
        settle(channel, method, tag)


@requirement("amqp.delivery.multiple-up-to-an-unknown-tag-is-refused")
@pytest.mark.parametrize("method", ["ack", "nack"])
@pytest.mark.parametrize("tag", [2, 9], ids=["settled before", "never given"])
def test_multiple_needs_a_tag_that_is_outstanding(amqp: AmqpTester, method: str, tag: int) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 3)
    channel = amqp.channel()
    hold(channel, queue, 3)
    channel.ack(2)
    with expect.channel_error(406, barrier=channel.barrier):
        if method == "ack":
            channel.ack(tag, multiple=True)
        else:
            channel.nack(tag, multiple=True, requeue=False)
    await_ready(amqp, queue, 2)
    expect.same_members(amqp.bodies(queue), ["m1", "m3"], "messages that nothing has settled")


@requirement("amqp.delivery.acknowledged-message-is-gone")
@holds_for(cost=6, count=st.integers(2, 4), pushed=st.booleans())
def test_an_acknowledged_message_never_returns(amqp: AmqpTester, count: int, pushed: bool) -> None:
    queue = amqp.queue(durable=True)
    fill(amqp, queue, count)
    connection = amqp.connect()
    channel = connection.channel()
    held = channel.consume(queue).expect(count) if pushed else hold(channel, queue, count)
    for message in held:
        channel.ack(message.tag)
    connection.close()
    later = amqp.channel().consume(queue)
    amqp.admin.publish("", queue, "new")
    expect.equal(texts(later.expect(1)), ["new"], "what a later consumer gets")


@requirement("amqp.delivery.deleted-queues-deliveries-can-be-settled")
@pytest.mark.parametrize("method", SETTLING)
def test_settling_what_came_from_a_deleted_queue(amqp: AmqpTester, method: str) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 2)
    channel = amqp.channel()
    pushed = channel.consume(queue).expect(2)
    amqp.admin.delete_queue(queue)
    for message in pushed:
        settle(channel, method, message.tag)
    channel.barrier()
