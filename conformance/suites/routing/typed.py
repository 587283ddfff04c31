"""Headers of every wire type, most of which pika reads but does not send.

A field is made of its type letter and its octets (AMQP 0-9-1 spec 4.2.1, with RabbitMQ's letters:
https://www.rabbitmq.com/amqp-0-9-1-errata#section_3); a table gives each a name.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from pika import data, spec

from conformance.drivers.amqp.raw import any_frame, body_frame, method_frame
from conformance.drivers.amqp.tester import AmqpTester

INTEGERS = {"b": ">b", "B": ">B", "s": ">h", "u": ">H", "I": ">i", "i": ">I", "l": ">q", "L": ">q"}
"""Layouts of the integers by type letter: signed are b s I l L."""
OTHERS = {"f": ">f", "d": ">d", "T": ">Q"}
"""Single and double float, and timestamp."""

_CHANNEL = 1
_METHOD, _HEADER = 1, 2
_HEADERS_ONLY = 0x2000
"""Property flags of a message that has headers and no other property."""
_EMPTY_TABLE = b"\x00\x00\x00\x00"


def number(letter: str, value: float) -> bytes:
    """A number of a given wire type."""
    return letter.encode() + struct.pack({**INTEGERS, **OTHERS}[letter], value)


def field(value: object) -> bytes:
    """A value of the wire type that pika gives it."""
    pieces: list[bytes] = []
    data.encode_value(pieces, value)
    return b"".join(pieces)


def table(fields: Mapping[str, bytes]) -> bytes:
    """A table of fields, with its length before it."""
    octets = b"".join(
        bytes((len(name),)) + name.encode() + octets for name, octets in fields.items()
    )
    return struct.pack(">I", len(octets)) + octets


class TypedBindings:
    """A headers exchange with one queue for each of the given fields, bound with {"h": field}."""

    def __init__(self, amqp: AmqpTester, fields: Mapping[str, bytes]) -> None:
        """`fields` are named for the reports."""
        self._raw = amqp.raw().open()
        self._exchange = amqp.exchange_name()
        self._queues = {label: amqp.name("q") for label in fields}
        declare = spec.Exchange.Declare(exchange=self._exchange, type="headers")
        self._raw.call(_CHANNEL, declare, spec.Exchange.DeclareOk)
        for label, queue in self._queues.items():
            self._raw.send(
                method_frame(_CHANNEL, spec.Queue.Declare(queue=queue, exclusive=True)),
                self._bind_frame(queue, table({"h": fields[label]})),
            )
        for _ in self._queues:
            self._raw.expect(spec.Queue.DeclareOk)
            self._raw.expect(spec.Queue.BindOk)

    def _bind_frame(self, queue: str, arguments: bytes) -> bytes:
        bind = spec.Queue.Bind(queue=queue, exchange=self._exchange, routing_key="")
        payload = method_frame(_CHANNEL, bind)[7:-1]
        return any_frame(_METHOD, _CHANNEL, payload.removesuffix(_EMPTY_TABLE) + arguments)

    def matched(self, octets: bytes) -> set[str]:
        """Publish a message with the header {"h": field}; return the bindings that let it through.

        Purging tells how many messages there were, which have all arrived by then.
        """
        body = b"typed"
        header = struct.pack(">HHQH", spec.Basic.INDEX, 0, len(body), _HEADERS_ONLY)
        self._raw.send(
            method_frame(_CHANNEL, spec.Basic.Publish(exchange=self._exchange, routing_key="")),
            any_frame(_HEADER, _CHANNEL, header + table({"h": octets})),
            body_frame(_CHANNEL, body),
            *(method_frame(_CHANNEL, spec.Queue.Purge(queue=q)) for q in self._queues.values()),
        )
        return {
            label for label in self._queues if self._raw.expect(spec.Queue.PurgeOk).message_count
        }
