"""Publishes that are refused, and what the refusal leaves alone."""

import re

import pika
from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.publishing.contents import body_of

MAX_EXPIRATION_MS = 315_360_000_000
SIZE_LIMIT = 16 << 20

EXPIRATIONS = st.one_of(
    st.sampled_from(
        ["", "0", "1", "9" * 23, *map(str, range(MAX_EXPIRATION_MS - 1, 315360000002))]
    ),
    st.text(alphabet="019-.x \n", max_size=4).filter(
        lambda text: not re.fullmatch("-0+", text)  # RabbitMQ takes it for 0
    ),
)

REFUSED = {
    "missing exchange": (404, pika.BasicProperties()),
    "bad expiration": (406, pika.BasicProperties(expiration="soon")),
    "foreign user": (406, pika.BasicProperties(user_id="nobody at all")),
    "no reply consumer": (406, pika.BasicProperties(reply_to="amq.rabbitmq.reply-to")),
}


@requirement("amqp.publishing.missing-exchange")
def test_a_missing_exchange_closes_the_channel(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    with expect.channel_error(404, barrier=channel.barrier):
        channel.publish(amqp.exchange_name(), "key", "body")
    amqp.channel().barrier()


@requirement("amqp.publishing.missing-exchange")
def test_an_exchange_that_was_deleted_is_missing(amqp: AmqpTester) -> None:
    exchange, queue = amqp.exchange("fanout"), amqp.queue()
    amqp.admin.bind(queue, exchange)
    channel = amqp.channel()
    channel.publish(exchange, "key", "while it exists")
    channel.barrier()
    amqp.admin.delete_exchange(exchange)
    with expect.channel_error(404, barrier=channel.barrier):
        channel.publish(exchange, "key", "too late")
    expect.equal(amqp.bodies(queue), ["while it exists"])


@requirement("amqp.publishing.refusal-spares-the-rest")
@holds_for(
    cost=2,
    refusal=st.sampled_from(sorted(REFUSED)),
    before=st.integers(0, 4),
    after=st.integers(0, 3),
)
def test_only_what_came_before_a_refusal_arrives(
    amqp: AmqpTester, refusal: str, before: int, after: int
) -> None:
    queue = amqp.queue()
    code, properties = REFUSED[refusal]
    missing = refusal == "missing exchange"
    channel = amqp.channel()
    with expect.channel_error(code, barrier=channel.barrier):
        for number in range(before):
            channel.publish("", queue, f"before {number}")
        channel.publish(amqp.exchange_name() if missing else "", queue, "refused", properties)
        for number in range(after):
            channel.publish("", queue, f"after {number}")
    amqp.admin.publish("", queue, "by another channel")
    expected = [*(f"before {number}" for number in range(before)), "by another channel"]
    expect.equal(amqp.bodies(queue), expected)


@requirement("amqp.publishing.immediate-refused")
def test_immediate_closes_the_connection(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    raw = amqp.raw().open()
    raw.publish(1, "", queue, b"ordinary")
    raw.publish(1, "", queue, b"immediate", immediate=True)
    raw.expect_close(540)
    expect.equal(amqp.bodies(queue), ["ordinary"])


@requirement("amqp.publishing.foreign-user-id")
def test_a_user_id_must_be_the_own(amqp: AmqpTester) -> None:
    own = amqp.endpoint.username
    queue = amqp.queue()
    for claimed in {own + "x", own[:-1], own.upper(), ""} - {own}:
        channel = amqp.channel()
        with expect.channel_error(406, barrier=channel.barrier):
            channel.publish("", queue, claimed, pika.BasicProperties(user_id=claimed))
    expect.equal(amqp.bodies(queue), [], "what was refused")


@requirement("amqp.publishing.own-user-id")
def test_the_own_user_id_is_accepted(amqp: AmqpTester) -> None:
    queue, own = amqp.queue(), amqp.endpoint.username
    amqp.admin.publish("", queue, "signed", pika.BasicProperties(user_id=own))
    arrived = [(m.text, m.properties.user_id) for m in amqp.admin.drain(queue)]
    expect.equal(arrived, [("signed", own)])


@requirement("amqp.publishing.expiration-syntax")
@holds_for(cost=2, text=EXPIRATIONS)
def test_an_expiration_is_a_number_of_milliseconds(amqp: AmqpTester, text: str) -> None:
    queue, channel = amqp.queue(), amqp.channel()
    valid = re.fullmatch("[0-9]+", text) is not None and int(text) <= MAX_EXPIRATION_MS
    if valid:
        channel.publish("", queue, "valid", pika.BasicProperties(expiration=text))
        channel.barrier()
        if int(text) > 10_000:
            expect.equal(amqp.bodies(queue), ["valid"])
    else:
        with expect.channel_error(406, barrier=channel.barrier):
            channel.publish("", queue, "not valid", pika.BasicProperties(expiration=text))
        expect.equal(amqp.bodies(queue), [])


@requirement("amqp.publishing.expiration-syntax")
def test_the_bounds_of_an_expiration(amqp: AmqpTester) -> None:
    queue, channel = amqp.queue(), amqp.channel()
    channel.publish("", queue, "longest", pika.BasicProperties(expiration=str(MAX_EXPIRATION_MS)))
    channel.publish("", queue, "shortest", pika.BasicProperties(expiration="0"))
    channel.barrier()
    for text in (str(MAX_EXPIRATION_MS + 1), "-1", "", "1.5", "1x", "x1", " 1", "1 ", "1e3"):
        channel = amqp.channel()
        with expect.channel_error(406, barrier=channel.barrier):
            channel.publish("", queue, "not valid", pika.BasicProperties(expiration=text))
    expect.equal(amqp.bodies(queue), ["longest"])


@requirement("amqp.publishing.size-limit")
def test_one_octet_above_16_mib(amqp: AmqpTester) -> None:
    queue, channel = amqp.queue(), amqp.channel()
    with expect.ends(amqp.outcomes, barrier=channel.barrier):
        channel.publish("", queue, bytes(SIZE_LIMIT + 1))
    sizes = [len(message.body) for message in amqp.admin.drain(queue)]
    expect.equal(sizes, [] if channel.closed else [SIZE_LIMIT + 1], "sizes of what arrived")


@requirement("amqp.publishing.large-body-kept")
def test_16_mib_come_back_as_they_were(amqp: AmqpTester) -> None:
    queue, body = amqp.queue(), body_of(SIZE_LIMIT)
    amqp.admin.publish("", queue, body)
    message = amqp.admin.get(queue, ack=False)
    expect.true(
        message is not None and message.body == body, "the body that was published", "other"
    )


@requirement("amqp.publishing.no-local-ignored")
def test_no_local_is_ignored(amqp: AmqpTester) -> None:
    raw, queue = amqp.raw().open(), amqp.queue_name()
    raw.call(1, spec.Queue.Declare(queue=queue, exclusive=True), spec.Queue.DeclareOk)
    consume = spec.Basic.Consume(queue=queue, no_local=True, no_ack=True)
    raw.call(1, consume, spec.Basic.ConsumeOk)
    raw.publish(1, "", queue, b"my own")
    raw.expect(spec.Basic.Deliver)


@requirement("amqp.publishing.does-not-wait")
def test_publishing_does_not_wait_for_consumers(amqp: AmqpTester) -> None:
    queue, publisher = amqp.queue(), amqp.channel()
    publisher.select_confirms()
    expect.equal(publisher.publish_confirmed("", queue, "no consumer"), "ack")
    slow = amqp.channel()
    slow.qos(1)
    consumer = slow.consume(queue)
    consumer.expect(1)
    for body in ("one is held", "two wait"):
        expect.equal(publisher.publish_confirmed("", queue, body), "ack", body)
    expect.equal(consumer.bodies, [b"no consumer"], "held by the slow consumer")
    expect.equal(amqp.bodies(queue), ["one is held", "two wait"])
