"""What the client does: pika's BlockingConnection, as most people use it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pika

from conformance.bench.subject import Subject

PREFETCH = 200
"""The prefetch of the figures in the documentation of many clients; enough to hide latency."""


@dataclass(frozen=True)
class Load:
    """How much, how large, how durable."""

    messages: int = 20_000
    round_trips: int = 1_000
    body_size: int = 100
    persistent: bool = False


@dataclass
class Sample:
    """Figures of one round. Times in µs a message unless the name says otherwise."""

    publish_per_s: float
    consume_per_s: float
    round_trip_us: float
    broker_publish_us: float
    broker_consume_us: float
    client_publish_us: float
    client_consume_us: float
    memory_mib: float


class _Meter:
    """Wall, broker and client processor time of a block."""

    wall_s = broker_s = client_s = 0.0


@contextmanager
def _measured(subject: Subject) -> Iterator[_Meter]:
    meter = _Meter()
    broker, client, wall = subject.cpu_s(), time.process_time(), time.perf_counter()
    yield meter
    meter.wall_s = time.perf_counter() - wall
    meter.client_s = time.process_time() - client
    meter.broker_s = subject.cpu_s() - broker


def run(subject: Subject, load: Load) -> Sample:
    """Publish, consume and confirm once; the queue is new and gone afterwards."""
    endpoint = subject.target.amqp
    parameters = pika.URLParameters(endpoint.url)
    parameters.heartbeat = 0
    connection = pika.BlockingConnection(parameters)
    channel = connection.channel()
    queue = channel.queue_declare("", durable=True, exclusive=True).method.queue
    body = b"x" * load.body_size
    properties = pika.BasicProperties(delivery_mode=2 if load.persistent else 1)

    with _measured(subject) as publish:
        for _ in range(load.messages):
            channel.basic_publish("", queue, body, properties)
        # The answer comes after everything published before it has been routed; RabbitMQ may
        # still be storing the tail, which the consumers then wait for.
        channel.queue_declare(queue, passive=True)
    memory_mib = subject.memory_mib()

    remaining = load.messages
    channel.basic_qos(prefetch_count=PREFETCH)
    with _measured(subject) as consume:
        for method, _, _ in channel.consume(queue):
            channel.basic_ack(method.delivery_tag)
            remaining -= 1
            if remaining == 0:
                break
        channel.cancel()

    confirming = connection.channel()
    confirming.confirm_delivery()
    with _measured(subject) as round_trip:
        for _ in range(load.round_trips):
            confirming.basic_publish("", queue, body, properties)
    connection.close()

    per_message = 1e6 / load.messages
    return Sample(
        publish_per_s=load.messages / publish.wall_s,
        consume_per_s=load.messages / consume.wall_s,
        round_trip_us=round_trip.wall_s / load.round_trips * 1e6,
        broker_publish_us=publish.broker_s * per_message,
        broker_consume_us=consume.broker_s * per_message,
        client_publish_us=publish.client_s * per_message,
        client_consume_us=consume.client_s * per_message,
        memory_mib=memory_mib,
    )
