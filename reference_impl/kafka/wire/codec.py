"""Messages: octets <-> plain dicts with the field names of the schema in snake_case.

    decode("FetchRequest", 12, octets) -> ({"max_wait_ms": 500, "topics": [...], ...}, position)
    encode("FetchResponse", 12, {"responses": [...]}) -> octets

What the values are: numbers and bool as such; string as str; bytes and uuid (16 octets) as bytes;
records as a memoryview of the octets that were given; arrays as lists; structs as dicts; null as
None.

A decoded dict has every field of the message: those that the version lacks, and tagged fields that
were not sent, have their default, as in Kafka. Unknown tagged fields of a struct are kept as its
"unknown_tags", {tag: octets}, only if there are any, and are written again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reference_impl.kafka.errors import Malformed, Mistake
from reference_impl.kafka.wire.decoders import compile_reader
from reference_impl.kafka.wire.encoders import compile_writer
from reference_impl.kafka.wire.octets import Reader, Unencodable, Writer
from reference_impl.kafka.wire.schema import Message, find_message

__all__ = ["Malformed", "Unencodable", "decode", "decode_whole", "encode", "encode_pieces"]

_READERS: dict[tuple[str, int], Reader] = {}
_WRITERS: dict[tuple[str, int], Writer] = {}


def decode(
    message: str, version: int, octets: bytes, position: int = 0
) -> tuple[dict[str, Any], int]:
    """Read a message that begins at `position`; return it and the position after it.

    What follows it is not looked at, as in Kafka. Raises Malformed, and ValueError for a message or
    a version that the schema does not have.
    """
    try:
        read = _READERS.get((message, version)) or _compile_reader(message, version)
        return read(octets, position)
    except Mistake as error:
        error.inside(f"{message} v{version}")
        raise


def decode_whole(message: str, version: int, octets: bytes) -> dict[str, Any]:
    """Like `decode`, of all the octets. Raises Malformed when there are more."""
    value, position = decode(message, version, octets)
    if position != len(octets):
        raise Malformed(f"{message} v{version}: {len(octets) - position} octets too many")
    return value


def encode_pieces(message: str, version: int, value: Mapping[str, Any]) -> list[bytes]:
    """Return the octets of a message in pieces, of which records are one each, uncopied.

    A missing field has its default; one that the version lacks must be ignorable or have its
    default. Raises Unencodable, and ValueError for a message or version without a schema.
    """
    write = _WRITERS.get((message, version)) or _compile_writer(message, version)
    pieces: list[bytes] = []
    try:
        write(value, pieces.append)
    except Mistake as error:
        error.inside(f"{message} v{version}")
        raise
    return pieces


def encode(message: str, version: int, value: Mapping[str, Any]) -> bytes:
    """Return the octets of a message; see `encode_pieces`."""
    return b"".join(encode_pieces(message, version, value))


def _find(message: str, version: int) -> Message:
    try:
        schema = find_message(message)
    except KeyError:
        raise ValueError(f"there is no message {message}") from None
    if version not in schema.versions:
        raise ValueError(f"{message} has no version {version}")
    return schema


def _compile_reader(message: str, version: int) -> Reader:
    reader = compile_reader(_find(message, version), version)
    _READERS[message, version] = reader
    return reader


def _compile_writer(message: str, version: int) -> Writer:
    writer = compile_writer(_find(message, version), version)
    _WRITERS[message, version] = writer
    return writer
