"""Property lists: round trips, byte equality with pamqp, and lists that are cut short."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands

from reference_impl.amqp.fields import PROPERTY_NAMES, Field, Properties
from reference_impl.amqp.wire.properties import decode_properties, encode_properties
from reference_impl.amqp.wire.tables import Malformed
from tests.reference_impl import strategies as drawn
from tests.reference_impl.amqp.wire.test_tables import plain
from tests.reference_impl.strategies import few, quick


def values_of(properties: Properties) -> dict[str, Any]:
    """What is set, by name."""
    found = {name: getattr(properties, name) for name in PROPERTY_NAMES}
    return {name: value for name, value in found.items() if value is not None}


def _as_pamqp(properties: Properties) -> commands.Basic.Properties:
    made = commands.Basic.Properties()
    for name, value in values_of(properties).items():
        if name == "headers":
            value = {n: plain(field) for n, field in value.items()}
        elif name == "timestamp":
            value = datetime.datetime.fromtimestamp(value, tz=datetime.UTC)
        setattr(made, "message_type" if name == "type" else name, value)
    return made


_words = st.text("abcé", min_size=1, max_size=4)
_flat_fields = st.one_of(
    st.integers(-128, 127).map(lambda value: Field("byte", value)),
    st.booleans().map(lambda value: Field("bool", value)),
    _words.map(lambda value: Field("longstr", value)),
)
_comparable = drawn.properties(
    **dict.fromkeys(
        set(PROPERTY_NAMES) - {"headers", "delivery_mode", "priority", "timestamp"}, _words
    ),
    headers=st.dictionaries(_words, _flat_fields, max_size=3).map(
        lambda t: dict(sorted(t.items()))
    ),
    timestamp=drawn.integers(0, 2**32 - 1),
)
"""Properties that pamqp writes the same way: it leaves out empty strings."""


@quick
@given(drawn.properties())
def test_properties_survive_a_round_trip(properties: Properties) -> None:
    raw = encode_properties(properties)
    decoded = decode_properties(raw)
    assert values_of(decoded) == values_of(properties)
    assert decoded.raw == raw
    assert encode_properties(decoded) is decoded.raw
    assert encode_properties(decoded.replace()) == raw


@quick
@given(_comparable)
def test_octets_are_those_of_pamqp(properties: Properties) -> None:
    theirs = _as_pamqp(properties)
    raw = encode_properties(properties)
    assert theirs.marshal() == raw
    read = commands.Basic.Properties()
    read.unmarshal(int.from_bytes(raw[:2], "big"), raw[2:])
    assert read == theirs
    assert values_of(decode_properties(theirs.marshal())) == values_of(properties)


@few
@given(drawn.properties())
def test_every_truncation_is_malformed(properties: Properties) -> None:
    raw = encode_properties(properties)
    for size in range(len(raw)):
        with pytest.raises(Malformed):
            decode_properties(raw[:size])


@quick
@given(drawn.properties(), st.binary(min_size=1, max_size=4))
def test_octets_after_the_last_property_are_malformed(properties: Properties, more: bytes) -> None:
    with pytest.raises(Malformed):
        decode_properties(encode_properties(properties) + more)


@quick
@given(st.binary(max_size=60))
def test_random_octets_are_malformed_or_properties(octets: bytes) -> None:
    try:
        assert decode_properties(octets).raw == octets
    except Malformed:
        pass


@quick
@given(drawn.properties(), drawn.integers(0, 255))
def test_replace_changes_a_copy(properties: Properties, priority: int) -> None:
    before = values_of(properties)
    encode_properties(properties)
    changed = properties.replace(priority=priority, expiration=None)
    assert values_of(properties) == before
    assert changed.raw is None
    expected = {**before, "priority": priority}
    expected.pop("expiration", None)
    assert values_of(changed) == expected
