"""Whatever a client asks for, in every API and version: an answer or a closed connection, and the
next client is served."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.clock import ManualClock
from reference_impl.kafka.apis import HANDLERS
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.record.records import Record, build_batch
from reference_impl.kafka.session import KafkaSession
from reference_impl.kafka.versions import dialect_for
from reference_impl.kafka.wire.codec import decode, encode
from reference_impl.kafka.wire.frames import response_header_version
from reference_impl.kafka.wire.versions import API_NAMES, SERVED, request_header_version
from tests.reference_impl.kafka.wire.strategies import as_of, values_of
from tests.reference_impl.strategies import few

CORRELATION_ID = 77
LONG_MS = 2**31
CASES = [
    (kafka, key, version)
    for kafka, apis in SERVED.items()
    for key, versions in apis.items()
    for version in versions
    if key in HANDLERS
]


def new_broker(kafka: str) -> KafkaBroker:
    """A broker with a topic that has records, a group and a transaction."""
    names = iter(range(1, 10**9))
    broker = KafkaBroker(
        dialect_for(kafka),
        ManualClock(1_700_000_000_000),
        lambda: next(names).to_bytes(16),
        lambda: None,
        settings={"transaction.max.timeout.ms": str(2**31 - 1)},
    )
    topic = broker.create_topic("orders", 2)
    octets = build_batch([Record(0, 1_700_000_000_000, b"k", b"v")])
    exchange(
        broker,
        0,
        9,
        {
            "transactional_id": None,
            "acks": -1,
            "timeout_ms": 1000,
            "topic_data": [
                {"name": topic.name, "partition_data": [{"index": 0, "records": octets}]}
            ],
        },
    )
    return broker


def frame(key: int, version: int, body: dict[str, Any]) -> bytes:
    header = {
        "request_api_key": key,
        "request_api_version": version,
        "correlation_id": CORRELATION_ID,
        "client_id": "fuzz",
    }
    octets = encode("RequestHeader", request_header_version(key, version), header)
    octets += encode(f"{API_NAMES[key]}Request", version, body)
    return struct.pack(">i", len(octets)) + octets


def exchange(broker: KafkaBroker, key: int, version: int, body: dict[str, Any]) -> list[Any]:
    """Send one request on a connection of its own, let all time pass, and return what came."""
    session = KafkaSession(broker, lambda: None)
    session.receive_data(frame(key, version, body))
    clock = broker.clock
    assert isinstance(clock, ManualClock)
    clock.advance(LONG_MS)
    broker.timers.run_due()
    octets = session.data_to_send()
    session.receive_eof()
    answers = []
    while octets:
        (size,) = struct.unpack_from(">i", octets)
        answer, octets = octets[4 : 4 + size], octets[4 + size :]
        header_version = response_header_version(key, version)
        header, position = decode("ResponseHeader", header_version, answer)
        assert header["correlation_id"] == CORRELATION_ID
        body, end = decode(f"{API_NAMES[key]}Response", version, answer, position)
        assert end == len(answer)
        answers.append(body)
    return answers


@pytest.mark.slow
@pytest.mark.parametrize(("kafka", "key", "version"), CASES)
def test_every_request_is_answered_or_refused(kafka: str, key: int, version: int) -> None:
    message = f"{API_NAMES[key]}Request"

    @settings(few, max_examples=8)
    @given(st.lists(values_of(message), min_size=1, max_size=3))
    def check(drawn: list[dict[str, Any]]) -> None:
        broker = new_broker(kafka)
        for value in drawn:
            answers = exchange(broker, key, version, as_of(message, version, value))
            assert len(answers) <= 1
            (told,) = exchange(broker, 18, 0, {})
            assert told["error_code"] == 0

    check()
