"""One transactional id, as its coordinator knows it: who writes, in which epoch, and how far it is.

    Empty -> Ongoing -> PrepareCommit -> CompleteCommit -> Ongoing | Empty
                     -> PrepareAbort  -> CompleteAbort  -> Ongoing | Empty

Source: TransactionMetadata, TransactionState; KIP-98, KIP-360, KIP-890.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from reference_impl.kafka.core.producers import NO_PRODUCER_EPOCH, NO_PRODUCER_ID
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.timers import Timer

MAX_EPOCH = 2**15 - 1

LAST_GIVEN_EPOCH = MAX_EPOCH - 1
"""Largest epoch that clients get: one more is left to fence whoever has it."""

NEVER = -1
"""Start time of what did not start."""


class TransactionState(StrEnum):
    """States by the names that DescribeTransactions uses."""

    EMPTY = "Empty"
    ONGOING = "Ongoing"
    PREPARE_COMMIT = "PrepareCommit"
    PREPARE_ABORT = "PrepareAbort"
    COMPLETE_COMMIT = "CompleteCommit"
    COMPLETE_ABORT = "CompleteAbort"
    DEAD = "Dead"
    PREPARE_EPOCH_FENCE = "PrepareEpochFence"


COMPLETE = {True: TransactionState.COMPLETE_COMMIT, False: TransactionState.COMPLETE_ABORT}
"""How a transaction ends, by whether it is committed."""

PREPARE = {True: TransactionState.PREPARE_COMMIT, False: TransactionState.PREPARE_ABORT}


class ProducerIdentity(NamedTuple):
    """A producer id and its epoch."""

    producer_id: int
    epoch: int


class TopicPartition(NamedTuple):
    """A partition by the name of its topic."""

    topic: str
    partition: int


def is_exhausted(epoch: int) -> bool:
    """Whether no client may get a larger epoch than this one."""
    return epoch >= LAST_GIVEN_EPOCH


class Transaction:
    """What is known of one transactional id. Times in ms since the epoch."""

    def __init__(self, transactional_id: str, producer_id: int, timeout_ms: int) -> None:
        self.id = transactional_id
        self.timeout_ms = timeout_ms
        self.state = TransactionState.EMPTY
        self.producer_id = producer_id
        self.epoch = NO_PRODUCER_EPOCH
        self.previous_producer_id = NO_PRODUCER_ID
        self.last_epoch = NO_PRODUCER_EPOCH
        """Epoch before the latest change that its producer had asked for; whoever still has it
        missed the answer and may ask again."""
        self.partitions: dict[TopicPartition, None] = {}
        self.started_at_ms = NEVER
        self.updated_at_ms = NEVER
        self.timer: Timer | None = None
        """Aborts the open transaction, or forgets the id when it is not used."""

    @property
    def identity(self) -> ProducerIdentity:
        return ProducerIdentity(self.producer_id, self.epoch)

    def check_producer(self, producer: ProducerIdentity) -> None:
        """Raise Refused unless this is the current producer."""
        if producer.producer_id != self.producer_id:
            raise Refused(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
        if producer.epoch != self.epoch:
            raise Refused(ErrorCode.PRODUCER_FENCED)

    def check_expected(self, expected: ProducerIdentity | None) -> None:
        """Raise Refused unless a producer that believes to be this one may have a new epoch."""
        if expected is None or self.epoch == NO_PRODUCER_EPOCH:
            return
        missed_rotation = expected.producer_id == self.previous_producer_id and is_exhausted(
            expected.epoch
        )
        if expected.producer_id != self.producer_id and not missed_rotation:
            raise Refused(ErrorCode.PRODUCER_FENCED)

    def may_rotate(self, expected: ProducerIdentity | None) -> bool:
        """Whether initialising takes a new producer id, as the epochs of this one are used up."""
        return is_exhausted(self.epoch) and (expected is None or expected.epoch == self.epoch)

    def rotate(self, producer_id: int, *, asked_by_owner: bool) -> None:
        """Go on with a new producer id from epoch 0."""
        self.last_epoch = self.epoch if asked_by_owner else NO_PRODUCER_EPOCH
        self.previous_producer_id, self.producer_id = self.producer_id, producer_id
        self.epoch = 0

    def next_epoch(self, expected: ProducerIdentity | None) -> None:
        """Raise the epoch; a producer that missed the answer gets it again (KIP-360).

        Raises Refused for one that has been replaced since.
        """
        if expected is None:
            self.last_epoch = NO_PRODUCER_EPOCH
        elif self.epoch in (NO_PRODUCER_EPOCH, expected.epoch):
            self.last_epoch = self.epoch
        elif expected.epoch == self.last_epoch:
            self.previous_producer_id = self.producer_id
            return
        else:
            raise Refused(ErrorCode.PRODUCER_FENCED)
        self.previous_producer_id = self.producer_id
        self.epoch += 1

    def is_retry_of_end(self, producer: ProducerIdentity) -> bool:
        """Whether this producer ended the latest transaction and missed the new epoch (KIP-890)."""
        if producer.producer_id == self.producer_id:
            return producer.epoch + 1 == self.epoch
        return (
            producer == ProducerIdentity(self.previous_producer_id, LAST_GIVEN_EPOCH)
            and self.epoch == 0
        )
