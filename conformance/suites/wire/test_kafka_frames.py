"""Frames and headers: what breaks a connection, and what must not."""

import itertools
import struct

from hypothesis import strategies as st
from kafka.protocol.metadata import ApiVersionsRequest, MetadataRequest

from conformance import expect
from conformance.drivers.kafka.batches import Sent
from conformance.drivers.kafka.messages import (
    API_VERSIONS,
    NULLABLE_LENGTH,
    REQUEST_HEADER,
    SIZE,
    decode,
    encode,
    encode_body,
    frame,
    header,
    uvarint,
)
from conformance.drivers.kafka.partition import FETCH, LIST_OFFSETS, PRODUCE
from conformance.drivers.kafka.raw import RawKafka
from conformance.drivers.kafka.readiness import CREATE_TOPICS
from conformance.drivers.kafka.tester import METADATA, KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

INT32 = st.integers(-(2**31), 2**31 - 1)
WAIT_MS = 300
MANY = 200


def no_topics(version: int) -> bytes:
    return encode_body(MetadataRequest(topics=[]), version)


def ask_metadata(octets: bytes, version: int = 1) -> bytes:
    """A frame of Metadata with these octets for a body."""
    tags = b"\0" if version >= 9 else None
    return frame(header(METADATA, version, 1, tags=tags), octets)


def check_hangs_up(kafka: KafkaTester, *octets: bytes) -> None:
    """The broker ends the connection without a word, and goes on with others."""
    raw = kafka.raw()
    raw.send(*octets)
    raw.expect_eof()
    kafka.raw().barrier()


def answered(raw: RawKafka, correlation_id: int, version: int = 1) -> object:
    """The next frame must be the response to Metadata with this correlation id."""
    return raw.read_response(METADATA, version, correlation_id)


@requirement("kafka.wire.frame-size")
@holds_for(size=st.integers(-(2**31), -1) | st.integers(200 << 20, 2**31 - 1))
def test_sizes_that_no_frame_has(kafka: KafkaTester, size: int) -> None:
    check_hangs_up(kafka, SIZE.pack(size))


@requirement("kafka.wire.short-frame")
@holds_for(size=st.integers(0, 9))
def test_frames_without_a_whole_header(kafka: KafkaTester, size: int) -> None:
    check_hangs_up(kafka, frame(header(METADATA, 1, 1)[:size]))


@requirement("kafka.wire.unknown-api")
@holds_for(api_key=st.sampled_from([-1, -(2**15), 500, 9999, 2**15 - 1]))
def test_apis_that_nobody_knows(kafka: KafkaTester, api_key: int) -> None:
    check_hangs_up(kafka, frame(header(api_key, 0, 1), b"\0" * 8))


@requirement("kafka.wire.unknown-version")
def test_versions_that_are_not_served(kafka: KafkaTester) -> None:
    for api_key in (PRODUCE, FETCH, LIST_OFFSETS, METADATA, CREATE_TOPICS):
        least, most = kafka.served[api_key]
        for version in {-1, least - 1, most + 1, most + 50, 2**15 - 1} - {least}:
            with expect.case(f"API {api_key} v{version}"):
                check_hangs_up(kafka, frame(header(api_key, version, 1, tags=b"\0"), b"\0" * 8))


@requirement("kafka.wire.truncated-body")
@holds_for(version=st.integers(0, 12), data=st.data())
def test_bodies_that_end_too_early(kafka: KafkaTester, version: int, data: st.DataObject) -> None:
    name = MetadataRequest.MetadataRequestTopic(
        topic_id="00000000-0000-0000-0000-000000000000", name="a"
    )
    whole = encode_body(MetadataRequest(topics=[name]), version)
    size = data.draw(st.integers(0, len(whole) - 1), "octets that are sent")
    check_hangs_up(kafka, ask_metadata(whole[:size], version))


@requirement("kafka.wire.trailing-octets")
@holds_for(rest=st.binary(min_size=1, max_size=8), version=st.integers(1, 12))
def test_octets_after_the_body(kafka: KafkaTester, rest: bytes, version: int) -> None:
    raw = kafka.raw()
    raw.send(ask_metadata(no_topics(version) + rest, version))
    answered(raw, 1, version)
    raw.barrier()


@requirement("kafka.wire.array-length")
@holds_for(length=st.sampled_from([1, 2, 1000, 2**20, 2**31 - 1]))
def test_arrays_of_more_than_there_is(kafka: KafkaTester, length: int) -> None:
    check_hangs_up(kafka, ask_metadata(SIZE.pack(length)))


@requirement("kafka.wire.compact-array-length")
@holds_for(length=st.sampled_from([2, 100, 2**20, 2**31, 2**32 - 1]))
def test_compact_arrays_of_more_than_there_is(kafka: KafkaTester, length: int) -> None:
    check_hangs_up(kafka, ask_metadata(uvarint(length) + b"\0\0\0", 9))


@requirement("kafka.wire.string-length")
@holds_for(length=st.sampled_from([-1, -2, -(2**15), 2, 500, 2**15 - 1]))
def test_strings_of_impossible_lengths(kafka: KafkaTester, length: int) -> None:
    check_hangs_up(kafka, ask_metadata(struct.pack(">ih", 1, length) + b"a"))


@requirement("kafka.wire.compact-string-length")
@holds_for(length=st.sampled_from([0, 3, 100, 2**20, 2**31]))
def test_compact_strings_of_impossible_lengths(kafka: KafkaTester, length: int) -> None:
    check_hangs_up(kafka, ask_metadata(uvarint(2) + uvarint(length) + b"a\0\0\0\0", 9))


@requirement("kafka.wire.varint")
@holds_for(count=st.integers(6, 12))
def test_varints_without_an_end(kafka: KafkaTester, count: int) -> None:
    octets = b"\xff" * count
    check_hangs_up(kafka, ask_metadata(octets, 9))
    check_hangs_up(kafka, frame(header(METADATA, 9, 1, tags=octets), no_topics(9)))


@requirement("kafka.wire.client-id-length")
@holds_for(length=st.sampled_from([30, 500, 2**15 - 1]))
def test_a_client_id_longer_than_its_frame(kafka: KafkaTester, length: int) -> None:
    head = REQUEST_HEADER.pack(METADATA, 1, 1) + NULLABLE_LENGTH.pack(length)
    check_hangs_up(kafka, frame(head, b"a", no_topics(1)))


@requirement("kafka.wire.tag-length")
@holds_for(size=st.sampled_from([20, 127, 2**20, 2**31]))
def test_tagged_fields_longer_than_their_frame(kafka: KafkaTester, size: int) -> None:
    tags = b"\x01\x05" + uvarint(size) + b"ab"
    check_hangs_up(kafka, frame(header(METADATA, 9, 1, tags=tags), no_topics(9)))


@requirement("kafka.wire.other-protocols")
def test_other_protocols_are_hung_up_on(kafka: KafkaTester) -> None:
    strangers = {
        "HTTP": b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n",
        "TLS": bytes.fromhex("16030100a5010000a10303") + bytes(range(160)),
        "AMQP": b"AMQP\x00\x00\x09\x01",
    }
    for name, octets in strangers.items():
        with expect.case(name):
            check_hangs_up(kafka, octets)


@requirement("kafka.wire.garbage")
@holds_for(octets=st.binary(min_size=1, max_size=40), api_key=st.sampled_from([0, 1, 2, 3, 18, 19]))
def test_garbage_harms_nobody_else(kafka: KafkaTester, octets: bytes, api_key: int) -> None:
    other = kafka.raw()
    raw = kafka.raw()
    least, most = kafka.served.get(api_key, (0, 0))
    raw.send(frame(header(api_key, (least + most) // 2, 1, tags=b"\0"), octets))
    raw.half_close()
    while raw.read_frame() is not None:
        pass
    other.barrier()
    kafka.raw().barrier()


@requirement("kafka.wire.unknown-tags")
@holds_for(
    tags=st.dictionaries(st.integers(100, 10_000), st.binary(max_size=5), min_size=1, max_size=3),
    version=st.integers(9, 12),
)
def test_unknown_tagged_fields(kafka: KafkaTester, tags: dict[int, bytes], version: int) -> None:
    encoded = uvarint(len(tags)) + b"".join(
        uvarint(tag) + uvarint(len(octets)) + octets for tag, octets in sorted(tags.items())
    )
    body = no_topics(version)
    raw = kafka.raw()
    raw.send(frame(header(METADATA, version, 1, tags=encoded), body[:-1] + encoded))
    raw.send(frame(header(METADATA, version, 2, tags=b"\0"), body))
    expect.equal(answered(raw, 1, version), answered(raw, 2, version), "answer with unknown tags")


@requirement("kafka.wire.correlation-id")
@holds_for(ids=st.lists(INT32, min_size=1, max_size=4))
def test_correlation_ids_come_back(kafka: KafkaTester, ids: list[int]) -> None:
    raw = kafka.raw()
    raw.send(*(frame(header(METADATA, 1, one), no_topics(1)) for one in ids))
    for one in ids:
        answered(raw, one)


@requirement("kafka.wire.null-client-id")
def test_a_client_need_not_have_a_name(kafka: KafkaTester) -> None:
    for client_id in (None, "", "a", "ä" * 100):
        for version in (1, 9, 12):
            raw = kafka.raw()
            correlation_id = raw.send_request(MetadataRequest(topics=[]), version, client_id)
            answered(raw, correlation_id, version)


@requirement("kafka.wire.any-pieces")
@holds_for(cuts=st.lists(st.integers(1, 60), max_size=6))
def test_frames_may_come_in_pieces(kafka: KafkaTester, cuts: list[int]) -> None:
    raw = kafka.raw()
    octets = b"".join(encode(MetadataRequest(topics=[]), 1, one) for one in (1, 2, 3))
    edges = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    for start, end in itertools.pairwise(edges):
        raw.send(octets[start:end])
    for one in (1, 2, 3):
        answered(raw, one)


@requirement("kafka.wire.half-a-frame")
@holds_for(size=st.integers(1, 20))
def test_half_a_frame_waits_for_the_rest(kafka: KafkaTester, size: int) -> None:
    raw = kafka.raw()
    octets = encode(MetadataRequest(topics=[]), 1, 1)
    raw.send(octets[:size])
    kafka.raw().barrier()
    raw.send(octets[size:])
    answered(raw, 1)


@requirement("kafka.wire.order-of-answers")
@holds_for(cost=4, before=st.integers(0, 2), after=st.integers(1, 3))
def test_answers_come_in_the_order_of_requests(kafka: KafkaTester, before: int, after: int) -> None:
    partition, version = kafka.fresh(), kafka.best(FETCH)
    raw = kafka.raw()
    slow = partition.fetch_request(max_wait_ms=WAIT_MS)
    kinds = [METADATA] * before + [FETCH] + [METADATA] * after
    raw.send(
        *(
            encode(slow, version, number)
            if kind == FETCH
            else encode(MetadataRequest(topics=[]), 1, number)
            for number, kind in enumerate(kinds)
        )
    )
    for number, kind in enumerate(kinds):
        raw.read_response(kind, version if kind == FETCH else 1, number)


@requirement("kafka.wire.slow-request-of-another")
def test_a_waiting_request_keeps_no_other_connection_waiting(kafka: KafkaTester) -> None:
    partition, version = kafka.fresh(), kafka.best(FETCH)
    waiting = kafka.raw()
    correlation_id = waiting.send_request(partition.fetch_request(max_wait_ms=30_000), version)
    for _ in range(3):
        kafka.raw().barrier()
    partition.append([Sent(b"at last")])
    waiting.read_response(FETCH, version, correlation_id)


@requirement("kafka.wire.gone-while-waiting")
def test_a_client_that_goes_while_it_waits(kafka: KafkaTester) -> None:
    partition, version = kafka.fresh(), kafka.best(FETCH)
    for _ in range(5):
        raw = kafka.raw()
        raw.send_request(partition.fetch_request(max_wait_ms=30_000), version)
        raw.close()
    partition.append([Sent(b"x")])
    expect.equal(partition.values(), [b"x"], "values")


@requirement("kafka.wire.end-of-the-client")
def test_what_was_asked_before_the_end_is_answered(kafka: KafkaTester) -> None:
    raw = kafka.raw()
    raw.call(ApiVersionsRequest(), 0)
    raw.half_close()
    raw.expect_eof()


@requirement("kafka.wire.many-connections")
def test_many_connections(kafka: KafkaTester) -> None:
    connections = [kafka.raw() for _ in range(MANY)]
    for raw in connections:
        raw.send_request(MetadataRequest(topics=[]), 1)
    for raw in connections:
        answered(raw, 1)


@requirement("kafka.wire.every-version-of-each")
def test_each_version_has_its_own_format(kafka: KafkaTester) -> None:
    for version in kafka.versions(METADATA):
        with expect.case(f"Metadata v{version}"):
            answer = kafka.metadata([], version=version)
            expect.true(bool(answer.brokers), "brokers", "none")
    for version in kafka.versions(API_VERSIONS):
        with expect.case(f"ApiVersions v{version}"):
            request = ApiVersionsRequest(client_software_name="t", client_software_version="1")
            raw = kafka.raw()
            raw.send_request(request, version)
            answer = decode(API_VERSIONS, version, raw.read_frame() or b"")
            expect.equal(answer.error_code, 0, "error")
