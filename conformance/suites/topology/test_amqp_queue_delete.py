"""Deleting and purging queues: what goes, what stays, and what is counted."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import fill, is_routed, queue_exists

COUNTS = st.integers(0, 4)


@requirement("amqp.topology.queue-delete")
@holds_for(cost=3, durable=st.booleans(), auto_delete=st.booleans(), messages=st.integers(0, 2))
def test_deleted_queue_is_gone_with_its_messages(
    amqp: AmqpTester, durable: bool, auto_delete: bool, messages: int
) -> None:
    queue = amqp.queue(durable=durable, auto_delete=auto_delete)
    fill(amqp.admin, queue, messages)
    amqp.admin.delete_queue(queue)
    expect.equal(queue_exists(amqp, queue), False, "queue after delete-ok")
    amqp.admin.declare_queue(queue, durable=durable, exclusive=not durable, auto_delete=auto_delete)
    expect.equal(amqp.bodies(queue), [], "messages in a new queue of that name")


@requirement("amqp.topology.queue-delete-count")
@holds_for(cost=2, ready=COUNTS, unacknowledged=COUNTS)
def test_delete_tells_the_ready_messages(amqp: AmqpTester, ready: int, unacknowledged: int) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    fill(channel, queue, ready + unacknowledged)
    for _ in range(unacknowledged):
        channel.get(queue)
    expect.equal(amqp.admin.delete_queue(queue), ready, "message-count of delete-ok")


@requirement("amqp.topology.queue-delete-missing")
@holds_for(cost=2, if_unused=st.booleans(), if_empty=st.booleans())
def test_deleting_a_missing_queue_is_no_error(
    amqp: AmqpTester, if_unused: bool, if_empty: bool
) -> None:
    queue = amqp.queue()
    amqp.admin.delete_queue(queue)
    for name in (queue, amqp.queue_name()):
        count = amqp.admin.delete_queue(name, if_unused=if_unused, if_empty=if_empty)
        expect.equal(count, 0, "message-count of delete-ok")


@requirement("amqp.topology.queue-delete-if-unused")
@holds_for(cost=2, consumers=st.integers(1, 3), if_empty=st.booleans())
def test_queue_in_use_is_kept(amqp: AmqpTester, consumers: int, if_empty: bool) -> None:
    queue = amqp.queue()
    started = [amqp.channel().consume(queue) for _ in range(consumers)]
    with expect.channel_error(406):
        amqp.channel().delete_queue(queue, if_unused=True, if_empty=if_empty)
    for number in range(consumers):
        amqp.admin.publish("", queue, str(number))
    for consumer in started:
        consumer.expect(1)


@requirement("amqp.topology.queue-delete-if-unused-free")
@holds_for(consumed=st.booleans(), messages=st.integers(0, 2))
def test_queue_without_consumers_is_unused(amqp: AmqpTester, consumed: bool, messages: int) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    if consumed:
        channel.cancel(channel.consume(queue))
    fill(channel, queue, messages)
    count = channel.delete_queue(queue, if_unused=True)
    expect.equal(count, messages, "message-count of delete-ok")
    expect.equal(queue_exists(amqp, queue), False, "queue after delete-ok")


@requirement("amqp.topology.queue-delete-if-empty")
@holds_for(
    cost=3, messages=st.integers(1, 3), unacknowledged=st.booleans(), if_unused=st.booleans()
)
def test_queue_with_messages_is_kept(
    amqp: AmqpTester, messages: int, unacknowledged: bool, if_unused: bool
) -> None:
    queue = amqp.queue()
    bodies = fill(amqp.admin, queue, messages + unacknowledged)
    if unacknowledged:
        amqp.channel().get(queue)
    with expect.channel_error(406):
        amqp.channel().delete_queue(queue, if_empty=True, if_unused=if_unused)
    expect.equal(amqp.bodies(queue), bodies[unacknowledged:], "messages after the refused delete")


@requirement("amqp.topology.queue-delete-if-empty-free")
@holds_for(consumers=st.integers(0, 2))
def test_queue_without_messages_is_empty(amqp: AmqpTester, consumers: int) -> None:
    queue = amqp.queue()
    for body in fill(amqp.admin, queue, 2):
        message = amqp.admin.get(queue, ack=False)
        expect.equal(message and message.text, body, "message taken")
    for _ in range(consumers):
        amqp.channel().consume(queue)
    amqp.admin.delete_queue(queue, if_empty=True)
    expect.equal(queue_exists(amqp, queue), False, "queue after delete-ok")


@requirement("amqp.topology.queue-delete-if-empty-unacknowledged")
@holds_for(unacknowledged=st.integers(1, 3))
def test_unacknowledged_messages_do_not_count(amqp: AmqpTester, unacknowledged: int) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    fill(channel, queue, unacknowledged)
    for _ in range(unacknowledged):
        channel.get(queue)
    amqp.admin.delete_queue(queue, if_empty=True)
    expect.equal(queue_exists(amqp, queue), False, "queue after delete-ok")


@requirement("amqp.topology.queue-delete-not-dead-lettered")
@holds_for(cost=3, ready=st.integers(0, 2), unacknowledged=st.integers(0, 2))
def test_deleting_dead_letters_nothing(amqp: AmqpTester, ready: int, unacknowledged: int) -> None:
    exchange = amqp.exchange("fanout")
    dead_letters = amqp.bound_queue(exchange)
    queue = amqp.queue(arguments={"x-dead-letter-exchange": exchange})
    channel = amqp.channel()
    fill(channel, queue, ready + unacknowledged)
    for _ in range(unacknowledged):
        channel.get(queue)
    channel.delete_queue(queue)
    channel.close()
    amqp.admin.publish(exchange, "", "published later")
    expect.equal(amqp.bodies(dead_letters), ["published later"], "messages in the other queue")


@requirement("amqp.topology.queue-delete-unbinds")
@holds_for(cost=4, keys=st.lists(st.sampled_from(["", "a", "b"]), min_size=1, max_size=3))
def test_bindings_of_a_deleted_queue_are_gone(amqp: AmqpTester, keys: list[str]) -> None:
    exchange, queue = amqp.exchange(), amqp.queue()
    for key in keys:
        amqp.admin.bind(queue, exchange, key)
        routed = is_routed(amqp.admin, exchange, key, queue)
        expect.equal(routed, True, f"routing with {key!r} to the queue")
    amqp.admin.delete_queue(queue)
    amqp.admin.declare_queue(queue, exclusive=True)
    for key in keys:
        routed = is_routed(amqp.admin, exchange, key, queue)
        expect.equal(routed, False, f"routing with {key!r} to a new queue of that name")


@requirement("amqp.topology.queue-delete-unroutable")
def test_messages_for_a_deleted_queue_are_returned(amqp: AmqpTester) -> None:
    exchange = amqp.exchange()
    queue = amqp.bound_queue(exchange, "key")
    channel = amqp.channel()
    for name, key in ((exchange, "key"), ("", queue)):
        channel.publish(name, key, "while it is there", mandatory=True)
    channel.delete_queue(queue)
    for name, key in ((exchange, "key"), ("", queue)):
        channel.publish(name, key, f"to {key!r}", mandatory=True)
    channel.barrier()
    returned = [message.text for message in channel.returned]
    expect.equal(returned, ["to 'key'", f"to {queue!r}"], "messages returned")


@requirement("amqp.topology.queue-purge")
@holds_for(cost=4, ready=COUNTS, unacknowledged=COUNTS, requeued=st.booleans())
def test_purge_takes_the_ready_messages_only(
    amqp: AmqpTester, ready: int, unacknowledged: int, requeued: bool
) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    bodies = fill(channel, queue, unacknowledged + ready)
    taken = [channel.get(queue) for _ in range(unacknowledged)]
    expect.equal(amqp.admin.purge(queue), ready, "message-count of purge-ok")
    expect.equal(amqp.bodies(queue), [], "ready messages after the purge")
    for message in taken:
        if message is not None and requeued:
            channel.reject(message.tag)
    channel.barrier()
    expect.equal(
        [message.text for message in channel.drain(queue)],
        bodies[:unacknowledged] if requeued else [],
        "messages that were unacknowledged",
    )


@requirement("amqp.topology.queue-purge-missing")
def test_purging_a_missing_queue_is_refused(amqp: AmqpTester) -> None:
    queue = amqp.queue_name()
    with expect.channel_error(404):
        amqp.channel().purge(queue)
    expect.equal(queue_exists(amqp, queue), False, "queue after the refusal")
