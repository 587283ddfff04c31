"""What one partition knows of each producer id: epoch, recent batches, and the open transaction.

Source: KIP-98, KIP-360, KIP-890; ProducerAppendInfo, ProducerStateEntry, ProducerStateManager.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from reference_impl.kafka.errors import ErrorCode, Refused

NO_PRODUCER_ID = -1
NO_PRODUCER_EPOCH = -1
NO_SEQUENCE = -1
MAX_SEQUENCE = 2**31 - 1

REMEMBERED_BATCHES = 5
"""Batches of a producer whose repetition is recognised: as many as may be in flight."""


class Appended(NamedTuple):
    """A batch as its producer and the log know it."""

    first_sequence: int
    last_sequence: int
    first_offset: int
    last_offset: int
    timestamp_ms: int


def following(sequence: int, count: int) -> int:
    """The sequence number `count` records later; after 2**31 - 1 comes 0."""
    return (sequence + count) % (MAX_SEQUENCE + 1)


class Attempt(NamedTuple):
    """What a producer tried first to write in a transaction that the log does not know of yet.

    A later batch must not be appended before it: nobody knows whether it comes again (KIP-890).
    With `from_zero` its client begins with sequence number 0 where the log does not know it.
    """

    epoch: int
    lowest_sequence: int
    from_zero: bool


class ProducerState:
    """One producer id in one partition."""

    def __init__(self) -> None:
        self.epoch = NO_PRODUCER_EPOCH
        self.coordinator_epoch = -1
        self.batches: deque[Appended] = deque(maxlen=REMEMBERED_BATCHES)
        self.transaction_start: int | None = None
        """Offset of the first record of the open transaction."""
        self.used_at_ms = 0

    @property
    def last_sequence(self) -> int:
        return self.batches[-1].last_sequence if self.batches else NO_SEQUENCE

    def duplicate_of(self, epoch: int, first_sequence: int, last_sequence: int) -> Appended | None:
        """The remembered batch that this one repeats."""
        if epoch != self.epoch:
            return None
        for batch in self.batches:
            if (batch.first_sequence, batch.last_sequence) == (first_sequence, last_sequence):
                return batch
        return None

    def check_data(
        self,
        epoch: int,
        first_sequence: int,
        transactional: bool,
        attempt: Attempt | None = None,
    ) -> None:
        """Raise what keeps a client's batch out of the log; nothing is changed.

        A producer id without any state may begin with any sequence number. So may one that writes
        without an epoch, each time: what it wrote does not count as state.
        """
        self.check_epoch(epoch)
        if attempt is not None and first_sequence > attempt.lowest_sequence:
            raise Refused(
                ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
                f"sequence {first_sequence} was tried after {attempt.lowest_sequence}",
            )
        if epoch != self.epoch:
            from_zero = attempt is not None and attempt.from_zero
            if first_sequence != 0 and (from_zero or self.epoch != NO_PRODUCER_EPOCH):
                raise Refused(
                    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
                    f"a new epoch starts at sequence 0, not {first_sequence}",
                )
        elif self.epoch != NO_PRODUCER_EPOCH and (
            first_sequence != following(self.last_sequence, 1)
        ):
            raise Refused(
                ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
                f"sequence {first_sequence} does not follow {self.last_sequence}",
            )
        if self.transaction_start is not None and not transactional:
            raise Refused(ErrorCode.INVALID_TXN_STATE, "a transaction of this producer is open")

    def check_epoch(self, epoch: int) -> None:
        """Raise Refused when a newer epoch has been seen."""
        if epoch < self.epoch:
            raise Refused(
                ErrorCode.INVALID_PRODUCER_EPOCH, f"epoch {epoch} is older than {self.epoch}"
            )

    def append_data(self, epoch: int, batch: Appended, transactional: bool) -> None:
        """Remember a batch that was appended."""
        if epoch != self.epoch:
            self.batches.clear()
            self.epoch = epoch
        self.batches.append(batch)
        self.used_at_ms = batch.timestamp_ms
        if transactional and self.transaction_start is None:
            self.transaction_start = batch.first_offset

    def end_transaction(self, epoch: int, coordinator_epoch: int, timestamp_ms: int) -> int | None:
        """A marker was appended; return where the transaction began, None if it wrote nothing."""
        if epoch != self.epoch:
            self.batches.clear()
            self.epoch = epoch
        self.coordinator_epoch = coordinator_epoch
        self.used_at_ms = timestamp_ms
        started, self.transaction_start = self.transaction_start, None
        return started
