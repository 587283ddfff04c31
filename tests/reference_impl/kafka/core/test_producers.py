"""Sequence numbers and epochs of producers, against a model that keeps every batch."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reference_impl.kafka.core.producers import MAX_SEQUENCE, REMEMBERED_BATCHES, following
from reference_impl.kafka.core.transaction import ProducerIdentity
from reference_impl.kafka.errors import ErrorCode
from tests.reference_impl.kafka.writer import TOPIC, Writer
from tests.reference_impl.strategies import quick

ORDER = ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER

Sent = tuple[int, int, int]
"""Epoch, first sequence number, number of records."""


class Model:
    """What one partition answers to one producer id: it keeps all batches as they were sent."""

    def __init__(self) -> None:
        self.epoch = -1
        self.of_epoch: list[tuple[Sent, int]] = []
        self.end = 0

    def answer(self, sent: Sent) -> tuple[ErrorCode, int]:
        epoch, first, count = sent
        if epoch < self.epoch:
            return ErrorCode.INVALID_PRODUCER_EPOCH, -1
        if epoch == self.epoch:
            for known, offset in self.of_epoch[-REMEMBERED_BATCHES:]:
                if known == sent:
                    return ErrorCode.NONE, offset
            (_, last_first, last_count), _ = self.of_epoch[-1]
            if first != (last_first + last_count) % 2**31:
                return ORDER, -1
        elif self.epoch >= 0 and first != 0:
            return ORDER, -1
        if epoch != self.epoch:
            self.epoch, self.of_epoch = epoch, []
        self.of_epoch.append((sent, self.end))
        self.end += count
        return ErrorCode.NONE, self.of_epoch[-1][1]


NEAR_THE_WRAP = st.sampled_from([MAX_SEQUENCE - 1, MAX_SEQUENCE, 0, 1, 2, 3])


@pytest.mark.slow
@quick
@given(
    first=NEAR_THE_WRAP,
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("next"), st.integers(1, 3)),
            st.tuples(st.just("again"), st.integers(1, 7)),
            st.tuples(st.just("next epoch"), st.sampled_from([0, 0, 1, MAX_SEQUENCE])),
            st.tuples(st.just("any"), st.tuples(st.integers(0, 2), NEAR_THE_WRAP)),
        ),
        max_size=20,
    ),
)
@example(first=MAX_SEQUENCE, steps=[("next", 2), ("again", 1), ("again", 2), ("next", 1)])
def test_sequences_are_those_of_the_model(
    first: int, steps: list[tuple[str, int | tuple[int, int]]]
) -> None:
    """IDEM-02 to IDEM-08: accepted, repeated or refused, and nothing is appended but once."""
    writer, model = Writer(), Model()
    producer_id = writer.begin(None).producer_id
    sent: list[Sent] = []
    epoch, sequence = 0, first
    for what, detail in [("next", 1), *steps]:
        if what == "next":
            assert isinstance(detail, int)
            one = (epoch, sequence, detail)
        elif what == "again":
            assert isinstance(detail, int)
            one = sent[-min(detail, len(sent))]
        elif what == "next epoch":
            assert isinstance(detail, int)
            one = (epoch + 1, detail, 1)
        else:
            assert isinstance(detail, tuple)
            one = (*detail, 1)
        sent.append(one)
        expected = model.answer(one)
        values = [b"v"] * one[2]
        found = writer.produce(ProducerIdentity(producer_id, one[0]), one[1], *values)
        assert found == expected
        if expected[0] is ErrorCode.NONE and model.of_epoch[-1][0] == one:
            epoch, sequence = one[0], following(one[1], one[2])
    assert len(writer.values()) == model.end


@pytest.mark.parametrize("back", range(1, 7))
def test_the_last_five_batches_are_known_again(back: int) -> None:
    writer = Writer()
    producer = writer.begin(None)
    for sequence in range(8):
        assert writer.produce(producer, sequence) == (ErrorCode.NONE, sequence)
    again = writer.produce(producer, 8 - back)
    assert again == ((ErrorCode.NONE, 8 - back) if back <= REMEMBERED_BATCHES else (ORDER, -1))
    assert len(writer.values()) == 8


def test_a_batch_that_overlaps_known_ones_is_no_repetition() -> None:
    writer = Writer()
    producer = writer.begin(None)
    assert writer.produce(producer, 0, b"a", b"b", b"c") == (ErrorCode.NONE, 0)
    assert writer.produce(producer, 0, b"a", b"b") == (ORDER, -1)
    assert writer.produce(producer, 1, b"b", b"c") == (ORDER, -1)
    assert writer.produce(producer, 0, b"a", b"b", b"c") == (ErrorCode.NONE, 0)


def test_sequences_wrap_within_a_batch() -> None:
    writer = Writer()
    producer = writer.begin(None)
    writer.produce(producer, MAX_SEQUENCE - 1, b"a")
    assert writer.produce(producer, MAX_SEQUENCE, b"b", b"c", b"d") == (ErrorCode.NONE, 1)
    assert writer.produce(producer, 1) == (ORDER, -1)
    assert writer.produce(producer, 2) == (ErrorCode.NONE, 4)


def test_partitions_do_not_know_of_each_other() -> None:
    writer = Writer()
    producer = writer.begin(None)
    assert writer.produce(producer, 0, partition=0) == (ErrorCode.NONE, 0)
    assert writer.produce(producer, 0, partition=1) == (ErrorCode.NONE, 0)
    assert writer.produce(producer, 5, partition=1) == (ORDER, -1)
    assert writer.produce(producer, 1, partition=0) == (ErrorCode.NONE, 1)


def test_after_a_marker_alone_sequences_begin_with_zero() -> None:
    """The marker made the epoch known, and there is no batch that another could follow."""
    writer = Writer()
    producer = writer.begin()
    writer.add(producer, 0)
    writer.end(producer, commit=False)
    writer.add(producer, 0)
    assert writer.produce(producer, 5, transactional_id="t") == (ORDER, -1)
    assert writer.produce(producer, 0, transactional_id="t") == (ErrorCode.NONE, 1)


def test_nothing_overtakes_what_the_coordinator_refused() -> None:
    """KIP-890: the first batch of a transaction may come again, so no later one goes before it."""
    writer = Writer()
    producer = writer.begin()
    assert writer.produce(producer, 3, transactional_id="t")[0] is ErrorCode.INVALID_TXN_STATE
    assert writer.produce(producer, 4) == (ORDER, -1)
    writer.add(producer, 0)
    assert writer.produce(producer, 4, transactional_id="t") == (ORDER, -1)
    assert writer.produce(producer, 3, transactional_id="t") == (ErrorCode.NONE, 0)
    assert writer.produce(producer, 4, transactional_id="t") == (ErrorCode.NONE, 1)


def test_a_marker_ends_the_wait_for_what_was_refused() -> None:
    writer = Writer()
    producer = writer.begin()
    writer.produce(producer, 3, transactional_id="t")
    writer.add(producer, 0)
    writer.end(producer, commit=False)
    writer.add(producer, 0)
    assert writer.produce(producer, 0, transactional_id="t") == (ErrorCode.NONE, 1)


def test_producers_that_let_produce_add_partitions_begin_with_zero() -> None:
    """IDEM-06, as 4.3 has it; the partition is part of the transaction all the same."""
    writer = Writer()
    producer = writer.begin()
    assert writer.produce(producer, 7, transactional_id="t", version=12) == (ORDER, -1)
    assert writer.describe()["topics"] == [{"topic": TOPIC, "partitions": [0]}]
    assert writer.produce(producer, 0, transactional_id="t", version=12) == (ErrorCode.NONE, 0)


@pytest.mark.parametrize(
    ("version", "code"),
    [("3.9", ErrorCode.INVALID_PRODUCER_ID_MAPPING), ("4.3", ErrorCode.INVALID_PRODUCER_EPOCH)],
)
def test_who_looks_at_the_epoch_first(version: str, code: ErrorCode) -> None:
    """The log in 4.3, the coordinator in 3.9: this one does not know the id."""
    writer = Writer(version)
    producer = writer.begin()
    writer.produce(producer._replace(epoch=3), 0)
    assert writer.produce(producer, 0, transactional_id="unknown", version=11)[0] is code


def test_an_old_epoch_does_not_reach_the_coordinator() -> None:
    writer = Writer()
    producer = writer.begin()
    writer.produce(producer._replace(epoch=3), 0)
    code, _ = writer.produce(producer, 0, transactional_id="t", version=12)
    assert code is ErrorCode.INVALID_PRODUCER_EPOCH
    assert writer.describe()["transaction_state"] == "Empty"
