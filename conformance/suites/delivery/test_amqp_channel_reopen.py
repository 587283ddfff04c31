"""A channel number that is opened again starts afresh."""

from pika import spec

from conformance import expect
from conformance.drivers.amqp.raw import RawConnection
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement


def reopen(raw: RawConnection) -> None:
    """Close channel 1 and open it again."""
    raw.call(1, spec.Channel.Close(200, "", 0, 0), spec.Channel.CloseOk)
    raw.call(1, spec.Channel.Open(), spec.Channel.OpenOk)


def filled_queue(amqp: AmqpTester, raw: RawConnection, count: int) -> str:
    """Declare a queue on a raw connection and publish to it."""
    queue = amqp.name("q")
    raw.call(1, spec.Queue.Declare(queue=queue, exclusive=True), spec.Queue.DeclareOk)
    for _ in range(count):
        raw.publish(1, "", queue, b"")
    raw.call(1, spec.Queue.Declare(queue=queue, passive=True), spec.Queue.DeclareOk)
    return queue


def get(raw: RawConnection, queue: str) -> spec.Basic.GetOk:
    """Get a message with an empty body."""
    answer = raw.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
    raw.expect_body()
    return answer


@requirement("amqp.delivery.reopened-channel-counts-tags-from-one")
def test_delivery_tags_start_again(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = filled_queue(amqp, raw, 2)
    expect.equal([get(raw, queue).delivery_tag for _ in range(2)], [1, 2], "tags at first")
    reopen(raw)
    expect.equal(get(raw, queue).delivery_tag, 1, "first tag after reopening")


@requirement("amqp.delivery.reopened-channel-has-no-prefetch")
def test_the_prefetch_limit_is_forgotten(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = filled_queue(amqp, raw, 2)
    raw.call(1, spec.Basic.Qos(prefetch_count=1), spec.Basic.QosOk)
    reopen(raw)
    raw.call(1, spec.Basic.Consume(queue=queue, consumer_tag="t"), spec.Basic.ConsumeOk)
    for _ in range(2):
        raw.expect(spec.Basic.Deliver)
        raw.expect_body()


@requirement("amqp.delivery.reopened-channel-has-no-consumers")
def test_consumer_tags_are_free_again(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = filled_queue(amqp, raw, 0)
    consume = spec.Basic.Consume(queue=queue, consumer_tag="t")
    raw.call(1, consume, spec.Basic.ConsumeOk)
    reopen(raw)
    raw.call(1, consume, spec.Basic.ConsumeOk)
    answer = raw.call(1, spec.Queue.Declare(queue=queue, passive=True), spec.Queue.DeclareOk)
    expect.equal(answer.consumer_count, 1, "consumers of the queue")


@requirement("amqp.delivery.reopened-channel-is-in-no-mode")
def test_confirm_mode_is_forgotten(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = filled_queue(amqp, raw, 0)
    raw.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    raw.publish(1, "", queue, b"")
    expect.equal(raw.expect(spec.Basic.Ack).delivery_tag, 1, "first publish at first")
    reopen(raw)
    raw.publish(1, "", queue, b"")
    raw.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    raw.publish(1, "", queue, b"")
    expect.equal(raw.expect(spec.Basic.Ack).delivery_tag, 1, "first publish after reopening")
    reopen(raw)
    raw.call(1, spec.Tx.Select(), spec.Tx.SelectOk)
    reopen(raw)
    raw.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
