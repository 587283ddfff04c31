"""Method payloads: bytes <-> field values, in the order of the specification."""

from __future__ import annotations

import struct
from typing import Any

from reference_impl.amqp.wire.spec import METHODS, MethodSpec
from reference_impl.amqp.wire.tables import (
    Malformed,
    decode_table,
    decode_text,
    encode_table,
    encode_text,
)

_INTEGERS = {
    "octet": struct.Struct(">B"),
    "short": struct.Struct(">H"),
    "long": struct.Struct(">I"),
    "longlong": struct.Struct(">Q"),
}
_KEY = struct.Struct(">I")


def decode_arguments(spec: MethodSpec, payload: bytes) -> list[Any]:
    """Return the values of the fields of `spec` in the payload of a method frame.

    Short strings must be UTF-8 (rabbit_binary_parser:assert_utf8). Octets after the last field are
    an error too, as RabbitMQ's generated decoder matches the whole payload. Raises Malformed.
    """
    values: list[Any] = []
    position = 4
    bit = 0
    for _, kind in spec.fields:
        if kind == "bit":
            if bit == 0:
                if position >= len(payload):
                    raise Malformed(f"{spec.name} is cut short")
                position += 1
            values.append(bool(payload[position - 1] >> bit & 1))
            bit = (bit + 1) % 8
            continue
        bit = 0
        value, position = _decode_field(kind, payload, position)
        values.append(value)
    if position != len(payload):
        raise Malformed(f"{spec.name} has {len(payload) - position} octets too many")
    return values


def _decode_field(kind: str, payload: bytes, position: int) -> tuple[Any, int]:
    if kind == "shortstr":
        if position >= len(payload):
            raise Malformed("a short string is missing")
        end = position + 1 + payload[position]
        if end > len(payload):
            raise Malformed("a short string runs past the end")
        try:
            return payload[position + 1 : end].decode(), end
        except UnicodeDecodeError:
            raise Malformed("a short string is not UTF-8") from None
    layout = _INTEGERS.get(kind, _INTEGERS["long"])
    start = position + layout.size
    if start > len(payload):
        raise Malformed(f"a {kind} is cut short")
    number = layout.unpack_from(payload, position)[0]
    if kind in _INTEGERS:
        return number, start
    end = start + number
    if end > len(payload):
        raise Malformed(f"a {kind} runs past the end")
    octets = payload[start:end]
    return (decode_table(octets) if kind == "table" else decode_text(octets)), end


def encode_method(name: str, *values: Any) -> bytes:
    """Return the payload of a method frame: class id, method id and the fields.

    Raises ValueError when the number of values is not that of the method's fields.
    """
    spec = METHODS[name]
    parts = [_KEY.pack(spec.key)]
    bits = bit = 0
    for (_, kind), value in zip(spec.fields, values, strict=True):
        if kind == "bit":
            if bit == 8:
                parts.append(bytes((bits,)))
                bits = bit = 0
            bits |= bool(value) << bit
            bit += 1
            continue
        if bit:
            parts.append(bytes((bits,)))
            bits = bit = 0
        parts.append(_encode_field(kind, value))
    if bit:
        parts.append(bytes((bits,)))
    return b"".join(parts)


def _encode_field(kind: str, value: Any) -> bytes:
    if kind in _INTEGERS:
        return _INTEGERS[kind].pack(value)
    if kind == "shortstr":
        return encode_shortstr(value)
    octets = encode_table(value) if kind == "table" else encode_text(value)
    return _KEY.pack(len(octets)) + octets


def encode_shortstr(text: str) -> bytes:
    """Encode a short string. Raises ValueError above 255 octets."""
    octets = encode_text(text)
    return bytes((len(octets),)) + octets
