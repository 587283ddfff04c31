"""Requests that begin well and break: what is inside them, and what comes before and after them."""

import struct

from hypothesis import strategies as st
from kafka.protocol.metadata import MetadataRequest

from conformance import expect
from conformance.drivers.kafka.batches import Sent, build
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.groups import JOIN_GROUP
from conformance.drivers.kafka.messages import (
    NULLABLE_LENGTH,
    SIZE,
    encode,
    encode_body,
    frame,
    header,
    uvarint,
)
from conformance.drivers.kafka.partition import PRODUCE, Partition
from conformance.drivers.kafka.tester import METADATA, KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.wire.test_kafka_frames import answered, ask_metadata, check_hangs_up

NULL = -1
RIGID_PRODUCE, FLEXIBLE_PRODUCE = 3, 9
RIGID_JOIN = 2

BETWEEN_BROKERS = {
    "LeaderAndIsr": 4,
    "StopReplica": 5,
    "UpdateMetadata": 6,
    "ControlledShutdown": 7,
    "Vote": 52,
    "BeginQuorumEpoch": 53,
    "EndQuorumEpoch": 54,
    "AlterPartition": 56,
    "FetchSnapshot": 59,
    "BrokerRegistration": 62,
    "BrokerHeartbeat": 63,
    "AllocateProducerIds": 67,
}
"""APIs of brokers and controllers, which the listener for clients does not serve."""


def string(text: str) -> bytes:
    return NULLABLE_LENGTH.pack(len(text)) + text.encode()


def compact_string(text: str) -> bytes:
    return uvarint(len(text) + 1) + text.encode()


def rigid_produce(topic: str, length: int, octets: bytes) -> bytes:
    """A frame of Produce whose records are said to have this length."""
    start = NULLABLE_LENGTH.pack(NULL) + struct.pack(">hi", -1, 1000) + SIZE.pack(1)
    body = start + string(topic) + struct.pack(">iii", 1, 0, length) + octets
    return frame(header(PRODUCE, RIGID_PRODUCE, 1), body)


def flexible_produce(partition: Partition, length: int, octets: bytes) -> bytes:
    """The same, with compact lengths."""
    start = uvarint(0) + struct.pack(">hi", -1, 1000) + uvarint(2)
    place = compact_string(partition.topic) + uvarint(2) + struct.pack(">i", 0)
    body = start + place + uvarint(length + 1) + octets
    return frame(header(PRODUCE, FLEXIBLE_PRODUCE, 1, tags=b"\0"), body)


@requirement("kafka.wire.records-length")
@holds_for(beyond=st.sampled_from([1, 100, 2**20, 2**31 - 1000]))
def test_records_longer_than_their_frame(kafka: KafkaTester, beyond: int) -> None:
    partition, batch = kafka.fresh(), build([Sent(b"x")])
    check_hangs_up(kafka, rigid_produce(partition.topic, len(batch) + beyond, batch))
    # What follows the records here are three empty lists of tagged fields.
    check_hangs_up(kafka, flexible_produce(partition, len(batch) + 3 + beyond, batch + b"\0\0\0"))
    expect.equal(partition.end, 0, "end of the partition")


@requirement("kafka.wire.null-array")
def test_a_list_that_must_be_there(kafka: KafkaTester) -> None:
    start = NULLABLE_LENGTH.pack(NULL) + struct.pack(">hi", -1, 1000)
    with expect.case("rigid"):
        check_hangs_up(kafka, frame(header(PRODUCE, RIGID_PRODUCE, 1), start, SIZE.pack(NULL)))
    start = uvarint(0) + struct.pack(">hi", -1, 1000)
    with expect.case("compact"):
        head = header(PRODUCE, FLEXIBLE_PRODUCE, 1, tags=b"\0")
        check_hangs_up(kafka, frame(head, start, uvarint(0), b"\0"))


@requirement("kafka.wire.bytes-length")
@holds_for(length=st.sampled_from([NULL, -2, -(2**31), 2, 1000, 2**31 - 1]))
def test_octets_of_impossible_lengths(kafka: KafkaTester, length: int) -> None:
    start = string(kafka.name("g")) + struct.pack(">ii", 10_000, 10_000) + string("")
    protocol = SIZE.pack(1) + string("range") + SIZE.pack(length) + b"a"
    head = header(JOIN_GROUP, RIGID_JOIN, 1)
    check_hangs_up(kafka, frame(head, start, string("consumer"), protocol))


@requirement("kafka.wire.between-brokers")
def test_what_only_brokers_ask_for(kafka: KafkaTester) -> None:
    for name, api_key in BETWEEN_BROKERS.items():
        with expect.case(name):
            expect.true(api_key not in kafka.served, f"{name} not announced", "it is")
            check_hangs_up(kafka, frame(header(api_key, 0, 1), b"\0" * 16))


@requirement("kafka.wire.before-a-break")
@holds_for(count=st.integers(1, 4))
def test_what_came_before_a_break_is_answered(kafka: KafkaTester, count: int) -> None:
    raw = kafka.raw()
    good = [encode(MetadataRequest(topics=[]), 1, number) for number in range(count)]
    raw.send(*good, ask_metadata(SIZE.pack(1000)))
    for number in range(count):
        answered(raw, number)
    raw.expect_eof()


@requirement("kafka.wire.after-a-break")
def test_what_comes_after_a_break_is_not_done(kafka: KafkaTester) -> None:
    partition, version = kafka.fresh(), kafka.best(PRODUCE)
    late = encode(partition.produce_request(build([Sent(b"late")])), version, 2)
    breaks = {
        "a body that ends too early": ask_metadata(SIZE.pack(1000)),
        "an unknown API": frame(header(9999, 0, 1), b"\0" * 8),
        "an unknown version": frame(header(METADATA, 2**15 - 1, 1), b"\0" * 8),
        "an impossible size": SIZE.pack(-1),
    }
    for name, broken in breaks.items():
        with expect.case(name):
            check_hangs_up(kafka, broken, late)
    expect.equal(partition.append([Sent(b"first")]), 0, "offset of the next record")


@requirement("kafka.wire.not-utf-8")
def test_names_that_are_no_text(kafka: KafkaTester) -> None:
    body = SIZE.pack(1) + NULLABLE_LENGTH.pack(2) + b"\xff\xfe"
    raw = kafka.raw()
    raw.send(ask_metadata(body), frame(header(METADATA, 1, 2), encode_body(no_topics(), 1)))
    (topic,) = raw.read_response(METADATA, 1, 1).topics
    expect_code(topic, "INVALID_TOPIC_EXCEPTION")
    answered(raw, 2)


def no_topics() -> MetadataRequest:
    return MetadataRequest(topics=[])
