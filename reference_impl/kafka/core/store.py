"""What the core tells a durable store; the default store keeps nothing.

Calls come in the order of their effects. What was told before an answer is handed out must be
durable before that answer leaves the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.kafka.core.broker_settings import BrokerSettings
    from reference_impl.kafka.core.log import StoredBatch
    from reference_impl.kafka.core.topics import Topic


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
