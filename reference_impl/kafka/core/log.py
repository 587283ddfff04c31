"""The log of one partition: batches in the order of their offsets, and what may be read of them.

A batch is kept as the octets that were received, with its base offset and leader epoch put in; the
log knows of it only what stands in its fixed header. There is one replica, so the high watermark
is the log end.

Source: UnifiedLog, LocalLog, ProducerStateManager, Partition; KIP-98, KIP-101.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import NamedTuple

from reference_impl.kafka.core.producers import (
    NO_PRODUCER_ID,
    Appended,
    Attempt,
    ProducerState,
    following,
)
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.record.batches import BatchHeader

NO_LEADER_EPOCH = -1


class StoredBatch(NamedTuple):
    """A batch of a log: its header with offset and epoch as stored, and all its octets."""

    header: BatchHeader
    octets: bytes


class AbortedTransaction(NamedTuple):
    """Offsets of the first record and of the marker of a transaction that was aborted."""

    producer_id: int
    first_offset: int
    last_offset: int


class ReadResult(NamedTuple):
    """What a fetch gets of one partition."""

    batches: list[StoredBatch]
    aborted: list[AbortedTransaction]


class LogState(NamedTuple):
    """What a log is beside its batches, for a store to keep."""

    start_offset: int
    end_offset: int
    compacted_to: int
    producers: dict[int, ProducerState]
    aborted: list[AbortedTransaction]


class PartitionLog:
    """Offsets start at 0; `start_offset` moves when records are deleted."""

    def __init__(self) -> None:
        self.start_offset = 0
        self.end_offset = 0
        self.leader_epoch = 0
        self.producers: dict[int, ProducerState] = {}
        self.attempts: dict[int, Attempt] = {}
        """By producer id, until something of its transaction is appended."""
        self.aborted: list[AbortedTransaction] = []
        self.watchers: dict[Callable[[], None], None] = {}
        """Called, in order, whenever more can be read or the partition goes away."""
        self.deleted = False
        self.compacted_to = 0
        """Offsets before this one were compacted before."""
        self._batches: list[StoredBatch] = []
        self._last_offsets: list[int] = []
        self._positions: list[int] = []
        """Octets of the log up to the end of each batch, deleted ones included."""
        self._deleted_octets = 0
        self._open: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[StoredBatch]:
        return iter(self._batches)

    @property
    def size(self) -> int:
        """Octets of all batches."""
        end = self._positions[-1] if self._positions else self._deleted_octets
        return end - self._deleted_octets

    @property
    def high_watermark(self) -> int:
        """First offset that consumers may not read yet."""
        return self.end_offset

    @property
    def stable_offset(self) -> int:
        """First offset of the earliest open transaction, or the high watermark (LSO).

        Where its first records are deleted it is the first offset of the batch with the first
        record that is left (UnifiedLog.maybeIncrementFirstUnstableOffset).
        """
        if not self._open:
            return self.end_offset
        first = min(self._open.values())
        if first >= self.start_offset:
            return first
        index = self._index(self.start_offset)
        return self._batches[index].header.base_offset if self._batches[index:] else self.end_offset

    def readable_end(self, *, committed: bool) -> int:
        """First offset that a consumer of this isolation level may not read yet."""
        return self.stable_offset if committed else self.end_offset

    # -- writing ----------------------------------------------------------------------------

    def producer(self, producer_id: int) -> ProducerState:
        """The state of a producer id, which is new if it never wrote here."""
        return self.producers.get(producer_id) or ProducerState()

    def attempt(
        self, producer_id: int, epoch: int, sequence: int, *, from_zero: bool, epoch_first: bool
    ) -> bool:
        """Return whether the coordinator has to be asked before this producer writes here in its
        transaction: it does not when something of that is here.

        With `epoch_first` an old epoch is refused here, otherwise when the batch is appended.
        Raises Refused.
        """
        state = self.producer(producer_id)
        if epoch_first:
            state.check_epoch(epoch)
        if state.transaction_start is not None and epoch <= state.epoch:
            return False
        found = self.attempts.get(producer_id, Attempt(epoch, sequence, from_zero))
        if epoch == found.epoch:
            sequence = min(sequence, found.lowest_sequence)
        if epoch >= found.epoch:
            found = found._replace(epoch=epoch, lowest_sequence=sequence)
        self.attempts[producer_id] = found
        return True

    def append(self, batch: StoredBatch) -> None:
        """Append a batch whose base offset is the log end and whose producer has been checked."""
        header = batch.header
        assert header.base_offset == self.end_offset, "the caller assigns offsets"
        last_offset = header.base_offset + header.last_offset_delta
        before = self._positions[-1] if self._positions else self._deleted_octets
        self._batches.append(batch)
        self._last_offsets.append(last_offset)
        self._positions.append(before + len(batch.octets))
        self.end_offset = last_offset + 1
        if header.is_transactional:
            self.attempts.pop(header.producer_id, None)
        if header.producer_id > NO_PRODUCER_ID and not header.is_control:
            self._remember(header)

    def _remember(self, header: BatchHeader) -> None:
        state = self.producers.setdefault(header.producer_id, ProducerState())
        appended = Appended(
            header.base_sequence,
            following(header.base_sequence, header.last_offset_delta),
            header.base_offset,
            header.last_offset,
            header.max_timestamp,
        )
        state.append_data(header.producer_epoch, appended, header.is_transactional)
        if header.is_transactional:
            self._open.setdefault(header.producer_id, header.base_offset)

    def append_marker(self, batch: StoredBatch, *, commit: bool, coordinator_epoch: int) -> None:
        """Append the control batch that ends a transaction of its producer."""
        header = batch.header
        state = self.producers.setdefault(header.producer_id, ProducerState())
        self.append(batch)
        first = state.end_transaction(
            header.producer_epoch, coordinator_epoch, header.max_timestamp
        )
        self._open.pop(header.producer_id, None)
        if first is not None and not commit:
            aborted = AbortedTransaction(header.producer_id, first, header.base_offset)
            self.aborted.append(aborted)

    def tell_watchers(self) -> None:
        """Records can be read that could not be before, or the partition is gone."""
        for watcher in list(self.watchers):
            watcher()

    # -- reading ----------------------------------------------------------------------------

    def check_offset(self, offset: int) -> None:
        """Raise Refused unless a fetch may begin there."""
        if not self.start_offset <= offset <= self.end_offset:
            raise Refused(
                ErrorCode.OFFSET_OUT_OF_RANGE,
                f"offset {offset} is not between {self.start_offset} and {self.end_offset}",
            )

    def available(self, offset: int, *, committed: bool) -> int:
        """Octets of the batches that can be read from `offset` on."""
        first = self._index(offset)
        last = bisect_left(self._last_offsets, self.readable_end(committed=committed))
        if first >= last:
            return 0
        before = self._positions[first - 1] if first else self._deleted_octets
        return self._positions[last - 1] - before

    def read(
        self, offset: int, max_octets: int, *, committed: bool, at_least_one: bool
    ) -> ReadResult:
        """Return whole batches from the one that holds `offset` on, up to `max_octets`.

        With `at_least_one` the first is returned however large it is. With `committed` nothing at
        or above the stable offset is, and the aborted transactions that overlap the range come
        along. Raises Refused when the offset is out of range.
        """
        self.check_offset(offset)
        limit = self.readable_end(committed=committed)
        found: list[StoredBatch] = []
        size = 0
        for index in range(self._index(offset), len(self._batches)):
            batch = self._batches[index]
            if batch.header.base_offset >= limit:
                break
            size += len(batch.octets)
            if size > max_octets and not (at_least_one and not found):
                break
            found.append(batch)
        aborted: list[AbortedTransaction] = []
        if committed and found:
            last = found[-1].header.last_offset
            aborted = [
                one
                for one in self.aborted
                if one.last_offset >= offset and one.first_offset <= last
            ]
        return ReadResult(found, aborted)

    def _index(self, offset: int) -> int:
        """The first batch that ends at or after `offset`."""
        return bisect_left(self._last_offsets, offset)

    def batches_from(self, offset: int) -> Iterator[StoredBatch]:
        """Yield the batches from the one that holds `offset` on."""
        for index in range(self._index(offset), len(self._batches)):
            yield self._batches[index]

    def epoch_end(self, leader_epoch: int) -> tuple[int, int]:
        """Return the largest epoch up to `leader_epoch` and the offset after its last record.

        It is (-1, -1) for one of the future and for -1; one before all that are known ended where
        the log starts (KIP-101, LeaderEpochFileCache.endOffsetFor).
        """
        if leader_epoch == self.leader_epoch:
            return leader_epoch, self.end_offset
        if leader_epoch > self.leader_epoch or leader_epoch == NO_LEADER_EPOCH:
            return NO_LEADER_EPOCH, -1
        epochs = [batch.header.leader_epoch for batch in self._batches]
        index = bisect_right(epochs, leader_epoch)
        if index == 0:
            return leader_epoch, self.start_offset
        end = self._batches[index].header.base_offset if index < len(epochs) else self.end_offset
        return epochs[index - 1], end

    # -- deleting ---------------------------------------------------------------------------

    def advance_start(self, offset: int) -> None:
        """Delete every record before `offset`; batches go when nothing of them is left.

        What is known of producers stays (ProducerStateManager.truncateFullyAndStartAt is not it).
        """
        if offset <= self.start_offset:
            return
        self.start_offset = offset
        gone = self._index(offset)
        if gone:
            self._deleted_octets = self._positions[gone - 1]
        del self._batches[:gone], self._last_offsets[:gone], self._positions[:gone]
        self.aborted = [one for one in self.aborted if one.last_offset >= offset]

    def compacted(self, batches: list[StoredBatch], end: int) -> None:
        """Put the outcome of a compaction up to `end` in place of all batches."""
        self.compacted_to = end
        self._batches = batches
        self._last_offsets = [batch.header.last_offset for batch in batches]
        self._positions = []
        self._deleted_octets = position = 0
        for batch in batches:
            position += len(batch.octets)
            self._positions.append(position)

    # -- for a store ------------------------------------------------------------------------

    def state(self) -> LogState:
        """Everything but the batches."""
        return LogState(
            self.start_offset, self.end_offset, self.compacted_to, self.producers, self.aborted
        )

    def restore(self, state: LogState) -> None:
        """Be as a store remembers it, without batches so far."""
        self.start_offset, self.end_offset, self.compacted_to, *_ = state
        self.producers, self.aborted = state.producers, state.aborted
        self._open = {
            producer_id: producer.transaction_start
            for producer_id, producer in state.producers.items()
            if producer.transaction_start is not None
        }
        self._batches, self._last_offsets, self._positions = [], [], []
        self._deleted_octets = 0

    def restore_batch(self, batch: StoredBatch) -> None:
        """Put a batch behind those that are there; the state knows of it already."""
        before = self._positions[-1] if self._positions else self._deleted_octets
        self._batches.append(batch)
        self._last_offsets.append(batch.header.last_offset)
        self._positions.append(before + len(batch.octets))
