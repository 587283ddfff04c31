"""basic.consume: what starts a consumer, what refuses one, and its tag."""

import struct

import pytest
from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp.raw import RawConnection, any_frame, method_frame
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.delivery.steps import await_consumers, await_ready, fill, texts

INTEGERS = {
    "b": b"b\x05",
    "B": b"B\x05",
    "s": b"s\x00\x05",
    "u": b"u\x00\x05",
    "I": b"I\x00\x00\x00\x05",
    "i": b"i\x00\x00\x00\x05",
    "l": b"l" + struct.pack(">q", 5),
}
"""The number 5 as a field of each integer type."""

OTHERS = {
    "boolean": b"t\x01",
    "double": b"d" + struct.pack(">d", 5.0),
    "decimal": b"D\x00\x00\x00\x00\x05",
    "text": b"S\x00\x00\x00\x015",
    "time": b"T" + struct.pack(">Q", 5),
    "table": b"F\x00\x00\x00\x00",
    "void": b"V",
}
"""Fields of other types."""


def own_queue(raw: RawConnection, amqp: AmqpTester) -> str:
    """Declare a queue that belongs to a raw connection."""
    name = amqp.name("q")
    raw.call(1, spec.Queue.Declare(queue=name, exclusive=True), spec.Queue.DeclareOk)
    return name


def consume_frame(queue: str, priority: bytes) -> bytes:
    """basic.consume on channel 1 with an x-priority field made of the given octets."""
    whole = method_frame(1, spec.Basic.Consume(queue=queue, consumer_tag="t", arguments={}))
    entry = b"\x0ax-priority" + priority
    return any_frame(1, 1, whole[7:-5] + struct.pack(">I", len(entry)) + entry)


@requirement("amqp.delivery.consume-ok-comes-first")
def test_consume_ok_precedes_the_first_delivery(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = own_queue(raw, amqp)
    raw.publish(1, "", queue, b"waiting")
    raw.call(1, spec.Queue.Declare(queue=queue, passive=True), spec.Queue.DeclareOk)
    raw.send_method(1, spec.Basic.Consume(queue=queue, consumer_tag="t"))
    raw.expect(spec.Basic.ConsumeOk)
    raw.expect(spec.Basic.Deliver)


@requirement("amqp.delivery.consume-without-an-answer")
def test_no_wait_starts_a_consumer_silently(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = own_queue(raw, amqp)
    raw.publish(1, "", queue, b"waiting")
    raw.send_method(1, spec.Basic.Consume(queue=queue, consumer_tag="t", nowait=True))
    expect.equal(raw.expect(spec.Basic.Deliver).consumer_tag, "t", "tag of the delivery")


@requirement("amqp.delivery.delivery-names-exchange-and-key")
@holds_for(cost=6, keys=st.permutations(["a", "b", "", "b"]))
def test_a_delivery_tells_where_the_message_came_from(amqp: AmqpTester, keys: list[str]) -> None:
    exchange = amqp.exchange("fanout")
    queue = amqp.bound_queue(exchange)
    consumer = amqp.channel().consume(queue)
    for key in keys:
        amqp.admin.publish(exchange, key)
    amqp.admin.publish("", queue)
    received = [(m.exchange, m.routing_key) for m in consumer.expect(len(keys) + 1)]
    expect.equal(received, [*((exchange, key) for key in keys), ("", queue)], "origins")


@requirement("amqp.delivery.generated-consumer-tags-are-unique")
def test_an_empty_tag_asks_for_a_new_one(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = own_queue(raw, amqp)
    consume = spec.Basic.Consume(queue=queue, consumer_tag="", no_ack=True)
    tags = [raw.call(1, consume, spec.Basic.ConsumeOk).consumer_tag for _ in range(3)]
    expect.true(all(tags), "three tags that are not empty", tags)
    expect.equal(len(set(tags)), 3, f"different tags among {tags}")
    raw.publish(1, "", queue, b"")
    delivery = raw.expect(spec.Basic.Deliver)
    expect.true(delivery.consumer_tag in tags, f"a delivery to one of {tags}", delivery)


@requirement("amqp.delivery.consumer-tag-in-use-is-refused")
def test_a_tag_in_use_fails_the_connection(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    queue = own_queue(raw, amqp)
    consume = spec.Basic.Consume(queue=queue, consumer_tag="t")
    raw.call(1, consume, spec.Basic.ConsumeOk)
    raw.send_method(1, consume)
    raw.expect_close(530)


@requirement("amqp.delivery.consumer-tags-are-local-to-their-channel")
def test_two_channels_use_the_same_tag(amqp: AmqpTester) -> None:
    queues = [amqp.queue(), amqp.queue()]
    channels = [amqp.channel(), amqp.channel()]
    first, second = [
        channel.consume(queue, tag="t") for channel, queue in zip(channels, queues, strict=True)
    ]
    amqp.admin.publish("", queues[0], "for the first")
    amqp.admin.publish("", queues[1], "for the second")
    expect.equal(texts(first.expect(1)), ["for the first"])
    expect.equal(texts(second.expect(1)), ["for the second"])
    channels[0].cancel(first)
    amqp.admin.publish("", queues[1], "still there")
    expect.equal(texts(second.expect(2)), ["for the second", "still there"])


@requirement("amqp.delivery.consumer-tag-is-free-after-cancel")
def test_a_cancelled_tag_is_used_again(amqp: AmqpTester) -> None:
    old, new = amqp.queue(), amqp.queue()
    channel = amqp.channel()
    channel.cancel(channel.consume(old, tag="t"))
    again = channel.consume(new, tag="t")
    amqp.admin.publish("", old, "for nobody")
    amqp.admin.publish("", new, "for the new consumer")
    expect.equal(texts(again.expect(1)), ["for the new consumer"])
    await_ready(amqp, old, 1)


@requirement("amqp.delivery.consumer-tag-is-free-after-cancel")
def test_the_tag_of_a_deleted_queues_consumer_is_used_again(amqp: AmqpTester) -> None:
    doomed, new = amqp.queue(), amqp.queue()
    channel = amqp.channel()
    lost = channel.consume(doomed, tag="t")
    amqp.admin.delete_queue(doomed)
    channel.wait_for(lambda: lost.cancelled_by_broker, "basic.cancel from the broker")
    again = channel.consume(new, tag="t")
    amqp.admin.publish("", new, "for the new consumer")
    expect.equal(texts(again.expect(1)), ["for the new consumer"])


@requirement("amqp.delivery.consume-from-a-missing-queue-is-refused")
def test_no_queue_to_consume_from(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    with expect.channel_error(404):
        channel.consume(amqp.name("missing"))


@requirement("amqp.delivery.foreign-consumer-argument-is-refused")
@pytest.mark.parametrize("offset", ["first", 0])
def test_a_stream_offset_on_a_classic_queue(amqp: AmqpTester, offset: object) -> None:
    argument_is_refused(amqp, "x-stream-offset", offset)


@requirement("amqp.delivery.stream-filter-on-a-classic-queue-is-refused")
@pytest.mark.parametrize(
    ("name", "value"), [("x-stream-filter", "a"), ("x-stream-match-unfiltered", True)]
)
def test_a_stream_filter_on_a_classic_queue(amqp: AmqpTester, name: str, value: object) -> None:
    argument_is_refused(amqp, name, value)


@requirement("amqp.delivery.consumer-timeout-on-a-classic-queue-is-refused")
def test_a_consumer_timeout_on_a_classic_queue(amqp: AmqpTester) -> None:
    argument_is_refused(amqp, "x-consumer-timeout", 60_000)


def argument_is_refused(amqp: AmqpTester, name: str, value: object) -> None:
    """A consumer with the argument fails its channel with 406 and does not exist."""
    queue = amqp.queue()
    channel = amqp.channel()
    with expect.channel_error(406):
        channel.consume(queue, arguments={name: value})
    await_consumers(amqp, queue, 0)


@requirement("amqp.delivery.consumer-priority-of-any-integer-type")
@pytest.mark.parametrize("type_", INTEGERS)
def test_priority_in_every_width(amqp: AmqpTester, type_: str) -> None:
    raw = amqp.raw().open()
    queue = own_queue(raw, amqp)
    raw.send(consume_frame(queue, INTEGERS[type_]))
    raw.expect(spec.Basic.ConsumeOk)


@requirement("amqp.delivery.consumer-priority-must-be-an-integer")
@pytest.mark.parametrize("type_", OTHERS)
def test_priority_that_is_no_integer(amqp: AmqpTester, type_: str) -> None:
    raw = amqp.raw().open(channels=2)
    queue = own_queue(raw, amqp)
    raw.send(consume_frame(queue, OTHERS[type_]))
    expect.equal(raw.expect(spec.Channel.Close).reply_code, 406, "code of channel.close")
    answer = raw.call(2, spec.Queue.Declare(queue=queue, passive=True), spec.Queue.DeclareOk)
    expect.equal(answer.consumer_count, 0, "consumers after the refusal")


@requirement("amqp.delivery.consumer-takes-what-is-waiting")
def test_a_new_consumer_gets_what_waits_and_what_comes(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    waiting = fill(amqp, queue, 3)
    consumer = amqp.channel().consume(queue)
    consumer.expect(3)
    amqp.admin.publish("", queue, "later")
    expect.equal(texts(consumer.expect(4)), [*waiting, "later"])
