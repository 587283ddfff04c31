"""The durable store of the Kafka broker: topics, batches, groups and transactions as records of a
journal.

A record is one letter and what belongs to it, as JSON except where octets of a batch follow:

    C     id of the cluster                 V     settings that were changed while the broker ran
    T t   topic as it is now, deleted       B     batch or marker appended
    S     a log begins later                L K   a log as a whole: its state, then its batches
    I     producer ids taken                X x   transactional id as it is now, forgotten
    G g   group as it is now, deleted       O o   offset committed, deleted
    Q q   offset staged in a transaction, no offsets of a producer are staged any more

Topics have numbers in the records, of which none is used twice. Octets in JSON are hexadecimal.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from typing import Any

from reference_impl.errors import JournalDamaged
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.broker_settings import BrokerSettings
from reference_impl.kafka.core.groups import Group
from reference_impl.kafka.core.log import AbortedTransaction, LogState, PartitionLog, StoredBatch
from reference_impl.kafka.core.members import JoinRequest
from reference_impl.kafka.core.offsets import Offset, Partition
from reference_impl.kafka.core.producers import Appended, ProducerState
from reference_impl.kafka.core.store import MemoryStore
from reference_impl.kafka.core.topics import Topic
from reference_impl.kafka.core.transaction import TopicPartition, Transaction, TransactionState
from reference_impl.kafka.errors import Malformed, Refused
from reference_impl.kafka.record.batches import Batch, read_header
from reference_impl.kafka.record.records import COMMIT, control_type_of, read_records
from reference_impl.storage.journal import Journal

REWRITE_AT_BYTES = 16 << 20
"""A journal is rewritten when it has this size and has quadrupled since the last time."""

_AT = struct.Struct(">II")
_OFFSET = struct.Struct(">q")
_COORDINATOR_EPOCH_AT = 2


class DurableStore(MemoryStore):
    """Writes what the core tells it to a journal, and brings it back at the start."""

    def __init__(self, broker: KafkaBroker, journal: Journal) -> None:
        """Raises JournalDamaged."""
        self._broker = broker
        self._journal = journal
        self._numbers: dict[Topic, int] = {}
        self._by_number: dict[int, Topic] = {}
        self._next_number = 1
        self._rewritten_size = 0
        self._recover()

    # -- from the core ----------------------------------------------------------------------

    def topic_created(self, topic: Topic) -> None:
        self._number(topic, self._next_number)
        self._journal.append(self._topic_record(topic))

    def topic_deleted(self, topic: Topic) -> None:
        number = self._numbers.pop(topic)
        del self._by_number[number]
        self._write(b"t", number)

    def partitions_added(self, topic: Topic) -> None:
        self._journal.append(self._topic_record(topic))

    def topic_configured(self, topic: Topic) -> None:
        self._journal.append(self._topic_record(topic))

    def broker_configured(self, settings: BrokerSettings) -> None:
        self._journal.append(_settings_record(settings))

    def appended(self, topic: Topic, partition: int, batch: StoredBatch) -> None:
        self._journal.append(b"B" + _AT.pack(self._numbers[topic], partition) + batch.octets)

    def start_advanced(self, topic: Topic, partition: int, offset: int) -> None:
        where = _AT.pack(self._numbers[topic], partition)
        self._journal.append(b"S" + where + _OFFSET.pack(offset))

    def compacted(self, topic: Topic, partition: int) -> None:
        for record in self._log_records(topic, partition):
            self._journal.append(record)

    def producer_id_assigned(self, producer_id: int) -> None:
        self._write(b"I", producer_id)

    def transaction_changed(self, transaction: Transaction) -> None:
        self._journal.append(_transaction_record(transaction))

    def transaction_forgotten(self, transaction: Transaction) -> None:
        self._write(b"x", transaction.id)

    def group_saved(self, group: Group) -> None:
        self._journal.append(_group_record(group))

    def group_deleted(self, group_id: str) -> None:
        self._write(b"g", group_id)

    def offset_committed(self, group_id: str, partition: Partition, offset: Offset) -> None:
        self._write(b"O", group_id, partition, offset)

    def offset_deleted(self, group_id: str, partition: Partition) -> None:
        self._write(b"o", group_id, partition)

    def offset_staged(
        self, producer_id: int, group_id: str, partition: Partition, offset: Offset
    ) -> None:
        self._write(b"Q", producer_id, group_id, partition, offset)

    def staged_offsets_ended(self, producer_id: int) -> None:
        self._write(b"q", producer_id)

    # -- from the server --------------------------------------------------------------------

    def commit(self) -> None:
        """Make everything durable that the core told so far. Raises StorageError."""
        self._journal.commit()
        size = self._journal.size
        if size > REWRITE_AT_BYTES and size > 4 * self._rewritten_size:
            self._journal.rewrite(self._live_records())
            self._rewritten_size = self._journal.size

    def close(self) -> None:
        """Commit, and give the directory back."""
        self._journal.close()

    def abandon(self) -> None:
        """Give the directory back after a failure, without another word."""
        self._journal.abandon()

    # -- records ----------------------------------------------------------------------------

    def _write(self, kind: bytes, *values: Any) -> None:
        self._journal.append(_record(kind, *values))

    def _number(self, topic: Topic, number: int) -> None:
        self._numbers[topic] = number
        self._by_number[number] = topic
        self._next_number = max(self._next_number, number + 1)

    def _topic_record(self, topic: Topic) -> bytes:
        return _record(
            b"T",
            self._numbers[topic],
            topic.name,
            topic.id.hex(),
            len(topic.partitions),
            topic.settings.given,
        )

    def _log_records(self, topic: Topic, partition: int) -> Iterator[bytes]:
        number, log = self._numbers[topic], topic.partitions[partition]
        state = log.state()
        producers = [
            (
                producer_id,
                one.epoch,
                one.coordinator_epoch,
                one.transaction_start,
                one.used_at_ms,
                list(one.batches),
            )
            for producer_id, one in state.producers.items()
        ]
        ends = (state.start_offset, state.end_offset, state.compacted_to)
        yield _record(b"L", number, partition, ends, producers, state.aborted)
        for batch in log:
            yield b"K" + _AT.pack(number, partition) + batch.octets

    def _live_records(self) -> Iterator[bytes]:
        """The present state: what a rewritten journal holds."""
        broker = self._broker
        yield _record(b"C", broker.cluster_id.hex())
        yield _settings_record(broker.settings)
        for topic in broker.topics:
            yield self._topic_record(topic)
            for partition in range(len(topic.partitions)):
                yield from self._log_records(topic, partition)
        yield _record(b"I", broker.transactions.next_producer_id - 1)
        for transaction in broker.transactions:
            yield _transaction_record(transaction)
        for group in broker.groups:
            yield _group_record(group)
            for where, offset in broker.groups.offsets.all_of(group.id).items():
                yield _record(b"O", group.id, where, offset)
        for staged in broker.groups.offsets.staged():
            yield _record(b"Q", *staged)

    # -- recovery ---------------------------------------------------------------------------

    def _recover(self) -> None:
        found = False
        for number, record in enumerate(self._journal.records(), 1):
            found = True
            try:
                self._replay(record[:1], record[1:])
            except (Malformed, LookupError, TypeError, ValueError, struct.error) as error:
                raise JournalDamaged(
                    f"record {number} of Kafka's journal is whole but makes no sense; was it "
                    "written by another version? Move the journal away to start empty"
                ) from error
        if not found:
            self._write(b"C", self._broker.cluster_id.hex())
        self._broker.recovered(self)
        self._rewritten_size = self._journal.size

    def _replay(self, kind: bytes, body: bytes) -> None:
        if kind in b"BKS":
            number, partition = _AT.unpack_from(body)
            topic = self._by_number.get(number)
            if topic is not None:
                self._replay_log(kind, topic.partitions[partition], body[_AT.size :])
            return
        values = json.loads(body)
        replays: dict[bytes, Callable[..., None]] = {
            b"C": self._replay_cluster,
            b"V": self._replay_settings,
            b"T": self._replay_topic,
            b"t": self._replay_deletion,
            b"L": self._replay_state,
            b"I": self._replay_producer_id,
            b"X": self._replay_transaction,
            b"x": self._broker.transactions.forget,
            b"G": self._replay_group,
            b"g": self._broker.groups.forget,
            b"O": self._replay_offset,
            b"o": self._replay_offset_deletion,
            b"Q": self._replay_staged,
            b"q": self._replay_staged_end,
        }
        replays[kind](*values)

    def _replay_log(self, kind: bytes, log: PartitionLog, octets: bytes) -> None:
        if kind == b"S":
            log.advance_start(_OFFSET.unpack(octets)[0])
            return
        batch = StoredBatch(read_header(octets), octets)
        if kind == b"K":
            log.restore_batch(batch)
        elif batch.header.is_control:
            record = next(read_records(Batch(batch.header, memoryview(octets))))
            epoch = (record.value or b"")[_COORDINATOR_EPOCH_AT:]
            log.append_marker(
                batch,
                commit=control_type_of(record) == COMMIT,
                coordinator_epoch=int.from_bytes(epoch, "big", signed=True),
            )
        else:
            log.append(batch)

    def _replay_cluster(self, cluster_id: str) -> None:
        self._broker.cluster_id = bytes.fromhex(cluster_id)

    def _replay_settings(self, cluster: dict[str, str], broker: dict[str, str]) -> None:
        settings = self._broker.settings
        for layer, per_broker in ((cluster, False), (broker, True)):
            try:
                settings.check(layer, per_broker=per_broker)
            except Refused:
                continue  # another version of Kafka is emulated now
            settings.change(layer, per_broker=per_broker)

    def _replay_topic(
        self, number: int, name: str, topic_id: str, partitions: int, given: dict[str, str]
    ) -> None:
        settings = self._broker.settings_for(self._acceptable(given))
        topic = self._by_number.get(number)
        if topic is None:
            topic = self._broker.restore_topic(name, bytes.fromhex(topic_id), settings)
            self._number(topic, number)
        topic.settings = settings
        topic.add_partitions(partitions)

    def _acceptable(self, given: dict[str, str]) -> dict[str, str]:
        """What the version of Kafka that is emulated now takes of the settings of a topic."""
        accepted: dict[str, str] = {}
        for name, text in given.items():
            try:
                self._broker.settings_for({**accepted, name: text})
            except Refused:
                continue
            accepted[name] = text
        return accepted

    def _replay_deletion(self, number: int) -> None:
        topic = self._by_number.pop(number)
        del self._numbers[topic]
        self._broker.topics.remove(topic)

    def _replay_state(
        self,
        number: int,
        partition: int,
        ends: tuple[int, int, int],
        producers: list[tuple[Any, ...]],
        aborted: list[tuple[int, int, int]],
    ) -> None:
        topic = self._by_number.get(number)
        if topic is None:
            return
        states = {}
        for producer_id, epoch, coordinator_epoch, start, used_at_ms, batches in producers:
            state = states[producer_id] = ProducerState()
            state.epoch, state.coordinator_epoch = epoch, coordinator_epoch
            state.transaction_start, state.used_at_ms = start, used_at_ms
            state.batches.extend(Appended(*batch) for batch in batches)
        gone = [AbortedTransaction(*one) for one in aborted]
        topic.partitions[partition].restore(LogState(*ends, states, gone))

    def _replay_producer_id(self, producer_id: int) -> None:
        transactions = self._broker.transactions
        transactions.next_producer_id = max(transactions.next_producer_id, producer_id + 1)

    def _replay_transaction(self, fields: dict[str, Any]) -> None:
        transaction = Transaction(fields["id"], fields["producer_id"], fields["timeout_ms"])
        transaction.state = TransactionState(fields["state"])
        for name in _TRANSACTION_FIELDS:
            setattr(transaction, name, fields[name])
        transaction.partitions = {TopicPartition(*one): None for one in fields["partitions"]}
        self._broker.transactions.restore(transaction)

    def _replay_group(self, fields: dict[str, Any]) -> None:
        members = {
            request[0]: (_read_request(request), bytes.fromhex(assignment))
            for request, assignment in fields["members"]
        }
        self._broker.groups.forget(fields["id"])
        self._broker.groups.create(fields["id"]).restore(
            fields["generation"],
            fields["protocol_type"],
            fields["protocol_name"],
            fields["leader"],
            members,
        )

    def _replay_offset(self, group_id: str, partition: list[Any], offset: list[Any]) -> None:
        self._broker.groups.create(group_id)
        name, index = partition
        self._broker.groups.offsets.commit(group_id, (name, index), Offset(*offset))

    def _replay_offset_deletion(self, group_id: str, partition: list[Any]) -> None:
        name, index = partition
        self._broker.groups.offsets.remove(group_id, (name, index))

    def _replay_staged(
        self, producer_id: int, group_id: str, partition: list[Any], offset: list[Any]
    ) -> None:
        self._broker.groups.create(group_id)
        name, index = partition
        staged = Offset(*offset)
        self._broker.groups.offsets.stage(producer_id, group_id, (name, index), staged)

    def _replay_staged_end(self, producer_id: int) -> None:
        """What counted of them has records of its own."""
        self._broker.groups.offsets.complete(producer_id, commit=False)


def _record(kind: bytes, *values: Any) -> bytes:
    return kind + json.dumps(values, separators=(",", ":")).encode()


def _settings_record(settings: BrokerSettings) -> bytes:
    return _record(b"V", settings.cluster, settings.broker)


_TRANSACTION_FIELDS = (
    "epoch",
    "previous_producer_id",
    "last_epoch",
    "started_at_ms",
    "updated_at_ms",
)


def _transaction_record(transaction: Transaction) -> bytes:
    fields = {
        "id": transaction.id,
        "producer_id": transaction.producer_id,
        "timeout_ms": transaction.timeout_ms,
        "state": transaction.state.value,
        "partitions": list(transaction.partitions),
        **{name: getattr(transaction, name) for name in _TRANSACTION_FIELDS},
    }
    return _record(b"X", fields)


def _group_record(group: Group) -> bytes:
    members = []
    for member in group.members:
        *before, protocols, known_id_required, can_skip_assignment = member.as_request()
        named = [(name, metadata.hex()) for name, metadata in protocols]
        request = (*before, named, known_id_required, can_skip_assignment)
        members.append((request, member.assignment.hex()))
    fields = {
        "id": group.id,
        "generation": group.generation,
        "protocol_type": group.protocol_type,
        "protocol_name": group.protocol_name,
        "leader": group.members.leader,
        "members": members,
    }
    return _record(b"G", fields)


def _read_request(values: list[Any]) -> JoinRequest:
    *before, protocols, known_id_required, can_skip_assignment = values
    named = tuple((name, bytes.fromhex(metadata)) for name, metadata in protocols)
    return JoinRequest._make([*before, named, known_id_required, can_skip_assignment])
