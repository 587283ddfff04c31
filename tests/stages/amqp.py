"""One publish and one delivery of AMQP, a layer at a time."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from pika import frame, spec

from reference_impl.amqp.core.broker import Broker
from reference_impl.amqp.core.channel import Channel
from reference_impl.amqp.session import AmqpSession
from reference_impl.amqp.versions import DEFAULT_VERSION, dialect_for
from reference_impl.clock import counting_ids
from reference_impl.server.clock import MonotonicClock, SystemClock
from tests.stages import Row

MESSAGES = 2000
"""Calls of a round."""

BODY = b"x" * 100

HEADER = b"AMQP\x00\x00\x09\x01"
PUBLISH = b"".join(
    one.marshal()
    for one in (
        frame.Method(1, spec.Basic.Publish(routing_key="q")),
        frame.Header(1, len(BODY), spec.BasicProperties(delivery_mode=1)),
        frame.Body(1, BODY),
    )
)
_FRAME = struct.Struct(">BHI")
_TAG = struct.Struct(">QB")


class Silent:
    """A sink that says nothing."""

    def deliver(self, *_: object) -> None:
        pass

    def return_message(self, *_: object) -> None:
        pass

    def consumer_cancelled(self, *_: object) -> None:
        pass


class Deaf:
    """Stands for a channel session that does nothing with its frames."""

    def receive_method(self, payload: bytes) -> None:
        pass

    receive_header = receive_body = receive_method


class NoCore:
    """Stands for a core channel that does nothing with a publish."""

    confirming = False

    def publish(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass


def open_session(broker: Broker) -> tuple[AmqpSession, Callable[..., None]]:
    """Return a session with channel 1 open, and how to send a method on it."""
    session = AmqpSession(broker, MonotonicClock(), lambda: None)

    def send(method: Any, channel: int = 1) -> None:
        session.receive_data(frame.Method(channel, method).marshal())

    session.receive_data(HEADER)
    send(spec.Connection.StartOk({}, "PLAIN", "\0guest\0guest", "en_US"), 0)
    send(spec.Connection.TuneOk(2047, 131072, 0), 0)
    send(spec.Connection.Open("/"), 0)
    send(spec.Channel.Open())
    send(spec.Queue.Declare(0, "q", durable=True))
    session.data_to_send()
    return session, send


def new_broker() -> Broker:
    return Broker(dialect_for(DEFAULT_VERSION), SystemClock(), counting_ids())


# -- the floor: the same octets, no semantics -------------------------------------------------


def floor_publish() -> Callable[[], None]:
    queue: deque[tuple[str, str, bytes, bytes]] = deque()

    def one() -> None:
        data, position = PUBLISH, 0
        payloads = []
        while position < len(data):
            _, _, size = _FRAME.unpack_from(data, position)
            payloads.append(data[position + 7 : position + 7 + size])
            position += size + 8
        method, header, body = payloads
        end = 7 + method[6]
        exchange, key = method[7:end].decode(), method[end + 1 : end + 1 + method[end]].decode()
        queue.append((exchange, key, header, body))

    return one


def floor_deliver() -> Callable[[], None]:
    header = b"h" * 15
    method_head = struct.Struct(">BHIHH")
    queue = deque([("", "q", header, BODY)] * MESSAGES)
    sent = bytearray()

    def one() -> None:
        exchange, key, header, body = queue.popleft()
        arguments = b"".join((b"\x01t", _TAG.pack(len(sent), 0), _short(exchange), _short(key)))
        sent[:] = b"".join(
            (
                method_head.pack(1, 1, 4 + len(arguments), 60, 60),
                arguments,
                b"\xce",
                _FRAME.pack(2, 1, len(header)),
                header,
                b"\xce",
                _FRAME.pack(3, 1, len(body)),
                body,
                b"\xce",
            )
        )

    return one


def _short(text: str) -> bytes:
    octets = text.encode()
    return bytes((len(octets),)) + octets


# -- publish ----------------------------------------------------------------------------------


def frames_only() -> Callable[[], None]:
    session, _ = open_session(new_broker())
    session.channels[1] = Deaf()  # type: ignore[assignment]
    return lambda: session.receive_data(PUBLISH)


def without_core() -> Callable[[], None]:
    session, _ = open_session(new_broker())
    session.channels[1].core = NoCore()  # type: ignore[assignment]
    return lambda: session.receive_data(PUBLISH)


def whole_publish() -> Callable[[], None]:
    session, _ = open_session(new_broker())
    return lambda: session.receive_data(PUBLISH)


# -- deliver and acknowledge ------------------------------------------------------------------


def backlog(sink: Silent | None) -> tuple[AmqpSession, Channel]:
    """A consumer with prefetch 1 on a long backlog; `sink` stands for its session."""
    session, send = open_session(new_broker())
    for _ in range(MESSAGES + 10):
        session.receive_data(PUBLISH)
    send(spec.Basic.Qos(0, 1, False))
    channel = session.channels[1].channel
    if sink is not None:
        channel.sink = sink
    send(spec.Basic.Consume(0, "q", "t"))
    session.data_to_send()
    return session, channel


def core_deliver() -> Callable[[], None]:
    _, channel = backlog(Silent())
    return lambda: channel.settle(channel.next_tag - 1, False, "ack")


def encoded_deliver() -> Callable[[], None]:
    session, channel = backlog(None)

    def one() -> None:
        channel.settle(channel.next_tag - 1, False, "ack")
        session.data_to_send()

    return one


def whole_acknowledge() -> Callable[[], None]:
    session, channel = backlog(None)
    head = b"\x01\x00\x01\x00\x00\x00\x0d\x00\x3c\x00\x50"

    def one() -> None:
        session.receive_data(head + (channel.next_tag - 1).to_bytes(8, "big") + b"\x00\xce")
        session.data_to_send()

    return one


STAGES: dict[str, Callable[[], Callable[[], None]]] = {
    "floor publish": floor_publish,
    "frames": frames_only,
    "codec": without_core,
    "publish": whole_publish,
    "floor deliver": floor_deliver,
    "core deliver": core_deliver,
    "encoded deliver": encoded_deliver,
    "acknowledge": whole_acknowledge,
}


def rows(us: Mapping[str, float]) -> list[Row]:
    """What each layer adds to the ones below it."""
    publish, deliver = us["floor publish"], us["floor deliver"]
    return [
        ("publish: bare loop over the same octets (floor)", publish, publish),
        ("publish: cut frames out of the input", us["frames"], publish),
        ("publish: decode method and properties", us["codec"] - us["frames"], publish),
        ("publish: check, route, enqueue", us["publish"] - us["codec"], publish),
        ("**publish: together**", us["publish"], publish),
        ("deliver: build the same octets (floor)", deliver, deliver),
        ("deliver: settle the last, choose consumer, take message", us["core deliver"], deliver),
        ("deliver: encode, join", us["encoded deliver"] - us["core deliver"], deliver),
        ("**deliver: together**", us["encoded deliver"], deliver),
        (
            "acknowledge: receive and decode basic.ack",
            us["acknowledge"] - us["encoded deliver"],
            deliver,
        ),
    ]
