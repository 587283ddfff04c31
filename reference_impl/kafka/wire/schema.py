"""The notation in which messages are written, and what it says as values.

    FetchRequest 0-18 flexible 12+            a message, its versions, the flexible ones (KIP-482)
      cluster_id  string? 12+ tag 0 = null    a field: name, type, versions, tag, default
      max_bytes   int32 3+ = 0x7fffffff ignorable
      topics      []                          an array of structs, whose fields follow
        partitions  [int32]                   an array of numbers
      replica_state  {} 15+                   a struct

Without versions a field is in all those of what it stands in, without a default it is zero, false,
empty, or null for records. `?` behind a type lets it be null, `?7+` in these versions only. An
`ignorable` value is left out without an error where the version lacks its field. `rigid` is never
written the flexible way. A tagged field is tagged in all its versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from reference_impl.kafka.wire.messages import TEXTS

NO_UUID = bytes(16)

_EMPTY: dict[str, Any] = {"bool": False, "string": "", "bytes": b"", "uuid": NO_UUID}
"""Defaults of types; that of a number is 0, that of records null."""

NUMBERS = ("bool", "int8", "int16", "int32", "int64")


@dataclass(frozen=True)
class Field:
    """One field. `type` is a number, uuid, string, bytes, records or struct, of which an array has
    many; `versions` and `nullable` are ranges of versions."""

    name: str
    type: str
    is_array: bool
    versions: range
    nullable: range
    tag: int | None
    is_rigid: bool
    default: Any
    is_ignorable: bool
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Message:
    """A request, a response, a header or another structure; `flexible` is a range of versions."""

    name: str
    versions: range
    flexible: range
    fields: tuple[Field, ...]


def _cut_texts() -> dict[str, list[str]]:
    """The lines of each message, by its name."""
    blocks = (block.splitlines() for text in TEXTS for block in text.strip().split("\n\n"))
    return {lines[0].split()[0]: lines for lines in blocks}


_LINES = _cut_texts()

MESSAGE_NAMES = tuple(_LINES)


@cache
def find_message(name: str) -> Message:
    """Return the schema of a message. Raises KeyError when there is none of this name."""
    return parse_message(_LINES[name])


def parse_message(lines: list[str]) -> Message:
    """Read one message, whose first line stands at the margin. Raises ValueError."""
    name, versions_text, *rest = lines[0].split()
    versions = _parse_range(versions_text, 0)
    flexible = range(0)
    if rest:
        word, flexible_text = rest
        if word != "flexible":
            raise ValueError(f"{lines[0]!r}: what is {word!r}?")
        flexible = _parse_range(flexible_text, versions[-1])
    fields, _ = _parse_fields(lines, 1, 2, versions)
    return Message(name, versions, flexible, fields)


def _parse_range(text: str, last: int) -> range:
    """Read "3", "3-5" or, up to the last version, "3+"."""
    first, dash, end = text.partition("-")
    if dash:
        return range(int(first), int(end) + 1)
    if text.endswith("+"):
        return range(int(text[:-1]), last + 1)
    return range(int(text), int(text) + 1)


def _within(versions: range, outer: range) -> range:
    return range(max(versions.start, outer.start), min(versions.stop, outer.stop))


def _parse_fields(
    lines: list[str], start: int, indent: int, outer: range
) -> tuple[tuple[Field, ...], int]:
    """Read the fields that stand `indent` deep from line `start` on; return them and the line
    after them."""
    fields = []
    index = start
    while index < len(lines):
        line = lines[index]
        depth = len(line) - len(line.lstrip())
        if depth < indent:
            break
        if depth > indent:
            raise ValueError(f"{line!r} is indented too far")
        field, index = _parse_field(lines, index, indent, outer)
        fields.append(field)
    return tuple(fields), index


def _parse_field(lines: list[str], index: int, indent: int, outer: range) -> tuple[Field, int]:
    name, notation, *words = lines[index].split()
    last = outer[-1]
    versions = outer
    if words and words[0][0].isdigit():
        versions = _parse_range(words.pop(0), last)
    tag = None
    if words and words[0] == "tag":
        tag = int(words[1])
        del words[:2]
    is_rigid = "rigid" in words
    is_ignorable = "ignorable" in words
    words = [word for word in words if word not in ("rigid", "ignorable")]
    kind, question, null_text = notation.partition("?")
    nullable = range(0)
    if question:
        nullable = _within(_parse_range(null_text, last), versions) if null_text else versions
    inner = kind.strip("[]{}") or "struct"
    is_array = kind.startswith("[")
    fields, index = _parse_fields(lines, index + 1, indent + 2, versions)
    if words and (words[0] != "=" or len(words) != 2):
        raise ValueError(f"{name}: what is {' '.join(words)!r}?")
    if (inner == "struct") != bool(fields):
        raise ValueError(f"{name}: a struct has fields, and nothing else has")
    if tag is not None and nullable and inner == "struct" and not is_array:
        raise ValueError(f"{name}: a tagged struct that may be null is written in yet another way")
    default = _default(inner, is_array, fields, words[1] if words else None)
    return (
        Field(
            name, inner, is_array, versions, nullable, tag, is_rigid, default, is_ignorable, fields
        ),
        index,
    )


def _default(kind: str, is_array: bool, fields: tuple[Field, ...], text: str | None) -> Any:
    if text == "null" or (kind == "records" and not is_array):
        return None
    if is_array:
        return []
    if kind == "struct":
        return {field.name: field.default for field in fields}
    if text is None:
        return _EMPTY.get(kind, 0)
    if kind == "bool":
        return text == "true"
    return int(text, 0)
