"""A mutant: one named change to the reference, planted in a running process and taken out again."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """In the function at `place`, the text `before` (which must occur once) becomes `after`.

    `place` is "package.module:Class.function", below `reference_impl.`. `kills` are the
    requirements whose verdict must become *failed* while the mutant is planted. `version` is what
    the reference emulates meanwhile, where it matters: a RabbitMQ version, or "kafka:VERSION"; of
    its patterns, the variant to test, or None for the plain one.
    """

    name: str
    place: str
    before: str
    after: str
    kills: tuple[str, ...]
    version: str | None = None
    more: tuple[tuple[str, str, str], ...] = ()
    """Further changes (place, before, after), for bugs that one change does not express."""

    @property
    def target(self) -> str:
        """What the suite is to be run on while the mutant is planted."""
        if self.place.startswith("patterns."):
            return f"pattern:{self.version or 'reference'}"
        return "reference" if self.version is None else f"reference:{self.version}"


class MutantBroken(Exception):
    """The code has changed under the mutant: it cannot be planted as written."""


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """Plant the mutant for the duration of the block."""
    originals = []
    try:
        for change in ((mutant.place, mutant.before, mutant.after), *mutant.more):
            function = _function(change[0])
            mutated = _mutated_code(mutant.name, function, *change)
            originals.append((function, function.__code__))
            function.__code__ = mutated
        yield
    finally:
        for function, original in originals:
            function.__code__ = original


def _function(place: str) -> FunctionType:
    module_name, _, path = place.partition(":")
    found: Any = importlib.import_module(f"reference_impl.{module_name}")
    for name in path.split("."):
        found = inspect.getattr_static(found, name)
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    found = inspect.unwrap(found)
    if not isinstance(found, FunctionType):
        raise MutantBroken(f"{place} is no function")
    return found


def _mutated_code(
    name: str, function: FunctionType, place: str, before: str, after: str
) -> CodeType:
    source = textwrap.dedent(inspect.getsource(function))
    count = source.count(before)
    if count != 1:
        raise MutantBroken(f"{before!r} occurs {count} times in {place}")
    changed = "from __future__ import annotations\n" + source.replace(before, after)
    namespace = dict(function.__globals__)
    exec(compile(changed, f"<mutant {name}>", "exec"), namespace)
    mutated = inspect.unwrap(_undecorated(namespace[function.__name__]))
    code: CodeType = mutated.__code__
    if code.co_freevars != function.__code__.co_freevars:
        raise MutantBroken(f"{place} is a closure and cannot be replaced")
    return code


def _undecorated(found: Any) -> Any:
    if isinstance(found, property):
        return found.fget
    return found.__func__ if isinstance(found, staticmethod | classmethod) else found
