"""Offsets and order: what never changes in a partition."""

import itertools

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import Sent, build
from conformance.drivers.kafka.messages import encode
from conformance.drivers.kafka.partition import COMMITTED, FETCH, PRODUCE, fetched
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

WRITERS = st.lists(st.integers(0, 2), min_size=1, max_size=10)
"""Which of three producers writes next."""


@requirement("kafka.ordering.contiguous")
@holds_for(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_offsets_begin_at_zero_and_leave_nothing_out(kafka: KafkaTester, sizes: list[int]) -> None:
    partition = kafka.fresh()
    for size in sizes:
        partition.append([Sent(b"x")] * size)
    expect.equal([one.offset for one in partition.read()], list(range(sum(sizes))), "offsets")
    expect.equal((partition.start, partition.end), (0, sum(sizes)), "start and end")


@requirement("kafka.ordering.of-one-producer")
@holds_for(cost=2, writers=WRITERS)
def test_each_producer_keeps_its_order(kafka: KafkaTester, writers: list[int]) -> None:
    partition, version = kafka.fresh(), kafka.best(PRODUCE)
    connections = {writer: kafka.raw() for writer in writers}
    for number, writer in enumerate(writers):
        request = partition.produce_request(build([Sent(b"%d %d" % (writer, number))]))
        connections[writer].send(encode(request, version, number))
    for number, writer in enumerate(writers):
        connections[writer].read_response(PRODUCE, version, number)
    values = [one.value or b"" for one in partition.read()]
    for writer in connections:
        lead = b"%d " % writer
        found = [value for value in values if value.startswith(lead)]
        sent = [lead + b"%d" % n for n, one in enumerate(writers) if one == writer]
        expect.equal(found, sent, f"records of producer {writer}")
    expect.equal(len(values), len(writers), "records in all")


@requirement("kafka.ordering.same-for-all")
@holds_for(cost=2, sizes=st.lists(st.integers(1, 3), min_size=1, max_size=5))
def test_all_consumers_see_the_same(kafka: KafkaTester, sizes: list[int]) -> None:
    partition, version = kafka.fresh(), kafka.best(FETCH)
    for number, size in enumerate(sizes):
        partition.append([Sent(b"%d" % number)] * size)
    seen = []
    for isolation in (0, COMMITTED, 0):
        request = partition.fetch_request(isolation=isolation)
        answer = fetched(kafka.raw().call(request, version))
        seen.append([(one.offset, one.value) for one in answer.records])
    expect.equal(seen, seen[:1] * 3, "offsets and values")


@requirement("kafka.ordering.offsets-are-kept")
@holds_for(cost=2, sizes=st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_a_record_keeps_its_offset(kafka: KafkaTester, sizes: list[int]) -> None:
    partition = kafka.fresh()
    before = partition.read()
    for number, size in enumerate(sizes):
        partition.append([Sent(b"%d" % number)] * size)
        now = partition.read()
        expect.equal(now[: len(before)], before, "records that were there before")
        before = now


@requirement("kafka.ordering.partitions-are-independent")
@holds_for(targets=st.lists(st.integers(0, 2), max_size=8))
def test_a_record_is_in_its_partition_alone(kafka: KafkaTester, targets: list[int]) -> None:
    partitions = [kafka.fresh() for _ in range(3)]
    for number, target in enumerate(targets):
        offset = partitions[target].append([Sent(b"%d" % number)])
        expect.equal(offset, targets[:number].count(target), "offset")
    for index, partition in enumerate(partitions):
        sent = [b"%d" % number for number, target in enumerate(targets) if target == index]
        expect.equal(partition.values(), sent, f"records of partition {index}")


@requirement("kafka.ordering.marks")
@holds_for(sizes=st.lists(st.integers(1, 3), min_size=1, max_size=5))
def test_marks_are_in_order_and_never_fall(kafka: KafkaTester, sizes: list[int]) -> None:
    partition, last = kafka.fresh(), 0
    for size in sizes:
        partition.append([Sent(b"x")] * size)
        answer = partition.fetch(isolation=COMMITTED)
        marks = (answer.start_offset, answer.stable_offset, answer.high_watermark, partition.end)
        in_order = all(a <= b for a, b in itertools.pairwise(marks))
        expect.true(in_order, "start, stable offset, high watermark and end in order", marks)
        expect.at_least(answer.high_watermark, last, "high watermark")
        last = answer.high_watermark


@requirement("kafka.ordering.reading-again")
@holds_for(sizes=st.lists(st.integers(1, 3), min_size=1, max_size=4), start=st.integers(0, 4))
def test_reading_again_gives_the_same(kafka: KafkaTester, sizes: list[int], start: int) -> None:
    partition = kafka.fresh()
    for number, size in enumerate(sizes):
        partition.append([Sent(b"%d" % number)] * size)
    whole = partition.read()
    expect.equal(partition.read(), whole, "records, read again")
    start = min(start, len(whole))
    expect.equal(partition.read(start), whole[start:], f"records from {start} on")
