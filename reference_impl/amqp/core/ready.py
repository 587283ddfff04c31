"""The ready messages of a queue, in the order in which they will be delivered."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from reference_impl.amqp.core.message import Entry


class Fifo:
    """Ready messages by position, lowest first."""

    __slots__ = ("_entries", "body_bytes")

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self.body_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def push(self, entry: Entry) -> None:
        """Add a new message, whose position is higher than any before."""
        self._entries.append(entry)
        self.body_bytes += len(entry.message.body)

    def head(self) -> Entry | None:
        return self._entries[0] if self._entries else None

    def pop(self) -> Entry:
        entry = self._entries.popleft()
        self.body_bytes -= len(entry.message.body)
        return entry

    def restore(self, entry: Entry) -> None:
        """Put a requeued message back to its original position.

        What comes back is as a rule older than nearly everything that is ready, so the place is
        searched from the head.
        """
        entries = self._entries
        self.body_bytes += len(entry.message.body)
        for index, other in enumerate(entries):
            if other.position > entry.position:
                entries.insert(index, entry)
                return
        entries.append(entry)

    def in_turn(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        """Several messages in the order in which they are dead-lettered together: as given."""
        return entries

    def clear(self) -> None:
        self._entries.clear()
        self.body_bytes = 0


class ByPriority:
    """Ready messages by descending priority, and by position within one priority.

    A message above `max_priority` counts as `max_priority`, one without priority as 0
    (docs: priority queues).
    """

    __slots__ = ("_levels", "_max_priority")

    def __init__(self, max_priority: int) -> None:
        self._max_priority = max_priority
        self._levels: dict[int, Fifo] = {}

    def _priority(self, entry: Entry) -> int:
        return min(entry.message.content.priority or 0, self._max_priority)

    def _level(self, entry: Entry) -> Fifo:
        priority = self._priority(entry)
        level = self._levels.get(priority)
        if level is None:
            level = Fifo()
            self._levels = dict(sorted({**self._levels, priority: level}.items(), reverse=True))
        return level

    @property
    def body_bytes(self) -> int:
        return sum(level.body_bytes for level in self._levels.values())

    def __len__(self) -> int:
        return sum(map(len, self._levels.values()))

    def __iter__(self) -> Iterator[Entry]:
        for level in self._levels.values():
            yield from level

    def push(self, entry: Entry) -> None:
        self._level(entry).push(entry)

    def head(self) -> Entry | None:
        for level in self._levels.values():
            if level:
                return level.head()
        return None

    def pop(self) -> Entry:
        for level in self._levels.values():
            if level:
                return level.pop()
        raise IndexError("pop from an empty queue")

    def restore(self, entry: Entry) -> None:
        self._level(entry).restore(entry)

    def in_turn(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        """Several messages in the order in which they are dead-lettered together: by descending
        priority (rabbit_priority_queue:ackfold)."""
        return sorted(entries, key=self._priority, reverse=True)

    def clear(self) -> None:
        self._levels.clear()


def restore_all(ready: Fifo | ByPriority, entries: Iterable[Entry]) -> None:
    """Put several requeued messages back, the youngest first, so that each search is short."""
    for entry in sorted(entries, key=lambda entry: entry.position, reverse=True):
        ready.restore(entry)
