"""One way to provoke each error that a client can provoke, and what the error must say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pika import spec

from conformance.drivers.amqp.raw import header_frame, method_frame
from conformance.drivers.amqp.tester import AmqpTester


@dataclass(frozen=True)
class Provocation:
    """`octets` makes the frames for channel 1 that fail; `blames` is the class and method id."""

    code: int
    name: str
    blames: tuple[int, int]
    octets: Callable[[AmqpTester], bytes]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


def _publish(exchange: str, *, immediate: bool = False) -> bytes:
    method = spec.Basic.Publish(exchange=exchange, routing_key="k", immediate=immediate)
    return method_frame(1, method) + header_frame(1, 0)


def _locked_queue(amqp: AmqpTester) -> bytes:
    """A get from a queue that is exclusive to the main connection."""
    return method_frame(1, spec.Basic.Get(queue=amqp.queue()))


def _inequivalent(amqp: AmqpTester) -> bytes:
    exchange = amqp.exchange("direct")
    return method_frame(1, spec.Exchange.Declare(exchange=exchange, type="fanout"))


def _missing(amqp: AmqpTester) -> bytes:
    return method_frame(1, spec.Queue.Declare(queue=amqp.name("missing"), passive=True))


def _reserved(amqp: AmqpTester) -> bytes:
    name = "amq." + amqp.name("reserved")
    return method_frame(1, spec.Exchange.Declare(exchange=name, type="direct"))


def _tag_in_use(amqp: AmqpTester) -> bytes:
    queue = amqp.queue(durable=True)
    return 2 * method_frame(1, spec.Basic.Consume(queue=queue, consumer_tag="tag"))


CHANNEL_ERRORS = [
    Provocation(403, "ACCESS_REFUSED", (40, 10), _reserved),
    Provocation(404, "NOT_FOUND", (50, 10), _missing),
    Provocation(404, "NOT_FOUND", (60, 40), lambda amqp: _publish(amqp.name("missing"))),
    Provocation(405, "RESOURCE_LOCKED", (60, 70), _locked_queue),
    Provocation(406, "PRECONDITION_FAILED", (40, 10), _inequivalent),
    Provocation(
        406, "PRECONDITION_FAILED", (60, 80), lambda _: method_frame(1, spec.Basic.Ack(99))
    ),
]

CONNECTION_ERRORS = [
    Provocation(503, "COMMAND_INVALID", (50, 21), lambda _: method_frame(1, spec.Queue.BindOk())),
    Provocation(504, "CHANNEL_ERROR", (20, 10), lambda _: method_frame(1, spec.Channel.Open())),
    Provocation(504, "CHANNEL_ERROR", (90, 10), lambda _: method_frame(0, spec.Tx.Select())),
    Provocation(
        505,
        "UNEXPECTED_FRAME",
        (60, 40),
        lambda _: 2 * method_frame(1, spec.Basic.Publish(exchange="", routing_key="k")),
    ),
    Provocation(530, "NOT_ALLOWED", (60, 20), _tag_in_use),
    Provocation(
        540, "NOT_IMPLEMENTED", (20, 20), lambda _: method_frame(1, spec.Channel.Flow(False))
    ),
    Provocation(540, "NOT_IMPLEMENTED", (60, 40), lambda _: _publish("", immediate=True)),
]
