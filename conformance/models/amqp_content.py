"""Properties and header tables as octets, by definition. Source: AMQP 0-9-1 spec 4.2.5, 4.2.6.1.

Nothing is interpreted: a value is its type letter and the octets after it, so that 1.0 and the
octets of 1.0 cannot drift apart. Only the two letters of a signed 64-bit integer are one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

SIZES = {
    "t": 1,
    "b": 1,
    "B": 1,
    "s": 2,
    "u": 2,
    "I": 4,
    "i": 4,
    "l": 8,
    "L": 8,
    "f": 4,
    "d": 8,
    "D": 5,
    "T": 8,
    "V": 0,
}
"""Octets after the type letter, for the types of fixed size (with the errata of RabbitMQ)."""

OCTET, SHORT_STRING, TIMESTAMP, TABLE = "octet", "short string", "timestamp", "table"

PROPERTIES = {
    "content-type": SHORT_STRING,
    "content-encoding": SHORT_STRING,
    "headers": TABLE,
    "delivery-mode": OCTET,
    "priority": OCTET,
    "correlation-id": SHORT_STRING,
    "reply-to": SHORT_STRING,
    "expiration": SHORT_STRING,
    "message-id": SHORT_STRING,
    "timestamp": TIMESTAMP,
    "type": SHORT_STRING,
    "user-id": SHORT_STRING,
    "app-id": SHORT_STRING,
    "cluster-id": SHORT_STRING,
}
"""The properties of a message in the order of their flags, the first in the highest bit."""


class Value(NamedTuple):
    """One typed value: octets, or what is inside a table ("F") or an array ("A")."""

    letter: str
    content: bytes | dict[bytes, Value] | list[Value]


class Malformed(Exception):
    """The octets are not what the format demands."""


Properties = Mapping[str, Any]
"""By name: bytes, or for the headers a dictionary of `Value`."""


def encode_properties(properties: Properties) -> bytes:
    """Flags and list, as they stand in a content header."""
    flags, listed = 0, b""
    for position, (name, kind) in enumerate(PROPERTIES.items()):
        if name not in properties:
            continue
        flags |= 1 << (15 - position)
        value = properties[name]
        if kind == TABLE:
            listed += _long(_encode_table(value))
        elif kind == SHORT_STRING:
            listed += _short(value)
        else:
            listed += value
    return flags.to_bytes(2, "big") + listed


def decode_properties(octets: bytes) -> dict[str, Any]:
    """The opposite; raises Malformed for octets that are no property flags and list."""
    reader = _Reader(octets)
    flags = int.from_bytes(reader.take(2), "big")
    properties: dict[str, Any] = {}
    for position, (name, kind) in enumerate(PROPERTIES.items()):
        if not flags & 1 << (15 - position):
            continue
        if kind == TABLE:
            properties[name] = _decode_table(reader.long())
        elif kind == SHORT_STRING:
            properties[name] = reader.short()
        else:
            properties[name] = reader.take(1 if kind == OCTET else 8)
    if flags & 0b11 or not reader.at_end():
        raise Malformed(f"flags {flags:016b} do not fit what follows")
    return properties


def _short(octets: bytes) -> bytes:
    return len(octets).to_bytes(1, "big") + octets


def _long(octets: bytes) -> bytes:
    return len(octets).to_bytes(4, "big") + octets


def _encode_table(table: dict[bytes, Value]) -> bytes:
    return b"".join(_short(name) + _encode_value(value) for name, value in table.items())


def _encode_value(value: Value) -> bytes:
    letter = value.letter.encode()
    if isinstance(value.content, dict):
        return letter + _long(_encode_table(value.content))
    if isinstance(value.content, list):
        return letter + _long(b"".join(map(_encode_value, value.content)))
    return letter + (value.content if value.letter in SIZES else _long(value.content))


def _decode_table(octets: bytes) -> dict[bytes, Value]:
    reader = _Reader(octets)
    table: dict[bytes, Value] = {}
    while not reader.at_end():
        name = reader.short()
        if name in table:
            raise Malformed(f"the field {name!r} stands there twice")
        table[name] = reader.value()
    return table


def _decode_array(octets: bytes) -> list[Value]:
    reader = _Reader(octets)
    values = []
    while not reader.at_end():
        values.append(reader.value())
    return values


class _Reader:
    """Takes octets from the front; raises Malformed when there are not enough."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def at_end(self) -> bool:
        return not self._octets

    def take(self, count: int) -> bytes:
        if count > len(self._octets):
            raise Malformed(f"{count} octets wanted, {len(self._octets)} there")
        taken, self._octets = self._octets[:count], self._octets[count:]
        return taken

    def short(self) -> bytes:
        return self.take(int.from_bytes(self.take(1), "big"))

    def long(self) -> bytes:
        return self.take(int.from_bytes(self.take(4), "big"))

    def value(self) -> Value:
        letter = self.take(1).decode("latin-1").replace("L", "l")
        if letter in SIZES:
            return Value(letter, self.take(SIZES[letter]))
        if letter == "F":
            return Value(letter, _decode_table(self.long()))
        if letter == "A":
            return Value(letter, _decode_array(self.long()))
        if letter in "Sx":
            return Value(letter, self.long())
        raise Malformed(f"no field type {letter!r}")
