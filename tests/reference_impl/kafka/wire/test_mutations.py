"""Damaged messages: they are read or Malformed, soon and in little memory, whatever they say."""

from __future__ import annotations

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.kafka.record.batches import read_header, split_batches
from reference_impl.kafka.record.records import Record, build_batch, read_records
from reference_impl.kafka.wire.codec import Malformed, decode, encode
from reference_impl.kafka.wire.schema import MESSAGE_NAMES, find_message
from tests.reference_impl.kafka.wire.strategies import as_of, values_of
from tests.reference_impl.strategies import few, quick

MOST_CPU_SECONDS = 0.25
"""A thousand times what the largest of these messages takes."""

MOST_OCTETS_AN_OCTET = 1000
"""An empty dict for each octet would be less than half of this."""

LIES = st.sampled_from(
    (
        b"\xff\xff\xff\xff\x0f",
        b"\x80\x80\x80\x80\x08",
        b"\x80\x80\x80\x80\x80\x01",
        b"\x7f\xff\xff\xff",
        b"\x80\x00\x00\x00",
        b"\xff\xff",
        b"\x7f\xff",
        b"\xff\xff\xff\x07",
    )
) | st.binary(min_size=1, max_size=3)
"""Lengths that are too large, negative or endless."""


@st.composite
def damaged(draw: st.DrawFn, octets: bytes) -> bytes:
    """Octets of which some are cut, replaced or pushed aside by others."""
    for _ in range(draw(st.integers(1, 3))):
        position = draw(st.integers(0, len(octets)))
        kind = draw(st.sampled_from(("cut", "replace", "insert", "remove")))
        lie = draw(LIES)
        if kind == "cut":
            octets = octets[:position]
        elif kind == "insert":
            octets = octets[:position] + lie + octets[position:]
        elif kind == "replace":
            octets = octets[:position] + lie + octets[position + len(lie) :]
        else:
            octets = octets[:position] + octets[position + len(lie) :]
    return octets


@pytest.mark.slow
@pytest.mark.parametrize("message", MESSAGE_NAMES)
@settings(few)
@given(data=st.data())
def test_damaged_messages(message: str, data: st.DataObject) -> None:
    version = data.draw(st.sampled_from(find_message(message).versions))
    value = as_of(message, version, data.draw(values_of(message)))
    octets = data.draw(damaged(encode(message, version, value)))
    started = time.process_time()
    try:
        decoded, position = decode(message, version, octets)
    except Malformed:
        pass
    else:
        assert position <= len(octets)
        encode(message, version, decoded)
    assert time.process_time() - started < MOST_CPU_SECONDS


def _peak(message: str, version: int, octets: bytes) -> int:
    tracemalloc.start()
    try:
        decode(message, version, octets)
    except Malformed:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


@pytest.mark.slow
def test_lengths_that_lie_cost_no_memory() -> None:
    for name in MESSAGE_NAMES:
        for version in find_message(name).versions:
            for lie in (b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff\x07", b"\x7f" * 3000, b"\xff" * 9):
                octets = bytes(8) + lie * 4
                decode_first(name, version)
                assert _peak(name, version, octets) < 100_000 + MOST_OCTETS_AN_OCTET * len(octets)


def decode_first(message: str, version: int) -> None:
    """Compile the reader, which takes memory too."""
    decode(message, version, encode(message, version, {}))


@settings(quick)
@given(data=st.data())
def test_damaged_batches(data: st.DataObject) -> None:
    batch = build_batch(
        [Record(5, 1000, b"k", b"v", ((b"h", None),)), Record(6, 1001, None, b"w" * 70)]
    )
    octets = data.draw(damaged(batch + batch))
    try:
        batches, rest = split_batches(octets)
        assert sum(len(batch.octets) for batch in batches) + rest == len(octets)
        for found in batches:
            assert found.header == read_header(found.octets)
            assert len(found.octets) == found.header.size
            list(read_records(found))
    except Malformed:
        pass
