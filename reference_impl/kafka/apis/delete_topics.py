"""DeleteTopics (20): delete topics by name or, from version 6 on, by id.

Kafka shuffles the results; here errors of the request come first, then ids, then names.

Source: ControllerApis.deleteTopics; KIP-516.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.topics import NO_ID, Topic
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 20

FIRST_VERSION_WITH_DELETION_DISABLED = 3


def handle(request: Request) -> dict[str, Any]:
    """Delete what can be deleted."""
    body, broker = request.body, request.broker
    if not broker.settings.is_on("delete.topic.enable"):
        return _disabled(request)
    answered: list[dict[str, Any]] = []
    names = Counter(body["topic_names"])
    ids: Counter[bytes] = Counter()
    for wanted in body["topics"]:
        name, topic_id = wanted["name"], wanted["topic_id"]
        if name is None and topic_id == NO_ID:
            text = "Neither topic name nor id were specified."
            answered.append(_result(None, NO_ID, ErrorCode.INVALID_REQUEST, text))
        elif name is None:
            ids[topic_id] += 1
        elif topic_id == NO_ID:
            names[name] += 1
        else:
            text = "You may not specify both topic name and topic id."
            answered.append(_result(name, topic_id, ErrorCode.INVALID_REQUEST, text))
    found: dict[bytes, Topic] = {}
    for topic_id, count in ids.items():
        topic = broker.topics.find_id(topic_id)
        if count > 1:
            text = "Duplicate topic id."
            answered.append(_result(None, topic_id, ErrorCode.INVALID_REQUEST, text))
        elif topic is None:
            text = "This server does not host this topic ID."
            answered.append(_result(None, topic_id, ErrorCode.UNKNOWN_TOPIC_ID, text))
        else:
            found[topic_id] = topic
    for name, count in names.items():
        try:
            topic = _named(request, name, count, found)
            found[topic.id] = topic
        except Refused as refused:
            known = broker.topics.find(name)
            twice = known is not None and known.id in found
            topic_id = known.id if known is not None and twice else NO_ID
            if twice:
                del found[topic_id]
            answered.append(_result(name, topic_id, refused.code, refused.text))
    for topic in found.values():
        broker.delete_topic(topic)
        answered.append(_result(topic.name, topic.id, ErrorCode.NONE, None))
    return {"responses": answered}


def _named(request: Request, name: str, count: int, found: dict[bytes, Topic]) -> Topic:
    topic = request.broker.topics.find(name)
    if count > 1:
        raise Refused(ErrorCode.INVALID_REQUEST, "Duplicate topic name.")
    if topic is None:
        raise Refused(
            ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
            "This server does not host this topic-partition.",
        )
    if topic.id in found:
        raise Refused(
            ErrorCode.INVALID_REQUEST,
            "The provided topic name maps to an ID that was already supplied.",
        )
    return topic


def _disabled(request: Request) -> dict[str, Any]:
    code, text = ErrorCode.TOPIC_DELETION_DISABLED, "Topic deletion is disabled."
    if request.version < FIRST_VERSION_WITH_DELETION_DISABLED:
        code = ErrorCode.INVALID_REQUEST
    names = [(name, NO_ID) for name in request.body["topic_names"]]
    names += [(wanted["name"], wanted["topic_id"]) for wanted in request.body["topics"]]
    return {"responses": [_result(name, topic_id, code, text) for name, topic_id in names]}


def _result(name: str | None, topic_id: bytes, code: ErrorCode, text: str | None) -> dict[str, Any]:
    return {"name": name, "topic_id": topic_id, "error_code": code, "error_message": text}
