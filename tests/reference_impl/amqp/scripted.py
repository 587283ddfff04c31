"""A client of one session, without a socket: pamqp's frames in, pamqp's frames out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from pamqp import base, body, commands, frame, header

from reference_impl.amqp.core.broker import Broker
from reference_impl.amqp.session import AmqpSession
from reference_impl.amqp.versions import dialect_for
from reference_impl.clock import ManualClock, counting_ids

PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
CAPABILITIES = {
    "basic.nack": True,
    "connection.blocked": True,
    "consumer_cancel_notify": True,
    "authentication_failure_close": True,
}


def new_broker(version: str = "4.3", clock: ManualClock | None = None) -> Broker:
    """A broker without listeners, whose names are the same at each run."""
    return Broker(dialect_for(version), clock or ManualClock(), counting_ids("id-"))


def frame_octets(kind: int, channel: int, payload: bytes) -> bytes:
    """One frame; pamqp cannot make those that are wrong."""
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def split_frames(octets: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (kind, channel, payload) of complete frames; anything else is an AssertionError."""
    position = 0
    while position < len(octets):
        kind, channel, size = struct.unpack_from(">BHI", octets, position)
        end = position + 7 + size
        assert octets[end : end + 1] == b"\xce", f"no frame ends at octet {end} of {len(octets)}"
        yield kind, channel, octets[position + 7 : end]
        position = end + 1


def marshal(channel: int, *frames: Any) -> bytes:
    """Octets of frames; a tuple (publish, body) or (publish, body, properties) is a content."""
    parts = []
    for item in frames:
        if isinstance(item, tuple):
            method, octets, *properties = item
            parts.append(frame.marshal(method, channel))
            head = header.ContentHeader(0, len(octets), *properties)
            parts.append(frame.marshal(head, channel))
            if octets:
                parts.append(frame.marshal(body.ContentBody(octets), channel))
        else:
            parts.append(frame.marshal(item, channel))
    return b"".join(parts)


class ScriptedClient:
    """Drives one session. `announced` counts the calls of its `on_output`."""

    def __init__(self, broker: Broker | None = None, liveness: ManualClock | None = None) -> None:
        self.broker = broker or new_broker()
        self.liveness = liveness or ManualClock()
        self.announced = 0
        self.session = AmqpSession(self.broker, self.liveness, self._announce)

    def _announce(self) -> None:
        self.announced += 1

    # -- octets and frames ------------------------------------------------------------------

    def send(self, channel: int, *frames: Any) -> None:
        """Feed frames to the session; see `marshal`."""
        self.session.receive_data(marshal(channel, *frames))

    def take(self) -> list[Any]:
        """Take all output, as frames."""
        octets = self.session.data_to_send()
        frames = []
        while octets:
            size, _, item = frame.unmarshal(octets)
            frames.append(item)
            octets = octets[size:]
        return frames

    def call(self, channel: int, *frames: Any) -> list[Any]:
        """Feed frames and take what the session answers."""
        self.send(channel, *frames)
        return self.take()

    def answer(self, channel: int, *frames: Any) -> Any:
        """Feed frames and return the one frame that answers them."""
        answers = self.call(channel, *frames)
        assert len(answers) == 1, [item.name for item in answers]
        return answers[0]

    # -- handshake --------------------------------------------------------------------------

    def greet(self) -> ScriptedClient:
        """Send the protocol header; the session is in state "starting" then."""
        self.session.receive_data(PROTOCOL_HEADER)
        assert isinstance(self.take()[0], commands.Connection.Start)
        return self

    def start_ok(self, **options: Any) -> base.Frame:
        """connection.start-ok of the user guest."""
        values = {
            "client_properties": {"capabilities": CAPABILITIES},
            "mechanism": "PLAIN",
            "response": "\0guest\0guest",
            "locale": "en_US",
        }
        return commands.Connection.StartOk(**{**values, **options})

    def log_in(self) -> ScriptedClient:
        """Go on to state "tuning"."""
        self.greet()
        assert isinstance(self.answer(0, self.start_ok()), commands.Connection.Tune)
        return self

    def tune(self, heartbeat_s: int = 0, frame_max: int = 131_072) -> ScriptedClient:
        """Go on to state "opening"."""
        self.log_in()
        self.send(0, commands.Connection.TuneOk(2047, frame_max, heartbeat_s))
        assert self.session.state == "opening"
        return self

    def open(self, heartbeat_s: int = 0, frame_max: int = 131_072) -> ScriptedClient:
        """Go on to state "running"."""
        self.tune(heartbeat_s, frame_max)
        assert isinstance(self.answer(0, commands.Connection.Open()), commands.Connection.OpenOk)
        return self

    def open_channel(self, number: int = 1) -> ScriptedClient:
        """Open the connection if need be, and a channel."""
        if self.session.state == "header":
            self.open()
        assert isinstance(self.answer(number, commands.Channel.Open()), commands.Channel.OpenOk)
        return self

    # -- shorthands -------------------------------------------------------------------------

    def declare(self, queue: str, channel: int = 1, **options: Any) -> None:
        """Declare a durable queue."""
        method = commands.Queue.Declare(queue=queue, durable=True, **options)
        assert isinstance(self.answer(channel, method), commands.Queue.DeclareOk)

    def publish(self, queue: str, octets: bytes, channel: int = 1) -> None:
        """Publish through the default exchange."""
        self.send(channel, (commands.Basic.Publish(routing_key=queue), octets))
