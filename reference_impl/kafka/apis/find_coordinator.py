"""FindCoordinator (10): where requests of a group or of a transactional id belong: here.

The first time that a group is looked for, the topic of its offsets is created, as in Kafka, which
answers COORDINATOR_NOT_AVAILABLE until it is there; here it is there at once. Nothing is ever
written to it.

Source: KafkaApis.handleFindCoordinatorRequest; KIP-98, KIP-699, KIP-932.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 10

GROUP, TRANSACTION, SHARE = range(3)
FIRST_VERSION_WITH_KEYS = 4

OFFSETS_TOPIC = "__consumer_offsets"
OFFSETS_TOPIC_SETTINGS = {
    "cleanup.policy": "compact",
    "compression.type": "producer",
    "segment.bytes": "104857600",
}
"""Source: GroupCoordinatorService.groupMetadataTopicConfigs."""


MALFORMED = (
    "This most likely occurs because of a request being malformed by the client library or the "
    "message was sent to an incompatible broker. See the broker logs for more details."
)
"""Kafka's general text for INVALID_REQUEST. Newer versions say nothing about share groups."""


def handle(request: Request) -> dict[str, Any]:
    """Answer with this node, or why not."""
    broker, body = request.broker, request.body
    try:
        _check_type(broker, body["key_type"])
    except Refused as refused:
        return _refused(request, refused)
    node = {"node_id": broker.node.id, "host": broker.node.host, "port": broker.node.port}
    if request.version < FIRST_VERSION_WITH_KEYS:
        return {"error_code": ErrorCode.NONE, "error_message": "NONE", **node}
    return {
        "coordinators": [
            {"key": key, "error_code": ErrorCode.NONE, **node} for key in body["coordinator_keys"]
        ]
    }


def _check_type(broker: KafkaBroker, key_type: int) -> None:
    if key_type not in (GROUP, TRANSACTION):
        raise Refused(ErrorCode.INVALID_REQUEST, MALFORMED)
    if key_type == GROUP and OFFSETS_TOPIC not in broker.topics:
        count = broker.groups.settings.offsets_topic_num_partitions
        broker.create_topic(OFFSETS_TOPIC, count, OFFSETS_TOPIC_SETTINGS)


def _refused(request: Request, refused: Refused) -> dict[str, Any]:
    nowhere = {"node_id": -1, "host": "", "port": -1, "error_code": refused.code}
    if request.version < FIRST_VERSION_WITH_KEYS:
        return nowhere | {"error_message": refused.text}
    text = "" if request.body["key_type"] == SHARE else refused.text
    return {
        "coordinators": [
            {"key": key, "error_message": text, **nowhere}
            for key in request.body["coordinator_keys"]
        ]
    }
