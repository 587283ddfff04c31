"""Topics: names, ids, partitions, settings.

Source: org.apache.kafka.common.internals.Topic; ReplicationControlManager; KIP-516.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reference_impl.kafka.core.configs import TopicSettings
from reference_impl.kafka.core.log import PartitionLog
from reference_impl.kafka.errors import ErrorCode, Refused

MAX_NAME = 249

NO_ID = bytes(16)
"""The id that no topic has."""

CLUSTER_METADATA_TOPIC = "__cluster_metadata"

INTERNAL_TOPICS = ("__consumer_offsets", "__transaction_state", "__share_group_state")

_LEGAL = re.compile(r"[a-zA-Z0-9._-]+", re.ASCII)


def check_name(name: str) -> None:
    """Raise Refused with INVALID_TOPIC_EXCEPTION unless a topic may have this name."""
    reason = None
    if not name:
        reason = "the empty string is not allowed"
    elif name in (".", ".."):
        reason = f"'{name}' is not allowed"
    elif len(name) > MAX_NAME:
        reason = f"the length of '{name}' is longer than the max allowed length {MAX_NAME}"
    elif not _LEGAL.fullmatch(name):
        reason = (
            f"'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' "
            "and '-'"
        )
    if reason is not None:
        raise Refused(ErrorCode.INVALID_TOPIC_EXCEPTION, f"Topic name is invalid: {reason}")


def collision_key(name: str) -> str:
    """Names that are equal here collide, as metrics write "." as "_"."""
    return name.replace(".", "_")


class Topic:
    """A topic; `id` has 16 octets. Its partitions are numbered from 0."""

    def __init__(self, name: str, topic_id: bytes, settings: TopicSettings) -> None:
        self.name = name
        self.id = topic_id
        self.settings = settings
        self.partitions: list[PartitionLog] = []

    @property
    def is_internal(self) -> bool:
        return self.name in INTERNAL_TOPICS

    def add_partitions(self, count: int) -> None:
        """Have `count` partitions in all, of which the new ones are empty."""
        while len(self.partitions) < count:
            self.partitions.append(PartitionLog())


class Topics:
    """All topics, by name and by id, in the order in which they were created."""

    def __init__(self) -> None:
        self._by_name: dict[str, Topic] = {}
        self._by_id: dict[bytes, Topic] = {}
        self._collisions: dict[str, dict[str, None]] = {}

    def __iter__(self) -> Iterator[Topic]:
        return iter(list(self._by_name.values()))

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def find(self, name: str) -> Topic | None:
        return self._by_name.get(name)

    def find_id(self, topic_id: bytes) -> Topic | None:
        return self._by_id.get(topic_id)

    def partition(self, name: str, index: int) -> PartitionLog:
        """Return a log. Raises Refused with UNKNOWN_TOPIC_OR_PARTITION."""
        topic = self._by_name.get(name)
        if topic is None or not 0 <= index < len(topic.partitions):
            raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return topic.partitions[index]

    def colliding_with(self, name: str) -> str | None:
        """Return the topic whose name differs from this one by "." and "_" alone."""
        for found in self._collisions.get(collision_key(name), ()):
            if found != name:
                return found
        return None

    def add(self, topic: Topic) -> None:
        self._by_name[topic.name] = topic
        self._by_id[topic.id] = topic
        self._collisions.setdefault(collision_key(topic.name), {})[topic.name] = None

    def remove(self, topic: Topic) -> None:
        """Forget a topic, and tell who waits for its partitions."""
        del self._by_name[topic.name], self._by_id[topic.id]
        del self._collisions[collision_key(topic.name)][topic.name]
        for log in topic.partitions:
            log.deleted = True
            log.tell_watchers()
