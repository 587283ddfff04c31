"""The client on brokers that misbehave: every wait ends, and says what was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pika import spec

from conformance.drivers.amqp.client import Client
from conformance.drivers.amqp.decoding import new_decoder
from conformance.drivers.amqp.endpoint import Endpoint
from conformance.drivers.transcript import Transcript
from conformance.errors import ChannelClosed, ConnectionClosed, Mismatch, NoAnswer
from tests.conformance.fake_broker import LOOPBACK, Answer, FakeBroker, hang_up, silence

WITHIN_S = 0.2


@contextmanager
def client_of(broker: FakeBroker, within_s: float = 10.0) -> Iterator[Client]:
    client = Client(Endpoint(LOOPBACK, broker.port), Transcript(new_decoder))
    client.deadline_s = time.monotonic() + within_s
    try:
        yield client
    finally:
        client.close()


def close_channel(_: Any) -> list[Any]:
    return [spec.Channel.Close(406, "PRECONDITION_FAILED - no", 50, 10)]


def close_connection(_: Any) -> list[Any]:
    return [spec.Connection.Close(541, "INTERNAL_ERROR - oh", 50, 10)]


@pytest.mark.parametrize(
    ("kind", "what", "act"),
    [
        (spec.Queue.Declare, "queue.declare-ok", lambda channel: channel.declare_queue("q")),
        (spec.Basic.Get, "basic.get-ok or get-empty", lambda channel: channel.get("q")),
        (spec.Tx.Select, "tx.select-ok", lambda channel: channel.tx_select()),
        (spec.Basic.Recover, "basic.recover-ok", lambda channel: channel.recover()),
        (spec.Basic.Consume, "basic.consume-ok", lambda channel: channel.consume("q")),
        (spec.Exchange.Declare, "an answer", lambda channel: channel.barrier()),
    ],
)
def test_an_answer_that_does_not_come(
    kind: type[Any], what: str, act: Callable[[Any], object]
) -> None:
    with FakeBroker({kind: silence}) as broker, client_of(broker) as client:
        channel = client.connect().channel()
        client.deadline_s = time.monotonic() + WITHIN_S
        with pytest.raises(NoAnswer) as caught:
            act(channel)
    assert caught.value.what == what
    assert caught.value.within_s == pytest.approx(WITHIN_S, abs=0.05)
    assert str(caught.value).startswith(f"expected {what} within ")


def test_confirms_and_deliveries_that_do_not_come() -> None:
    answers: dict[type[Any], Answer] = {
        spec.Confirm.Select: lambda _: [spec.Confirm.SelectOk()],
        spec.Basic.Consume: lambda m: [spec.Basic.ConsumeOk(m.consumer_tag)],
    }
    with FakeBroker(answers) as broker, client_of(broker) as client:
        channel = client.connect().channel()
        channel.select_confirms()
        consumer = channel.consume("q", tag="c")
        with pytest.raises(NoAnswer, match="expected confirms of 2 publishes within"):
            channel.wait_confirms(2, within_s=0.05)
        with pytest.raises(NoAnswer, match=r"expected 1 deliveries to consumer c \(so far 0\)"):
            consumer.expect(1, within_s=0.05)


def test_a_handshake_that_does_not_end() -> None:
    with FakeBroker({spec.Connection.Open: silence}) as broker, client_of(broker) as client:
        client.deadline_s = time.monotonic() + WITHIN_S
        with pytest.raises(NoAnswer, match="expected an open connection within"):
            client.connect()


def test_a_channel_that_the_broker_closes() -> None:
    with FakeBroker({spec.Queue.Declare: close_channel}) as broker, client_of(broker) as client:
        connection = client.connect()
        channel = connection.channel()
        with pytest.raises(ChannelClosed) as caught:
            channel.declare_queue("q")
        assert (caught.value.code, caught.value.text) == (406, "PRECONDITION_FAILED - no")
        with pytest.raises(ChannelClosed, match="406 PRECONDITION_FAILED"):
            channel.publish("", "q", "too late")
        assert connection.closed is None
        connection.channel().barrier()


def test_a_connection_that_the_broker_closes() -> None:
    with FakeBroker({spec.Queue.Declare: close_connection}) as broker, client_of(broker) as client:
        connection = client.connect()
        first, second = connection.channel(), connection.channel()
        with pytest.raises(ConnectionClosed) as caught:
            first.declare_queue("q")
        assert (caught.value.code, caught.value.text) == (541, "INTERNAL_ERROR - oh")
        with pytest.raises(ConnectionClosed, match="541 INTERNAL_ERROR"):
            second.barrier()
        assert connection.wait_closed().code == 541


def test_a_socket_that_is_closed_without_a_word() -> None:
    with FakeBroker({spec.Queue.Declare: hang_up}) as broker, client_of(broker) as client:
        with pytest.raises(ConnectionClosed) as caught:
            client.connect().channel().declare_queue("q")
        assert caught.value.code == 0


@pytest.mark.parametrize(
    ("stage", "code", "text"),
    [
        (spec.Connection.StartOk, 403, 'ACCESS_REFUSED - it\'s "me"'),
        (spec.Connection.Open, 530, "NOT_ALLOWED - vhost x not found"),
    ],
)
def test_a_refusal_during_the_handshake_keeps_its_code(
    stage: type[Any], code: int, text: str
) -> None:
    refusal = spec.Connection.Close(code, text, 10, 11)
    with FakeBroker({stage: lambda _: [refusal]}) as broker, client_of(broker) as client:
        with pytest.raises(ConnectionClosed) as caught:
            client.connect()
        assert caught.value.code == code


def test_a_broker_that_does_not_announce_confirms_breaks_its_promise() -> None:
    with FakeBroker(properties={"capabilities": {}}) as broker, client_of(broker) as client:
        channel = client.connect().channel()
        with pytest.raises(Mismatch, match="expected the capability announced in connection"):
            channel.select_confirms()


def test_closing_after_the_time_is_over_frees_everything() -> None:
    with FakeBroker({spec.Queue.Declare: silence}) as broker:
        with client_of(broker, within_s=0.1) as client:
            channel = client.connect().channel()
            with pytest.raises(NoAnswer):
                channel.declare_queue("q")
        assert client.connections == []


def test_the_transcript_holds_what_went_over_the_wire() -> None:
    with FakeBroker() as broker, client_of(broker) as client:
        client.connect().channel().declare_queue("q")
        texts = [(line.direction, line.text.split()[1]) for line in client.transcript.lines()]
    assert texts[:3] == [(">", "header"), ("<", "connection.start"), (">", "connection.start-ok")]
    assert texts[-2:] == [(">", "queue.declare"), ("<", "queue.declare-ok")]
