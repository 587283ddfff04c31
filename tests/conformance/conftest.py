"""What the tests of the kit share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.kits import TinyKit


@pytest.fixture
def kit(tmp_path: Path) -> TinyKit:
    """An empty kit."""
    return TinyKit(tmp_path / "kit")
