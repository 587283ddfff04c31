"""Exchanges: declaration, equivalence, bindings, and the way of a message through the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from reference_impl.amqp.core import arguments as args
from reference_impl.amqp.core.direct_reply import ReplyConsumer
from reference_impl.amqp.core.queues import Queue
from reference_impl.amqp.core.routing import Direct, Fanout, Headers, Matcher, Topic
from reference_impl.amqp.fields import Table
from reference_impl.amqp.versions import Dialect
from reference_impl.errors import CommandInvalid, PreconditionFailed

if TYPE_CHECKING:
    from reference_impl.amqp.core.message import Message
    from reference_impl.amqp.core.vhost import VirtualHost

Target = Queue | ReplyConsumer
"""What a message ends up in."""

MATCHERS: dict[str, Callable[[Dialect], Matcher]] = {
    "direct": lambda _: Direct(),
    "fanout": lambda _: Fanout(),
    "topic": lambda dialect: Topic(dialect.topic_key_hash_limit),
    "headers": lambda dialect: Headers(dialect.headers_compare_numbers_loosely),
}

PREDECLARED = (
    ("", "direct", False),
    ("amq.direct", "direct", False),
    ("amq.fanout", "fanout", False),
    ("amq.topic", "topic", False),
    ("amq.headers", "headers", False),
    ("amq.match", "headers", False),
    ("amq.rabbitmq.trace", "topic", True),
)
"""Name, type and whether internal (rabbit_vhost:do_add)."""


def check_type(type_name: str, dialect: Dialect) -> None:
    """Refuse an exchange type that this version does not have."""
    if type_name in MATCHERS:
        return
    if type_name in dialect.extra_exchange_types:
        raise PreconditionFailed(f"exchange type '{type_name}' is not served by the reference")
    text = f"unknown exchange type '{type_name}'"
    if dialect.unknown_exchange_type_closes_connection:
        raise CommandInvalid(text)
    raise PreconditionFailed(text)


class Binding(NamedTuple):
    """One route out of an exchange; bindings with another key or other arguments are others."""

    destination: Queue | Exchange
    key: str
    arguments: Table

    @property
    def identity(self) -> tuple[int, str, tuple[tuple[str, object], ...]]:
        ordered = sorted(self.arguments.items())
        return id(self.destination), self.key, tuple((k, repr(v)) for k, v in ordered)


class Exchange:
    """One exchange of a virtual host, with the bindings of which it is the source."""

    def __init__(
        self,
        vhost: VirtualHost,
        name: str,
        type_name: str,
        *,
        durable: bool,
        auto_delete: bool,
        internal: bool,
        arguments: Table,
    ) -> None:
        self.vhost = vhost
        self.name = name
        self.type_name = type_name
        self.durable = durable
        self.auto_delete = auto_delete
        self.internal = internal
        self.survives_restart = durable or vhost.dialect.keeps_transient_exchanges
        self.arguments = arguments
        alternate = arguments.get("alternate-exchange")
        self.alternate_exchange: str | None = None if alternate is None else alternate.value
        self.matcher = MATCHERS[type_name](vhost.dialect)
        self.bindings: dict[object, Binding] = {}

    def __str__(self) -> str:
        return f"exchange '{self.name}' in vhost '{self.vhost.name}'"

    def check_equivalent(
        self, type_name: str, durable: bool, auto_delete: bool, internal: bool, arguments: Table
    ) -> None:
        """Raise PreconditionFailed unless a redeclaration describes this exchange; of the
        arguments only alternate-exchange is compared (rabbit_exchange:assert_equivalence)."""
        args.check_field(self, "type", self.type_name, type_name)
        args.check_field(self, "durable", self.durable, durable)
        args.check_field(self, "auto_delete", self.auto_delete, auto_delete)
        args.check_field(self, "internal", self.internal, internal)
        args.check_arguments(self, self.arguments, arguments, ("alternate-exchange",))

    def check_binding(self, key: str, arguments: Table) -> None:
        """Raise PreconditionFailed for a binding that this exchange type refuses."""
        if isinstance(self.matcher, Headers):
            self.matcher.check_arguments(arguments)
        elif isinstance(self.matcher, Topic):
            self.matcher.check_key(key)

    def bind(self, binding: Binding) -> bool:
        """Add a binding; False if it is there already (queue.bind/duplicates)."""
        if binding.identity in self.bindings:
            return False
        self.bindings[binding.identity] = binding
        self.matcher.add(*binding)
        return True

    def unbind(self, binding: Binding) -> bool:
        """Remove a binding; False if it does not exist."""
        known = self.bindings.pop(binding.identity, None)
        if known is None:
            return False
        self.matcher.remove(*known)
        return True

    def route(self, message: Message) -> list[Target]:
        """Return the queues that get a copy, each once, in a stable order.

        The walk goes through exchange-to-exchange bindings and visits each exchange once. The
        alternate exchange of an exchange is followed if that exchange itself found no destination
        at all (rabbit_exchange:route1, process_alternate).
        """
        headers = message.content.properties.headers
        queues: dict[Target, None] = {}
        seen = {self}
        pending = [self]
        while pending:
            exchange = pending.pop()
            destinations = exchange._destinations(message.routing_keys, headers)
            if not destinations and exchange.alternate_exchange is not None:
                alternate = self.vhost.exchanges.get(exchange.alternate_exchange)
                destinations = [] if alternate is None else [alternate]
            for destination in destinations:
                if not isinstance(destination, Exchange):
                    queues[destination] = None
                elif destination not in seen:
                    seen.add(destination)
                    pending.append(destination)
        return list(queues)

    def _destinations(self, keys: Iterable[str], headers: Table | None) -> list[Target | Exchange]:
        if self.name == "":  # the default exchange: every queue by its own name
            queues, replies = self.vhost.queues, self.vhost.reply_consumers
            named = dict.fromkeys(queues.get(key) or replies.get(key) for key in keys)
            return [target for target in named if target is not None]
        found: dict[Target | Exchange, None] = {}
        for key in keys:
            found.update(dict.fromkeys(self.matcher.match(key, headers)))
        return list(found)

    def depends_on_key_alone(self) -> bool:
        """Whether the whole way of a message from here depends only on its routing key."""
        seen = {self}
        pending = [self]
        while pending:
            exchange = pending.pop()
            if not exchange.matcher.routes_by_key_alone:
                return False
            following = [b.destination for b in exchange.bindings.values()]
            if exchange.alternate_exchange in self.vhost.exchanges:
                following.append(self.vhost.exchanges[exchange.alternate_exchange or ""])
            for destination in following:
                if isinstance(destination, Exchange) and destination not in seen:
                    seen.add(destination)
                    pending.append(destination)
        return True
