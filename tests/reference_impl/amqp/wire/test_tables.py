"""Field tables: round trips, pamqp's view of them, and octets that are no table."""

from __future__ import annotations

import datetime
import decimal
import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pamqp import decode, encode

from reference_impl.amqp.fields import Field, Table
from reference_impl.amqp.wire.tables import (
    Malformed,
    decode_array,
    decode_table,
    decode_text,
    decode_value,
    encode_table,
    encode_text,
    encode_value,
)
from tests.reference_impl import strategies as drawn
from tests.reference_impl.strategies import few, quick

PLAIN_TYPES = tuple(name for name in drawn.SCALAR_TYPES if name != "timestamp")
"""What pamqp decodes to a value that is the same at each width; timestamps become dates."""


def plain(field: Field) -> Any:
    """The value as pamqp gives it: without its width."""
    value = field.value
    if field.type == "table":
        return {name: plain(inner) for name, inner in value.items()}
    if field.type == "array":
        return [plain(inner) for inner in value]
    if field.type == "longstr":
        octets = encode_text(value)
        try:
            return octets.decode()
        except UnicodeDecodeError:
            return octets
    if field.type == "decimal":
        scale, unscaled = value
        if unscaled >= 2**31:  # pamqp reads it as signed, as the XML has it; RabbitMQ does not
            unscaled -= 2**32
        return decimal.Decimal(unscaled) * decimal.Decimal(10) ** -scale
    if field.type == "float":
        return struct.unpack(">f", struct.pack(">f", value))[0]
    return value


# -- round trips ----------------------------------------------------------------------------


@quick
@given(drawn.tables)
def test_table_survives_a_round_trip(table: Table) -> None:
    octets = encode_table(table)
    assert decode_table(octets) == table
    assert encode_table(decode_table(octets)) == octets


@quick
@given(drawn.fields)
def test_value_survives_a_round_trip(field: Field) -> None:
    octets = encode_value(field)
    assert decode_value(octets, 0) == (field, len(octets))
    assert decode_value(b"before" + octets + b"after", 6) == (field, 6 + len(octets))


@quick
@given(st.binary(max_size=40))
def test_text_keeps_any_octets(octets: bytes) -> None:
    assert encode_text(decode_text(octets)) == octets


def test_every_letter_of_rabbitmq_is_read() -> None:
    """The letters of the AMQP 0-9-1 errata; 'L' is a signed integer here."""
    values = (
        (b"t\x01", Field("bool", True)),
        (b"b\xff", Field("byte", -1)),
        (b"B\xff", Field("unsignedbyte", 255)),
        (b"s\xff\xff", Field("short", -1)),
        (b"u\xff\xff", Field("unsignedshort", 65535)),
        (b"I" + b"\xff" * 4, Field("signedint", -1)),
        (b"i" + b"\xff" * 4, Field("unsignedint", 2**32 - 1)),
        (b"l" + b"\xff" * 8, Field("long", -1)),
        (b"L" + b"\xff" * 8, Field("long", -1)),
        (b"f\x3f\x80\x00\x00", Field("float", 1.0)),
        (b"d\x3f\xf0\x00\x00\x00\x00\x00\x00", Field("double", 1.0)),
        (b"D\x02\x00\x00\x01\x3a", Field("decimal", (2, 314))),
        (b"S\x00\x00\x00\x01a", Field("longstr", "a")),
        (b"x\x00\x00\x00\x01a", Field("binary", b"a")),
        (b"A\x00\x00\x00\x02t\x00", Field("array", [Field("bool", False)])),
        (b"T" + b"\x00" * 7 + b"\x09", Field("timestamp", 9)),
        (b"F\x00\x00\x00\x03\x01aV", Field("table", {"a": Field("void", None)})),
        (b"V", Field("void", None)),
    )
    for octets, expected in values:
        assert decode_value(octets, 0) == (expected, len(octets))


def test_first_of_a_repeated_name_counts() -> None:
    assert decode_table(b"\x01at\x01\x01at\x00") == {"a": Field("bool", True)}


# -- against pamqp --------------------------------------------------------------------------


@quick
@given(st.dictionaries(drawn.field_names, drawn.fields_of(*PLAIN_TYPES), max_size=4))
def test_pamqp_reads_what_is_written(table: Table) -> None:
    octets = encode_table(table)
    length = struct.pack(">I", len(octets))
    assert decode.field_table(length + octets) == (
        len(octets) + 4,
        {name: plain(field) for name, field in table.items()},
    )


_PAMQP_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(width=32, allow_nan=False, allow_infinity=False),
        drawn.short_texts,
        st.binary(max_size=10).map(bytearray),
        st.builds(decimal.Decimal, st.integers(0, 2**31 - 1)),
        st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2100, 1, 1)),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(drawn.field_names, inner, max_size=3)
    ),
    max_leaves=8,
)


@few
@given(st.dictionaries(drawn.field_names, _PAMQP_VALUES, max_size=4))
def test_what_pamqp_writes_comes_back_octet_for_octet(values: dict[str, Any]) -> None:
    """pamqp takes the narrowest integer; the type is kept, so the octets are too."""
    octets = encode.field_table(values)[4:]
    assert encode_table(decode_table(octets)) == octets


@quick
@given(drawn.integers(0, 2**32 - 1))
def test_timestamps_are_seconds_as_in_pamqp(seconds: int) -> None:
    octets = encode_value(Field("timestamp", seconds))
    moment = datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)
    assert octets == encode.encode_table_value(moment)
    assert decode.embedded_value(octets) == (9, moment)


# -- what is no table -----------------------------------------------------------------------


@quick
@given(st.binary(max_size=60))
@example(b"\x01a")
@example(b"\x01aS\xff\xff\xff\xff")
@example(b"\x01aF\x00\x00\x00\x02\x05a")
def test_random_octets_are_a_table_or_malformed(octets: bytes) -> None:
    for read in (decode_table, decode_array):
        try:
            read(octets)
        except Malformed:
            pass


@quick
@given(drawn.tables, st.data())
def test_changed_octets_are_a_table_or_malformed(table: Table, data: st.DataObject) -> None:
    octets = bytearray(encode_table(table))
    for position in data.draw(st.lists(st.integers(0, max(len(octets) - 1, 0)), max_size=3)):
        if octets:
            octets[position] = data.draw(st.integers(0, 255))
    try:
        decode_table(bytes(octets))
    except Malformed:
        pass


@quick
@given(drawn.fields)
def test_every_truncation_of_a_value_is_malformed(field: Field) -> None:
    octets = encode_value(field)
    for size in range(len(octets)):
        with pytest.raises(Malformed):
            decode_value(octets[:size], 0)


@few
@given(drawn.tables)
def test_truncated_table_is_malformed_or_ends_between_fields(table: Table) -> None:
    octets = encode_table(table)
    names = list(table)
    starts = [len(encode_table({n: table[n] for n in names[:i]})) for i in range(len(names) + 1)]
    for size in range(len(octets)):
        if size in starts:
            assert list(decode_table(octets[:size])) == names[: starts.index(size)]
        else:
            with pytest.raises(Malformed):
                decode_table(octets[:size])


def _nested(letter: bytes, depth: int) -> bytes:
    octets = b""
    for _ in range(depth):
        name = b"\x00" if letter == b"F" else b""
        octets = name + letter + struct.pack(">I", len(octets)) + octets
    return octets


def test_nesting_that_clients_use_is_read() -> None:
    table = decode_table(_nested(b"F", 50))
    assert encode_table(table) == _nested(b"F", 50)
    assert len(decode_array(_nested(b"A", 50))) == 1


@pytest.mark.parametrize("depth", [500, 1_500])
def test_nesting_beyond_pythons_stack_is_malformed(depth: int) -> None:
    """A frame of 8,192 octets, which a stranger may send, holds 1,365 tables in each other."""
    with pytest.raises(Malformed):
        decode_table(_nested(b"F", depth))
    with pytest.raises(Malformed):
        decode_array(_nested(b"A", depth))
