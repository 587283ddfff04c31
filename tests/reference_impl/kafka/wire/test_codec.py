"""Messages: what is read and written, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from reference_impl.kafka.wire.codec import (
    Malformed,
    Unencodable,
    decode,
    decode_whole,
    encode,
    encode_pieces,
)
from reference_impl.kafka.wire.schema import MESSAGE_NAMES, find_message

FETCH_PARTITION = {"partition_index": 0, "error_code": 0, "high_watermark": 9}


def _fetch_response(**partition: Any) -> dict[str, Any]:
    return {"responses": [{"topic": "t", "partitions": [{**FETCH_PARTITION, **partition}]}]}


@pytest.mark.slow
def test_every_message_is_written_from_its_defaults_and_read_again() -> None:
    for name in MESSAGE_NAMES:
        message = find_message(name)
        for version in message.versions:
            value = decode_whole(name, version, encode(name, version, {}))
            assert list(value) and set(value) == {field.name for field in message.fields}
            for field in message.fields:
                assert value[field.name] == field.default, (name, version, field.name)


def test_octets_as_the_protocol_guide_has_them() -> None:
    octets = bytes.fromhex("0003 6d6531 01")
    value = {"client_software_name": "", "client_software_version": ""}
    assert decode("ApiVersionsRequest", 0, octets) == (value, 0)
    assert encode("ApiVersionsRequest", 3, {"client_software_name": "a"}) == b"\x02a\x01\x00"
    assert encode("SaslHandshakeRequest", 1, {"mechanism": "PLAIN"}) == b"\x00\x05PLAIN"
    header = {"request_api_key": 18, "request_api_version": 3, "correlation_id": 1}
    assert encode("RequestHeader", 2, {**header, "client_id": "me"}) == bytes.fromhex(
        "0012 0003 00000001 0002 6d65 00"
    )


def test_decoding_starts_and_stops_where_it_shall() -> None:
    octets = b"??" + encode("SaslHandshakeRequest", 0, {"mechanism": "PLAIN"}) + b"!"
    assert decode("SaslHandshakeRequest", 0, octets, 2) == ({"mechanism": "PLAIN"}, len(octets) - 1)
    with pytest.raises(Malformed, match="SaslHandshakeRequest v0: 1 octets too many"):
        decode_whole("SaslHandshakeRequest", 0, octets[2:])


def test_records_are_not_copied() -> None:
    batch = bytes(64)
    pieces = encode_pieces("FetchResponse", 12, _fetch_response(records=batch))
    assert any(piece is batch for piece in pieces)
    octets = b"".join(pieces)
    value = decode_whole("FetchResponse", 12, octets)
    records = value["responses"][0]["partitions"][0]["records"]
    assert isinstance(records, memoryview) and records.obj is octets and records == batch
    assert encode("FetchResponse", 12, value) == octets


def test_a_decoded_default_is_a_new_object_each_time() -> None:
    octets = encode("FetchRequest", 15, {})
    first, second = (decode_whole("FetchRequest", 15, octets) for _ in range(2))
    first["replica_state"]["replica_id"] = 7
    first["topics"].append({})
    assert second["replica_state"]["replica_id"] == -1
    assert second["topics"] == decode_whole("FetchRequest", 15, octets)["topics"] == []


# -- tagged fields ----------------------------------------------------------------------------


def test_tagged_fields_are_sent_unless_they_have_their_default() -> None:
    plain = encode("FetchResponse", 12, _fetch_response())
    default = {"epoch": -1, "end_offset": -1}
    assert encode("FetchResponse", 12, _fetch_response(diverging_epoch=default)) == plain
    assert encode("FetchResponse", 12, _fetch_response(diverging_epoch={"epoch": -1})) == plain
    diverging = {"epoch": 3, "end_offset": 5}
    octets = encode("FetchResponse", 12, _fetch_response(diverging_epoch=diverging))
    assert len(octets) == len(plain) + 2 + 13
    (topic,) = decode_whole("FetchResponse", 12, octets)["responses"]
    assert topic["partitions"][0]["diverging_epoch"] == diverging


def test_unknown_tags_come_back() -> None:
    value = {"client_software_name": "a", "unknown_tags": {200: b"xyz", 7: b""}}
    octets = encode("ApiVersionsRequest", 3, value)
    assert octets == b"\x02a\x01" + b"\x02" + b"\x07\x00" + b"\xc8\x01\x03xyz"
    assert decode_whole("ApiVersionsRequest", 3, octets)["unknown_tags"] == {7: b"", 200: b"xyz"}
    nested = _fetch_response(unknown_tags={9: b"!"}, diverging_epoch={"epoch": 3})
    octets = encode("FetchResponse", 12, nested)
    assert encode("FetchResponse", 12, decode_whole("FetchResponse", 12, octets)) == octets


def test_no_unknown_tags_before_flexible_versions() -> None:
    with pytest.raises(Unencodable, match="v2: there is no field unknown_tags"):
        encode("ApiVersionsRequest", 2, {"unknown_tags": {1: b""}})


# -- what cannot be written -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "version", "value", "words"),
    [
        ("SaslHandshakeRequest", 0, {"mechanisn": "x"}, "v0: there is no field mechanisn"),
        ("SaslHandshakeRequest", 0, {"mechanism": None}, "v0.mechanism: null"),
        ("SaslHandshakeRequest", 0, {"mechanism": b"x"}, "v0.mechanism: "),
        ("SaslHandshakeRequest", 0, {"mechanism": "x" * 32768}, "a string of 32768 octets"),
        ("SaslHandshakeRequest", 0, [], "v0: "),
        ("SaslAuthenticateRequest", 2, {"auth_bytes": "x"}, "v2.auth_bytes: "),
        ("FetchResponse", 12, _fetch_response(high_watermark=2**63), r"\[0\].partition_index to"),
        ("FetchResponse", 12, {"responses": [{"topik": "t"}]}, r"v12.responses\[0\]: there is no"),
        ("FetchRequest", 13, {"topics": [{"topic_id": b"short"}]}, "a UUID of 5 octets"),
        (
            "CreateTopicsRequest",
            7,
            {"topics": [{"assignments": [{"broker_ids": ["1"]}]}]},
            "broker",
        ),
        ("ProduceRequest", 2, {"transactional_id": "t"}, "is 't', but this version lacks it"),
        ("FetchRequest", 6, {"forgotten_topics_data": [{}]}, "this version lacks it"),
    ],
)
def test_what_cannot_be_written(message: str, version: int, value: Any, words: str) -> None:
    with pytest.raises(Unencodable, match=words) as caught:
        encode(message, version, value)
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).startswith(f"{message} v{version}")


def test_ignorable_values_and_defaults_may_be_given_to_any_version() -> None:
    value = {"throttle_time_ms": 5, "session_id": 0, "error_code": 1, "responses": []}
    assert encode("FetchResponse", 0, value) == bytes(4)
    old = encode("FetchRequest", 6, {"forgotten_topics_data": (), "rack_id": "r"})
    assert old == encode("FetchRequest", 6, {})


def test_no_such_message_or_version() -> None:
    for message, version in (("FetchRequests", 1), ("FetchRequest", 99)):
        with pytest.raises(ValueError, match=message):
            encode(message, version, {})
        with pytest.raises(ValueError, match=message):
            decode(message, version, b"")


# -- what cannot be read ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "version", "octets", "words"),
    [
        ("SaslHandshakeRequest", 0, "00", "v0.mechanism: cut short"),
        ("SaslHandshakeRequest", 0, "ffff", "v0.mechanism: null where"),
        ("SaslHandshakeRequest", 0, "0003 6161", "v0.mechanism: 3 octets announced, 2 left"),
        ("SaslAuthenticateRequest", 0, "7fffffff 61", "2147483647 octets announced, 1 left"),
        ("SaslAuthenticateRequest", 2, "ffffffff07 61", "announced, 1 left"),
        ("SaslAuthenticateRequest", 2, "8080808080 01", "a varint of more than five octets"),
        ("SaslAuthenticateRequest", 2, "00 00", "v2.auth_bytes: null"),
        ("SaslAuthenticateRequest", 2, "01", "v2.tagged fields: cut short"),
        ("SaslAuthenticateRequest", 2, "01 01 05 7f 61", "tagged fields: 127 octets announced, 1"),
        ("SaslAuthenticateRequest", 2, "01 ffffffff07 05", "v2.tagged fields: cut short"),
        ("ApiVersionsRequest", 3, "80800201", "32767 octets announced, 1 left"),
        ("ApiVersionsRequest", 3, "81800201", "a string of 32768 octets"),
        ("SaslHandshakeResponse", 0, "0000 7fffffff", "2147483647 elements announced, 0 octets"),
        ("SaslHandshakeResponse", 0, "0000 00000002 0001 61 ffff", r"mechanisms\[1\]: null"),
        (
            "FetchRequest",
            12,
            "00" * 25 + "02 02 74 02 00",
            r"topics\[0\].partitions\[0\].partition",
        ),
        ("CreatePartitionsRequest", 2, "02 02 74 00000001 02 03 00", "broker_ids: 2 elements"),
        ("DescribeTopicPartitionsRequest", 0, "01 00000001 01 0161", "cursor"),
        ("FetchResponse", 12, "00" * 10 + "00 00", "v12.responses: null"),
    ],
)
def test_what_cannot_be_read(message: str, version: int, octets: str, words: str) -> None:
    with pytest.raises(Malformed, match=words) as caught:
        decode_whole(message, version, bytes.fromhex(octets))
    assert str(caught.value).startswith(f"{message} v{version}")


def test_a_tag_of_other_versions_is_refused() -> None:
    octets = encode("FetchRequest", 15, {"replica_state": {"replica_id": 1}})
    replica_id = bytes(4)
    with pytest.raises(Malformed, match=r"tag 1 \(replica_state\) in a version without it"):
        decode("FetchRequest", 14, replica_id + octets)


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        ("02 c3 02 ff 00", "\ufffd"),  # octets that are no UTF-8
        ("09 eda080 edbb26 e282 01 00", "\ufffd\ufffd&\ufffd"),  # halves of surrogates
        ("8100 01 00", ""),  # a length in more octets than it needs
        ("8180808010 01 00", ""),  # bits beyond the 32nd
        ("01 01 ffffffff0f", ""),  # minus one tagged fields
    ],
)
def test_what_kafka_reads_nevertheless(octets: str, name: str) -> None:
    """Observed with the parsers of kafka-clients 3.9.2 and 4.3.1."""
    value, position = decode("ApiVersionsRequest", 3, bytes.fromhex(octets))
    assert value["client_software_name"] == name
    assert position == len(bytes.fromhex(octets))


def test_any_negative_length_is_null() -> None:
    assert decode("RequestHeader", 1, bytes(8) + b"\xff\xfe")[0]["client_id"] is None
    records = decode(
        "FetchResponse", 0, encode("FetchResponse", 0, _fetch_response())[:-4] + b"\x80\0\0\0"
    )
    assert records[0]["responses"][0]["partitions"][0]["records"] is None


def test_any_octet_but_zero_is_true() -> None:
    octets = encode("DescribeClusterRequest", 0, {})
    assert decode("DescribeClusterRequest", 0, b"\x02" + octets[1:])[0] == {
        "include_cluster_authorized_operations": True,
        "endpoint_type": 1,
        "include_fenced_brokers": False,
    }
