"""What compaction leaves of a log: the last record of each key.

A tombstone, a record without value, stays for delete.retention.ms after it was first compacted.
Until then its batch carries the time at which it may go (KIP-534). So does a marker of a
transaction of which nothing is left. Offsets and the order of what stays do not change.

Source: LogCleanerManager.cleanableOffsets, Cleaner.cleanSegments, shouldRetainRecord,
CleanedTransactionMetadata; MemoryRecords.filterTo.
"""

from __future__ import annotations

from typing import NamedTuple

from reference_impl.kafka.core.appending import records_of
from reference_impl.kafka.core.configs import TopicSettings
from reference_impl.kafka.core.log import PartitionLog, StoredBatch
from reference_impl.kafka.core.producers import NO_PRODUCER_ID
from reference_impl.kafka.core.segments import segments_of
from reference_impl.kafka.record.batches import Batch, read_header
from reference_impl.kafka.record.records import Record, keep_records


class Range(NamedTuple):
    """What of a log could be compacted: offsets [first, end), of which [dirty, end) never were."""

    dirty: int
    end: int
    clean_octets: int
    dirty_octets: int
    is_overdue: bool

    @property
    def dirty_ratio(self) -> float:
        total = self.clean_octets + self.dirty_octets
        return self.dirty_octets / total if total else 0.0


def compactable(log: PartitionLog, settings: TopicSettings, now_ms: int) -> Range:
    """Return what could be compacted now.

    The active segment cannot, nor what an open transaction might still change, nor segments with a
    record younger than min.compaction.lag.ms, and nothing after those.
    """
    dirty = max(log.start_offset, log.compacted_to)
    end = dirty
    clean_octets = dirty_octets = 0
    oldest: int | None = None
    youngest_ms = now_ms - settings.number("min.compaction.lag.ms")
    for segment in segments_of(log, settings)[:-1]:
        if segment.end_offset > log.stable_offset:
            break
        if settings.number("min.compaction.lag.ms") and segment.max_timestamp > youngest_ms:
            break
        if segment.end_offset <= dirty:
            clean_octets += segment.size
            continue
        end = segment.end_offset
        dirty_octets += segment.size
        if oldest is None:
            oldest = segment.batches[0].header.max_timestamp
    longest = settings.number("max.compaction.lag.ms")
    is_overdue = oldest is not None and now_ms - oldest > longest
    return Range(dirty, end, clean_octets, dirty_octets, is_overdue)


def is_due(found: Range, settings: TopicSettings) -> bool:
    """Whether so much is dirty that it is worth it."""
    if not found.dirty_octets:
        return False
    return found.is_overdue or found.dirty_ratio > settings.fraction("min.cleanable.dirty.ratio")


def compact(
    log: PartitionLog, found: Range, settings: TopicSettings, now_ms: int
) -> list[StoredBatch]:
    """Return all batches that the log has after compaction; it is not changed."""
    latest = _latest_offsets(log, found)
    retention_ms = settings.number("delete.retention.ms")
    kept: list[StoredBatch] = []
    last_of_producer = {
        producer_id: state.batches[-1].last_offset
        for producer_id, state in log.producers.items()
        if state.batches
    }
    with_data: set[int] = set()
    """Producers of which a batch of the transaction that is passed now was still there."""
    for batch in log:
        header = batch.header
        if header.base_offset >= found.end:
            kept.append(batch)
            continue
        if header.is_control:
            marker = _kept_marker(batch, header.producer_id in with_data, now_ms, retention_ms)
            with_data.discard(header.producer_id)
            if marker is not None:
                kept.append(marker)
            continue
        if header.is_transactional:
            with_data.add(header.producer_id)
        records = list(records_of(batch))
        staying = [
            record
            for record in records
            if not _is_aborted(log, batch) and _stays(record, batch, latest, now_ms)
        ]
        if not staying and last_of_producer.get(header.producer_id) != header.last_offset:
            continue
        tombstones = any(record.value is None for record in staying)
        horizon_ms = now_ms + retention_ms if tombstones else None
        if header.has_delete_horizon and tombstones:
            horizon_ms = header.base_timestamp
        if len(staying) == len(records) and (header.has_delete_horizon or not tombstones):
            kept.append(batch)
        else:
            kept.append(_rewritten(batch, staying, horizon_ms))
    return kept


def _rewritten(batch: StoredBatch, records: list[Record], horizon_ms: int | None) -> StoredBatch:
    octets = keep_records(Batch(batch.header, memoryview(batch.octets)), records, horizon_ms)
    return StoredBatch(read_header(octets), octets)


def _latest_offsets(log: PartitionLog, found: Range) -> dict[bytes, int]:
    """The last offset of each key that is dirty; clean records of other keys are the last ones."""
    latest: dict[bytes, int] = {}
    for batch in log.batches_from(found.dirty):
        if batch.header.base_offset >= found.end:
            break
        if batch.header.is_control or _is_aborted(log, batch):
            continue
        for record in records_of(batch):
            if record.key is not None:
                latest[record.key] = record.offset
    return latest


def _is_aborted(log: PartitionLog, batch: StoredBatch) -> bool:
    header = batch.header
    return header.is_transactional and any(
        one.producer_id == header.producer_id
        and one.first_offset <= header.base_offset <= one.last_offset
        for one in log.aborted
    )


def _stays(record: Record, batch: StoredBatch, latest: dict[bytes, int], now_ms: int) -> bool:
    if record.key is None or record.offset < latest.get(record.key, -1):
        return False
    header = batch.header
    gone = header.has_delete_horizon and header.base_timestamp <= now_ms
    return record.value is not None or not gone


def _kept_marker(
    batch: StoredBatch, has_data: bool, now_ms: int, retention_ms: int
) -> StoredBatch | None:
    """The marker as it stays; None when it goes."""
    header = batch.header
    if has_data or header.producer_id == NO_PRODUCER_ID:
        return batch
    if not header.has_delete_horizon:
        return _rewritten(batch, list(records_of(batch)), now_ms + retention_ms)
    return None if header.base_timestamp <= now_ms else batch
