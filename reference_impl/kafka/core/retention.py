"""Which records are deleted for their age or for the size of the log.

Source: UnifiedLog.deleteOldSegments, deleteRetentionMsBreachedSegments,
deleteRetentionSizeBreachedSegments.
"""

from __future__ import annotations

from reference_impl.kafka.core.configs import TopicSettings
from reference_impl.kafka.core.log import PartitionLog
from reference_impl.kafka.core.segments import Segment, segments_of


def retained_from(log: PartitionLog, settings: TopicSettings, now_ms: int) -> int:
    """Return the offset at which a log should begin now; its present start if nothing is to go.

    Whole segments go, oldest first, the active one too when it is too old. A segment without any
    timestamp stays: Kafka takes the age of its file.
    """
    start = log.start_offset
    if not settings.deleted:
        return start
    segments = segments_of(log, settings)
    for segment in segments[: _too_large(segments, settings)]:
        start = max(start, segment.end_offset)
    retention_ms = settings.number("retention.ms")
    if retention_ms >= 0:
        for segment in segments:
            if segment.max_timestamp < 0 or now_ms - segment.max_timestamp <= retention_ms:
                break
            start = max(start, segment.end_offset)
    return start


def _too_large(segments: list[Segment], settings: TopicSettings) -> int:
    """How many segments can go with the rest still as large as retention.bytes says."""
    limit = settings.number("retention.bytes")
    if limit < 0:
        return 0
    excess = sum(segment.size for segment in segments) - limit
    count = 0
    for segment in segments:
        if excess < segment.size:
            break
        excess -= segment.size
        count += 1
    return count
