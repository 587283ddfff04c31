"""confluent-kafka (librdkafka): produce with acks=all and consume from the beginning.

It is much faster than what the other clients do, so that it gets more records to do.
"""

from __future__ import annotations

import uuid

from conformance.bench.load import Load, Sample, measured
from conformance.bench.subject import Subject
from conformance.errors import UsageError

TIMES_AS_MANY = 20
"""Records for each message of the load: a round then takes about a second."""

PATIENCE_S = 60.0


def run(subject: Subject, load: Load) -> Sample:
    """Everything once, on a new topic of one partition. Raises UsageError without the client."""
    try:
        import confluent_kafka
    except ImportError:
        raise UsageError("the client confluent-kafka is not installed; install it") from None
    settings = {"bootstrap.servers": subject.target.kafka.address}
    topic = f"bench-{uuid.uuid4().hex}"
    value = b"x" * load.body_size
    count = load.messages * TIMES_AS_MANY
    producer = confluent_kafka.Producer(
        {**settings, "acks": "all", "linger.ms": 5, "queue.buffering.max.messages": count + 1}
    )
    producer.produce(topic, value, partition=0)  # creates the topic
    producer.flush(PATIENCE_S)

    with measured(subject) as produce:
        for _ in range(count):
            producer.produce(topic, value, partition=0)
            producer.poll(0)
        left = producer.flush(PATIENCE_S)
    assert left == 0, f"{left} records were not acknowledged in time"
    memory_mib = subject.memory_mib()

    # Without the last setting it pauses for a second whenever it is ahead of the program.
    consumer = confluent_kafka.Consumer(
        {
            **settings,
            "group.id": topic,
            "auto.offset.reset": "earliest",
            "fetch.queue.backoff.ms": 1,
        }
    )
    consumer.assign([confluent_kafka.TopicPartition(topic, 0, 0)])
    remaining = count
    with measured(subject) as consume:
        while remaining > 0:
            remaining -= len(consumer.consume(10_000, 1.0))
    consumer.close()

    return {
        **produce.costs("produce", "rec", count),
        **consume.costs("consume", "rec", count),
        "broker memory after produce, MiB": memory_mib,
    }
