"""Differences that are known: which, between which versions, why, and where to read it."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.machines.pair import Difference, shown
from conformance.requirements.loader import read_tables
from conformance.requirements.model import VersionRange
from conformance.resources import kit_in
from conformance.targets.model import Identity

_KEYS = ("machine", "operation", "what", "versions", "observed", "others", "reason", "link")


@dataclass(frozen=True)
class Explained:
    """Brokers of `versions` give what `observed` finds, others what `others` finds (regular
    expressions), as `what` of an operation of this name."""

    machine: str
    operation: str
    what: str
    versions: VersionRange
    observed: str
    others: str
    reason: str
    link: str

    def covers(self, difference: Difference, a: Identity, b: Identity) -> bool:
        """Whether a difference between these two brokers is this one."""
        if difference.operation.name != self.operation:
            return False
        if re.fullmatch(self.what, difference.what) is None:
            return False
        sides = [(a, difference.a, difference.b), (b, difference.b, difference.a)]
        return any(
            identity.version in self.versions
            and re.search(self.observed, shown(mine)) is not None
            and re.search(self.others, shown(other)) is not None
            for identity, mine, other in sides
        )


@functools.cache
def load_explained(folder: Path | None = None) -> tuple[Explained, ...]:
    """Return all entries of a folder's files. Raises UsageError that names the entry for one that
    is incomplete."""
    folder = folder or kit_in().expectations / "differences"
    return tuple(
        _parse(path, entry)
        for path in sorted(folder.glob("*.toml"))
        for entry in read_tables(path, "difference", ())[1]
    )


def _parse(path: Path, entry: Mapping[str, Any]) -> Explained:
    where = f"{path.name}: {entry.get('operation') or dict(entry)}"
    unknown = sorted(set(entry) - set(_KEYS))
    if unknown:
        raise UsageError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(_KEYS)}")
    for key in _KEYS:
        value = entry.get(key)
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{where}: {key!r} is missing or no text")
    if not entry["link"].startswith(("https://", "http://")):
        raise UsageError(f"{where}: the link {entry['link']!r} is no web address")
    try:
        versions = VersionRange.parse(entry["versions"])
        for key in ("what", "observed", "others"):
            re.compile(entry[key])
    except (ValueError, re.error) as error:
        raise UsageError(f"{where}: {error}") from error
    return Explained(**{**entry, "versions": versions})
