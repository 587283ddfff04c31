"""Requests and responses with their headers. On the wire four octets with the size precede each.

Source: Kafka protocol guide, "Request and Response Headers"; RequestHeader.parse.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from reference_impl.kafka.wire.codec import Malformed, decode, encode, encode_pieces
from reference_impl.kafka.wire.versions import (
    API_NAMES,
    request_header_version,
    response_header_version,
)

_KEY_AND_VERSION = struct.Struct(">hh")
_SIZE = struct.Struct(">i")


def decode_request_header(octets: bytes) -> tuple[dict[str, Any], int]:
    """Return the header of a request, `request_api_key`, `request_api_version`, `correlation_id`
    and `client_id`, and where its body begins.

    `octets` are those of one request without its size. Raises Malformed, also for an API that is
    not served: its header cannot be told from its body.
    """
    if len(octets) < _KEY_AND_VERSION.size:
        raise Malformed(f"a request of {len(octets)} octets")
    api_key, version = _KEY_AND_VERSION.unpack_from(octets)
    if api_key not in API_NAMES:
        raise Malformed(f"there is no API {api_key}")
    return decode("RequestHeader", request_header_version(api_key, version), octets)


def encode_response(
    api_key: int, version: int, correlation_id: int, body: Mapping[str, Any]
) -> list[bytes]:
    """Return a whole frame in pieces: size, header and body. Records are one piece each, uncopied.

    Raises Unencodable, and KeyError for an API that is not served.
    """
    header_version = response_header_version(api_key, version)
    header = encode("ResponseHeader", header_version, {"correlation_id": correlation_id})
    pieces = encode_pieces(f"{API_NAMES[api_key]}Response", version, body)
    size = len(header) + sum(map(len, pieces))
    return [_SIZE.pack(size) + header, *pieces]
