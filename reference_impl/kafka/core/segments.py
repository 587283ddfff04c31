"""Where a log would be cut into segments: retention and compaction look at whole ones.

Batches are not kept in segments here. What a segment is follows from the batches that are there and
from the present settings: a new one begins with a batch that would make the last one too large, or
whose timestamp is too far from the one that the last one began with. So a setting that is changed
counts for old batches too, where Kafka cuts nothing that is written already.

Source: LogSegment.shouldRoll; LogConfig (segment.bytes, segment.ms).
"""

from __future__ import annotations

from typing import NamedTuple

from reference_impl.kafka.core.configs import TopicSettings
from reference_impl.kafka.core.log import PartitionLog, StoredBatch


class Segment(NamedTuple):
    """Batches that belong together, at least one."""

    batches: list[StoredBatch]
    size: int

    @property
    def base_offset(self) -> int:
        return self.batches[0].header.base_offset

    @property
    def end_offset(self) -> int:
        """The offset after the last one."""
        return self.batches[-1].header.last_offset + 1

    @property
    def max_timestamp(self) -> int:
        return max(batch.header.max_timestamp for batch in self.batches)


def segments_of(log: PartitionLog, settings: TopicSettings) -> list[Segment]:
    """Cut a log; the last segment is the active one."""
    most_octets, most_ms = settings.number("segment.bytes"), settings.number("segment.ms")
    segments: list[Segment] = []
    batches: list[StoredBatch] = []
    size = 0
    for batch in log:
        octets = len(batch.octets)
        if batches and (
            size > most_octets - octets
            or batch.header.max_timestamp - batches[0].header.max_timestamp > most_ms
        ):
            segments.append(Segment(batches, size))
            batches, size = [], 0
        batches.append(batch)
        size += octets
    if batches:
        segments.append(Segment(batches, size))
    return segments
