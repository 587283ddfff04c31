"""The property list of a content header: bytes <-> `Properties` (spec 4.2.6.1)."""

from __future__ import annotations

import struct
from typing import Any

from reference_impl.amqp.fields import PROPERTY_NAMES, Properties
from reference_impl.amqp.wire.tables import (
    Malformed,
    decode_table,
    decode_text,
    encode_table,
    encode_text,
)

_OCTETS = frozenset(("delivery_mode", "priority"))
_FLAGS = tuple((name, 1 << (15 - index)) for index, name in enumerate(PROPERTY_NAMES))
_TIMESTAMP = struct.Struct(">Q")
_SHORT = struct.Struct(">H")
_LONG = struct.Struct(">I")


def decode_properties(raw: bytes) -> Properties:
    """Decode property flags and list; the result keeps `raw`. Raises Malformed.

    The two lowest flags are ignored: RabbitMQ knows no second word of flags.
    """
    if len(raw) < 2:
        raise Malformed("property flags are missing")
    flags = raw[0] << 8 | raw[1]
    values: dict[str, Any] = {"raw": raw}
    position = 2
    for name, flag in _FLAGS:
        if not flags & flag:
            continue
        try:
            if name in _OCTETS:
                values[name] = raw[position]
                position += 1
            elif name == "headers":
                start = position + 4
                end = start + _LONG.unpack_from(raw, position)[0]
                if end > len(raw):
                    raise Malformed("the headers run past the end")
                values[name] = decode_table(raw[start:end])
                position = end
            elif name == "timestamp":
                values[name] = _TIMESTAMP.unpack_from(raw, position)[0]
                position += 8
            else:
                start = position + 1
                position = start + raw[position]
                if position > len(raw):
                    raise Malformed(f"{name} runs past the end")
                values[name] = decode_text(raw[start:position])
        except (IndexError, struct.error):
            raise Malformed(f"{name} is cut short") from None
    if position != len(raw):
        raise Malformed(f"{len(raw) - position} octets after the last property")
    return Properties(**values)


def encode_properties(properties: Properties) -> bytes:
    """Return flags and list; what was received is given back byte for byte."""
    if properties.raw is not None:
        return properties.raw
    flags = 0
    parts = [b""]
    for name, flag in _FLAGS:
        value = getattr(properties, name)
        if value is None:
            continue
        flags |= flag
        if name in _OCTETS:
            parts.append(bytes((value,)))
        elif name == "headers":
            table = encode_table(value)
            parts.append(_LONG.pack(len(table)) + table)
        elif name == "timestamp":
            parts.append(_TIMESTAMP.pack(value))
        else:
            text = encode_text(value)
            parts.append(bytes((len(text),)) + text)
    parts[0] = _SHORT.pack(flags)
    properties.raw = b"".join(parts)
    return properties.raw
