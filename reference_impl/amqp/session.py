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
from reference_impl.amqp.limits import CHANNEL_MAX
from reference_impl.amqp.methods import CONNECTION_HANDLERS
from reference_impl.amqp.replies import reply_text, server_properties
from reference_impl.amqp.wire import spec
from reference_impl.amqp.wire.erlang_terms import describe_payload, tagged
from reference_impl.amqp.wire.methods import BadText, decode_arguments, encode_method
from reference_impl.amqp.wire.tables import Malformed
from reference_impl.clock import Clock
from reference_impl.errors import (
    AccessRefused,
    ChannelError,
    ChannelRefusal,
    ConnectionDropped,
    FrameError,
    InternalError,
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

CLOSE_TIMEOUT_MS = 30_000
"""How long a client that was told to go may take, unless its heartbeat is shorter
(CLOSING_TIMEOUT)."""

GRACE_MS = 3_000
"""The same for a client that failed to log in, or whose frames cannot be told apart any more
(NORMAL_TIMEOUT, fatal_frame_error)."""

SILENT_CLOSE_MS = 50
"""How long a client that cannot be trusted waits for the end. RabbitMQ takes 3 s, so that guessing
passwords is slow (SILENT_CLOSE_DELAY); here only tests would wait."""

MAX_OUTPUT_PIECES = 20_000
"""About 2,200 deliveries: beyond it consumers wait until the caller has taken the output."""

MAX_OUTPUT_OCTETS = 4 << 20
"""The same in octets of payload, for large messages: as much as 2,000 deliveries of 2 KiB."""

_FRAME = struct.Struct(">BHI")
_FRAME_HEAD_SIZE = 7
_LEAST_PAYLOAD = {
    spec.FRAME_METHOD: spec.METHOD_HEAD_SIZE,
    spec.FRAME_HEADER: spec.CONTENT_HEAD_SIZE,
    spec.FRAME_BODY: 0,
    spec.FRAME_HEARTBEAT: 0,
}
_PROTOCOL_HEADERS = {b"AMQP\x00\x00\x09\x01": (0, 9), b"AMQP\x01\x01\x00\x09": (0, 9)}
_PROTOCOLS_0_8 = (b"AMQP\x01\x01\x08\x00", b"AMQP\x01\x01\x09\x01")


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
        self.out_octets = 0
        """About how many octets `out` holds."""
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
        out, self.out, self.out_octets = self.out, [], 0
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
        except ConnectionDropped:
            self._end()
            return
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
        much = len(self.out) > MAX_OUTPUT_PIECES or self.out_octets > MAX_OUTPUT_OCTETS
        if much and self.connection is not None:
            self.connection.writable = False

    def send_frame(self, kind: int, channel: int, payload: bytes) -> None:
        self.out.append(_FRAME.pack(kind, channel, len(payload)) + payload + b"\xce")
        self.out_octets += len(payload)
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
        if header in _PROTOCOLS_0_8 and self.dialect.accepts_protocol_0_8:
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
                least = self.frame_max - spec.FRAME_OVERHEAD
                self._lose_sync(kind, b"", "frame_too_large", size, least)
                return length
            if end >= length:
                break
            payload = data[start:end]
            position = end + 1
            if data[end] != spec.FRAME_END:
                self._lose_sync(kind, payload, "invalid_frame_end_marker", data[end])
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
            elif self.state != RUNNING:
                raise UnexpectedFrame(describe_payload(kind, payload))
            else:
                check_frame(kind, payload)
                if kind == spec.FRAME_HEARTBEAT:
                    raise UnexpectedFrame(describe_payload(kind, payload))
                self._receive_first(kind, number, payload)
        except Refusal as refusal:
            self.refuse(refusal, None)

    def _receive_on_channel_0(self, kind: int, payload: bytes) -> None:
        closing = self.state == CLOSING
        if closing and (kind != spec.FRAME_METHOD or len(payload) < spec.METHOD_HEAD_SIZE):
            return
        check_frame(kind, payload)
        if kind == spec.FRAME_HEARTBEAT:
            return
        if kind != spec.FRAME_METHOD:
            raise UnexpectedFrame(describe_payload(kind, payload))
        method = spec.METHODS_BY_KEY[payload[:4]]
        if closing and method.name not in ALLOWED[CLOSING]:
            return
        try:
            values = decode_arguments(
                method, payload, any_code_point=self.dialect.takes_any_code_point
            )
            if method.name not in ALLOWED[self.state]:
                raise ChannelError(f"unexpected method in connection state {self.state}")
            CONNECTION_HANDLERS[method.name](self, *values)
        except BadText:
            self.refuse(FrameError("Malformed UTF-8 in shortstr"), method)
        except Malformed:
            self.refuse(InternalError(""), method)
        except Refusal as refusal:
            self.refuse(refusal, method)

    def _receive_first(self, kind: int, number: int, payload: bytes) -> None:
        """The first frame on a number makes a channel, which then finds that it is not open.

        RabbitMQ limits the number of channels, not their numbers (rabbit_reader:create_channel).
        """
        if len(self.channels) >= self.channel_max > 0:
            raise NotAllowed(
                f"number of channels opened ({len(self.channels)}) has reached the negotiated "
                f"channel_max ({self.channel_max})"
            )
        channel = self.channels[number] = ChannelSession(self, number)
        if kind == spec.FRAME_METHOD:
            channel.receive_method(payload)
        elif kind == spec.FRAME_HEADER:
            channel.receive_header(payload)
        else:
            channel.receive_body(payload)

    # -- refusals and the end ---------------------------------------------------------------

    def refuse(self, refusal: Refusal, method: MethodSpec | None) -> None:
        """Answer a rule broken outside any channel: as a rule, connection.close."""
        if self.state in (CLOSING, CLOSED):
            return
        authenticating = self.state in (STARTING, SECURING, TUNING)
        refused = isinstance(refusal, AccessRefused)
        told = refused and "authentication_failure_close" in self.capabilities
        silent = authenticating or (self.state == OPENING and isinstance(refusal, InternalError))
        self._end_channels()
        self.state = CLOSING
        if silent and not told:
            self._deaf = True
            self._give_up_in(SILENT_CLOSE_MS)
            return
        patience_ms = min(self.heartbeat_ms or CLOSE_TIMEOUT_MS, CLOSE_TIMEOUT_MS)
        self._give_up_in(GRACE_MS if told else patience_ms)
        if not self._send_close(0, "connection.close", refusal, None if refused else method):
            self._end()

    def _give_up_in(self, delay_ms: int) -> None:
        self._give_up_ms = self._liveness.now_ms() + delay_ms
        self.announce_output()  # there may be none, but the caller looks at the deadline then

    def _send_close(
        self, channel: int, name: str, refusal: Refusal, method: MethodSpec | None
    ) -> bool:
        """Close with the method that is to blame; none is for what RabbitMQ cannot explain.

        False if the text does not fit, which RabbitMQ notices too late.
        """
        text = reply_text(refusal, self.dialect)
        if text is None:
            return False
        blamed = (method.class_id, method.method_id) if method and refusal.text else (0, 0)
        self.send_method(channel, name, refusal.code, text, *blamed)
        return True

    def _lose_sync(self, kind: int, payload: bytes, error: str, *details: int) -> None:
        """Frames cannot be told apart any more: report it and take no more input."""
        text = f"{describe_payload(kind, payload)}: "
        self.refuse(FrameError(text + tagged(error, *details, after=text)), None)
        if not self._deaf:
            self._deaf = True
            self._give_up_in(GRACE_MS)

    def refuse_on_channel(
        self, channel: ChannelSession, refusal: Refusal, method: MethodSpec | None
    ) -> None:
        """Answer a rule broken on an open channel: close the channel, or for a hard error all."""
        channel.end()
        if not isinstance(refusal, ChannelRefusal):
            self.refuse(refusal, method)
            return
        channel.closing = True
        if not self._send_close(channel.number, "channel.close", refusal, method):
            self.refuse(InternalError(""), None)

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


def check_frame(kind: int, payload: bytes) -> None:
    """Raise FrameError for what is no frame, ConnectionDropped for a method that does not exist.

    Source: rabbit_command_assembler:analyze_frame.
    """
    least = _LEAST_PAYLOAD.get(kind)
    if least is None or len(payload) < least or (kind == spec.FRAME_HEARTBEAT and payload):
        raise FrameError(f"{describe_payload(kind, payload)}: unknown_frame")
    if kind == spec.FRAME_METHOD and payload[:4] not in spec.METHODS_BY_KEY:
        raise ConnectionDropped(f"there is no method {payload[:4].hex()}")
