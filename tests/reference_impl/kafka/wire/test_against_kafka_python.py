"""Our codec and kafka-python's write the same octets and read each other's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.kafka.wire.codec import decode_whole, encode
from reference_impl.kafka.wire.schema import MESSAGE_NAMES, find_message
from reference_impl.kafka.wire.versions import API_NAMES
from tests.reference_impl.kafka.wire import kafka_python_twin as twin
from tests.reference_impl.kafka.wire.strategies import as_of, values_of
from tests.reference_impl.strategies import quick

MESSAGES = [name for name in MESSAGE_NAMES if name.endswith(("Request", "Response"))]


def test_kafka_python_knows_every_api_and_version() -> None:
    assert len(MESSAGES) == 2 * len(API_NAMES)
    assert [name for name in MESSAGES if name not in twin.CLASSES] == []
    assert [
        name
        for name in MESSAGES
        if twin.CLASSES[name].valid_versions[1] != find_message(name).versions[-1]
    ] == []


def _holds(decoded: Any, value: Any) -> bool:
    """Whether all of `value` is in what was decoded; that has the fields of other versions too."""
    if isinstance(value, dict):
        return all(_holds(decoded[name], inner) for name, inner in value.items())
    if isinstance(value, list):
        return len(decoded) == len(value) and all(map(_holds, decoded, value))
    return bool(decoded == value)


@pytest.mark.slow
@pytest.mark.parametrize("message", MESSAGES)
@settings(quick, max_examples=10)
@given(data=st.data())
def test_same_octets(message: str, data: st.DataObject) -> None:
    drawn = data.draw(values_of(message))
    for version in twin.versions_of(message):
        value = as_of(message, version, drawn)
        octets = encode(message, version, value)
        assert octets == twin.encode(message, version, value), version
        assert octets == twin.recode(message, version, octets), version
        decoded = decode_whole(message, version, octets)
        assert encode(message, version, decoded) == octets, version
        assert _holds(decoded, value), version
