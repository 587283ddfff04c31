"""Queues that are deleted when nobody has used them for a while."""

import time
from functools import partial

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.suites.expiry.lifetimes import expect_lifetime, lifetimes_ms, queue_is_gone


@requirement("amqp.expiry.unused-queue-is-deleted")
def test_an_unused_queue_is_deleted(amqp: AmqpTester) -> None:
    lease_ms = 300
    started_s = time.monotonic()
    queue, graveyard = amqp.mortal_queue({"x-expires": lease_ms})
    channel = amqp.channel()
    lived = lifetimes_ms({queue: started_s}, partial(queue_is_gone, channel))
    expect_lifetime(lived[0], lease_ms, f"a queue with a lease of {lease_ms} ms")
    with expect.channel_error(404):
        amqp.channel().declare_queue(queue, passive=True)
    expect.equal(amqp.bodies(graveyard), [], "dead letters of an expired queue")


@requirement("amqp.expiry.use-renews-the-lease")
def test_declare_and_get_renew_the_lease(amqp: AmqpTester) -> None:
    lease = {"x-expires": 600}
    redeclared, looked_at, got_from = (amqp.queue(arguments=lease) for _ in range(3))
    channel = amqp.channel()
    amqp.let_pass(150)
    used_s = time.monotonic()
    channel.declare_queue(redeclared, exclusive=True, arguments=lease)
    channel.declare_queue(looked_at, passive=True)
    channel.get(got_from)
    queues = {
        redeclared: "declared again",
        looked_at: "declared passively",
        got_from: "asked for a message",
    }
    lived = lifetimes_ms(dict.fromkeys(queues, used_s), partial(queue_is_gone, channel))
    for lived_ms, how in zip(lived, queues.values(), strict=True):
        expect_lifetime(lived_ms, lease["x-expires"], f"a queue since it was {how}")


@requirement("amqp.expiry.consumers-suspend-the-lease")
def test_the_lease_begins_when_the_last_consumer_has_gone(amqp: AmqpTester) -> None:
    lease_ms = 400
    channel, other = amqp.channel(), amqp.channel()
    queue = amqp.queue(arguments={"x-expires": lease_ms})
    first, second = channel.consume(queue), other.consume(queue)
    channel.cancel(first)
    amqp.let_pass(lease_ms + 40)
    expect.equal(queue_is_gone(channel, queue), False, "a queue with a consumer is gone")
    cancelled_s = time.monotonic()
    other.cancel(second)
    lived = lifetimes_ms({queue: cancelled_s}, partial(queue_is_gone, channel))
    expect_lifetime(lived[0], lease_ms, "a queue since its last consumer was cancelled")
