"""Which times to live are accepted."""

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.queue_arguments import NO_INTEGERS, check_argument

TEN_YEARS_MS = 315_360_000_000
INTEGERS = st.sampled_from([-(2**40), -1, 0, 1, 2**31, TEN_YEARS_MS, TEN_YEARS_MS + 1, 2**62])
VALUES = INTEGERS | st.sampled_from(NO_INTEGERS)


def is_integer(value: object, lowest: int) -> bool:
    """Whether it is an integer from `lowest` to ten years, and not a boolean."""
    return type(value) is int and lowest <= value <= TEN_YEARS_MS


@requirement("amqp.expiry.queue-ttl-values")
@holds_for(value=VALUES)
def test_values_of_x_message_ttl(amqp: AmqpTester, value: object) -> None:
    check_argument(amqp, "x-message-ttl", value, valid=is_integer(value, 0))


@requirement("amqp.expiry.lease-values")
@holds_for(value=VALUES)
def test_values_of_x_expires(amqp: AmqpTester, value: object) -> None:
    check_argument(amqp, "x-expires", value, valid=is_integer(value, 1))


@requirement("amqp.expiry.message-ttl-values")
@holds_for(value=INTEGERS)
def test_numbers_as_expiration(amqp: AmqpTester, value: int) -> None:
    check_expiration(amqp, str(value), valid=is_integer(value, 0))


@requirement("amqp.expiry.message-ttl-values")
@holds_for(text=st.sampled_from(["", "x", "1x", " 1", "1 ", "1.5", "1e3", "0x1", "-", "\u0661"]))
def test_texts_as_expiration(amqp: AmqpTester, text: str) -> None:
    check_expiration(amqp, text, valid=False)


def check_expiration(amqp: AmqpTester, expiration: str, *, valid: bool) -> None:
    """A valid one is taken; an invalid one closes the channel with 406 and nothing is queued."""
    queue = amqp.queue(arguments={"x-message-ttl": TEN_YEARS_MS})
    amqp.admin.publish("", queue, "in front")
    channel = amqp.channel()
    properties = pika.BasicProperties(expiration=expiration)
    if valid:
        channel.publish("", queue, "valid", properties)
        channel.barrier()
        return
    with expect.channel_error(406, barrier=channel.barrier):
        channel.publish("", queue, "invalid", properties)
    expect.equal(amqp.bodies(queue), ["in front"])
