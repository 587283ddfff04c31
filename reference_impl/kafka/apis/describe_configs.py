"""DescribeConfigs (32): settings of topics and of the broker, and where they come from.

Settings come in the order of their names, and without documentation, which is Kafka's own text.
Groups, loggers and subscriptions of metrics have no settings here: they are answered as a type of
resource that does not exist.

Source: ConfigHelper; KIP-133, KIP-226, KIP-569.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.broker_settings import Source
from reference_impl.kafka.core.configs import BROKER_NAME
from reference_impl.kafka.core.settings import SettingType, shown
from reference_impl.kafka.core.topics import check_name
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 32

UNKNOWN_TYPE_TEXT = (
    "This most likely occurs because of a request being malformed by the client library or the "
    "message was sent to an incompatible broker. See the broker logs for more details."
)

Origin = tuple[str, str | None, Source]
"""Name, text and source of a value."""


class ResourceType(IntEnum):
    """The resource_type of requests."""

    TOPIC = 2
    BROKER = 4


def handle(request: Request) -> dict[str, Any]:
    """Describe each resource."""
    results = []
    for wanted in request.body["resources"]:
        configs: list[dict[str, Any]] = []
        try:
            configs = _describe(request, wanted)
            code, text = ErrorCode.NONE, ""
        except Refused as refused:
            code, text = refused.code, refused.text or ""
        results.append(
            {
                "error_code": code,
                "error_message": text,
                "resource_type": wanted["resource_type"],
                "resource_name": wanted["resource_name"],
                "configs": configs,
            }
        )
    return {"results": results}


def _describe(request: Request, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    broker, name = request.broker, wanted["resource_name"]
    keys = wanted["configuration_keys"] or None
    if wanted["resource_type"] == ResourceType.TOPIC:
        entries = _of_topic(broker, name)
    elif wanted["resource_type"] == ResourceType.BROKER:
        entries = _of_broker(broker) if name else _of_all_brokers(broker)
        if name:
            check_broker_name(broker, name)
    else:
        raise Refused(ErrorCode.INVALID_REQUEST, UNKNOWN_TYPE_TEXT)
    synonyms = request.body["include_synonyms"]
    return [
        {**entry, "synonyms": entry["synonyms"] if synonyms else []}
        for entry in entries
        if keys is None or entry["name"] in keys
    ]


def check_broker_name(broker: KafkaBroker, name: str) -> None:
    """Raise Refused unless a resource is this broker."""
    try:
        number = int(name)
    except ValueError:
        raise Refused(
            ErrorCode.INVALID_REQUEST, f"Broker id must be an integer, but it is: {name}"
        ) from None
    if number != broker.node.id:
        raise Refused(
            ErrorCode.INVALID_REQUEST,
            f"Unexpected broker id, expected {broker.node.id} or empty string, but received {name}",
        )


def _of_topic(broker: KafkaBroker, name: str) -> list[dict[str, Any]]:
    check_name(name)
    topic = broker.topics.find(name)
    if topic is None:
        raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    entries = []
    for key, setting in topic.settings.known.items():
        value = shown(topic.settings[key])
        origins = broker.settings.origins(BROKER_NAME[key]) if key in BROKER_NAME else []
        if key in topic.settings.given:
            origins = [(key, value, Source.TOPIC), *origins]
        entries.append(_entry(key, value, setting.type, origins, read_only=False))
    return entries


def _of_broker(broker: KafkaBroker) -> list[dict[str, Any]]:
    settings = broker.settings
    entries = [
        _entry(
            key, shown(settings[key]), setting.type, settings.origins(key),
            read_only=not setting.dynamic,
        )
        for key, setting in settings.known.items()
    ]  # fmt: skip
    for source, layer in ((Source.BROKER, settings.broker), (Source.CLUSTER, settings.cluster)):
        entries += [_secret(key, source) for key in layer if key not in settings.known]
    return entries


def _of_all_brokers(broker: KafkaBroker) -> list[dict[str, Any]]:
    """Only what was set for all of them while they run."""
    settings = broker.settings
    entries = []
    for key, text in settings.cluster.items():
        setting = settings.known.get(key)
        if setting is None:
            entries.append(_secret(key, Source.CLUSTER))
            continue
        origins: list[Origin] = [(key, text, Source.CLUSTER)]
        value = shown(setting.parse(text))
        entries.append(_entry(key, value, setting.type, origins, read_only=not setting.dynamic))
    return entries


def _secret(key: str, source: Source) -> dict[str, Any]:
    """A setting that is not known might be a password."""
    entry = _entry(key, None, SettingType.UNKNOWN, [(key, None, source)], read_only=True)
    return {**entry, "is_sensitive": True}


def _entry(
    key: str, value: str | None, kind: SettingType, origins: list[Origin], *, read_only: bool
) -> dict[str, Any]:
    source = origins[0][2] if origins else Source.DEFAULT
    return {
        "name": key,
        "value": value,
        "read_only": read_only,
        "config_source": source,
        "is_sensitive": False,
        "synonyms": [
            {"name": name, "value": text, "source": origin} for name, text, origin in origins
        ],
        "config_type": kind,
        "documentation": None,
    }
