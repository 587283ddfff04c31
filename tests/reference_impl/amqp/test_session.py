"""The transition table of a session, swept: every method in every state."""

from __future__ import annotations

from typing import Any

import pytest
from pamqp import commands

from reference_impl.amqp.methods import CHANNEL_HANDLERS, CONNECTION_HANDLERS, UNSERVED
from reference_impl.amqp.session import ALLOWED, CLOSED, CLOSING, HEADER, SECURING
from reference_impl.amqp.wire import spec
from reference_impl.amqp.wire.methods import encode_method
from reference_impl.amqp.wire.spec import METHODS, MethodSpec
from reference_impl.errors import ConnectionForced
from tests.reference_impl.amqp.scripted import (
    PROTOCOL_HEADER,
    ScriptedClient,
    frame_octets,
    marshal,
    new_broker,
)

CLOSE = commands.Connection.Close(200, "bye", 0, 0)

_EMPTY: dict[str, Any] = {
    "bit": False,
    "octet": 0,
    "short": 0,
    "long": 0,
    "longlong": 0,
    "shortstr": "",
    "longstr": "",
    "table": {},
}
_GOOD: dict[str, tuple[Any, ...]] = {
    "connection.start-ok": ({}, "PLAIN", "\0guest\0guest", "en_US"),
    "connection.tune-ok": (2047, 131_072, 0),
    "connection.open": ("/", "", False),
}
"""Values that the session has no other reason to refuse."""

_NEXT_STATE = {
    "connection.start-ok": "tuning",
    "connection.tune-ok": "opening",
    "connection.open": "running",
    "connection.close": "closed",
    "connection.close-ok": "closed",
    "connection.update-secret": "running",
}
_ANSWER = {
    "connection.start-ok": "Connection.Tune",
    "connection.open": "Connection.OpenOk",
    "connection.close": "Connection.CloseOk",
    "connection.update-secret": "Connection.UpdateSecretOk",
}


def payload_of(method: MethodSpec) -> bytes:
    values = _GOOD.get(method.name) or tuple(_EMPTY[kind] for _, kind in method.fields)
    return encode_method(method.name, *values)


def session_in(state: str) -> ScriptedClient:
    """A client whose session is in `state`, with nothing left to send."""
    client = ScriptedClient()
    if state == "starting":
        client.greet()
    elif state == "tuning":
        client.log_in()
    elif state == "opening":
        client.tune()
    elif state in ("running", CLOSING, CLOSED):
        client.open()
    if state == CLOSING:
        client.session.close_by_broker(ConnectionForced("enough"))
        assert isinstance(client.take()[0], commands.Connection.Close)
    elif state == CLOSED:
        client.session.receive_eof()
        assert client.session.data_to_send() == b""
    assert client.session.state == state
    return client


# -- connections ----------------------------------------------------------------------------

STATES = tuple(state for state in ALLOWED if state not in (HEADER, SECURING))
"""HEADER takes no frames; SECURING is left before the method that entered it is done, because all
mechanisms served need one step."""


@pytest.mark.parametrize("state", STATES)
def test_methods_on_channel_0_do_what_the_table_says(state: str) -> None:
    for method in METHODS.values():
        client = session_in(state)
        client.session.receive_data(frame_octets(spec.FRAME_METHOD, 0, payload_of(method)))
        answers = client.take()
        if method.name in ALLOWED[state]:
            assert client.session.state == _NEXT_STATE[method.name]
            expected = [] if method.name not in _ANSWER else [_ANSWER[method.name]]
            assert [answer.name for answer in answers] == expected, method.name
        elif state in (CLOSING, CLOSED):
            assert (answers, client.session.state) == ([], state), method.name
        elif state in ("starting", "tuning"):
            # RabbitMQ says nothing to those who have not logged in.
            assert (answers, client.session.state) == ([], CLOSING), method.name
            client.send(0, client.start_ok(), commands.Connection.TuneOk(2047, 131_072, 0))
            assert (client.take(), client.session.state) == ([], CLOSING)
        else:
            (close,) = answers
            assert (close.name, close.reply_code) == ("Connection.Close", 504), method.name
            assert (close.class_id, close.method_id) == (method.class_id, method.method_id)
            assert client.session.state == CLOSING


def test_every_allowed_method_has_a_handler() -> None:
    allowed = frozenset().union(*ALLOWED.values())
    assert allowed - set(CONNECTION_HANDLERS) == {"connection.secure-ok"}
    assert set(CONNECTION_HANDLERS) <= allowed


def test_unserved_methods_are_known() -> None:
    assert UNSERVED == ["channel.flow-ok", "connection.secure-ok"]


@pytest.mark.parametrize("mechanism", ["PLAIN", "AMQPLAIN", "ANONYMOUS", "EXTERNAL"])
def test_no_log_in_stays_in_securing(mechanism: str) -> None:
    for response in ("", "\0guest\0guest", "\0guest\0wrong", "\x05LOGINS\0\0\0\x05guest"):
        client = ScriptedClient().greet()
        client.send(0, client.start_ok(mechanism=mechanism, response=response))
        assert client.session.state in ("tuning", CLOSING, CLOSED)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", [spec.FRAME_METHOD, spec.FRAME_HEADER, spec.FRAME_BODY, 77])
def test_no_frame_on_another_channel_opens_one_before_running(state: str, kind: int) -> None:
    client = session_in(state)
    payload = payload_of(METHODS["channel.open"])
    client.session.receive_data(frame_octets(kind, 1, payload))
    codes = [item.reply_code for item in client.take() if item.name == "Connection.Close"]
    if state == "opening":
        assert codes == [505]
    elif state != "running":
        assert codes == []
    opened = state == "running" and kind == spec.FRAME_METHOD
    assert (1 in client.session.channels) == opened


@pytest.mark.parametrize("version", ["3.10", "4.0", "4.3"])
def test_frame_instead_of_the_protocol_header_is_answered_with_a_header(version: str) -> None:
    client = ScriptedClient(new_broker(version))
    client.session.receive_data(marshal(0, client.start_ok()))
    assert client.session.data_to_send() == client.broker.dialect.unknown_protocol_reply
    assert client.session.closed


def test_protocol_header_may_come_in_pieces() -> None:
    client = ScriptedClient()
    for octet in PROTOCOL_HEADER[:-1]:
        client.session.receive_data(bytes((octet,)))
        assert (client.session.state, client.session.data_to_send()) == (HEADER, b"")
    client.session.receive_data(PROTOCOL_HEADER[-1:])
    assert [item.name for item in client.take()] == ["Connection.Start"]


# -- channels -------------------------------------------------------------------------------


def _channel_in(state: str) -> ScriptedClient:
    """A client with channel 1 "unopened", "open" or, told to close, "closing"."""
    client = ScriptedClient().open()
    if state != "unopened":
        client.open_channel()
    if state == "closing":
        close = client.answer(1, commands.Queue.Declare(queue="missing", passive=True))
        assert (close.name, close.reply_code) == ("Channel.Close", 404)
    return client


WITHOUT_CONTENT = [method for method in METHODS.values() if not method.has_content]


def _receive(client: ScriptedClient, method: MethodSpec) -> list[Any]:
    client.session.receive_data(frame_octets(spec.FRAME_METHOD, 1, payload_of(method)))
    return client.take()


def test_unopened_channel_takes_channel_open_only() -> None:
    for method in WITHOUT_CONTENT:
        (answer,) = _receive(_channel_in("unopened"), method)
        if method.name == "channel.open":
            assert answer.name == "Channel.OpenOk"
        else:
            assert (answer.name, answer.reply_code) == ("Connection.Close", 504), method.name
            assert answer.reply_text == "CHANNEL_ERROR - expected 'channel.open'"


def test_open_channel_takes_what_has_a_handler() -> None:
    for method in WITHOUT_CONTENT:
        if method.name == "access.request":
            continue  # pamqp cannot read its answer
        answers = _receive(_channel_in("open"), method)
        refused = [a for a in answers if "unimplemented" in getattr(a, "reply_text", "")]
        if method.name in CHANNEL_HANDLERS:
            assert not refused or method.name == "basic.cancel-ok", method.name
        else:
            assert [(a.name, a.reply_code) for a in refused] == [("Connection.Close", 503)]


def test_closing_channel_waits_for_close_ok() -> None:
    for method in WITHOUT_CONTENT:
        if method.name == "channel.open":
            continue
        client = _channel_in("closing")
        names = [item.name for item in _receive(client, method)]
        assert names == (["Channel.CloseOk"] if method.name == "channel.close" else []), method.name
        assert (1 in client.session.channels) == (method.name != "channel.close-ok")


def test_number_is_free_after_close_ok() -> None:
    client = _channel_in("closing")
    assert client.call(1, commands.Channel.CloseOk()) == []
    client.open_channel(1)


# -- the end --------------------------------------------------------------------------------

ENDS = {
    "the client closes": lambda client: client.send(0, CLOSE),
    "the transport ends": lambda client: client.session.receive_eof(),
    "the broker closes": lambda client: (
        client.session.close_by_broker(ConnectionForced("enough")),
        client.send(0, commands.Connection.CloseOk()),
    ),
    "nobody answers": lambda client: (
        client.session.close_by_broker(ConnectionForced("enough")),
        client.liveness.advance(60_000),
        client.session.handle_deadline(),
    ),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_nothing_comes_out_after_the_end(end: Any) -> None:
    broker = new_broker()
    client = ScriptedClient(broker).open_channel()
    client.declare("q")
    client.send(1, commands.Basic.Consume(queue="q", no_ack=True), commands.Confirm.Select())
    end(client)
    session = client.session
    session.data_to_send()
    assert session.closed
    assert session.deadline_ms is None
    announced = client.announced
    other = ScriptedClient(broker).open_channel()
    other.publish("q", b"late")
    broker.set_alarm("memory", True)
    broker.set_alarm("memory", False)
    session.receive_data(marshal(1, commands.Basic.Qos()))
    session.receive_data(b"AMQP\0\0\x09\x01" * 3)
    session.set_transport_full(True)
    session.set_transport_full(False)
    session.close_by_broker(ConnectionForced("again"))
    session.flush_confirms()
    client.liveness.advance(60_000)
    session.handle_deadline()
    session.receive_eof()
    assert session.data_to_send() == b""
    assert client.announced == announced


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_the_end_leaves_nothing_behind(end: Any) -> None:
    broker = new_broker()
    client = ScriptedClient(broker).open_channel()
    client.declare("mine", exclusive=True)
    client.declare("q")
    client.send(1, commands.Basic.Consume(queue="q"))
    client.publish("q", b"1")
    end(client)
    vhost = broker.vhosts["/"]
    assert not vhost.connections
    assert set(vhost.queues) == {"q"}
    assert len(vhost.queues["q"].ready) == 1
    assert len(vhost.queues["q"].consumers) == 0
    assert broker.alarm_listeners == []


def test_input_behind_the_close_is_not_looked_at() -> None:
    client = ScriptedClient().open_channel()
    more = marshal(1, commands.Queue.Declare(queue="late", durable=True))
    client.session.receive_data(marshal(0, CLOSE) + more + b"garbage")
    assert [item.name for item in client.take()] == ["Connection.CloseOk"]
    assert "late" not in client.broker.vhosts["/"].queues


def test_output_is_announced_once_until_it_is_taken() -> None:
    client = ScriptedClient()
    for taken in range(3):
        client.session.receive_data(PROTOCOL_HEADER if taken == 0 else b"")
        client.session.send_frame(spec.FRAME_HEARTBEAT, 0, b"")
        client.session.send_frame(spec.FRAME_HEARTBEAT, 0, b"")
        assert client.announced == taken + 1
        assert client.session.data_to_send() != b""
        assert client.session.data_to_send() == b""
