"""Records in a batch, compared with those of kafka-python."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.kafka.record.batches import (
    HEADER_SIZE,
    Batch,
    check_batch,
    read_header,
    split_batches,
    stamp,
)
from reference_impl.kafka.record.records import (
    ABORT,
    COMMIT,
    InvalidRecord,
    Record,
    build_batch,
    build_end_marker,
    control_type_of,
    encode_records,
    keep_records,
    read_payload,
    read_records,
    scan_payload,
)
from reference_impl.kafka.wire.codec import decode
from tests.reference_impl.kafka.wire.kafka_python_twin import kafka_record
from tests.reference_impl.strategies import quick

_VALUES = st.none() | st.sampled_from((b"", b"v" * 70)) | st.binary(max_size=4)
_HEADERS = st.lists(st.tuples(st.sampled_from((b"", b"h", b"name")), _VALUES), max_size=2)
_TIMES = st.sampled_from((0, -1, 2**40)) | st.integers(-(2**40), 2**41)


@st.composite
def record_lists(draw: st.DrawFn) -> list[Record]:
    """Up to four records with rising offsets and any timestamps."""
    offset = draw(st.integers(0, 2**40))
    records = []
    for _ in range(draw(st.integers(1, 4))):
        headers = tuple(draw(_HEADERS))
        records.append(Record(offset, draw(_TIMES), draw(_VALUES), draw(_VALUES), headers))
        offset += draw(st.integers(1, 200))
    return records


def _batch(octets: bytes) -> Batch:
    (batch,), _ = split_batches(octets)
    check_batch(batch)
    return batch


@quick
@given(records=record_lists())
def test_what_is_built_can_be_read(records: list[Record]) -> None:
    octets = build_batch(records, leader_epoch=3, producer_id=7, producer_epoch=1, base_sequence=2)
    assert list(read_records(_batch(octets))) == records
    theirs = kafka_record.MemoryRecords(octets).next_batch()
    assert theirs.validate_crc()
    assert [(r.offset, r.timestamp, r.key, r.value) for r in theirs] == [
        record[:4] for record in records
    ]


@quick
@given(records=record_lists())
def test_octets_are_those_of_kafka_python(records: list[Record]) -> None:
    numbered = [record._replace(offset=index) for index, record in enumerate(records)]
    builder = kafka_record.MemoryRecordsBuilder(2, 0, 1 << 20)
    for record in numbered:
        headers = [(key.decode(), value) for key, value in record.headers]
        builder.append(record.timestamp, record.key, record.value, headers)
    builder.close()
    octets = bytes(builder.buffer())
    leader_epoch = read_header(octets).leader_epoch
    assert build_batch(numbered, leader_epoch=leader_epoch) == octets


def test_records_take_the_time_of_their_appending() -> None:
    octets = build_batch([Record(0, 5, None, b"a"), Record(1, 9, None, b"b")])
    stamped = _batch(stamp(octets, 1, 77))
    assert [record.timestamp for record in read_records(stamped)] == [77, 77]


@quick
@given(records=record_lists(), data=st.data())
def test_compaction_keeps_offsets(records: list[Record], data: st.DataObject) -> None:
    batch = _batch(build_batch(records, producer_id=7, producer_epoch=1, base_sequence=2))
    kept = [record for record in records if data.draw(st.booleans())]
    compacted = _batch(keep_records(batch, kept))
    assert list(read_records(compacted)) == kept
    before, after = batch.header, compacted.header
    assert (after.base_offset, after.last_offset) == (before.base_offset, before.last_offset)
    assert after[9:12] == before[9:12] and after.record_count == len(kept)


@pytest.mark.parametrize("control_type", [COMMIT, ABORT])
def test_end_marker(control_type: int) -> None:
    octets = build_end_marker(
        control_type,
        offset=12,
        timestamp=1000,
        producer_id=7,
        producer_epoch=3,
        coordinator_epoch=4,
        leader_epoch=2,
    )
    batch = _batch(octets)
    assert batch.header.is_control and batch.header.is_transactional
    assert batch.header.base_sequence == -1 and len(octets) == 78
    (record,) = read_records(batch)
    assert (record.offset, record.timestamp) == (12, 1000)
    assert control_type_of(record) == control_type
    assert record.key is not None and record.value is not None
    key, _ = decode("ControlRecordTypeSchema", 0, record.key, 2)
    assert key == {"type": control_type}
    assert decode("EndTxnMarker", 0, record.value, 2)[0] == {"coordinator_epoch": 4}
    (theirs,) = kafka_record.MemoryRecords(octets).next_batch()
    assert (theirs.abort, theirs.commit) == (control_type == ABORT, control_type == COMMIT)


def test_a_control_record_without_a_type() -> None:
    for key in (None, b"\0\0\0"):
        with pytest.raises(InvalidRecord, match="without a type"):
            control_type_of(Record(0, 0, key, None))


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("", "1 octets of a record announced, 0 left"),
        ("0c 00 00 00 01 01 00 00", "1 octets after 1 records"),
        ("0e 00 00 00 01 01 00", "a record of 7 octets"),
        ("0c 00 00 00 01 10 00", "8 octets of a record announced, 1 left"),
        ("0c 00 00 00 01 01 01", "a record with -1 headers"),
        ("0c 00 00 00 01 01 08", "a record with 4 headers"),
        ("0e 00 00 00 01 01 02 01", "-1 octets of a record"),
        ("0c 00 00 00 ffffffffffff", "a varint of more than 5 octets"),
        ("0c 00 ffffffffffffffffffff01", "a varint of more than 10 octets"),
    ],
)
def test_malformed_records(payload: str, words: str) -> None:
    header = read_header(build_batch([Record(0, 0, None, None)]))
    with pytest.raises(InvalidRecord, match=words):
        list(read_payload(header, bytes.fromhex(payload)))


def test_a_batch_may_be_empty_but_not_less() -> None:
    header = read_header(build_batch([Record(0, 0, None, None)]))
    assert list(read_payload(header._replace(record_count=0), b"")) == []
    with pytest.raises(InvalidRecord, match="a batch of -1 records"):
        list(read_payload(header._replace(record_count=-1), b""))
    assert encode_records(0, 0, [Record(0, 0, None, None)]) == bytes.fromhex("0c000000010100")


_SOME = st.sampled_from([None, b"", b"k", b"k" * 63, b"k" * 64, b"k" * 8191, b"k" * 8192])
_DELTAS = st.sampled_from([0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2**40])


@quick
@given(
    st.lists(st.tuples(_DELTAS, _SOME, _SOME, st.booleans()), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 25), st.integers(0, 255)), max_size=2),
)
def test_records_are_scanned_as_they_are_read(
    drawn: list[tuple[int, bytes | None, bytes | None, bool]], changes: list[tuple[int, int]]
) -> None:
    """Also those with an octet that is not what it should be."""
    records = [
        Record(number * 9000, 2**41 + delta, key, value, ((b"h", None),) if has_header else ())
        for number, (delta, key, value, has_header) in enumerate(drawn)
    ]
    octets = build_batch(records)
    header, payload = read_header(octets), bytearray(octets[HEADER_SIZE:])
    for place, octet in changes:
        payload[place % len(payload)] = octet
    try:
        found = list(read_payload(header, bytes(payload)))
    except InvalidRecord:
        with pytest.raises(InvalidRecord):
            scan_payload(header, bytes(payload))
        return
    times = [record.timestamp for record in found]
    keyless = any(record.key is None for record in found)
    assert scan_payload(header, bytes(payload)) == (min(times), max(-1, *times, -1), keyless)
