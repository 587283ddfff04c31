"""How long messages and queues live."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pika

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester

CLOCK_MS = 5
"""How far the clocks of broker and kit may be apart within one lifetime."""

LATE_MS = 5000
"""What a slow machine may add to a lifetime."""

FOREVER_MS = 600_000
"""A time to live that no test sees the end of."""


def expiring(ms: int) -> pika.BasicProperties:
    """Properties of a message with a time to live of its own."""
    return pika.BasicProperties(expiration=str(ms))


def message_lifetimes_ms(
    amqp: AmqpTester,
    fates: Iterable[tuple[Mapping[str, Any] | None, pika.BasicProperties | None]],
) -> list[float]:
    """Publish one message with each (queue arguments, properties) into a queue of its own; return
    how long each of them stayed there, unasked for."""
    channel = amqp.channel()
    channel.select_confirms()
    born_s: dict[str, float] = {}
    for arguments, properties in fates:
        queue = amqp.queue(arguments=arguments)
        born_s[queue] = time.monotonic()
        channel.publish_confirmed("", queue, "mortal", properties)
    return lifetimes_ms(born_s, lambda queue: channel.ready(queue) == 0)


def lifetimes_ms(born_s: dict[str, float], is_gone: Callable[[str], bool]) -> list[float]:
    """Wait until each name is gone; return how long each lived, in the order given."""
    gone_s: dict[str, float] = {}

    def look() -> bool:
        for name in born_s:
            if name not in gone_s and is_gone(name):
                gone_s[name] = time.monotonic()
        return len(gone_s) == len(born_s)

    expect.eventually(
        look,
        f"the end of {len(born_s)} lives",
        LATE_MS / 1000,
        lambda: f"{len(gone_s)} ended",
    )
    return [1000 * (gone_s[name] - start_s) for name, start_s in born_s.items()]


def expect_lifetime(lived_ms: float, ttl_ms: float, about: str) -> None:
    """Nothing dies early, and late only because the machine is slow."""
    expect.at_least(lived_ms, ttl_ms - CLOCK_MS, f"lifetime of {about} in ms")
    expect.at_most(lived_ms, ttl_ms + LATE_MS, f"lifetime of {about} in ms")


def await_ready(channel: Channel, queue: str, count: int, about: str) -> None:
    """Wait until `count` messages are ready."""
    expect.eventually(
        lambda: channel.ready(queue) == count,
        f"{count} ready messages {about}",
        LATE_MS / 1000,
        lambda: f"{channel.ready(queue)}",
    )


def queue_is_gone(channel: Channel, queue: str) -> bool:
    """Whether a message for `queue` comes back; unlike a declare, this renews no lease."""
    returned = len(channel.returned)
    channel.publish("", queue, "anybody there?", mandatory=True)
    channel.barrier()
    return len(channel.returned) > returned
