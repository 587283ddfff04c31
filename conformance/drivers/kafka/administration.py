"""What administrators ask for: topics, partitions, settings, deleting records.

Every function sends one request in the newest version unless told and returns the answers as they
were decoded, in the order of the response.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kafka.protocol.admin import (
    AlterConfigsRequest,
    CreatePartitionsRequest,
    CreateTopicsRequest,
    DeleteRecordsRequest,
    DeleteTopicsRequest,
    DescribeConfigsRequest,
    IncrementalAlterConfigsRequest,
)

from conformance.errors import Mismatch

if TYPE_CHECKING:
    from conformance.drivers.kafka.partition import Partition
    from conformance.drivers.kafka.tester import KafkaTester

TOPIC, BROKER = 2, 4
"""Types of resources."""

SET, DELETE, APPEND, SUBTRACT = range(4)
"""Operations on a setting."""

DYNAMIC_TOPIC_CONFIG = 1
"""The source of a setting that the topic itself was given."""

DEFAULT = -1
"""As a number of partitions or a replication factor: what the broker takes."""

NO_ID = "00000000-0000-0000-0000-000000000000"

Settings = Mapping[str, str | None]
Change = tuple[str, int, str | None]
"""Name, operation and value."""


def new_topic(
    name: str,
    partitions: int = 1,
    replication_factor: int = 1,
    settings: Settings | None = None,
    assignments: Sequence[tuple[int, Sequence[int]]] = (),
) -> Any:
    """A topic as CreateTopics asks for it; assignments are pairs of a partition and its nodes."""
    topic = CreateTopicsRequest.CreatableTopic
    return topic(
        name=name,
        num_partitions=partitions,
        replication_factor=replication_factor,
        assignments=[
            topic.CreatableReplicaAssignment(partition_index=index, broker_ids=list(nodes))
            for index, nodes in assignments
        ],
        configs=[
            topic.CreatableTopicConfig(name=name, value=value)
            for name, value in (settings or {}).items()
        ],
    )


def create_topics(
    kafka: KafkaTester, *topics: Any, validate_only: bool = False, version: int | None = None
) -> list[Any]:
    """Ask for topics made by `new_topic`."""
    request = CreateTopicsRequest(
        topics=list(topics), timeout_ms=_timeout_ms(kafka), validate_only=validate_only
    )
    return list(kafka.call(request, version).topics)


def create_topic(kafka: KafkaTester, topic: Any, *, validate_only: bool = False) -> Any:
    """Ask for one topic; return its answer."""
    return only(create_topics(kafka, topic, validate_only=validate_only))


def delete_topics(kafka: KafkaTester, *names: str, version: int = 5) -> list[Any]:
    """Delete topics by name."""
    request = DeleteTopicsRequest(topic_names=list(names), timeout_ms=_timeout_ms(kafka))
    return list(kafka.call(request, version).responses)


def delete_topics_by(kafka: KafkaTester, *pairs: tuple[str | None, str]) -> list[Any]:
    """Delete topics by name and id, of which one should be absent (version 6)."""
    state = DeleteTopicsRequest.DeleteTopicState
    request = DeleteTopicsRequest(
        topics=[state(name=name, topic_id=topic_id) for name, topic_id in pairs],
        timeout_ms=_timeout_ms(kafka),
    )
    return list(kafka.call(request, 6).responses)


def more_partitions(name: str, count: int, nodes: Sequence[Sequence[int]] | None = None) -> Any:
    """A topic as CreatePartitions asks for it: `count` partitions in all."""
    topic = CreatePartitionsRequest.CreatePartitionsTopic
    assignment = topic.CreatePartitionsAssignment
    assignments = None if nodes is None else [assignment(broker_ids=list(one)) for one in nodes]
    return topic(name=name, count=count, assignments=assignments)


def create_partitions(kafka: KafkaTester, *topics: Any, validate_only: bool = False) -> list[Any]:
    """Ask for more partitions, by `more_partitions`."""
    request = CreatePartitionsRequest(
        topics=list(topics), timeout_ms=_timeout_ms(kafka), validate_only=validate_only
    )
    return list(kafka.call(request).results)


def delete_records(partition: Partition, offset: int) -> Any:
    """Delete the records of a partition before an offset; return its part of the response."""
    return only(only(delete_records_of([(partition.topic, partition.index, offset)], partition)))


def delete_records_of(
    wanted: Iterable[tuple[str, int, int]], partition: Partition
) -> list[list[Any]]:
    """Delete the records of partitions (topic, index) before an offset; return the parts of the
    response by topic."""
    topic = DeleteRecordsRequest.DeleteRecordsTopic
    request = DeleteRecordsRequest(
        topics=[
            topic(
                name=name,
                partitions=[topic.DeleteRecordsPartition(partition_index=index, offset=offset)],
            )
            for name, index, offset in wanted
        ],
        timeout_ms=_timeout_ms(partition.tester),
    )
    return [list(one.partitions) for one in partition.tester.call(request).topics]


def describe(
    kafka: KafkaTester, name: str, keys: Sequence[str] | None = None, kind: int = TOPIC
) -> Any:
    """Ask for the settings of one resource; return its answer."""
    request = DescribeConfigsRequest(
        resources=[
            DescribeConfigsRequest.DescribeConfigsResource(
                resource_type=kind,
                resource_name=name,
                configuration_keys=None if keys is None else list(keys),
            )
        ],
        include_synonyms=False,
        include_documentation=False,
    )
    return only(kafka.call(request).results)


def settings_of(kafka: KafkaTester, name: str, kind: int = TOPIC) -> dict[str, tuple[str, int]]:
    """Value and source of every setting of a resource, by name."""
    answer = describe(kafka, name, kind=kind)
    if answer.error_code:
        raise Mismatch(f"the settings of {name}", f"error {answer.error_code}")
    return {one.name: (one.value, one.config_source) for one in answer.configs}


def given_to(kafka: KafkaTester, name: str) -> dict[str, str]:
    """The settings that a topic itself was given."""
    found = settings_of(kafka, name)
    return {key: value for key, (value, source) in found.items() if source == DYNAMIC_TOPIC_CONFIG}


def resource(name: str, changes: Iterable[Change], kind: int = TOPIC) -> Any:
    """A resource as IncrementalAlterConfigs asks for it."""
    made = IncrementalAlterConfigsRequest.AlterConfigsResource
    return made(
        resource_type=kind,
        resource_name=name,
        configs=[
            made.AlterableConfig(name=key, config_operation=operation, value=value)
            for key, operation, value in changes
        ],
    )


def alter_resources(kafka: KafkaTester, *resources: Any, validate_only: bool = False) -> list[Any]:
    """Change the settings of resources made by `resource`."""
    request = IncrementalAlterConfigsRequest(resources=list(resources), validate_only=validate_only)
    return list(kafka.call(request).responses)


def alter(
    kafka: KafkaTester, name: str, *changes: Change, validate_only: bool = False, kind: int = TOPIC
) -> Any:
    """Change settings of one resource; return its answer."""
    return only(alter_resources(kafka, resource(name, changes, kind), validate_only=validate_only))


def replace_settings(kafka: KafkaTester, name: str, settings: Settings) -> Any:
    """Give a topic these settings and no others, by AlterConfigs; return its answer."""
    made = AlterConfigsRequest.AlterConfigsResource
    wanted = made(
        resource_type=TOPIC,
        resource_name=name,
        configs=[made.AlterableConfig(name=key, value=value) for key, value in settings.items()],
    )
    request = AlterConfigsRequest(resources=[wanted], validate_only=False)
    return only(list(kafka.call(request).responses))


def only(answers: Sequence[Any]) -> Any:
    """The one answer. Raises Mismatch."""
    if len(answers) != 1:
        raise Mismatch("one answer", f"{len(answers)} of them")
    return answers[0]


def _timeout_ms(kafka: KafkaTester) -> int:
    """How long a broker may take for what it does before it answers."""
    return int(kafka.answer_within_s * 1000)
