"""Metadata (3): the node, topics and their partitions; creates topics that are asked for.

Source: KafkaApis.handleTopicMetadataRequest, AutoTopicCreationManager; KIP-516.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.broker import LEADER_EPOCH, KafkaBroker
from reference_impl.kafka.core.topics import (
    CLUSTER_METADATA_TOPIC,
    INTERNAL_TOPICS,
    NO_ID,
    Topic,
    check_name,
)
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 3

FIRST_VERSION_WITH_IDS = 12

OPERATIONS_NOT_ASKED_FOR = -(2**31)
TOPIC_OPERATIONS = sum(1 << bit for bit in (3, 4, 5, 6, 7, 8, 10, 11))
CLUSTER_OPERATIONS = sum(1 << bit for bit in (5, 7, 8, 9, 10, 11, 12))
"""Codes of AclOperation that make sense for a topic and a cluster (AclEntry.supportedOperations):
without an authorizer everybody may do everything."""


def handle(request: Request) -> dict[str, Any]:
    """Describe the topics asked for. Where one is asked for by its id, names do not count."""
    broker, wanted, version = request.broker, request.body["topics"], request.version
    if wanted is None or (version == 0 and not wanted):
        found = [_described(broker, topic) for topic in broker.topics]
    else:
        by_id = any(one["topic_id"] != NO_ID for one in wanted)
        nameless = any(one["name"] is None and one["topic_id"] == NO_ID for one in wanted)
        if version < FIRST_VERSION_WITH_IDS and (by_id or nameless):
            return _failed(wanted, ErrorCode.INVALID_REQUEST)
        if nameless and not by_id:
            return _failed(wanted, ErrorCode.UNKNOWN_SERVER_ERROR)
        if by_id:
            ids = dict.fromkeys(one["topic_id"] for one in wanted if one["topic_id"] != NO_ID)
            found = [_find_id(broker, topic_id) for topic_id in ids]
        else:
            allowed = version < 4 or request.body["allow_auto_topic_creation"]
            names = dict.fromkeys(one["name"] for one in wanted)
            found = [_find(broker, name, allowed) for name in names]
    if request.body["include_topic_authorized_operations"]:
        for topic in found:
            if topic["error_code"] == ErrorCode.NONE:
                topic["topic_authorized_operations"] = TOPIC_OPERATIONS
    asked = request.body["include_cluster_authorized_operations"]
    node = broker.node
    return {
        "brokers": [{"node_id": node.id, "host": node.host, "port": node.port}],
        "cluster_id": cluster_name(broker),
        "controller_id": node.id,
        "topics": found,
        "cluster_authorized_operations": CLUSTER_OPERATIONS if asked else OPERATIONS_NOT_ASKED_FOR,
    }


def _failed(wanted: list[dict[str, Any]], code: ErrorCode) -> dict[str, Any]:
    """The whole request is refused."""
    topics = [_refused(code, one["name"] or "", one["topic_id"]) for one in wanted]
    return {"brokers": [], "topics": topics}


def cluster_name(broker: KafkaBroker) -> str:
    """The cluster id as clients see it."""
    return broker.cluster_id.hex()[:22]


def _find_id(broker: KafkaBroker, topic_id: bytes) -> dict[str, Any]:
    topic = broker.topics.find_id(topic_id)
    if topic is None:
        return _refused(ErrorCode.UNKNOWN_TOPIC_ID, None, topic_id)
    return _described(broker, topic)


def _find(broker: KafkaBroker, name: str, allowed: bool) -> dict[str, Any]:
    topic = broker.topics.find(name)
    if topic is not None:
        return _described(broker, topic)
    code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    try:
        check_name(name)
    except Refused as refused:
        return _refused(refused.code, name, NO_ID)
    if allowed and _may_create(broker, name):
        try:
            return _described(broker, broker.create_topic(name))
        except Refused:
            return _refused(code, name, NO_ID)  # as observed for a name that collides
    return _refused(code, name, NO_ID)


def _may_create(broker: KafkaBroker, name: str) -> bool:
    return broker.settings.is_on("auto.create.topics.enable") and name != CLUSTER_METADATA_TOPIC


def _refused(code: ErrorCode, name: str | None, topic_id: bytes) -> dict[str, Any]:
    return {
        "error_code": code,
        "name": name,
        "topic_id": topic_id,
        "is_internal": name in INTERNAL_TOPICS,
        "partitions": [],
    }


def _described(broker: KafkaBroker, topic: Topic) -> dict[str, Any]:
    return {
        "error_code": ErrorCode.NONE,
        "name": topic.name,
        "topic_id": topic.id,
        "is_internal": topic.is_internal,
        "partitions": [partition_of(broker, index) for index in range(len(topic.partitions))],
    }


def partition_of(broker: KafkaBroker, index: int) -> dict[str, Any]:
    """A partition as clients are told of it."""
    nodes = [broker.node.id]
    return {
        "error_code": ErrorCode.NONE,
        "partition_index": index,
        "leader_id": broker.node.id,
        "leader_epoch": LEADER_EPOCH,
        "replica_nodes": nodes,
        "isr_nodes": nodes,
        "offline_replicas": [],
    }
