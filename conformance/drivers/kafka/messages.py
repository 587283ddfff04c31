"""Requests and responses of kafka-python's own codec: framed, decoded strictly, told in words.

Well-formed frames are made by kafka-python; a test breaks them by editing octets. What kafka-python
overlooks when it decodes, such as octets after a response, is a broken promise here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from kafka.protocol import admin, consumer, metadata, producer
from kafka.protocol.api_header import ResponseClassRegistry
from kafka.protocol.api_message import ApiMessage

from conformance.drivers.transcript import Decoder
from conformance.errors import Mismatch

CLIENT_ID = "brokertck"

API_VERSIONS = 18

SIZE = struct.Struct(">i")
REQUEST_HEADER = struct.Struct(">hhi")
NULLABLE_LENGTH = struct.Struct(">h")

SHOWN_CHARACTERS = 400
"""Of a message in a transcript, which may hold a mebibyte of records."""

_REQUESTS: dict[int, Any] = {
    message.API_KEY: message
    for module in (admin, consumer, metadata, producer)
    for name, message in vars(module).items()
    if name.endswith("Request")
}


def api_name(api_key: int) -> str:
    """The name of an API as the protocol's guide has it, such as Fetch."""
    found = _REQUESTS.get(api_key)
    return found.__name__.removesuffix("Request") if found is not None else f"API {api_key}"


def newest(api_key: int) -> int:
    """The newest version that kafka-python's schema of a request has."""
    version: int = _REQUESTS[api_key].max_version
    return version


def is_flexible(api_key: int, version: int) -> bool:
    """Whether a version has compact lengths and tagged fields (KIP-482)."""
    return bool(_REQUESTS[api_key].flexible_version_q(version))


def header(
    api_key: int,
    version: int,
    correlation_id: int,
    client_id: str | None = CLIENT_ID,
    tags: bytes | None = None,
) -> bytes:
    """A request header: version 1, or version 2 with `tags`, the octets of its tagged fields."""
    name = None if client_id is None else client_id.encode()
    length = -1 if name is None else len(name)
    parts = REQUEST_HEADER.pack(api_key, version, correlation_id), NULLABLE_LENGTH.pack(length)
    return b"".join((*parts, name or b"", tags or b""))


def frame(*octets: bytes) -> bytes:
    """A frame: the size, and what it counts."""
    whole = b"".join(octets)
    return SIZE.pack(len(whole)) + whole


def encode_body(request: ApiMessage, version: int) -> bytes:
    """The octets of a request without header and size."""
    return bytes(request.encode(version=version))


def encode(
    request: ApiMessage, version: int, correlation_id: int, client_id: str | None = CLIENT_ID
) -> bytes:
    """A well-formed frame."""
    tags = b"\0" if request.flexible_version_q(version) else None
    head = header(request.API_KEY, version, correlation_id, client_id, tags)
    return frame(head, encode_body(request, version))


def decode(api_key: int, version: int, octets: bytes) -> Any:
    """Decode a response, without its size, that must fill the octets.

    Raises Mismatch, and LookupError for a version that kafka-python does not know.

    The header of ApiVersions never has tagged fields, whatever the version (KIP-511).
    """
    if api_key not in _REQUESTS or not 0 <= version <= newest(api_key):
        raise LookupError(f"kafka-python does not know {api_name(api_key)} v{version}")
    response = ResponseClassRegistry.get_response_class(_Asked(api_key, version))
    flexible = response.flexible_version_q(version)
    position = SIZE.size
    try:
        if flexible and api_key != API_VERSIONS:
            position = _skip_tags(octets, position)
        read = response._struct.compiled_decode_from(
            version, compact=flexible, tagged=flexible, data_class=response[None]
        )
        decoded, end = read(memoryview(octets), position)
    except Exception as error:  # whatever kafka-python stumbles over
        raise Mismatch(
            f"a response of {api_name(api_key)} v{version}", f"{octets.hex()} ({error!r})"
        ) from error
    if end != len(octets):
        raise Mismatch(
            f"a response of {api_name(api_key)} v{version}",
            f"{len(octets) - end} octets too many: {octets.hex()}",
        )
    return decoded


class _Asked:
    """What kafka-python looks at to find the class of a response."""

    def __init__(self, api_key: int, version: int) -> None:
        self.request_api_key = api_key
        self.request_api_version = version


def _skip_tags(octets: bytes, position: int) -> int:
    count, position = _uvarint(octets, position)
    for _ in range(count):
        _, position = _uvarint(octets, position)
        size, position = _uvarint(octets, position)
        position += size
    return position


def _uvarint(octets: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = octets[position]
        position += 1
        value |= (octet & 0x7F) << shift
        shift += 7
        if octet < 0x80:
            return value, position


def uvarint(value: int) -> bytes:
    """An unsigned varint, as in tagged fields and compact lengths."""
    octets = bytearray()
    while value >= 0x80:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


# -- transcripts --------------------------------------------------------------------------------


class TranscriptDecoder:
    """Reads the frames of both directions: what a response is, only its request tells."""

    def __init__(self) -> None:
        self._asked: dict[tuple[int, int], list[tuple[int, int]]] = {}

    def __call__(
        self, connection: int, direction: str, octets: bytes
    ) -> Iterator[tuple[str, bytes]]:
        position = 0
        while len(octets) - position >= SIZE.size:
            (size,) = SIZE.unpack_from(octets, position)
            end = position + SIZE.size + size
            if size < 0 or end > len(octets):
                return
            whole = octets[position:end]
            describe = self._request if direction == ">" else self._response
            yield describe(connection, whole[SIZE.size :]), whole
            position = end

    def _request(self, connection: int, octets: bytes) -> str:
        if len(octets) < REQUEST_HEADER.size:
            return f"frame of {len(octets)} octets, too short for a header"
        api_key, version, correlation_id = REQUEST_HEADER.unpack_from(octets)
        self._asked.setdefault((connection, correlation_id), []).append((api_key, version))
        lead = f"{correlation_id} {api_name(api_key)} v{version}"
        try:
            start = REQUEST_HEADER.size
            (length,) = NULLABLE_LENGTH.unpack_from(octets, start)
            start += NULLABLE_LENGTH.size + max(length, 0)
            if is_flexible(api_key, version):
                start = _skip_tags(octets, start)
            request = _REQUESTS[api_key].decode(octets[start:], version=version)
        except Exception:  # whatever is broken on purpose
            return f"{lead} not decodable, {len(octets)} octets"
        return f"{lead} {_shown(request)}"

    def _response(self, connection: int, octets: bytes) -> str:
        if len(octets) < SIZE.size:
            return f"frame of {len(octets)} octets, too short for a header"
        (correlation_id,) = SIZE.unpack_from(octets)
        asked = self._asked.get((connection, correlation_id))
        if not asked:
            return f"{correlation_id} response to nothing, {len(octets)} octets"
        api_key, version = asked.pop(0)
        if api_key == API_VERSIONS and version > newest(API_VERSIONS):
            version = 0  # in which a broker answers what it does not know
        lead = f"{correlation_id} {api_name(api_key)} v{version} response"
        try:
            return f"{lead} {_shown(decode(api_key, version, octets))}"
        except (Mismatch, LookupError):
            return f"{lead} not decodable, {len(octets)} octets"


def new_decoder() -> Decoder:
    """A decoder for transcripts."""
    return TranscriptDecoder()


def _shown(message: Any) -> str:
    """The fields of a message, without those that are empty or have their usual value."""
    text = _compact(message.to_dict(json=False))
    more = len(text) - SHOWN_CHARACTERS
    return f"{text[:SHOWN_CHARACTERS]}... ({more} characters more)" if more > 0 else text


def _compact(value: Any) -> str:
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if v not in (None, "", [], 0, -1, False)}
        return " ".join(f"{name}={_compact(one)}" for name, one in kept.items())
    if isinstance(value, list):
        return "[" + ", ".join(f"({_compact(v)})" for v in value) + "]"
    return repr(bytes(value)) if isinstance(value, bytes | bytearray | memoryview) else repr(value)
