"""Exactly once: read, process and write in one transaction, by a worker that crashes."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from hypothesis import strategies as st
from kafka import KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from conformance import expect
from conformance.drivers.kafka.batches import Sent
from conformance.drivers.kafka.commits import committed
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.kafka.transactional import read_committed
from conformance.errors import Mismatch
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

STEPS = 4
"""Begin and send, send the offset, commit, begin the next: a crash may come after each."""

MAX_BLOCK_MS = 10_000


@contextmanager
def workers(kafka: KafkaTester, identifier: str) -> Iterator[Any]:
    """Return what starts a worker: a transactional producer of always the same identifier. None
    of them says goodbye before the end."""
    started: list[Any] = []

    def start() -> Any:
        producer = KafkaProducer(
            bootstrap_servers=kafka.endpoint.address,
            transactional_id=identifier,
            retry_backoff_ms=20,
            max_block_ms=MAX_BLOCK_MS,
        )
        started.append(producer)
        producer.init_transactions()
        return producer

    try:
        yield start
    except KafkaError as error:
        raise Mismatch("a worker that can go on", repr(error)) from error
    finally:
        for producer in started:
            with suppress(KafkaError):  # closing complains of what is not acknowledged
                producer.close(timeout=0)


def work(
    producer: Any, source: Partition, target: Partition, group: str, steps: int | None
) -> None:
    """Process from the committed offset on until the end, or until so many steps are done."""
    where = TopicPartition(source.topic, source.index)
    start = max(0, committed(group, source))
    left = steps

    def goes_on() -> bool:
        nonlocal left
        left = None if left is None else left - 1
        return left is None or left >= 0

    for record in source.read(start):
        if not goes_on():
            return
        producer.begin_transaction()
        result = b"processed " + (record.value or b"")
        producer.send(target.topic, result, partition=target.index)
        producer.flush(timeout=MAX_BLOCK_MS / 1000)
        if not goes_on():
            return
        offset = OffsetAndMetadata(record.offset + 1, "", -1)
        producer.send_offsets_to_transaction({where: offset}, group)
        if not goes_on():
            return
        producer.commit_transaction()


@requirement("kafka.delivery.exactly-once")
@holds_for(cost=7, count=st.integers(1, 3), lives=st.lists(st.integers(0, 5), max_size=3))
def test_each_result_is_there_once(kafka: KafkaTester, count: int, lives: list[int]) -> None:
    source, target, group = kafka.fresh(), kafka.fresh(), kafka.name("g")
    source.append([Sent(b"%d" % number) for number in range(count)])
    with workers(kafka, kafka.name("tx")) as start:
        for steps in (*lives, 1, 2, None):
            work(start(), source, target, group, steps)
    expected = [b"processed %d" % number for number in range(count)]

    def results() -> list[bytes | None]:
        return [record.value for record in read_committed(target)]

    def complete() -> bool:
        return committed(group, source) == count and results() == expected

    expect.eventually(complete, f"results {expected}", observed=results)
