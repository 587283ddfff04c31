"""The coordinator of transactions: who may write under a transactional id, and how it ends.

There is one node, so that a transaction is ended in one go: its markers stand in the logs before
EndTxn is answered. Kafka may answer before.

Source: TransactionCoordinator, TransactionStateManager, AddPartitionsToTxnManager; KIP-98,
KIP-360, KIP-447, KIP-890.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from reference_impl.clock import Clock
from reference_impl.kafka.core.store import MemoryStore
from reference_impl.kafka.core.transaction import (
    COMPLETE,
    LAST_GIVEN_EPOCH,
    NEVER,
    PREPARE,
    ProducerIdentity,
    TopicPartition,
    Transaction,
    TransactionState,
    is_exhausted,
)
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.timers import Timer, Timers

MAX_TIMEOUT_MS = 15 * 60 * 1000
"""Default of transaction.max.timeout.ms."""

ID_EXPIRATION_MS = 7 * 24 * 3_600_000
"""Default of transactional.id.expiration.ms."""

OFFSETS_TOPIC = "__consumer_offsets"

OFFSETS_PARTITIONS = 50
"""Default of offsets.topic.num.partitions."""

ENDED_WITH_NEW_EPOCH = 2
"""Level of transaction.version from which each transaction ends with a new epoch (KIP-890)."""


MarkerWriter = Callable[[TopicPartition, ProducerIdentity, bool], None]
"""Appends the marker that ends a producer's transaction in one partition; True commits."""


class StagedOffsets(Protocol):
    """Offsets of groups that wait for the end of a transaction."""

    def complete_transaction(self, producer_id: int, producer_epoch: int, commit: bool) -> None:
        """Give the groups what the producer staged, or drop it."""
        ...


def offsets_partition(group_id: str) -> TopicPartition:
    """The partition of __consumer_offsets that keeps a group: its hash as Java computes it."""
    code = 0
    octets = group_id.encode("utf-16-be", "surrogatepass")
    for index in range(0, len(octets), 2):
        code = code * 31 + int.from_bytes(octets[index : index + 2]) & 0xFFFFFFFF
    signed = code - 2**32 if code >= 2**31 else code
    number = 0 if signed == -(2**31) else abs(signed)
    return TopicPartition(OFFSETS_TOPIC, number % OFFSETS_PARTITIONS)


class Transactions:
    """All transactional ids, in the order in which they were first used.

    `level` is the level of transaction.version.
    """

    def __init__(
        self,
        clock: Clock,
        timers: Timers,
        write_marker: MarkerWriter,
        store: Callable[[], MemoryStore],
        *,
        level: int,
        keeps_start_time: bool,
        max_timeout_ms: int = MAX_TIMEOUT_MS,
        id_expiration_ms: int = ID_EXPIRATION_MS,
    ) -> None:
        self._clock = clock
        self._timers = timers
        self._write_marker = write_marker
        self._store = store
        self._new_epochs = level >= ENDED_WITH_NEW_EPOCH
        self._keeps_start_time = keeps_start_time
        self.max_timeout_ms = max_timeout_ms
        self.id_expiration_ms = id_expiration_ms
        self._by_id: dict[str, Transaction] = {}
        self.staged_offsets: StagedOffsets | None = None
        """Told how transactions end that offsets of groups are part of."""
        self.next_producer_id = 0

    def __iter__(self) -> Iterator[Transaction]:
        return iter(self._by_id.values())

    def find(self, transactional_id: str) -> Transaction | None:
        return self._by_id.get(transactional_id)

    def now_ms(self) -> int:
        """The time, to which start times of transactions are compared."""
        return self._clock.now_ms()

    # -- who writes -------------------------------------------------------------------------

    def new_producer_id(self) -> int:
        """Return a producer id that nobody has had."""
        producer_id = self.next_producer_id
        self.next_producer_id += 1
        self._store().producer_id_assigned(producer_id)
        return producer_id

    def init_producer(
        self, transactional_id: str | None, timeout_ms: int, expected: ProducerIdentity | None
    ) -> ProducerIdentity:
        """Return the identity under which the caller writes; whoever wrote before is fenced.

        `expected` is what the caller was before, if it was anything. Raises Refused, with
        CONCURRENT_TRANSACTIONS after it aborted a transaction that was open: ask again.
        """
        if transactional_id is None:
            return ProducerIdentity(self.new_producer_id(), 0)
        if not transactional_id:
            raise Refused(ErrorCode.INVALID_REQUEST)
        if not 0 < timeout_ms <= self.max_timeout_ms:
            raise Refused(ErrorCode.INVALID_TRANSACTION_TIMEOUT)
        transaction = self._by_id.get(transactional_id)
        if transaction is None:
            transaction = Transaction(transactional_id, self.new_producer_id(), timeout_ms)
            self._by_id[transactional_id] = transaction
        transaction.check_expected(expected)
        if transaction.state is TransactionState.ONGOING:
            self._fence(transaction)
            raise Refused(ErrorCode.CONCURRENT_TRANSACTIONS)
        if transaction.may_rotate(expected):
            transaction.rotate(self.new_producer_id(), asked_by_owner=expected is not None)
        else:
            transaction.next_epoch(expected)
        transaction.timeout_ms = timeout_ms
        if not self._keeps_start_time:
            transaction.started_at_ms = NEVER
        self._enter(transaction, TransactionState.EMPTY)
        return transaction.identity

    def _find(self, transactional_id: str) -> Transaction:
        if not transactional_id:
            raise Refused(ErrorCode.INVALID_REQUEST)
        transaction = self._by_id.get(transactional_id)
        if transaction is None:
            raise Refused(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
        return transaction

    # -- what is part of it -----------------------------------------------------------------

    def add_partitions(
        self,
        transactional_id: str,
        producer: ProducerIdentity,
        partitions: Iterable[TopicPartition],
    ) -> None:
        """Make partitions part of the transaction, which begins if it was not open.

        Raises Refused, with nothing changed.
        """
        transaction = self._find(transactional_id)
        transaction.check_producer(producer)
        added = [one for one in partitions if one not in transaction.partitions]
        if transaction.state is not TransactionState.ONGOING:
            transaction.started_at_ms = self._clock.now_ms()
        elif not added:
            return
        transaction.partitions.update(dict.fromkeys(added))
        self._enter(transaction, TransactionState.ONGOING)

    def missing_partitions(
        self,
        transactional_id: str,
        producer: ProducerIdentity,
        partitions: Iterable[TopicPartition],
    ) -> list[TopicPartition]:
        """Return those that are not part of the transaction. Raises Refused."""
        transaction = self._find(transactional_id)
        transaction.check_producer(producer)
        return [one for one in partitions if one not in transaction.partitions]

    def check_writes(
        self,
        transactional_id: str,
        producer: ProducerIdentity,
        partitions: Iterable[TopicPartition],
        *,
        adds: bool,
        aborts: bool,
    ) -> dict[TopicPartition, Refused]:
        """Return why a producer may not write to some partitions in its transaction (KIP-890).

        With `adds` those that are missing become part of it. With `aborts` its client knows
        TRANSACTION_ABORTABLE.
        """
        wanted = list(partitions)
        try:
            if adds:
                self.add_partitions(transactional_id, producer, wanted)
                return {}
            missing = self.missing_partitions(transactional_id, producer, wanted)
        except Refused as refused:
            fenced = refused.code is ErrorCode.PRODUCER_FENCED
            told = Refused(ErrorCode.INVALID_PRODUCER_EPOCH) if fenced else refused
            return dict.fromkeys(wanted, told)
        if aborts:
            return dict.fromkeys(missing, Refused(ErrorCode.TRANSACTION_ABORTABLE))
        text = "Partition was not added to the transaction"
        return dict.fromkeys(missing, Refused(ErrorCode.INVALID_TXN_STATE, text))

    # -- how it ends ------------------------------------------------------------------------

    def end(
        self,
        transactional_id: str,
        producer: ProducerIdentity,
        *,
        commit: bool,
        new_epoch: bool,
    ) -> ProducerIdentity:
        """End the transaction and return the identity for the next one.

        With `new_epoch` the client takes a new epoch after each transaction (KIP-890); then an
        abort is good even when none is open. Raises Refused, with nothing changed.
        """
        transaction = self._find(transactional_id)
        if new_epoch:
            self._end_with_new_epoch(transaction, producer, commit)
        else:
            self._end_in_same_epoch(transaction, producer, commit)
        return transaction.identity

    def _end_in_same_epoch(
        self, transaction: Transaction, producer: ProducerIdentity, commit: bool
    ) -> None:
        transaction.check_producer(producer)
        if transaction.state is TransactionState.ONGOING:
            self._finish(transaction, commit)
        elif transaction.state is not COMPLETE[commit]:
            raise Refused(ErrorCode.INVALID_TXN_STATE)

    def _end_with_new_epoch(
        self, transaction: Transaction, producer: ProducerIdentity, commit: bool
    ) -> None:
        state = transaction.state
        is_retry = state in COMPLETE.values() and transaction.is_retry_of_end(producer)
        if not is_retry:
            transaction.check_producer(producer)
        elif state is COMPLETE[commit]:
            return
        if is_retry or (commit and state is not TransactionState.ONGOING):
            raise Refused(ErrorCode.INVALID_TXN_STATE)
        if state is not TransactionState.ONGOING:
            transaction.started_at_ms = self._clock.now_ms()
        self._raise_epoch_and_finish(transaction, commit)

    def _fence(self, transaction: Transaction) -> None:
        """Abort what is open, in an epoch that nobody has, so that its producer can do no more."""
        if self._new_epochs:
            self._raise_epoch_and_finish(transaction, commit=False)
        else:
            transaction.last_epoch = -1
            transaction.epoch += 1
            self._finish(transaction, commit=False)

    def _raise_epoch_and_finish(self, transaction: Transaction, commit: bool) -> None:
        exhausted = is_exhausted(transaction.epoch)
        transaction.previous_producer_id = transaction.producer_id
        transaction.last_epoch = transaction.epoch
        transaction.epoch += 1
        self._finish(transaction, commit, rotates=exhausted)

    def _finish(self, transaction: Transaction, commit: bool, *, rotates: bool = False) -> None:
        """Write the markers. What is decided is stored before, so that it can be completed."""
        self._enter(transaction, PREPARE[commit])
        producer = transaction.identity
        for partition in transaction.partitions:
            if partition.topic != OFFSETS_TOPIC:
                self._write_marker(partition, producer, commit)
            elif self.staged_offsets is not None:
                self.staged_offsets.complete_transaction(*producer, commit)
        transaction.partitions.clear()
        if rotates:
            transaction.producer_id = self.new_producer_id()
            transaction.epoch = 0
        self._enter(transaction, COMPLETE[commit])

    # -- time -------------------------------------------------------------------------------

    def _enter(self, transaction: Transaction, state: TransactionState) -> None:
        """Change the state, set the timer that goes with it, and store the outcome."""
        began = state is TransactionState.ONGOING and transaction.state is not state
        transaction.state = state
        transaction.updated_at_ms = self._clock.now_ms()
        if began or state is not TransactionState.ONGOING:
            if transaction.timer is not None:
                transaction.timer.cancel()
            transaction.timer = self._timer_for(transaction)
        self._store().transaction_changed(transaction)

    def _timer_for(self, transaction: Transaction) -> Timer | None:
        if transaction.state is TransactionState.ONGOING:
            return self._timers.at(
                transaction.started_at_ms + transaction.timeout_ms,
                lambda: self._fence(transaction),
            )
        if transaction.state in PREPARE.values():
            return None
        return self._timers.at(
            transaction.updated_at_ms + self.id_expiration_ms,
            lambda: self._forget(transaction),
        )

    def _forget(self, transaction: Transaction) -> None:
        transaction.state = TransactionState.DEAD
        del self._by_id[transaction.id]
        self._store().transaction_forgotten(transaction)

    # -- for a store ------------------------------------------------------------------------

    def restore(self, transaction: Transaction) -> None:
        """Know a transactional id again, in place of what was known of it."""
        self._by_id[transaction.id] = transaction

    def forget(self, transactional_id: str) -> None:
        """Know nothing of a transactional id."""
        self._by_id.pop(transactional_id, None)

    def recovered(self) -> None:
        """All is restored: complete what was decided, and let time run for the rest.

        A marker may be written again where one is already: it ends nothing.
        """
        for transaction in list(self._by_id.values()):
            transaction.timer = self._timer_for(transaction)
            for commit, state in PREPARE.items():
                if transaction.state is state:
                    used_up = transaction.epoch > LAST_GIVEN_EPOCH
                    self._finish(transaction, commit, rotates=self._new_epochs and used_up)
                    break
