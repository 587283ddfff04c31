"""What the core tells a durable store; the default store keeps nothing.

Calls come in the order of their effects. What was told before an answer is handed out must be
durable before that answer leaves the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.kafka.core.broker_settings import BrokerSettings
    from reference_impl.kafka.core.groups import Group
    from reference_impl.kafka.core.log import StoredBatch
    from reference_impl.kafka.core.offsets import Offset, Partition
    from reference_impl.kafka.core.topics import Topic
    from reference_impl.kafka.core.transaction import Transaction


class MemoryStore:
    """Forgets everything: a broker on it starts empty."""

    def topic_created(self, topic: Topic) -> None:
        """A topic exists from now on, with its partitions and settings."""

    def topic_deleted(self, topic: Topic) -> None:
        """A topic is gone, with everything in it."""

    def partitions_added(self, topic: Topic) -> None:
        """A topic has more partitions from now on."""

    def topic_configured(self, topic: Topic) -> None:
        """The settings of a topic changed."""

    def broker_configured(self, settings: BrokerSettings) -> None:
        """Settings of the broker changed while it runs."""

    def appended(self, topic: Topic, partition: int, batch: StoredBatch) -> None:
        """A batch, or a marker, was appended to a log."""

    def start_advanced(self, topic: Topic, partition: int, offset: int) -> None:
        """Records before `offset` are gone."""

    def producer_id_assigned(self, producer_id: int) -> None:
        """A producer id is taken, and all below it."""

    def transaction_changed(self, transaction: Transaction) -> None:
        """What is known of a transactional id changed. In a Prepare state its outcome is decided,
        and the markers that are missing have to be written after a restart."""

    def transaction_forgotten(self, transaction: Transaction) -> None:
        """A transactional id was not used for too long."""

    def group_saved(self, group: Group) -> None:
        """A generation of a group is complete: its members and assignments, or none."""

    def group_deleted(self, group_id: str) -> None:
        """A group is gone; its offsets went before."""

    def offset_committed(self, group_id: str, partition: Partition, offset: Offset) -> None:
        """A group has this offset from now on."""

    def offset_deleted(self, group_id: str, partition: Partition) -> None:
        """An offset is gone, committed and pending."""

    def offset_staged(
        self, producer_id: int, group_id: str, partition: Partition, offset: Offset
    ) -> None:
        """An offset waits for the end of a producer's transaction."""

    def staged_offsets_ended(self, producer_id: int) -> None:
        """A transaction is over; those of its offsets that count were told as committed."""

    def compacted(self, topic: Topic, partition: int) -> None:
        """The batches of a log were replaced by fewer and smaller ones."""
