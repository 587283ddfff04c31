"""Values of a chosen wire type, most of which pika reads but does not send.

A value is its type letter and its octets (AMQP 0-9-1 spec 4.2.1, with RabbitMQ's letters:
https://www.rabbitmq.com/amqp-0-9-1-errata#section_3); a table gives each a name.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from pika import data

from conformance.drivers.amqp.frames import METHOD, long, short
from conformance.drivers.amqp.raw import any_frame, method_frame

INTEGERS = {"b": ">b", "B": ">B", "s": ">h", "u": ">H", "I": ">i", "i": ">I", "l": ">q", "L": ">q"}
"""Layouts of the integers by type letter: signed are b s I l L."""

OTHERS = {"f": ">f", "d": ">d", "T": ">Q"}
"""Single and double float, and timestamp."""

_EMPTY_TABLE = b"\x00\x00\x00\x00"


def number(letter: str, value: float) -> bytes:
    """A number of a given wire type."""
    return letter.encode() + struct.pack({**INTEGERS, **OTHERS}[letter], value)


def field(value: object) -> bytes:
    """A value of the wire type that pika gives it."""
    pieces: list[bytes] = []
    data.encode_value(pieces, value)
    return b"".join(pieces)


def table(values: Mapping[str, bytes]) -> bytes:
    """A table of values, with its length before it."""
    return long(b"".join(short(name.encode()) + octets for name, octets in values.items()))


def with_arguments(channel: int, method: Any, arguments: Mapping[str, bytes]) -> bytes:
    """The frame of a method that ends with an empty table of arguments, filled with values."""
    payload = bytes(method_frame(channel, method))[7:-1]
    assert payload.endswith(_EMPTY_TABLE)
    return any_frame(METHOD, channel, payload.removesuffix(_EMPTY_TABLE) + table(arguments))
