"""What the compiled codecs call: pieces of variable length, and how a mistake is told.

Limits are those of Kafka (ByteBufferAccessor, ByteUtils, generated readers): any negative length is
null, a string has at most 32767 octets, octets that are no UTF-8 become U+FFFD, a varint has at
most five octets of which 32 bits count, a collection has no more elements than octets are left.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reference_impl.kafka.errors import Malformed, Mistake

MAX_STRING = 0x7FFF

_HALF_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]?")
"""Java makes one U+FFFD of it, Python one of each octet."""

Reader = Callable[[bytes, int], tuple[Any, int]]
"""Takes octets and a position, returns a value and the position after it."""

Append = Callable[[bytes], None]
Writer = Callable[[Any, Append], None]
"""Takes a value and what it shall give its pieces to."""


class Unencodable(Mistake, ValueError):
    """The value is not what the message demands; the caller's mistake."""


# -- reading --------------------------------------------------------------------------------


def read_unsigned_varint(octets: bytes, position: int) -> tuple[int, int]:
    """Return [0, 2**32) and the position after it. Raises IndexError where the octets end."""
    value = octets[position]
    position += 1
    if value < 0x80:
        return value, position
    value &= 0x7F
    for shift in (7, 14, 21, 28):
        octet = octets[position]
        position += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value & 0xFFFFFFFF, position
    raise Malformed("a varint of more than five octets")


def read_compact_length(octets: bytes, position: int) -> tuple[int, int]:
    """Return the length that is written one too high, in 32 bits with a sign as in Java."""
    value, position = read_unsigned_varint(octets, position)
    return (value - 1 + 0x80000000) % 0x100000000 - 0x80000000, position


def null_refused() -> Malformed:
    """Return the error for null where the version does not allow it."""
    return Malformed("null where a value is needed")


def check_count(octets: bytes, position: int, count: int) -> None:
    """Refuse a collection before there is memory for it."""
    if count > len(octets) - position:
        raise Malformed(f"{count} elements announced, {max(len(octets) - position, 0)} octets left")


def take(octets: bytes, position: int, length: int) -> tuple[bytes, int]:
    """Return `length` octets and the position after them."""
    end = position + length
    if not position <= end <= len(octets):
        raise Malformed(f"{length} octets announced, {max(len(octets) - position, 0)} left")
    return octets[position:end], end


def take_view(octets: bytes, position: int, length: int) -> tuple[memoryview, int]:
    """Like `take`, without a copy."""
    end = position + length
    if end > len(octets):
        raise Malformed(f"{length} octets announced, {max(len(octets) - position, 0)} left")
    return memoryview(octets)[position:end], end


def take_text(octets: bytes, position: int, length: int) -> tuple[str, int]:
    """Return a string of `length` octets and the position after it."""
    if length > MAX_STRING:
        raise Malformed(f"a string of {length} octets")
    piece, position = take(octets, position, length)
    try:
        return piece.decode(), position
    except UnicodeDecodeError:
        return _HALF_SURROGATE.sub(b"\xff", piece).decode("utf-8", "replace"), position


def take_numbers(octets: bytes, position: int, count: int, letter: str) -> tuple[list[int], int]:
    """Return `count` numbers of this struct letter."""
    layout = f">{count}{letter}"
    return list(struct.unpack_from(layout, octets, position)), position + struct.calcsize(layout)


def take_uuids(octets: bytes, position: int, count: int) -> tuple[list[bytes], int]:
    """Return `count` times 16 octets and the position after them."""
    piece, end = take(octets, position, 16 * count)
    return [piece[start : start + 16] for start in range(0, len(piece), 16)], end


def read_tags(
    octets: bytes,
    position: int,
    known: Mapping[int, tuple[str, Reader | None]],
    value: dict[str, Any],
) -> int:
    """Put tagged fields into `value`, unknown ones as `unknown_tags`, {tag: octets}; return the
    position after them.

    As in Kafka the size of a known one is not looked at. One without a reader is of other versions.
    """
    count, position = read_unsigned_varint(octets, position)
    if count >= 0x80000000:  # negative in Java, which then reads none
        return position
    for _ in range(count):
        tag, position = read_unsigned_varint(octets, position)
        size, position = read_unsigned_varint(octets, position)
        if tag in known:
            name, read = known[tag]
            if read is None:
                raise Malformed(f"tag {tag} ({name}) in a version without it")
            value[name], position = read(octets, position)
        else:
            piece, position = take(octets, position, size)
            value.setdefault("unknown_tags", {})[tag] = piece
    return position


# -- writing --------------------------------------------------------------------------------


def unsigned_varint(value: int) -> bytes:
    """Encode a number of [0, 2**32)."""
    if value < 0x80:
        return bytes((value,))
    octets = bytearray()
    while value >= 0x80:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def compact_length(length: int) -> bytes:
    """Encode a length of the flexible versions."""
    return unsigned_varint(length + 1)


_INT16 = struct.Struct(">h").pack
_INT32 = struct.Struct(">i").pack


def _text_octets(text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    if len(octets) > MAX_STRING:
        raise Unencodable(f"a string of {len(octets)} octets")
    return octets


def plain_string(text: str) -> bytes:
    """Encode a string with its length in two octets. Raises Unencodable if it is too long."""
    octets = _text_octets(text)
    return _INT16(len(octets)) + octets


def compact_string(text: str) -> bytes:
    """Encode a string the flexible way. Raises Unencodable if it is too long."""
    octets = _text_octets(text)
    return compact_length(len(octets)) + octets


def plain_bytes(octets: bytes) -> bytes:
    """Encode octets with their number in four octets."""
    return _INT32(len(octets)) + octets


def compact_bytes(octets: bytes) -> bytes:
    """Encode octets the flexible way."""
    return compact_length(len(octets)) + octets


def pack_numbers(values: list[int], letter: str) -> bytes:
    """Encode the elements of an array of this struct letter."""
    return struct.pack(f">{len(values)}{letter}", *values)


def uuid_octets(value: bytes) -> bytes:
    """Return the octets of a UUID. Raises Unencodable unless they are 16."""
    if len(value) != 16:
        raise Unencodable(f"a UUID of {len(value)} octets")
    return value


def pack_uuids(values: list[bytes]) -> bytes:
    """Encode the elements of an array of UUIDs."""
    return b"".join(map(uuid_octets, values))


def tag_section(tags: Iterable[tuple[int, bytes]]) -> bytes:
    """Encode tagged fields, given as tags and octets, in the order of the tags."""
    ordered = sorted(tags)
    parts = [unsigned_varint(len(ordered))]
    for tag, octets in ordered:
        parts += (unsigned_varint(tag), unsigned_varint(len(octets)), octets)
    return b"".join(parts)
