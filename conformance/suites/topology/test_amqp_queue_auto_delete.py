"""Auto-delete queues: they go with their last consumer, and not before they had one."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import is_forgotten, queue_exists


@requirement("amqp.topology.queue-auto-delete-cancel")
@holds_for(cost=4, consumers=st.integers(1, 4), durable=st.booleans(), data=st.data())
def test_queue_goes_with_its_last_consumer(
    amqp: AmqpTester, consumers: int, durable: bool, data: st.DataObject
) -> None:
    queue = amqp.queue(auto_delete=True, durable=durable)
    channels = [amqp.channel(), amqp.channel()]
    started = [channels[number % 2].consume(queue) for number in range(consumers)]
    for consumer in data.draw(st.permutations(started)):
        expect.equal(queue_exists(amqp, queue), True, "queue that has a consumer")
        consumer.channel.cancel(consumer)
    expect.eventually(lambda: is_forgotten(amqp, queue), "the end of a queue without consumers")


@requirement("amqp.topology.queue-auto-delete-cancel-ok")
def test_queue_is_gone_at_cancel_ok(amqp: AmqpTester) -> None:
    queue = amqp.queue(auto_delete=True)
    channel = amqp.channel()
    channel.cancel(channel.consume(queue))
    with expect.channel_error(404):
        channel.declare_queue(queue, passive=True)


@requirement("amqp.topology.queue-auto-delete-name-free")
def test_nothing_of_the_queue_is_left_at_cancel_ok(amqp: AmqpTester) -> None:
    queue = amqp.queue(auto_delete=True)
    channel = amqp.channel()
    channel.cancel(channel.consume(queue))
    expect.equal(is_forgotten(amqp, queue), True, "whether the queue is forgotten at cancel-ok")


@requirement("amqp.topology.queue-auto-delete-channel")
@holds_for(cost=3, consumers=st.integers(1, 3), unacknowledged=st.integers(0, 2))
def test_queue_goes_with_the_channel_of_its_last_consumer(
    amqp: AmqpTester, consumers: int, unacknowledged: int
) -> None:
    queue = amqp.queue(auto_delete=True)
    first, second = amqp.channel(), amqp.channel()
    kept = second.consume(queue)
    for _ in range(consumers):
        first.consume(queue)
    for number in range(unacknowledged):
        amqp.admin.publish("", queue, str(number))
    amqp.admin.barrier()
    first.close()
    expect.equal(queue_exists(amqp, queue), True, "queue that has a consumer left")
    kept.channel.close()
    expect.eventually(lambda: is_forgotten(amqp, queue), "the end of a queue without consumers")


@requirement("amqp.topology.queue-auto-delete-connection")
@holds_for(cost=2, cut=st.booleans())
def test_queue_goes_with_the_connection_of_its_last_consumer(amqp: AmqpTester, cut: bool) -> None:
    queue = amqp.queue(auto_delete=True, durable=True)
    consuming = amqp.connect()
    consuming.channel().consume(queue)
    expect.equal(queue_exists(amqp, queue), True, "queue that has a consumer")
    if cut:
        consuming.drop()
    else:
        consuming.close()
    expect.eventually(lambda: is_forgotten(amqp, queue), "the end of a queue without consumers")


@requirement("amqp.topology.queue-auto-delete-unused")
@holds_for(cost=2, durable=st.booleans(), messages=st.integers(0, 2))
def test_queue_that_was_never_consumed_stays(
    amqp: AmqpTester, durable: bool, messages: int
) -> None:
    queue = amqp.queue(auto_delete=True, durable=durable)
    channel = amqp.channel()
    for number in range(messages):
        channel.publish("", queue, str(number))
    channel.close()
    channel = amqp.channel()
    channel.declare_queue(queue, passive=True)
    channel.purge(queue)
    channel.close()
    expect.equal(queue_exists(amqp, queue), True, "queue that never had a consumer")


@requirement("amqp.topology.queue-auto-delete-get")
def test_getting_is_not_consuming(amqp: AmqpTester) -> None:
    queue = amqp.queue(auto_delete=True)
    channel = amqp.channel()
    for body in ("first", "second"):
        channel.publish("", queue, body)
    channel.get(queue, ack=False)
    channel.get(queue)
    channel.close()
    expect.equal(queue_exists(amqp, queue), True, "queue after basic.get by a closed channel")


@requirement("amqp.topology.queue-lasting-without-consumers")
def test_queue_without_auto_delete_outlives_its_consumers(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    channel = amqp.channel()
    channel.cancel(channel.consume(queue))
    expect.equal(queue_exists(amqp, queue), True, "queue after the loss of its last consumer")
