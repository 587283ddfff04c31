"""Times to live in priority queues, where the head of the queue changes."""

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.queue_arguments import NO_INTEGERS, check_argument


def ranked_and_mortal(priority: int, ttl_ms: int | None = None) -> pika.BasicProperties:
    expiration = None if ttl_ms is None else str(ttl_ms)
    return pika.BasicProperties(priority=priority, expiration=expiration)


@requirement("amqp.priorities.expired-waits-for-higher")
def test_an_expired_message_waits_behind_higher_priorities(amqp: AmqpTester) -> None:
    queue = amqp.queue(arguments={"x-max-priority": 3})
    channel = amqp.channel()
    channel.select_confirms()
    channel.publish_confirmed("", queue, "high", ranked_and_mortal(2))
    channel.publish_confirmed("", queue, "low", ranked_and_mortal(1, 0))
    expect.equal(channel.ready(queue), 2, "messages that count as ready")
    expect.equal(channel.take(queue).text, "high")
    expect.equal(channel.get(queue), None, "after the message of higher priority")


@requirement("amqp.priorities.maximum-values")
@holds_for(value=st.sampled_from([-(2**40), -1, 0, 1, 10, 255, 256, 2**40, *NO_INTEGERS]))
def test_values_of_x_max_priority(amqp: AmqpTester, value: object) -> None:
    valid = type(value) is int and 0 <= value <= 255
    check_argument(amqp, "x-max-priority", value, valid=valid)
