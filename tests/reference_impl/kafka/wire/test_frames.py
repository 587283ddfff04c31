"""Requests and responses with their headers."""

from __future__ import annotations

import pytest

from reference_impl.kafka.wire.codec import Malformed, decode_whole
from reference_impl.kafka.wire.frames import decode_request_header, encode_response
from reference_impl.kafka.wire.versions import API_NAMES, SERVED


def test_request_header() -> None:
    octets = bytes.fromhex("0012 0002 00000007 0002 6d65 ff")
    header, position = decode_request_header(octets)
    assert header == {
        "request_api_key": 18,
        "request_api_version": 2,
        "correlation_id": 7,
        "client_id": "me",
    }
    assert position == len(octets) - 1
    flexible = bytes.fromhex("0012 0063 00000007 ffff 01 05 01 21")
    header, position = decode_request_header(flexible)
    assert (header["client_id"], header["unknown_tags"]) == (None, {5: b"!"})
    assert position == len(flexible)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        ("001200", "a request of 3 octets"),
        ("0063 0000 00000001 ffff", "there is no API 99"),
        ("ffff 0000 00000001 ffff", "there is no API -1"),
        ("0012 0000 0000", "request_api_key to correlation_id: cut short"),
        ("0012 0000 00000001 0009 61", "client_id: 9 octets announced, 1 left"),
        ("0012 0003 00000001 ffff", "tagged fields: cut short"),
    ],
)
def test_broken_headers(octets: str, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        decode_request_header(bytes.fromhex(octets))


@pytest.mark.slow
def test_responses_carry_their_size() -> None:
    for key, versions in SERVED["4.3"].items():
        for version in versions:
            frame = b"".join(encode_response(key, version, 9, {}))
            assert int.from_bytes(frame[:4], "big") == len(frame) - 4
            assert frame[4:8] == b"\0\0\0\x09"


def test_the_header_of_a_flexible_response_has_tags_but_for_api_versions() -> None:
    body = {"error_code": 35}
    frame = b"".join(encode_response(18, 3, 1, body))
    assert decode_whole(f"{API_NAMES[18]}Response", 3, frame[8:])["error_code"] == 35
    frame = b"".join(encode_response(12, 4, 1, body))
    assert frame[8] == 0 and decode_whole("HeartbeatResponse", 4, frame[9:])["error_code"] == 35
