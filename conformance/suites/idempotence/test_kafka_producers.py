"""Producer ids: who gets them, and what is known of them after answers or the broker were lost."""

from typing import Any

from hypothesis import strategies as st
from kafka.protocol.admin import DescribeProducersRequest

from conformance import expect
from conformance.drivers.kafka.batches import Sent, build
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.partition import PRODUCE, Partition, only_part
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.kafka.transactional import (
    INIT_PRODUCER_ID,
    Producer,
    init_request,
    repeated,
)
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

IN_FLIGHT = 5


def new_identity(kafka: KafkaTester, version: int | None = None) -> tuple[int, int]:
    """A producer id and an epoch without transactional id."""
    answer = repeated(kafka, lambda: kafka.call(init_request(None), version))
    expect_code(answer, "NONE", "InitProducerId")
    return answer.producer_id, answer.producer_epoch


def batch_of(identity: tuple[int, int], number: int) -> bytes:
    """The batch with this sequence number."""
    return build(
        [Sent(b"%d" % number)],
        producer_id=identity[0],
        producer_epoch=identity[1],
        base_sequence=number,
    )


def values(count: int) -> list[bytes | None]:
    return [b"%d" % number for number in range(count)]


@requirement("kafka.idempotence.new-ids")
def test_each_has_an_id_of_its_own(kafka: KafkaTester) -> None:
    versions = kafka.versions(INIT_PRODUCER_ID)
    found = [new_identity(kafka, version) for version in versions for _ in range(2)]
    expect.equal(len({one[0] for one in found}), len(found), f"different ids among {found}")
    expect.equal({one[1] for one in found}, {0}, "epochs")


@requirement("kafka.idempotence.half-a-producer")
def test_an_id_without_an_epoch(kafka: KafkaTester) -> None:
    producer = Producer(kafka).init()
    for version in kafka.versions(INIT_PRODUCER_ID, 3):
        for expected in ((producer.producer_id, -1), (-1, producer.epoch)):
            answer = producer.init_producer_id(expected, version=version)
            expect_code(answer, "INVALID_REQUEST", f"version {version}, {expected}")


@requirement("kafka.idempotence.lost-answers")
@holds_for(sent=st.integers(1, IN_FLIGHT), answered=st.integers(0, IN_FLIGHT))
def test_batches_are_sent_again(kafka: KafkaTester, sent: int, answered: int) -> None:
    partition, identity = kafka.fresh(), new_identity(kafka)
    raw, version = kafka.raw(), kafka.best(PRODUCE)
    requests = [partition.produce_request(batch_of(identity, one)) for one in range(IN_FLIGHT)]
    numbers = [raw.send_request(request, version) for request in requests[:sent]]
    for number in numbers[:answered]:
        raw.read_response(PRODUCE, version, number)
    raw.close()
    for offset, request in enumerate(requests):
        answer = only_part(kafka.call(request, version).responses, "partition_responses")
        expect_code(answer, "NONE", f"batch {offset}")
        expect.equal(answer.base_offset, offset, f"base offset of batch {offset}")
    expect.equal(partition.values(), values(IN_FLIGHT), "records")


@requirement("kafka.idempotence.restart")
def test_sequence_numbers_after_a_restart(kafka: KafkaTester) -> None:
    (partition,) = kafka.topic()
    identity = new_identity(kafka)
    for number in range(IN_FLIGHT):
        expect_code(partition.produce(batch_of(identity, number)), "NONE")
    kafka.restart(kill=True)
    (partition,) = kafka.when_usable(partition.topic)
    last = IN_FLIGHT - 1
    answer = partition.produce(batch_of(identity, last))
    expect_code(answer, "NONE", "the last batch again")
    expect.equal(answer.base_offset, last, "base offset of the last batch")
    for number in range(last):
        partition.produce(batch_of(identity, number))
    expect.equal(partition.values(), values(IN_FLIGHT), "records after the repetitions")
    gap = partition.produce(batch_of(identity, IN_FLIGHT + 1))
    expect_code(gap, "OUT_OF_ORDER_SEQUENCE_NUMBER")
    expect_code(partition.produce(batch_of(identity, IN_FLIGHT)), "NONE")
    expect.equal(partition.values(), values(IN_FLIGHT + 1), "records")


def described_producers(kafka: KafkaTester, partition: Partition) -> dict[int, Any]:
    """What DescribeProducers tells of a partition, by producer id."""
    topic = DescribeProducersRequest.TopicRequest
    wanted = topic(name=partition.topic, partition_indexes=[partition.index])
    response = kafka.call(DescribeProducersRequest(topics=[wanted]))
    part = only_part(response.topics, "partitions")
    expect_code(part, "NONE", "DescribeProducers")
    return {one.producer_id: one for one in part.active_producers}


@requirement("kafka.idempotence.described")
@holds_for(counts=st.lists(st.integers(1, 3), min_size=1, max_size=3))
def test_what_is_known_of_producers(kafka: KafkaTester, counts: list[int]) -> None:
    partition = kafka.fresh()
    expect.equal(described_producers(kafka, partition), {}, "producers of an empty partition")
    identities = [new_identity(kafka) for _ in counts]
    for identity, count in zip(identities, counts, strict=True):
        for number in range(count):
            expect_code(partition.produce(batch_of(identity, number)), "NONE")
    writer = Producer(kafka).init()
    start = writer.write(partition, b"1")
    found = {
        key: (key, one.producer_epoch, one.last_sequence, one.current_txn_start_offset)
        for key, one in described_producers(kafka, partition).items()
    }
    expected = {
        identity[0]: (*identity, count - 1, -1)
        for identity, count in zip(identities, counts, strict=True)
    }
    expected[writer.producer_id] = (*writer.identity, 0, start)
    expect.equal(found, expected, "id, epoch, last sequence number and start of the transaction")
    writer.abort()
    after = described_producers(kafka, partition)[writer.producer_id]
    expect.equal(after.current_txn_start_offset, -1, "start of the transaction after its end")
