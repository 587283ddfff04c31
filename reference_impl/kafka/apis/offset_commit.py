"""OffsetCommit (8): a member, or somebody without a group, stores where it has got to.

Source: KafkaApis.handleOffsetCommitRequest, OffsetMetadataManager.commitOffset; KIP-211, KIP-848.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.members import Identity
from reference_impl.kafka.core.offsets import Offset, Partition
from reference_impl.kafka.errors import ErrorCode

API_KEY = 8

FIRST_VERSION_IN_THE_BROKER = 1
"""Version 0 went to ZooKeeper, which there is none of."""
FIRST_VERSION_WITH_IDS = 10


def handle(request: Request) -> dict[str, Any]:
    """Answer with a code for each partition."""
    body = request.body
    topics = [(topic_name(request, one), one) for one in body["topics"]]
    codes: dict[Partition, ErrorCode] = {}
    if request.version >= FIRST_VERSION_IN_THE_BROKER:
        who = Identity(
            body["member_id"], body["generation_id_or_member_epoch"], body["group_instance_id"]
        )
        offsets = {
            (name, one["partition_index"]): _offset(request, one)
            for name, topic in topics
            if name is not None
            for one in topic["partitions"]
        }
        codes = request.broker.groups.commit(body["group_id"], who, offsets, request.version)
    return {
        "topics": [
            {
                "name": topic["name"],
                "topic_id": topic["topic_id"],
                "partitions": [
                    {
                        "partition_index": one["partition_index"],
                        "error_code": ErrorCode.UNKNOWN_TOPIC_ID
                        if name is None
                        else codes.get(
                            (name, one["partition_index"]), ErrorCode.UNSUPPORTED_VERSION
                        ),
                    }
                    for one in topic["partitions"]
                ],
            }
            for name, topic in topics
        ]
    }


def topic_name(request: Request, wanted: dict[str, Any]) -> str | None:
    """Return the name of a topic, which newer versions give by id; None if no topic has it."""
    if request.version < FIRST_VERSION_WITH_IDS:
        name: str = wanted["name"]
        return name
    topic = request.broker.topics.find_id(wanted["topic_id"])
    return None if topic is None else topic.name


def _offset(request: Request, one: dict[str, Any]) -> Offset:
    """A retention time counts from now; -1 leaves it to the broker."""
    now_ms = request.broker.clock.now_ms()
    retention_ms = request.body["retention_time_ms"]
    return Offset(
        one["committed_offset"],
        one["committed_leader_epoch"],
        one["committed_metadata"] or "",
        now_ms,
        None if retention_ms == -1 else now_ms + retention_ms,
    )
