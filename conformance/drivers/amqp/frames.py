"""Octets of AMQP frames, built by hand where pika's encoders would refuse or repair something."""

from __future__ import annotations

from conformance.drivers.amqp.raw import any_frame, method_frame

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
FRAME_TYPES = (METHOD, HEADER, BODY, HEARTBEAT)

CLASS_BASIC = 60
NO_PROPERTIES = b"\0\0"


def short(octets: bytes) -> bytes:
    """A short string: its length in one octet, then the octets."""
    return bytes((len(octets),)) + octets


def long(octets: bytes) -> bytes:
    """A long string or a table: its length in four octets, then the octets."""
    return len(octets).to_bytes(4, "big") + octets


def field(name: bytes, value: bytes) -> bytes:
    """One entry of a table; `value` begins with its type letter."""
    return short(name) + value


def method(class_id: int, method_id: int, arguments: bytes = b"", *, channel: int = 1) -> bytes:
    """A method frame with whatever arguments."""
    ids = class_id.to_bytes(2, "big") + method_id.to_bytes(2, "big")
    return any_frame(METHOD, channel, ids + arguments)


def arguments_of(pika_method: object) -> tuple[int, int, bytes]:
    """Class id, method id and encoded arguments of a method of pika."""
    octets = method_frame(1, pika_method)
    return int.from_bytes(octets[7:9], "big"), int.from_bytes(octets[9:11], "big"), octets[11:-1]


def header(
    body_size: int,
    properties: bytes = NO_PROPERTIES,
    *,
    class_id: int = CLASS_BASIC,
    weight: int = 0,
    channel: int = 1,
) -> bytes:
    """A content header frame with whatever fields; `properties` are flags and values."""
    ids = class_id.to_bytes(2, "big") + weight.to_bytes(2, "big")
    return any_frame(HEADER, channel, ids + body_size.to_bytes(8, "big") + properties)


def declare_queue(name: bytes, arguments: bytes = b"", *, passive: bool = False) -> bytes:
    """queue.declare of a durable queue with any octets as name and as table of arguments."""
    return method(
        50, 10, b"\0\0" + short(name) + bytes((0b11 if passive else 0b10,)) + long(arguments)
    )
