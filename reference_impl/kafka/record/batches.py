"""Record batches: the fixed header of magic 2, read and changed without touching the records.

    base offset 8, length 4, partition leader epoch 4, magic 1, CRC 4,
    attributes 2, last offset delta 4, base timestamp 8, max timestamp 8,
    producer id 8, producer epoch 2, base sequence 4, number of records 4, records

The CRC32C covers everything from the attributes on, so the broker can set base offset and leader
epoch without it.

Source: Kafka documentation, "Record Batch"; DefaultRecordBatch; ByteBufferLogInputStream.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from reference_impl.kafka.errors import Malformed
from reference_impl.kafka.record.crc import crc32c

HEADER_SIZE = 61
OVERHEAD = 12
"""Octets of a batch that its length does not count: base offset and length."""

MAGIC = 2

COMPRESSIONS = ("none", "gzip", "snappy", "lz4", "zstd")

CREATE_TIME, LOG_APPEND_TIME = 0, 1

_HEADER = struct.Struct(">qiibIhiqqqhii")
_OFFSET = struct.Struct(">q")
_I32 = struct.Struct(">i")
_U32 = struct.Struct(">I")

_LENGTH_AT = 8
_EPOCH_AT = 12
_MAGIC_AT = 16
_CRC_AT = 17
_ATTRIBUTES_AT = 21
_MAX_TIMESTAMP_AT = 35

_LEAST_LENGTH = 14
"""Octets that even a message of magic 0 has after its length."""

COMPRESSION_BITS = 0x07
TIMESTAMP_TYPE = 0x08
TRANSACTIONAL = 0x10
CONTROL = 0x20
DELETE_HORIZON = 0x40
"""Attributes."""

KNOWN_ATTRIBUTES = 0x7F
"""All of them; others are lost when a batch is stamped (DefaultRecordBatch.computeAttributes)."""


class CorruptBatch(Malformed):
    """A batch that Kafka answers with CORRUPT_MESSAGE."""


class OldFormat(Malformed):
    """A message set of magic 0 or 1; `magic` says which. Kafka 4 reads none of them."""

    def __init__(self, magic: int) -> None:
        super().__init__(f"a message of magic {magic}")
        self.magic = magic


class BatchHeader(NamedTuple):
    """The fixed header, in the order of the wire; timestamps in milliseconds."""

    base_offset: int
    length: int
    leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int

    @property
    def size(self) -> int:
        """Octets of the whole batch."""
        return self.length + OVERHEAD

    @property
    def last_offset(self) -> int:
        return self.base_offset + self.last_offset_delta

    @property
    def compression(self) -> int:
        """Index in COMPRESSIONS; 5 to 7 mean nothing."""
        return self.attributes & COMPRESSION_BITS

    @property
    def timestamp_type(self) -> int:
        return LOG_APPEND_TIME if self.attributes & TIMESTAMP_TYPE else CREATE_TIME

    @property
    def is_transactional(self) -> bool:
        return bool(self.attributes & TRANSACTIONAL)

    @property
    def is_control(self) -> bool:
        return bool(self.attributes & CONTROL)

    @property
    def has_delete_horizon(self) -> bool:
        """Whether the base timestamp says when tombstones may go (KIP-534)."""
        return bool(self.attributes & DELETE_HORIZON)


class Batch(NamedTuple):
    """A batch: its header and all its octets, the header's included."""

    header: BatchHeader
    octets: memoryview


def _read_size(octets: bytes | memoryview, position: int) -> int | None:
    """Return the size of the batch at `position`, None where too few octets are left to tell.

    Raises CorruptBatch for a length that nothing can have, and for a magic of the future.
    """
    left = len(octets) - position
    if left < OVERHEAD:
        return None
    (length,) = _I32.unpack_from(octets, position + _LENGTH_AT)
    if length < _LEAST_LENGTH:
        raise CorruptBatch(
            f"Record size {length} is less than the minimum record overhead ({_LEAST_LENGTH})"
        )
    if left <= _MAGIC_AT:
        return None
    magic = octets[position + _MAGIC_AT]
    if magic > MAGIC:
        signed = magic - 256 if magic > 127 else magic
        raise CorruptBatch(f"Invalid magic found in record: {signed}")
    return OVERHEAD + int(length)


def read_header(octets: bytes | memoryview, position: int = 0) -> BatchHeader:
    """Read the header of a batch of magic 2. Raises CorruptBatch if it is not all there, if the
    length says so, or for a magic of the future; OldFormat."""
    size = _read_size(octets, position)
    if size is None:
        raise CorruptBatch(f"{len(octets) - position} octets are no batch")
    magic = octets[position + _MAGIC_AT]
    if magic < MAGIC:
        raise OldFormat(magic)
    if min(size, len(octets) - position) < HEADER_SIZE:
        raise CorruptBatch(f"a batch of {size} octets, {len(octets) - position} of which are there")
    return BatchHeader._make(_HEADER.unpack_from(octets, position))


def check_start(records: bytes | memoryview) -> None:
    """Raise CorruptBatch where no batch can begin; what is too short to tell is overlooked."""
    _read_size(records, 0)


def split_batches(records: bytes | memoryview) -> tuple[list[Batch], int]:
    """Cut a records field into batches; return them and how many octets of an incomplete one
    follow, which Kafka overlooks. Raises CorruptBatch, OldFormat."""
    view = memoryview(records)
    batches = []
    position = 0
    while (size := _read_size(view, position)) is not None and size <= len(view) - position:
        batches.append(Batch(read_header(view, position), view[position : position + size]))
        position += size
    return batches, len(view) - position


def check_batch(batch: Batch) -> None:
    """Raise CorruptBatch unless the checksum is right."""
    if crc32c(batch.octets[_ATTRIBUTES_AT:]) != batch.header.crc:
        raise CorruptBatch(f"the checksum is not {batch.header.crc:#010x}")


def place(octets: bytes | memoryview, base_offset: int, leader_epoch: int) -> bytes:
    """Return the batch with this base offset and partition leader epoch."""
    return b"".join(
        (
            _OFFSET.pack(base_offset),
            octets[_LENGTH_AT:_EPOCH_AT],
            _I32.pack(leader_epoch),
            octets[_MAGIC_AT:],
        )
    )


def stamp(octets: bytes | memoryview, timestamp_type: int, max_timestamp: int) -> bytes:
    """Return the batch with this timestamp type and max timestamp, and the new checksum.

    With LOG_APPEND_TIME every record has the max timestamp (DefaultRecordBatch.setMaxTimestamp).
    """
    header = read_header(octets)
    attributes = header.attributes & KNOWN_ATTRIBUTES & ~TIMESTAMP_TYPE
    if timestamp_type == LOG_APPEND_TIME:
        attributes |= TIMESTAMP_TYPE
    covered = bytearray(octets[_ATTRIBUTES_AT:])
    struct.pack_into(">h", covered, 0, attributes)
    _OFFSET.pack_into(covered, _MAX_TIMESTAMP_AT - _ATTRIBUTES_AT, max_timestamp)
    return b"".join((octets[:_CRC_AT], _U32.pack(crc32c(bytes(covered))), covered))


def assemble(header: BatchHeader, payload: bytes | memoryview) -> bytes:
    """Return the batch of this header and these records, encoded and compressed as the header says.
    Length, magic and checksum are computed."""
    length = HEADER_SIZE - OVERHEAD + len(payload)
    fixed = _HEADER.pack(*header._replace(length=length, magic=MAGIC, crc=0))
    checksum = crc32c(b"".join((fixed[_ATTRIBUTES_AT:], payload)))
    return b"".join((fixed[:_CRC_AT], _U32.pack(checksum), fixed[_ATTRIBUTES_AT:], payload))
