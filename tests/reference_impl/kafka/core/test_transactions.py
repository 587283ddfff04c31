"""The coordinator of transactions. What is expected was observed on Kafka 4.3.1 and 3.9.2."""

from __future__ import annotations

import pytest

from reference_impl.kafka.core.transaction import (
    LAST_GIVEN_EPOCH,
    MAX_EPOCH,
    ProducerIdentity,
    TopicPartition,
)
from reference_impl.kafka.core.transactions import (
    ID_EXPIRATION_MS,
    MAX_TIMEOUT_MS,
    OFFSETS_TOPIC,
    offsets_partition,
)
from reference_impl.kafka.errors import ErrorCode, Refused
from tests.reference_impl.kafka.writer import PLAIN, TOPIC, Writer

NONE = ErrorCode.NONE
FENCED = ErrorCode.PRODUCER_FENCED
BAD_STATE = ErrorCode.INVALID_TXN_STATE
BAD_EPOCH = ErrorCode.INVALID_PRODUCER_EPOCH
MAPPING = ErrorCode.INVALID_PRODUCER_ID_MAPPING

BOTH = pytest.mark.parametrize("version", ["3.9", "4.3"])


def next_epoch(producer: ProducerIdentity, by: int = 1) -> ProducerIdentity:
    return producer._replace(epoch=producer.epoch + by)


def write(writer: Writer, producer: ProducerIdentity, value: bytes, sequence: int = 0) -> None:
    """Write one record in a transaction as clients of any version can."""
    assert writer.add(producer, 0) == [NONE]
    assert writer.produce(producer, sequence, value, transactional_id="t")[0] is NONE


# -- identities ---------------------------------------------------------------------------------


def test_producers_without_transactions_get_new_ids() -> None:
    writer = Writer()
    found = [writer.init(None, timeout_ms=-5)[1] for _ in range(4)]
    assert len({one.producer_id for one in found}) == 4
    assert {one.epoch for one in found} == {0}


@BOTH
def test_an_id_keeps_its_producer_id_and_raises_its_epoch(version: str) -> None:
    writer = Writer(version)
    first = writer.begin()
    assert first.epoch == 0
    assert [writer.begin() for _ in range(3)] == [next_epoch(first, by) for by in (1, 2, 3)]
    assert writer.begin("other").producer_id != first.producer_id


@pytest.mark.parametrize(
    ("transactional_id", "timeout_ms", "code"),
    [
        ("", 1, ErrorCode.INVALID_REQUEST),
        ("t", 0, ErrorCode.INVALID_TRANSACTION_TIMEOUT),
        ("t", -1, ErrorCode.INVALID_TRANSACTION_TIMEOUT),
        ("t", MAX_TIMEOUT_MS + 1, ErrorCode.INVALID_TRANSACTION_TIMEOUT),
        ("t", MAX_TIMEOUT_MS, NONE),
        ("t", 1, NONE),
    ],
)
def test_what_cannot_be_initialised(
    transactional_id: str, timeout_ms: int, code: ErrorCode
) -> None:
    writer = Writer()
    found, producer = writer.init(transactional_id, timeout_ms=timeout_ms)
    assert found is code
    assert (producer == PLAIN) == (code is not NONE)


@BOTH
def test_a_producer_that_says_who_it_is(version: str) -> None:
    """KIP-360: who missed the answer gets it again; whoever was replaced is fenced."""
    writer = Writer(version)
    first = writer.begin()
    second = writer.init(expected=first)
    assert second == (NONE, next_epoch(first))
    assert writer.init(expected=first) == second
    stranger = ProducerIdentity(first.producer_id + 50, 0)
    assert writer.init(expected=stranger) == (FENCED, PLAIN)
    assert writer.init(expected=stranger, version=3) == (BAD_EPOCH, PLAIN)
    assert writer.init(expected=next_epoch(first, 9)) == (FENCED, PLAIN)
    writer.begin()
    assert writer.init(expected=next_epoch(first)) == (FENCED, PLAIN)


@pytest.mark.parametrize("expected", [ProducerIdentity(7, -1), ProducerIdentity(-1, 7)])
def test_half_an_identity(expected: ProducerIdentity) -> None:
    assert Writer().init(expected=expected) == (ErrorCode.INVALID_REQUEST, PLAIN)


def test_an_identity_of_an_id_that_is_not_known() -> None:
    code, found = Writer().init(expected=ProducerIdentity(12345, 7))
    assert (code, found.epoch) == (NONE, 0)


# -- what is part of it -------------------------------------------------------------------------


@BOTH
def test_partitions_make_it_begin(version: str) -> None:
    writer = Writer(version)
    producer = writer.begin()
    assert writer.describe()["transaction_state"] == "Empty"
    assert writer.add(producer, 0) == [NONE]
    started_at_ms = writer.describe()["transaction_start_time_ms"]
    assert started_at_ms == writer.clock.now_ms()
    writer.clock.advance(5)
    assert writer.add(producer, 0, 1) == [NONE, NONE]
    described = writer.describe()
    assert described["transaction_state"] == "Ongoing"
    assert described["transaction_start_time_ms"] == started_at_ms
    assert described["topics"] == [{"topic": TOPIC, "partitions": [0, 1]}]


def test_one_unknown_partition_and_none_is_added() -> None:
    writer = Writer()
    producer = writer.begin()
    assert writer.add(producer, 0, 99) == [
        ErrorCode.OPERATION_NOT_ATTEMPTED,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]
    assert writer.add(producer, 0, topic=OFFSETS_TOPIC) == [ErrorCode.TOPIC_AUTHORIZATION_FAILED]
    assert writer.describe()["transaction_state"] == "Empty"


@pytest.mark.parametrize(
    ("transactional_id", "ahead", "code"),
    [
        ("t", ProducerIdentity(0, 1), FENCED),
        ("t", ProducerIdentity(0, -1), FENCED),
        ("t", ProducerIdentity(40, 0), MAPPING),
        ("unknown", ProducerIdentity(0, 0), MAPPING),
        ("", ProducerIdentity(0, 0), ErrorCode.INVALID_REQUEST),
    ],
)
def test_who_may_not_go_on(transactional_id: str, ahead: ProducerIdentity, code: ErrorCode) -> None:
    """TXN-05, TXN-12. Clients that are too old for PRODUCER_FENCED hear of their epoch."""
    writer = Writer()
    writer.begin()
    mine = writer.begin()
    producer = ProducerIdentity(mine.producer_id + ahead.producer_id, mine.epoch + ahead.epoch)
    older = BAD_EPOCH if code is FENCED else code
    for version, told in ((1, older), (3, code)):
        assert writer.add(producer, 0, transactional_id=transactional_id, version=version) == [told]
        found = writer.ask(
            "AddOffsetsToTxn",
            version,
            transactional_id=transactional_id,
            producer_id=producer.producer_id,
            producer_epoch=producer.epoch,
            group_id="g",
        )
        assert found["error_code"] == told
        for commit in (True, False):
            ended = writer.end(
                producer, commit=commit, transactional_id=transactional_id, version=version
            )
            assert ended == (told, PLAIN)
    assert writer.describe()["transaction_state"] == "Empty"


def test_a_group_stands_for_its_partition_of_the_offsets() -> None:
    """Hashes as Java's String.hashCode gives them, for 50 partitions."""
    assert offsets_partition("") == TopicPartition(OFFSETS_TOPIC, 0)
    assert offsets_partition("group") == TopicPartition(OFFSETS_TOPIC, 98629247 % 50)
    assert offsets_partition("polygenelubricants").partition == 0, "its hash is -(2 ** 31)"
    assert offsets_partition("\U0001f600").partition == 1772899 % 50


# -- commit and abort ---------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("commit", [True, False])
def test_all_partitions_or_none(version: str, commit: bool) -> None:
    """TXN-17, in the protocol of old clients: the epoch stays (TXN-26)."""
    writer = Writer(version)
    producer = writer.begin()
    for sequence in range(2):
        writer.add(producer, 0, 1)
        for partition in (0, 1):
            writer.produce(producer, sequence, partition=partition, transactional_id="t")
        assert writer.committed_values(0) == [b"v"] * sequence * commit
        assert writer.end(producer, commit=commit) == (NONE, PLAIN)
        for partition in (0, 1):
            assert writer.committed_values(partition) == [b"v"] * (sequence + 1) * commit
    described = writer.describe()
    assert described["transaction_state"] == ("CompleteCommit" if commit else "CompleteAbort")
    assert described["producer_epoch"] == producer.epoch
    assert described["topics"] == []


@BOTH
@pytest.mark.parametrize("commit", [True, False])
def test_ending_twice(version: str, commit: bool) -> None:
    """TXN-18, TXN-19."""
    writer = Writer(version)
    producer = writer.begin()
    assert writer.end(producer, commit=commit) == (BAD_STATE, PLAIN)
    write(writer, producer, b"a")
    assert writer.end(producer, commit=commit) == (NONE, PLAIN)
    assert writer.end(producer, commit=commit) == (NONE, PLAIN)
    assert writer.end(producer, commit=not commit) == (BAD_STATE, PLAIN)


def test_each_end_of_new_clients_gives_a_new_epoch() -> None:
    """TXN-20, TXN-41: an EndTxn that comes late ends nothing."""
    writer = Writer()
    first = writer.begin()
    assert writer.produce(first, 0, transactional_id="t", version=12) == (NONE, 0)
    second = next_epoch(first)
    assert writer.end(first, commit=True, version=5) == (NONE, second)
    assert writer.end(first, commit=True, version=5) == (NONE, second)
    assert writer.end(first, commit=False, version=5) == (BAD_STATE, PLAIN)
    assert writer.produce(second, 0, b"w", transactional_id="t", version=12) == (NONE, 2)
    assert writer.end(first, commit=True, version=5) == (FENCED, PLAIN)
    assert writer.describe()["transaction_state"] == "Ongoing"
    assert writer.end(second, commit=False, version=5) == (NONE, next_epoch(first, 2))
    assert writer.committed_values() == [b"v"]


def test_new_clients_may_abort_nothing() -> None:
    """TXN-21."""
    writer = Writer()
    producer = writer.begin()
    assert writer.end(producer, commit=True, version=5) == (BAD_STATE, PLAIN)
    for _ in range(3):
        code, after = writer.end(producer, commit=False, version=5)
        assert (code, after) == (NONE, next_epoch(producer))
        assert writer.end(after, commit=True, version=5) == (BAD_STATE, PLAIN)
        producer = after
    assert writer.describe()["transaction_state"] == "CompleteAbort"
    assert writer.values() == []


# -- fencing and time ---------------------------------------------------------------------------


@BOTH
def test_a_second_instance_takes_over(version: str) -> None:
    """TXN-04 to TXN-06."""
    writer = Writer(version)
    old = writer.begin()
    write(writer, old, b"old")
    assert writer.init() == (ErrorCode.CONCURRENT_TRANSACTIONS, PLAIN)
    assert writer.describe()["transaction_state"] == "CompleteAbort"
    assert writer.describe()["producer_epoch"] == old.epoch + 1
    new = next_epoch(old, 2)
    assert writer.init() == (NONE, new)
    assert writer.produce(old, 1, transactional_id="t") == (BAD_EPOCH, -1)
    assert writer.add(old, 0) == [FENCED]
    assert writer.end(old, commit=True) == (FENCED, PLAIN)
    write(writer, new, b"new")
    assert writer.end(new, commit=True)[0] is NONE
    assert writer.committed_values() == [b"new"]


@BOTH
def test_what_takes_too_long_is_aborted(version: str) -> None:
    """TXN-23. The clock starts with the first partition, and not again with the next one."""
    writer = Writer(version)
    producer = writer.begin(timeout_ms=600)
    writer.clock.advance(10_000)
    write(writer, producer, b"a")
    writer.clock.advance(599)
    writer.add(producer, 1)
    assert writer.describe()["transaction_state"] == "Ongoing"
    writer.clock.advance(1)
    assert writer.describe()["transaction_state"] == "CompleteAbort"
    assert writer.end(producer, commit=True) == (FENCED, PLAIN)
    assert writer.add(producer, 0) == [FENCED]
    assert writer.produce(producer, 1, transactional_id="t") == (BAD_EPOCH, -1)
    assert writer.committed_values() == []
    assert writer.fetch()["last_stable_offset"] == 2
    may_go_on = (NONE, next_epoch(producer)) if version == "4.3" else (FENCED, PLAIN)
    assert writer.init(expected=producer) == may_go_on


def test_a_timeout_and_new_clients() -> None:
    """The abort looks to them like one of their own."""
    writer = Writer()
    producer = writer.begin(timeout_ms=600)
    writer.produce(producer, 0, transactional_id="t", version=12)
    writer.clock.advance(600)
    assert writer.end(producer, commit=True, version=5) == (BAD_STATE, PLAIN)
    assert writer.end(producer, commit=False, version=5) == (NONE, next_epoch(producer))
    assert writer.produce(producer, 1, transactional_id="t", version=12) == (BAD_EPOCH, -1)


def test_a_transaction_that_ended_in_time_is_not_aborted() -> None:
    writer = Writer()
    producer = writer.begin(timeout_ms=600)
    write(writer, producer, b"a")
    writer.end(producer, commit=True)
    writer.clock.advance(300)
    write(writer, producer, b"b", sequence=1)
    writer.clock.advance(599)
    assert writer.describe()["transaction_state"] == "Ongoing"
    assert writer.end(producer, commit=True)[0] is NONE
    writer.clock.advance(600)
    assert writer.committed_values() == [b"a", b"b"]


def test_ids_that_nobody_uses_are_forgotten() -> None:
    """TXN-24."""
    writer = Writer()
    producer = writer.begin()
    writer.clock.advance(ID_EXPIRATION_MS - 1)
    write(writer, producer, b"a")
    writer.end(producer, commit=True)
    writer.clock.advance(ID_EXPIRATION_MS - 1)
    assert writer.describe()["error_code"] == NONE
    writer.clock.advance(1)
    assert writer.describe()["error_code"] == ErrorCode.TRANSACTIONAL_ID_NOT_FOUND
    assert writer.add(producer, 0) == [MAPPING]
    again = writer.begin()
    assert again.epoch == 0
    assert again.producer_id != producer.producer_id


# -- epochs run out -----------------------------------------------------------------------------


def at_epoch(writer: Writer, epoch: int) -> ProducerIdentity:
    """A producer whose id has been initialised very often."""
    producer = writer.begin()
    transaction = writer.broker.transactions.find("t")
    assert transaction is not None
    transaction.epoch = epoch
    return producer._replace(epoch=epoch)


@BOTH
def test_initialising_when_epochs_run_out(version: str) -> None:
    """TXN-08."""
    writer = Writer(version)
    old = at_epoch(writer, LAST_GIVEN_EPOCH - 1)
    last = writer.init(expected=old)[1]
    assert last == next_epoch(old)
    code, new = writer.init(expected=last)
    assert (code, new.epoch) == (NONE, 0)
    assert new.producer_id != old.producer_id
    assert writer.init(expected=last) == (NONE, new), "it may have missed the answer"
    assert writer.init(expected=new) == (NONE, next_epoch(new))
    assert writer.init(expected=last) == (FENCED, PLAIN)


def test_ending_when_epochs_run_out() -> None:
    writer = Writer()
    last = at_epoch(writer, LAST_GIVEN_EPOCH)
    writer.produce(last, 0, transactional_id="t", version=12)
    code, new = writer.end(last, commit=True, version=5)
    assert (code, new.epoch) == (NONE, 0)
    assert new.producer_id != last.producer_id
    assert writer.end(last, commit=True, version=5) == (NONE, new)
    assert writer.end(last, commit=False, version=5) == (BAD_STATE, PLAIN)
    assert writer.broker.topics.partition(TOPIC, 0).producer(last.producer_id).epoch == MAX_EPOCH
    assert writer.committed_values() == [b"v"]
    assert writer.produce(new, 0, transactional_id="t", version=12)[0] is NONE


@pytest.mark.parametrize(("version", "after"), [("3.9", 0), ("4.3", 1)])
def test_fencing_when_epochs_run_out(version: str, after: int) -> None:
    """There is one epoch left, for the marker; 4.3 takes a new producer id at once."""
    writer = Writer(version)
    last = at_epoch(writer, LAST_GIVEN_EPOCH)
    write(writer, last, b"a")
    assert writer.init()[0] is ErrorCode.CONCURRENT_TRANSACTIONS
    described = writer.describe()
    rotated = version == "4.3"
    assert described["producer_epoch"] == (0 if rotated else MAX_EPOCH)
    assert (described["producer_id"] != last.producer_id) == rotated
    code, new = writer.init()
    assert (code, new.epoch) == (NONE, after)
    assert new.producer_id != last.producer_id


# -- offsets ------------------------------------------------------------------------------------


class StagedOffsets:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.ended: list[tuple[ProducerIdentity, bool]] = []

    def complete_transaction(self, producer_id: int, producer_epoch: int, commit: bool) -> None:
        self.ended.append((ProducerIdentity(producer_id, producer_epoch), commit))


@pytest.mark.parametrize("commit", [True, False])
def test_offsets_end_with_the_transaction(commit: bool) -> None:
    writer = Writer()
    transactions = writer.broker.transactions
    offsets = transactions.staged_offsets = StagedOffsets()
    producer = writer.begin()
    write(writer, producer, b"a")
    writer.end(producer, commit=True)
    assert offsets.ended == []
    transactions.add_partitions("t", producer, [offsets_partition("g")])
    transactions.end("t", producer, commit=commit, new_epoch=False)
    assert offsets.ended == [(producer, commit)]


# -- markers ------------------------------------------------------------------------------------


def test_topics_that_are_gone_need_no_marker() -> None:
    writer = Writer()
    producer = writer.begin()
    writer.add(producer, 0)
    topic = writer.broker.topics.find(TOPIC)
    assert topic is not None
    writer.broker.delete_topic(topic)
    assert writer.end(producer, commit=True)[0] is NONE


def test_a_log_with_a_newer_epoch_takes_no_marker() -> None:
    """A producer without transactions used the same producer id; real Kafka gives up there."""
    writer = Writer()
    producer = writer.begin()
    writer.add(producer, 0)
    writer.produce(next_epoch(producer, 5), 0)
    assert writer.end(producer, commit=False)[0] is NONE
    assert len(writer.values()) == 1
    assert writer.fetch()["high_watermark"] == 1


def test_refusals_change_nothing() -> None:
    writer = Writer()
    producer = writer.begin()
    write(writer, producer, b"a")
    before = writer.describe()
    with pytest.raises(Refused):
        writer.broker.transactions.end("t", next_epoch(producer), commit=True, new_epoch=True)
    assert writer.describe() == before
