"""Whether a library is there, and which version; there is nothing to connect to."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.drivers.patterns.library import Library
from conformance.errors import UsageError
from conformance.targets.model import Address, Identity, Target


@dataclass(frozen=True)
class LibraryEndpoint:
    """A library in the place of a broker's address."""

    library: Library
    host: str = ""
    port: int = 0

    @property
    def address(self) -> str:
        return f"{self.library.name} {self.library.version}"


def knock(name: str, endpoint: LibraryEndpoint) -> None:
    """A library that was found lets everybody in."""


def probe(target: Target) -> Identity:
    """Name and version of the library. What it offers is what its adapter says."""
    library: Library = target.endpoint("patterns").library
    return Identity(library.name, library.version)


def parse_url(url: str) -> Address:
    """Raises UsageError: a library has no address."""
    raise UsageError(f"{url!r} is no library; name one as pattern:NAME")
