"""Unmodified consumers in groups, against the embedded broker."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from reference_impl import ReferenceBroker

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
DEADLINE_S = 30


class Shop:
    """A broker with a topic, and the clients of a test, which are closed in the end."""

    def __init__(self, broker: ReferenceBroker) -> None:
        self.broker = broker
        self.address = "{}:{}".format(*broker.kafka_address)
        self.consumers: list[Any] = []
        self.seen: list[tuple[int, int]] = []
        broker._call(lambda server: server.kafka_broker.create_topic("t", PARTITIONS))

    def produce(self, each: int) -> None:
        """Send as many records to each partition."""
        producer = KafkaProducer(bootstrap_servers=self.address, enable_idempotence=False)
        for number in range(each * PARTITIONS):
            producer.send("t", b"%d" % number, partition=number % PARTITIONS)
        producer.flush()
        producer.close()

    def consumer(self, assignor: Any = RangePartitionAssignor, **given: Any) -> Any:
        consumer = KafkaConsumer(
            "t",
            bootstrap_servers=self.address,
            group_id="g",
            auto_offset_reset="earliest",
            heartbeat_interval_ms=50,
            partition_assignment_strategy=[assignor],
            **given,
        )
        self.consumers.append(consumer)
        return consumer

    def close(self, consumer: Any) -> None:
        self.consumers.remove(consumer)
        consumer.close()

    def counts(self) -> list[int]:
        """How many partitions each consumer has, and that none has two owners."""
        owned = [one.partition for consumer in self.consumers for one in consumer.assignment()]
        assert len(owned) <= PARTITIONS or len(set(owned)) < len(owned)
        return [len(consumer.assignment()) for consumer in self.consumers]

    def poll_until(self, condition: Callable[[], bool]) -> None:
        """Poll all consumers in turn."""
        end_s = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < end_s, (self.counts(), len(self.seen))
            for consumer in self.consumers:
                for records in consumer.poll(timeout_ms=20).values():
                    self.seen += [(one.partition, one.offset) for one in records]


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
    shop.poll_until(lambda: shop.counts() == [2, 2, 2])
    shop.poll_until(lambda: len(set(shop.seen)) == 5 * PARTITIONS)
    shop.close(shop.consumers[0])
    shop.poll_until(lambda: shop.counts() == [3, 3])
    shop.close(shop.consumers[0])
    shop.poll_until(lambda: shop.counts() == [PARTITIONS])
    shop.produce(1)
    shop.poll_until(lambda: len(set(shop.seen)) == 6 * PARTITIONS)


def test_surplus_members_wait_for_their_turn(shop: Shop) -> None:
    for _ in range(PARTITIONS + 1):
        shop.consumer()
    shop.poll_until(lambda: sorted(shop.counts()) == [0, *[1] * PARTITIONS])
    owner = next(one for one in shop.consumers if one.assignment())
    shop.close(owner)
    shop.poll_until(lambda: shop.counts() == [1] * PARTITIONS)


def test_restarted_consumer_resumes_where_it_committed(shop: Shop) -> None:
    shop.produce(3)
    first = shop.consumer(enable_auto_commit=False)
    shop.poll_until(lambda: len(shop.seen) == 3 * PARTITIONS)
    first.commit()
    shop.close(first)
    shop.produce(2)
    shop.consumer()
    shop.poll_until(lambda: len(shop.seen) >= 5 * PARTITIONS)
    assert sorted(shop.seen) == [(one, offset) for one in range(PARTITIONS) for offset in range(5)]


def test_static_member_restarts_without_a_rebalance(shop: Shop) -> None:
    names = ("i", "j")
    for name in names:
        shop.consumer(group_instance_id=name)
    shop.poll_until(lambda: shop.counts() == [3, 3])
    had = shop.consumers[1].assignment()
    generation = shop.consumers[0].group_metadata().generation_id
    shop.close(shop.consumers[1])
    shop.consumer(group_instance_id="j")
    shop.poll_until(lambda: shop.consumers[1].assignment() == had)
    shop.poll_until(lambda: shop.counts() == [3, 3])
    assert shop.consumers[0].group_metadata().generation_id == generation
    assert shop.consumers[1].group_metadata().generation_id == generation


def test_administration(shop: Shop, admin: Any) -> None:
    shop.produce(4)
    consumer = shop.consumer(client_id="someone")
    shop.poll_until(lambda: len(shop.seen) == 4 * PARTITIONS)
    consumer.commit()
    (listed,) = admin.list_groups()
    assert (listed["group_id"], listed["group_state"]) == ("g", "Stable")
    described = admin.describe_groups(["g"])["g"]
    assert [one["client_id"] for one in described["members"]] == ["someone"]
    offsets = admin.list_group_offsets(["g"])["g"]
    assert {one.partition: found.offset for one, found in offsets.items()} == dict.fromkeys(
        range(PARTITIONS), 4
    )
    shop.close(consumer)
    admin.alter_group_offsets("g", {TopicPartition("t", 2): OffsetAndMetadata(1, "", -1)})
    shop.seen.clear()
    consumer = shop.consumer()
    shop.poll_until(lambda: len(shop.seen) == 3)
    assert sorted(shop.seen) == [(2, 1), (2, 2), (2, 3)]
    shop.close(consumer)
    admin.delete_groups(["g"])
    assert admin.list_groups() == []
