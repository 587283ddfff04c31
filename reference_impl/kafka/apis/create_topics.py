"""CreateTopics (19): topics with partitions and settings, each created or refused by itself.

The topics are there when this is answered; Kafka's own metadata lags behind for some milliseconds.

Source: ControllerApis.createTopics, ReplicationControlManager.createTopics; KIP-464, KIP-525.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.administration import NewTopic, Plan, check_total, plan_topic
from reference_impl.kafka.core.broker_settings import Source
from reference_impl.kafka.core.configs import BROKER_NAME
from reference_impl.kafka.core.settings import shown
from reference_impl.kafka.core.topics import CLUSTER_METADATA_TOPIC
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 19


def handle(request: Request) -> dict[str, Any]:
    """Create what can be created, unless it is only to be checked."""
    names = Counter(topic["name"] for topic in request.body["topics"])
    wanted = [
        _new_topic(topic)
        for topic in request.body["topics"]
        if names[topic["name"]] == 1 and topic["name"] != CLUSTER_METADATA_TOPIC
    ]
    too_many: Refused | None = None
    try:
        check_total(request.broker, wanted)
    except Refused as refused:
        too_many = refused
    plans: list[tuple[NewTopic, Plan | Refused]] = []
    for topic in wanted:
        try:  # all are checked before the first is created: a.b and a_b of one request are both
            plans.append((topic, too_many or plan_topic(request.broker, topic)))
        except Refused as refused:
            plans.append((topic, refused))
    answered = [
        _refused(topic.name, plan) if isinstance(plan, Refused) else _create(request, topic, plan)
        for topic, plan in plans
    ]
    for name, count in names.items():
        if count > 1:
            answered.append(
                _refused(name, Refused(ErrorCode.INVALID_REQUEST, "Duplicate topic name."))
            )
        elif name == CLUSTER_METADATA_TOPIC:
            text = f"Creation of internal topic {name} is prohibited."
            answered.append(_refused(name, Refused(ErrorCode.INVALID_REQUEST, text)))
    return {"topics": answered}


def _new_topic(topic: dict[str, Any]) -> NewTopic:
    return NewTopic(
        topic["name"],
        topic["num_partitions"],
        topic["replication_factor"],
        [(one["partition_index"], one["broker_ids"]) for one in topic["assignments"]],
        [(one["name"], one["value"]) for one in topic["configs"]],
    )


def _create(request: Request, topic: NewTopic, plan: Plan) -> dict[str, Any]:
    broker = request.broker
    if request.body["validate_only"]:
        topic_id = broker.new_id()
    else:
        topic_id = broker.add_topic(topic.name, plan.partitions, plan.settings).id
    configs = []
    for name in sorted(plan.settings.known):
        value, source = plan.settings.given.get(name), Source.TOPIC
        if value is None:
            value = shown(plan.settings[name])
            origins = broker.settings.origins(BROKER_NAME[name]) if name in BROKER_NAME else []
            source = origins[0][2] if origins else Source.DEFAULT
        configs.append(
            {
                "name": name,
                "value": value,
                "read_only": False,
                "config_source": source,
                "is_sensitive": False,
            }
        )
    return {
        "name": topic.name,
        "topic_id": topic_id,
        "error_code": ErrorCode.NONE,
        "error_message": None,
        "num_partitions": plan.partitions,
        "replication_factor": 1,
        "configs": configs,
    }


def _refused(name: str, refused: Refused) -> dict[str, Any]:
    return {
        "name": name,
        "error_code": refused.code,
        "error_message": refused.text,
        "configs": [],
    }
