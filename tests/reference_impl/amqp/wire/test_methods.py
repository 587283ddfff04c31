"""Method payloads: round trips, byte equality with pamqp, and payloads that are none."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.amqp.fields import Field
from reference_impl.amqp.wire.methods import decode_arguments, encode_method, encode_shortstr
from reference_impl.amqp.wire.spec import METHODS, MethodSpec
from reference_impl.amqp.wire.tables import Malformed, decode_table, encode_table
from tests.reference_impl import strategies as drawn
from tests.reference_impl.amqp.pamqp_names import MISSING, command, field_name, unmarshalled
from tests.reference_impl.amqp.wire.test_tables import PLAIN_TYPES, plain
from tests.reference_impl.strategies import quick

EXAMPLES = 12
"""Of each method; seeds make them the same at each run."""

COMPARABLE = ("byte", "bool", "longstr", "void")
"""Types that pamqp writes with the same octets, if the names in a table are sorted."""

every_method = pytest.mark.parametrize("name", METHODS)


def examples(name: str, *types: str) -> Iterator[tuple[MethodSpec, list[Any], bytes]]:
    """Yield a method with drawn values and its payload."""
    method = METHODS[name]
    for number in range(EXAMPLES):
        chance = random.Random(f"{name} {number}")
        values = drawn.random_values(method, chance, types or drawn.SCALAR_TYPES)
        yield method, values, encode_method(name, *values)


@every_method
def test_method_survives_a_round_trip(name: str) -> None:
    for method, values, payload in examples(name):
        assert decode_arguments(method, payload) == values


@pytest.mark.parametrize("name", sorted(set(METHODS) - MISSING))
def test_octets_are_those_of_pamqp(name: str) -> None:
    for method, values, payload in examples(name, *COMPARABLE):
        theirs = [
            {n: plain(f) for n, f in value.items()} if kind == "table" else value
            for (_, kind), value in zip(method.fields, values, strict=True)
        ]
        marshalled = payload[:4] + command(name, *theirs).marshal()
        assert marshalled == payload
        assert decode_arguments(method, marshalled) == values
        read = unmarshalled(name, payload[4:])
        assert [read[field_name(name, field)] for field, _ in method.fields] == theirs


@pytest.mark.parametrize("name", sorted(set(METHODS) - MISSING))
def test_pamqp_reads_tables_of_any_type(name: str) -> None:
    for method, values, payload in examples(name, *PLAIN_TYPES):
        read = unmarshalled(name, payload[4:])
        for (field, kind), value in zip(method.fields, values, strict=True):
            expected = {n: plain(f) for n, f in value.items()} if kind == "table" else value
            assert read[field_name(name, field)] == expected


@every_method
def test_every_truncation_is_malformed(name: str) -> None:
    for method, _, payload in itertools.islice(examples(name), 3):
        for size in range(len(payload)):
            with pytest.raises(Malformed):
                decode_arguments(method, payload[:size])


@every_method
def test_octets_after_the_last_field_are_malformed(name: str) -> None:
    for method, _, payload in examples(name):
        for more in (b"\0", b"\xff", b"\0\0\0\0"):
            with pytest.raises(Malformed):
                decode_arguments(method, payload + more)


@every_method
def test_changed_octets_are_malformed_or_a_method(name: str) -> None:
    for number, (method, _, payload) in enumerate(examples(name)):
        chance = random.Random(number)
        changed = bytearray(payload)
        for _ in range(10):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
            try:
                decode_arguments(method, bytes(changed))
            except Malformed:
                pass


@quick
@given(st.sampled_from(list(METHODS.values())), st.binary(max_size=60))
def test_random_octets_are_malformed_or_a_method(method: MethodSpec, octets: bytes) -> None:
    try:
        values = decode_arguments(method, octets)
    except Malformed:
        return
    assert len(values) == len(method.fields)


@pytest.mark.parametrize("octets", [b"\x01\xff", b"\x02\xc3\x28", b"\x03\xe0\x80\x80"])
def test_short_string_that_is_no_utf8_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        decode_arguments(METHODS["basic.cancel-ok"], b"\x00\x3c\x00\x1f" + octets)


def test_bits_share_octets_from_the_lowest_on() -> None:
    payload = encode_method("queue.declare", 0, "q", True, False, True, False, True, {})
    assert payload[4:] == b"\x00\x00" + b"\x01q" + b"\x15" + b"\x00" * 4
    unused = payload.replace(b"\x15", b"\xf5")
    assert decode_arguments(METHODS["queue.declare"], unused) == decode_arguments(
        METHODS["queue.declare"], payload
    )


def test_wrong_number_of_values_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        encode_method("basic.cancel-ok")


def test_short_string_is_counted_in_octets() -> None:
    assert encode_shortstr("é") == b"\x02\xc3\xa9"


def test_inner_tables_keep_their_octets() -> None:
    table = {"a": Field("table", {"b": Field("unsignedint", 7)}), "c": Field("array", [])}
    octets = encode_table(table)
    payload = encode_method("queue.declare", 0, "", False, False, False, False, False, table)
    assert payload.endswith(len(octets).to_bytes(4, "big") + octets)
    assert decode_table(octets) == table
