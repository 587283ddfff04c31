"""Logs written and read record by record."""

from __future__ import annotations

from reference_impl.clock import ManualClock
from reference_impl.kafka.core.appending import records_of, single_batch
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.log import PartitionLog
from reference_impl.kafka.core.topics import Topic
from reference_impl.kafka.record.records import Record, build_batch
from tests.reference_impl.kafka.client import new_broker

HOUR_MS = 3_600_000

Pair = tuple[bytes | None, bytes | None]


class World:
    """A broker with one topic of one partition, whose clock is moved by hand."""

    def __init__(self, **settings: str) -> None:
        self.clock = ManualClock()
        self.broker: KafkaBroker = new_broker("3.9", clock=self.clock)
        given = {name.replace("_", "."): text for name, text in settings.items()}
        self.topic: Topic = self.broker.create_topic("t", 1, given)
        self.log: PartitionLog = self.topic.partitions[0]

    def write(self, *pairs: Pair, age_ms: int = 0, **batch: int) -> int:
        """Append one batch; return its base offset."""
        timestamp = self.clock.now_ms() - age_ms
        records = [Record(i, timestamp, key, value) for i, (key, value) in enumerate(pairs)]
        octets = build_batch(records, **batch)
        return self.broker.append(self.topic, 0, single_batch(octets)).base_offset

    def advance(self, ms: int) -> None:
        """Let time pass and everything happen that is due."""
        self.clock.advance(ms)
        self.broker.timers.run_due()

    def read(self) -> list[tuple[int, bytes | None, bytes | None]]:
        """Offset, key and value of every record that can be read."""
        return [
            (record.offset, record.key, record.value)
            for batch in self.log
            if not batch.header.is_control
            for record in records_of(batch)
            if record.offset >= self.log.start_offset
        ]

    def offsets(self) -> list[int]:
        return [offset for offset, _, _ in self.read()]
