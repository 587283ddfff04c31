"""Compiling the reader of a message in one version: octets -> plain values.

Each struct becomes one function that takes octets and a position and returns a dict and the
position after the struct. `at` says which field it has reached, so that errors cost nothing until
there is one.
"""

from __future__ import annotations

import struct

from reference_impl.kafka.errors import Malformed
from reference_impl.kafka.wire import octets as pieces
from reference_impl.kafka.wire.octets import Reader
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

_NAMES = {
    "IndexError": IndexError,
    "StructError": struct.error,
    "Malformed": Malformed,
    "check_count": pieces.check_count,
    "null_refused": pieces.null_refused,
    "read_compact_length": pieces.read_compact_length,
    "read_int16": struct.Struct(">h").unpack_from,
    "read_int32": struct.Struct(">i").unpack_from,
    "read_tags": pieces.read_tags,
    "take": pieces.take,
    "take_numbers": pieces.take_numbers,
    "take_text": pieces.take_text,
    "take_uuids": pieces.take_uuids,
    "take_view": pieces.take_view,
}

_TAKERS = {"string": "take_text", "bytes": "take", "records": "take_view"}


def compile_reader(message: Message, version: int) -> Reader:
    """Return the reader of this version of the message, which raises Malformed."""
    source = Source(message, version, _NAMES)
    _add_struct(source, "message", message.fields)
    reader: Reader = source.compile("message")
    return reader


def _add_struct(source: Source, name: str, fields: tuple[Field, ...]) -> None:
    """Write the function `name`, and before it those of the structs and tagged fields inside."""
    placed, tagged, absent = split_fields(fields, source.version)
    for field in (*placed, *tagged):
        if field.type == "struct":
            _add_struct(source, f"{name}_{field.name}", field.fields)
    if source.is_flexible:
        _add_tag_readers(source, name, fields)
    variables = {field.name: f"v{index}" for index, field in enumerate(placed)}
    _add_head(source, name)
    for run in runs_of(placed):
        _add_run(source, name, run, variables)
    values = [f"{field.name!r}: {variables[field.name]}" for field in placed]
    values += [f"{field.name!r}: {_default(source, field)}" for field in (*tagged, *absent)]
    source.add(2, f"value = {{{', '.join(values)}}}")
    if source.is_flexible:
        source.add(2, "at = 'tagged fields'", "if octets[position]:")
        source.add(2, f"    position = read_tags(octets, position, {name}_tags, value)")
        source.add(2, "else:", "    position += 1")
    _add_tail(source, "value")


def _add_tag_readers(source: Source, name: str, fields: tuple[Field, ...]) -> None:
    """Write a function for each tagged field, and which tag is whose."""
    entries = []
    for field in fields:
        if field.tag is None:
            continue
        reader = f"{name}_{field.name}_tag" if source.version in field.versions else "None"
        entries.append(f"{field.tag}: ({field.name!r}, {reader})")
        if source.version in field.versions:
            _add_head(source, reader)
            _add_run(source, name, [field], {field.name: "value"})
            _add_tail(source, "value")
    source.add(0, f"{name}_tags = {{{', '.join(entries)}}}")


def _add_head(source: Source, name: str) -> None:
    source.add(0, f"def {name}(octets, position):")
    source.add(1, "at, items = '', None", "try:")


def _add_tail(source: Source, result: str) -> None:
    source.add(2, f"return {result}, position")
    source.add(1, "except (IndexError, StructError):", "    error = Malformed('cut short')")
    source.add(1, "except Malformed as inner:", "    error = inner")
    source.add(1, "error.inside(at, None if items is None else len(items))")
    source.add(1, "raise error")


def _default(source: Source, field: Field) -> str:
    """An expression for the default, a new object each time where it can be changed."""
    if isinstance(field.default, dict):
        return f"{source.keep('default', field.default)}.copy()"
    return repr(field.default)


def _add_run(source: Source, name: str, run: list[Field], variables: dict[str, str]) -> None:
    """Write the reading of these fields of the struct that `name` reads."""
    source.add(2, f"at = {place_of(run)!r}")
    if is_fixed(run[0]):
        _add_fixed(source, run, variables)
    else:
        _add_variable(source, run[0], variables[run[0].name], f"{name}_{run[0].name}")


def _add_fixed(source: Source, run: list[Field], variables: dict[str, str]) -> None:
    layout = struct.Struct(layout_of(run))
    unpack = source.keep("unpack", layout.unpack_from)
    targets = "".join(f"{variables[field.name]}, " for field in run)
    source.add(2, f"{targets}= {unpack}(octets, position)", f"position += {layout.size}")


def _add_variable(source: Source, field: Field, variable: str, reader: str) -> None:
    """Write the reading of an array, struct, string, bytes or records into `variable`."""
    if field.type == "struct" and not field.is_array:
        depth = 2
        if source.is_nullable(field):
            source.add(2, "is_null = octets[position] > 127", "position += 1")
            source.add(2, "if is_null:", f"    {variable} = None", "else:")
            depth = 3
        source.add(depth, f"{variable}, position = {reader}(octets, position)")
        return
    _add_length(source, 2, field.type == "string" and not field.is_array, source.is_compact(field))
    source.add(2, "if length < 0:")
    source.add(3, f"{variable} = None" if source.is_nullable(field) else "raise null_refused()")
    source.add(2, "else:")
    if field.is_array:
        _add_elements(source, field, variable, reader)
    else:
        source.add(3, f"{variable}, position = {_TAKERS[field.type]}(octets, position, length)")


def _add_length(source: Source, depth: int, is_short: bool, is_compact: bool) -> None:
    if is_compact:
        source.add(depth, "length = octets[position] - 1", "position += 1", "if length > 126:")
        source.add(depth, "    length, position = read_compact_length(octets, position - 1)")
    elif is_short:
        source.add(depth, "length, = read_int16(octets, position)", "position += 2")
    else:
        source.add(depth, "length, = read_int32(octets, position)", "position += 4")


def _add_elements(source: Source, field: Field, variable: str, reader: str) -> None:
    source.add(3, "check_count(octets, position, length)")
    if field.type == "uuid":
        source.add(3, f"{variable}, position = take_uuids(octets, position, length)")
        return
    if field.type in LETTERS:
        letter = LETTERS[field.type]
        source.add(3, f"{variable}, position = take_numbers(octets, position, length, {letter!r})")
        return
    source.add(3, f"{variable} = items = []", "for _ in range(length):")
    if field.type == "struct":
        source.add(4, f"item, position = {reader}(octets, position)")
    else:
        _add_length(source, 4, field.type == "string", source.is_compact(field))
        source.add(4, "if length < 0:", "    raise null_refused()")
        source.add(4, f"item, position = {_TAKERS[field.type]}(octets, position, length)")
    source.add(4, "items.append(item)")
    source.add(3, "items = None")
