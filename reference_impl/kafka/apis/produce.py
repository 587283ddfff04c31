"""Produce (0): append one batch to each of some partitions.

Source: KafkaApis.handleProduceRequest, ReplicaManager.handleProduceAppend; KIP-467.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.appending import InvalidRecords, single_batch
from reference_impl.kafka.core.topics import Topic
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.record.batches import COMPRESSIONS

API_KEY = 0

FIRST_VERSION_WITH_IDS = 13
FIRST_VERSION_WITH_ZSTD = 7
ZSTD = COMPRESSIONS.index("zstd")


def handle(request: Request) -> dict[str, Any] | None:
    """Append, and answer unless acks is 0."""
    acks = request.body["acks"]
    answered = []
    failed = False
    for wanted in request.body["topic_data"]:
        topic, code = find_topic(request, wanted["name"], wanted["topic_id"])
        partitions = []
        for one in wanted["partition_data"]:
            try:
                if acks not in (-1, 0, 1):
                    raise Refused(ErrorCode.INVALID_REQUIRED_ACKS)
                if topic is None:
                    raise Refused(code)
                partitions.append(_append(request, topic, one["index"], one["records"]))
            except Refused as refused:
                failed = True
                partitions.append(_refused(one["index"], refused))
        answered.append(
            {
                "name": wanted["name"],
                "topic_id": wanted["topic_id"],
                "partition_responses": partitions,
            }
        )
    if acks == 0:
        if failed:
            request.peer.close()
        return None
    return {"responses": answered}


def find_topic(request: Request, name: str, topic_id: bytes) -> tuple[Topic | None, ErrorCode]:
    """Return a topic by id in versions that have it, otherwise by name; or None and why."""
    if request.version >= FIRST_VERSION_WITH_IDS:
        return request.broker.topics.find_id(topic_id), ErrorCode.UNKNOWN_TOPIC_ID
    return request.broker.topics.find(name), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def _append(request: Request, topic: Topic, index: int, records: memoryview) -> dict[str, Any]:
    if not 0 <= index < len(topic.partitions):
        raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    if topic.is_internal:
        raise Refused(ErrorCode.INVALID_TOPIC_EXCEPTION)
    batch = single_batch(records)
    if request.version < FIRST_VERSION_WITH_ZSTD and batch.header.compression == ZSTD:
        raise Refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, "zstd needs version 7")
    if batch.header.is_transactional and request.body["transactional_id"] is None:
        raise Refused(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    result = request.broker.append(topic, index, batch)
    return {
        "index": index,
        "error_code": ErrorCode.NONE,
        "base_offset": result.base_offset,
        "log_append_time_ms": result.log_append_time_ms,
        "log_start_offset": topic.partitions[index].start_offset,
    }


def _refused(index: int, refused: Refused) -> dict[str, Any]:
    records = refused.records if isinstance(refused, InvalidRecords) else []
    return {
        "index": index,
        "error_code": refused.code,
        "base_offset": -1,
        "log_start_offset": -1,
        "record_errors": [
            {"batch_index": number, "batch_index_error_message": text} for number, text in records
        ],
        "error_message": refused.text,
    }
