"""Field tables and field arrays: bytes <-> `Table`.

Type letters are those that RabbitMQ reads and writes, not those of the XML (AMQP 0-9-1 errata;
rabbit_binary_parser.erl, rabbit_binary_generator.erl). Both 'l' and 'L' are read as signed 64 bit.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

from reference_impl.amqp.fields import Field, Table


class Malformed(Exception):
    """The bytes are not what the format demands; the session answers with 501 or 541."""


_U32 = struct.Struct(">I")

_FIXED: dict[int, tuple[str, struct.Struct]] = {
    ord(letter): (name, struct.Struct(layout))
    for letter, name, layout in (
        ("b", "byte", ">b"),
        ("B", "unsignedbyte", ">B"),
        ("s", "short", ">h"),
        ("u", "unsignedshort", ">H"),
        ("I", "signedint", ">i"),
        ("i", "unsignedint", ">I"),
        ("l", "long", ">q"),
        ("L", "long", ">q"),
        ("f", "float", ">f"),
        ("d", "double", ">d"),
        ("T", "timestamp", ">Q"),
    )
}
_DECIMAL = struct.Struct(">BI")


def decode_text(data: bytes) -> str:
    """Long strings are octets; those that are no UTF-8 survive a round trip as surrogates."""
    return data.decode("utf-8", "surrogateescape")


def encode_text(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _long_string(data: bytes, position: int) -> tuple[bytes, int]:
    start = position + 4
    if start > len(data):
        raise Malformed("a length runs past the end")
    end = start + int.from_bytes(data[position:start], "big")
    if end > len(data):
        raise Malformed("a string runs past the end")
    return data[start:end], end


def decode_value(data: bytes, position: int) -> tuple[Field, int]:
    """Return the value whose type letter stands at `position`, and the position after it."""
    if position >= len(data):
        raise Malformed("a value is missing")
    letter = data[position]
    position += 1
    fixed = _FIXED.get(letter)
    if fixed is not None:
        name, layout = fixed
        end = position + layout.size
        if end > len(data):
            raise Malformed(f"a {name} is cut short")
        value = layout.unpack_from(data, position)[0]
        if layout.format in (">f", ">d") and not math.isfinite(value):
            raise Malformed(f"a {name} that is no number")  # Erlang has no NaN and no infinity
        return Field(name, value), end
    if letter == 0x53:  # S
        text, end = _long_string(data, position)
        return Field("longstr", decode_text(text)), end
    if letter == 0x74:  # t
        if position >= len(data):
            raise Malformed("a bool is missing")
        return Field("bool", data[position] != 0), position + 1
    if letter == 0x46:  # F
        body, end = _long_string(data, position)
        return Field("table", decode_table(body)), end
    if letter == 0x41:  # A
        body, end = _long_string(data, position)
        return Field("array", decode_array(body)), end
    if letter == 0x78:  # x
        body, end = _long_string(data, position)
        return Field("binary", body), end
    if letter == 0x56:  # V
        return Field("void", None), position
    if letter == 0x44:  # D
        if position + 5 > len(data):
            raise Malformed("a decimal is cut short")
        return Field("decimal", _DECIMAL.unpack_from(data, position)), position + 5
    raise Malformed(f"no field type {letter:#04x}")


def decode_table(data: bytes) -> Table:
    """Decode the octets inside a table. Of a repeated name the first counts, as in RabbitMQ."""
    table: Table = {}
    position = 0
    while position < len(data):
        start = position + 1
        end = start + data[position]
        if end > len(data):
            raise Malformed("a field name runs past the end")
        value, position = decode_value(data, end)
        table.setdefault(decode_text(data[start:end]), value)
    return table


def decode_array(data: bytes) -> list[Field]:
    values = []
    position = 0
    while position < len(data):
        value, position = decode_value(data, position)
        values.append(value)
    return values


def _fixed_encoder(letter: str, layout: str) -> Callable[[Any], bytes]:
    pack = struct.Struct(">c" + layout[1:]).pack
    octet = letter.encode()
    return lambda value: pack(octet, value)


def _lengthed(letter: bytes, body: bytes) -> bytes:
    return letter + _U32.pack(len(body)) + body


_ENCODERS: dict[str, Callable[[Any], bytes]] = {
    **{
        name: _fixed_encoder(chr(letter), layout.format)
        for letter, (name, layout) in _FIXED.items()
        if letter != ord("L")
    },
    "longstr": lambda value: _lengthed(b"S", encode_text(value)),
    "binary": lambda value: _lengthed(b"x", value),
    "bool": lambda value: b"t\x01" if value else b"t\x00",
    "table": lambda value: _lengthed(b"F", encode_table(value)),
    "array": lambda value: _lengthed(b"A", b"".join(map(encode_value, value))),
    "decimal": lambda value: b"D" + _DECIMAL.pack(*value),
    "void": lambda _: b"V",
}


def encode_value(field: Field) -> bytes:
    return _ENCODERS[field.type](field.value)


def encode_table(table: Table) -> bytes:
    """Encode the octets inside a table, without its length."""
    parts = []
    for name, field in table.items():
        text = encode_text(name)
        parts.append(bytes((len(text),)) + text + encode_value(field))
    return b"".join(parts)
