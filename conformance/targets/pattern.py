"""A library under test: `pattern:NAME`, or a program that speaks for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.drivers.patterns.library import Library, find
from conformance.drivers.patterns.programs import open_program
from conformance.drivers.patterns.readiness import LibraryEndpoint
from conformance.errors import UsageError
from conformance.targets.model import FEATURES, Capabilities, Target


class PatternTarget(Target):
    """A library of application patterns, reached by its adapter."""

    protocols = ("patterns",)

    def __init__(self, name: str, open_library: Callable[[], Library]) -> None:
        self.name = f"pattern:{name}"
        self._open = open_library
        self._library: Library | None = None
        self.capabilities = Capabilities(dict.fromkeys(FEATURES["patterns"], False))

    def check(self) -> None:
        """Raise UsageError if the library is not installed. A program is started, and ended."""
        self.start()
        self.stop()

    def start(self) -> None:
        self._library = self._open()
        for name in sorted(self._library.features):
            if name not in self.capabilities.declared:
                raise UsageError(f"{self.name} offers {name!r}, which is no feature of a pattern")
            self.capabilities.declared[name] = True
        self.endpoints = {"patterns": LibraryEndpoint(self._library)}

    def stop(self) -> None:
        self.endpoints = {}
        library, self._library = self._library, None
        if library is not None:
            library.stop()

    def describe(self) -> Mapping[str, Any]:
        return {"kind": "library"}


def pattern_target(name: str, own: Mapping[str, Callable[[], Library]]) -> PatternTarget:
    """The target of what follows "pattern:"; `own` are the reference's variants by name."""
    kind, _, command = name.partition(":")
    if kind == "jsonl" and command:
        return PatternTarget(name, lambda: open_program(command))
    if name in own:
        return PatternTarget(name, own[name])
    return PatternTarget(name, lambda: find(name))
