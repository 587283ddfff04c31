"""Hypothesis strategies for the values of any message, drawn from its schema."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from reference_impl.kafka.wire.schema import NO_UUID, Field, find_message

Value = dict[str, Any]

_TEXTS = st.sampled_from(("", "a", "orders", "\u00e9\u20ac\U0001f600", "x" * 126, "x" * 127))
"""Lengths on both sides of what a compact length holds in one octet."""

_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": _TEXTS,
    "bytes": st.sampled_from((b"", b"\0\xff", bytes(130))) | st.binary(max_size=6),
    "records": st.sampled_from((b"", bytes(20))) | st.binary(max_size=6),
    "uuid": st.sampled_from((NO_UUID, b"0123456789abcdef")) | st.binary(min_size=16, max_size=16),
    "bool": st.booleans(),
}


def _integers(kind: str, default: Any) -> st.SearchStrategy[int]:
    bits = int(kind.removeprefix("int")) - 1
    low, high = -(2**bits), 2**bits - 1
    usual = default if isinstance(default, int) else 0
    return st.sampled_from((usual, 0, 1, -1, low, high)) | st.integers(low, high)


def _one(field: Field) -> st.SearchStrategy[Any]:
    if field.type == "struct":
        return _struct(field.fields)
    if field.type in _SCALARS:
        return _SCALARS[field.type]
    return _integers(field.type, field.default)


def _values(field: Field) -> st.SearchStrategy[Any]:
    value = _one(field)
    if field.is_array:
        value = st.lists(value, max_size=2)
    if field.tag is not None:
        value |= st.just(field.default)
    if field.nullable:
        value |= st.none()
    return value


def _struct(fields: tuple[Field, ...]) -> st.SearchStrategy[Value]:
    return st.fixed_dictionaries({field.name: _values(field) for field in fields})


@cache
def values_of(message: str) -> st.SearchStrategy[Value]:
    """Values with the fields of all versions; `as_of` makes one of a version from it."""
    return _struct(find_message(message).fields)


def as_of(message: str, version: int, value: Value) -> Value:
    """Return what this version of the message has of the value; null where it may not be becomes
    the default."""
    return _cut(find_message(message).fields, version, value)


def _cut(fields: tuple[Field, ...], version: int, value: Value) -> Value:
    return {
        field.name: _cut_field(field, version, value[field.name])
        for field in fields
        if version in field.versions
    }


def _cut_field(field: Field, version: int, value: Any) -> Any:
    if value is None:
        return None if version in field.nullable else _without_null(field)
    if field.type != "struct":
        return value
    if field.is_array:
        return [_cut(field.fields, version, item) for item in value]
    return _cut(field.fields, version, value)


def _without_null(field: Field) -> Any:
    if field.is_array:
        return []
    return {"string": "", "bytes": b"", "records": b""}[field.type]
