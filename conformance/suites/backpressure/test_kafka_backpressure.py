"""Who is slowed down: nobody by quotas that are not set, and a slow reader only itself."""

import time

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError
from kafka.protocol.metadata import ApiVersionsRequest, FindCoordinatorRequest, MetadataRequest

from conformance import expect
from conformance.drivers.kafka.batches import Sent, build
from conformance.drivers.kafka.partition import (
    FETCH,
    LATEST,
    fetched,
    list_offsets_request,
)
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement

BURST = 20
LARGE = 500_000
UNREAD = 40
"""Answers of half a megabyte, more than the buffers of a connection hold."""

MAX_BLOCK_MS = 300
LATE_S = 5.0


@requirement("kafka.backpressure.no-throttling")
def test_nobody_is_throttled_without_quotas(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    requests = [
        partition.produce_request(build([Sent(b"x" * 10_000)])),
        partition.fetch_request(),
        list_offsets_request([(partition, LATEST)]),
        MetadataRequest(topics=[]),
        FindCoordinatorRequest(key="g", key_type=0, coordinator_keys=["g"]),
        ApiVersionsRequest(client_software_name="t", client_software_version="1"),
    ]
    for request in requests:
        for _ in range(BURST):
            answer = kafka.call(request)
            expect.equal(answer.throttle_time_ms, 0, f"throttling of {type(request).__name__}")


@requirement("kafka.backpressure.slow-reader")
def test_a_slow_reader_gets_everything_and_stops_nobody(kafka: KafkaTester) -> None:
    partition, version = kafka.fresh(), kafka.best(FETCH)
    partition.append([Sent(b"x" * LARGE)])
    slow = kafka.raw()
    asked = [slow.send_request(partition.fetch_request(), version) for _ in range(UNREAD)]
    other = kafka.fresh()
    other.append([Sent(b"of another")])
    expect.equal(other.values(), [b"of another"], "values that another client reads meanwhile")
    for correlation_id in asked:
        answer = fetched(slow.read_response(FETCH, version, correlation_id))
        expect.equal([len(one.value or b"") for one in answer.records], [LARGE], "octets")


@requirement("kafka.backpressure.producer-gives-up")
def test_a_producer_blocks_for_so_long(kafka: KafkaTester) -> None:
    producer = KafkaProducer(
        bootstrap_servers=kafka.endpoint.address,
        allow_auto_create_topics=False,
        max_block_ms=MAX_BLOCK_MS,
    )
    started_s = time.monotonic()
    try:
        producer.send(kafka.name("nowhere"), b"x").get(timeout=LATE_S)
    except KafkaTimeoutError:
        waited_s = time.monotonic() - started_s
    else:
        waited_s = float("inf")
    finally:
        producer.close(timeout=1)
    expect.at_least(waited_s, MAX_BLOCK_MS / 1000, "seconds until the producer gave up")
    expect.at_most(waited_s, LATE_S, "seconds until the producer gave up")
