"""Output: how much of it is kept, who is served first, and what is remembered between frames."""

from __future__ import annotations

from typing import Any

import pytest
from pamqp import commands

from reference_impl.amqp.channel_session import MAX_MEMO
from reference_impl.amqp.core.message import Content, Message
from reference_impl.amqp.core.vhost import MAX_CACHED_ROUTES
from reference_impl.amqp.fields import Properties
from reference_impl.amqp.session import MAX_OUTPUT_OCTETS, MAX_OUTPUT_PIECES
from reference_impl.amqp.wire import spec
from reference_impl.amqp.wire.methods import encode_method
from tests.reference_impl.amqp.scripted import ScriptedClient, frame_octets, split_frames

PIECES_OF_A_DELIVERY = 9
TO_ONE_END = MAX_OUTPUT_PIECES // PIECES_OF_A_DELIVERY


def fill(client: ScriptedClient, queue: str, bodies: list[bytes]) -> None:
    """Put messages into a queue without going through frames."""
    content = Content(Properties())
    target = client.broker.vhosts["/"].queues[queue]
    for body in bodies:
        target.publish(Message("", (queue,), content, body))


def numbered(count: int) -> list[bytes]:
    return [b"%06d" % number for number in range(count)]


def bodies_in(octets: bytes) -> list[bytes]:
    return [payload for kind, _, payload in split_frames(octets) if kind == spec.FRAME_BODY]


def consume(client: ScriptedClient, queue: str, **options: Any) -> None:
    """Start a consumer and leave everything in the output."""
    client.send(1, commands.Basic.Consume(queue=queue, consumer_tag=queue, **options))


# -- backpressure ----------------------------------------------------------------------------


def test_output_of_a_huge_queue_is_bounded_and_resumes() -> None:
    client = ScriptedClient().open_channel()
    client.declare("q")
    bodies = numbered(3 * TO_ONE_END)
    fill(client, "q", bodies)
    consume(client, "q", no_ack=True)
    received: list[bytes] = []
    rounds = 0
    while client.session.out:
        assert len(client.session.out) <= MAX_OUTPUT_PIECES + 2 * PIECES_OF_A_DELIVERY
        received += bodies_in(client.session.data_to_send())
        rounds += 1
    assert received == bodies
    assert rounds >= 3


def test_nothing_is_delivered_while_the_transport_is_full() -> None:
    client = ScriptedClient().open_channel()
    client.declare("q")
    fill(client, "q", numbered(10))
    client.session.set_transport_full(True)
    consume(client, "q")
    assert [item.name for item in client.take()] == ["Basic.ConsumeOk"]
    fill(client, "q", numbered(10))
    assert client.session.data_to_send() == b""
    assert isinstance(client.answer(1, commands.Basic.Qos()), commands.Basic.QosOk)
    announced = client.announced
    client.session.set_transport_full(False)
    assert client.announced == announced + 1
    assert bodies_in(client.session.data_to_send()) == numbered(10) * 2


def test_full_transport_of_one_client_leaves_messages_to_others() -> None:
    slow = ScriptedClient().open_channel()
    fast = ScriptedClient(slow.broker).open_channel()
    slow.declare("q")
    for client in (slow, fast):
        consume(client, "q", no_ack=True)
        client.take()
    slow.session.set_transport_full(True)
    fill(slow, "q", numbered(6))
    assert bodies_in(fast.session.data_to_send()) == numbered(6)
    slow.session.set_transport_full(False)
    fill(slow, "q", numbered(6))
    shares = [len(bodies_in(client.session.data_to_send())) for client in (slow, fast)]
    assert shares == [3, 3]


def test_output_of_large_bodies_is_bounded_too() -> None:
    """A few large messages are as much output as thousands of small ones."""
    client = ScriptedClient().open_channel()
    client.declare("q")
    body = bytes(1 << 20)
    fill(client, "q", [body] * 40)
    consume(client, "q", no_ack=True)
    received = 0
    while client.session.out:
        octets = client.session.data_to_send()
        assert len(octets) < MAX_OUTPUT_OCTETS + 2 * len(body)
        received += sum(map(len, bodies_in(octets)))
    assert received == 40 * len(body)


def test_queues_are_served_in_the_order_of_their_consumers() -> None:
    """The core is deterministic: nothing depends on addresses in memory."""
    names = [f"q{number}" for number in range(8)]
    client = ScriptedClient().open_channel()
    for name in names:
        client.declare(name)
    for name in names:
        consume(client, name, no_ack=True)
    client.take()
    client.session.set_transport_full(True)
    for name in reversed(names):
        fill(client, name, [name.encode()])
    client.session.set_transport_full(False)
    assert bodies_in(client.session.data_to_send()) == [name.encode() for name in names]


@pytest.mark.parametrize("size", [4096 - 9, 4096 - 8, 4096 - 7, 2 * (4096 - 8), 3 * 4096])
def test_bodies_are_cut_into_frames_of_the_negotiated_size(size: int) -> None:
    client = ScriptedClient(None).open(frame_max=8192)
    client.session.frame_max = 4096
    client.open_channel()
    client.declare("q")
    body = bytes(number % 251 for number in range(size))
    fill(client, "q", [body, body])
    client.send(1, commands.Basic.Get(queue="q", no_ack=True))
    consume(client, "q", no_ack=True)
    octets = client.session.data_to_send()
    assert b"".join(bodies_in(octets)) == body * 2
    assert max(len(payload) + 8 for _, _, payload in split_frames(octets)) <= 4096
    assert len(bodies_in(octets)) == 2 * -(-size // 4088)


# -- what is remembered ----------------------------------------------------------------------


def _publish(client: ScriptedClient, key: str, raw: bytes) -> None:
    method = encode_method("basic.publish", 0, "amq.direct", key, False, False)
    client.session.receive_data(
        frame_octets(1, 1, method) + frame_octets(2, 1, b"\0\x3c" + b"\0" * 10 + raw)
    )


def test_memos_of_a_connection_are_bounded() -> None:
    client = ScriptedClient().open_channel()
    largest = 0
    for number in range(2 * MAX_MEMO + 10):
        _publish(client, f"key-{number}", b"\x08\x00" + b"%c" % (number % 256))
        _publish(client, "key", b"\x00\x40" + number.to_bytes(8, "big"))
        memos = client.session.publishes, client.session.contents
        largest = max(largest, *map(len, memos))
    assert largest == MAX_MEMO
    assert client.session.data_to_send() == b""


def test_cached_routes_are_bounded() -> None:
    client = ScriptedClient().open_channel()
    routes = client.broker.vhosts["/"].routes
    for number in range(MAX_CACHED_ROUTES + 10):
        _publish(client, f"key-{number}", b"\0\0")
        assert len(routes) <= MAX_CACHED_ROUTES
    assert 0 < len(routes) < 20


def test_repeated_frames_are_decoded_once() -> None:
    client = ScriptedClient().open_channel()
    client.declare("q")
    client.send(1, commands.Queue.Bind(queue="q", exchange="amq.direct", routing_key="k"))
    for _ in range(3):
        _publish(client, "k", b"\x08\x00\x05")
    assert (len(client.session.publishes), len(client.session.contents)) == (1, 1)
    entries = list(client.broker.vhosts["/"].queues["q"].ready)
    assert len({id(entry.message.content) for entry in entries}) == 1
    assert entries[0].message.content.priority == 5


def test_memo_of_a_publish_does_not_outlive_what_it_means() -> None:
    """The same frame again, after the exchange was deleted, is refused."""
    client = ScriptedClient().open_channel()
    declare = commands.Exchange.Declare(exchange="e", exchange_type="fanout")
    client.answer(1, declare)
    publish = commands.Basic.Publish(exchange="e"), b""
    assert client.call(1, publish) == []
    client.answer(1, commands.Exchange.Delete(exchange="e"))
    assert client.answer(1, publish).reply_code == 404
