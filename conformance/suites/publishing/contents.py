"""Messages as octets: what is sent, what comes back, and what to draw them from."""

from __future__ import annotations

import itertools
import struct
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp.raw import any_frame, body_frame, method_frame
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import Mismatch
from conformance.models.amqp_content import (
    Malformed,
    Properties,
    Value,
    decode_properties,
    encode_properties,
)

M = TypeVar("M")

WAYS = ("get", "deliver", "redelivery", "return")
"""The ways on which a broker hands a message to a client."""

_HEADER, _BODY = 2, 3


class Content(NamedTuple):
    """A message as it arrived: method, decoded properties, body."""

    method: Any
    properties: dict[str, Any]
    body: bytes


class Courier:
    """A connection with a queue of its own: publishes a message and takes it back."""

    def __init__(self, amqp: AmqpTester, frame_max: int | None = None) -> None:
        self.raw = amqp.raw().open(frame_max=frame_max)
        self.queue = amqp.queue_name()
        self._nowhere = amqp.name("nowhere")
        self._consuming = False
        declare = spec.Queue.Declare(queue=self.queue, exclusive=True)
        self.raw.call(1, declare, spec.Queue.DeclareOk)

    def publish(self, properties: Properties, *parts: bytes, way: str = "get") -> None:
        """Publish a message, its body in frames of the given `parts`."""
        key = self._nowhere if way == "return" else self.queue
        publish = spec.Basic.Publish(exchange="", routing_key=key, mandatory=way == "return")
        size = sum(map(len, parts))
        header = struct.pack(">HHQ", spec.Basic.INDEX, 0, size) + encode_properties(properties)
        self.raw.send(
            method_frame(1, publish),
            any_frame(_HEADER, 1, header),
            *(body_frame(1, part) for part in parts if part),
        )

    def carry(self, properties: Properties, *parts: bytes, way: str = "get") -> Content:
        """Publish a message and return it as it comes back on one of the WAYS."""
        if way == "deliver" and not self._consuming:
            self._consuming = True
            consume = spec.Basic.Consume(queue=self.queue, no_ack=True)
            self.raw.call(1, consume, spec.Basic.ConsumeOk)
        self.publish(properties, *parts, way=way)
        if way == "deliver":
            return self.receive(spec.Basic.Deliver)
        if way == "return":
            return self.receive(spec.Basic.Return)
        if way == "redelivery":
            self.raw.send_method(1, spec.Basic.Get(queue=self.queue))
            first = self.receive(spec.Basic.GetOk)
            self.raw.send_method(1, spec.Basic.Reject(first.method.delivery_tag, requeue=True))
        self.raw.send_method(1, spec.Basic.Get(queue=self.queue, no_ack=True))
        return self.receive(spec.Basic.GetOk)

    def receive(self, kind: type[M]) -> Content:
        """Return the next message, which must come with a method of `kind`."""
        method = self.raw.expect(kind)
        frame_type, _, payload = self.raw.read_undecoded()
        expect.equal(frame_type, _HEADER, "type of the frame after the method")
        expect.equal(payload[:4], struct.pack(">HH", spec.Basic.INDEX, 0), "class and weight")
        size = int.from_bytes(payload[4:12], "big")
        body = b""
        while len(body) < size:
            frame_type, _, part = self.raw.read_undecoded()
            expect.equal(frame_type, _BODY, f"type of a frame after {len(body)} of {size} octets")
            body += part
        try:
            return Content(method, decode_properties(payload[12:]), body)
        except Malformed as error:
            raise Mismatch("a well-formed list of properties", str(error)) from None


def expect_content(arrived: Content, properties: Properties, body: bytes) -> None:
    """What arrived must be what was published."""
    expect.equal(arrived.properties, dict(properties), "properties")
    expect.true(
        arrived.body == body,
        f"the {len(body)} octets that were published",
        f"{len(arrived.body)} octets, the same up to {_common(arrived.body, body)}",
    )


def _common(one: bytes, other: bytes) -> int:
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def body_of(size: int) -> bytes:
    """A body in which no part can be taken for another."""
    return array("I", range(size // 4 + 1)).tobytes()[:size]


def cut(body: bytes, places: Sequence[int]) -> list[bytes]:
    """Cut a body at some places."""
    edges = [0, *sorted({place for place in places if 0 < place < len(body)}), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(edges)]


# -- what to draw -----------------------------------------------------------------------------

_SCALARS: dict[str, st.SearchStrategy[bytes]] = {
    "S": st.binary(max_size=6),
    "x": st.binary(max_size=6),
    "t": st.sampled_from([b"\0", b"\1"]),
    "f": st.floats(allow_nan=False, allow_infinity=False, width=32).map(struct.Struct(">f").pack),
    "d": st.floats(allow_nan=False, allow_infinity=False).map(struct.Struct(">d").pack),
    "V": st.just(b""),
    **{
        letter: st.binary(min_size=size, max_size=size)
        for letter, size in zip("bBsuIilDT", (1, 1, 2, 2, 4, 4, 8, 5, 8), strict=True)
    },
}

_NAMES = st.sampled_from([b"a", b"b", "\u00e9".encode(), b"x-own", b"n" * 128])

_VALUES = st.recursive(
    st.sampled_from(sorted(_SCALARS)).flatmap(
        lambda letter: st.builds(Value, st.just(letter), _SCALARS[letter])
    ),
    lambda inner: st.one_of(
        st.builds(Value, st.just("A"), st.lists(inner, max_size=3)),
        st.builds(Value, st.just("F"), st.dictionaries(_NAMES, inner, max_size=3)),
    ),
    max_leaves=6,
)

TABLES = st.dictionaries(_NAMES, _VALUES, max_size=4)
"""Header tables of every field type, nested; no name has a meaning to the broker."""

_TEXTS = st.one_of(
    st.text(alphabet="aB0/ \u00e9\u20ac\U0001d11e", max_size=6).map(str.encode),
    st.sampled_from([b"", b"t" * 255]),
)


PROPERTY_SETS = st.fixed_dictionaries(
    {},
    optional={
        "content-type": _TEXTS,
        "content-encoding": _TEXTS,
        "headers": TABLES,
        "delivery-mode": st.sampled_from([b"\1", b"\2"]),
        "priority": st.binary(min_size=1, max_size=1),
        "correlation-id": _TEXTS,
        "reply-to": _TEXTS,
        "expiration": st.sampled_from([b"60000", b"315360000000"]),
        "message-id": _TEXTS,
        "timestamp": st.binary(min_size=8, max_size=8),
        "type": _TEXTS,
        "user-id": st.just(b""),
        "app-id": _TEXTS,
        "cluster-id": _TEXTS,
    },
)
"""Any subset of the 14 properties, with values that no broker may refuse; see `signed`."""


def signed(amqp: AmqpTester, properties: Properties) -> dict[str, Any]:
    """The only user-id that is allowed is the user's own: fill it in where one is set."""
    own = {"user-id": amqp.endpoint.username.encode()} if "user-id" in properties else {}
    return {**properties, **own}
