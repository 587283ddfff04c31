"""One Kafka node: what the APIs work on. A cluster of one, leader of everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from reference_impl.clock import Clock
from reference_impl.kafka.core.appending import AppendResult, append_produced
from reference_impl.kafka.core.broker_settings import BrokerSettings
from reference_impl.kafka.core.configs import TopicSettings, topic_settings
from reference_impl.kafka.core.coordinator import GroupCoordinator
from reference_impl.kafka.core.fetch_sessions import FetchSessions
from reference_impl.kafka.core.log import StoredBatch
from reference_impl.kafka.core.members import GroupSettings
from reference_impl.kafka.core.store import MemoryStore
from reference_impl.kafka.core.topics import Topic, Topics, check_name
from reference_impl.kafka.core.transaction import ProducerIdentity, TopicPartition
from reference_impl.kafka.core.transactions import Transactions
from reference_impl.kafka.core.upkeep import Upkeep
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.record.batches import Batch, read_header
from reference_impl.kafka.record.records import ABORT, COMMIT, build_end_marker
from reference_impl.kafka.versions import KafkaDialect
from reference_impl.timers import Timers

NODE_ID = 1
LEADER_EPOCH = 0
COORDINATOR_EPOCH = 0
"""Leader epoch of the partitions of __transaction_state."""


OWN_SETTINGS = {"group.initial.rebalance.delay.ms": "0"}
"""Where the reference does not have Kafka's defaults: a group starts at once."""


class Node(NamedTuple):
    """The broker as clients are told to reach it."""

    id: int
    host: str
    port: int


class KafkaBroker:
    """Topics, groups and transactions of one node.

    `new_id` returns 16 random octets, which name the cluster, topics and members. `settings` are
    the broker's by Kafka's names. Raises ConfigurationError.
    """

    def __init__(
        self,
        dialect: KafkaDialect,
        clock: Clock,
        new_id: Callable[[], bytes],
        on_timer: Callable[[], None],
        *,
        settings: Mapping[str, str] | None = None,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self.dialect = dialect
        self.clock = clock
        self.new_id = new_id
        self.timers = Timers(clock, on_timer)
        self.store = MemoryStore()
        self.settings = BrokerSettings(dialect, {**OWN_SETTINGS, **(settings or {})})
        self.topic_settings = topic_settings(dialect)
        self.node = Node(NODE_ID, "127.0.0.1", 0)
        self.cluster_id = new_id()
        self.users = users
        """Passwords by name where clients must log in (SASL PLAIN); None lets everybody in."""
        self.topics = Topics()
        self.groups = GroupCoordinator(
            dialect,
            GroupSettings.of(self.settings),
            self.timers,
            self.topics,
            lambda: self.store,
            new_id,
        )
        self.transactions = Transactions(
            clock,
            self.timers,
            self.write_marker,
            lambda: self.store,
            level=dialect.transaction_version,
            keeps_start_time=dialect.keeps_transaction_start,
            max_timeout_ms=self.settings.number("transaction.max.timeout.ms"),
            id_expiration_ms=self.settings.number("transactional.id.expiration.ms"),
        )
        self.transactions.staged_offsets = self.groups
        self.upkeep = Upkeep(self)
        most = self.settings.number("max.incremental.fetch.session.cache.slots")
        self.fetch_sessions = FetchSessions(new_id, most)

    def listens_at(self, host: str, port: int) -> None:
        """The server says where clients reach this node."""
        self.node = Node(NODE_ID, host, port)
        self.settings.listens_at(f"PLAINTEXT://{host}:{port}")

    # -- topics -----------------------------------------------------------------------------

    def settings_for(self, given: Mapping[str, str]) -> TopicSettings:
        """Return the settings of a topic that was given these. Raises Refused, INVALID_CONFIG."""
        return TopicSettings(self.topic_settings, given, self.settings.topic_defaults())

    def check_new_topic(self, name: str) -> None:
        """Raise Refused unless a topic of this name can be created."""
        if name in self.topics:
            raise Refused(ErrorCode.TOPIC_ALREADY_EXISTS, f"Topic '{name}' already exists.")
        other = self.topics.colliding_with(name)
        if other is not None:
            raise Refused(
                ErrorCode.INVALID_TOPIC_EXCEPTION,
                f"Topic '{name}' collides with existing topic: {other}",
            )
        check_name(name)

    def create_topic(
        self, name: str, partitions: int | None = None, given: Mapping[str, str] | None = None
    ) -> Topic:
        """Create a topic, by default with num.partitions. Raises Refused, with nothing changed."""
        self.check_new_topic(name)
        if partitions is None:
            partitions = self.settings.number("num.partitions")
        return self.add_topic(name, partitions, self.settings_for(given or {}))

    def add_topic(self, name: str, partitions: int, settings: TopicSettings) -> Topic:
        """Create a topic of which everything has been checked."""
        topic = Topic(name, self.new_id(), settings)
        topic.add_partitions(partitions)
        self.topics.add(topic)
        self.store.topic_created(topic)
        return topic

    def restore_topic(self, name: str, topic_id: bytes, settings: TopicSettings) -> Topic:
        """Have a topic again, without partitions so far. For a store."""
        topic = Topic(name, topic_id, settings)
        self.topics.add(topic)
        return topic

    def recovered(self, store: MemoryStore) -> None:
        """Everything is restored; from now on `store` is told."""
        self.store = store
        for topic in self.topics:
            topic.settings = self.settings_for(topic.settings.given)
        self.transactions.recovered()
        if any(len(log) for topic in self.topics for log in topic.partitions):
            self.upkeep.start()

    def delete_topic(self, topic: Topic) -> None:
        """Delete a topic and everything in it."""
        self.topics.remove(topic)
        self.groups.topic_deleted(topic)
        self.store.topic_deleted(topic)

    def add_partitions(self, topic: Topic, count: int) -> None:
        """Give a topic `count` partitions in all."""
        topic.add_partitions(count)
        self.store.partitions_added(topic)

    def delete_records(self, topic: Topic, partition: int, offset: int) -> int:
        """Delete the records before `offset`, -1 for all that can be read; return the new start.

        Raises Refused, with nothing changed.
        """
        log = topic.partitions[partition]
        if topic.is_internal:
            raise Refused(ErrorCode.INVALID_TOPIC_EXCEPTION)
        if topic.settings.compacted and not topic.settings.deleted:
            raise Refused(ErrorCode.POLICY_VIOLATION)
        if offset == -1:
            offset = log.high_watermark
        if not 0 <= offset <= log.high_watermark:
            raise Refused(ErrorCode.OFFSET_OUT_OF_RANGE)
        self.advance_start(topic, partition, offset)
        return log.start_offset

    def advance_start(self, topic: Topic, partition: int, offset: int) -> None:
        """Let a log begin at `offset`, unless it begins later already."""
        log = topic.partitions[partition]
        if offset > log.start_offset:
            log.advance_start(offset)
            self.store.start_advanced(topic, partition, offset)

    # -- settings ---------------------------------------------------------------------------

    def configure_topic(self, topic: Topic, settings: TopicSettings) -> None:
        """Give a topic other settings."""
        topic.settings = settings
        self.store.topic_configured(topic)

    def configure(self, changed: Mapping[str, str], *, per_broker: bool) -> None:
        """Give the broker, or all brokers, other settings, as far as they can be changed while it
        runs; topics inherit them. Raises Refused, with nothing changed."""
        self.settings.check(changed, per_broker=per_broker)
        self.settings.change(changed, per_broker=per_broker)
        for topic in self.topics:
            topic.settings = self.settings_for(topic.settings.given)
        self.store.broker_configured(self.settings)

    # -- records ----------------------------------------------------------------------------

    def append(self, topic: Topic, partition: int, batch: Batch) -> AppendResult:
        """Append what a client produced. Raises Refused, with nothing changed."""
        log = topic.partitions[partition]
        name = f"{topic.name}-{partition}"
        result = append_produced(log, topic.settings, batch, self.clock.now_ms(), name)
        if result.batch is not None:
            self.upkeep.start()
            self.store.appended(topic, partition, result.batch)
            log.tell_watchers()
        return result

    def check_writes(
        self,
        transactional_id: str,
        producer: ProducerIdentity,
        sequences: Mapping[TopicPartition, int],
        *,
        adds: bool,
        aborts: bool,
    ) -> dict[TopicPartition, Refused]:
        """Return why a producer may not write to some partitions; see Transactions.check_writes.

        `sequences` are the first ones that it wants to write.
        """
        refusals: dict[TopicPartition, Refused] = {}
        asked = []
        epoch_first = self.dialect.epoch_before_coordinator
        for partition, sequence in sequences.items():
            log = self.topics.partition(*partition)
            try:
                if log.attempt(*producer, sequence, from_zero=adds, epoch_first=epoch_first):
                    asked.append(partition)
            except Refused as refused:
                refusals[partition] = Refused(refused.code)
        if not asked:
            return refusals
        return refusals | self.transactions.check_writes(
            transactional_id, producer, asked, adds=adds, aborts=aborts
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
