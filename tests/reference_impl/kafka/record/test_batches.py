"""Record batches, compared with those of kafka-python."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.kafka.record.batches import (
    COMPRESSIONS,
    CREATE_TIME,
    HEADER_SIZE,
    LOG_APPEND_TIME,
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
from reference_impl.kafka.record.compression import compress, decompress
from reference_impl.kafka.record.records import Record, build_batch
from tests.reference_impl.kafka.wire.kafka_python_twin import kafka_record
from tests.reference_impl.strategies import quick

TIMES = st.integers(0, 2**41)
RECORDS = st.lists(
    st.tuples(TIMES, st.none() | st.just(bytes(200)) | st.binary(max_size=9)),
    min_size=1,
    max_size=4,
)


def _build(records: list[tuple[int, bytes | None]], compression: int = 0, **producer: Any) -> bytes:
    builder = kafka_record.MemoryRecordsBuilder(2, compression, 1 << 20)
    for timestamp, value in records:
        builder.append(timestamp, b"k", value)
    if producer:
        builder.set_producer_state(**producer)
    builder.close()
    return bytes(builder.buffer())


def _batch(octets: bytes) -> Batch:
    (batch,), rest = split_batches(octets)
    assert rest == 0
    return batch


def _theirs(octets: bytes) -> Any:
    return kafka_record.MemoryRecords(octets).next_batch()


@quick
@given(
    records=RECORDS,
    compression=st.sampled_from((0, 1)),
    producer_id=st.integers(0, 2**62),
    epoch=st.integers(0, 2**15 - 1),
    sequence=st.integers(0, 2**31 - 1),
    transactional=st.booleans(),
)
def test_header_as_kafka_python_writes_it(
    records: list[tuple[int, bytes | None]],
    compression: int,
    producer_id: int,
    epoch: int,
    sequence: int,
    transactional: bool,
) -> None:
    octets = _build(
        records,
        compression,
        producer_id=producer_id,
        producer_epoch=epoch,
        base_sequence=sequence,
        is_transactional=transactional,
    )
    batch = _batch(octets)
    header = batch.header
    check_batch(batch)
    assert (header.base_offset, header.size, header.magic) == (0, len(octets), 2)
    assert (header.last_offset, header.record_count) == (len(records) - 1, len(records))
    assert header.base_timestamp == records[0][0]
    assert header.max_timestamp == max(timestamp for timestamp, _ in records)
    assert (header.producer_id, header.producer_epoch) == (producer_id, epoch)
    assert header.base_sequence == sequence
    assert (header.is_transactional, header.is_control) == (transactional, False)
    assert header.compression == _theirs(octets).compression_type
    assert header.timestamp_type == CREATE_TIME
    assert not header.has_delete_horizon


@quick
@given(records=RECORDS, offset=st.integers(0, 2**62), epoch=st.integers(-1, 2**31 - 1), now=TIMES)
def test_what_the_broker_changes(
    records: list[tuple[int, bytes | None]], offset: int, epoch: int, now: int
) -> None:
    octets = _build(records)
    placed = place(octets, offset, epoch)
    theirs = _theirs(placed)
    assert (theirs.base_offset, theirs.leader_epoch) == (offset, epoch)
    assert theirs.validate_crc() and placed[16:] == octets[16:] and len(placed) == len(octets)
    stamped = stamp(placed, LOG_APPEND_TIME, now)
    theirs = _theirs(stamped)
    assert theirs.validate_crc()
    assert (theirs.timestamp_type, theirs.max_timestamp) == (1, now)
    assert [record.timestamp for record in theirs] == [now] * len(records)
    check_batch(_batch(stamped))
    original = read_header(octets)
    assert stamp(stamped, CREATE_TIME, original.max_timestamp) == placed


def test_batches_are_cut_apart() -> None:
    first, second = _build([(1, b"a")]), _build([(2, b"b"), (3, None)])
    batches, rest = split_batches(first + second)
    assert [bytes(batch.octets) for batch in batches] == [first, second] and rest == 0
    for length in range(len(second)):
        batches, rest = split_batches(first + second[:length])
        assert len(batches) == 1 and rest == length
    assert split_batches(b"") == ([], 0)


def _with(octets: bytes, position: int, piece: bytes) -> bytes:
    return octets[:position] + piece + octets[position + len(piece) :]


@pytest.mark.parametrize(
    ("position", "piece", "words"),
    [
        (8, b"\0\0\0\x0d", "Record size 13 is less"),
        (8, b"\xff\xff\xff\xff", "Record size -1 is less"),
        (8, b"\0\0\0\x30", "a batch of 60 octets"),
        (16, b"\x03", "record: 3"),
        (16, b"\xff", "record: -1"),
    ],
)
def test_corrupt_batches(position: int, piece: bytes, words: str) -> None:
    with pytest.raises(CorruptBatch, match=words):
        split_batches(_with(_build([(1, b"a")]), position, piece))


def test_a_batch_too_short_for_its_header() -> None:
    octets = _build([(1, b"a")])
    for length in range(HEADER_SIZE):
        with pytest.raises(CorruptBatch):
            read_header(octets[:length])


@pytest.mark.parametrize("position", [21, 30, HEADER_SIZE])
def test_a_wrong_checksum(position: int) -> None:
    octets = _build([(1, b"a")])
    damaged = _with(octets, position, bytes((octets[position] ^ 1,)))
    with pytest.raises(CorruptBatch, match="checksum"):
        check_batch(_batch(damaged))


@pytest.mark.parametrize("magic", [0, 1])
def test_old_formats_are_recognised(magic: int) -> None:
    builder = kafka_record.MemoryRecordsBuilder(magic, 0, 1 << 20)
    builder.append(1, b"k", b"v")
    builder.close()
    with pytest.raises(OldFormat, match=f"magic {magic}") as caught:
        split_batches(bytes(builder.buffer()))
    assert caught.value.magic == magic


def test_lz4_comes_in_blocks_that_stand_alone() -> None:
    """Kafka 4.3.1 answered UNKNOWN_SERVER_ERROR to linked ones."""
    for payload in (b"", b"ab" * 100_000, bytes(range(256)) * 300):
        octets = compress(COMPRESSIONS.index("lz4"), payload)
        flags = octets[4]
        assert flags & 0x20, "block independence"
        header = read_header(assemble(_lz4_header(), octets))
        assert bytes(decompress(header, assemble(header, octets))) == payload


def _lz4_header() -> BatchHeader:
    octets = build_batch([Record(0, 0, b"k", b"v")], attributes=COMPRESSIONS.index("lz4"))
    return read_header(octets)
