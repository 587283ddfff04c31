"""Where the data files are: beside the packages in a checkout, inside them in a wheel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from conformance.errors import UsageError

_PACKAGE = Path(__file__).parent


def fixtures_dir() -> Path:
    """Return the folder with container recipes, configurations and target descriptors."""
    installed = _PACKAGE / "_fixtures"
    return installed if installed.is_dir() else _PACKAGE.parent / "fixtures"


@dataclass(frozen=True)
class Kit:
    """The folders that decide what is tested and what is expected."""

    requirements: Path
    expectations: Path
    suites: Path


def kit_in(folder: str | Path = "") -> Kit:
    """Return the kit in a folder with requirements/, expectations/ and suites/; by default the
    shipped one. Raises UsageError for a folder that lacks one of them."""
    root = Path(folder).absolute() if folder else _PACKAGE
    kit = Kit(root / "requirements", root / "expectations", root / "suites")
    for needed in (kit.requirements, kit.expectations, kit.suites):
        if not needed.is_dir():
            raise UsageError(f"no kit in {root}: it has no folder {needed.name}/")
    return kit


def suites_dir() -> Path:
    """Return the folder with the shipped tests."""
    return kit_in().suites
