"""Frames of Kafka: made, decoded strictly, and told in words."""

from __future__ import annotations

import pytest
from kafka.protocol.metadata import ApiVersionsRequest, ApiVersionsResponse, MetadataRequest

from conformance.drivers.kafka.messages import (
    API_VERSIONS,
    SIZE,
    decode,
    encode,
    frame,
    header,
    new_decoder,
    uvarint,
)
from conformance.drivers.transcript import Transcript
from conformance.errors import Mismatch

METADATA = 3
CORRELATION = SIZE.pack(7)
NO_APIS = b"\0\0" + SIZE.pack(0)
"""The body of ApiVersions v0 without an error and without APIs."""


def test_a_frame_counts_what_follows() -> None:
    octets = encode(MetadataRequest(topics=[]), 1, 7)
    assert SIZE.unpack_from(octets)[0] == len(octets) - SIZE.size
    assert octets == frame(header(METADATA, 1, 7), SIZE.pack(0))


def test_a_client_without_a_name() -> None:
    assert header(METADATA, 1, 7, None)[-2:] == b"\xff\xff"


def test_a_response_is_decoded() -> None:
    answer = decode(API_VERSIONS, 0, CORRELATION + NO_APIS)
    assert isinstance(answer, ApiVersionsResponse)
    assert (answer.error_code, list(answer.api_keys)) == (0, [])


@pytest.mark.parametrize(
    ("octets", "observed"),
    [(NO_APIS + b"x", "1 octets too many"), (NO_APIS[:-1], "error"), (b"", "error")],
)
def test_a_response_that_does_not_fit_is_a_broken_promise(octets: bytes, observed: str) -> None:
    with pytest.raises(Mismatch, match="a response of ApiVersions v0") as caught:
        decode(API_VERSIONS, 0, CORRELATION + octets)
    assert observed in caught.value.observed


@pytest.mark.parametrize(("api_key", "version"), [(999, 0), (API_VERSIONS, 99), (API_VERSIONS, -1)])
def test_what_kafka_python_does_not_know(api_key: int, version: int) -> None:
    with pytest.raises(LookupError, match="kafka-python does not know"):
        decode(api_key, version, CORRELATION)


@pytest.mark.parametrize(
    ("value", "octets"), [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02")]
)
def test_varints(value: int, octets: str) -> None:
    assert uvarint(value).hex() == octets


def lines_of(*chunks: tuple[str, bytes]) -> list[str]:
    transcript = Transcript(new_decoder)
    for direction, octets in chunks:
        transcript.record(1, direction, octets)
    return [line.text for line in transcript.lines()]


def test_a_transcript_knows_what_was_asked() -> None:
    asked = encode(ApiVersionsRequest(), 0, 7)
    assert lines_of((">", asked), ("<", frame(CORRELATION, NO_APIS))) == [
        "7 ApiVersions v0 ",
        "7 ApiVersions v0 response ",
    ]


def test_a_transcript_is_decoded_in_whatever_pieces_it_came() -> None:
    asked = encode(MetadataRequest(topics=[]), 1, 8)
    assert lines_of(*((">", asked[at : at + 1]) for at in range(len(asked)))) == ["8 Metadata v1 "]


def test_an_unknown_version_is_answered_in_version_0() -> None:
    asked = frame(header(API_VERSIONS, 99, 7, tags=b"\0"))
    refusal = frame(CORRELATION, b"\0\x23", SIZE.pack(0))
    assert lines_of((">", asked), ("<", refusal)) == [
        f"7 ApiVersions v99 not decodable, {len(asked) - SIZE.size} octets",
        "7 ApiVersions v0 response error_code=35",
    ]


@pytest.mark.parametrize(
    ("direction", "octets", "text"),
    [
        (">", frame(b"abc"), "frame of 3 octets, too short for a header"),
        ("<", frame(b"abc"), "frame of 3 octets, too short for a header"),
        ("<", frame(CORRELATION), "7 response to nothing, 4 octets"),
        (">", frame(header(999, 0, 7)), "7 API 999 v0 not decodable, 19 octets"),
        (">", SIZE.pack(-1), "4 octets that are no whole frame"),
        (">", SIZE.pack(9) + b"x", "5 octets that are no whole frame"),
    ],
)
def test_what_is_broken_is_shown_as_it_is(direction: str, octets: bytes, text: str) -> None:
    assert lines_of((direction, octets)) == [text]
