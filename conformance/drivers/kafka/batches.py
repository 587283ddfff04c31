"""Record batches: made by kafka-python's builder, broken by editing, read back with all checks.

Source: Kafka documentation, "Record Batch".
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from kafka.record.util import calc_crc32c

from conformance.errors import Mismatch

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
"""Compression, in the lowest bits of the attributes."""

LOG_APPEND_TIME = 0x08
TRANSACTIONAL = 0x10
CONTROL = 0x20
"""Attributes."""

HEADER = struct.Struct(">qiibIhiqqqhii")
HEADER_SIZE = HEADER.size
FIELDS = (
    "base_offset",
    "length",
    "leader_epoch",
    "magic",
    "crc",
    "attributes",
    "last_offset_delta",
    "base_timestamp",
    "max_timestamp",
    "producer_id",
    "producer_epoch",
    "base_sequence",
    "record_count",
)
CRC_AT, ATTRIBUTES_AT = 17, 21
UNLIMITED = 1 << 30

NOW_MS = int(time.time() * 1000)
"""When the kit began. Times of records stay near it: Kafka deletes what is older than seven days,
and 4.x refuses what is more than an hour ahead."""

Headers = tuple[tuple[str, bytes | None], ...]


class Sent(NamedTuple):
    """A record as a client sends it; the timestamp is in milliseconds."""

    value: bytes | None
    key: bytes | None = None
    timestamp: int = NOW_MS
    headers: Headers = ()


class Read(NamedTuple):
    """A record as a client reads it."""

    offset: int
    value: bytes | None
    key: bytes | None
    timestamp: int
    headers: Headers

    @property
    def sent(self) -> Sent:
        """What must have been sent, if the broker changes nothing."""
        return Sent(self.value, self.key, self.timestamp, self.headers)


@dataclass(frozen=True)
class Fetched:
    """A batch as it was fetched: its fields by name, its records, its octets."""

    fields: dict[str, int]
    records: tuple[Read, ...]
    octets: bytes

    @property
    def compression(self) -> int:
        return self.fields["attributes"] & 0x07

    @property
    def next_offset(self) -> int:
        return self.fields["base_offset"] + self.fields["last_offset_delta"] + 1


def build(
    records: Iterable[Sent],
    compression: int = NONE,
    *,
    producer_id: int = -1,
    producer_epoch: int = -1,
    base_sequence: int = -1,
    transactional: bool = False,
) -> bytes:
    """A well-formed batch as a client sends it."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=compression,
        is_transactional=transactional,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        base_sequence=base_sequence,
        batch_size=UNLIMITED,
    )
    for offset, record in enumerate(records):
        builder.append(offset, record.timestamp, record.key, record.value, list(record.headers))
    return bytes(builder.build())


def edit(batch: bytes, *, checksum: bool = True, **fields: int) -> bytes:
    """The batch with fields of its header replaced, and with the right checksum unless told."""
    values = dict(zip(FIELDS, HEADER.unpack_from(batch), strict=True))
    values.update(fields)
    octets = HEADER.pack(*(values[name] for name in FIELDS)) + batch[HEADER_SIZE:]
    if not checksum or "crc" in fields:
        return octets
    crc = struct.pack(">I", calc_crc32c(octets[ATTRIBUTES_AT:]))
    return octets[:CRC_AT] + crc + octets[ATTRIBUTES_AT:]


def fields_of(batch: bytes) -> dict[str, int]:
    """The fields of a header by name."""
    return dict(zip(FIELDS, HEADER.unpack_from(batch), strict=True))


def split(octets: bytes) -> list[Fetched]:
    """Cut the records of a fetch into batches; one that was cut off at the end is left out, as
    clients do. Raises Mismatch for a batch that no client could read."""
    found = []
    position = 0
    while len(octets) - position >= HEADER_SIZE:
        size = int.from_bytes(octets[position + 8 : position + 12], "big", signed=True) + 12
        if size < HEADER_SIZE:
            raise Mismatch("batches of magic 2", f"a batch of {size} octets")
        if position + size > len(octets):
            break
        found.append(_read(octets[position : position + size]))
        position += size
    return found


def _read(octets: bytes) -> Fetched:
    batch = DefaultRecordBatch(octets)
    if batch.magic != 2:
        raise Mismatch("a batch of magic 2", f"magic {batch.magic}")
    if not batch.validate_crc():
        raise Mismatch("a batch with the right checksum", f"checksum {batch.crc:#010x}")
    try:
        records = tuple(map(_record, batch))
    except Exception as error:  # whatever kafka-python stumbles over
        raise Mismatch("a batch that can be read", repr(error)) from error
    return Fetched(fields_of(octets), records, octets)


def _record(record: Any) -> Read:
    headers = tuple(record.headers)
    return Read(record.offset, record.value, record.key, record.timestamp, headers)
