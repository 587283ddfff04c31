"""IncrementalAlterConfigs (44): set, reset, extend and shorten settings, each resource by itself.

Source: ConfigAdminManager.preprocess, ConfigurationControlManager; KIP-339, KIP-412.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.alter_configs import answer_each, change_broker, change_topic
from reference_impl.kafka.apis.describe_configs import ResourceType
from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.administration import Operation, apply_changes
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 44


def handle(request: Request) -> dict[str, Any]:
    """Change what can be changed."""
    return answer_each(request, _change, lambda one: one["config_operation"] != Operation.DELETE)


def _change(request: Request, resource: dict[str, Any]) -> None:
    changes: list[tuple[str, Operation, str]] = []
    for one in resource["configs"]:
        if one["config_operation"] not in list(Operation):
            raise Refused(ErrorCode.UNKNOWN_SERVER_ERROR)
        changes.append((one["name"], Operation(one["config_operation"]), one["value"]))
    broker, name = request.broker, resource["resource_name"]
    if resource["resource_type"] == ResourceType.BROKER:
        present = broker.settings.layer(per_broker=bool(name))
        change_broker(request, name, apply_changes(broker.settings.known, present, changes))
    else:
        topic = broker.topics.find(name)
        given = topic.settings.given if topic is not None else {}
        change_topic(request, name, apply_changes(broker.topic_settings, given, changes))
