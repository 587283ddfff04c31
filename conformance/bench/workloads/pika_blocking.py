"""pika's BlockingConnection, as most people use it."""

from __future__ import annotations

import pika

from conformance.bench.load import Load, Sample, measured
from conformance.bench.subject import Subject

PREFETCH = 200
"""The prefetch of the figures in the documentation of many clients; enough to hide latency."""


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

    with measured(subject) as publish:
        for _ in range(load.messages):
            channel.basic_publish("", queue, body, properties)
        # The answer comes after everything published before it has been routed; RabbitMQ may
        # still be storing the tail, which the consumers then wait for.
        channel.queue_declare(queue, passive=True)
    memory_mib = subject.memory_mib()

    remaining = load.messages
    channel.basic_qos(prefetch_count=PREFETCH)
    with measured(subject) as consume:
        for method, _, _ in channel.consume(queue):
            channel.basic_ack(method.delivery_tag)
            remaining -= 1
            if remaining == 0:
                break
        channel.cancel()

    confirming = connection.channel()
    confirming.confirm_delivery()
    with measured(subject) as round_trip:
        for _ in range(load.round_trips):
            confirming.basic_publish("", queue, body, properties)
    connection.close()

    return {
        **publish.costs("publish", "msg", load.messages),
        **consume.costs("consume", "msg", load.messages),
        "publish and confirm, µs": round_trip.wall_s / load.round_trips * 1e6,
        "broker memory after publish, MiB": memory_mib,
    }
