"""Who is slowed down: nobody by quotas that are not set, and a slow reader only itself."""

from kafka.protocol.metadata import ApiVersionsRequest, FindCoordinatorRequest, MetadataRequest

from conformance import expect
from conformance.drivers.kafka.batches import Sent, build
from conformance.drivers.kafka.partition import FETCH, LATEST, list_offsets_request
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement

BURST = 20
LARGE = 1_000_000
UNREAD = 30
"""Answers of a megabyte, more than the buffers of a connection hold."""


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
    other = kafka.fresh()
    asked: list[int] = []
    for value in (b"one", b"two"):
        asked += [slow.send_request(partition.fetch_request(), version) for _ in range(UNREAD // 2)]
        other.append([Sent(value)])
        expect.equal(other.values()[-1], value, "what another client reads meanwhile")
    whole = set()
    for correlation_id in asked:
        octets = slow.read_frame() or b""
        expect.equal(int.from_bytes(octets[:4], "big"), correlation_id, "correlation id")
        whole.add(octets[4:])
    expect.equal(len(whole), 1, "different answers to the same question")
    expect.at_least(len(whole.pop()), LARGE, "octets of each answer")
