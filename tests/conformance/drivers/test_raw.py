"""Raw connections: whatever the broker does, the wait ends with a sentence."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from pika import spec

from conformance.drivers.amqp.decoding import new_decoder
from conformance.drivers.amqp.endpoint import Endpoint
from conformance.drivers.amqp.raw import RawConnection
from conformance.drivers.transcript import Transcript
from conformance.errors import ConnectionClosed, Mismatch, NoAnswer
from conformance.targets.ports import free_ports
from tests.conformance.fake_broker import LOOPBACK, FakeBroker, hang_up, silence

WITHIN_S = 0.1


def raw(broker: FakeBroker) -> RawConnection:
    return RawConnection(Endpoint(LOOPBACK, broker.port), Transcript(new_decoder), 1)


def test_nothing_listens() -> None:
    (port,) = free_ports(1)
    with pytest.raises(ConnectionClosed, match="cannot connect"):
        RawConnection(Endpoint(LOOPBACK, port), Transcript(new_decoder), 1)


def test_open_and_call() -> None:
    with FakeBroker() as broker:
        connection = raw(broker).open(channels=2)
        answer = connection.call(2, spec.Queue.Declare(queue="q"), spec.Queue.DeclareOk)
        assert answer.queue == "q"
        connection.close()
        assert connection.transcript.lines()[-1].text == "2 queue.declare-ok queue='q'"


@pytest.mark.parametrize(
    ("answer", "act", "error", "text"),
    [
        (
            silence,
            lambda c: c.expect(spec.Queue.DeclareOk, WITHIN_S),
            NoAnswer,
            "expected a frame or the end of the connection within 0.1 s, observed nothing",
        ),
        (
            hang_up,
            lambda c: c.expect(spec.Queue.DeclareOk),
            ConnectionClosed,
            "the broker closed the connection instead of Queue.DeclareOk: 0 end of stream",
        ),
        (
            lambda _: [spec.Queue.BindOk()],
            lambda c: c.expect(spec.Queue.DeclareOk),
            Mismatch,
            "the next frame: expected Queue.DeclareOk, observed Queue.BindOk",
        ),
        (
            lambda _: [spec.Connection.Close(501, "FRAME_ERROR", 0, 0)],
            lambda c: c.expect(spec.Queue.DeclareOk),
            ConnectionClosed,
            "501 FRAME_ERROR",
        ),
        (
            silence,
            lambda c: c.expect_close(501, WITHIN_S),
            NoAnswer,
            "expected a frame or the end of the connection",
        ),
        (
            hang_up,
            lambda c: c.expect_close(501),
            Mismatch,
            "expected connection.close 501, observed end of stream without a word",
        ),
        (
            lambda _: [spec.Connection.Close(541, "INTERNAL_ERROR", 0, 0)],
            lambda c: c.expect_close(501),
            Mismatch,
            "expected connection.close 501, observed connection.close 541 INTERNAL_ERROR",
        ),
        (
            lambda _: [spec.Channel.Close(406, "PRECONDITION_FAILED", 0, 0)],
            lambda c: c.expect_close(501),
            Mismatch,
            "expected connection.close 501, observed channel.close 406 PRECONDITION_FAILED",
        ),
        (
            silence,
            lambda c: c.expect_eof(WITHIN_S),
            NoAnswer,
            "expected a frame or the end of the connection",
        ),
        (silence, lambda c: c.read_octets(9, WITHIN_S), NoAnswer, "expected 9 octets within"),
    ],
)
def test_misbehaviour_becomes_a_sentence(
    answer: Any, act: Callable[[RawConnection], object], error: type[Exception], text: str
) -> None:
    with FakeBroker({spec.Queue.Declare: answer}) as broker:
        connection = raw(broker).open()
        connection.send_method(1, spec.Queue.Declare(queue="q"))
        with pytest.raises(error) as caught:
            act(connection)
        connection.close()
    assert text in str(caught.value)


def test_what_comes_before_the_end_is_returned() -> None:
    def last_words(_: Any) -> list[Any]:
        broker.answer(spec.Queue.Bind, hang_up)
        return [spec.Queue.DeclareOk("q", 0, 0)]

    with FakeBroker({spec.Queue.Declare: last_words}) as broker:
        connection = raw(broker).open()
        connection.send_method(1, spec.Queue.Declare(queue="q"))
        connection.send_method(1, spec.Queue.Bind(queue="q", exchange="x", routing_key="k"))
        frames = connection.expect_eof()
        assert [frame.method.NAME for frame in frames] == ["Queue.DeclareOk"]
        assert connection.read_frame() is None
        connection.close()


def test_the_deadline_of_the_test_ends_every_wait() -> None:
    with FakeBroker({spec.Queue.Declare: silence}) as broker:
        connection = raw(broker).open()
        connection.send_method(1, spec.Queue.Declare(queue="q"))
        connection.deadline_s = time.monotonic() + WITHIN_S
        with pytest.raises(NoAnswer):
            connection.expect(spec.Queue.DeclareOk, within_s=60)
        connection.close()


def test_sending_to_a_broker_that_has_hung_up_is_noticed_when_reading() -> None:
    with FakeBroker({spec.Queue.Declare: hang_up}) as broker:
        connection = raw(broker).open()
        connection.send_method(1, spec.Queue.Declare(queue="q"))
        assert connection.expect_eof() == []
        for _ in range(3):
            connection.send(b"\x00" * 1000)
        assert connection.read_octets(5) == b""
        connection.half_close()
        connection.close()
