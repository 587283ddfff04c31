"""Where the data files are: beside the packages in a checkout, inside them in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def fixtures_dir() -> Path:
    """Return the folder with container recipes, configurations and target descriptors."""
    installed = _PACKAGE / "_fixtures"
    return installed if installed.is_dir() else _PACKAGE.parent / "fixtures"


def suites_dir() -> Path:
    """Return the folder with the shipped tests."""
    return _PACKAGE / "suites"
