"""The log of one partition by definition: a list of records, cut into the batches they came in.

Source: Kafka documentation, "Design", "Record Batch"; KIP-79 and KIP-734 for looking up times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

LATEST, EARLIEST, MAX_TIMESTAMP = -1, -2, -3
NOTHING = (-1, -1)


@dataclass
class LogModel:
    """Timestamps of all records, by offset, and the offset of each batch."""

    timestamps: list[int] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The offset of the next record."""
        return len(self.timestamps)

    def append(self, timestamps: Sequence[int]) -> int:
        """Append a batch of records with these times; return the offset of the first."""
        first = self.end
        self.batches.append(first)
        self.timestamps += timestamps
        return first

    def batch_of(self, offset: int) -> int:
        """The first offset of the batch that holds an offset."""
        return max(first for first in self.batches if first <= offset)

    def look_up(self, timestamp: int) -> tuple[int, int]:
        """What ListOffsets answers: an offset and, where one was looked for, its time."""
        if timestamp == LATEST:
            return self.end, -1
        if timestamp == EARLIEST:
            return 0, -1
        late = [o for o, one in enumerate(self.timestamps) if one >= timestamp]
        return (late[0], self.timestamps[late[0]]) if late else NOTHING
