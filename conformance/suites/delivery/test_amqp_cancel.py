"""How a consumer ends: by basic.cancel from the client, or because its queue is gone."""

from pika import spec
from pika.amqp_object import Method

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.raw import RawConnection, method_frame
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.suites.delivery.steps import await_ready, fill, texts

NOTIFIED = {"consumer_cancel_notify": True}


def raw_consumer(amqp: AmqpTester, raw: RawConnection, *, no_ack: bool = False) -> str:
    """Declare a queue on a raw connection and consume from it under the tag "t"."""
    queue = amqp.name("q")
    raw.call(1, spec.Queue.Declare(queue=queue, exclusive=True), spec.Queue.DeclareOk)
    consume = spec.Basic.Consume(queue=queue, consumer_tag="t", no_ack=no_ack)
    raw.call(1, consume, spec.Basic.ConsumeOk)
    return queue


@requirement("amqp.delivery.no-delivery-after-cancel-ok")
def test_nothing_is_delivered_after_cancel_ok(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = raw_consumer(amqp, raw, no_ack=True)
    raw.call(1, spec.Basic.Cancel("t"), spec.Basic.CancelOk)
    raw.publish(1, "", queue, b"after the end")
    raw.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)  # a delivery would come before it


@requirement("amqp.delivery.cancel-without-an-answer")
def test_no_wait_cancels_silently(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = raw_consumer(amqp, raw, no_ack=True)
    raw.send_method(1, spec.Basic.Cancel("t", nowait=True))
    raw.publish(1, "", queue, b"for nobody")
    raw.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)


@requirement("amqp.delivery.cancel-does-not-requeue")
def test_a_cancelled_consumers_messages_stay_out_of_the_queue(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 2)
    channel = amqp.channel()
    consumer = channel.consume(queue)
    consumer.expect(2)
    channel.cancel(consumer)
    expect.equal(amqp.admin.ready(queue), 0, "ready messages after cancel-ok")


@requirement("amqp.delivery.cancelled-consumers-deliveries-can-be-settled")
def test_a_cancelled_consumers_messages_are_acknowledged_later(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    fill(amqp, queue, 4)
    channel = amqp.channel()
    consumer = channel.consume(queue)
    tags = [message.tag for message in consumer.expect(4)]
    channel.cancel(consumer)
    channel.ack(tags[0])
    channel.reject(tags[1], requeue=False)
    channel.nack(tags[2])
    await_ready(amqp, queue, 1)
    channel.close()
    await_ready(amqp, queue, 2)
    expect.same_members(amqp.bodies(queue), ["m3", "m4"], "messages that were not settled for good")


@requirement("amqp.delivery.cancel-of-an-unknown-tag-is-no-error")
def test_an_unknown_tag_is_cancelled(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = raw_consumer(amqp, raw)
    for _ in range(2):
        answer = raw.call(1, spec.Basic.Cancel("nobody"), spec.Basic.CancelOk)
        expect.equal(answer.consumer_tag, "nobody", "tag in cancel-ok")
    raw.publish(1, "", queue, b"for the one that is there")
    expect.equal(raw.expect(spec.Basic.Deliver).consumer_tag, "t", "tag of the delivery")


@requirement("amqp.delivery.deleted-queue-cancels-its-consumers")
def test_every_consumer_of_a_deleted_queue_is_told(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    near, far = amqp.channel(), amqp.connect().channel()
    told = {near: ["cancel n1", "cancel n2"], far: ["cancel f1"]}
    for channel, tag in ((near, "n1"), (near, "n2"), (far, "f1")):
        channel.consume(queue, tag=tag)
    amqp.admin.delete_queue(queue)
    for channel, expected in told.items():
        await_events(channel, len(expected))
        expect.same_members(channel.events, expected, "what the consumers were told")


def await_events(channel: Channel, count: int) -> None:
    """Wait until something has arrived unasked so many times, and what is on the way."""
    channel.wait_for(lambda: len(channel.events) >= count, f"{count} times basic.cancel")
    channel.barrier()


@requirement("amqp.delivery.no-cancel-without-the-capability")
def test_a_client_that_does_not_ask_is_not_told(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = raw_consumer(amqp, raw)
    raw.call(1, spec.Queue.Delete(queue=queue), spec.Queue.DeleteOk)
    for _ in range(2):
        raw.call(1, spec.Basic.Qos(prefetch_count=1), spec.Basic.QosOk)


@requirement("amqp.delivery.cancels-may-cross")
def test_client_and_broker_cancel_at_once(amqp: AmqpTester) -> None:
    raw = amqp.raw().open(capabilities=NOTIFIED)
    queue = raw_consumer(amqp, raw)
    raw.send(
        method_frame(1, spec.Queue.Delete(queue=queue)),
        method_frame(1, spec.Basic.Cancel("t")),
        method_frame(1, spec.Basic.Qos(prefetch_count=1)),
    )
    arrived = arrivals(raw, spec.Queue.DeleteOk, spec.Basic.CancelOk, spec.Basic.QosOk)
    expect.equal(arrived.count(spec.Basic.CancelOk), 1, f"cancel-ok among {arrived}")


@requirement("amqp.delivery.brokers-cancel-wants-no-answer")
def test_the_brokers_cancel_is_no_wait(amqp: AmqpTester) -> None:
    raw = amqp.raw().open(capabilities=NOTIFIED)
    queue = raw_consumer(amqp, raw)
    raw.send_method(1, spec.Queue.Delete(queue=queue, nowait=True))
    expect.equal(raw.expect(spec.Basic.Cancel).nowait, True, "no-wait of basic.cancel")


def arrivals(raw: RawConnection, *awaited: type) -> list[type]:
    """Read methods until one of each awaited kind has arrived; return all kinds in order."""
    kinds: list[type] = []
    while not set(awaited) <= set(kinds):
        kinds.append(type(raw.expect(Method)))
    return kinds


@requirement("amqp.delivery.cancel-leaves-the-queue-to-others")
def test_another_consumer_goes_on(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    leaving, staying = channel.consume(queue), channel.consume(queue)
    channel.cancel(leaving)
    bodies = fill(amqp, queue, 4)
    expect.equal(texts(staying.expect(4)), bodies)
