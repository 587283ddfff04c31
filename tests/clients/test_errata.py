"""What examples of kafka-python often get wrong about the client itself, whatever the broker.

They pass a text for a key, call `init_transaction` and `consumer_group`, and commit dicts of names.
What they get wrong about the broker is decided by requirements: `kafka.consumers.failed-record` and
`kafka.consumers.auto-commit-repeats`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest

from reference_impl import ReferenceBroker

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of importlib.resources.read_text
    from kafka import KafkaConsumer, KafkaProducer, TopicPartition
    from kafka.serializer import Serializer
    from kafka.structs import OffsetAndMetadata


class Utf8(Serializer):
    """What a text needs to be a key."""

    def serialize(self, topic: str, headers: object, data: str) -> bytes:
        return data.encode()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ReferenceBroker() as broker:
        yield "{}:{}".format(*broker.kafka_address)


def test_a_text_is_no_key_without_a_serializer(address: str) -> None:
    producer = KafkaProducer(bootstrap_servers=address)
    with pytest.raises(TypeError, match="serialized key"):
        producer.send("orders", b"value", key="CUSTOMER_1")
    producer.close()
    producer = KafkaProducer(bootstrap_servers=address, key_serializer=Utf8())
    assert producer.send("orders", b"value", key="CUSTOMER_1").get(timeout=10).offset == 0
    producer.close()


def test_methods_that_do_not_exist() -> None:
    assert hasattr(KafkaProducer, "init_transactions")
    assert not hasattr(KafkaProducer, "init_transaction")
    assert hasattr(KafkaConsumer, "group_metadata")
    assert not hasattr(KafkaConsumer, "consumer_group")


def test_offsets_are_committed_by_partition(address: str) -> None:
    consumer = KafkaConsumer(bootstrap_servers=address, group_id="errata")
    place = TopicPartition("orders", 0)
    consumer.assign([place])
    with pytest.raises(TypeError, match="TopicPartition"):
        consumer.commit({"topic": "orders", "partition": 0, "offset": 1})
    consumer.commit({place: OffsetAndMetadata(1, "", -1)})
    assert consumer.committed(place) == 1
    consumer.close()
