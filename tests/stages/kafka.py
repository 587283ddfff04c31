"""One Produce of Kafka, a layer at a time; a record's share of a batch of many."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance.drivers.kafka.batches import Sent, build
from reference_impl.kafka.core.appending import single_batch
from reference_impl.kafka.record.batches import check_batch
from reference_impl.kafka.record.crc import crc32c
from reference_impl.kafka.record.records import scan_payload
from tests.reference_impl.kafka.client import Client, new_broker
from tests.stages import Row

BATCHES = 3
"""Calls of a round."""
RECORDS = 5000
"""Records of a batch: about what confluent-kafka sends at once under load."""

BATCH = build([Sent(b"x" * 100, timestamp=0)] * RECORDS)
HEADER_SIZE = 61


def floor() -> Callable[[], None]:
    """Take the octets, compute their checksum, keep them."""
    kept: list[bytes] = []
    received = bytearray()

    def one() -> None:
        received.extend(BATCH)
        octets = bytes(received)
        received.clear()
        crc32c(memoryview(octets)[21:])
        kept.append(octets)

    return one


def checked() -> Callable[[], None]:
    return lambda: check_batch(single_batch(BATCH))


def scanned() -> Callable[[], None]:
    batch = single_batch(BATCH)
    payload = memoryview(BATCH)[HEADER_SIZE:]

    def one() -> None:
        scan_payload(batch.header, payload)

    return one


def produced() -> Callable[[], None]:
    client = Client(new_broker())
    client.create("t")
    topic_id = client.call(
        "Metadata",
        {
            "topics": [{"topic_id": bytes(16), "name": "t"}],
            "allow_auto_topic_creation": False,
            "include_topic_authorized_operations": False,
        },
    )["topics"][0]["topic_id"]
    partition = {"index": 0, "records": BATCH}
    topic = {"name": "t", "topic_id": topic_id, "partition_data": [partition]}
    body = {"transactional_id": None, "acks": -1, "timeout_ms": 1000, "topic_data": [topic]}
    answer = client.call("Produce", body)["responses"][0]["partition_responses"][0]
    assert answer["error_code"] == 0, answer

    def one() -> None:
        client.send("Produce", body)
        client.session.data_to_send()

    return one


STAGES: dict[str, Callable[[], Callable[[], None]]] = {
    "floor": floor,
    "checked": checked,
    "scanned": scanned,
    "produced": produced,
}


def rows(us: Mapping[str, float]) -> list[Row]:
    """What becomes of a record."""
    least = us["floor"]
    rest = us["produced"] - us["checked"] - us["scanned"]
    return [
        ("produce: take, sum up and keep the octets (floor)", least, least),
        ("produce: header, checksum", us["checked"], least),
        ("produce: look at every record", us["scanned"], least),
        ("produce: everything else", rest, least),
        ("**produce: together**", us["produced"], least),
    ]
