"""Which partition a client's records get into."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from hypothesis import strategies as st
from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.partitioner import Partitioner

from conformance import expect
from conformance.drivers.kafka.administration import create_partitions, more_partitions
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.errors import Mismatch
from conformance.models.kafka_partitioner import partition_of
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

KEYS = st.lists(st.binary(max_size=9), min_size=1, max_size=20)
MANY = 300
WITHIN_S = 10


@contextmanager
def producing(kafka: KafkaTester, **options: Any) -> Iterator[Callable[..., Any]]:
    """The method `send` of a producer; at the end all that was sent is acknowledged."""
    producer = KafkaProducer(bootstrap_servers=kafka.endpoint.address, **options)
    sent: list[Any] = []
    try:
        yield lambda *args, **kwargs: sent.append(producer.send(*args, **kwargs))
        producer.flush(timeout=WITHIN_S)
        for one in sent:
            one.get(timeout=WITHIN_S)
    except KafkaError as error:
        raise Mismatch("records acknowledged", repr(error)) from error
    finally:
        with suppress(KafkaError):  # closing complains of what is not acknowledged
            producer.close(timeout=1)


def found_in(partitions: Iterable[Partition]) -> dict[bytes | None, set[int]]:
    """The partitions in which each key is found."""
    found: dict[bytes | None, set[int]] = {}
    for partition in partitions:
        for record in partition.read():
            found.setdefault(record.key, set()).add(partition.index)
    return found


@requirement("kafka.partitioning.by-key")
@holds_for(cost=7, keys=KEYS, count=st.integers(2, 4))
def test_a_key_has_one_partition(kafka: KafkaTester, keys: list[bytes], count: int) -> None:
    partitions = kafka.topic(count)
    keys = [*keys, b"", b"a", b"bb", b"customer-1", *keys]
    with producing(kafka) as send:
        for number, key in enumerate(keys):
            send(partitions[0].topic, b"%d" % number, key=key)
    expected = {key: {partition_of(key, count)} for key in keys}
    expect.equal(found_in(partitions), expected, "partitions of each key")
    for partition in partitions:
        sent = [b"%d" % n for n, k in enumerate(keys) if partition_of(k, count) == partition.index]
        expect.equal(partition.values(), sent, f"order in partition {partition.index}")


@requirement("kafka.partitioning.more-partitions")
def test_what_is_there_does_not_move(kafka: KafkaTester) -> None:
    keys = [b"%d" % number for number in range(20)]
    partitions = kafka.topic(2)
    topic = partitions[0].topic
    with producing(kafka) as send:
        for key in keys:
            send(topic, b"old", key=key)
    old = [partition.read() for partition in partitions]
    expect_code(create_partitions(kafka, more_partitions(topic, 3))[0], "NONE")
    expect.eventually(
        lambda: len(kafka.metadata([topic]).topics[0].partitions) == 3, "three partitions"
    )
    partitions = kafka.when_usable(topic)
    with producing(kafka) as send:
        for key in keys:
            send(topic, b"new", key=key)
    for partition, before in zip(partitions, [*old, []], strict=True):
        records = partition.read()
        expect.equal(records[: len(before)], before, f"old records of {partition.index}")
        found = [record.key for record in records[len(before) :]]
        expected = [key for key in keys if partition_of(key, 3) == partition.index]
        expect.equal(found, expected, f"keys that are new in {partition.index}")


@requirement("kafka.partitioning.without-key")
def test_records_without_key_spread(kafka: KafkaTester) -> None:
    partitions = kafka.topic(3)
    with producing(kafka) as send:
        for number in range(MANY):
            send(partitions[0].topic, b"%d" % number)
    values = [partition.values() for partition in partitions]
    expect.true(all(values), "records in every partition", [len(one) for one in values])
    every = sorted(int(value or b"") for one in values for value in one)
    expect.equal(every, list(range(MANY)), "records in all")


@requirement("kafka.partitioning.explicit")
@holds_for(cost=10, wanted=st.lists(st.integers(0, 2), min_size=1, max_size=10))
def test_the_producer_may_choose(kafka: KafkaTester, wanted: list[int]) -> None:
    partitions = kafka.topic(3)
    with producing(kafka) as send:
        for number, index in enumerate(wanted):
            send(partitions[0].topic, b"%d" % number, key=b"same", partition=index)
    for partition in partitions:
        sent = [b"%d" % n for n, index in enumerate(wanted) if index == partition.index]
        expect.equal(partition.values(), sent, f"records of partition {partition.index}")


def by_md5(key: bytes, count: int) -> int:
    return int(hashlib.md5(key).hexdigest(), 16) % count


class Md5Partitioner(Partitioner):  # type: ignore[misc]  # kafka-python has no types
    """The partitioner of the chapter."""

    def partition(self, topic: str, key: Any, serialized_key: bytes, *rest: Any) -> int:
        cluster = rest[-1]
        return by_md5(serialized_key, len(cluster.partitions_for_topic(topic)))


@requirement("kafka.partitioning.custom")
def test_a_partitioner_of_ones_own(kafka: KafkaTester) -> None:
    partitions = kafka.topic(3)
    keys = [b"user-%d" % number for number in range(30)]
    with producing(kafka, partitioner=Md5Partitioner()) as send:
        for key in keys:
            send(partitions[0].topic, b"x", key=key)
    expected = {key: {by_md5(key, 3)} for key in keys}
    expect.equal(found_in(partitions), expected, "partitions of each key")
