"""One client connection, sans I/O: octets in, octets out, and the state between them.

The caller feeds `receive_data` and `receive_eof`, sends what `data_to_send` returns, obeys
`reading` and `closed`, and calls `handle_deadline` when `deadline_ms` has passed. Receiving never
raises: what breaks the protocol is answered as the protocol says.

Source: rabbit_reader.erl, rabbit_command_assembler.erl; spec 2.2.4, 4.2.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from reference_impl.amqp.channel_session import ChannelSession, PublishTarget
from reference_impl.amqp.core.access import User
from reference_impl.amqp.core.broker import Broker
from reference_impl.amqp.core.connection import Connection
from reference_impl.amqp.core.message import Content
from reference_impl.amqp.fields import Field, longstr
from reference_impl.amqp.limits import CHANNEL_MAX
from reference_impl.amqp.methods import CONNECTION_HANDLERS
from reference_impl.amqp.wire import spec
from reference_impl.amqp.wire.methods import decode_arguments, encode_method
from reference_impl.amqp.wire.tables import Malformed
from reference_impl.clock import Clock
from reference_impl.errors import (
    AccessRefused,
    ChannelError,
    ChannelRefusal,
    FrameError,
    NotAllowed,
    Refusal,
    UnexpectedFrame,
)

if TYPE_CHECKING:
    from reference_impl.amqp.wire.spec import MethodSpec

# -- states ---------------------------------------------------------------------------------

HEADER = "header"
STARTING = "starting"
SECURING = "securing"
TUNING = "tuning"
OPENING = "opening"
RUNNING = "running"
CLOSING = "closing"
CLOSED = "closed"

ALLOWED: dict[str, frozenset[str]] = {
    HEADER: frozenset(),
    STARTING: frozenset(("connection.start-ok",)),
    SECURING: frozenset(("connection.secure-ok",)),
    TUNING: frozenset(("connection.tune-ok",)),
    OPENING: frozenset(("connection.open",)),
    RUNNING: frozenset(("connection.close", "connection.update-secret")),
    CLOSING: frozenset(("connection.close", "connection.close-ok")),
    CLOSED: frozenset(),
}
"""The methods on channel 0 that each state accepts. CLOSING ignores any other; every other state
answers it with 504 (rabbit_reader:handle_method0)."""

# -- limits ---------------------------------------------------------------------------------

HANDSHAKE_TIMEOUT_MS = 10_000
"""How long a client may take to open the connection (docs: configure, handshake_timeout)."""

CLOSE_TIMEOUT_MS = 3_000
"""How long a client that was told to go may take (SILENT_CLOSE_DELAY, CLOSING_TIMEOUT)."""

MAX_OUTPUT_PIECES = 20_000
"""About 2,200 deliveries: beyond it consumers wait until the caller has taken the output."""

_FRAME = struct.Struct(">BHI")
_FRAME_HEAD_SIZE = 7
_PROTOCOL_HEADERS = {b"AMQP\x00\x00\x09\x01": (0, 9), b"AMQP\x01\x01\x00\x09": (0, 9)}
_PROTOCOL_0_8 = b"AMQP\x01\x01\x08\x00"


class AmqpSession:
    """The connection of one client. `on_output` is called when output is there to be sent."""

    def __init__(self, broker: Broker, liveness: Clock, on_output: Callable[[], None]) -> None:
        self.broker = broker
        self.dialect = broker.dialect
        self.state = HEADER
        self.connection: Connection | None = None
        self.user: User | None = None
        self.mechanism = ""
        self.capabilities: frozenset[str] = frozenset()
        self.channel_max = CHANNEL_MAX
        self.frame_max = self.dialect.frame_min_size
        self.heartbeat_ms = 0
        self.channels: dict[int, ChannelSession] = {}
        self.publishes: dict[bytes, PublishTarget] = {}
        self.contents: dict[bytes, Content] = {}
        self.unsettled: list[ChannelSession] = []
        """Channels that owe confirms for what was published since the last flush."""

        self.out: list[bytes] = []
        self._on_output = on_output
        self._output_announced = False
        self._transport_full = False
        self._input = b""
        self._deaf = False
        self._blocked = False
        self._published = False
        self._liveness = liveness
        self._last_received_ms = self._last_sent_ms = liveness.now_ms()
        self._give_up_ms: int | None = self._last_received_ms + HANDSHAKE_TIMEOUT_MS
        broker.alarm_listeners.append(self._alarms_changed)

    # -- what the caller asks ---------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether the transport is to be closed once the output is sent."""
        return self.state == CLOSED

    @property
    def reading(self) -> bool:
        """Whether more input may be read; not while a resource alarm blocks a publisher."""
        return not self._blocked

    @property
    def deadline_ms(self) -> int | None:
        """When `handle_deadline` must be called, in ms of the liveness clock, or None."""
        if self.state == CLOSED:
            return None
        deadlines = [] if self._give_up_ms is None else [self._give_up_ms]
        if self.heartbeat_ms and self.state == RUNNING:
            deadlines.append(self._last_sent_ms + self.heartbeat_ms // 2)
            if not self._blocked:
                deadlines.append(self._last_received_ms + 2 * self.heartbeat_ms)
        return min(deadlines, default=None)

    def data_to_send(self) -> bytes:
        """Return all output so far and forget it."""
        out, self.out = self.out, []
        self._output_announced = False
        if out:
            self._last_sent_ms = self._liveness.now_ms()
        connection = self.connection
        if connection is not None and not connection.writable and not self._transport_full:
            connection.set_writable(True)
        return b"".join(out)

    # -- what the caller tells --------------------------------------------------------------

    def receive_data(self, data: bytes) -> None:
        """Take octets from the client."""
        self._last_received_ms = self._liveness.now_ms()
        if self._deaf:
            return
        data = self._input + data if self._input else data
        position = 0
        if self.state == HEADER:
            if not self._receive_protocol_header(data):
                return
            position = 8
        try:
            position = self._receive_frames(data, position)
        finally:
            self._input = data[position:]
        self.flush_confirms()

    def receive_eof(self) -> None:
        """The client is gone: as if it had closed everything, but nothing can be sent."""
        self._end()

    def set_transport_full(self, full: bool) -> None:
        """Tell whether the transport holds more output than the client has taken."""
        self._transport_full = full
        if self.connection is not None:
            self.connection.set_writable(not full)

    def handle_deadline(self) -> None:
        """Do what is due: send a heartbeat, or give up on a silent client."""
        now_ms = self._liveness.now_ms()
        if self._give_up_ms is not None and now_ms >= self._give_up_ms:
            self._end()
        elif self.state == RUNNING and self.heartbeat_ms:
            if not self._blocked and now_ms >= self._last_received_ms + 2 * self.heartbeat_ms:
                self._end()
            elif now_ms >= self._last_sent_ms + self.heartbeat_ms // 2:
                self.send_frame(spec.FRAME_HEARTBEAT, 0, b"")

    # -- output -----------------------------------------------------------------------------

    def announce_output(self) -> None:
        """Tell the caller once that there is output, and stop deliveries when there is much."""
        if not self._output_announced:
            self._output_announced = True
            self._on_output()
        if len(self.out) > MAX_OUTPUT_PIECES and self.connection is not None:
            self.connection.writable = False

    def send_frame(self, kind: int, channel: int, payload: bytes) -> None:
        self.out.append(_FRAME.pack(kind, channel, len(payload)) + payload + b"\xce")
        self.announce_output()

    def send_method(self, channel: int, name: str, *values: object) -> None:
        self.send_frame(spec.FRAME_METHOD, channel, encode_method(name, *values))

    def flush_confirms(self) -> None:
        """Send the confirms that are owed, several in one where they are consecutive."""
        if self.unsettled:
            unsettled, self.unsettled = self.unsettled, []
            for channel in unsettled:
                channel.send_confirms()

    # -- protocol header --------------------------------------------------------------------

    def _receive_protocol_header(self, data: bytes) -> bool:
        if len(data) < 8:
            self._input = data
            return False
        header = data[:8]
        version = _PROTOCOL_HEADERS.get(header)
        if header == _PROTOCOL_0_8 and self.dialect.accepts_protocol_0_8:
            version = (8, 0)
        if version is None:
            self._refuse_protocol(header)
            return False
        self.state = STARTING
        self.send_method(
            0,
            "connection.start",
            *version,
            server_properties(self.dialect.version),
            self.dialect.mechanisms,
            "en_US",
        )
        return True

    def _refuse_protocol(self, header: bytes) -> None:
        """Answer with the protocol header that is spoken here, and close (spec 2.2.4)."""
        knows_0_9 = header[:6] == b"AMQP\x00\x00" and header[6] >= 9
        reply = b"AMQP\x00\x00\x09\x01" if knows_0_9 else self.dialect.unknown_protocol_reply
        self.out.append(reply)
        self._end()
        self.announce_output()

    # -- frames -----------------------------------------------------------------------------

    def _receive_frames(self, data: bytes, position: int) -> int:
        """Handle every complete frame; return the position of the first octet left over."""
        channels = self.channels
        unpack = _FRAME.unpack_from
        length = len(data)
        while length - position >= _FRAME_HEAD_SIZE and not self._deaf and not self._blocked:
            kind, number, size = unpack(data, position)
            start = position + _FRAME_HEAD_SIZE
            end = start + size
            # RabbitMQ lets the payload be as large as the whole frame may be (FRAME_SIZE_FUDGE).
            if size > self.frame_max > 0:
                self._lose_sync(
                    FrameError(
                        f"type {kind}, all octets = <<>>: "
                        f"{{frame_too_large,{size},{self.frame_max - spec.FRAME_OVERHEAD}}}"
                    )
                )
                return length
            if end >= length:
                break
            payload = data[start:end]
            position = end + 1
            if data[end] != spec.FRAME_END:
                self._lose_sync(
                    FrameError(
                        f"type {kind}, {_snippet(payload)}: "
                        f"{{invalid_frame_end_marker,{data[end]}}}"
                    )
                )
                return length
            channel = channels.get(number)
            if channel is not None:
                if kind == spec.FRAME_METHOD:
                    channel.receive_method(payload)
                    continue
                if kind == spec.FRAME_HEADER:
                    channel.receive_header(payload)
                    continue
                if kind == spec.FRAME_BODY:
                    channel.receive_body(payload)
                    continue
            self._receive_other(kind, number, payload)
        return position

    def _receive_other(self, kind: int, number: int, payload: bytes) -> None:
        """Frames that are not for an open channel."""
        try:
            if number == 0:
                self._receive_on_channel_0(kind, payload)
            elif self.state == CLOSING:
                pass
            elif (kind == spec.FRAME_HEARTBEAT and not payload) or self.state != RUNNING:
                raise UnexpectedFrame(f"type {kind}, {_snippet(payload)}")
            elif kind not in (spec.FRAME_METHOD, spec.FRAME_HEADER, spec.FRAME_BODY):
                raise FrameError(f"type {kind}, {_snippet(payload)}: unknown_frame")
            elif self.open_channel(number, kind, payload):
                self.channels[number].receive_method(payload)
        except Refusal as refusal:
            self.refuse(refusal, None)

    def _receive_on_channel_0(self, kind: int, payload: bytes) -> None:
        if kind == spec.FRAME_HEARTBEAT and not payload:
            return
        method = None
        if kind == spec.FRAME_METHOD and len(payload) >= 4:
            method = spec.METHODS_BY_KEY.get(int.from_bytes(payload[:4], "big"))
        if self.state == CLOSING and (method is None or method.name not in ALLOWED[CLOSING]):
            return
        if kind in (spec.FRAME_HEADER, spec.FRAME_BODY):
            raise UnexpectedFrame(f"type {kind}, {_snippet(payload)}")
        if method is None:
            raise FrameError(f"type {kind}, {_snippet(payload)}: unknown_frame")
        try:
            values = decode_arguments(method, payload)
            if method.name not in ALLOWED[self.state]:
                raise ChannelError(f"unexpected method in connection state {self.state}")
            CONNECTION_HANDLERS[method.name](self, *values)
        except Malformed as error:
            self.refuse(FrameError(f"cannot decode {method.name}: {error}"), method)
        except Refusal as refusal:
            self.refuse(refusal, method)

    def open_channel(self, number: int, kind: int, payload: bytes) -> bool:
        """Make room for a channel whose first frame arrived; it must turn out to be channel.open.

        RabbitMQ limits the number of channels, not their numbers (rabbit_reader:create_channel).
        """
        assert self.connection is not None
        if len(self.channels) >= self.channel_max > 0:
            raise NotAllowed(
                f"number of channels opened ({len(self.channels)}) has reached the negotiated "
                f"channel_max ({self.channel_max})"
            )
        if kind != spec.FRAME_METHOD:
            raise UnexpectedFrame("expected method frame, got non method frame instead")
        self.channels[number] = ChannelSession(self, number)
        return True

    # -- refusals and the end ---------------------------------------------------------------

    def refuse(self, refusal: Refusal, method: MethodSpec | None) -> None:
        """Answer a rule broken outside any channel: as a rule, connection.close."""
        if self.state in (CLOSING, CLOSED):
            return
        quiet = self.state in (STARTING, SECURING) or (
            self.state == TUNING and not isinstance(refusal, NotAllowed)
        )
        if self.state == SECURING and isinstance(refusal, AccessRefused):
            quiet = "authentication_failure_close" not in self.capabilities
        self._end_channels()
        if quiet:
            # RabbitMQ waits before it drops a client that it does not trust, and says nothing.
            self._deaf = True
            self.state = CLOSING
            self._give_up_ms = self._liveness.now_ms() + (
                0 if isinstance(refusal, AccessRefused) else CLOSE_TIMEOUT_MS
            )
            if self._give_up_ms <= self._liveness.now_ms():
                self._end()
            return
        self.state = CLOSING
        self._give_up_ms = self._liveness.now_ms() + CLOSE_TIMEOUT_MS
        self.send_method(
            0,
            "connection.close",
            refusal.code,
            reply_text(refusal),
            method.class_id if method else 0,
            method.method_id if method else 0,
        )

    def _lose_sync(self, refusal: FrameError) -> None:
        """Frames cannot be told apart any more: report it and take no more input."""
        self.refuse(refusal, None)
        self._deaf = True

    def refuse_on_channel(
        self, channel: ChannelSession, refusal: Refusal, method: MethodSpec | None
    ) -> None:
        """Answer a rule broken on an open channel: close the channel, or for a hard error all."""
        channel.end()
        if not isinstance(refusal, ChannelRefusal):
            self.refuse(refusal, method)
            return
        channel.closing = True
        self.send_method(
            channel.number,
            "channel.close",
            refusal.code,
            reply_text(refusal),
            method.class_id if method else 0,
            method.method_id if method else 0,
        )

    def start_running(self, connection: Connection) -> None:
        self.connection = connection
        self.state = RUNNING
        self._give_up_ms = None

    def finish_close(self) -> None:
        """The client asked to close: end everything, then say so."""
        self._end_channels()
        if self.connection is not None:
            self.connection.close()
        self.send_method(0, "connection.close-ok")
        self._end()

    def close_by_broker(self, refusal: Refusal) -> None:
        """Close because the broker or its operator wants to."""
        self.refuse(refusal, None)

    def _end_channels(self) -> None:
        for channel in list(self.channels.values()):
            channel.end()
        self.channels.clear()
        if self.connection is not None:
            self.connection.close()

    def _end(self) -> None:
        """Nothing more will be received or sent."""
        if self.state == CLOSED:
            return
        self._end_channels()
        self.state = CLOSED
        self._deaf = True
        self.broker.alarm_listeners.remove(self._alarms_changed)
        self.announce_output()

    # -- resource alarms --------------------------------------------------------------------

    def publish_received(self) -> None:
        """A content header came: a connection is blocked when it publishes while an alarm is set,
        not before, whatever it did earlier. The body waits (rabbit_reader:post_process_frame)."""
        if self.broker.alarms:
            self._published = True
            self._alarms_changed()

    def _alarms_changed(self) -> None:
        block = bool(self.broker.alarms) and self._published and self.state == RUNNING
        if block == self._blocked:
            return
        self._blocked = block
        notify = "connection.blocked" in self.capabilities
        if block and notify:
            self.send_method(0, "connection.blocked", self.broker.alarm_reason())
        elif not block:
            self._published = False
            self._last_received_ms = self._liveness.now_ms()
            if notify and self.state == RUNNING:
                self.send_method(0, "connection.unblocked")
            self.announce_output()
            if self._input:
                pending, self._input = self._input, b""
                self.receive_data(pending)


def reply_text(refusal: Refusal) -> str:
    """NAME - explanation, cut to what a short string holds (amqp_exception_explanation)."""
    octets = f"{refusal.name} - {refusal.text}".encode()
    if len(octets) <= 255:
        return octets.decode()
    return octets[:252].decode(errors="ignore") + "..."


def _snippet(payload: bytes) -> str:
    shown = "all" if len(payload) <= 16 else "first 16"
    return f"{shown} octets = <<{','.join(map(str, payload[:16]))}>>"


def server_properties(version: str) -> dict[str, Field]:
    """The server-properties of connection.start (rabbit_reader:server_properties)."""
    capabilities = (
        "publisher_confirms",
        "exchange_exchange_bindings",
        "basic.nack",
        "consumer_cancel_notify",
        "connection.blocked",
        "consumer_priorities",
        "authentication_failure_close",
        "per_consumer_qos",
        "direct_reply_to",
    )
    return {
        "capabilities": Field("table", {name: Field("bool", True) for name in capabilities}),
        "cluster_name": longstr("rabbit@localhost"),
        "copyright": longstr("brokertck contributors"),
        "information": longstr("Licensed under the Apache License 2.0"),
        "platform": longstr("brokertck reference"),
        "product": longstr("RabbitMQ"),
        "version": longstr(version),
    }
