"""Metadata (3): the node, topics and their partitions; creates topics that are asked for.

Source: KafkaApis.handleTopicMetadataRequest, AutoTopicCreationManager; KIP-516.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.broker import LEADER_EPOCH, KafkaBroker
from reference_impl.kafka.core.configs import TopicSettings
from reference_impl.kafka.core.topics import INTERNAL_TOPICS, Topic, check_name
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 3

NO_ID = bytes(16)

ALL_OPERATIONS = sum(1 << operation for operation in (3, 4, 5, 6, 7, 8, 10, 11))
"""Read, write, create, delete, alter, describe, and both for settings: what anybody may do with a
topic where there is no authorizer (AclOperation)."""


def handle(request: Request) -> dict[str, Any]:
    """Describe the topics asked for."""
    broker, wanted = request.broker, request.body["topics"]
    if wanted is None or (request.version == 0 and not wanted):
        found = [_described(broker, topic) for topic in broker.topics]
    elif request.version < 12 and any(
        one["name"] is None or one["topic_id"] != NO_ID for one in wanted
    ):
        found = [
            _refused(ErrorCode.INVALID_REQUEST, one["name"] or "", one["topic_id"])
            for one in wanted
        ]
    else:
        allowed = request.version < 4 or request.body["allow_auto_topic_creation"]
        found = [_find(broker, one, allowed) for one in wanted]
    if request.body["include_topic_authorized_operations"]:
        for one in found:
            if one["error_code"] == ErrorCode.NONE:
                one["topic_authorized_operations"] = ALL_OPERATIONS
    node = broker.node
    return {
        "brokers": [{"node_id": node.id, "host": node.host, "port": node.port}],
        "cluster_id": cluster_name(broker),
        "controller_id": node.id,
        "topics": found,
    }


def cluster_name(broker: KafkaBroker) -> str:
    """The cluster id as clients see it."""
    return broker.cluster_id.hex()[:22]


def _find(broker: KafkaBroker, wanted: dict[str, Any], allowed: bool) -> dict[str, Any]:
    name, topic_id = wanted["name"], wanted["topic_id"]
    if topic_id != NO_ID:
        topic = broker.topics.find_id(topic_id)
        if topic is None:
            return _refused(ErrorCode.UNKNOWN_TOPIC_ID, None, topic_id)
        return _described(broker, topic)
    topic = broker.topics.find(name)
    if topic is not None:
        return _described(broker, topic)
    try:
        if allowed and broker.auto_create_topics:
            _check_creatable(broker, name)
            return _described(broker, broker.create_topic(name, broker.default_partitions))
        check_name(name)
    except Refused as refused:
        return _refused(refused.code, name, NO_ID)
    return _refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name, NO_ID)


def _check_creatable(broker: KafkaBroker, name: str) -> None:
    check_name(name)
    if name in INTERNAL_TOPICS:
        TopicSettings(broker.topic_settings, {"cleanup.policy": "compact"})


def _refused(code: ErrorCode, name: str | None, topic_id: bytes) -> dict[str, Any]:
    return {"error_code": code, "name": name, "topic_id": topic_id, "partitions": []}


def _described(broker: KafkaBroker, topic: Topic) -> dict[str, Any]:
    nodes = [broker.node.id]
    return {
        "error_code": ErrorCode.NONE,
        "name": topic.name,
        "topic_id": topic.id,
        "is_internal": topic.is_internal,
        "partitions": [
            {
                "error_code": ErrorCode.NONE,
                "partition_index": index,
                "leader_id": broker.node.id,
                "leader_epoch": LEADER_EPOCH,
                "replica_nodes": nodes,
                "isr_nodes": nodes,
                "offline_replicas": [],
            }
            for index in range(len(topic.partitions))
        ],
    }
