"""What the broker checks of a produced batch, and what it changes, before the log takes it.

Source: UnifiedLog.append and analyzeAndValidateRecords, LogValidator;
ProduceRequest.validateRecords.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from reference_impl.kafka.core.configs import TopicSettings
from reference_impl.kafka.core.log import PartitionLog, StoredBatch
from reference_impl.kafka.core.producers import (
    NO_PRODUCER_ID,
    following,
)
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.record.batches import (
    LOG_APPEND_TIME,
    Batch,
    CorruptBatch,
    OldFormat,
    check_batch,
    place,
    read_header,
    split_batches,
    stamp,
)
from reference_impl.kafka.record.compression import Undecodable, decompress
from reference_impl.kafka.record.records import InvalidRecord, Record, read_payload, recompress

NO_TIMESTAMP = -1


class InvalidRecords(Refused):
    """Records of a batch break a rule: (index in the batch, why) of each."""

    def __init__(self, code: ErrorCode, text: str, records: list[tuple[int, str]]) -> None:
        super().__init__(code, text)
        self.records = records


class AppendResult(NamedTuple):
    """What a producer is told. `batch` is None when the batch was there already."""

    base_offset: int
    log_append_time_ms: int
    batch: StoredBatch | None


def single_batch(octets: memoryview | bytes | None) -> Batch:
    """Return the one batch that a producer may send for a partition. Raises Refused."""
    if octets is None or not len(octets):
        raise Refused(
            ErrorCode.INVALID_RECORD, "Produce requests must have at least one record batch"
        )
    try:
        batches, _ = split_batches(octets)
    except OldFormat as error:
        raise Refused(ErrorCode.INVALID_RECORD, f"record batches of magic {error.magic}") from None
    except CorruptBatch as error:
        raise Refused(ErrorCode.CORRUPT_MESSAGE, str(error)) from None
    if len(batches) != 1:
        raise Refused(
            ErrorCode.INVALID_RECORD, "Produce requests must contain exactly one record batch"
        )
    return batches[0]


def records_of(batch: Batch | StoredBatch) -> Iterator[Record]:
    """Yield the records of a batch, decompressed. Raises Refused with CORRUPT_MESSAGE or
    INVALID_RECORD."""
    try:
        yield from read_payload(batch.header, decompress(batch.header, batch.octets))
    except Undecodable as error:
        raise Refused(ErrorCode.CORRUPT_MESSAGE, str(error)) from None
    except InvalidRecord as error:
        raise Refused(ErrorCode.INVALID_RECORD, str(error)) from None


def append_produced(
    log: PartitionLog, settings: TopicSettings, batch: Batch, now_ms: int
) -> AppendResult:
    """Check a client's batch and append it. Raises Refused, with nothing changed."""
    header = batch.header
    _check_batch(batch, settings)
    if header.producer_id != NO_PRODUCER_ID:
        state = log.producer(header.producer_id)
        last_sequence = following(header.base_sequence, header.last_offset_delta)
        duplicate = state.duplicate_of(header.producer_epoch, header.base_sequence, last_sequence)
        if duplicate is not None:
            return AppendResult(duplicate.first_offset, NO_TIMESTAMP, None)
        state.check_data(
            header.producer_epoch,
            header.base_sequence,
            header.is_transactional,
            log.attempts.get(header.producer_id),
        )
    log_append_time_ms = NO_TIMESTAMP
    octets = place(_compressed(batch, settings), log.end_offset, log.leader_epoch)
    if settings.timestamp_type == LOG_APPEND_TIME:
        log_append_time_ms = now_ms
        octets = stamp(octets, LOG_APPEND_TIME, now_ms)
    else:
        _check_timestamps(batch, settings, now_ms)
    stored = StoredBatch(read_header(octets), octets)
    log.append(stored)
    return AppendResult(stored.header.base_offset, log_append_time_ms, stored)


def _compressed(batch: Batch, settings: TopicSettings) -> bytes | memoryview:
    """The octets of a batch, compressed as the topic wants it. What that makes too large is refused
    (UnifiedLog.append checks the size again)."""
    if settings.compression is None or settings.compression == batch.header.compression:
        return batch.octets
    octets = recompress(batch, list(records_of(batch)), settings.compression)
    if len(octets) > settings.max_message_octets:
        raise Refused(
            ErrorCode.MESSAGE_TOO_LARGE,
            f"The record batch size is {len(octets)} bytes which exceeds the maximum configured "
            f"value of {settings.max_message_octets}",
        )
    return octets


def _check_batch(batch: Batch, settings: TopicSettings) -> None:
    header = batch.header
    if header.base_offset != 0:
        raise Refused(ErrorCode.INVALID_RECORD, f"The baseOffset is {header.base_offset}, not 0")
    if header.size > settings.max_message_octets:
        raise Refused(
            ErrorCode.MESSAGE_TOO_LARGE,
            f"The record batch size is {header.size} bytes which exceeds the maximum configured "
            f"value of {settings.max_message_octets}",
        )
    try:
        check_batch(batch)
    except CorruptBatch as error:
        raise Refused(ErrorCode.CORRUPT_MESSAGE, str(error)) from None
    if header.record_count <= 0 or header.record_count != header.last_offset_delta + 1:
        raise Refused(
            ErrorCode.INVALID_RECORD,
            f"{header.record_count} records with a last offset delta of {header.last_offset_delta}",
        )
    if header.is_control:
        raise Refused(ErrorCode.INVALID_RECORD, "Clients are not allowed to write control records")
    if header.producer_id != NO_PRODUCER_ID and header.base_sequence < 0:
        raise Refused(ErrorCode.INVALID_RECORD, f"Invalid sequence number {header.base_sequence}")


def _check_timestamps(batch: Batch, settings: TopicSettings, now_ms: int) -> None:
    """Check every record's timestamp, and keys where the topic is compacted."""
    wrong: list[tuple[int, str]] = []
    keyless: list[tuple[int, str]] = []
    header = batch.header
    earliest, latest = now_ms - settings.before_max_ms, now_ms + settings.after_max_ms
    unsure = header.base_timestamp < earliest or header.max_timestamp > latest or header.compression
    if header.timestamp_type == LOG_APPEND_TIME:
        raise Refused(ErrorCode.INVALID_TIMESTAMP, "the batch claims to have log append time")
    if not unsure and not settings.compacted:
        return
    for index, record in enumerate(records_of(batch)):
        if record.timestamp != NO_TIMESTAMP and not earliest <= record.timestamp <= latest:
            wrong.append((index, f"Timestamp {record.timestamp} of message is out of range"))
        if settings.compacted and record.key is None:
            keyless.append((index, "Compacted topic cannot accept message without key"))
    if keyless:
        raise InvalidRecords(
            ErrorCode.INVALID_RECORD, "One or more records have been rejected", keyless
        )
    if wrong:
        raise InvalidRecords(
            ErrorCode.INVALID_TIMESTAMP,
            "One or more records have been rejected due to invalid timestamp",
            wrong,
        )
