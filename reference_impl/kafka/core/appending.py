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
    NO_PRODUCER_EPOCH,
    NO_PRODUCER_ID,
    following,
)
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.record.batches import (
    CREATE_TIME,
    LOG_APPEND_TIME,
    TIMESTAMP_TYPE,
    TRANSACTIONAL,
    Batch,
    BatchHeader,
    CorruptBatch,
    OldFormat,
    assemble,
    check_batch,
    place,
    read_header,
    split_batches,
    stamp,
)
from reference_impl.kafka.record.compression import Undecodable, compress, decompress
from reference_impl.kafka.record.records import (
    InvalidRecord,
    Record,
    encode_records,
    read_payload,
    scan_payload,
)

NO_TIMESTAMP = -1

NO_KEY = "Compacted topic cannot accept message without key"
SHOWN_ERRORS = 3
"""Records of which the refusal of a batch tells what is wrong with them."""


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
    log: PartitionLog, settings: TopicSettings, batch: Batch, now_ms: int, partition: str
) -> AppendResult:
    """Check a client's batch and append it. Raises Refused, with nothing changed.

    The batch itself is checked first, then what its producer may send, as in UnifiedLog.append.
    `partition` is what refusals call it.
    """
    header = batch.header
    _check_batch(batch, settings)
    try:
        payload = decompress(header, batch.octets)
    except Undecodable as error:
        raise Refused(ErrorCode.UNKNOWN_SERVER_ERROR, str(error)) from None
    latest = _check_records(header, payload, settings, now_ms, partition)
    octets = _recompressed(batch, payload, settings)
    if header.producer_id > NO_PRODUCER_ID:
        state = log.producer(header.producer_id)
        last_sequence = following(header.base_sequence, header.last_offset_delta)
        duplicate = state.duplicate_of(header.producer_epoch, header.base_sequence, last_sequence)
        if duplicate is not None:
            return AppendResult(duplicate.first_offset, duplicate.timestamp_ms, None)
        state.check_data(
            header.producer_epoch,
            header.base_sequence,
            header.is_transactional,
            log.attempts.get(header.producer_id),
        )
    log_append_time_ms = NO_TIMESTAMP
    octets = place(octets, log.end_offset, log.leader_epoch)
    if settings.timestamp_type == LOG_APPEND_TIME:
        log_append_time_ms = now_ms
        octets = stamp(octets, LOG_APPEND_TIME, now_ms)
    elif header.timestamp_type == LOG_APPEND_TIME or header.max_timestamp != latest:
        octets = stamp(octets, CREATE_TIME, latest)
    stored = StoredBatch(read_header(octets), octets)
    log.append(stored)
    return AppendResult(stored.header.base_offset, log_append_time_ms, stored)


def _recompressed(
    batch: Batch, payload: bytes | memoryview, settings: TopicSettings
) -> bytes | memoryview:
    """The batch with the codec of the topic, if that is another (LogValidator)."""
    codec = settings.compression
    if codec is None or codec == batch.header.compression:
        return batch.octets
    header = batch.header
    if header.producer_id != NO_PRODUCER_ID and (
        header.producer_epoch == NO_PRODUCER_EPOCH or header.base_sequence < 0
    ):  # what writes a batch anew refuses these (MemoryRecordsBuilder.validateProducerState)
        raise Refused(ErrorCode.UNKNOWN_SERVER_ERROR, "a producer without epoch or sequence")
    if header.timestamp_type == LOG_APPEND_TIME:  # its records have one time, which is not theirs
        records = list(read_payload(header, payload))
        header = header._replace(base_timestamp=header.max_timestamp)
        payload = encode_records(0, header.max_timestamp, records)
    kept = header.attributes & (TIMESTAMP_TYPE | TRANSACTIONAL)
    rebuilt = header._replace(attributes=kept | codec)
    octets = assemble(rebuilt, compress(codec, bytes(payload)))
    _check_size(len(octets), settings)
    return octets


def _check_batch(batch: Batch, settings: TopicSettings) -> None:
    header = batch.header
    if header.base_offset != 0:
        raise Refused(ErrorCode.INVALID_RECORD, f"The baseOffset is {header.base_offset}, not 0")
    _check_size(header.size, settings)
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
    if header.producer_id > NO_PRODUCER_ID and header.base_sequence < 0:
        raise Refused(ErrorCode.INVALID_RECORD, f"Invalid sequence number {header.base_sequence}")


def _check_size(size: int, settings: TopicSettings) -> None:
    if size > settings.max_message_octets:
        raise Refused(
            ErrorCode.MESSAGE_TOO_LARGE,
            f"The record batch size is {size} bytes which exceeds the maximum configured "
            f"value of {settings.max_message_octets}",
        )


def _check_records(
    header: BatchHeader,
    payload: bytes | memoryview,
    settings: TopicSettings,
    now_ms: int,
    partition: str,
) -> int:
    """Check that records are well-formed, and their keys and times; return the latest time.

    Every record is looked at: a batch that its consumers could not read must not get into the log.
    """
    try:
        earliest, latest, keyless = scan_payload(header, payload)
    except InvalidRecord as error:
        raise Refused(ErrorCode.INVALID_RECORD, str(error)) from None
    if header.timestamp_type == LOG_APPEND_TIME:
        earliest = latest = header.max_timestamp
    create_time = settings.timestamp_type == CREATE_TIME
    first, last = now_ms - settings.before_max_ms, now_ms + settings.after_max_ms
    in_time = first <= earliest and latest <= last
    right_type = create_time or header.timestamp_type == CREATE_TIME
    if (create_time and not in_time) or not right_type or (settings.compacted and keyless):
        _name_wrong_records(header, payload, settings, range(first, last + 1), partition)
    return latest


def _name_wrong_records(
    header: BatchHeader,
    payload: bytes | memoryview,
    settings: TopicSettings,
    allowed: range,
    partition: str,
) -> None:
    """Raise InvalidRecords if there are any; one without a time is in time. With one wrong time
    the code is that of times."""
    wrong: list[tuple[int, str]] = []
    code = ErrorCode.INVALID_RECORD
    create_time = settings.timestamp_type == CREATE_TIME
    for index, record in enumerate(read_payload(header, payload)):
        if settings.compacted and record.key is None:
            text = f"{NO_KEY} in topic partition {partition}"
        elif create_time and record.timestamp != NO_TIMESTAMP:
            if record.timestamp in allowed:
                continue
            code = ErrorCode.INVALID_TIMESTAMP
            text = (
                f"Timestamp {record.timestamp} of message with offset {record.offset} is out of "
                f"range. The timestamp should be within [{_as_long(allowed.start)}, "
                f"{_as_long(allowed.stop - 1)}]"
            )
        elif header.timestamp_type == LOG_APPEND_TIME:
            code = ErrorCode.INVALID_TIMESTAMP
            text = (
                f"Invalid timestamp type in message {_shown(header, settings, record)}. "
                "Producer should not set timestamp type to LogAppendTime."
            )
        else:
            continue
        wrong.append((index, text))
    if wrong:
        raise InvalidRecords(code, _summary(code, wrong), wrong)


def _summary(code: ErrorCode, wrong: list[tuple[int, str]]) -> str:
    """What is said of a whole batch (LogValidator.processRecordErrors)."""
    if code == ErrorCode.INVALID_TIMESTAMP:
        return "One or more records have been rejected due to invalid timestamp"
    first = ", ".join(
        f"RecordError(batchIndex={index}, message='{text}')" for index, text in wrong[:SHOWN_ERRORS]
    )
    return (
        f"One or more records have been rejected due to {len(wrong)} record errors in total, and "
        f"only showing the first three errors at most: [{first}]"
    )


def _as_long(value: int) -> int:
    """A sum as Java has it, which goes on with the smallest number after the largest."""
    return (value + 2**63) % 2**64 - 2**63


def _shown(header: BatchHeader, settings: TopicSettings, record: Record) -> str:
    """A record as Kafka prints it; of one that stays compressed it knows the sizes only."""
    kind, null = "DefaultRecord", 0
    if header.compression and settings.compression in (None, header.compression):
        kind, null = "PartialDefaultRecord", -1
    key, value = (null if one is None else len(one) for one in (record.key, record.value))
    return (
        f"{kind}(offset={record.offset}, timestamp={record.timestamp}, key={key} bytes, "
        f"value={value} bytes)"
    )
