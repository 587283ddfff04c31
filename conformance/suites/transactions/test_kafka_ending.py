"""How transactions of Kafka begin, what is part of them, and how they end."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import Sent, build
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.partition import PRODUCE, Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.kafka.transactional import (
    FIRST,
    SECOND,
    Producer,
    added,
    committed_values,
    described,
    generations,
)
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

PARTITIONS = 3


def described_partitions(kafka: KafkaTester, producer: Producer) -> set[tuple[str, int]]:
    """The partitions that the coordinator counts among the transaction."""
    found = described(kafka, producer.transactional_id)
    return {(topic.topic, index) for topic in found.topics for index in topic.partitions}


def names(*partitions: Partition) -> set[tuple[str, int]]:
    return {(one.topic, one.index) for one in partitions}


@requirement("kafka.transactions.all-or-nothing")
@holds_for(
    written=st.lists(st.integers(0, PARTITIONS - 1), min_size=1, max_size=6), commit=st.booleans()
)
def test_one_end_for_all_partitions(kafka: KafkaTester, written: list[int], commit: bool) -> None:
    for generation in generations(kafka):
        partitions = [kafka.fresh() for _ in range(PARTITIONS)]
        expected: list[list[bytes | None]] = [[] for _ in partitions]
        producer = Producer(kafka, None, generation).init()
        for number, index in enumerate(written):
            producer.write(partitions[index], b"%d" % number)
            if commit:
                expected[index].append(b"%d" % number)
        nothing: list[list[bytes | None]] = [[] for _ in partitions]
        expect.equal(committed_values(partitions), nothing, "committed records before the end")
        producer.end(commit)
        expect.equal(committed_values(partitions), expected, "committed records")


@requirement("kafka.transactions.cycles")
@holds_for(ends=st.lists(st.booleans(), min_size=1, max_size=5))
def test_one_transaction_after_the_other(kafka: KafkaTester, ends: list[bool]) -> None:
    for generation in generations(kafka):
        partitions = [kafka.fresh() for _ in range(2)]
        expected: list[list[bytes | None]] = [[], []]
        producer = Producer(kafka, None, generation).init()
        for number, commit in enumerate(ends):
            for index in {number % 2, number // 2 % 2}:
                producer.write(partitions[index], b"%d" % number)
                expected[index] += [b"%d" % number] if commit else []
            producer.end(commit)
        expect.equal(committed_values(partitions), expected, "committed records")


@requirement("kafka.transactions.independent")
@holds_for(first=st.booleans(), second=st.booleans())
def test_two_ids_in_one_partition(kafka: KafkaTester, first: bool, second: bool) -> None:
    partition = kafka.fresh()
    producers = [Producer(kafka).init() for _ in range(2)]
    for number in range(2):
        for index, producer in enumerate(producers):
            producer.write(partition, b"%d.%d" % (index, number))
    producers[1].end(second)
    state = described(kafka, producers[0].transactional_id).transaction_state
    expect.equal(state, "Ongoing", "state of the other transaction")
    producers[0].write(partition, b"0.2")
    producers[0].end(first)
    expected = [b"0.0", b"1.0", b"0.1", b"1.1", b"0.2"]
    kept = [value for value in expected if (second if value[:1] == b"1" else first)]
    expect.equal(committed_values([partition]), [kept], "committed records")


@requirement("kafka.transactions.add-partitions")
@holds_for(wanted=st.lists(st.integers(0, PARTITIONS - 1), min_size=1, max_size=4))
def test_announced_partitions(kafka: KafkaTester, wanted: list[int]) -> None:
    partitions = [kafka.fresh() for _ in range(PARTITIONS)]
    producer = Producer(kafka).init()
    for index in wanted:
        producer.begin(partitions[index])
    expected = names(*(partitions[index] for index in wanted))
    expect.equal(described_partitions(kafka, producer), expected, "partitions")
    state = described(kafka, producer.transactional_id).transaction_state
    expect.equal(state, "Ongoing", "state")
    producer.abort()
    expect.equal(described_partitions(kafka, producer), set(), "partitions after the end")


@requirement("kafka.transactions.add-unknown-partition")
def test_all_partitions_or_none(kafka: KafkaTester) -> None:
    good = kafka.fresh()
    missing = Partition(kafka, kafka.topic_name(), "", 0)
    beyond = Partition(kafka, good.topic, good.topic_id, 1000)
    for wrong in (missing, beyond):
        producer = Producer(kafka).init()
        codes = added(producer.add_partitions(good, wrong))
        expected = {
            (good.topic, good.index): "OPERATION_NOT_ATTEMPTED",
            (wrong.topic, wrong.index): "UNKNOWN_TOPIC_OR_PARTITION",
        }
        expect.equal(codes, expected, "errors of the partitions")
        expect.equal(described_partitions(kafka, producer), set(), "partitions")


@requirement("kafka.transactions.produce-without-adding")
@holds_for(other=st.booleans())
def test_records_of_a_partition_that_was_not_announced(kafka: KafkaTester, other: bool) -> None:
    announced, partition = kafka.fresh(), kafka.fresh()
    for version in kafka.versions(PRODUCE, 3):
        if version > 11:
            break
        producer = Producer(kafka).init()
        if other:
            producer.write(announced, b"1")
        answer = producer.produce(partition, b"no", version=version)
        expected = "TRANSACTION_ABORTABLE" if version == 11 else "INVALID_TXN_STATE"
        expect_code(answer, expected, f"version {version}")
        expect.equal(partition.end, 0, "end of the partition")


@requirement("kafka.transactions.produce-adds")
def test_produce_announces(kafka: KafkaTester) -> None:
    partitions = [kafka.fresh() for _ in range(2)]
    producer = Producer(kafka, None, SECOND).init()
    for partition in partitions:
        producer.send(partition, b"1")
    expect.equal(described_partitions(kafka, producer), names(*partitions), "partitions")
    producer.commit()
    expect.equal(committed_values(partitions), [[b"1"], [b"1"]], "committed records")


@requirement("kafka.transactions.plain-record-within")
def test_a_record_outside_of_the_open_transaction(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    producer = Producer(kafka).init()
    producer.write(partition, b"1")
    batch = build(
        [Sent(b"2")],
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        base_sequence=1,
    )
    expect_code(partition.produce(batch), "INVALID_TXN_STATE")
    expect.equal(partition.end, 1, "end of the partition")


@requirement("kafka.transactions.without-an-id")
def test_a_batch_of_a_transaction_needs_the_id(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    producer = Producer(kafka).init()
    producer.begin(partition)
    batch = build(
        [Sent(b"1")],
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        base_sequence=0,
        transactional=True,
    )
    expect.true(
        name_of(partition.produce(batch, version=11).error_code) != "NONE", "an error", "none"
    )
    expect.equal(partition.end, 0, "end of the partition")


@requirement("kafka.transactions.repeated-batch")
def test_a_repeated_batch_of_a_transaction(kafka: KafkaTester) -> None:
    for generation in generations(kafka):
        partition = kafka.fresh()
        producer = Producer(kafka, None, generation).init()
        producer.write(partition, b"1")
        producer.write(partition, b"2")
        answer = producer.produce(partition, b"1", sequence=0)
        expect_code(answer, "NONE")
        expect.equal(answer.base_offset, 0, "base offset of the repetition")
        answer = producer.produce(partition, b"4", sequence=3)
        expect_code(answer, "OUT_OF_ORDER_SEQUENCE_NUMBER")
        producer.commit()
        expect.equal(committed_values([partition]), [[b"1", b"2"]], "committed records")


@requirement("kafka.transactions.end-of-nothing")
@holds_for(commit=st.booleans())
def test_nothing_to_end(kafka: KafkaTester, commit: bool) -> None:
    producer = Producer(kafka).init()
    expect_code(producer.end_txn(commit), "INVALID_TXN_STATE")


@requirement("kafka.transactions.end-again")
@holds_for(commit=st.booleans())
def test_the_same_end_again(kafka: KafkaTester, commit: bool) -> None:
    partition = kafka.fresh()
    producer = Producer(kafka).init()
    producer.write(partition, b"1")
    producer.end(commit)
    expect_code(producer.end_txn(commit), "NONE", "the same again")
    expect_code(producer.end_txn(not commit), "INVALID_TXN_STATE", "the opposite")
    expected = [b"1"] if commit else []
    expect.equal(committed_values([partition]), [expected], "committed records")


@requirement("kafka.transactions.same-epoch")
@holds_for(ends=st.lists(st.booleans(), min_size=1, max_size=3))
def test_first_generation_keeps_its_epoch(kafka: KafkaTester, ends: list[bool]) -> None:
    partition = kafka.fresh()
    producer = Producer(kafka, None, FIRST).init()
    for commit in ends:
        producer.write(partition, b"1")
        producer.end(commit)
        found = described(kafka, producer.transactional_id)
        expect.equal((found.producer_id, found.producer_epoch), producer.identity, "producer")


@requirement("kafka.transactions.new-epoch-each")
@holds_for(ends=st.lists(st.booleans(), min_size=1, max_size=3))
def test_second_generation_gets_a_new_epoch(kafka: KafkaTester, ends: list[bool]) -> None:
    partition = kafka.fresh()
    producer = Producer(kafka, None, SECOND).init()
    producer_id, epoch = producer.identity
    for number, commit in enumerate(ends, 1):
        producer.write(partition, b"1")
        producer.end(commit)
        expect.equal(producer.identity, (producer_id, epoch + number), "producer of the answer")


@requirement("kafka.transactions.end-again-in-old-epoch")
@holds_for(commit=st.booleans())
def test_a_lost_answer_of_the_end(kafka: KafkaTester, commit: bool) -> None:
    partition = kafka.fresh()
    producer = Producer(kafka, None, SECOND).init()
    producer.write(partition, b"1")
    before = producer.copy()
    producer.end(commit)
    answer = before.end_txn(commit)
    expect_code(answer, "NONE", "the same again")
    found = answer.producer_id, answer.producer_epoch
    expect.equal(found, producer.identity, "producer of the second answer")
    expect_code(before.end_txn(not commit), "INVALID_TXN_STATE", "the opposite")


@requirement("kafka.transactions.abort-of-nothing")
def test_second_generation_may_abort_nothing(kafka: KafkaTester) -> None:
    producer = Producer(kafka, None, SECOND).init()
    expect_code(producer.end_txn(True), "INVALID_TXN_STATE", "commit")
    producer_id, epoch = producer.identity
    producer.abort()
    expect.equal(producer.identity, (producer_id, epoch + 1), "producer of the answer")


@requirement("kafka.transactions.late-end")
@holds_for(commit=st.booleans())
def test_an_end_of_the_transaction_before(kafka: KafkaTester, commit: bool) -> None:
    partition = kafka.fresh()
    producer = Producer(kafka, None, SECOND).init()
    producer.write(partition, b"1")
    before = producer.copy()
    producer.end(commit)
    producer.write(partition, b"2")
    answer = before.end_txn(commit)
    expect.true(name_of(answer.error_code) != "NONE", "an error", "none")
    state = described(kafka, producer.transactional_id).transaction_state
    expect.equal(state, "Ongoing", "state of the next transaction")
    producer.write(partition, b"3")
    producer.commit()
    expected = [b"1", b"2", b"3"] if commit else [b"2", b"3"]
    expect.equal(committed_values([partition]), [expected], "committed records")


@requirement("kafka.transactions.announced-and-unused")
def test_one_request_for_many_partitions(kafka: KafkaTester) -> None:
    partitions = [kafka.fresh() for _ in range(PARTITIONS)]
    producer = Producer(kafka).init()
    producer.begin(*partitions)
    expect.equal(described_partitions(kafka, producer), names(*partitions), "partitions")
    for partition in partitions[:-1]:
        producer.send(partition, b"1")
    producer.commit()
    expect.equal(committed_values(partitions), [[b"1"], [b"1"], []], "committed records")
