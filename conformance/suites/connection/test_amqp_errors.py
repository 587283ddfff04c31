"""What an error closes, what it says, and what is ignored after it."""

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp import frames
from conformance.drivers.amqp.raw import RawConnection, body_frame, header_frame, method_frame
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.connection.provocations import (
    CHANNEL_ERRORS,
    CONNECTION_ERRORS,
    Provocation,
)
from conformance.suites.wire.strangers import others_unharmed

MAX_TEXT_OCTETS = 255


def _channel_close(raw: RawConnection, amqp: AmqpTester, error: Provocation) -> spec.Channel.Close:
    """Provoke an error of channel 1; return the channel.close."""
    raw.send(error.octets(amqp))
    return raw.expect(spec.Channel.Close)


def _connection_close(
    raw: RawConnection, amqp: AmqpTester, error: Provocation
) -> spec.Connection.Close:
    raw.send(error.octets(amqp))
    return raw.expect_close(error.code)


# -- scope and form -------------------------------------------------------------------------


@requirement("amqp.connection.soft-errors-close-the-channel")
def test_soft_errors_close_only_their_channel(amqp: AmqpTester) -> None:
    for error in CHANNEL_ERRORS:
        with expect.case(str(error)):
            raw = amqp.raw().open(channels=2)
            close = _channel_close(raw, amqp, error)
            expect.equal(close.reply_code, error.code, "the code of channel.close")
            raw.barrier(2)
            raw.send_method(1, spec.Channel.CloseOk())
            raw.call(1, spec.Channel.Open(), spec.Channel.OpenOk)


@requirement("amqp.connection.hard-errors-close-the-connection")
def test_hard_errors_close_the_connection(amqp: AmqpTester) -> None:
    with others_unharmed(amqp):
        for error in CONNECTION_ERRORS:
            with expect.case(str(error)):
                raw = amqp.raw().open(channels=2)
                _connection_close(raw, amqp, error)
                raw.send_method(0, spec.Connection.CloseOk())
                expect.equal(raw.expect_eof(), [], "frames after close-ok")


@requirement("amqp.connection.channel-close-names-the-method")
def test_channel_close_names_the_failing_method(amqp: AmqpTester) -> None:
    for error in CHANNEL_ERRORS:
        with expect.case(str(error)):
            close = _channel_close(amqp.raw().open(), amqp, error)
            expect.equal((close.class_id, close.method_id), error.blames, "class and method id")


@requirement("amqp.connection.close-names-the-method")
def test_connection_close_names_the_failing_method(amqp: AmqpTester) -> None:
    for error in CONNECTION_ERRORS:
        with expect.case(str(error)):
            close = _connection_close(amqp.raw().open(), amqp, error)
            expect.equal((close.class_id, close.method_id), error.blames, "class and method id")


@requirement("amqp.connection.error-text-names-the-error")
def test_texts_begin_with_the_name_of_the_error(amqp: AmqpTester) -> None:
    for error in CHANNEL_ERRORS:
        with expect.case(str(error)):
            text = _channel_close(amqp.raw().open(), amqp, error).reply_text
            expect.true(text.startswith(f"{error.name} - "), f"a text '{error.name} - ...'", text)
    for error in CONNECTION_ERRORS:
        with expect.case(str(error)):
            text = _connection_close(amqp.raw().open(), amqp, error).reply_text
            expect.true(text.startswith(f"{error.name} - "), f"a text '{error.name} - ...'", text)


def _text_of_missing(amqp: AmqpTester, name: bytes) -> bytes:
    """The text of the 404 for a queue of this name."""
    raw = amqp.raw().open(channels=2)
    raw.send(frames.declare_queue(name, passive=True))
    close = raw.expect(spec.Channel.Close)
    expect.equal(close.reply_code, 404, "the code of channel.close")
    raw.barrier(2)
    text = close.reply_text
    return text if isinstance(text, bytes) else str(text).encode()


@requirement("amqp.connection.error-text-of-long-names")
@holds_for(
    cost=2, length=st.one_of(st.sampled_from([255, 190, 210, 212, 214]), st.integers(1, 255))
)
def test_texts_are_cut_to_what_fits(amqp: AmqpTester, length: int) -> None:
    name = amqp.name("")[:length].ljust(length, "n").encode()
    around = len(_text_of_missing(amqp, b"q")) - len(b"q")
    text = _text_of_missing(amqp, name)
    expect.at_most(len(text), MAX_TEXT_OCTETS, "octets of the text")
    if around + len(name) <= MAX_TEXT_OCTETS:
        expect.true(name in text, f"a text that names {name!r}", text)


@requirement("amqp.connection.error-text-of-long-unicode-names")
@holds_for(
    cost=2, letter=st.sampled_from(["\u00e9", "\u20ac", "\U0001f600"]), length=st.integers(224, 255)
)
def test_texts_with_wide_letters_are_cut_too(amqp: AmqpTester, letter: str, length: int) -> None:
    name = (letter * 127).encode()[: length - length % len(letter.encode())]
    expect.at_most(len(_text_of_missing(amqp, name)), MAX_TEXT_OCTETS, "octets of the text")


# -- after an error -------------------------------------------------------------------------


def _tries(queue: str, exchange: str) -> list[bytes]:
    """What a client might still send on a channel that failed; none may have an effect."""
    return [
        method_frame(1, spec.Basic.Publish(exchange="", routing_key=queue)) + header_frame(1, 0),
        method_frame(1, spec.Queue.Purge(queue=queue)),
        method_frame(1, spec.Queue.Delete(queue=queue)),
        method_frame(1, spec.Exchange.Declare(exchange=exchange, type="direct")),
        method_frame(1, spec.Basic.Get(queue=queue, no_ack=True)),
        method_frame(1, spec.Basic.Consume(queue=queue, no_ack=True)),
        method_frame(1, spec.Tx.Select()),
        method_frame(1, spec.Basic.Ack(99)),
    ]


TRIES = st.lists(st.integers(0, 7), max_size=5)


def _expect_no_effect(amqp: AmqpTester, queue: str, exchange: str) -> None:
    expect.equal(amqp.bodies(queue), ["kept"], "the messages of the queue")
    with expect.channel_error(404):
        amqp.channel().declare_exchange(exchange, passive=True)


@requirement("amqp.connection.closed-channel-ignores-methods")
@holds_for(cost=2, error=st.sampled_from(CHANNEL_ERRORS), tries=TRIES)
def test_a_channel_that_failed_ignores_everything_but_close_ok(
    amqp: AmqpTester, error: Provocation, tries: list[int]
) -> None:
    queue, exchange = amqp.queue(durable=True), amqp.exchange_name()
    amqp.admin.publish("", queue, "kept")
    failing = error.octets(amqp)
    possible = _tries(queue, exchange)
    raw = amqp.raw().open(channels=2)
    raw.send(failing, *(possible[index] for index in tries))
    raw.expect(spec.Channel.Close)
    raw.barrier(2)
    raw.send_method(1, spec.Channel.CloseOk())
    raw.call(1, spec.Channel.Open(), spec.Channel.OpenOk)
    raw.barrier(1)
    _expect_no_effect(amqp, queue, exchange)


@requirement("amqp.connection.closed-connection-ignores-methods")
@holds_for(cost=2, error=st.sampled_from(CONNECTION_ERRORS), tries=TRIES)
def test_a_connection_that_failed_ignores_everything_but_close_ok(
    amqp: AmqpTester, error: Provocation, tries: list[int]
) -> None:
    queue, exchange = amqp.queue(durable=True), amqp.exchange_name()
    amqp.admin.publish("", queue, "kept")
    failing = error.octets(amqp)
    possible = _tries(queue, exchange)
    raw = amqp.raw().open(channels=2)
    raw.send(failing, *(possible[index] for index in tries))
    raw.expect_close(error.code)
    raw.send_method(0, spec.Connection.CloseOk())
    expect.equal(raw.expect_eof(), [], "frames after connection.close")
    _expect_no_effect(amqp, queue, exchange)


@requirement("amqp.connection.errors-in-order")
def test_an_error_of_a_publish_comes_in_its_turn(amqp: AmqpTester) -> None:
    raw = amqp.raw().open(channels=2)
    flow = method_frame(1, spec.Channel.Flow(True))
    publish = method_frame(1, spec.Basic.Publish(exchange=amqp.name("missing"), routing_key="k"))
    content = header_frame(1, 4) + body_frame(1, b"body")
    raw.send(3 * flow, publish, content, flow)
    for _ in range(3):
        raw.expect(spec.Channel.FlowOk)
    close = raw.expect(spec.Channel.Close)
    expect.equal((close.reply_code, close.class_id, close.method_id), (404, 60, 40))
    raw.barrier(2)
