"""The records of a batch: for tests, for compaction, and for control batches.

    length, attributes 1, timestamp delta, offset delta, key length, key, value length, value,
    number of headers, and for each: key length, key, value length, value

All lengths, deltas and numbers are varints with the sign in the lowest bit; -1 is the length of
null.

Source: Kafka documentation, "Record"; DefaultRecord.readFrom; EndTransactionMarker.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reference_impl.kafka.errors import Malformed
from reference_impl.kafka.record.batches import (
    CONTROL,
    DELETE_HORIZON,
    HEADER_SIZE,
    LOG_APPEND_TIME,
    MAGIC,
    TRANSACTIONAL,
    Batch,
    BatchHeader,
    assemble,
)
from reference_impl.kafka.record.compression import compress

ABORT, COMMIT = 0, 1
"""Types of control records that end a transaction."""

NO_PRODUCER_ID = NO_PRODUCER_EPOCH = NO_SEQUENCE = -1

_CONTROL_KEY = struct.Struct(">hh")
_END_MARKER = struct.Struct(">hi")


class InvalidRecord(Malformed):
    """A record that Kafka answers with INVALID_RECORD."""


class Record(NamedTuple):
    """One record; headers are pairs of a key and a value, which may be null."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[bytes, bytes | None], ...] = ()


class _Cursor:
    """Reads one record after the other and never past the end."""

    def __init__(self, octets: memoryview) -> None:
        self.octets = octets
        self.position = 0

    def read_varint(self, most_octets: int) -> int:
        """Read a number of at most five octets (32 bits) or ten (64 bits)."""
        position = self.position
        if position < len(self.octets) and (octet := self.octets[position]) < 0x80:
            self.position = position + 1  # most are that short
            return octet >> 1 ^ -(octet & 1)
        value = shift = 0
        for _ in range(most_octets):
            (octet,) = self.read(1)
            value |= (octet & 0x7F) << shift
            shift += 7
            if octet < 0x80:
                value &= 0xFFFFFFFF if most_octets == 5 else 0xFFFFFFFFFFFFFFFF
                return value >> 1 ^ -(value & 1)
        raise InvalidRecord(f"a varint of more than {most_octets} octets")

    def read(self, length: int) -> bytes:
        end = self.position + length
        if length < 0 or end > len(self.octets):
            left = len(self.octets) - self.position
            raise InvalidRecord(f"{length} octets of a record announced, {left} left")
        piece = bytes(self.octets[self.position : end])
        self.position = end
        return piece

    def skip(self, length: int) -> None:
        """Pass over octets that must be there."""
        self.position += length
        if length < 0 or self.position > len(self.octets):
            raise InvalidRecord(f"{length} octets of a record announced, too few left")

    def read_nullable(self) -> bytes | None:
        length = self.read_varint(5)
        return None if length < 0 else self.read(length)


def read_records(batch: Batch) -> Iterator[Record]:
    """Yield the records of a batch that is not compressed. Raises InvalidRecord."""
    return read_payload(batch.header, batch.octets[HEADER_SIZE:])


def read_payload(header: BatchHeader, payload: bytes | memoryview) -> Iterator[Record]:
    """Yield the records in `payload`: what follows the header, decompressed. Raises InvalidRecord
    when their number is not that of the header, or when one of them is malformed."""
    cursor = _Cursor(memoryview(payload))
    if header.record_count < 0:
        raise InvalidRecord(f"a batch of {header.record_count} records")
    for _ in range(header.record_count):
        yield _read_record(header, cursor)
    if cursor.position != len(payload):
        raise InvalidRecord(
            f"{len(payload) - cursor.position} octets after {header.record_count} records"
        )


def _read_record(header: BatchHeader, cursor: _Cursor) -> Record:
    length = cursor.read_varint(5)
    end = cursor.position + length
    cursor.read(1)  # attributes, of which none are defined
    timestamp = header.base_timestamp + cursor.read_varint(10)
    if header.timestamp_type == LOG_APPEND_TIME:
        timestamp = header.max_timestamp
    offset = header.base_offset + cursor.read_varint(5)
    key = cursor.read_nullable()
    value = cursor.read_nullable()
    count = cursor.read_varint(5)
    if not 0 <= count <= len(cursor.octets) - cursor.position:
        raise InvalidRecord(f"a record with {count} headers")
    headers = []
    for _ in range(count):
        name = cursor.read(cursor.read_varint(5))
        headers.append((name, cursor.read_nullable()))
    if cursor.position != end:
        raise InvalidRecord(f"a record of {length} octets that takes {cursor.position - end} more")
    return Record(offset, timestamp, key, value, tuple(headers))


def scan_payload(header: BatchHeader, payload: bytes | memoryview) -> tuple[int, int, bool]:
    """Return the earliest and the latest time of records in `payload`, and whether a key is null.

    The same checks as `read_payload`, without making records: this is done for all that is
    produced. Raises InvalidRecord.
    """
    octets = bytes(payload)
    cursor = _Cursor(memoryview(octets))
    scan = _Scan()
    while scan.count < header.record_count:
        _scan_plain(octets, scan, header.record_count)
        if scan.count < header.record_count:
            cursor.position = scan.position
            scan.add(*_any_record(cursor))
    if scan.position != len(octets):
        left = len(octets) - scan.position
        raise InvalidRecord(f"{left} octets after {header.record_count} records")
    if header.record_count == 0:
        return 2**63, -1, False
    latest = max(-1, header.base_timestamp + scan.last)
    return header.base_timestamp + scan.first, latest, scan.keyless


class _Scan:
    """What was seen of a batch so far: `count` records up to `position`, the first and the last of
    their times, as deltas, and whether one has no key."""

    __slots__ = ("count", "first", "keyless", "last", "position")

    def __init__(self) -> None:
        self.position = self.count = 0
        self.first, self.last, self.keyless = 2**63, -(2**63), False

    def add(self, position: int, time: int, keyless: bool) -> None:
        """One more record, which ends at a position."""
        self.position = position
        self.count += 1
        self.first, self.last = min(self.first, time), max(self.last, time)
        self.keyless = self.keyless or keyless


def _scan_plain(octets: bytes, scan: _Scan, count: int) -> None:
    """Go on with `scan`, up to so many records in all, as long as they are as nearly all are:
    numbers of one or two octets, an offset of three at most, no headers, no time before that of the
    batch, nothing wrong.

    Written without calls: looked at as any, a record of 100 octets takes fifteen times as long.
    """
    first, last = 2**63, -1
    keyless = False
    done, end = scan.count, scan.position
    try:
        for _ in range(scan.count, count):
            length = octets[end]
            position = end + 1
            if length > 0x7F:
                length += octets[position] - 1 << 7
                position += 1
            after = position + (length >> 1)
            time = octets[position + 1]
            position += 2
            if time > 0x7F:
                time += octets[position] - 1 << 7
                position += 1
            if octets[position] > 0x7F:
                position += 1
                if octets[position] > 0x7F:
                    position += 1
                    if octets[position] > 0x7F:
                        break
            key = octets[position + 1]
            position += 2
            if key > 0x7F:
                key += octets[position] - 1 << 7
                position += 1
            if key != 1:
                position += key >> 1
            value = octets[position]
            position += 1
            if value > 0x7F:
                value += octets[position] - 1 << 7
                position += 1
            if value != 1:
                position += value >> 1
            # A number is odd if it is negative, and 0x4000 or more if it has a third octet.
            if (
                octets[position]
                or position + 1 != after
                or (length | time | key | value) >= 0x4000
                or (length | time) & 1
                or (key & 1 and key != 1)
                or (value & 1 and value != 1)
            ):
                break
            end = after
            done += 1
            if key == 1:
                keyless = True
            if time < first:
                first = time
            if time > last:
                last = time
    except IndexError:
        pass  # the record at hand does not end within the batch
    if last >= 0:
        scan.first, scan.last = min(scan.first, first >> 1), max(scan.last, last >> 1)
    scan.position, scan.count = end, done
    scan.keyless = scan.keyless or keyless


def _any_record(cursor: _Cursor) -> tuple[int, int, bool]:
    """Look at a record; what is wrong with it raises InvalidRecord."""
    length = cursor.read_varint(5)
    end = cursor.position + length
    cursor.skip(1)
    time = cursor.read_varint(10)
    cursor.read_varint(5)
    key = cursor.read_varint(5)
    cursor.skip(max(0, key))
    cursor.skip(max(0, cursor.read_varint(5)))
    _skip_headers(cursor)
    if cursor.position != end:
        raise InvalidRecord(f"a record of {length} octets that ends {cursor.position - end} on")
    return end, time, key < 0


def _skip_headers(cursor: _Cursor) -> None:
    count = cursor.read_varint(5)
    if count < 0:
        raise InvalidRecord(f"a record with {count} headers")
    for _ in range(count):
        cursor.skip(cursor.read_varint(5))
        cursor.skip(max(0, cursor.read_varint(5)))


def _varint(value: int) -> bytes:
    value = value << 1 if value >= 0 else ~(value << 1)
    octets = bytearray()
    while value >= 0x80:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)


def _nullable(octets: bytes | None) -> bytes:
    return _varint(-1) if octets is None else _varint(len(octets)) + octets


def encode_records(base_offset: int, base_timestamp: int, records: Iterable[Record]) -> bytes:
    """Encode records as they follow the header of a batch that is not compressed."""
    parts: list[bytes] = []
    for record in records:
        body = b"".join(
            (
                b"\0",
                _varint(record.timestamp - base_timestamp),
                _varint(record.offset - base_offset),
                _nullable(record.key),
                _nullable(record.value),
                _varint(len(record.headers)),
                *(_nullable(octets) for header in record.headers for octets in header),
            )
        )
        parts += (_varint(len(body)), body)
    return b"".join(parts)


def build_batch(
    records: list[Record],
    *,
    attributes: int = 0,
    leader_epoch: int = -1,
    producer_id: int = NO_PRODUCER_ID,
    producer_epoch: int = NO_PRODUCER_EPOCH,
    base_sequence: int = NO_SEQUENCE,
) -> bytes:
    """Return a batch of at least one record, which begins with the offset of the first."""
    base_offset, base_timestamp = records[0].offset, records[0].timestamp
    header = BatchHeader(
        base_offset=base_offset,
        length=0,
        leader_epoch=leader_epoch,
        magic=MAGIC,
        crc=0,
        attributes=attributes,
        last_offset_delta=records[-1].offset - base_offset,
        base_timestamp=base_timestamp,
        max_timestamp=max(record.timestamp for record in records),
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        base_sequence=base_sequence,
        record_count=len(records),
    )
    return assemble(header, encode_records(base_offset, base_timestamp, records))


def keep_records(
    batch: Batch, records: list[Record], delete_horizon_ms: int | None = None
) -> bytes:
    """Return the batch, compressed as it was, with only these of its records: what compaction
    leaves.

    Its offsets and sequence numbers stay, even when no record does. With a delete horizon that is
    what its base timestamp says (MemoryRecords.filterTo).
    """
    header = batch.header
    timestamps = [record.timestamp for record in records] or [header.max_timestamp]
    base_timestamp, attributes = timestamps[0], header.attributes & ~DELETE_HORIZON
    if delete_horizon_ms is not None:
        base_timestamp, attributes = delete_horizon_ms, attributes | DELETE_HORIZON
    kept = header._replace(
        attributes=attributes,
        base_timestamp=base_timestamp,
        max_timestamp=max(timestamps),
        record_count=len(records),
    )
    payload = encode_records(header.base_offset, base_timestamp, records)
    return assemble(kept, compress(header.compression, payload))


def build_end_marker(
    control_type: int,
    *,
    offset: int,
    timestamp: int,
    producer_id: int,
    producer_epoch: int,
    coordinator_epoch: int,
    leader_epoch: int = -1,
) -> bytes:
    """Return the control batch that ends a transaction; `control_type` is COMMIT or ABORT."""
    key = _CONTROL_KEY.pack(0, control_type)
    value = _END_MARKER.pack(0, coordinator_epoch)
    return build_batch(
        [Record(offset, timestamp, key, value)],
        attributes=TRANSACTIONAL | CONTROL,
        leader_epoch=leader_epoch,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
    )


def control_type_of(record: Record) -> int:
    """Return the type of a control record: COMMIT, ABORT or another. Raises InvalidRecord."""
    if record.key is None or len(record.key) < _CONTROL_KEY.size:
        raise InvalidRecord("a control record without a type")
    control_type: int = _CONTROL_KEY.unpack_from(record.key)[1]
    return control_type
