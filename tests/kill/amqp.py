"""One round: publish, consume and acknowledge at full speed, SIGKILL, restart, check."""

from __future__ import annotations

import random
import time

import pika

from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester
from conformance.history import History, check
from conformance.targets.served import ServedReferenceTarget
from tests.kill.outcome import Round

PERSISTENT = pika.BasicProperties(delivery_mode=2)
BURST = 40
"""Publishes between two looks at what arrived: many are unconfirmed when the broker dies."""


def run_round(seed: int) -> Round:
    """Run one round on a new broker; the seed decides when it dies and what is acknowledged."""
    random_source = random.Random(seed)
    target = ServedReferenceTarget()
    target.start()
    try:
        amqp = AmqpTester(target, f"kill-{seed}-")
        queue = amqp.queue(durable=True)
        publisher, consumer_channel = amqp.channel(), amqp.channel()
        publisher.select_confirms()
        published, settled = _work(publisher, consumer_channel, queue, random_source)
        confirmed = publisher.outcomes(published)
        # A round trip tells which acknowledgements the broker certainly has; later ones are
        # uncertain, and so is everything that was sent after the last confirm.
        amqp.restart(kill=True)
        history = History()
        for number in range(1, published + 1):
            outcome = "ok" if confirmed.get(number) == "ack" else "unknown"
            history.sent("publisher", queue, f"m{number}", outcome)
        for body, certain in settled.items():
            history.received("before", queue, body, "ok" if certain else "unknown")
        recovered = amqp.admin.drain(queue, at_most=2 * published)
        for message in recovered:
            history.received("after", queue, message.text, redelivered=message.redelivered)
        amqp.close()
        anomalies = check(history, ("lost", "phantom", "duplicated"))
        counts = {
            "published": published,
            "confirmed": len(confirmed),
            "acknowledged": len(settled),
            "recovered": len(recovered),
        }
        return Round(counts, len(confirmed), anomalies)
    finally:
        target.stop()


def _work(
    publisher: Channel, consumer_channel: Channel, queue: str, random_source: random.Random
) -> tuple[int, dict[str, bool]]:
    """Publish bursts and acknowledge some deliveries until it is time to die.

    Returns the number of publishes, and the acknowledged bodies with whether that is certain.
    """
    consumer_channel.qos(100)
    consumer = consumer_channel.consume(queue)
    published = 0
    settled: dict[str, bool] = {}
    seen = 0
    until_s = time.monotonic() + random_source.uniform(0.05, 0.4)
    while time.monotonic() < until_s:
        for _ in range(BURST):
            published += 1
            publisher.publish("", queue, f"m{published}", PERSISTENT)
        for message in consumer.received[seen:]:
            if random_source.random() < 0.7:
                consumer_channel.ack(message.tag)
                settled[message.text] = False
        seen = len(consumer.received)
        if random_source.random() < 0.3:
            consumer_channel.barrier()
            settled = dict.fromkeys(settled, True)
        else:
            publisher.client.loop.call_later(0.001, lambda: None)
            publisher.client.loop.poll()
            publisher.client.loop.process_timeouts()
    return published, settled
