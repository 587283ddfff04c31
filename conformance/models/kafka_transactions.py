"""What a partition shows of transactions, by definition.

Source: KIP-98; UnifiedLog.lastStableOffset, collectAbortedTransactions.
"""

from __future__ import annotations

from typing import NamedTuple


class _Ended(NamedTuple):
    """A transaction that is over: its producer, its first record, its marker."""

    producer: int
    first: int
    marker: int
    commit: bool


class TransactionModel:
    """One partition and all who write to it; producers are numbers, -1 is nobody's transaction."""

    def __init__(self) -> None:
        self.records: list[tuple[int, int, bytes]] = []
        """Offset, producer and value, without markers."""
        self.end = 0
        self._open: dict[int, int] = {}
        self._ended: list[_Ended] = []

    def append(self, producer: int, *values: bytes) -> int:
        """Append values; return the offset of the first."""
        first = self.end
        for value in values:
            self.records.append((self.end, producer, value))
            self.end += 1
        if producer >= 0:
            self._open.setdefault(producer, first)
        return first

    def finish(self, producer: int, commit: bool) -> None:
        """End the producer's transaction, if it wrote anything here: a marker takes an offset."""
        first = self._open.pop(producer, None)
        if first is not None:
            self._ended.append(_Ended(producer, first, self.end, commit))
            self.end += 1

    @property
    def open(self) -> list[int]:
        """Producers with an open transaction."""
        return list(self._open)

    @property
    def stable(self) -> int:
        """The first offset that is not decided yet."""
        return min(self._open.values(), default=self.end)

    def aborted(self, first: int, last: int) -> set[tuple[int, int]]:
        """Producers and first offsets of the aborted transactions that overlap with offsets."""
        return {
            (one.producer, one.first)
            for one in self._ended
            if not one.commit and one.first <= last and first <= one.marker
        }

    def is_aborted(self, offset: int, producer: int) -> bool:
        return any(
            one.producer == producer and one.first <= offset < one.marker and not one.commit
            for one in self._ended
        )

    def committed(self, start: int = 0) -> list[tuple[int, bytes]]:
        """Offsets and values that a consumer of committed records gets."""
        return [
            (offset, value)
            for offset, producer, value in self.records
            if start <= offset < self.stable and not self.is_aborted(offset, producer)
        ]
