"""basic.get: one message at a time."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.delivery.steps import await_ready, fill, hold, take


@requirement("amqp.delivery.get-from-an-empty-queue")
def test_an_empty_queue_says_so(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    expect.equal(channel.get(queue), None, "basic.get from a new queue")
    fill(amqp, queue, 1)
    take(channel, queue)
    expect.equal(channel.get(queue), None, "basic.get when the only message is taken")


@requirement("amqp.delivery.get-ok-counts-what-remains")
@holds_for(cost=6, count=st.integers(3, 5), taken=st.integers(1, 4))
def test_get_ok_tells_how_many_are_still_ready(amqp: AmqpTester, count: int, taken: int) -> None:
    queue = amqp.queue()
    fill(amqp, queue, count)
    channel = amqp.channel()
    remaining = [take(channel, queue).ready_after for _ in range(min(count, taken))]
    remaining += [
        take(channel, queue, ack=False).ready_after for _ in range(count - len(remaining))
    ]
    expect.equal(remaining, list(range(count - 1, -1, -1)), "message-count of each get-ok")


@requirement("amqp.delivery.get-ok-names-exchange-and-key")
@holds_for(cost=6, keys=st.permutations(["a", "b", "", "b"]))
def test_get_ok_tells_where_the_message_came_from(amqp: AmqpTester, keys: list[str]) -> None:
    exchange = amqp.exchange("fanout")
    queue = amqp.bound_queue(exchange)
    for key in keys:
        amqp.admin.publish(exchange, key)
    amqp.admin.publish("", queue)
    messages = [(m.exchange, m.routing_key) for m in amqp.admin.drain(queue)]
    expect.equal(messages, [*((exchange, key) for key in keys), ("", queue)], "origins")


@requirement("amqp.delivery.get-holds-the-message")
def test_a_message_that_was_got_is_unacknowledged(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 1)
    channel = amqp.channel()
    take(channel, queue)
    expect.equal(amqp.admin.ready(queue), 0, "ready messages while it is held")
    channel.close()
    await_ready(amqp, queue, 1)


@requirement("amqp.delivery.get-without-ack-settles")
def test_a_message_got_without_ack_is_gone(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 2)
    channel = amqp.channel()
    take(channel, queue, ack=False)
    take(channel, queue)
    channel.close()
    await_ready(amqp, queue, 1)
    expect.equal(amqp.bodies(queue), ["m2"], "what came back")


@requirement("amqp.delivery.get-from-a-missing-queue-is-refused")
def test_no_queue_to_get_from(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    with expect.channel_error(404):
        channel.get(amqp.name("missing"))


@requirement("amqp.delivery.get-and-consumers-share-the-messages")
def test_a_message_is_got_or_delivered_but_not_both(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    bodies = fill(amqp, queue, 4)
    channel = amqp.channel()
    got = hold(channel, queue, 2)
    consumer = channel.consume(queue)
    consumer.expect(2)
    channel.barrier()
    both = [message.text for message in (*got, *consumer.received)]
    expect.same_members(both, bodies, "what was got and delivered")
