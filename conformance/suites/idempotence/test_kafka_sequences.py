"""Sequence numbers of producers: what is repeated, what is missing, what is out of date."""

from typing import NamedTuple

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import Sent, build
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.models.kafka_sequences import MODULUS, REMEMBERED, SequenceModel
from conformance.requirements import requirement
from conformance.runner.properties import holds_for


class Step(NamedTuple):
    """A batch of a producer, and how far its number is from the one that is due."""

    producer: int
    epoch: int
    ahead: int
    size: int


STEPS = st.lists(
    st.builds(
        Step,
        st.integers(1, 2),
        st.sampled_from([0] * 8 + [1]),
        st.sampled_from([0, 0, -1, 1]),
        st.integers(1, 2),
    ),
    min_size=8,
    max_size=14,
)
NAMESPACE = 770_000
"""Added to producer ids, which are not the broker's own here: it takes any."""


def send(partition: Partition, producer: int, epoch: int, sequence: int, count: int = 1) -> object:
    octets = build(
        [Sent(b"%d" % sequence)] * count,
        producer_id=NAMESPACE + producer,
        producer_epoch=epoch,
        base_sequence=sequence,
    )
    return partition.produce(octets)


def check(
    partition: Partition,
    model: SequenceModel,
    producer: int,
    epoch: int,
    sequence: int,
    count: int = 1,
) -> None:
    """Send a batch to the broker and to the model, and compare what they say."""
    answer = send(partition, producer, epoch, sequence, count)
    code, offset = model.append(producer, epoch, sequence, count)
    about = f"producer {producer}, epoch {epoch}, sequence {sequence}, {count} records"
    expect_code(answer, code, about)
    expect.equal(getattr(answer, "base_offset", None), offset, f"base offset: {about}")


@requirement("kafka.idempotence.sequences")
@holds_for(start=st.sampled_from([0, MODULUS - 3]), steps=STEPS)
def test_histories_of_two_producers(kafka: KafkaTester, start: int, steps: list[Step]) -> None:
    partition, model = kafka.fresh(), SequenceModel()
    due: dict[tuple[int, int], int] = {}
    for producer, epoch, ahead, count in steps:
        first = start if (producer, 0) not in due and epoch == 0 else 0
        wanted = due.get((producer, epoch), first)
        sequence = (wanted + ahead) % MODULUS
        before = model.end
        check(partition, model, producer, epoch, sequence, count)
        if model.end > before:
            due[producer, epoch] = (sequence + count) % MODULUS
    expect.equal(partition.end, model.end, "end of the partition")


@requirement("kafka.idempotence.repeated-batch")
@holds_for(back=st.integers(1, REMEMBERED), count=st.integers(1, 3))
def test_the_last_five_are_recognised(kafka: KafkaTester, back: int, count: int) -> None:
    partition, model = kafka.fresh(), SequenceModel()
    for number in range(REMEMBERED + 1):
        check(partition, model, 1, 0, number * count, count)
    check(partition, model, 1, 0, (REMEMBERED + 1 - back) * count, count)
    expect.equal(partition.end, (REMEMBERED + 1) * count, "end of the partition")


@requirement("kafka.idempotence.older-repetition")
def test_an_older_batch_is_not_appended_again(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    for number in range(REMEMBERED + 1):
        expect_code(send(partition, 1, 0, number), "NONE")
    expect_code(send(partition, 1, 0, 0), "OUT_OF_ORDER_SEQUENCE_NUMBER")
    expect.equal(partition.end, REMEMBERED + 1, "end of the partition")


@requirement("kafka.idempotence.gap")
@holds_for(first=st.integers(0, 3), gap=st.sampled_from([1, 2, 100, MODULUS // 2]))
def test_a_gap_is_refused(kafka: KafkaTester, first: int, gap: int) -> None:
    partition, model = kafka.fresh(), SequenceModel()
    check(partition, model, 1, 0, first)
    check(partition, model, 1, 0, (first + 1 + gap) % MODULUS)
    check(partition, model, 1, 0, first + 1)
    expect.equal(partition.end, 2, "end of the partition")


@requirement("kafka.idempotence.wraps")
@holds_for(before=st.integers(1, 3), count=st.integers(1, 4))
def test_after_the_largest_number_comes_zero(kafka: KafkaTester, before: int, count: int) -> None:
    partition, model = kafka.fresh(), SequenceModel()
    sequence = MODULUS - before
    for _ in range(3):
        check(partition, model, 1, 0, sequence, count)
        sequence = (sequence + count) % MODULUS
    check(partition, model, 1, 0, (sequence - count) % MODULUS, count)
    expect.equal(partition.end, 3 * count, "end of the partition")


@requirement("kafka.idempotence.any-first-number")
@holds_for(sequence=st.sampled_from([0, 1, 7, MODULUS - 1]))
def test_an_unknown_producer_begins_anywhere(kafka: KafkaTester, sequence: int) -> None:
    expect_code(send(kafka.fresh(), 1, 0, sequence), "NONE")


@requirement("kafka.idempotence.new-epoch")
@holds_for(epoch=st.integers(1, 3), sequence=st.integers(0, 2))
def test_a_new_epoch_begins_at_zero(kafka: KafkaTester, epoch: int, sequence: int) -> None:
    partition, model = kafka.fresh(), SequenceModel()
    check(partition, model, 1, 0, 0)
    check(partition, model, 1, epoch, sequence)
    check(partition, model, 1, epoch, 0 if sequence else 1)


@requirement("kafka.idempotence.old-epoch")
@holds_for(now=st.integers(1, 3), old=st.integers(0, 2), sequence=st.integers(0, 2))
def test_an_old_epoch_is_refused(kafka: KafkaTester, now: int, old: int, sequence: int) -> None:
    partition = kafka.fresh()
    expect_code(send(partition, 1, now, 0), "NONE")
    answer = send(partition, 1, min(old, now - 1), sequence)
    code = name_of(getattr(answer, "error_code", 0))
    expect.equal(code, "INVALID_PRODUCER_EPOCH", "error")
    expect.equal(partition.end, 1, "end of the partition")


@requirement("kafka.idempotence.by-partition")
def test_each_partition_counts_for_itself(kafka: KafkaTester) -> None:
    partitions = [kafka.fresh() for _ in range(2)]
    models = [SequenceModel() for _ in partitions]
    for index, sequence in ((0, 0), (0, 1), (1, 0), (0, 2), (1, 2), (1, 1), (0, 2), (1, 0)):
        check(partitions[index], models[index], 1, 0, sequence)
    ends = [partition.end for partition in partitions]
    expect.equal(ends, [model.end for model in models], "ends of the partitions")
