"""What compaction leaves, by definition.

Source: https://kafka.apache.org/documentation/#compaction
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Keyed(Protocol):
    """A record, as far as compaction is concerned."""

    @property
    def key(self) -> bytes | None: ...


R = TypeVar("R", bound=Keyed)


def latest_by_key(records: Sequence[R]) -> list[R]:
    """The last record of each key, in the order in which they were."""
    last = {record.key: position for position, record in enumerate(records)}
    return [record for position, record in enumerate(records) if last[record.key] == position]
