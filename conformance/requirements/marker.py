"""How a test names the requirement that it decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

F = TypeVar("F", bound=Callable[..., object])

MARKER = "requirement"


def requirement(identifier: str) -> Callable[[F], F]:
    """Mark a test as the one that decides a requirement; a requirement may have several."""

    def mark(test: F) -> F:
        marked: F = getattr(pytest.mark, MARKER)(identifier)(test)
        return marked

    return mark
