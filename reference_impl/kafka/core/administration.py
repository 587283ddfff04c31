"""What administrators may ask for: new topics, more partitions, other settings.

Each function checks a request and raises Refused with nothing changed; KafkaBroker does the rest.

Source: ReplicationControlManager, ConfigurationControlManager, ConfigAdminManager; texts as Kafka
3.9.2 and 4.3.1 give them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

from reference_impl.kafka.core.configs import TopicSettings
from reference_impl.kafka.core.settings import Setting, SettingType
from reference_impl.kafka.errors import ErrorCode, Refused

if TYPE_CHECKING:
    from reference_impl.kafka.core.broker import KafkaBroker
    from reference_impl.kafka.core.topics import Topic

USE_DEFAULT = -1
"""As a number of partitions or a replication factor: what the broker's settings say."""

MAX_PARTITIONS_PER_REQUEST = 10_000


class NewTopic(NamedTuple):
    """A topic that a client asks for; `assignments` are pairs of a partition and its nodes."""

    name: str
    partitions: int
    replication_factor: int
    assignments: Sequence[tuple[int, Sequence[int]]]
    settings: Sequence[tuple[str, str | None]]


class Plan(NamedTuple):
    """What a new topic will have."""

    partitions: int
    settings: TopicSettings


def plan_topic(broker: KafkaBroker, wanted: NewTopic) -> Plan:
    """Return what a topic would get. Raises Refused: with it, a topic is created as a whole or not
    at all."""
    broker.check_new_topic(wanted.name)
    nulls = [name for name, value in wanted.settings if value is None]
    if nulls:
        raise Refused(
            ErrorCode.INVALID_CONFIG,
            f"Null value not supported for topic configs: {','.join(nulls)}",
        )
    given = {name: value for name, value in wanted.settings if value is not None}
    settings = broker.settings_for(given)
    if wanted.assignments:
        return Plan(_assigned(broker, wanted), settings)
    if wanted.replication_factor < USE_DEFAULT or wanted.replication_factor == 0:
        raise Refused(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            "Replication factor must be larger than 0, or -1 to use the default value.",
        )
    if wanted.partitions < USE_DEFAULT or wanted.partitions == 0:
        raise Refused(
            ErrorCode.INVALID_PARTITIONS,
            "Number of partitions was set to an invalid non-positive value.",
        )
    if wanted.replication_factor > 1:
        raise Refused(
            ErrorCode.INVALID_REPLICATION_FACTOR,
            f"Unable to replicate the partition {wanted.replication_factor} time(s): The target "
            f"replication factor of {wanted.replication_factor} cannot be reached because only 1 "
            f"broker(s) are registered{broker.dialect.cordoned_text}.",
        )
    return Plan(partition_count(broker, wanted), settings)


def partition_count(broker: KafkaBroker, wanted: NewTopic) -> int:
    """How many partitions a request asks for, be it valid or not."""
    if wanted.assignments:
        return len(wanted.assignments)
    if wanted.partitions == USE_DEFAULT:
        return broker.settings.number("num.partitions")
    return wanted.partitions


def check_total(broker: KafkaBroker, wanted: Iterable[NewTopic]) -> None:
    """Raise Refused when one request asks for too many partitions in all."""
    if sum(partition_count(broker, topic) for topic in wanted) > MAX_PARTITIONS_PER_REQUEST:
        raise Refused(
            ErrorCode.POLICY_VIOLATION, "Excessively large number of partitions per request."
        )


def _assigned(broker: KafkaBroker, wanted: NewTopic) -> int:
    refused = "A manual partition assignment was specified, but {} was not set to -1."
    if wanted.replication_factor != USE_DEFAULT:
        raise Refused(ErrorCode.INVALID_REQUEST, refused.format("replication factor"))
    if wanted.partitions != USE_DEFAULT:
        raise Refused(ErrorCode.INVALID_REQUEST, refused.format("numPartitions"))
    seen: set[int] = set()
    for partition, nodes in wanted.assignments:
        if partition in seen:
            raise Refused(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                f"Found multiple manual partition assignments for partition {partition}",
            )
        seen.add(partition)
        check_assignment(broker, nodes)
    if seen != set(range(len(seen))):
        raise Refused(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partitions should be a consecutive 0-based integer sequence",
        )
    return len(seen)


def check_assignment(broker: KafkaBroker, nodes: Sequence[int]) -> None:
    """Raise Refused unless one partition may live on exactly these nodes."""
    reason = None
    if not nodes:
        reason = "an empty replica list"
    elif len(set(nodes)) < len(nodes):
        twice = next(node for node in sorted(nodes) if nodes.count(node) > 1)
        reason = f"the broker {twice} more than once"
    else:
        unknown = next((node for node in sorted(nodes) if node != broker.node.id), None)
        if unknown is not None:
            reason = f"broker {unknown}, but no such broker is registered"
    if reason is not None:
        raise Refused(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            f"The manual partition assignment includes {reason}.",
        )


def check_more_partitions(
    broker: KafkaBroker, topic: Topic, count: int, assignments: Sequence[Sequence[int]] | None
) -> None:
    """Raise Refused unless a topic may get `count` partitions in all."""
    present = len(topic.partitions)
    if count == present:
        raise Refused(ErrorCode.INVALID_PARTITIONS, f"Topic already has {present} partition(s).")
    if count < present:
        raise Refused(
            ErrorCode.INVALID_PARTITIONS,
            f"The topic {topic.name} currently has {present} partition(s); {count} would not be an "
            "increase.",
        )
    if assignments is not None:
        if len(assignments) != count - present:
            raise Refused(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                f"Attempted to add {count - present} additional partition(s), but only "
                f"{len(assignments)} assignment(s) were specified.",
            )
        for nodes in assignments:
            check_assignment(broker, nodes)


class Operation(IntEnum):
    """What IncrementalAlterConfigs does to one setting."""

    SET, DELETE, APPEND, SUBTRACT = range(4)


def apply_changes(
    known: Mapping[str, Setting],
    given: Mapping[str, str],
    changes: Iterable[tuple[str, Operation, str]],
) -> dict[str, str]:
    """Return the settings after changes (name, operation, value). Raises Refused.

    A list that was not given begins with its default; what it has already is not added again.
    """
    changed = dict(given)
    for name, operation, value in changes:
        if operation == Operation.DELETE:
            changed.pop(name, None)
        elif operation == Operation.SET:
            changed[name] = value
        else:
            if name not in known or known[name].type != SettingType.LIST:
                raise Refused(
                    ErrorCode.INVALID_CONFIG,
                    f"Can't {operation.name} to key {name} because its type is not LIST.",
                )
            text = changed.get(name, known[name].default or "")
            parts = [part for part in text.split(",") if part]
            for part in value.split(","):
                if operation == Operation.APPEND and part not in parts:
                    parts.append(part)
                elif operation == Operation.SUBTRACT and part in parts:
                    parts.remove(part)
            changed[name] = ",".join(parts)
    return changed
