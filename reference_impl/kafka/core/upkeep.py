"""What the broker does by itself, as time goes by: deleting what is too old, compacting.

Source: LogManager.startup (log.retention.check.interval.ms), LogCleaner (log.cleaner.backoff.ms).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reference_impl.kafka.core.compaction import compact, compactable, is_due
from reference_impl.kafka.core.retention import retained_from

if TYPE_CHECKING:
    from reference_impl.kafka.core.broker import KafkaBroker


class Upkeep:
    """Looks after every log of a broker, again and again.

    There are timers from the first record on: a broker that has never had one sleeps.
    """

    def __init__(self, broker: KafkaBroker) -> None:
        self._broker = broker
        self._running = False

    def start(self) -> None:
        """There is something to look after."""
        if self._running:
            return
        self._running = True
        settings = self._broker.settings
        delay_ms = settings.number("log.initial.task.delay.ms")
        self._after(delay_ms, self._retain_and_go_on)
        if settings.is_on("log.cleaner.enable"):
            self._after(settings.number("log.cleaner.backoff.ms"), self._compact_and_go_on)

    def _after(self, delay_ms: int, callback: Callable[[], None]) -> None:
        self._broker.timers.at(self._broker.clock.now_ms() + delay_ms, callback)

    def _retain_and_go_on(self) -> None:
        self.retain()
        interval_ms = self._broker.settings.number("log.retention.check.interval.ms")
        self._after(interval_ms, self._retain_and_go_on)

    def _compact_and_go_on(self) -> None:
        self.compact()
        # A pause of nothing would keep run_due from ever ending.
        backoff_ms = max(1, self._broker.settings.number("log.cleaner.backoff.ms"))
        self._after(backoff_ms, self._compact_and_go_on)

    def retain(self) -> None:
        """Delete what is too old or too much."""
        now_ms = self._broker.clock.now_ms()
        for topic in self._broker.topics:
            for index, log in enumerate(topic.partitions):
                if len(log):
                    start = retained_from(log, topic.settings, now_ms)
                    self._broker.advance_start(topic, index, start)

    def compact(self) -> None:
        """Compact what is dirty enough."""
        now_ms = self._broker.clock.now_ms()
        for topic in self._broker.topics:
            if not topic.settings.compacted:
                continue
            for index, log in enumerate(topic.partitions):
                found = compactable(log, topic.settings, now_ms)
                if is_due(found, topic.settings):
                    batches = compact(log, found, topic.settings, now_ms)
                    log.compacted(batches, found.end)
                    self._broker.store.compacted(topic, index)
