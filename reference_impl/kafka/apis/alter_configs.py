"""AlterConfigs (33): replace all settings of a resource; what is not named gets its default again.

Kafka never answers a request that names a resource twice here; we do, as IncrementalAlterConfigs.

Source: ConfigAdminManager.preprocess, ConfigurationControlManager.legacyAlterConfigs; KIP-133.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from reference_impl.kafka.apis.describe_configs import ResourceType
from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.topics import check_name
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 33


def handle(request: Request) -> dict[str, Any]:
    """Replace what can be replaced."""
    return answer_each(request, _replace, lambda _: True)


def _replace(request: Request, resource: dict[str, Any]) -> None:
    given = {one["name"]: one["value"] for one in resource["configs"]}
    if resource["resource_type"] == ResourceType.BROKER:
        change_broker(request, resource["resource_name"], given)
    else:
        change_topic(request, resource["resource_name"], given)


def answer_each(
    request: Request,
    change: Callable[[Request, dict[str, Any]], None],
    needs_value: Callable[[dict[str, Any]], bool],
) -> dict[str, Any]:
    """Return the response after `change` of each resource that is well-formed by itself."""
    resources = request.body["resources"]
    seen = Counter((one["resource_type"], one["resource_name"]) for one in resources)
    responses = []
    for one in resources:
        try:
            if seen[one["resource_type"], one["resource_name"]] > 1:
                raise Refused(ErrorCode.INVALID_REQUEST, "Each resource must appear at most once.")
            _check_resource(one, needs_value)
            change(request, one)
            code, text = ErrorCode.NONE, None
        except Refused as refused:
            code, text = refused.code, refused.text
        responses.append(
            {
                "error_code": code,
                "error_message": text,
                "resource_type": one["resource_type"],
                "resource_name": one["resource_name"],
            }
        )
    return {"responses": responses}


def _check_resource(
    resource: dict[str, Any], needs_value: Callable[[dict[str, Any]], bool]
) -> None:
    configs = resource["configs"]
    if len({one["name"] for one in configs}) < len(configs):
        raise Refused(ErrorCode.INVALID_REQUEST, "Error due to duplicate config keys")
    nulls = [one["name"] for one in configs if one["value"] is None and needs_value(one)]
    if nulls:
        text = f"Null value not supported for : {', '.join(nulls)}"
        raise Refused(ErrorCode.INVALID_REQUEST, text)
    if resource["resource_type"] not in list(ResourceType):
        text = f"Unknown resource type {resource['resource_type']}"
        raise Refused(ErrorCode.INVALID_REQUEST, text)


def change_topic(request: Request, name: str, given: Mapping[str, str]) -> None:
    """Give a topic these settings and no others, unless that is only to be checked."""
    if not name:
        raise Refused(ErrorCode.INVALID_REQUEST, "Default topic resources are not allowed.")
    check_name(name)
    settings = request.broker.settings_for(given)
    topic = request.broker.topics.find(name)
    if topic is None:
        text = f"The topic '{name}' does not exist."
        raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, text)
    if not request.body["validate_only"]:
        request.broker.configure_topic(topic, settings)


def change_broker(request: Request, name: str, given: Mapping[str, str]) -> None:
    """Give the broker of this name, or all brokers for "", these settings and no others."""
    broker = request.broker
    if name:
        try:
            number = int(name)
        except ValueError:
            text = f"Node id must be an integer, but it is: {name}"
            raise Refused(ErrorCode.INVALID_REQUEST, text) from None
        if number != broker.node.id:
            text = f"Unexpected broker id, expected {broker.node.id}, but received {name}"
            raise Refused(ErrorCode.INVALID_REQUEST, text)
    if request.body["validate_only"]:
        broker.settings.check(given, per_broker=bool(name))
    else:
        broker.configure(given, per_broker=bool(name))
