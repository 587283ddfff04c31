"""A headers exchange whose bindings and messages carry values of chosen wire types."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from pika import spec

from conformance.drivers.amqp.frames import HEADER
from conformance.drivers.amqp.raw import any_frame, body_frame, method_frame
from conformance.drivers.amqp.tester import AmqpTester
from conformance.drivers.amqp.typed import table, with_arguments

_CHANNEL = 1
_HEADERS_ONLY = 0x2000
"""Property flags of a message that has headers and no other property."""


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
                self._bind_frame(queue, fields[label]),
            )
        for _ in self._queues:
            self._raw.expect(spec.Queue.DeclareOk)
            self._raw.expect(spec.Queue.BindOk)

    def _bind_frame(self, queue: str, octets: bytes) -> bytes:
        bind = spec.Queue.Bind(queue=queue, exchange=self._exchange, routing_key="")
        return with_arguments(_CHANNEL, bind, {"h": octets})

    def matched(self, octets: bytes) -> set[str]:
        """Publish a message with the header {"h": field}; return the bindings that let it through.

        Purging tells how many messages there were, which have all arrived by then.
        """
        body = b"typed"
        header = struct.pack(">HHQH", spec.Basic.INDEX, 0, len(body), _HEADERS_ONLY)
        self._raw.send(
            method_frame(_CHANNEL, spec.Basic.Publish(exchange=self._exchange, routing_key="")),
            any_frame(HEADER, _CHANNEL, header + table({"h": octets})),
            body_frame(_CHANNEL, body),
            *(method_frame(_CHANNEL, spec.Queue.Purge(queue=q)) for q in self._queues.values()),
        )
        return {
            label for label in self._queues if self._raw.expect(spec.Queue.PurgeOk).message_count
        }
