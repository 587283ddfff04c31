"""Record batches: edited with the right checksum, and read back with every check."""

from __future__ import annotations

import pytest

from conformance.drivers.kafka.batches import (
    GZIP,
    HEADER_SIZE,
    Sent,
    build,
    edit,
    fields_of,
    split,
)
from conformance.errors import Mismatch

RECORDS = [Sent(b"one", b"key", headers=(("h", None),)), Sent(None)]
GOOD = build(RECORDS)


@pytest.mark.parametrize("compression", [0, GZIP])
def test_what_was_built_is_read(compression: int) -> None:
    records = [*RECORDS, Sent(b"x" * 500)]
    (batch,) = split(build(records, compression))
    assert [one.sent for one in batch.records] == records
    assert (batch.compression, batch.next_offset) == (compression, 3)


def test_an_edit_keeps_the_checksum_right() -> None:
    (batch,) = split(edit(GOOD, base_offset=10, max_timestamp=5))
    assert batch.fields["max_timestamp"] == 5
    assert [one.offset for one in batch.records] == [10, 11]


def test_an_edit_without_a_checksum_is_noticed() -> None:
    assert fields_of(edit(GOOD, crc=1))["crc"] == 1
    for octets in (edit(GOOD, crc=1), edit(GOOD, checksum=False, max_timestamp=5)):
        with pytest.raises(Mismatch, match="the right checksum"):
            split(octets)


def test_a_batch_that_was_cut_off_is_left_out() -> None:
    assert len(split(GOOD + GOOD[:-1])) == 1
    assert split(GOOD[: HEADER_SIZE - 1]) == []


@pytest.mark.parametrize("changes", [{"magic": 1}, {"length": 3}, {"record_count": 3}])
def test_what_no_client_could_read(changes: dict[str, int]) -> None:
    with pytest.raises(Mismatch):
        split(edit(GOOD, **changes) + bytes(100))
