"""What a session does when time passes, on a clock that moves only when it is told to."""

from __future__ import annotations

import pytest
from pamqp import commands, heartbeat

from reference_impl.amqp import session as session_module
from reference_impl.amqp.session import CLOSE_TIMEOUT_MS, CLOSING, HANDSHAKE_TIMEOUT_MS
from reference_impl.amqp.wire import spec
from reference_impl.errors import ConnectionForced
from tests.reference_impl.amqp.scripted import PROTOCOL_HEADER, ScriptedClient, frame_octets

HEARTBEAT = frame_octets(spec.FRAME_HEARTBEAT, 0, b"")


def left_ms(client: ScriptedClient) -> int | None:
    """How long the session wants to be left alone."""
    deadline_ms = client.session.deadline_ms
    return None if deadline_ms is None else deadline_ms - client.liveness.now_ms()


def pass_time(client: ScriptedClient, ms: int) -> None:
    """Let time pass as a server does: call the session at each of its deadlines on the way."""
    end_ms = client.liveness.now_ms() + ms
    while (deadline_ms := client.session.deadline_ms) is not None and deadline_ms <= end_ms:
        client.liveness.advance(max(0, deadline_ms - client.liveness.now_ms()))
        client.session.handle_deadline()
        client.session.data_to_send()
    client.liveness.advance(end_ms - client.liveness.now_ms())


# -- handshake ------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["header", "starting", "tuning", "opening"])
def test_handshake_must_be_over_in_time(state: str) -> None:
    client = ScriptedClient()
    client.liveness.advance(HANDSHAKE_TIMEOUT_MS - 1)
    advance = {
        "header": lambda: client,
        "starting": client.greet,
        "tuning": client.log_in,
        "opening": client.tune,
    }
    advance[state]()
    assert client.session.state == state
    assert left_ms(client) == 1
    client.session.handle_deadline()
    assert not client.session.closed
    client.liveness.advance(1)
    client.session.handle_deadline()
    assert client.session.closed
    assert client.session.data_to_send() == b""


def test_open_connection_without_heartbeat_has_no_deadline() -> None:
    client = ScriptedClient().open(heartbeat_s=0)
    assert left_ms(client) is None
    client.liveness.advance(10 * HANDSHAKE_TIMEOUT_MS)
    client.session.handle_deadline()
    assert not client.session.closed
    assert client.session.data_to_send() == b""


# -- heartbeats -----------------------------------------------------------------------------


def test_heartbeat_is_sent_after_half_the_interval() -> None:
    client = ScriptedClient().open(heartbeat_s=10)
    assert left_ms(client) == 5_000
    client.liveness.advance(4_999)
    client.session.handle_deadline()
    assert client.session.data_to_send() == b""
    client.liveness.advance(1)
    client.session.handle_deadline()
    assert [type(item) for item in client.take()] == [heartbeat.Heartbeat]
    assert left_ms(client) == 5_000


def test_output_of_any_kind_counts_as_a_heartbeat() -> None:
    client = ScriptedClient().open(heartbeat_s=10)
    client.open_channel()
    client.liveness.advance(4_000)
    client.answer(1, commands.Basic.Qos())
    assert left_ms(client) == 5_000
    client.liveness.advance(1_000)
    client.session.handle_deadline()
    assert client.session.data_to_send() == b""


def test_silent_client_is_dropped_after_two_intervals() -> None:
    client = ScriptedClient().open(heartbeat_s=10)
    pass_time(client, 19_999)
    assert not client.session.closed
    pass_time(client, 1)
    assert client.session.closed
    assert client.session.data_to_send() == b""


@pytest.mark.parametrize("sign", [HEARTBEAT, HEARTBEAT[:1]])
def test_any_octet_is_a_sign_of_life(sign: bytes) -> None:
    client = ScriptedClient().open(heartbeat_s=10)
    for _ in range(3):
        pass_time(client, 19_000)
        client.session.receive_data(sign)
    assert not client.session.closed
    pass_time(client, 19_999)
    assert not client.session.closed
    pass_time(client, 1)
    assert client.session.closed


def test_silence_of_a_blocked_publisher_is_excused() -> None:
    """It was told to be silent; heartbeats are sent to it all the same."""
    client = ScriptedClient().open(heartbeat_s=10)
    client.open_channel()
    client.declare("q")
    client.broker.set_alarm("memory", True)
    client.publish("q", b"1")
    assert [item.name for item in client.take()] == ["Connection.Blocked"]
    assert not client.session.reading
    pass_time(client, 300_000)
    assert not client.session.closed
    client.broker.set_alarm("memory", False)
    assert client.session.reading
    pass_time(client, 19_999)
    assert not client.session.closed
    pass_time(client, 1)
    assert client.session.closed


@pytest.mark.parametrize("order", [("memory", "disk"), ("disk", "memory")])
def test_a_publisher_is_told_once_of_all_alarms(order: tuple[str, str]) -> None:
    """rabbit_reader:blocked_by_message names both, in one order, and further alarms are silent."""
    client = ScriptedClient().open().open_channel()
    client.declare("q")
    for alarm in order:
        client.broker.set_alarm(alarm, True)
    client.publish("q", b"1")
    (blocked,) = client.take()
    assert blocked.reason == "low on disk & memory"
    client.broker.set_alarm(order[0], False)
    client.broker.set_alarm(order[0], True)
    client.broker.set_alarm(order[1], False)
    assert client.take() == []
    client.broker.set_alarm(order[0], False)
    assert [item.name for item in client.take()] == ["Connection.Unblocked"]


# -- closing --------------------------------------------------------------------------------


def test_client_that_was_told_to_close_has_some_time() -> None:
    client = ScriptedClient().open()
    client.session.close_by_broker(ConnectionForced("enough"))
    assert isinstance(client.take()[0], commands.Connection.Close)
    assert left_ms(client) == CLOSE_TIMEOUT_MS
    pass_time(client, CLOSE_TIMEOUT_MS - 1)
    assert client.session.state == CLOSING
    pass_time(client, 1)
    assert client.session.closed


def test_client_that_is_not_trusted_waits_for_a_silent_end() -> None:
    client = ScriptedClient().log_in()
    assert client.call(0, commands.Connection.Open()) == []
    assert client.session.state == CLOSING
    limit_ms = getattr(session_module, "SILENT_CLOSE_MS", CLOSE_TIMEOUT_MS)
    assert left_ms(client) == limit_ms
    pass_time(client, limit_ms)
    assert client.session.closed


def test_time_before_the_protocol_header_counts() -> None:
    client = ScriptedClient()
    client.liveness.advance(HANDSHAKE_TIMEOUT_MS)
    client.session.receive_data(PROTOCOL_HEADER)
    client.session.handle_deadline()
    assert client.session.closed
