"""kafka-python against a whole broker: administration, login, and the end of the process."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from reference_impl import ReferenceBroker
from tests.reference_impl.server.test_serve import served

LOGIN = {
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_mechanism": "PLAIN",
    "sasl_plain_username": "guest",
}
PATIENCE_MS = 10_000


def values(bootstrap: str, topic: str, count: int) -> list[bytes]:
    """The first records of partition 0."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, consumer_timeout_ms=PATIENCE_MS)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning()
    found = [next(consumer).value for _ in range(count)]
    assert consumer.end_offsets([partition]) == {partition: count}
    consumer.close()
    return found


@pytest.mark.slow
def test_topics_and_settings_are_administered() -> None:
    with ReferenceBroker(kafka_settings={"num.partitions": "3"}) as broker:
        host, port = broker.kafka_address
        admin = KafkaAdminClient(bootstrap_servers=f"{host}:{port}")
        admin.create_topics([NewTopic("t", -1, -1)])
        (topic,) = admin.describe_topics(["t"])
        assert len(topic["partitions"]) == 3
        admin.create_partitions({"t": 5})
        (topic,) = admin.describe_topics(["t"])
        assert len(topic["partitions"]) == 5
        admin.delete_topics(["t"])
        assert "t" not in admin.list_topics()
        admin.close()


@pytest.mark.slow
def test_who_knows_the_password_is_let_in() -> None:
    with ReferenceBroker(kafka_sasl=True) as broker:
        bootstrap = "{}:{}".format(*broker.kafka_address)
        producer = KafkaProducer(bootstrap_servers=bootstrap, **LOGIN, sasl_plain_password="guest")
        producer.send("t", b"1").get(PATIENCE_MS / 1000)
        producer.close()


@pytest.mark.slow
def test_what_was_acknowledged_survives_sigkill(tmp_path: Path) -> None:
    with served("--data", tmp_path) as broker:
        producer = KafkaProducer(bootstrap_servers=broker.ready["kafka"], acks="all")
        for number in range(20):
            producer.send("t", b"%d" % number).get(PATIENCE_MS / 1000)
        broker.end(signal.SIGKILL)
        producer.close(0)
    with served("--data", tmp_path) as broker:
        assert values(broker.ready["kafka"], "t", 20) == [b"%d" % number for number in range(20)]
        broker.end(signal.SIGTERM)
