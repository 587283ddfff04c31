"""Publishes of every fate on one confirm channel, and everything that the broker says to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st
from pika import frame, spec

from conformance.drivers.amqp.raw import (
    BARRIER,
    RawConnection,
    body_frame,
    header_frame,
    method_frame,
)
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import ChannelClosed, ConnectionClosed, Mismatch, NoAnswer
from conformance.models.amqp_confirms import Event, coverage

OUTCOMES = {"one": "ack", "two": "ack", "nowhere": "ack", "full": "nack", "all three": "nack"}
"""By routing key: how a publish is confirmed that goes to one queue, to two, to none, to one that
refuses it, or to one that refuses it between two that take it."""


class Publish(NamedTuple):
    key: str
    mandatory: bool

    @property
    def outcome(self) -> str:
        return OUTCOMES[self.key]

    @property
    def returned(self) -> bool:
        return self.mandatory and self.key == "nowhere"


BATCHES = st.lists(
    st.lists(
        st.builds(Publish, st.sampled_from(list(OUTCOMES)), st.booleans()), min_size=1, max_size=8
    ),
    min_size=1,
    max_size=3,
)
"""What is published without waiting, batch by batch; a batch waits for the confirms of the last."""


def full_queue(amqp: AmqpTester) -> str:
    """Declare a queue that refuses whatever is published to it."""
    queue = amqp.queue(arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    amqp.admin.publish("", queue, "fills it")
    amqp.admin.barrier()
    return queue


def events_of(amqp: AmqpTester, batches: Sequence[Sequence[Publish]]) -> list[Event]:
    """Publish all batches on a confirm channel; return what happened, in order."""
    exchange = amqp.exchange("direct")
    for queue, keys in (
        (amqp.queue(), ("one", "two", "all three")),
        (full_queue(amqp), ("full", "all three")),
        (amqp.queue(), ("two", "all three")),
    ):
        for key in keys:
            amqp.admin.bind(queue, exchange, key)
    raw = amqp.raw().open()
    raw.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    events: list[Event] = []
    published = 0
    for batch in batches:
        published += len(batch)
        events.append(Event("published", published))
        raw.send(
            *(_octets(exchange, n, p) for n, p in enumerate(batch, published - len(batch) + 1))
        )
        while sum(len(covered) for _, covered in coverage(events)) < published:
            events.append(_next_event(raw, events, published))
        raw.send_method(1, BARRIER)
        while (event := _next_event(raw, events, published)) is not END:
            events.append(event)
    return events


END = Event("end", 0)
"""Stands for the answer to a barrier."""


def _octets(exchange: str, number: int, publish: Publish) -> bytes:
    """One publish; the body is its number."""
    body = str(number).encode()
    method = spec.Basic.Publish(
        exchange=exchange, routing_key=publish.key, mandatory=publish.mandatory
    )
    return method_frame(1, method) + header_frame(1, len(body)) + body_frame(1, body)


def _next_event(raw: RawConnection, events: list[Event], published: int) -> Event:
    try:
        received = raw.read_frame()
    except NoAnswer as error:
        told = {number for _, covered in coverage(events) for number in covered}
        silent = sorted(set(range(1, published + 1)) - told)
        raise NoAnswer(f"confirms of publishes {silent}", error.within_s) from None
    method = getattr(received, "method", None)
    if isinstance(method, spec.Basic.Ack):
        return Event("ack", method.delivery_tag, method.multiple)
    if isinstance(method, spec.Basic.Nack):
        return Event("nack", method.delivery_tag, method.multiple)
    if isinstance(method, spec.Basic.Return):
        raw.read_frame()
        body = raw.read_frame()
        if isinstance(body, frame.Body) and body.fragment.isdigit():
            return Event("return", int(body.fragment))
        raise Mismatch("the body of a returned message", repr(body))
    if isinstance(method, spec.Exchange.DeclareOk):
        return END
    if isinstance(method, spec.Channel.Close):
        raise ChannelClosed(method.reply_code, method.reply_text)
    if isinstance(method, spec.Connection.Close):
        raise ConnectionClosed(method.reply_code, method.reply_text)
    raise Mismatch("a confirm or a return", repr(received))
