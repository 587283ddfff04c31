"""Reads the deviation files: one a product."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.requirements import Catalogue, VersionRange, load_catalogue
from conformance.requirements.loader import read_tables
from conformance.resources import Kit, kit_in
from conformance.targets.model import Identity

_KEYS = ("requirement", "versions", "reason", "link")


@dataclass(frozen=True)
class Deviation:
    """A requirement that some versions of a product are known to break."""

    product: str
    requirement: str
    versions: VersionRange
    reason: str
    link: str


@functools.cache
def load_deviations(kit: Kit | None = None) -> tuple[Deviation, ...]:
    """Return all deviations. Raises UsageError that names the file and the entry for one that is
    incomplete or speaks of a requirement that is not there."""
    kit = kit or kit_in()
    catalogue = load_catalogue(kit.requirements)
    deviations = []
    for path in sorted(kit.expectations.glob("*.toml")):
        content, entries = read_tables(path, "deviation", ("product",))
        product = content.get("product")
        if not product or not isinstance(product, str):
            raise UsageError(f'{path.name}: say whose deviations these are: product = "RabbitMQ"')
        deviations += [_parse(path, product, entry, catalogue) for entry in entries]
    return tuple(deviations)


def _parse(path: Path, product: str, entry: Mapping[str, Any], catalogue: Catalogue) -> Deviation:
    where = f"{path.name}: {entry.get('requirement') or dict(entry)}"
    unknown = sorted(set(entry) - set(_KEYS))
    if unknown:
        raise UsageError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(_KEYS)}")
    for key in _KEYS:
        value = entry.get(key)
        if not isinstance(value, str) or not (value.strip() or key == "versions"):
            raise UsageError(f"{where}: {key!r} is missing or no text")
    if entry["requirement"] not in catalogue:
        raise UsageError(f"{where}: there is no such requirement")
    if not entry["link"].startswith(("https://", "http://")):
        raise UsageError(f"{where}: the link {entry['link']!r} is no web address")
    try:
        versions = VersionRange.parse(entry["versions"])
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from error
    return Deviation(product, entry["requirement"], versions, entry["reason"], entry["link"])


def deviations_for(identity: Identity, kit: Kit | None = None) -> dict[str, Deviation]:
    """Return the deviations of a product in its version, by requirement."""
    return {
        deviation.requirement: deviation
        for deviation in load_deviations(kit)
        if deviation.product == identity.product and identity.version in deviation.versions
    }
