"""The same message in kafka-python's codec, which shares nothing with ours."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from reference_impl.kafka.wire.schema import Field, find_message

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of importlib.resources.read_text
    from kafka import errors as kafka_errors
    from kafka import record as kafka_record
    from kafka.protocol import admin, consumer, metadata, producer, sasl
    from kafka.protocol.api_message import ApiMessage
    from kafka.protocol.schemas.fields.codecs import BitField

__all__ = ["CLASSES", "encode", "kafka_errors", "kafka_record", "recode", "versions_of"]

PARTS = (admin, consumer, metadata, producer, sasl)
"""Where the classes of all messages are; importing defines them."""


def _descendants(parent: type) -> Iterator[type]:
    for child in parent.__subclasses__():
        yield child
        yield from _descendants(child)


CLASSES: dict[str, Any] = {
    child.__name__: child
    for child in _descendants(ApiMessage)
    if child.__name__.endswith(("Request", "Response"))
}


def versions_of(message: str) -> range:
    """The versions that both know. Fields of earlier versions are not in its schema."""
    first, last = CLASSES[message].valid_versions
    ours = find_message(message).versions
    return range(max(first, ours.start), min(last + 1, ours.stop))


def encode(message: str, version: int, value: Mapping[str, Any]) -> bytes:
    """Encode a value of ours."""
    schema = find_message(message)
    twin = _build(CLASSES[message], CLASSES[message]._struct, schema.fields, version, value)
    return _octets(twin)


def recode(message: str, version: int, octets: bytes) -> bytes:
    """Decode and encode again."""
    decode_as: Any = ApiMessage.decode.__func__  # without what single messages make of it
    return _octets(decode_as(CLASSES[message], octets, version=version))


def _octets(twin: Any) -> bytes:
    return bytes(ApiMessage.encode(twin))


def _build(
    data_class: Any, struct: Any, fields: tuple[Field, ...], version: int, value: Mapping[str, Any]
) -> Any:
    given = {}
    for field in fields:
        if version not in field.versions:
            continue
        if field.tag is not None and value[field.name] == field.default:
            continue  # it would be sent nevertheless
        name = field.name
        if name not in struct.fields:
            name = "authorized_operations"
        given[name] = _convert(struct.fields[name], field, version, value[field.name])
    return data_class(version=version, **given)


def _convert(twin: Any, field: Field, version: int, value: Any) -> Any:
    if value is None:
        return None
    if field.is_array:
        return [_convert_one(twin, field, version, item) for item in value]
    return _convert_one(twin, field, version, value)


def _convert_one(twin: Any, field: Field, version: int, value: Any) -> Any:
    if getattr(twin, "_type", None) is BitField:
        return BitField.from_32_bit_field(value)
    if field.type == "uuid":
        return uuid.UUID(bytes=value)
    if field.type == "struct":
        return _build(twin.data_class, twin, field.fields, version, value)
    return value
