"""Compiling the writer of a message in one version: plain values -> octets.

Each struct becomes one function that takes a mapping and gives its pieces to `append`. A mapping
that has just the fields of the version takes the short way; any other is completed first.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any

from reference_impl.kafka.wire import octets as pieces
from reference_impl.kafka.wire.octets import Unencodable, Writer
from reference_impl.kafka.wire.schema import Field, Message
from reference_impl.kafka.wire.sources import (
    LETTERS,
    Source,
    is_fixed,
    layout_of,
    place_of,
    runs_of,
    split_fields,
)

UNKNOWN_TAGS = "unknown_tags"

_NAMES = {
    "KeyError": KeyError,
    "Mistakes": (struct.error, AttributeError, TypeError),
    "Unencodable": Unencodable,
    "compact_bytes": pieces.compact_bytes,
    "compact_length": pieces.compact_length,
    "compact_string": pieces.compact_string,
    "pack_int32": struct.Struct(">i").pack,
    "pack_numbers": pieces.pack_numbers,
    "pack_uuids": pieces.pack_uuids,
    "plain_bytes": pieces.plain_bytes,
    "plain_string": pieces.plain_string,
    "tag_section": pieces.tag_section,
    "uuid_octets": pieces.uuid_octets,
}


def compile_writer(message: Message, version: int) -> Writer:
    """Return the writer of this version of the message, which raises Unencodable."""
    source = Source(message, version, _NAMES)
    _add_struct(source, "message", message.fields)
    writer: Writer = source.compile("message")
    return writer


def _add_struct(source: Source, name: str, fields: tuple[Field, ...]) -> None:
    """Write the function `name`, and before it those of the structs and tagged fields inside."""
    placed, tagged, _ = split_fields(fields, source.version)
    present = (*placed, *tagged)
    for field in present:
        if field.type == "struct":
            _add_struct(source, f"{name}_{field.name}", field.fields)
    for field in tagged:
        _add_tag_writer(source, name, field)
    variables = {field.name: f"v{index}" for index, field in enumerate(present)}
    complete = source.keep("complete", _completer(fields, source.version, source.is_flexible))
    _add_head(source, name)
    source.add(2, f"if len(value) != {len(present)}:", f"    value = {complete}(value)")
    if present:
        get = source.keep("get", _getter([field.name for field in present]))
        targets = "".join(f"{variable}, " for variable in variables.values())
        source.add(2, "try:", f"    {targets}= {get}(value)", "except KeyError:")
        source.add(3, f"value = {complete}(value)", f"{targets}= {get}(value)")
    for run in runs_of(placed):
        _add_run(source, name, run, variables)
    if source.is_flexible:
        source.add(2, "at = 'tagged fields'")
        source.add(
            2, f"tags = list(value[{UNKNOWN_TAGS!r}].items()) if {UNKNOWN_TAGS!r} in value else []"
        )
        for field in tagged:
            is_default = source.keep("is_default", _default_test(field))
            variable = variables[field.name]
            source.add(2, f"if not {is_default}({variable}):")
            source.add(3, f"tags.append(({field.tag}, {name}_{field.name}_tag({variable})))")
        source.add(2, "append(tag_section(tags) if tags else b'\\0')")
    _add_tail(source)


def _add_tag_writer(source: Source, name: str, field: Field) -> None:
    """Write the function that gives the octets of a tagged field."""
    function = f"{name}_{field.name}_tag"
    source.add(0, f"def {function}(value):")
    source.add(1, "parts = []", f"{function}_parts(value, parts.append)", "return b''.join(parts)")
    _add_head(source, f"{function}_parts")
    _add_run(source, name, [field], {field.name: "value"})
    _add_tail(source)


def _add_head(source: Source, name: str) -> None:
    source.add(0, f"def {name}(value, append):")
    source.add(1, "at, index = '', None", "try:")


def _add_tail(source: Source) -> None:
    source.add(2, "return")
    source.add(1, "except Mistakes as inner:", "    error = Unencodable(str(inner))")
    source.add(1, "except Unencodable as inner:", "    error = inner")
    source.add(1, "error.inside(at, index)", "raise error")


def _getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what takes these values out of a mapping, as a tuple. It raises KeyError."""
    if len(names) == 1:
        (name,) = names
        return lambda value: (value[name],)
    return itemgetter(*names)


def _default_test(field: Field) -> Callable[[Any], bool]:
    """Return what says whether a value is the default of the field."""
    default = field.default

    def is_default(value: Any) -> bool:
        if value is default:
            return True
        if isinstance(default, list):
            return value is not None and len(value) == 0
        if isinstance(default, dict):
            return value is not None and {**default, **value} == default
        return bool(value == default)

    return is_default


def _completer(
    fields: tuple[Field, ...], version: int, is_flexible: bool
) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Return what adds the defaults of missing fields to a mapping, and raises Unencodable if it
    has unknown ones or, where that matters, one that the version lacks."""
    defaults = {field.name: field.default for field in fields if version in field.versions}
    absent = {field.name: field for field in fields if version not in field.versions}
    tests = {name: _default_test(field) for name, field in absent.items()}

    def complete(value: Mapping[str, Any]) -> Mapping[str, Any]:
        merged = {**defaults, **value}
        if len(merged) == len(defaults):
            return merged
        for name in value:
            if name in defaults or (name == UNKNOWN_TAGS and is_flexible):
                continue
            if name not in absent:
                raise Unencodable(f"there is no field {name}")
            if not absent[name].is_ignorable and not tests[name](value[name]):
                raise Unencodable(f"{name} is {value[name]!r}, but this version lacks it")
        return merged

    return complete


def _add_run(source: Source, name: str, run: list[Field], variables: dict[str, str]) -> None:
    """Write the writing of these fields of the struct that `name` writes."""
    source.add(2, f"at = {place_of(run)!r}")
    if is_fixed(run[0]):
        pack = source.keep("pack", struct.Struct(layout_of(run)).pack)
        values = [
            f"uuid_octets({variables[field.name]})"
            if field.type == "uuid"
            else variables[field.name]
            for field in run
        ]
        source.add(2, f"append({pack}({', '.join(values)}))")
    else:
        _add_variable(source, run[0], variables[run[0].name], f"{name}_{run[0].name}")


def _add_variable(source: Source, field: Field, variable: str, writer: str) -> None:
    """Write the writing of `variable`, an array, struct, string, bytes or records."""
    source.add(2, f"if {variable} is None:")
    if not source.is_nullable(field):
        source.add(3, "raise Unencodable('null where a value is needed')")
    elif field.type == "struct" and not field.is_array:
        source.add(3, r"append(b'\xff')")
    elif source.is_compact(field):
        source.add(3, r"append(b'\0')")
    else:
        octets = 2 if field.type == "string" and not field.is_array else 4
        source.add(3, f"append({bytes([255] * octets)!r})")
    source.add(2, "else:")
    prefix = "compact" if source.is_compact(field) else "plain"
    if field.is_array or field.type == "records":
        length = "compact_length" if source.is_compact(field) else "pack_int32"
        source.add(3, f"append({length}(len({variable})))")
    if field.is_array:
        _add_elements(source, field, variable, writer, prefix)
    elif field.type == "struct":
        if source.is_nullable(field):
            source.add(3, r"append(b'\1')")
        source.add(3, f"{writer}({variable}, append)")
    elif field.type == "records":
        source.add(3, f"append({variable})")
    else:
        source.add(3, f"append({prefix}_{field.type}({variable}))")


def _add_elements(source: Source, field: Field, variable: str, writer: str, prefix: str) -> None:
    if field.type == "uuid":
        source.add(3, f"append(pack_uuids({variable}))")
    elif field.type in LETTERS:
        source.add(3, f"append(pack_numbers({variable}, {LETTERS[field.type]!r}))")
    else:
        source.add(3, f"for index, item in enumerate({variable}):")
        if field.type == "struct":
            source.add(4, f"{writer}(item, append)")
        else:
            source.add(4, f"append({prefix}_{field.type}(item))")
        source.add(3, "index = None")
