"""One Kafka node: what the APIs work on. A cluster of one, leader of everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from reference_impl.clock import Clock
from reference_impl.kafka.core.appending import AppendResult, append_produced
from reference_impl.kafka.core.configs import TopicSettings, topic_settings
from reference_impl.kafka.core.log import StoredBatch
from reference_impl.kafka.core.store import MemoryStore
from reference_impl.kafka.core.topics import Topic, Topics, check_name
from reference_impl.kafka.core.transaction import ProducerIdentity, TopicPartition
from reference_impl.kafka.core.transactions import Transactions
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.record.batches import Batch, read_header
from reference_impl.kafka.record.records import ABORT, COMMIT, build_end_marker
from reference_impl.kafka.versions import KafkaDialect
from reference_impl.timers import Timers

NODE_ID = 1
LEADER_EPOCH = 0
COORDINATOR_EPOCH = 0
"""Leader epoch of the partitions of __transaction_state."""


class Node(NamedTuple):
    """The broker as clients are told to reach it."""

    id: int
    host: str
    port: int


class KafkaBroker:
    """Topics, groups and transactions of one node.

    `new_id` returns 16 random octets, which name the cluster, topics and members.
    """

    def __init__(
        self,
        dialect: KafkaDialect,
        clock: Clock,
        new_id: Callable[[], bytes],
        on_timer: Callable[[], None],
        *,
        auto_create_topics: bool = True,
        default_partitions: int = 1,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self.dialect = dialect
        self.clock = clock
        self.new_id = new_id
        self.timers = Timers(clock, on_timer)
        self.store = MemoryStore()
        self.node = Node(NODE_ID, "127.0.0.1", 0)
        """Set by the server once it listens."""
        self.cluster_id = new_id()
        self.auto_create_topics = auto_create_topics
        self.default_partitions = default_partitions
        self.users = users
        """Passwords by name where clients must log in (SASL PLAIN); None lets everybody in."""
        self.topic_settings = topic_settings(dialect)
        self.topics = Topics()
        self.transactions = Transactions(
            clock,
            self.timers,
            self.write_marker,
            self.store,
            level=dialect.transaction_version,
            keeps_start_time=dialect.keeps_transaction_start,
        )

    # -- topics -----------------------------------------------------------------------------

    def check_new_topic(self, name: str) -> None:
        """Raise Refused unless a topic of this name can be created."""
        check_name(name)
        if name in self.topics:
            raise Refused(ErrorCode.TOPIC_ALREADY_EXISTS, f"Topic '{name}' already exists.")
        other = self.topics.colliding_with(name)
        if other is not None:
            raise Refused(
                ErrorCode.INVALID_TOPIC_EXCEPTION,
                f"Topic '{name}' collides with existing topic: {other}",
            )

    def create_topic(
        self, name: str, partitions: int, given: Mapping[str, str] | None = None
    ) -> Topic:
        """Create a topic. Raises Refused, with nothing changed."""
        self.check_new_topic(name)
        topic = Topic(name, self.new_id(), TopicSettings(self.topic_settings, given or {}))
        topic.add_partitions(partitions)
        self.topics.add(topic)
        self.store.topic_created(topic)
        return topic

    def delete_topic(self, topic: Topic) -> None:
        """Delete a topic and everything in it."""
        self.topics.remove(topic)
        self.store.topic_deleted(topic)

    # -- records ----------------------------------------------------------------------------

    def append(
        self, topic: Topic, partition: int, batch: Batch, *, from_zero: bool = False
    ) -> AppendResult:
        """Append what a client produced. Raises Refused, with nothing changed.

        With `from_zero` a producer that the log does not know begins with sequence number 0.
        """
        log = topic.partitions[partition]
        now_ms = self.clock.now_ms()
        result = append_produced(log, topic.settings, batch, now_ms, from_zero=from_zero)
        if result.batch is not None:
            self.store.appended(topic, partition, result.batch)
            log.tell_watchers()
        return result

    def check_writes(
        self,
        transactional_id: str,
        producer: ProducerIdentity,
        partitions: list[TopicPartition],
        *,
        adds: bool,
        aborts: bool,
    ) -> dict[TopicPartition, Refused]:
        """Return why a producer may not write to some partitions; see Transactions.check_writes.

        The coordinator is not asked again about those where its transaction is open.
        """
        unsure = [
            partition
            for partition in partitions
            if not self.topics.partition(*partition).has_transaction_of(*producer)
        ]
        if not unsure:
            return {}
        return self.transactions.check_writes(
            transactional_id, producer, unsure, adds=adds, aborts=aborts
        )

    def write_marker(
        self, partition: TopicPartition, producer: ProducerIdentity, commit: bool
    ) -> None:
        """End a producer's transaction in one partition, if that still exists.

        A log that has seen a newer epoch of this producer takes no marker: nothing of the
        transaction can be in it.
        """
        topic = self.topics.find(partition.topic)
        if topic is None or partition.partition >= len(topic.partitions):
            return
        log = topic.partitions[partition.partition]
        if log.producer(producer.producer_id).epoch > producer.epoch:
            return
        octets = build_end_marker(
            COMMIT if commit else ABORT,
            offset=log.end_offset,
            timestamp=self.clock.now_ms(),
            producer_id=producer.producer_id,
            producer_epoch=producer.epoch,
            coordinator_epoch=COORDINATOR_EPOCH,
            leader_epoch=log.leader_epoch,
        )
        batch = StoredBatch(read_header(octets), octets)
        log.append_marker(batch, commit=commit, coordinator_epoch=COORDINATOR_EPOCH)
        self.store.appended(topic, partition.partition, batch)
        log.tell_watchers()
