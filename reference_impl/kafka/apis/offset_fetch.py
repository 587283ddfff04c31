"""OffsetFetch (9): what groups committed. What never was is -1, without an error.

Source: KafkaApis.handleOffsetFetchRequest, OffsetMetadataManager.fetchOffsets; KIP-447, KIP-709.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.offset_commit import topic_name
from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.offsets import Offset
from reference_impl.kafka.errors import ErrorCode

API_KEY = 9

FIRST_VERSION_IN_THE_BROKER = 1
FIRST_VERSION_WITH_GROUPS = 8
FIRST_VERSION_WITH_IDS = 10

NOTHING = Offset(-1)


def handle(request: Request) -> dict[str, Any]:
    """Answer with offsets, of several groups where the version has them."""
    body = request.body
    if request.version >= FIRST_VERSION_WITH_GROUPS:
        return {
            "groups": [
                {
                    "group_id": group["group_id"],
                    "topics": _topics(request, group["group_id"], group["topics"]),
                    "error_code": ErrorCode.NONE,
                }
                for group in body["groups"]
            ]
        }
    topics = _topics(request, body["group_id"], body["topics"])
    return {"topics": topics, "error_code": ErrorCode.NONE}


def _topics(
    request: Request, group_id: str, wanted: list[dict[str, Any]] | None
) -> list[dict[str, Any]]:
    if wanted is None:
        wanted = _everything(request, group_id)
    return [_answered(request, group_id, topic) for topic in wanted]


def _answered(request: Request, group_id: str, topic: dict[str, Any]) -> dict[str, Any]:
    name = topic_name(request, topic)
    answered = {
        "name": topic["name"],
        "partitions": [
            _partition(request, group_id, name, index) for index in topic["partition_indexes"]
        ],
    }
    if request.version >= FIRST_VERSION_WITH_IDS:
        answered["topic_id"] = topic["topic_id"]
    return answered


def _everything(request: Request, group_id: str) -> list[dict[str, Any]]:
    """Ask for all partitions that have an offset."""
    found: dict[str, list[int]] = {}
    for name, index in request.broker.groups.offsets.all_of(group_id):
        found.setdefault(name, []).append(index)
    asked = []
    for name, indexes in found.items():
        topic = request.broker.topics.find(name)
        assert topic is not None, "offsets go with their topic"
        asked.append({"name": name, "topic_id": topic.id, "partition_indexes": indexes})
    return asked


def _partition(request: Request, group_id: str, name: str | None, index: int) -> dict[str, Any]:
    offsets = request.broker.groups.offsets
    code, found = ErrorCode.NONE, NOTHING
    if name is None:
        code = ErrorCode.UNKNOWN_TOPIC_ID
    elif request.version < FIRST_VERSION_IN_THE_BROKER:
        code = ErrorCode.UNSUPPORTED_VERSION
    elif request.body["require_stable"] and offsets.is_pending(group_id, (name, index)):
        code = ErrorCode.UNSTABLE_OFFSET_COMMIT
    else:
        found = offsets.get(group_id, (name, index)) or NOTHING
    return {
        "partition_index": index,
        "committed_offset": found.offset,
        "committed_leader_epoch": found.leader_epoch,
        "metadata": found.metadata,
        "error_code": code,
    }
