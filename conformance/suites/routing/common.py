"""What the tests of routing share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pika

from conformance.drivers.amqp.client import Message
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import Mismatch


def bound_under(amqp: AmqpTester, exchange: str, keys: Iterable[str]) -> str:
    """Declare a queue, bind it under each of the keys, and return its name."""
    queue = amqp.queue()
    for key in keys:
        amqp.admin.bind(queue, exchange, key)
    return queue


def publish_each(amqp: AmqpTester, exchange: str, keys: Iterable[str]) -> dict[str, str]:
    """Publish a message under each key; return the bodies, all different, with their keys."""
    keys_by_body = {f"{number} under {key!r}": key for number, key in enumerate(keys)}
    for body, key in keys_by_body.items():
        amqp.admin.publish(exchange, key, body)
    return keys_by_body


def take(amqp: AmqpTester, queue: str) -> Message:
    """Get a message, which must be there; it is not settled."""
    message = amqp.admin.get(queue)
    if message is None:
        raise Mismatch("a message", "none", f"basic.get of {queue!r}")
    return message


def with_headers(headers: dict[str, Any] | None) -> pika.BasicProperties:
    """Properties of a message that has these headers and nothing else."""
    return pika.BasicProperties(headers=headers)


def returned(
    amqp: AmqpTester,
    exchange: str,
    key: str,
    body: str,
    properties: pika.BasicProperties | None = None,
) -> list[Message]:
    """Publish a mandatory message; return what came back as unroutable."""
    before = len(amqp.admin.returned)
    amqp.admin.publish(exchange, key, body, properties, mandatory=True)
    amqp.admin.barrier()
    return amqp.admin.returned[before:]


def returned_bodies(amqp: AmqpTester, exchange: str, key: str, body: str) -> list[str]:
    """Publish a mandatory message; return the bodies of what came back as unroutable."""
    return [message.text for message in returned(amqp, exchange, key, body)]
