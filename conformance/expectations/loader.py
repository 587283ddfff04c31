"""Reads the deviation files: one a product."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from conformance.errors import UsageError
from conformance.requirements import VersionRange, load_catalogue
from conformance.targets.model import Identity

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Deviation:
    """A requirement that some versions of a product are known to break."""

    product: str
    requirement: str
    versions: VersionRange
    reason: str
    link: str


@functools.cache
def load_deviations(folder: Path = _FOLDER) -> tuple[Deviation, ...]:
    """Return all deviations. Raises UsageError for an entry without reason, link or requirement."""
    deviations = []
    catalogue = load_catalogue()
    for path in sorted(folder.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for entry in content.get("deviation", []):
            missing = {"requirement", "versions", "reason", "link"} - set(entry)
            if missing:
                raise UsageError(f"{path.name}: {entry} lacks {', '.join(sorted(missing))}")
            if entry["requirement"] not in catalogue:
                raise UsageError(f"{path.name}: no requirement {entry['requirement']!r}")
            deviations.append(
                Deviation(
                    content["product"],
                    entry["requirement"],
                    VersionRange.parse(entry["versions"]),
                    entry["reason"],
                    entry["link"],
                )
            )
    return tuple(deviations)


def deviations_for(identity: Identity) -> dict[str, Deviation]:
    """Return the deviations of a product in its version, by requirement."""
    return {
        deviation.requirement: deviation
        for deviation in load_deviations()
        if deviation.product == identity.product and identity.version in deviation.versions
    }
