"""What Produce appends, and what it answers."""

from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import ZSTD, Sent, build, edit
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.commits import commit
from conformance.drivers.kafka.messages import encode
from conformance.drivers.kafka.partition import (
    ALL,
    NOBODY,
    ONE,
    PRODUCE,
    Partition,
    produce_request,
)
from conformance.drivers.kafka.tester import KafkaTester
from conformance.models.kafka_log import LogModel
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=6)
"""How many records the batches of a history have."""

NO_TOPIC_ID = "00000000-0000-4000-8000-00000000dead"
INTERNAL = "__consumer_offsets"


def batch(*values: bytes) -> bytes:
    return build(Sent(value) for value in values or (b"value",))


def parts(answer: Any) -> list[Any]:
    return [part for topic in answer.responses for part in topic.partition_responses]


@requirement("kafka.produce.base-offset")
@holds_for(sizes=SIZES, acks=st.sampled_from([ALL, ONE]))
def test_the_answer_tells_where_a_batch_is(kafka: KafkaTester, sizes: list[int], acks: int) -> None:
    partition, model = kafka.fresh(), LogModel()
    for size in sizes:
        answer = partition.produce(batch(*[b"x"] * size), acks)
        expect_code(answer, "NONE")
        expect.equal(answer.base_offset, model.append([0] * size), "base offset")
    expect.equal(partition.end, model.end, "end of the partition")


@requirement("kafka.produce.every-version")
def test_every_version_appends(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    versions = kafka.versions(PRODUCE, 3)
    for number, version in enumerate(versions):
        offset = partition.append([Sent(b"v%d" % version)], version=version)
        expect.equal(offset, number, f"offset with version {version}")
    expect.equal(partition.values(), [b"v%d" % version for version in versions], "values")


@requirement("kafka.produce.acknowledged-is-readable")
@holds_for(values=st.lists(st.binary(max_size=3), min_size=1, max_size=5))
def test_what_was_acknowledged_can_be_read(kafka: KafkaTester, values: list[bytes]) -> None:
    partition = kafka.fresh()
    for number, value in enumerate(values, 1):
        partition.append([Sent(value)])
        expect.equal(partition.values(), values[:number], "values right after the answer")


@requirement("kafka.produce.no-acknowledgement")
@holds_for(count=st.integers(1, 5))
def test_nothing_is_answered_without_acks(kafka: KafkaTester, count: int) -> None:
    partition = kafka.fresh()
    version = kafka.best(PRODUCE)
    for number in range(count):
        request = partition.produce_request(batch(b"%d" % number), NOBODY)
        kafka.main.send_request(request, version)
    kafka.main.barrier()
    expect.equal(partition.values(), [b"%d" % number for number in range(count)], "values")


@requirement("kafka.produce.no-acknowledgement-of-a-failure")
def test_a_failure_without_acks_ends_the_connection(kafka: KafkaTester) -> None:
    nowhere = Partition(kafka, kafka.topic_name(), NO_TOPIC_ID, 0)
    raw = kafka.raw()
    raw.send_request(nowhere.produce_request(batch(), NOBODY), kafka.best(PRODUCE))
    raw.expect_eof()


@requirement("kafka.produce.invalid-acks")
@holds_for(acks=st.integers(-(2**15), 2**15 - 1).filter(lambda acks: acks not in (-1, 0, 1)))
def test_other_acks_are_refused(kafka: KafkaTester, acks: int) -> None:
    partition = kafka.fresh()
    expect_code(partition.produce(batch(), acks), "INVALID_REQUIRED_ACKS")
    expect.equal(partition.end, 0, "end of the partition")


@requirement("kafka.produce.unknown-partition")
@holds_for(index=st.integers(-3, -1) | st.integers(50, 53) | st.just(2**31 - 1))
def test_partitions_that_are_not_there(kafka: KafkaTester, index: int) -> None:
    found = kafka.fresh()
    nowhere = Partition(kafka, found.topic, found.topic_id, index)
    expect_code(nowhere.produce(batch()), "UNKNOWN_TOPIC_OR_PARTITION")


@requirement("kafka.produce.unknown-topic")
def test_topics_that_are_not_there(kafka: KafkaTester) -> None:
    nowhere = Partition(kafka, kafka.topic_name(), NO_TOPIC_ID, 0)
    for version in kafka.versions(PRODUCE, 3):
        expected = "UNKNOWN_TOPIC_ID" if version >= 13 else "UNKNOWN_TOPIC_OR_PARTITION"
        expect_code(nowhere.produce(batch(), version=version), expected, f"version {version}")


@requirement("kafka.produce.errors-are-single")
@holds_for(kinds=st.lists(st.sampled_from(["right", "corrupt", "empty"]), min_size=2, max_size=5))
def test_one_failure_leaves_the_others_alone(kafka: KafkaTester, kinds: list[str]) -> None:
    octets = {"right": batch(), "corrupt": edit(batch(), crc=1), "empty": b""}
    expected = {"right": "NONE", "corrupt": "CORRUPT_MESSAGE", "empty": "INVALID_RECORD"}
    partitions = [kafka.fresh() for _ in kinds]
    pairs = [(one, octets[kind]) for one, kind in zip(partitions, kinds, strict=True)]
    version = kafka.best(PRODUCE, 12)  # by name: two entries of one topic are merged by none
    answer = kafka.call(produce_request(pairs), version)
    found = {
        (topic.name, part.index): name_of(part.error_code)
        for topic in answer.responses
        for part in topic.partition_responses
    }
    wanted = {
        (one.topic, one.index): expected[kind] for one, kind in zip(partitions, kinds, strict=True)
    }
    expect.equal(found, wanted, "errors of the partitions")
    ends = [one.end for one in partitions]
    expect.equal(ends, [int(kind == "right") for kind in kinds], "ends of the partitions")


@requirement("kafka.produce.too-large")
@holds_for(cost=2, extra=st.integers(-3, 3))
def test_the_size_limit_is_exact(kafka: KafkaTester, extra: int) -> None:
    (partition,) = kafka.topic(max_message_bytes="200")
    bare = len(batch(b""))
    size = 200 - bare + extra
    octets = batch(b"x" * size)
    while len(octets) != 200 + extra:  # the length of the length counts too
        size -= len(octets) - (200 + extra)
        octets = batch(b"x" * size)
    expected = "MESSAGE_TOO_LARGE" if extra > 0 else "NONE"
    expect_code(partition.produce(octets), expected, f"batch of {len(octets)} octets, limit 200")
    expect.equal(partition.end, int(extra <= 0), "end of the partition")


@requirement("kafka.produce.log-start-offset")
def test_the_answer_tells_the_first_offset(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    for _ in range(3):
        answer = partition.produce(batch())
        expect.equal(answer.log_start_offset, partition.start, "log start offset")


@requirement("kafka.produce.pipelined")
@holds_for(sizes=SIZES)
def test_requests_in_flight_keep_their_order(kafka: KafkaTester, sizes: list[int]) -> None:
    partition, model = kafka.fresh(), LogModel()
    version = kafka.best(PRODUCE)
    raw = kafka.raw()
    requests = [
        encode(partition.produce_request(batch(*[b"%d" % n] * size)), version, n)
        for n, size in enumerate(sizes)
    ]
    raw.send(*requests)
    for number, size in enumerate(sizes):
        (part,) = parts(raw.read_response(PRODUCE, version, number))
        expect_code(part, "NONE")
        expect.equal(part.base_offset, model.append([0] * size), f"offset of batch {number}")
    expected = [b"%d" % n for n, size in enumerate(sizes) for _ in range(size)]
    expect.equal(partition.values(), expected, "values")


@requirement("kafka.produce.zstd-before-version-7")
def test_zstd_needs_version_7(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    octets = edit(batch(), attributes=ZSTD)
    answer = partition.produce(octets, version=6)
    expect_code(answer, "UNSUPPORTED_COMPRESSION_TYPE")
    expect.equal(partition.end, 0, "end of the partition")


@requirement("kafka.produce.transactional-without-id")
def test_transactional_records_need_a_transactional_id(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    octets = build(
        [Sent(b"x")], producer_id=7, producer_epoch=0, base_sequence=0, transactional=True
    )
    expect_code(partition.produce(octets), "TRANSACTIONAL_ID_AUTHORIZATION_FAILED")
    expect.equal(partition.end, 0, "end of the partition")


@requirement("kafka.produce.internal-topic")
def test_clients_do_not_write_to_internal_topics(kafka: KafkaTester) -> None:
    commit(kafka.name("g"), kafka.fresh(), 0)
    (internal,) = kafka.metadata([INTERNAL]).topics
    partition = Partition(kafka, INTERNAL, str(internal.topic_id), 0)
    expect_code(partition.produce(batch()), "INVALID_TOPIC_EXCEPTION")


@requirement("kafka.produce.one-replica")
def test_one_replica_need_not_have_others_in_sync(kafka: KafkaTester) -> None:
    (partition,) = kafka.topic(min_insync_replicas="2")
    expect_code(partition.produce(batch(), ALL), "NONE", "acks -1")
    expect.equal(partition.end, 1, "end of the partition")
