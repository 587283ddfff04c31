"""Unmodified consumers in groups, against the embedded broker."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from reference_impl import ReferenceBroker
from tests.reference_impl.server.clients import eventually

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of importlib.resources.read_text
    from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
    from kafka.coordinator.assignors.range import RangePartitionAssignor
    from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
    from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
    from kafka.structs import OffsetAndMetadata

pytestmark = pytest.mark.slow

PARTITIONS = 6


POLL_MS = 500
"""Long against a rebalance: kafka-python 3.0.12 forgets an assignment that arrives between two
polls, since its join is not needed any more then (join_group_async). That it is rare is why each
consumer has a thread, and `_resume` helps out when it happens."""


class Consumer(threading.Thread):
    """A consumer that polls on a thread of its own; `seen` has (partition, offset)."""

    def __init__(self, address: str, assignor: Any, given: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.client = KafkaConsumer(
            "t",
            bootstrap_servers=address,
            group_id="g",
            auto_offset_reset="earliest",
            heartbeat_interval_ms=50,
            partition_assignment_strategy=[assignor],
            **given,
        )
        self.seen: list[tuple[int, int]] = []
        self._stopped = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._stopped.is_set():
            for records in self.client.poll(timeout_ms=POLL_MS).values():
                self.seen += [(one.partition, one.offset) for one in records]
            self._resume()

    def _resume(self) -> None:
        coordinator = self.client._coordinator
        task = coordinator._join_task
        if coordinator.rejoining and task is not None and task.is_done:
            coordinator.request_rejoin()

    @property
    def assigned(self) -> set[int]:
        return {one.partition for one in self.client.assignment()}

    @property
    def generation(self) -> int:
        generation: int = self.client.group_metadata().generation_id
        return generation

    def close(self) -> None:
        """Stop polling, commit and leave."""
        self._stopped.set()
        self.join()
        self.client.close()


class Shop:
    """A broker with a topic, and the consumers of a test, which are closed in the end."""

    def __init__(self, broker: ReferenceBroker) -> None:
        self.broker = broker
        self.address = "{}:{}".format(*broker.kafka_address)
        self.consumers: list[Consumer] = []
        self.gone: list[tuple[int, int]] = []
        broker._call(lambda server: server.kafka_broker.create_topic("t", PARTITIONS))

    def produce(self, each: int) -> None:
        """Send as many records to each partition."""
        producer = KafkaProducer(bootstrap_servers=self.address, enable_idempotence=False)
        for number in range(each * PARTITIONS):
            producer.send("t", b"%d" % number, partition=number % PARTITIONS)
        producer.flush()
        producer.close()

    def consumer(self, assignor: Any = RangePartitionAssignor, **given: Any) -> Consumer:
        consumer = Consumer(self.address, assignor, given)
        self.consumers.append(consumer)
        return consumer

    def close(self, consumer: Consumer) -> None:
        self.consumers.remove(consumer)
        consumer.close()
        self.gone += consumer.seen

    @property
    def seen(self) -> list[tuple[int, int]]:
        """What all consumers have seen."""
        return sum((consumer.seen for consumer in self.consumers), self.gone)

    def shares(self) -> list[int]:
        """How many partitions each consumer has, if all are assigned and none has two owners."""
        assigned = [consumer.assigned for consumer in self.consumers]
        whole = sorted(one for partitions in assigned for one in partitions)
        return sorted(map(len, assigned)) if whole == list(range(PARTITIONS)) else []


@pytest.fixture(params=["3.9", "4.3"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with ReferenceBroker(kafka=request.param) as broker:
        shop = Shop(broker)
        yield shop
        for consumer in shop.consumers:
            consumer.close()


@pytest.fixture
def admin(shop: Shop) -> Iterator[Any]:
    client = KafkaAdminClient(bootstrap_servers=shop.address)
    yield client
    client.close()


ASSIGNORS = (
    RangePartitionAssignor,
    RoundRobinPartitionAssignor,
    StickyPartitionAssignor,
    CooperativeStickyAssignor,
)


@pytest.mark.parametrize("assignor", ASSIGNORS, ids=lambda one: str(one.__name__))
def test_members_share_partitions_and_take_over(shop: Shop, assignor: Any) -> None:
    shop.produce(5)
    for _ in range(3):
        shop.consumer(assignor)
    eventually(lambda: shop.shares() == [2, 2, 2], "all partitions are shared")
    eventually(lambda: len(set(shop.seen)) == 5 * PARTITIONS, "all records are seen")
    shop.close(shop.consumers[0])
    eventually(lambda: shop.shares() == [3, 3], "all partitions are shared")
    shop.close(shop.consumers[0])
    eventually(lambda: shop.shares() == [PARTITIONS], "all partitions are shared")
    shop.produce(1)
    eventually(lambda: len(set(shop.seen)) == 6 * PARTITIONS, "all records are seen")


def test_surplus_members_wait_for_their_turn(shop: Shop) -> None:
    for _ in range(PARTITIONS + 1):
        shop.consumer()
    eventually(lambda: shop.shares() == [0, *[1] * PARTITIONS], "all partitions are shared")
    shop.close(next(one for one in shop.consumers if one.assigned))
    eventually(lambda: shop.shares() == [1] * PARTITIONS, "all partitions are shared")


def test_restarted_consumer_resumes_where_it_committed(shop: Shop) -> None:
    shop.produce(3)
    first = shop.consumer()
    eventually(lambda: len(first.seen) == 3 * PARTITIONS, "all records are seen")
    shop.close(first)
    shop.produce(2)
    shop.consumer()
    eventually(lambda: len(shop.seen) >= 5 * PARTITIONS, "all records are seen")
    assert sorted(shop.seen) == [(one, offset) for one in range(PARTITIONS) for offset in range(5)]


def test_static_member_restarts_without_a_rebalance(shop: Shop) -> None:
    stays, restarts = (shop.consumer(group_instance_id=name) for name in ("i", "j"))
    eventually(lambda: shop.shares() == [3, 3], "all partitions are shared")
    had, generation = restarts.assigned, stays.generation
    shop.close(restarts)
    again = shop.consumer(group_instance_id="j")
    eventually(lambda: again.assigned == had, "the assignment is back")
    assert stays.generation == again.generation == generation
    assert shop.shares() == [3, 3]


def test_administration(shop: Shop, admin: Any) -> None:
    shop.produce(4)
    consumer = shop.consumer(client_id="someone")
    eventually(lambda: len(shop.seen) == 4 * PARTITIONS, "all records are seen")
    (listed,) = admin.list_groups()
    assert (listed["group_id"], listed["group_state"]) == ("g", "Stable")
    described = admin.describe_groups(["g"])["g"]
    assert [one["client_id"] for one in described["members"]] == ["someone"]
    shop.close(consumer)
    offsets = admin.list_group_offsets(["g"])["g"]
    assert {one.partition: found.offset for one, found in offsets.items()} == dict.fromkeys(
        range(PARTITIONS), 4
    )
    admin.alter_group_offsets("g", {TopicPartition("t", 2): OffsetAndMetadata(1, "", -1)})
    consumer = shop.consumer()
    eventually(lambda: len(consumer.seen) == 3, "all records are seen")
    assert consumer.seen == [(2, 1), (2, 2), (2, 3)]
    shop.close(consumer)
    admin.delete_groups(["g"])
    assert admin.list_groups() == []
