"""DescribeTopicPartitions (75): topics in the order of their names, some partitions at a time.

Source: DescribeTopicPartitionsRequestHandler, KRaftMetadataCache; KIP-966.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.metadata import TOPIC_OPERATIONS, partition_of
from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.topics import INTERNAL_TOPICS, check_name
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 75


def handle(request: Request) -> dict[str, Any]:
    """Describe as many partitions as may be; the cursor says where to go on."""
    body, broker = request.body, request.broker
    asked = {one["name"] for one in body["topics"]}
    names = sorted(asked or (topic.name for topic in broker.topics))
    start = ("", 0)
    if body["cursor"] is not None:
        start = (body["cursor"]["topic_name"], body["cursor"]["partition_index"])
        if start[1] < 0 or (asked and start[0] not in asked):
            return {"topics": [_refused(name, ErrorCode.INVALID_REQUEST) for name in names]}
    most = broker.settings.number("max.request.partition.size.limit")
    left = max(1, min(most, body["response_partition_limit"]))
    topics: list[dict[str, Any]] = []
    for name in names:
        if name < start[0]:
            continue
        if left == 0:
            return {"topics": topics, "next_cursor": {"topic_name": name, "partition_index": 0}}
        topic = broker.topics.find(name)
        if topic is None:
            topics.append(_unknown(name))
            continue
        first = start[1] if name == start[0] else 0
        end = min(first + left, len(topic.partitions))
        topics.append(
            {
                "error_code": ErrorCode.NONE,
                "name": name,
                "topic_id": topic.id,
                "is_internal": topic.is_internal,
                "partitions": [
                    {
                        **partition_of(broker, index),
                        "eligible_leader_replicas": [],
                        "last_known_elr": [],
                    }
                    for index in range(first, end)
                ],
                "topic_authorized_operations": TOPIC_OPERATIONS,
            }
        )
        if end < len(topic.partitions):
            return {"topics": topics, "next_cursor": {"topic_name": name, "partition_index": end}}
        left -= max(0, end - first)
    return {"topics": topics}


def _unknown(name: str) -> dict[str, Any]:
    code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    try:
        check_name(name)
    except Refused as refused:
        code = refused.code
    return {**_refused(name, code), "topic_authorized_operations": TOPIC_OPERATIONS}


def _refused(name: str, code: ErrorCode) -> dict[str, Any]:
    internal = name in INTERNAL_TOPICS
    return {"error_code": code, "name": name, "is_internal": internal, "partitions": []}
