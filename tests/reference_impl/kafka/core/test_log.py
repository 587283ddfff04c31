"""What may be read of a log under transactions, against a model that keeps a list of records."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.kafka.core.log import PartitionLog
from reference_impl.kafka.errors import ErrorCode
from tests.reference_impl.kafka.writer import PLAIN, TOPIC, Writer, visible_records
from tests.reference_impl.strategies import quick

NAMES = ("x", "y", "z")

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(NAMES), st.integers(1, 3)),
        st.tuples(st.just("plain"), st.just(""), st.integers(1, 2)),
        st.tuples(st.just("commit"), st.sampled_from(NAMES), st.just(0)),
        st.tuples(st.just("abort"), st.sampled_from(NAMES), st.just(0)),
    ),
    max_size=24,
)


@dataclass
class Model:
    """Offsets with their value and transaction; markers have no value."""

    rows: list[tuple[bytes | None, int]] = field(default_factory=list)
    outcome: dict[int, str] = field(default_factory=lambda: {0: "commit"})
    """By transaction; 0 are the records that are part of none."""
    open: dict[str, int] = field(default_factory=dict)

    def write(self, name: str, values: list[bytes]) -> None:
        if name and name not in self.open:
            self.open[name] = len(self.outcome)
            self.outcome[self.open[name]] = "open"
        self.rows += [(value, self.open.get(name, 0)) for value in values]

    def end(self, name: str, outcome: str) -> None:
        self.outcome[self.open.pop(name)] = outcome
        self.rows.append((None, 0))

    @property
    def stable_offset(self) -> int:
        offsets = [
            offset for offset, (_, number) in enumerate(self.rows) if self.outcome[number] == "open"
        ]
        return min(offsets, default=len(self.rows))

    def committed(self, start: int, stop: int) -> list[bytes]:
        return [
            value
            for value, number in self.rows[start : min(stop, self.stable_offset)]
            if value is not None and self.outcome[number] == "commit"
        ]


def run(steps: list[tuple[str, str, int]]) -> tuple[Writer, Model]:
    """Let three producers and one without transactions do what the steps say."""
    writer, model = Writer(partitions=1), Model()
    producers = {name: writer.begin(name) for name in NAMES}
    sequences = dict.fromkeys(NAMES, 0)
    for number, (what, name, count) in enumerate(steps):
        if what in ("write", "plain"):
            values = [f"{number}.{index}".encode() for index in range(count)]
            producer = producers.get(name, PLAIN)
            transactional_id = name or None
            code, offset = writer.produce(
                producer,
                sequences.get(name, -1),
                *values,
                transactional_id=transactional_id,
                version=12,
            )
            assert (code, offset) == (ErrorCode.NONE, len(model.rows))
            model.write(name, values)
            if name:
                sequences[name] += count
        elif name in model.open:
            code, producers[name] = writer.end(
                producers[name], commit=what == "commit", transactional_id=name, version=5
            )
            assert code is ErrorCode.NONE
            sequences[name] = 0
            model.end(name, what)
    return writer, model


@pytest.mark.slow
@quick
@given(steps=STEPS, data=st.data())
def test_readers_see_what_the_model_says(
    steps: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    """ISO-01 to ISO-10, for any window of a fetch."""
    writer, model = run(steps)
    end = len(model.rows)
    everything = [value for value, _ in model.rows if value is not None]
    assert writer.values() == everything
    start = data.draw(st.integers(0, end), label="start")
    max_octets = data.draw(st.sampled_from([1, 100, 300, 2**20]), label="max_octets")
    fetched = writer.fetch(start, committed=True, max_octets=max_octets)
    assert fetched["error_code"] == ErrorCode.NONE
    assert fetched["high_watermark"] == end
    assert fetched["last_stable_offset"] == model.stable_offset
    seen = [record.value for record in visible_records(fetched, start)]
    wanted = model.committed(start, end)
    assert seen == wanted[: len(seen)]
    if max_octets == 2**20:
        assert seen == wanted


@pytest.mark.slow
@quick
@given(steps=STEPS)
def test_consumers_that_fetch_piece_by_piece_see_each_committed_record_once(
    steps: list[tuple[str, str, int]],
) -> None:
    writer, model = run(steps)
    log = writer.broker.topics.partition(TOPIC, 0)
    offset, seen = 0, []
    while offset < model.stable_offset:
        fetched = writer.fetch(offset, committed=True, max_octets=1)
        seen += [record.value for record in visible_records(fetched, offset)]
        offset = next(log.batches_from(offset)).header.last_offset + 1
    assert seen == model.committed(0, len(model.rows))


@pytest.mark.slow
@quick
@given(steps=STEPS)
def test_aborted_transactions_are_listed_where_they_overlap(
    steps: list[tuple[str, str, int]],
) -> None:
    """ISO-07, ISO-08."""
    writer, model = run(steps)
    log = writer.broker.topics.partition(TOPIC, 0)
    for one in log.aborted:
        inside = writer.fetch(one.first_offset, committed=True)
        if one.first_offset < model.stable_offset:
            found = [tuple(gone.values()) for gone in inside["aborted_transactions"]]
            assert (one.producer_id, one.first_offset) in found
        after = writer.fetch(one.last_offset + 1, committed=True)["aborted_transactions"]
        assert one.first_offset not in [gone["first_offset"] for gone in after]
    assert writer.fetch(0)["aborted_transactions"] is None


def test_plain_records_wait_for_the_transaction_before_them() -> None:
    """ISO-05, ISO-06."""
    writer = Writer()
    first, second = writer.begin("x"), writer.begin("y")
    writer.produce(PLAIN, -1, b"before")
    writer.produce(first, 0, b"first", transactional_id="x", version=12)
    writer.produce(second, 0, b"second", transactional_id="y", version=12)
    writer.produce(PLAIN, -1, b"after")
    assert writer.committed_values() == [b"before"]
    writer.end(second, commit=True, transactional_id="y", version=5)
    assert writer.committed_values() == [b"before"]
    writer.end(first, commit=False, transactional_id="x", version=5)
    assert writer.committed_values() == [b"before", b"second", b"after"]


@pytest.mark.parametrize(("start", "stable"), [(0, 0), (1, 0), (2, 2), (3, 2), (4, 4)])
def test_the_stable_offset_where_records_were_deleted(start: int, stable: int) -> None:
    """Observed on Kafka 4.3.1: it is where a batch begins, so that none is cut in two."""
    writer = Writer()
    producer = writer.begin()
    writer.produce(producer, 0, b"a", b"b", transactional_id="t", version=12)
    writer.produce(PLAIN, -1, b"c", b"d")
    writer.broker.topics.partition(TOPIC, 0).advance_start(start)
    fetched = writer.fetch(start, committed=True)
    assert fetched["last_stable_offset"] == stable
    assert fetched["records"] == b""
    writer.end(producer, commit=False, version=5)
    assert writer.committed_values(offset=start) == [b"c", b"d"][max(0, start - 2) :]


def test_the_end_of_an_epoch() -> None:
    """FETCH-20; the epoch of a log changes when a durable broker starts again."""
    writer = Writer()
    writer.produce(PLAIN, -1, b"a", b"b")
    log: PartitionLog = writer.broker.topics.partition(TOPIC, 0)
    log.leader_epoch = 3
    writer.produce(PLAIN, -1, b"c")
    assert [log.epoch_end(epoch) for epoch in (-1, 0, 1, 3, 4)] == [
        (-1, -1),
        (0, 2),
        (0, 2),
        (3, 3),
        (-1, -1),
    ]
    log.advance_start(2)
    assert log.epoch_end(1) == (1, 2)
