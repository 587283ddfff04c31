"""The cache of routes: with it and without it, messages end up in the same queues."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reference_impl.amqp.core.channel import Channel
from reference_impl.amqp.core.connection import Connection
from reference_impl.amqp.core.delivery import Consumer
from reference_impl.amqp.core.direct_reply import consume_replies, stop_replies
from reference_impl.amqp.core.message import Content, Message
from reference_impl.amqp.core.vhost import VirtualHost
from reference_impl.amqp.fields import Field, Properties, longstr
from reference_impl.errors import Refusal
from tests.reference_impl.amqp.scripted import new_broker
from tests.reference_impl.strategies import quick

QUEUES = ("q", "r", "s")
EXCHANGES = ("amq.direct", "amq.topic", "amq.headers", "d", "f", "t")
TYPES = {"d": "direct", "f": "fanout", "t": "topic"}
KEYS = ("", "a", "a.b", "q")
PATTERNS = ("", "a", "#", "a.*", "*")

_names = st.sampled_from(QUEUES)
_exchanges = st.sampled_from(EXCHANGES)
_bindings = st.tuples(
    _exchanges,
    st.sampled_from((*(("queue", name) for name in QUEUES), *(("exchange", n) for n in EXCHANGES))),
    st.sampled_from(PATTERNS),
)
STEPS = st.one_of(
    st.tuples(st.just("declare_queue"), _names),
    st.tuples(st.just("delete_queue"), _names),
    st.tuples(st.just("declare_exchange"), st.sampled_from("dft"), st.booleans(), _exchanges),
    st.tuples(st.just("delete_exchange"), st.sampled_from("dft")),
    st.tuples(st.just("bind"), _bindings),
    st.tuples(st.just("bind"), _bindings),
    st.tuples(st.just("unbind"), _bindings),
    st.tuples(st.just("reply_address")),
)
PUBLISHES = st.tuples(st.sampled_from(("", *EXCHANGES)), st.sampled_from(KEYS))


class Sink:
    """Takes note of what a client would see."""

    def __init__(self) -> None:
        self.returned: list[bytes] = []
        self.delivered: list[bytes] = []

    def deliver(self, consumer: Consumer, tag: int, redelivered: bool, message: Message) -> None:
        self.delivered.append(message.body)

    def return_message(self, message: Message) -> None:
        self.returned.append(message.body)

    def consumer_cancelled(self, tag: str) -> None:
        raise AssertionError("nobody consumes here")


class Side:
    """One broker whose cache of routes is used, or thrown away before each publish."""

    def __init__(self, *, caching: bool) -> None:
        broker = new_broker()
        self.vhost: VirtualHost = broker.vhosts["/"]
        self.connection = Connection(self.vhost, broker.users["guest"], frozenset())
        self.sink = Sink()
        self.channel = Channel(self.connection, 1, self.sink)
        self.caching = caching
        self.hits = 0

    def change(self, kind: str, *values: Any) -> str:
        """Change the topology; return the text of the refusal, if it was refused."""
        try:
            getattr(self, kind)(*values)
        except Refusal as refusal:
            return refusal.text
        return ""

    def declare_queue(self, name: str) -> None:
        self.vhost.declare_queue(
            self.connection, name, durable=True, exclusive=False, auto_delete=False, arguments={}
        )

    def delete_queue(self, name: str) -> None:
        self.vhost.delete_queue(self.vhost.queue(name, self.connection))

    def declare_exchange(self, name: str, auto_delete: bool, alternate: str) -> None:
        arguments = {"alternate-exchange": longstr(alternate)} if auto_delete else {}
        self.vhost.declare_exchange(
            self.connection,
            name,
            TYPES[name],
            durable=True,
            auto_delete=auto_delete,
            internal=False,
            arguments=arguments,
        )

    def delete_exchange(self, name: str) -> None:
        self.vhost.delete_exchange(self.connection, name, False)

    def bind(self, binding: tuple[str, tuple[str, str], str]) -> None:
        source, (kind, name), key = binding
        self.vhost.bind(self.connection, source, kind, name, key, {})

    def unbind(self, binding: tuple[str, tuple[str, str], str]) -> None:
        source, (kind, name), key = binding
        self.vhost.unbind(self.connection, source, kind, name, key, {})

    def reply_address(self) -> None:
        """A name that looks like a reply address is no queue."""
        self.vhost.check_reply_address("amq.rabbitmq.reply-to.nobody")

    def publish(self, exchange: str, key: str, body: bytes, headers: dict[str, Field]) -> str:
        if not self.caching:
            self.vhost.routes.clear()
        self.hits += (exchange, key) in self.vhost.routes
        content = Content(Properties(headers=headers or None))
        return self.change("_publish", exchange, key, content, body)

    def _publish(self, exchange: str, key: str, content: Content, body: bytes) -> None:
        self.channel.publish(exchange, key, True, content, body, None)

    def arrived(self) -> dict[str, list[bytes]]:
        found = {
            name: [entry.message.body for entry in queue.ready]
            for name, queue in self.vhost.queues.items()
        }
        return {**found, "returned": self.sink.returned}


def test_routing_is_the_same_with_and_without_the_cache() -> None:
    hits = []

    @quick
    @given(st.lists(STEPS, max_size=20), st.lists(PUBLISHES, min_size=1, max_size=4))
    def holds(steps: list[Any], publishes: list[tuple[str, str]]) -> None:
        cached, bare = Side(caching=True), Side(caching=False)
        for number, step in enumerate([("declare_queue", "q"), *steps]):
            assert cached.change(*step) == bare.change(*step)
            for exchange, key in publishes * 2:
                for headers in ({}, {"CC": Field("array", [longstr("a")])}):
                    body = f"{number} {exchange} {key}".encode()
                    assert cached.publish(exchange, key, body, headers) == bare.publish(
                        exchange, key, body, headers
                    )
            assert cached.arrived() == bare.arrived()
        hits.append(cached.hits)

    holds()
    assert sum(hits) > len(hits), "the cache was hardly used"


def test_routes_through_headers_exchanges_are_not_cached() -> None:
    side = Side(caching=True)
    side.declare_queue("q")
    side.bind(("amq.topic", ("exchange", "amq.headers"), "#"))
    side.vhost.bind(
        side.connection,
        "amq.headers",
        "queue",
        "q",
        "",
        {"x-match": longstr("any"), "h": longstr("1")},
    )
    for number, headers in enumerate(({"h": longstr("1")}, {}, {"h": longstr("1")})):
        side.publish("amq.topic", "a", b"%d" % number, headers)
    assert side.arrived() == {"q": [b"0", b"2"], "returned": [b"1"]}
    assert ("amq.topic", "a") not in side.vhost.routes


def test_reply_consumers_come_and_go_in_the_cache() -> None:
    side = Side(caching=True)
    requester = Channel(side.connection, 2, side.sink)
    address = consume_replies(requester, "", ack_required=False).name
    for body in (b"1", b"2"):
        side.publish("", address, body, {})
    stop_replies(requester)
    side.publish("", address, b"3", {})
    assert side.sink.delivered == [b"1", b"2"]
    assert side.vhost.reply_consumers == {}
