"""Clients that break the rules, and the others that must not notice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pika import frame, spec

from conformance.drivers.amqp.frames import BODY, HEADER, METHOD
from conformance.drivers.amqp.raw import RawConnection
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import ConnectionClosed, Mismatch


@contextmanager
def others_unharmed(amqp: AmqpTester) -> Iterator[None]:
    """Whatever happens inside, a connection opened before still answers, and a new one opens."""
    before = amqp.admin
    before.barrier()
    yield
    before.barrier()
    amqp.raw().open()


def expect_end(
    raw: RawConnection, within_s: float | None = None, accepted: type[Any] | None = None
) -> None:
    """The broker must end the connection: with connection.close, or by closing the socket. It must
    not send an answer of the type `accepted` before."""
    received: Any = ...
    while received is not None:
        received = raw.read_frame(within_s)
        method = getattr(received, "method", ...)
        if isinstance(method, spec.Connection.Close):
            return
        if accepted is not None and isinstance(method, accepted):
            raise Mismatch("the end of the connection", type(method).NAME)


def open_stays_open(raw: RawConnection, channel: int = 1) -> None:
    """The connection must still answer; whatever arrives first is skipped."""
    raw.send_method(channel, spec.Channel.Flow(True))
    while True:
        received = raw.read_frame()
        if received is None:
            raise ConnectionClosed(0, "end of stream", " instead of an answer")
        if isinstance(received, frame.Method):
            if isinstance(received.method, spec.Channel.FlowOk):
                return
            if isinstance(received.method, spec.Connection.Close):
                raise ConnectionClosed(received.method.reply_code, received.method.reply_text)


def read_content(raw: RawConnection, channel: int) -> tuple[bytes, list[int]]:
    """Read a method with its content, which nothing on the channel may interrupt.

    Returns the body and the sizes of all its frames, overhead included.
    """
    sizes: list[int] = []
    body = b""
    missing: int | None = None
    expected = METHOD
    while missing != 0:
        kind, number, payload = raw.read_undecoded()
        if number != channel or kind != expected:
            raise Mismatch(
                f"a frame of type {expected} on channel {channel}",
                f"type {kind} on channel {number}",
                "content that is being received",
            )
        sizes.append(len(payload) + 8)
        if kind == METHOD:
            expected = HEADER
        elif kind == HEADER:
            missing = int.from_bytes(payload[4:12], "big")
            expected = BODY
        elif missing is not None:
            body += payload
            missing -= len(payload)
            if missing < 0:
                raise Mismatch("the announced body", f"{-missing} octets more")
    return body, sizes
