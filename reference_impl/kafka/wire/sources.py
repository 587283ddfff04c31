"""The source text of compiled codecs, line by line, and what both directions share."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from reference_impl.kafka.wire.schema import NUMBERS, Field, Message

LETTERS = {"bool": "?", "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uuid": "16s"}
"""Letters of the struct module for what always has the same size."""


class Source:
    """Functions being written, and the values that they refer to by name."""

    def __init__(self, message: Message, version: int, names: dict[str, Any]) -> None:
        self.message = message
        self.version = version
        self.is_flexible = version in message.flexible
        self._lines: list[str] = []
        self._names = dict(names)

    def add(self, depth: int, *lines: str) -> None:
        """Append lines, `depth` blocks deep."""
        self._lines += ("    " * depth + line for line in lines)

    def keep(self, kind: str, value: Any) -> str:
        """Return a name by which the functions reach this value."""
        name = f"{kind}_{len(self._names)}"
        self._names[name] = value
        return name

    def compile(self, name: str) -> Any:
        """Return the function of this name. The text has nothing but what `schema.py` read, and no
        value that was received."""
        exec("\n".join(self._lines), self._names)
        return self._names[name]

    def is_compact(self, field: Field) -> bool:
        return self.is_flexible and not field.is_rigid

    def is_nullable(self, field: Field) -> bool:
        return self.version in field.nullable


def is_fixed(field: Field) -> bool:
    """Whether the field always takes the same number of octets."""
    return not field.is_array and (field.type in NUMBERS or field.type == "uuid")


def split_fields(
    fields: tuple[Field, ...], version: int
) -> tuple[list[Field], list[Field], list[Field]]:
    """Return the fields in their place, the tagged ones, and those that the version lacks."""
    present = [field for field in fields if version in field.versions]
    return (
        [field for field in present if field.tag is None],
        [field for field in present if field.tag is not None],
        [field for field in fields if version not in field.versions],
    )


def runs_of(fields: list[Field]) -> list[list[Field]]:
    """Put neighbours of fixed size together, everything else alone."""
    runs: list[list[Field]] = []
    for fixed, group in groupby(fields, is_fixed):
        members = list(group)
        runs += [members] if fixed else [[member] for member in members]
    return runs


def layout_of(run: list[Field]) -> str:
    """Return the layout of a run for the struct module."""
    return ">" + "".join(LETTERS[field.type] for field in run)


def place_of(run: list[Field]) -> str:
    """Name a run in the words of an error."""
    names = [field.name for field in run]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
