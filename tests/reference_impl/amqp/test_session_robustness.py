"""Whatever comes in: nothing is raised, what goes out are frames, and pieces make no difference."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands

from reference_impl.amqp.fields import Field, Properties, longstr
from reference_impl.amqp.session import CLOSING
from reference_impl.amqp.wire import spec
from reference_impl.amqp.wire.methods import decode_arguments, encode_method
from reference_impl.amqp.wire.properties import encode_properties
from reference_impl.amqp.wire.spec import METHODS, METHODS_BY_KEY
from reference_impl.clock import ManualClock
from tests.reference_impl import strategies as drawn
from tests.reference_impl.amqp.scripted import (
    PROTOCOL_HEADER,
    ScriptedClient,
    frame_octets,
    new_broker,
    split_frames,
)
from tests.reference_impl.strategies import few, quick

# -- what clients send, drawn from small universes that collide ------------------------------

QUEUES = ("", "a", "b", "amq.rabbitmq.reply-to")
EXCHANGES = ("", "e", "amq.topic", "amq.headers", "amq.fanout", "amq.fanout", "missing")
_BAD_TEXT = longstr("\udcff")
_ARGUMENTS: tuple[dict[str, Field], ...] = (
    {},
    {},
    {},
    {"x-message-ttl": Field("signedint", 0)},
    {"x-message-ttl": _BAD_TEXT},
    {"x-max-length": Field("byte", 1), "x-overflow": longstr("reject-publish")},
    {"x-max-priority": Field("byte", 2)},
    {"x-dead-letter-exchange": longstr("amq.fanout")},
    {
        "x-dead-letter-exchange": longstr("amq.fanout"),
        "x-dead-letter-routing-key": longstr("k" * 300),
        "x-max-length": Field("byte", 0),
    },
    {"x-dead-letter-exchange": longstr(""), "x-dead-letter-routing-key": longstr("a")},
    {"x-single-active-consumer": Field("bool", True)},
    {"x-queue-type": _BAD_TEXT},
    {"x-match": longstr("any"), "h": Field("void", None)},
    {"alternate-exchange": longstr("amq.fanout")},
    {"x-priority": Field("short", -1)},
)
_BY_FIELD: dict[str, Sequence[Any]] = {
    "queue": QUEUES,
    "exchange": EXCHANGES,
    "source": EXCHANGES,
    "destination": EXCHANGES,
    "type": ("direct", "topic", "headers", "fanout", "x-odd"),
    "routing_key": ("", "a", "b", "a.#", "*", "k" * 255),
    "consumer_tag": ("", "t", "u"),
    "delivery_tag": (0, 1, 2, 3, 2**64 - 1),
    "prefetch_size": (0, 0, 0, 1),
    "arguments": _ARGUMENTS,
    "requeue": (True, True, True, False),
    "active": (True, True, False),
    "immediate": (False, False, False, True),
}
_BY_KIND: dict[str, Sequence[Any]] = {
    "bit": (False, False, True),
    "octet": (0, 9),
    "short": (0, 1, 2),
    "long": (0, 1),
    "longlong": (0, 1),
    "shortstr": ("", "a"),
    "longstr": ("", "a"),
    "table": ({}, {"a": _BAD_TEXT}),
}
_X_DEATHS: tuple[Field, ...] = (
    Field("array", []),
    Field("array", [_BAD_TEXT, Field("table", {})]),
    Field("array", [Field("table", {"queue": longstr("z"), "reason": longstr("expired")})]),
    Field(
        "array",
        [
            Field(
                "table",
                {
                    "queue": longstr("a"),
                    "reason": longstr("rejected"),
                    "count": Field("long", 2**63 - 1),
                    "routing-keys": longstr("keys"),
                    "time": Field("void", None),
                },
            )
        ],
    ),
    Field("array", [Field("table", {"queue": Field("byte", 1), "reason": Field("bool", True)})]),
    Field("array", [Field("table", {"count": longstr("many"), "queue": longstr("b")})]),
    _BAD_TEXT,
)
_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "CC": st.sampled_from((Field("array", [longstr("a"), longstr("\udcff" * 300)]), _BAD_TEXT)),
        "BCC": st.sampled_from((Field("array", [longstr("b"), Field("void", None)]), _BAD_TEXT)),
        "h": st.just(Field("byte", 1)),
        "x-death": st.sampled_from(_X_DEATHS),
    },
)
_PROPERTIES = drawn.properties(
    expiration=st.sampled_from(("0", "1000", "x", "", "9" * 255)),
    reply_to=st.sampled_from(("a", "amq.rabbitmq.reply-to")),
    user_id=st.sampled_from(("guest", "other")),
    headers=_HEADERS,
).map(encode_properties)

CHANNEL_METHODS = [
    method.name
    for method in METHODS.values()
    if method.sender != "server" and method.class_id != 10 and method.name != "basic.publish"
]
_FREQUENT = ("basic.consume", "basic.get", "queue.declare", "queue.bind", "basic.nack")


@st.composite
def methods(draw: st.DrawFn, names: Sequence[str]) -> bytes:
    """The payload of one of these methods."""
    method = METHODS[draw(st.sampled_from(names))]
    values = [
        draw(st.sampled_from(_BY_FIELD.get(name) or _BY_KIND[kind])) for name, kind in method.fields
    ]
    return encode_method(method.name, *values)


@st.composite
def contents(draw: st.DrawFn, channel: int) -> list[bytes]:
    """The frames of one publish, its body in up to two."""
    body = draw(st.sampled_from((b"", b"1", b"12")))
    head = (60 << 48 | len(body)).to_bytes(16, "big")[4:]
    payloads = [
        (spec.FRAME_METHOD, draw(methods(["basic.publish"]))),
        (spec.FRAME_HEADER, head[:4] + len(body).to_bytes(8, "big") + draw(_PROPERTIES)),
        *((spec.FRAME_BODY, body[i : i + 1]) for i in range(len(body))),
    ]
    payloads[1] = (spec.FRAME_HEADER, b"\0\x3c\0\0" + payloads[1][1][4:])
    return [frame_octets(kind, channel, payload) for kind, payload in payloads]


@st.composite
def steps(draw: st.DrawFn, names: Sequence[str]) -> list[bytes]:
    """One thing that a client does, as frames: a method or a publish on channel 1 or 2."""
    channel = draw(st.sampled_from((1, 1, 1, 2)))
    if draw(st.integers(0, 2)) == 0:
        return draw(contents(channel))
    return [frame_octets(spec.FRAME_METHOD, channel, draw(methods(names)))]


CLOSES = ("connection.close", "channel.close")

WITHOUT_CONFIRMS = [*CHANNEL_METHODS, *_FREQUENT * 3]
WITHOUT_CONFIRMS.remove("confirm.select")
talks = st.lists(steps(WITHOUT_CONFIRMS), min_size=10, max_size=25)

# -- what comes out --------------------------------------------------------------------------


class Reply(NamedTuple):
    """One frame of output, decoded as far as the specification goes."""

    kind: int
    channel: int
    name: str
    values: tuple[Any, ...]


def replies(octets: bytes) -> list[Reply]:
    """Decode output; whatever is no frame of the specification is an AssertionError."""
    found = []
    for kind, channel, payload in split_frames(octets):
        name, values = "", ()
        if kind == spec.FRAME_METHOD:
            key = METHODS["tx.select"].key
            number = payload[:4] if isinstance(key, bytes) else int.from_bytes(payload[:4], "big")
            method = METHODS_BY_KEY[number]  # type: ignore[index]
            assert method.sender != "client"
            name, values = method.name, tuple(map(repr, decode_arguments(method, payload)))
        found.append(Reply(kind, channel, name, values))
    return found


def ready_client(version: str = "4.3") -> ScriptedClient:
    """A client with two channels and a queue."""
    client = ScriptedClient(new_broker(version)).open_channel(1).open_channel(2)
    client.declare("a")
    client.call(1, commands.Queue.Bind(queue="a", exchange="amq.fanout"))
    return client


# -- nothing is raised -----------------------------------------------------------------------


@quick
@given(st.lists(st.binary(max_size=60), max_size=4), st.sampled_from(("", "header", "running")))
def test_random_octets_never_raise(pieces: list[bytes], prefix: str) -> None:
    client = ready_client() if prefix == "running" else ScriptedClient()
    if prefix == "header":
        client.session.receive_data(PROTOCOL_HEADER)
    for piece in pieces:
        client.session.receive_data(piece)
    octets = client.session.data_to_send()
    if prefix:
        replies(octets)
    client.session.receive_eof()
    assert client.session.data_to_send() == b""


@quick
@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 3), st.binary(max_size=30))))
def test_frames_of_random_payload_never_raise(frames: list[tuple[int, int, bytes]]) -> None:
    client = ready_client()
    for kind, channel, payload in frames:
        client.session.receive_data(frame_octets(kind, channel, payload))
    replies(client.session.data_to_send())


class Persistent:
    """Clients of one broker that open again whatever is closed on them."""

    def __init__(self, version: str) -> None:
        self.client = ready_client(version)
        self.done = 0

    def carry_out(self, step: list[bytes]) -> None:
        """Send the frames of a step on a channel that is open, and look at what comes out."""
        if self.client.session.state != "running":
            self.client.session.receive_eof()
            self.client = ScriptedClient(self.client.broker).open()
        number = int.from_bytes(step[0][1:3], "big")
        channel = self.client.session.channels.get(number)
        if channel is None or channel.closing:
            if channel is not None:
                self.client.send(number, commands.Channel.CloseOk())
            self.client.send(number, commands.Channel.Open())
        for frame in step:
            self.client.session.receive_data(frame)
        self.done += all(reply.name not in CLOSES for reply in self.replies())

    def replies(self) -> list[Reply]:
        return replies(self.client.session.data_to_send())


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.10", "4.0", "4.3"])
def test_valid_frames_in_any_order_never_raise(version: str) -> None:
    done = []

    @few
    @given(st.lists(steps([*CHANNEL_METHODS, *_FREQUENT * 3]), min_size=20, max_size=40))
    def holds(talk: list[list[bytes]]) -> None:
        clients = Persistent(version)
        for step in talk:
            clients.carry_out(step)
            clock = clients.client.broker.clock
            assert isinstance(clock, ManualClock)
            clock.advance(1)
            clients.client.broker.timers.run_due()
        clients.client.session.receive_eof()
        assert not clients.client.broker.vhosts["/"].connections
        done.append((clients.done, len(talk)))

    holds()
    assert sum(fine for fine, _ in done) > sum(size for _, size in done) / 4, "mostly refused"


@pytest.mark.slow
@few
@given(talks, st.integers(0, 2**32))
def test_changed_frames_never_raise(talk: list[list[bytes]], seed: int) -> None:
    """Octets are changed, inserted and removed: lengths, types and ends of frames among them."""
    octets = bytearray(b"".join(frame for step in talk for frame in step))
    chance = random.Random(seed)
    for _ in range(chance.randrange(1, 6)):
        position = chance.randrange(len(octets) + 1)
        change = chance.randrange(3)
        octets[position : position + (change > 0)] = chance.randbytes(change < 2)
    client = ready_client()
    client.session.receive_data(bytes(octets))
    replies(client.session.data_to_send())


def test_tables_of_any_depth_never_raise() -> None:
    """The largest frame before tuning, full of tables in each other; nobody has logged in yet."""
    client = ScriptedClient().greet()
    table = b""
    while len(table) < 8_000:
        table = b"\0F" + len(table).to_bytes(4, "big") + table
    payload = b"\0\x0a\0\x0b" + len(table).to_bytes(4, "big") + table + b"\x05PLAIN\0\0\0\0\0"
    client.session.receive_data(frame_octets(spec.FRAME_METHOD, 0, payload))
    assert client.session.state in (CLOSING, "closed")


@pytest.mark.parametrize("version", ["3.10", "4.0", "4.3"])
@pytest.mark.parametrize("x_death", _X_DEATHS, ids=repr)
def test_x_death_of_a_publisher_may_be_anything(version: str, x_death: Field) -> None:
    client = ready_client(version)
    arguments = {"x-dead-letter-exchange": "amq.fanout", "x-max-length": 0}
    client.declare("b", arguments=arguments)
    header = b"\0\x3c" + b"\0" * 10 + encode_properties(Properties(headers={"x-death": x_death}))
    publish = encode_method("basic.publish", 0, "", "b", False, False)
    client.session.receive_data(frame_octets(1, 1, publish) + frame_octets(2, 1, header))
    client.session.receive_data(frame_octets(1, 1, encode_method("basic.get", 0, "a", True)))
    names = [reply.name for reply in replies(client.session.data_to_send())]
    assert names == ["basic.get-ok", ""]


def test_dead_letter_key_may_be_longer_than_a_short_string() -> None:
    client = ready_client()
    arguments = {
        "x-dead-letter-exchange": "amq.fanout",
        "x-dead-letter-routing-key": "k" * 300,
        "x-max-length": 0,
    }
    client.declare("b", arguments=arguments)
    client.publish("b", b"1")
    client.publish("b", b"2")
    got = client.call(1, commands.Basic.Get(queue="a", no_ack=True))[0]
    delivered = client.call(1, commands.Basic.Consume(queue="a", no_ack=True))[1]
    assert got.routing_key == delivered.routing_key == "k" * 255


@pytest.mark.parametrize("version", ["3.10", "4.0", "4.3"])
def test_reply_text_is_utf8_whatever_it_quotes(version: str) -> None:
    client = ready_client(version)
    for argument in ("x-queue-type", "x-overflow", "x-message-ttl", "x-queue-version"):
        values = (0, "q", *(False, True, False, False, False), {argument: _BAD_TEXT})
        payload = encode_method("queue.declare", *values)
        client.session.receive_data(frame_octets(1, 1, payload))
        (close,) = client.take()
        assert close.reply_code == 406
        assert client.call(1, commands.Channel.CloseOk()) == []
        client.open_channel(1)


# -- chunking --------------------------------------------------------------------------------


def _output(frames: bytes, cuts: Sequence[int]) -> bytes:
    client = ready_client()
    edges = [0, *sorted(cut for cut in cuts if cut < len(frames)), len(frames)]
    for start, end in itertools.pairwise(edges):
        client.session.receive_data(frames[start:end])
    return client.session.data_to_send()


@pytest.mark.slow
@few
@given(talks, st.lists(st.integers(0, 1_500), max_size=12))
def test_pieces_of_the_input_make_no_difference(talk: list[list[bytes]], cuts: list[int]) -> None:
    frames = b"".join(frame for step in talk for frame in step)
    assert _output(frames, cuts) == _output(frames, [])


@pytest.mark.slow
@few
@given(talks)
def test_single_octets_make_no_difference(talk: list[list[bytes]]) -> None:
    frames = b"".join(frame for step in talk for frame in step)
    assert _output(frames, range(len(frames))) == _output(frames, [])


def _confirmed(octets: bytes) -> dict[str, set[int]]:
    """Publishes by how they were confirmed, whether one by one or several at once."""
    found: dict[str, set[int]] = {"basic.ack": set(), "basic.nack": set()}
    for reply in replies(octets):
        if reply.name in found:
            last, multiple = int(reply.values[0]), reply.values[1] == "True"
            settled = set().union(*found.values())
            first = 1 if multiple else last
            found[reply.name] |= set(range(first, last + 1)) - settled
    return found


@quick
@given(
    st.lists(st.sampled_from(("full", "a")), min_size=1, max_size=12),
    st.lists(st.integers(0, 1_000), max_size=8),
)
def test_pieces_change_how_confirms_are_grouped_and_nothing_else(
    keys: list[str], cuts: list[int]
) -> None:
    arguments = {"x-max-length": Field("byte", 1), "x-overflow": longstr("reject-publish")}
    declare = encode_method(
        "queue.declare", 0, "full", *(False, True, False, False, True), arguments
    )
    select = encode_method("confirm.select", True)
    frames = [frame_octets(1, 1, declare), frame_octets(1, 1, select)]
    for key in keys:
        frames.append(frame_octets(1, 1, encode_method("basic.publish", 0, "", key, False, False)))
        frames.append(frame_octets(2, 1, b"\0\x3c" + b"\0" * 12))
    octets = b"".join(frames)
    expected = _confirmed(_output(octets, []))
    assert expected["basic.ack"] | expected["basic.nack"] == set(range(1, len(keys) + 1))
    assert len(expected["basic.nack"]) == max(keys.count("full") - 1, 0)
    assert _confirmed(_output(octets, cuts)) == expected
