"""Time to live of messages: by queue, by message, at the head, after a requeue."""

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_expiry import ExpiringQueue
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.expiry.lifetimes import (
    FOREVER_MS,
    await_ready,
    expect_lifetime,
    expiring,
    message_lifetimes_ms,
)

EXPIRED = st.lists(st.booleans(), min_size=2, max_size=7)
"""For each message of a queue, whether its time to live is 0 rather than for ever."""


@requirement("amqp.expiry.queue-ttl")
def test_messages_live_as_long_as_their_queue_says(amqp: AmqpTester) -> None:
    ttls = [40, 90]
    lived = message_lifetimes_ms(amqp, [({"x-message-ttl": ttl}, None) for ttl in ttls])
    for lived_ms, ttl in zip(lived, ttls, strict=True):
        expect_lifetime(lived_ms, ttl, f"a message in a queue of {ttl} ms")


@requirement("amqp.expiry.message-ttl")
def test_messages_live_as_long_as_they_say_themselves(amqp: AmqpTester) -> None:
    ttls = [40, 90]
    lived = message_lifetimes_ms(amqp, [(None, expiring(ttl)) for ttl in ttls])
    for lived_ms, ttl in zip(lived, ttls, strict=True):
        expect_lifetime(lived_ms, ttl, f"a message of {ttl} ms")


@requirement("amqp.expiry.smaller-ttl-wins")
def test_the_smaller_of_both_ttls_counts(amqp: AmqpTester) -> None:
    pairs = [(240, FOREVER_MS), (FOREVER_MS, 240)]
    lived = message_lifetimes_ms(amqp, [({"x-message-ttl": q}, expiring(m)) for q, m in pairs])
    for lived_ms, (queue, message) in zip(lived, pairs, strict=True):
        about = f"a message of {message} ms in a queue of {queue} ms"
        expect_lifetime(lived_ms, min(queue, message), about)


@requirement("amqp.expiry.ttl-zero-expires-at-once")
def test_ttl_zero_without_a_consumer_means_gone(amqp: AmqpTester) -> None:
    of_queue, of_message = amqp.queue(arguments={"x-message-ttl": 0}), amqp.queue()
    amqp.admin.publish("", of_queue, "too late")
    amqp.admin.publish("", of_message, "too late", expiring(0))
    amqp.admin.publish("", of_message, "in time")
    expect.equal(amqp.bodies(of_queue), [], "in a queue of TTL 0")
    expect.equal(amqp.bodies(of_message), ["in time"], "in the other queue")


@requirement("amqp.expiry.ttl-zero-reaches-waiting-consumer")
def test_ttl_zero_is_delivered_to_a_consumer_that_waits(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    consumers = [
        channel.consume(amqp.queue(arguments={"x-message-ttl": 0})),
        channel.consume(amqp.queue()),
    ]
    channel.publish("", consumers[0].queue, "by its queue")
    channel.publish("", consumers[1].queue, "by itself", expiring(0))
    expect.equal(consumers[0].expect(1)[0].text, "by its queue")
    expect.equal(consumers[1].expect(1)[0].text, "by itself")


@requirement("amqp.expiry.ttl-zero-passes-busy-consumer")
def test_ttl_zero_expires_when_the_consumer_has_no_room(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments={"x-message-ttl": 0})
    channel = amqp.channel()
    channel.qos(1)
    channel.select_confirms()
    consumer = channel.consume(queue)
    channel.publish("", queue, "taken")
    consumer.expect(1)
    channel.publish_confirmed("", queue, "nobody has room")
    expect.equal(channel.ready(queue), 0, "ready messages once the consumer was full")
    channel.ack(consumer.received[0].tag)
    channel.publish("", queue, "room again")
    expect.equal(consumer.expect(2)[1].text, "room again")


@requirement("amqp.expiry.expired-never-delivered")
@holds_for(cost=3, expired=EXPIRED)
def test_expired_messages_are_neither_got_nor_counted(
    amqp: AmqpTester, expired: list[bool]
) -> None:
    queue = amqp.queue()
    messages = [(f"message {n}", dead) for n, dead in enumerate(expired)]
    for body, dead in messages:
        amqp.admin.publish("", queue, body, expiring(0 if dead else FOREVER_MS))
    model = ExpiringQueue(messages)
    while (alive := model.get()) is not None:
        message = amqp.admin.take(queue)
        expect.equal(message.text, alive, "the next message")
        expect.equal(message.ready_after, len(model.ready), f"ready after {alive}")
    expect.equal(amqp.admin.get(queue), None, "at the end")


@requirement("amqp.expiry.expired-never-delivered")
def test_a_late_consumer_gets_what_is_still_alive(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    for body, ttl in (
        ("dead 1", 40),
        ("alive 1", FOREVER_MS),
        ("dead 2", 40),
        ("alive 2", FOREVER_MS),
    ):
        amqp.admin.publish("", queue, body, expiring(ttl))
    amqp.admin.barrier()
    amqp.let_pass(60)
    consumer = amqp.admin.consume(queue)
    consumer.expect(2)
    amqp.admin.barrier()
    expect.equal(consumer.bodies, [b"alive 1", b"alive 2"])


@requirement("amqp.expiry.head-of-queue")
@holds_for(cost=4, expired=EXPIRED)
def test_only_the_head_expires(amqp: AmqpTester, expired: list[bool]) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    channel.select_confirms()
    model = ExpiringQueue([(f"message {n}", dead) for n, dead in enumerate(expired)])
    for n, dead in enumerate(expired):
        channel.publish("", queue, f"message {n}", expiring(0 if dead else FOREVER_MS))
    channel.wait_confirms(len(expired))
    expect.equal(channel.ready(queue), len(model.ready), "messages that count as ready")


@requirement("amqp.expiry.next-head-expires-unasked")
def test_the_next_head_expires_without_help(amqp: AmqpTester) -> None:
    got, consumed = amqp.queue(), amqp.queue()
    dropped = amqp.queue(arguments={"x-max-length": 2})
    channel = amqp.channel()
    channel.qos(1)
    for queue in (got, consumed, dropped):
        channel.publish("", queue, "head", expiring(FOREVER_MS))
        channel.publish("", queue, "next", expiring(60))
    channel.take(got)
    channel.consume(consumed).expect(1)
    channel.publish("", dropped, "last")
    await_ready(channel, got, 0, "after the head was taken by basic.get")
    await_ready(channel, consumed, 0, "after the head went to a consumer")
    await_ready(channel, dropped, 1, "after the head was dropped for a new message")


@requirement("amqp.expiry.requeue-keeps-deadline")
def test_a_requeued_message_dies_when_it_would_have_anyway(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    channel.qos(1)
    by_queue = channel.consume(amqp.queue(arguments={"x-message-ttl": 60}))
    by_itself = channel.consume(amqp.queue())
    channel.publish("", by_queue.queue, "mortal")
    channel.publish("", by_itself.queue, "mortal", expiring(60))
    held = [by_queue.expect(1)[0], by_itself.expect(1)[0]]
    amqp.let_pass(80)
    for message in held:
        channel.nack(message.tag)
    for consumer in (by_queue, by_itself):
        expect.equal(channel.get(consumer.queue), None, "requeued too late")
        expect.equal(len(consumer.received), 1, "deliveries")


@requirement("amqp.expiry.requeued-in-time")
def test_a_message_requeued_in_time_lives_on(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments={"x-message-ttl": FOREVER_MS})
    channel = amqp.channel()
    for _ in range(3):
        channel.publish("", queue, "mortal")
    held = [channel.take(queue) for _ in range(3)]
    channel.nack(held[1].tag)
    channel.nack(held[2].tag, multiple=True)
    expect.equal(len(channel.drain(queue)), 3, "messages requeued in time")


@requirement("amqp.expiry.held-does-not-expire")
def test_what_a_client_holds_does_not_expire(amqp: AmqpTester) -> None:
    queue, graveyard = amqp.mortal_queue({"x-message-ttl": 60})
    channel = amqp.channel()
    consumer = channel.consume(queue)
    channel.publish("", queue, "held")
    held = consumer.expect(1)[0]
    amqp.let_pass(100)
    channel.ack(held.tag)
    channel.barrier()
    expect.equal(channel.get(graveyard), None, "dead letters")
    expect.equal(len(consumer.received), 1, "deliveries")


@requirement("amqp.expiry.ttl-zero-requeued-expires")
def test_a_requeued_message_of_ttl_zero_is_gone(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments={"x-message-ttl": 0})
    channel = amqp.channel()
    consumer = channel.consume(queue)
    channel.publish("", queue, "no second chance")
    channel.nack(consumer.expect(1)[0].tag)
    expect.equal(channel.get(queue), None, "after the requeue")
    expect.equal(consumer.bodies, [b"no second chance"])


@requirement("amqp.expiry.ttl-starts-at-commit")
def test_in_a_transaction_time_starts_with_the_commit(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    channel.tx_select()
    channel.publish("", queue, "committed", expiring(500))
    channel.barrier()
    amqp.let_pass(520)
    channel.tx_commit()
    expect.equal(channel.take(queue).text, "committed")


@requirement("amqp.expiry.each-queue-for-itself")
def test_a_message_expires_in_each_queue_for_itself(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("fanout")
    mortal, plain, behind = (
        amqp.queue(arguments={"x-message-ttl": 0}),
        amqp.queue(),
        amqp.queue(),
    )
    amqp.admin.publish("", behind, "in front")
    for queue in (mortal, plain, behind):
        amqp.admin.bind(queue, exchange)
    amqp.admin.publish(exchange, "", "by its queue")
    amqp.admin.publish(exchange, "", "by itself", expiring(0))
    expect.equal(amqp.bodies(mortal), [], "in the queue of TTL 0")
    expect.equal(amqp.bodies(plain), ["by its queue"], "in the queue without TTL")
    expect.equal(amqp.bodies(behind), ["in front", "by its queue"], "in the third queue")


@requirement("amqp.expiry.expiration-is-delivered")
@holds_for(
    cost=6, expirations=st.lists(st.integers(FOREVER_MS, 315_360_000_000), min_size=1, max_size=4)
)
def test_consumers_see_the_expiration(amqp: AmqpTester, expirations: list[int]) -> None:
    queue = amqp.queue()
    for expiration in expirations:
        amqp.admin.publish("", queue, b"", pika.BasicProperties(expiration=str(expiration)))
    delivered = [message.properties.expiration for message in amqp.admin.drain(queue)]
    expect.equal(delivered, [str(e) for e in expirations])
