"""Offsets that groups committed, and those that wait for the end of a transaction.

Source: OffsetMetadataManager; KIP-98, KIP-447.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

Partition = tuple[str, int]
"""Topic and index."""


class Offset(NamedTuple):
    """A committed offset. `committed_ms` and `expires_ms` are times since the epoch; without the
    latter, the broker's retention counts."""

    offset: int
    leader_epoch: int = -1
    metadata: str = ""
    committed_ms: int = -1
    expires_ms: int | None = None


class _Stored(NamedTuple):
    """An offset and its place in the order of all commits."""

    number: int
    offset: Offset


class Offsets:
    """Committed offsets by group and partition, and pending ones by producer id as well."""

    def __init__(self) -> None:
        self._committed: dict[str, dict[Partition, _Stored]] = {}
        self._pending: dict[int, dict[str, dict[Partition, _Stored]]] = {}
        self._last_number = 0

    def _store(self, offset: Offset) -> _Stored:
        self._last_number += 1
        return _Stored(self._last_number, offset)

    # -- committed offsets ------------------------------------------------------------------

    def get(self, group_id: str, partition: Partition) -> Offset | None:
        stored = self._committed.get(group_id, {}).get(partition)
        return None if stored is None else stored.offset

    def all_of(self, group_id: str) -> dict[Partition, Offset]:
        """All committed offsets of a group, in the order in which their partitions came up."""
        stored = self._committed.get(group_id, {})
        return {partition: one.offset for partition, one in stored.items()}

    def commit(self, group_id: str, partition: Partition, offset: Offset) -> None:
        """Store an offset; the last one counts, whether it is larger or smaller."""
        self._committed.setdefault(group_id, {})[partition] = self._store(offset)

    def remove(self, group_id: str, partition: Partition) -> None:
        """Forget an offset, committed and pending."""
        _discard(self._committed, group_id, partition)
        for groups in self._pending.values():
            _discard(groups, group_id, partition)

    def partitions(self) -> Iterator[tuple[str, Partition]]:
        """All groups and partitions with an offset, committed or pending, each once."""
        found: dict[tuple[str, Partition], None] = {}
        for groups in (self._committed, *self._pending.values()):
            for group_id, partitions in groups.items():
                found.update(dict.fromkeys((group_id, partition) for partition in partitions))
        return iter(found)

    # -- offsets of transactions ------------------------------------------------------------

    def stage(self, producer_id: int, group_id: str, partition: Partition, offset: Offset) -> None:
        """Keep an offset that counts when the producer's transaction is committed."""
        groups = self._pending.setdefault(producer_id, {})
        groups.setdefault(group_id, {})[partition] = self._store(offset)

    def staged(self) -> Iterator[tuple[int, str, Partition, Offset]]:
        """All offsets that wait for the end of a transaction, with the id of its producer."""
        for producer_id, groups in self._pending.items():
            for group_id, partitions in groups.items():
                for partition, stored in partitions.items():
                    yield producer_id, group_id, partition, stored.offset

    def is_pending(self, group_id: str, partition: Partition) -> bool:
        """Whether a transaction that is not over has an offset for this partition (KIP-447)."""
        return any(partition in groups.get(group_id, {}) for groups in self._pending.values())

    def has_some(self, group_id: str) -> bool:
        """Whether a group has any offset, committed or pending."""
        return self.has_transactions(group_id) or bool(self._committed.get(group_id))

    def groups_of(self, producer_id: int) -> list[str]:
        """Groups for which a transaction of this producer has offsets."""
        return list(self._pending.get(producer_id, ()))

    def has_transactions(self, group_id: str) -> bool:
        """Whether a transaction that is not over has offsets of this group."""
        return any(group_id in groups for groups in self._pending.values())

    def complete(self, producer_id: int, commit: bool) -> list[tuple[str, Partition, Offset]]:
        """End a transaction; return what became committed. An offset that was committed after one
        was staged stays: the later of two commits counts, whenever the transaction ends."""
        groups = self._pending.pop(producer_id, {})
        done: list[tuple[str, Partition, Offset]] = []
        if not commit:
            return done
        for group_id, partitions in groups.items():
            committed = self._committed.setdefault(group_id, {})
            for partition, stored in partitions.items():
                other = committed.get(partition)
                if other is None or other.number < stored.number:
                    committed[partition] = stored
                    done.append((group_id, partition, stored.offset))
        return done


def _discard(
    groups: dict[str, dict[Partition, _Stored]], group_id: str, partition: Partition
) -> None:
    partitions = groups.get(group_id)
    if partitions is not None and partitions.pop(partition, None) is not None and not partitions:
        del groups[group_id]
