"""OffsetDelete (47): offsets of topics that the group does not subscribe to go.

Source: KafkaApis.handleOffsetDeleteRequest, OffsetMetadataManager.deleteOffsets; KIP-496.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.groups import Group
from reference_impl.kafka.core.offsets import Partition
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 47


def handle(request: Request) -> dict[str, Any]:
    """Answer with a code for each partition, or for the group."""
    try:
        group = request.broker.groups.check_offsets_deletable(request.body["group_id"])
    except Refused as refused:
        return {"error_code": refused.code}
    topics = [
        {
            "name": topic["name"],
            "partitions": [
                {
                    "partition_index": one["partition_index"],
                    "error_code": _delete(request, group, (topic["name"], one["partition_index"])),
                }
                for one in topic["partitions"]
            ],
        }
        for topic in request.body["topics"]
    ]
    request.broker.groups.offsets_deleted(group)
    return {"error_code": ErrorCode.NONE, "topics": topics}


def _delete(request: Request, group: Group, partition: Partition) -> ErrorCode:
    try:
        request.broker.topics.partition(*partition)
        request.broker.groups.delete_offset(group, partition)
    except Refused as refused:
        return refused.code
    return ErrorCode.NONE
