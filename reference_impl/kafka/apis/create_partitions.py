"""CreatePartitions (37): more partitions for topics; what they have stays as it is.

Source: ControllerApis.createPartitions, ReplicationControlManager.createPartitions; KIP-195.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.administration import (
    MAX_PARTITIONS_PER_REQUEST,
    check_more_partitions,
)
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 37


def handle(request: Request) -> dict[str, Any]:
    """Add what can be added; duplicates are answered first, once each."""
    names = Counter(topic["name"] for topic in request.body["topics"])
    results = [
        {
            "name": name,
            "error_code": ErrorCode.INVALID_REQUEST,
            "error_message": "Duplicate topic name.",
        }
        for name, count in names.items()
        if count > 1
    ]
    for wanted in request.body["topics"]:
        if names[wanted["name"]] == 1:
            try:
                _add(request, wanted)
                code, text = ErrorCode.NONE, None
            except Refused as refused:
                code, text = refused.code, refused.text
            results.append({"name": wanted["name"], "error_code": code, "error_message": text})
    return {"results": results}


def _add(request: Request, wanted: dict[str, Any]) -> None:
    topic = request.broker.topics.find(wanted["name"])
    if topic is None:
        raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    assignments = wanted["assignments"]
    nodes = None if assignments is None else [one["broker_ids"] for one in assignments]
    check_more_partitions(request.broker, topic, wanted["count"], nodes)
    if wanted["count"] - len(topic.partitions) > MAX_PARTITIONS_PER_REQUEST:
        raise Refused(ErrorCode.UNKNOWN_SERVER_ERROR)  # as observed: its list of records is full
    if not request.body["validate_only"]:
        request.broker.add_partitions(topic, wanted["count"])
