"""What the tests of the kit share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.conformance.kits import TinyKit

settings.register_profile("kit", deadline=None)  # machines are busy at times
settings.load_profile("kit")


@pytest.fixture
def kit(tmp_path: Path) -> TinyKit:
    """An empty kit."""
    return TinyKit(tmp_path / "kit")
