"""A library under test, and how it is found by name."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.drivers.patterns import adapters
from conformance.drivers.patterns.world import World
from conformance.errors import UsageError


class SpecRefused(Exception):
    """The library refuses what it was asked to make; the text is its reason."""


@dataclass(frozen=True)
class Library:
    """What an adapter says of its library.

    `offers` has, for each contract, the features (FEATURES["patterns"]) of it that the library
    claims. `make(contract, spec, world)` returns an object with the calls of the contract; it
    raises SpecRefused.
    """

    name: str
    offers: Mapping[str, tuple[str, ...]]
    make: Callable[[str, Mapping[str, Any], World], Any]
    distribution: str = ""
    """Where its version is found; the adapter's own package if empty."""
    fixed_version: str = ""
    stop: Callable[[], None] = lambda: None
    """Give back what the adapter keeps for the whole run."""

    @property
    def version(self) -> str:
        return self.fixed_version or importlib.metadata.version(self.distribution or self.name)

    @property
    def features(self) -> frozenset[str]:
        return frozenset(name for names in self.offers.values() for name in names)


def names() -> list[str]:
    """Names of the libraries that there are adapters for."""
    found = pkgutil.iter_modules(adapters.__path__)
    return sorted(one.name.replace("_", "-") for one in found)


def find(name: str) -> Library:
    """Return the library of a name. Raises UsageError for one without an adapter, or one that is
    not installed."""
    if name not in names():
        raise UsageError(
            f"no adapter for a library {name!r}; there are reference, {', '.join(names())}, and "
            "jsonl:COMMAND for a program (docs/guides/joining-a-library.md)"
        )
    try:
        module = importlib.import_module(f"{adapters.__name__}.{name.replace('-', '_')}")
    except ImportError as error:
        raise UsageError(
            f"the library {name} cannot be tested, since {error.name} is not installed; "
            "`pip install 'brokertck[patterns]'` installs all of them"
        ) from error
    library: Library = module.LIBRARY
    return library
