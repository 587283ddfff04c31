"""Channels: open, close, limits, flow."""

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp import frames
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

CLOSE = spec.Channel.Close(200, "bye", 0, 0)


@requirement("amqp.connection.channel-open")
@holds_for(cost=4, number=st.one_of(st.sampled_from([1, 2047]), st.integers(1, 2047)))
def test_any_free_number_may_be_opened(amqp: AmqpTester, number: int) -> None:
    raw = amqp.raw().open(channels=0)
    raw.call(number, spec.Channel.Open(), spec.Channel.OpenOk)
    raw.barrier(number)


@requirement("amqp.connection.channel-open-twice")
def test_a_channel_cannot_be_opened_twice(amqp: AmqpTester) -> None:
    raw = amqp.raw().open(channels=2)
    raw.send_method(2, spec.Channel.Open())
    close = raw.expect_close(504)
    expect.equal((close.class_id, close.method_id), (20, 10), "the method to blame")


@requirement("amqp.connection.channel-limit")
@holds_for(cost=4, limit=st.integers(1, 5))
def test_no_more_channels_than_negotiated(amqp: AmqpTester, limit: int) -> None:
    raw = amqp.raw().open(channel_max=limit, channels=limit)
    raw.send_method(limit + 1, spec.Channel.Open())
    raw.expect_close(530)


@requirement("amqp.connection.channel-limit-counts-open-ones")
@holds_for(cost=4, limit=st.integers(1, 5), cycles=st.integers(1, 8))
def test_closed_channels_do_not_count(amqp: AmqpTester, limit: int, cycles: int) -> None:
    raw = amqp.raw().open(channel_max=limit, channels=limit)
    for cycle in range(cycles):
        raw.call(1 + cycle % limit, CLOSE, spec.Channel.CloseOk)
        raw.call(1 + cycle % limit, spec.Channel.Open(), spec.Channel.OpenOk)


@requirement("amqp.connection.channel-reopened")
@holds_for(cost=2, numbers=st.lists(st.integers(1, 3), min_size=1, max_size=30))
def test_a_closed_number_can_be_opened_at_once(amqp: AmqpTester, numbers: list[int]) -> None:
    raw = amqp.raw().open(channels=0)
    open_ones: set[int] = set()
    for number in numbers:
        if number in open_ones:
            raw.call(number, CLOSE, spec.Channel.CloseOk)
        else:
            raw.call(number, spec.Channel.Open(), spec.Channel.OpenOk)
        open_ones ^= {number}
    for number in open_ones:
        raw.barrier(number)


@requirement("amqp.connection.channel-closed-is-closed")
def test_a_closed_channel_takes_no_methods(amqp: AmqpTester) -> None:
    raw = amqp.raw().open(channels=2)
    raw.call(1, CLOSE, spec.Channel.CloseOk)
    raw.barrier(2)
    raw.send_method(1, spec.Channel.Flow(True))
    raw.expect_close(504)


@requirement("amqp.connection.crossing-channel-closes")
def test_channel_closes_may_cross(amqp: AmqpTester) -> None:
    raw = amqp.raw().open(channels=2)
    raw.send_method(1, spec.Queue.Declare(queue=amqp.name("missing"), passive=True))
    raw.send_method(1, CLOSE)
    raw.expect(spec.Channel.Close)
    raw.expect(spec.Channel.CloseOk)
    raw.send_method(1, spec.Channel.CloseOk())
    raw.barrier(2)
    raw.call(1, spec.Channel.Open(), spec.Channel.OpenOk)
    raw.barrier(1)


@requirement("amqp.connection.flow-active")
def test_flow_that_is_active_is_confirmed(amqp: AmqpTester) -> None:
    expect.equal(amqp.admin.flow(True), True, "active in flow-ok")


@requirement("amqp.connection.flow-inactive")
def test_flow_cannot_be_stopped(amqp: AmqpTester) -> None:
    channel = amqp.connect().channel()
    with expect.connection_error(540):
        channel.flow(False)


@requirement("amqp.connection.access-request")
def test_access_request_gives_ticket_1(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    raw.send(frames.method(30, 10, frames.short(b"/data") + b"\x1f"))
    kind, channel, payload = raw.read_undecoded()
    answer = (kind, channel, payload)
    expect.equal(answer, (frames.METHOD, 1, b"\0\x1e\0\x0b\0\1"), "access.request-ok of ticket 1")
