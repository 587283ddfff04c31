"""kafka-python: produce with acks=all, consume from the beginning, round trips, join a group."""

from __future__ import annotations

import uuid

from conformance.bench.load import Load, Sample, measured
from conformance.bench.subject import Subject

PATIENCE_S = 60


def run(subject: Subject, load: Load) -> Sample:
    """Everything once, on a new topic of one partition."""
    import kafka  # takes a quarter of a second, which no other command should pay

    bootstrap = subject.target.kafka.address
    topic = f"bench-{uuid.uuid4().hex}"
    value = b"x" * load.body_size
    producer = kafka.KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5)
    producer.partitions_for(topic)

    with measured(subject) as produce:
        for _ in range(load.messages):
            producer.send(topic, value, partition=0)
        producer.flush(PATIENCE_S)
    memory_mib = subject.memory_mib()

    consumer = kafka.KafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None
    )
    consumer.assign([kafka.TopicPartition(topic, 0)])
    remaining = load.messages
    with measured(subject) as consume:
        while remaining > 0:
            for records in consumer.poll(1000).values():
                remaining -= len(records)
    consumer.close()

    eager = kafka.KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
    eager.send(topic, value, partition=0).get(PATIENCE_S)
    with measured(subject) as round_trip:
        for _ in range(load.round_trips):
            eager.send(topic, value, partition=0).get(PATIENCE_S)
    eager.close()
    producer.close()

    member = kafka.KafkaConsumer(
        topic, bootstrap_servers=bootstrap, group_id=topic, auto_offset_reset="latest"
    )
    with measured(subject) as join:
        while not member.assignment():
            member.poll(500)
    member.close()

    return {
        **produce.costs("produce", "rec", load.messages),
        **consume.costs("consume", "rec", load.messages),
        "produce round trip, acks=all, µs": round_trip.wall_s / load.round_trips * 1e6,
        "join a group, ms": join.wall_s * 1e3,
        "broker memory after produce, MiB": memory_mib,
    }
