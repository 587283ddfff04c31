"""AMQP frames as bytes, for what pika refuses to send.

Well-formed frames are made by pika's own encoders; a test breaks them by editing octets.
"""

from __future__ import annotations

import time
from typing import Any, TypeVar

import pika
from pika import frame, spec

from conformance.drivers.amqp.endpoint import Endpoint
from conformance.drivers.raw import RawSocket
from conformance.drivers.transcript import Transcript
from conformance.drivers.waiting import ANSWER_WITHIN_S
from conformance.errors import ConnectionClosed, Mismatch, NoAnswer

PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
FRAME_END = b"\xce"
BARRIER = spec.Exchange.Declare(exchange="amq.direct", passive=True)
"""A method without effect; its answer comes when all sent before on the channel is done."""

M = TypeVar("M")


def method_frame(channel: int, method: Any) -> bytes:
    """A well-formed method frame."""
    octets: bytes = frame.Method(channel, method).marshal()
    return octets


def header_frame(
    channel: int, body_size: int, properties: pika.BasicProperties | None = None
) -> bytes:
    """A well-formed content header frame."""
    octets: bytes = frame.Header(channel, body_size, properties or pika.BasicProperties()).marshal()
    return octets


def body_frame(channel: int, body: bytes) -> bytes:
    """A well-formed body frame."""
    octets: bytes = frame.Body(channel, body).marshal()
    return octets


def publish_frames(
    channel: int,
    method: spec.Basic.Publish,
    body: bytes,
    properties: pika.BasicProperties | None = None,
) -> bytes:
    """A whole publish: method, header and one body frame, if there is a body."""
    frames = method_frame(channel, method), header_frame(channel, len(body), properties)
    return b"".join([*frames, body_frame(channel, body) if body else b""])


def any_frame(kind: int, channel: int, payload: bytes, end: bytes = FRAME_END) -> bytes:
    """A frame of any type, payload and end marker."""
    head = bytes((kind,)) + channel.to_bytes(2, "big") + len(payload).to_bytes(4, "big")
    return head + payload + end


class RawConnection(RawSocket):
    """A connection on which a test sends frames, and whatever else it likes."""

    def __init__(
        self,
        endpoint: Endpoint,
        transcript: Transcript,
        number: int,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        super().__init__((endpoint.host, endpoint.port), transcript, number, answer_within_s)
        self.endpoint = endpoint

    # -- sending ----------------------------------------------------------------------------

    def send_method(self, channel: int, method: Any) -> None:
        self.send(method_frame(channel, method))

    def publish(
        self,
        channel: int,
        exchange: str,
        key: str,
        body: bytes,
        properties: pika.BasicProperties | None = None,
        *,
        mandatory: bool = False,
        immediate: bool = False,
    ) -> None:
        """A whole publish: method, header and one body frame."""
        method = spec.Basic.Publish(
            exchange=exchange, routing_key=key, mandatory=mandatory, immediate=immediate
        )
        self.send(publish_frames(channel, method, body, properties))

    # -- receiving --------------------------------------------------------------------------

    def read_frame(self, within_s: float | None = None) -> Any | None:
        """Return the next frame as pika decodes it, or None at the end of the stream.

        Raises NoAnswer if neither comes in time.
        """
        within_s = self.answer_within_s if within_s is None else within_s
        limit_s = time.monotonic() + within_s
        while True:
            try:
                consumed, decoded = frame.decode_frame(self.buffer)
            except Exception as error:  # whatever pika stumbles over
                raise Mismatch("a frame that can be decoded", repr(error)) from error
            if decoded is not None:
                self.buffer = self.buffer[consumed:]
                return decoded
            try:
                if not self.receive(limit_s):
                    return None
            except TimeoutError:
                raise NoAnswer("a frame or the end of the connection", within_s) from None

    def read_octets(self, count: int, within_s: float | None = None) -> bytes:
        """Return the next `count` octets, fewer at the end of the stream."""
        within_s = self.answer_within_s if within_s is None else within_s
        limit_s = time.monotonic() + within_s
        while len(self.buffer) < count:
            try:
                if not self.receive(limit_s):
                    break
            except TimeoutError:
                raise NoAnswer(f"{count} octets", within_s) from None
        octets, self.buffer = self.buffer[:count], self.buffer[count:]
        return octets

    def read_undecoded(self, within_s: float | None = None) -> tuple[int, int, bytes]:
        """Return type, channel and payload of the next frame, as they are."""
        within_s = self.answer_within_s if within_s is None else within_s
        limit_s = time.monotonic() + within_s
        head = self.read_octets(7, within_s)
        size = int.from_bytes(head[3:], "big")
        rest = self.read_octets(size + 1, max(0.0, limit_s - time.monotonic()))
        if len(head) < 7 or len(rest) <= size:
            raise ConnectionClosed(0, "end of stream", " instead of a frame")
        return head[0], int.from_bytes(head[1:3], "big"), rest[:-1]

    def expect(self, kind: type[M], within_s: float | None = None) -> M:
        """Return the next method, which must be of `kind`; heartbeats are skipped."""
        while True:
            received = self.read_frame(within_s)
            if received is None:
                raise ConnectionClosed(0, "end of stream", f" instead of {_name(kind)}")
            if isinstance(received, frame.Heartbeat):
                continue
            method = getattr(received, "method", None)
            if isinstance(method, kind):
                return method
            if isinstance(method, spec.Connection.Close):
                raise ConnectionClosed(method.reply_code, method.reply_text)
            shown = _name(type(method)) if method is not None else type(received).__name__
            raise Mismatch(_name(kind), shown, "the next frame")

    def expect_body(self, within_s: float | None = None) -> bytes:
        """Return the body of the content that follows a method; it must be complete."""
        header = self.read_frame(within_s)
        if not isinstance(header, frame.Header):
            raise Mismatch("a content header", type(header).__name__, "the next frame")
        body = b""
        while len(body) < header.body_size:
            part = self.read_frame(within_s)
            if not isinstance(part, frame.Body):
                raise Mismatch("a body frame", type(part).__name__, "the next frame")
            body += part.fragment
        return body

    def expect_close(self, code: int, within_s: float | None = None) -> spec.Connection.Close:
        """The broker must fail the connection with `code`; whatever it sent before is skipped."""
        within_s = self.answer_within_s if within_s is None else within_s
        limit_s = time.monotonic() + within_s
        while True:
            received = self.read_frame(max(0.0, limit_s - time.monotonic()))
            if received is None:
                raise Mismatch(f"connection.close {code}", "end of stream without a word")
            method = getattr(received, "method", None)
            if isinstance(method, spec.Connection.Close):
                if method.reply_code != code:
                    raise Mismatch(
                        f"connection.close {code}",
                        f"connection.close {method.reply_code} {method.reply_text}",
                    )
                return method
            if isinstance(method, spec.Channel.Close):
                raise Mismatch(
                    f"connection.close {code}",
                    f"channel.close {method.reply_code} {method.reply_text}",
                )

    def expect_eof(self, within_s: float | None = None) -> list[Any]:
        """The broker must close the socket; returns the frames that it sent before."""
        frames = []
        within_s = self.answer_within_s if within_s is None else within_s
        limit_s = time.monotonic() + within_s
        while (received := self.read_frame(max(0.0, limit_s - time.monotonic()))) is not None:
            frames.append(received)
        return frames

    # -- handshake --------------------------------------------------------------------------

    def start(self) -> spec.Connection.Start:
        """Send the protocol header and return connection.start."""
        self.send(PROTOCOL_HEADER)
        return self.expect(spec.Connection.Start)

    def authenticate(
        self, capabilities: dict[str, bool] | None = None, **changes: Any
    ) -> spec.Connection.Tune:
        """Send start-ok and return connection.tune."""
        self.send_method(0, self.start_ok(capabilities, **changes))
        return self.expect(spec.Connection.Tune)

    def start_ok(
        self, capabilities: dict[str, bool] | None = None, **changes: Any
    ) -> spec.Connection.StartOk:
        """A valid start-ok; `changes` replaces fields of it."""
        endpoint = self.endpoint
        fields: dict[str, Any] = {
            "client_properties": {"capabilities": capabilities or {}},
            "mechanism": "PLAIN",
            "response": f"\0{endpoint.username}\0{endpoint.password}",
            "locale": "en_US",
        }
        fields.update(changes)
        return spec.Connection.StartOk(**fields)

    def open(
        self,
        *,
        capabilities: dict[str, bool] | None = None,
        heartbeat: int = 0,
        frame_max: int | None = None,
        channel_max: int | None = None,
        channels: int = 1,
    ) -> RawConnection:
        """Complete the handshake and open channels 1 to `channels`."""
        self.start()
        tune = self.authenticate(capabilities)
        self.send_method(
            0,
            spec.Connection.TuneOk(
                tune.channel_max if channel_max is None else channel_max,
                tune.frame_max if frame_max is None else frame_max,
                heartbeat,
            ),
        )
        self.send_method(0, spec.Connection.Open(self.endpoint.virtual_host))
        self.expect(spec.Connection.OpenOk)
        for number in range(1, channels + 1):
            self.send_method(number, spec.Channel.Open())
            self.expect(spec.Channel.OpenOk)
        return self

    def call(self, channel: int, method: Any, answer: type[M]) -> M:
        """Send a method and return its answer."""
        self.send_method(channel, method)
        return self.expect(answer)

    def barrier(self, channel: int) -> None:
        """Return when the broker has carried out everything sent on this channel before; nothing
        else may come meanwhile."""
        self.call(channel, BARRIER, spec.Exchange.DeclareOk)


def _name(kind: type[Any]) -> str:
    return getattr(kind, "NAME", kind.__name__)
