"""How connections end, and what ends with them."""

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp.client import Channel, Connection
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.requirements.model import Outcome
from conformance.runner.properties import holds_for

WAYS = {
    "close": Connection.close,
    "cut": Connection.drop,
}
"""How a client may go: in the orderly way, or by closing its socket without a word."""


def _fill(amqp: AmqpTester) -> str:
    """Declare a queue with two messages, the first of which is to be held."""
    queue = amqp.queue(durable=True)
    amqp.admin.publish("", queue, "held")
    amqp.admin.publish("", queue, "not held")
    amqp.admin.barrier()
    return queue


def _is_gone(amqp: AmqpTester, queue: str) -> bool:
    """Whether a passive declare finds no queue; it finds it locked while its owner is there."""
    channel: Channel = amqp.channel()
    with expect.ends([Outcome("channel", 404), Outcome("channel", 405)]):
        channel.declare_queue(queue, passive=True)
    return channel.closed is not None and channel.closed.code == 404


@requirement("amqp.connection.close-is-answered")
def test_close_is_answered_with_close_ok(amqp: AmqpTester) -> None:
    raw = amqp.raw().open(channels=2)
    raw.call(0, spec.Connection.Close(200, "bye", 0, 0), spec.Connection.CloseOk)


@requirement("amqp.connection.close-deletes-exclusive-queues")
def test_exclusive_queues_are_gone_at_close_ok(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    names = [amqp.queue_name() for _ in range(8)]
    for name in names:
        raw.call(1, spec.Queue.Declare(queue=name, exclusive=True), spec.Queue.DeclareOk)
    raw.call(0, spec.Connection.Close(200, "bye", 0, 0), spec.Connection.CloseOk)
    for name in names:
        with expect.channel_error(404):
            amqp.channel().declare_queue(name, passive=True)


@requirement("amqp.connection.end-requeues-and-deletes")
@holds_for(cost=4, way=st.sampled_from(sorted(WAYS)))
def test_what_a_connection_held_is_given_back_however_it_ends(amqp: AmqpTester, way: str) -> None:
    queue, exclusive = _fill(amqp), amqp.queue_name()
    connection = amqp.connect()
    channel = connection.channel()
    channel.declare_queue(exclusive, exclusive=True)
    channel.get(queue)
    WAYS[way](connection)
    expect.eventually(lambda: amqp.admin.ready(queue) == 2, "two ready messages")
    received = amqp.admin.drain(queue)
    expect.equal(
        [(message.text, message.redelivered) for message in received],
        [("held", True), ("not held", False)],
        "messages and whether they are flagged as redelivered",
    )
    expect.eventually(lambda: _is_gone(amqp, exclusive), "no exclusive queue")


@requirement("amqp.connection.hard-error-ends-all-channels")
def test_a_hard_error_ends_all_channels_at_once(amqp: AmqpTester) -> None:
    queue, exclusive = _fill(amqp), amqp.queue_name()
    raw = amqp.raw().open(channels=2)
    raw.call(1, spec.Queue.Declare(queue=exclusive, exclusive=True), spec.Queue.DeclareOk)
    raw.call(1, spec.Basic.Get(queue=queue), spec.Basic.GetOk)
    raw.send_method(2, spec.Channel.Flow(False))
    raw.expect_close(540)  # and no close-ok yet
    expect.eventually(lambda: amqp.admin.ready(queue) == 2, "two ready messages")
    expect.eventually(lambda: _is_gone(amqp, exclusive), "no exclusive queue")


@requirement("amqp.connection.crossing-closes")
def test_a_close_that_crosses_another_is_answered(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    raw.send_method(0, spec.Tx.Select())
    raw.send_method(0, spec.Connection.Close(200, "bye", 0, 0))
    raw.expect_close(504)
    raw.expect(spec.Connection.CloseOk)
    raw.send_method(0, spec.Connection.CloseOk())
    expect.equal(raw.expect_eof(), [], "frames after both close-ok")


@requirement("amqp.connection.close-ok-unasked")
def test_close_ok_without_close_is_refused(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    raw.send_method(0, spec.Connection.CloseOk())
    raw.expect_close(504)


@requirement("amqp.connection.forced-close")
def test_a_broker_that_stops_says_so(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    amqp.restart()
    raw.expect_close(320)
