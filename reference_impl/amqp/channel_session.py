"""One channel of a session: frames to operations on the core, and what the core sends to frames.

This is the hot path. A publish costs one look-up for its method frame and one for its properties,
because publishers repeat both; a delivery passes the content header and the body on as received.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from reference_impl.amqp.core.channel import Channel
from reference_impl.amqp.core.delivery import Consumer
from reference_impl.amqp.core.message import Content, Message
from reference_impl.amqp.fields import Properties
from reference_impl.amqp.methods import CHANNEL_HANDLERS
from reference_impl.amqp.wire import spec
from reference_impl.amqp.wire.erlang_terms import describe_payload, write_octets
from reference_impl.amqp.wire.methods import (
    BadText,
    decode_arguments,
    encode_method,
    encode_shortstr,
)
from reference_impl.amqp.wire.properties import decode_properties, encode_properties
from reference_impl.amqp.wire.tables import Malformed, MalformedTable, decode_text, encode_text
from reference_impl.errors import (
    ChannelError,
    CommandInvalid,
    ConnectionDropped,
    FrameError,
    InternalError,
    NotImplementedByBroker,
    Refusal,
    UnexpectedFrame,
)

if TYPE_CHECKING:
    from reference_impl.amqp.session import AmqpSession

PUBLISH = spec.METHODS["basic.publish"]
MAX_MEMO = 1024
"""Distinct basic.publish frames and property lists remembered for each connection."""

_DELIVER_KEY = spec.METHODS["basic.deliver"].key
_CONTENT_HEADER = struct.Struct(">HHQ")
_FRAME = struct.Struct(">BHI")
_NEXT_FRAME = struct.Struct(">BBHI")
_TAG = struct.Struct(">QB")


class PublishTarget(NamedTuple):
    """A decoded basic.publish; `address` is exchange and routing key as they stand in it, which
    is also how basic.deliver ends."""

    exchange: str
    routing_key: str
    mandatory: bool
    address: bytes


NOWHERE = PublishTarget("", "", False, b"")
"""The target of a content that is not to be published."""


class ChannelSession:
    """A channel number in use. Serves as the sink of its core channel."""

    def __init__(self, session: AmqpSession, number: int) -> None:
        self.session = session
        self.number = number
        self.core: Channel | None = None
        self.closing = False
        """Whether channel.close was sent and close-ok is awaited."""
        self._owes_confirms = False
        self._target: PublishTarget | None = None
        """Where the content that is being received goes, from its method on."""
        self._instead: tuple[Refusal, spec.MethodSpec] | None = None
        """What answers the content once it is complete, if it is not to be published."""
        self._header = b""
        self._content: Content | None = None
        self._body: list[bytes] = []
        self._missing = 0

    @property
    def channel(self) -> Channel:
        """The open core channel."""
        assert self.core is not None
        return self.core

    # -- input ------------------------------------------------------------------------------

    def receive_method(self, payload: bytes) -> None:
        """Take a method frame: begin a content, or carry the method out."""
        if self._target is None:
            target = self.session.publishes.get(payload)
            if target is not None:
                self._target = target
                return
        method = spec.METHODS_BY_KEY.get(payload[:4])
        if method is None:
            self._refuse_unknown(payload)
        elif self._target is not None:
            self._refuse_unexpected()
        else:
            self._receive_command(method, payload)

    def _refuse_unknown(self, payload: bytes) -> None:
        if len(payload) >= spec.METHOD_HEAD_SIZE:
            raise ConnectionDropped(f"there is no method {payload[:4].hex()}")
        self._refuse_no_frame(spec.FRAME_METHOD, payload)

    def _refuse_no_frame(self, kind: int, payload: bytes) -> None:
        self._refuse(FrameError(f"{describe_payload(kind, payload)}: unknown_frame"), None)

    def _receive_command(self, method: spec.MethodSpec, payload: bytes) -> None:
        any_code_point = self.session.dialect.takes_any_code_point
        try:
            values = decode_arguments(method, payload, any_code_point=any_code_point)
            if method is PUBLISH:
                self._begin_publish(payload, *values)
            elif method.has_content:
                self._target = NOWHERE
                self._instead = CommandInvalid("unimplemented method"), method
            else:
                self._carry_out(method, values)
        except BadText:
            self._refuse(FrameError("Malformed UTF-8 in shortstr"), None)
        except MalformedTable as error:
            raise ConnectionDropped(str(error)) from None
        except Malformed:
            self._refuse(FrameError(f"cannot decode {write_octets(payload[4:])}"), method)
        except Refusal as refusal:
            self._refuse(refusal, method)

    def _carry_out(self, method: spec.MethodSpec, values: list[Any]) -> None:
        """In the order of the clauses of rabbit_channel:handle_method."""
        if self.core is None and method.name != "channel.open":
            raise ChannelError("expected 'channel.open'")
        if self.closing and method.name != "channel.open":
            if method.name == "channel.close":
                self.reply("channel.close-ok")
            elif method.name == "channel.close-ok":
                self.session.channels.pop(self.number, None)
            return
        handler = CHANNEL_HANDLERS.get(method.name)
        if handler is None:
            raise CommandInvalid("unimplemented method")
        handler(self, *values)

    def _begin_publish(
        self,
        payload: bytes,
        ticket: int,
        exchange: str,
        routing_key: str,
        mandatory: bool,
        immediate: bool,
    ) -> None:
        """basic.publish: its content follows in frames of its own."""
        self._target = PublishTarget(exchange, routing_key, mandatory, payload[6:-1])
        if immediate:
            self._instead = NotImplementedByBroker("immediate=true"), PUBLISH
            return
        memo = self.session.publishes
        if len(memo) >= MAX_MEMO:
            memo.clear()
        memo[payload] = self._target

    def receive_header(self, payload: bytes) -> None:
        """Take a content header."""
        if len(payload) < spec.CONTENT_HEAD_SIZE:
            self._refuse_no_frame(spec.FRAME_HEADER, payload)
            return
        class_id, weight, size = _CONTENT_HEADER.unpack_from(payload)
        if self._target is None or self._content is not None or weight != 0:
            self._refuse_unexpected()
            return
        if class_id != spec.CLASS_BASIC:
            text = f"expected content header for class 60, got one for class {class_id} instead"
            self._refuse(UnexpectedFrame(text), self._content_method)
            return
        limit = self.session.dialect.max_body_size_in_header
        if limit is not None and size > limit:
            text = f"content body size {size} exceeds maximum allowed size {limit}"
            self._refuse(FrameError(text), self._content_method)
            return
        self._begin_content(payload, size)
        if size == 0:
            self._publish(b"")
        self.session.publish_received()

    def _begin_content(self, payload: bytes, size: int) -> None:
        raw = payload[12:]
        memo = self.session.contents
        content = memo.get(raw)
        if content is None:
            try:
                content = Content(decode_properties(raw))
            except Malformed:
                # The channel process of RabbitMQ will crash, which closes the connection.
                self._instead = self._instead or (InternalError(""), PUBLISH)
                content = Content(Properties())
            else:
                if len(memo) >= MAX_MEMO:
                    memo.clear()
                memo[raw] = content
        self._header = payload
        self._content = content
        self._missing = size

    def receive_body(self, payload: bytes) -> None:
        """Take a part of a body; the last one completes the publish."""
        size = len(payload)
        if self._content is None:
            self._refuse_unexpected()
        elif size == self._missing:
            if self._body:
                payload = b"".join((*self._body, payload))
                self._body.clear()
            self._publish(payload)
        elif size > self._missing and self.session.dialect.checks_body_overrun:
            text = "content body frame exceeds remaining content size"
            self._refuse(FrameError(text), self._content_method)
        else:
            # RabbitMQ before 4.2.9 never sees the end of an overlong body
            self._missing = self._missing - size if size < self._missing else 1 << 63
            self._body.append(payload)

    @property
    def _content_method(self) -> spec.MethodSpec | None:
        """The method whose content is being received."""
        if self._target is None:
            return None
        return self._instead[1] if self._instead else PUBLISH

    def _refuse_unexpected(self) -> None:
        """Answer a frame that is not the next one of a content."""
        if self._target is None:
            text = "expected method frame, got non method frame instead"
        elif self._content is None:
            text = "expected content header for class 60, got non content header frame instead"
        else:
            text = "expected content body, got non content body frame instead"
        self._refuse(UnexpectedFrame(text), self._content_method)

    def _publish(self, body: bytes) -> None:
        target, content, core = self._target, self._content, self.core
        self._target = self._content = None
        if core is None or self.closing or self._instead is not None:
            self._end_content()
            return
        assert target is not None and content is not None
        session = self.session
        try:
            core.publish(
                target.exchange,
                target.routing_key,
                target.mandatory,
                content,
                body,
                (target.address, self._header),
            )
        except Refusal as refusal:
            self._refuse(refusal, PUBLISH)
            return
        if core.confirming and not self._owes_confirms:
            self._owes_confirms = True
            session.unsettled.append(self)

    def _end_content(self) -> None:
        """A content is complete that is not to be published."""
        instead, self._instead = self._instead, None
        refusal, method = instead or (None, PUBLISH)
        if self.core is None:
            refusal = ChannelError("expected 'channel.open'")
        if refusal is not None and not self.closing:
            self._refuse(refusal, method)

    def _refuse(self, refusal: Refusal, method: spec.MethodSpec | None) -> None:
        self._target = self._content = self._instead = None
        self._body.clear()
        self.send_confirms()
        self.session.refuse_on_channel(self, refusal, method)

    # -- output -----------------------------------------------------------------------------

    def reply(self, name: str, *values: object, no_wait: bool = False) -> None:
        """Send a method on this channel unless the client asked for no answer."""
        if not no_wait:
            self.session.send_method(self.number, name, *values)

    def deliver(self, consumer: Consumer, tag: int, redelivered: bool, message: Message) -> None:
        """Send basic.deliver with its content."""
        prefix = consumer.encoded
        if not prefix:
            prefix = consumer.encoded = _DELIVER_KEY + encode_shortstr(consumer.tag)
        encoded = message.encoded
        if encoded is None:
            encoded = encode_message(message)
        address, header = encoded
        body = message.body
        size = len(body)
        number = self.number
        session = self.session
        if 0 < size <= session.frame_max - 8:
            session.out += (
                _FRAME.pack(1, number, len(prefix) + 9 + len(address)),
                prefix,
                _TAG.pack(tag, redelivered),
                address,
                _NEXT_FRAME.pack(0xCE, 2, number, len(header)),
                header,
                _NEXT_FRAME.pack(0xCE, 3, number, size),
                body,
                b"\xce",
            )
            session.out_octets += size
            session.announce_output()
        else:
            self._send_content(prefix + _TAG.pack(tag, redelivered) + address, header, body)

    def _send_content(self, method_payload: bytes, header: bytes, body: bytes) -> None:
        """Send a method with its content, the body in frames of the negotiated size."""
        session = self.session
        session.send_frame(spec.FRAME_METHOD, self.number, method_payload)
        session.send_frame(spec.FRAME_HEADER, self.number, header)
        part = session.frame_max - spec.FRAME_OVERHEAD if session.frame_max else len(body) or 1
        for start in range(0, len(body), part):
            session.send_frame(spec.FRAME_BODY, self.number, body[start : start + part])

    def send_get_ok(self, tag: int, redelivered: bool, message: Message, ready: int) -> None:
        _, header = message.encoded or encode_message(message)
        key = shortened(message.routing_keys[0])
        method = encode_method("basic.get-ok", tag, redelivered, message.exchange, key, ready)
        self._send_content(method, header, message.body)

    def return_message(self, message: Message) -> None:
        _, header = message.encoded or encode_message(message)
        method = encode_method(
            "basic.return", *spec.REPLY_NO_ROUTE, message.exchange, message.routing_keys[0]
        )
        self._send_content(method, header, message.body)

    def consumer_cancelled(self, tag: str) -> None:
        """Tell a client that wants to know that its consumer is gone (docs: consumer-cancel)."""
        if "consumer_cancel_notify" in self.session.capabilities:
            self.session.send_method(self.number, "basic.cancel", tag, True)

    def send_confirms(self) -> None:
        """Send the acks and nacks owed; all tags up to one may go in one frame as `multiple`, as
        long as none of them is of the other kind (rabbit_channel:coalesce_and_send)."""
        self._owes_confirms = False
        if self.core is None or self.closing:
            return
        acks, nacks = self.core.take_confirms()
        self._send_coalesced("basic.ack", acks, nacks)
        self._send_coalesced("basic.nack", nacks, acks)

    def _send_coalesced(self, name: str, tags: list[int], others: list[int]) -> None:
        last = () if name == "basic.ack" else (False,)
        if len(tags) == 1:
            self.reply(name, tags[0], False, *last)
            return
        together = [tag for tag in tags if not others or tag < others[0]]
        if together:
            self.reply(name, together[-1], True, *last)
        for tag in tags[len(together) :]:
            self.reply(name, tag, False, *last)

    # -- end --------------------------------------------------------------------------------

    def end(self) -> None:
        """Close the core channel, which requeues what it holds."""
        if self.core is not None:
            self.core.close()


def encode_message(message: Message) -> tuple[bytes, bytes]:
    """Encode what was not received as it is now: a dead-lettered or re-addressed message."""
    address = encode_shortstr(message.exchange) + encode_shortstr(
        shortened(message.routing_keys[0])
    )
    header = _CONTENT_HEADER.pack(spec.CLASS_BASIC, 0, len(message.body)) + encode_properties(
        message.content.properties
    )
    message.encoded = address, header
    return address, header


def shortened(text: str) -> str:
    """A routing key from an argument or a header may be longer than a short string; RabbitMQ cuts
    nothing, so keep what fits."""
    return decode_text(encode_text(text)[:255])
