"""kafka-python's idempotent and transactional producers on the reference, over sockets."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from reference_impl import ManualClock, ReferenceBroker

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of importlib.resources.read_text
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.errors import KafkaError
    from kafka.structs import OffsetAndMetadata

ORDERS = TopicPartition("orders", 0)
INVOICES = TopicPartition("invoices", 0)

POLLS = 100
"""Each takes a tenth of a second unless something comes."""

pytestmark = pytest.mark.slow


class Clients:
    """Clients of one broker, closed at the end."""

    def __init__(self, broker: ReferenceBroker) -> None:
        self.address = "{}:{}".format(*broker.kafka_address)
        self._open: list[Any] = []

    def _opened(self, client: Any) -> Any:
        self._open.append(client)
        return client

    def producer(self, transactional_id: str | None = None, **options: Any) -> Any:
        """A producer; with an id it is ready to begin a transaction."""
        if transactional_id is None:
            return self._opened(KafkaProducer(bootstrap_servers=self.address, **options))
        producer = self._opened(
            KafkaProducer(
                bootstrap_servers=self.address,
                transactional_id=transactional_id,
                retry_backoff_ms=5,
                **options,
            )
        )
        producer.init_transactions()
        return producer

    def admin(self) -> Any:
        return self._opened(KafkaAdminClient(bootstrap_servers=self.address))

    def consumer(self, isolation_level: str, **options: Any) -> Any:
        return self._opened(
            KafkaConsumer(
                bootstrap_servers=self.address,
                isolation_level=isolation_level,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                **options,
            )
        )

    def read(
        self, count: int, isolation_level: str = "read_committed", partition: Any = ORDERS
    ) -> list[bytes]:
        """Read until `count` values are there and the position is at what may be read."""
        consumer = self.consumer(isolation_level)
        consumer.assign([partition])
        (end,) = consumer.end_offsets([partition]).values()
        values: list[bytes] = []
        for _ in range(POLLS):
            if len(values) >= count and consumer.position(partition) >= end:
                return values
            polled = consumer.poll(timeout_ms=100)
            values += [record.value for records in polled.values() for record in records]
        raise AssertionError(f"{values} and nothing more")

    def close(self) -> None:
        for client in reversed(self._open):
            client.close()


@pytest.fixture(params=["3.9", "4.3"])
def clients(request: pytest.FixtureRequest) -> Iterator[Clients]:
    with ReferenceBroker(kafka=request.param) as broker, closing(Clients(broker)) as found:
        yield found


def test_the_default_producer_is_idempotent(clients: Clients) -> None:
    producer = clients.producer()
    assert producer.config["enable_idempotence"]
    futures = [producer.send("orders", b"%d" % number) for number in range(100)]
    assert [future.get(10).offset for future in futures] == list(range(100))
    assert clients.read(100) == [b"%d" % number for number in range(100)]
    described = clients.admin().describe_producers([ORDERS])
    assert "99" in repr(described), "the last sequence number"


def test_commit_and_abort(clients: Clients) -> None:
    """Two topics, several transactions of one producer, and one without in between."""
    producer = clients.producer("t")
    for number in range(6):
        producer.begin_transaction()
        producer.send("orders", b"order %d" % number)
        producer.send("invoices", b"invoice %d" % number)
        producer.flush()  # an abort drops what was not sent yet
        if number % 3 == 1:
            producer.abort_transaction()
        else:
            producer.commit_transaction()
    committed = [0, 2, 3, 5]
    assert clients.read(4) == [b"order %d" % number for number in committed]
    assert clients.read(4, partition=INVOICES) == [b"invoice %d" % number for number in committed]
    assert clients.read(6, "read_uncommitted") == [b"order %d" % number for number in range(6)]


def test_an_open_transaction_is_seen_by_who_does_not_care(clients: Clients) -> None:
    producer = clients.producer("t")
    producer.begin_transaction()
    producer.send("orders", b"a").get(10)
    assert clients.read(1, "read_uncommitted") == [b"a"]
    assert clients.read(0) == []
    producer.commit_transaction()
    assert clients.read(1) == [b"a"]


def test_a_second_instance_fences_the_first(clients: Clients) -> None:
    old = clients.producer("t")
    old.begin_transaction()
    old.send("orders", b"old").get(10)
    new = clients.producer("t")
    with pytest.raises(KafkaError):
        old.commit_transaction()
    new.begin_transaction()
    new.send("orders", b"new")
    new.commit_transaction()
    assert clients.read(1) == [b"new"]


def test_a_transaction_that_takes_too_long() -> None:
    """The clock begins with the client's, as records may not be from the far future."""
    clock = ManualClock(int(time.time() * 1000))
    with ReferenceBroker(clock=clock) as broker, closing(Clients(broker)) as clients:
        producer = clients.producer("t", transaction_timeout_ms=60_000)
        producer.begin_transaction()
        producer.send("orders", b"late").get(10)
        clock.advance(60_000)
        with pytest.raises(KafkaError):
            producer.commit_transaction()
        assert clients.read(0) == []


def test_offsets_are_part_of_a_transaction(clients: Clients) -> None:
    """Read, process, write: the offsets count when the transaction does."""
    clients.producer().send("orders", b"a").get(10)
    producer = clients.producer("t")
    consumer = clients.consumer("read_committed", group_id="g")
    consumer.assign([ORDERS])
    for number, commits in ((1, False), (1, True)):
        producer.begin_transaction()
        producer.send("invoices", b"of a")
        producer.send_offsets_to_transaction({ORDERS: OffsetAndMetadata(number, "", -1)}, "g")
        if commits:
            producer.commit_transaction()
        else:
            producer.abort_transaction()
        assert consumer.committed(ORDERS) == (number if commits else None)
    assert clients.read(1, partition=INVOICES) == [b"of a"]


def test_administrators_see_transactions(clients: Clients) -> None:
    producer = clients.producer("t")
    producer.begin_transaction()
    producer.send("orders", b"a").get(10)
    admin = clients.admin()
    assert "Ongoing" in repr(admin.describe_transactions(["t"]))
    assert "Ongoing" in repr(admin.list_transactions())
    producer.commit_transaction()
    assert "CompleteCommit" in repr(admin.list_transactions())
