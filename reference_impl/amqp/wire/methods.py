"""Method payloads: bytes <-> field values, in the order of the specification."""

from __future__ import annotations

import re
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
_LENGTH = struct.Struct(">I")

_ANY_CODE_POINT = re.compile(
    rb"(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf7][\x80-\xbf]{3})*"
)
"""UTF-8 up to 0x1FFFFF with surrogates, as xmerl_ucs:from_utf8 takes it."""


def _fixed_layout(spec: MethodSpec) -> struct.Struct | None:
    """The whole payload of a method that consists of numbers and then one to eight bits."""
    kinds = [kind for _, kind in spec.fields]
    numbers = [kind for kind in kinds if kind in _INTEGERS]
    if not 1 <= len(kinds) - len(numbers) <= 8 or "bit" in kinds[: len(numbers)]:
        return None
    if set(kinds) - set(_INTEGERS) != {"bit"}:
        return None
    return struct.Struct(">4x" + "".join(_INTEGERS[kind].format[1:] for kind in numbers) + "B")


_FIXED = {
    name: layout for name, spec in METHODS.items() if (layout := _fixed_layout(spec)) is not None
}
"""The methods that are decoded in one step, basic.ack above all."""


class BadText(Malformed):
    """A short string is not UTF-8."""


def decode_arguments(
    spec: MethodSpec, payload: bytes, *, any_code_point: bool = False
) -> list[Any]:
    """Return the values of the fields of `spec` in the payload of a method frame.

    In this order: the payload must consist of just the fields (else Malformed), short strings must
    be UTF-8 unless the method carries content (else BadText), tables must be readable (else
    MalformedTable). `any_code_point` also takes code points that Unicode does not have.

    Source: rabbit_framing_amqp_0_9_1:decode_method_fields; rabbit_binary_parser.
    """
    values: list[Any] = []
    fixed = _FIXED.get(spec.name)
    if fixed is not None and len(payload) == fixed.size:
        *values, bits = fixed.unpack(payload)
        values += [bool(bits >> index & 1) for index in range(len(spec.fields) - len(values))]
        return values
    texts: list[int] = []
    tables: list[int] = []
    position = 4
    bit = 0
    for index, (_, kind) in enumerate(spec.fields):
        if kind == "bit":
            if bit == 0:
                if position >= len(payload):
                    raise Malformed(f"{spec.name} is cut short")
                position += 1
            values.append(bool(payload[position - 1] >> bit & 1))
            bit = (bit + 1) % 8
            continue
        bit = 0
        value, position = _take_field(kind, payload, position)
        values.append(value)
        if kind == "shortstr":
            texts.append(index)
        elif kind == "table":
            tables.append(index)
        elif kind == "longstr":
            values[index] = decode_text(value)
    if position != len(payload):
        raise Malformed(f"{spec.name} has {len(payload) - position} octets too many")
    for index in texts:
        values[index] = _decode_short(values[index], not spec.has_content, any_code_point)
    for index in tables:
        values[index] = decode_table(values[index])
    return values


def _take_field(kind: str, payload: bytes, position: int) -> tuple[Any, int]:
    """Return a number, or the octets of a string or table, and the position after the field."""
    layout = _INTEGERS.get(kind)
    if layout is not None:
        end = position + layout.size
        if end > len(payload):
            raise Malformed(f"a {kind} is cut short")
        return layout.unpack_from(payload, position)[0], end
    start = position + (1 if kind == "shortstr" else 4)
    if start > len(payload):
        raise Malformed(f"a {kind} is missing")
    end = start + int.from_bytes(payload[position:start], "big")
    if end > len(payload):
        raise Malformed(f"a {kind} runs past the end")
    return payload[start:end], end


def _decode_short(octets: bytes, checked: bool, any_code_point: bool) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        if checked and not (any_code_point and _ANY_CODE_POINT.fullmatch(octets)):
            raise BadText from None
        return decode_text(octets)


def encode_method(name: str, *values: Any) -> bytes:
    """Return the payload of a method frame: class id, method id and the fields.

    Raises ValueError when the number of values is not that of the method's fields.
    """
    spec = METHODS[name]
    parts = [spec.key]
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
    return _LENGTH.pack(len(octets)) + octets


def encode_shortstr(text: str) -> bytes:
    """Encode a short string. Raises ValueError above 255 octets."""
    octets = encode_text(text)
    return bytes((len(octets),)) + octets
