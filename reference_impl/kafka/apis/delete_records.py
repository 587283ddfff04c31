"""DeleteRecords (21): let a partition begin at a later offset.

Source: KafkaApis.handleDeleteRecordsRequest, Partition.deleteRecordsOnLeader; KIP-107.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 21


def handle(request: Request) -> dict[str, Any]:
    """Delete, and tell where each partition begins. Of a partition that is named twice the last
    offset counts, as in Kafka, which keeps a map."""
    wanted: dict[str, dict[int, int]] = {}
    for topic in request.body["topics"]:
        partitions = wanted.setdefault(topic["name"], {})
        for one in topic["partitions"]:
            partitions[one["partition_index"]] = one["offset"]
    return {
        "topics": [
            {
                "name": name,
                "partitions": [
                    _delete(request, name, index, offset) for index, offset in partitions.items()
                ],
            }
            for name, partitions in wanted.items()
        ]
    }


def _delete(request: Request, name: str, index: int, offset: int) -> dict[str, Any]:
    code, low_watermark = ErrorCode.NONE, -1
    try:
        request.broker.topics.partition(name, index)
        topic = request.broker.topics.find(name)
        assert topic is not None
        low_watermark = request.broker.delete_records(topic, index, offset)
    except Refused as refused:
        code = refused.code
    return {"partition_index": index, "low_watermark": low_watermark, "error_code": code}
