"""The reference's own patterns as a library under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.drivers.patterns.library import Library
from conformance.drivers.patterns.world import World

MAKERS: dict[str, Callable[[Mapping[str, Any], World], Any]] = {}
"""By contract: makes an object with the contract's calls out of reference_impl.patterns. Raises
SpecRefused."""

OFFERS: dict[str, tuple[str, ...]] = {}
"""By contract: the features that the reference has."""


def reference() -> Library:
    """The reference patterns, in memory."""
    return Library(
        "reference",
        OFFERS,
        lambda contract, spec, world: MAKERS[contract](spec, world),
        distribution="brokertck",
    )


VARIANTS: dict[str, Callable[[], Library]] = {"reference": reference}
"""By name after "pattern:"."""
