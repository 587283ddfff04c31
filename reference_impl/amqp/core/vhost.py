"""One virtual host: its exchanges, queues and bindings, fully apart from every other's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from reference_impl.amqp.core import arguments as args
from reference_impl.amqp.core.dead_letter import DeadLetters
from reference_impl.amqp.core.direct_reply import ReplyConsumer
from reference_impl.amqp.core.exchanges import PREDECLARED, Binding, Exchange, Target, check_type
from reference_impl.amqp.core.message import REPLY_QUEUE
from reference_impl.amqp.core.queues import Queue
from reference_impl.amqp.core.store import MemoryStore
from reference_impl.amqp.fields import Table
from reference_impl.amqp.versions import Dialect
from reference_impl.errors import (
    AccessRefused,
    NotFound,
    PreconditionFailed,
    ResourceLocked,
)
from reference_impl.timers import Timers

if TYPE_CHECKING:
    from reference_impl.amqp.core.connection import Connection
    from reference_impl.amqp.core.message import Entry

MAX_CACHED_ROUTES = 4096
"""Bounds the memory of a client that publishes under ever new keys."""


def stripped(name: str) -> str:
    """Names lose CR and LF (rabbit_channel:strip_cr_lf)."""
    return name.replace("\r", "").replace("\n", "")


def check_new_name(kind: str, name: str) -> None:
    """Raise AccessRefused for a name that only the broker may give."""
    if name.startswith("amq."):
        raise AccessRefused(f"{kind} name '{name}' contains reserved prefix 'amq.*'")


def _check_not_default(*names: str) -> None:
    if "" in names:
        raise AccessRefused("operation not permitted on the default exchange")


class VirtualHost:
    """Exchanges and queues by name. Every operation is refused with a `Refusal` or complete."""

    def __init__(
        self, name: str, dialect: Dialect, timers: Timers, new_id: Callable[[], str]
    ) -> None:
        self.name = name
        self.dialect = dialect
        self.timers = timers
        self.clock = timers.clock
        self.new_id = new_id
        self.store = MemoryStore()
        self.dead_letters = DeadLetters(self)
        self.connections: dict[Connection, None] = {}
        self.queues: dict[str, Queue] = {}
        self.exchanges: dict[str, Exchange] = {}
        self.reply_consumers: dict[str, ReplyConsumer] = {}
        """Of direct reply-to, by reply address."""
        self.routes: dict[tuple[str, str], tuple[Target, ...]] = {}
        """Destinations of messages without CC or BCC, where the key alone decides; emptied
        whenever an exchange, a queue or a binding comes or goes."""
        for exchange_name, type_name, internal in PREDECLARED:
            self.exchanges[exchange_name] = Exchange(
                self,
                exchange_name,
                type_name,
                durable=True,
                auto_delete=False,
                internal=internal,
                arguments={},
            )

    # -- look-ups ---------------------------------------------------------------------------

    def exchange(self, name: str) -> Exchange:
        """Return the exchange or raise NotFound."""
        exchange = self.exchanges.get(name)
        if exchange is None:
            raise NotFound(f"no exchange '{name}' in vhost '{self.name}'")
        return exchange

    def queue(self, name: str, connection: Connection) -> Queue:
        """Return a queue that `connection` may use, or raise NotFound or ResourceLocked."""
        queue = self.queues.get(name)
        if queue is None:
            raise NotFound(f"no queue '{name}' in vhost '{self.name}'")
        if queue.owner is not None:
            self._check_owner(queue, connection)
        return queue

    def check_exchange_exists(self, connection: Connection, name: str) -> None:
        """Passive declare of an exchange."""
        name = stripped(name)
        _check_not_default(name)
        self._check_any_access(connection, "exchange", name)
        self.exchange(name)

    def find_queue(self, connection: Connection, name: str) -> Queue:
        """Passive declare of a queue; renews its lease."""
        name = stripped(name)
        self._check_any_access(connection, "queue", name)
        queue = self.queue(name, connection)
        queue.touch()
        return queue

    def _check_any_access(self, connection: Connection, kind: str, name: str) -> None:
        if not self.dialect.passive_declare_needs_permission:
            return
        for operation in ("read", "write"):
            try:
                connection.check_access(kind, name, operation)
                return
            except AccessRefused:
                continue
        connection.check_access(kind, name, "configure")

    def check_reply_address(self, address: str) -> None:
        """Declare of a direct reply-to address: the pseudo-queue and live requesters exist."""
        if address != REPLY_QUEUE and address not in self.reply_consumers:
            raise NotFound(f"no queue '{address}' in vhost '{self.name}'")

    @staticmethod
    def _check_owner(queue: Queue, owner: Connection | None) -> None:
        if queue.owner is not owner:
            raise ResourceLocked(
                f"cannot obtain exclusive access to locked {queue}. It could be originally "
                "declared on another connection or the exclusive property value does not match "
                "that of the original declaration."
            )

    def held_entries(self) -> Iterator[tuple[Queue, Entry]]:
        """Everything that some channel holds unacknowledged, uncommitted settlements included."""
        for connection in self.connections:
            for channel in connection.channels.values():
                for queue, _, entry in channel.held_deliveries():
                    yield queue, entry

    def remember_route(self, exchange: Exchange, key: str, queues: Sequence[Target]) -> None:
        """Keep a route for the next message, if the key alone decides it."""
        if len(self.routes) >= MAX_CACHED_ROUTES:
            self.routes.clear()
        if exchange.depends_on_key_alone():
            self.routes[exchange.name, key] = tuple(queues)

    # -- exchanges --------------------------------------------------------------------------

    def declare_exchange(
        self,
        connection: Connection,
        name: str,
        type_name: str,
        *,
        durable: bool,
        auto_delete: bool,
        internal: bool,
        arguments: Table,
    ) -> None:
        """Create an exchange, or check that an equivalent one exists."""
        check_type(type_name, self.dialect)
        name = stripped(name)
        _check_not_default(name)
        connection.check_access("exchange", name, "configure")
        exchange = self.exchanges.get(name)
        if exchange is None:
            check_new_name("exchange", name)
            alternate = args.text_argument(
                f"exchange '{name}' in vhost '{self.name}'", arguments, "alternate-exchange"
            )
            if alternate is not None:
                connection.check_access("exchange", name, "read")
                connection.check_access("exchange", alternate, "write")
            exchange = self.add_exchange(
                Exchange(
                    self,
                    name,
                    type_name,
                    durable=durable,
                    auto_delete=auto_delete,
                    internal=internal,
                    arguments=arguments,
                )
            )
            if exchange.survives_restart:
                self.store.exchange_declared(exchange)
        exchange.check_equivalent(type_name, durable, auto_delete, internal, arguments)

    def add_exchange(self, exchange: Exchange) -> Exchange:
        self.exchanges[exchange.name] = exchange
        self.routes.clear()
        return exchange

    def delete_exchange(self, connection: Connection, name: str, if_unused: bool) -> None:
        """Delete an exchange and all bindings from and to it; a missing one is no error."""
        name = stripped(name)
        _check_not_default(name)
        if name.startswith("amq."):
            raise AccessRefused(
                f"deletion of system exchange '{name}' in vhost '{self.name}' not allowed"
            )
        connection.check_access("exchange", name, "configure")
        exchange = self.exchanges.get(name)
        if exchange is None:
            return
        if if_unused and exchange.bindings:
            raise PreconditionFailed(f"{exchange} in use")
        self._remove_exchange(exchange)

    def _remove_exchange(self, exchange: Exchange) -> None:
        if exchange.survives_restart:
            self.store.exchange_deleted(exchange)
        self.forget_exchange(exchange)

    def forget_exchange(self, exchange: Exchange, *, recovering: bool = False) -> None:
        """Take an exchange out, with all bindings from and to it; see `_unbind_everywhere`."""
        del self.exchanges[exchange.name]
        self.routes.clear()
        self._unbind_everywhere(exchange, recovering)

    def _unbind_everywhere(self, destination: Queue | Exchange, recovering: bool) -> None:
        """Remove all bindings to `destination`; auto-delete exchanges go with their last one.

        Not while `recovering`: what went then has a record of its own, and what stayed may have
        had bindings that are not stored."""
        for exchange in list(self.exchanges.values()):
            known = [b for b in exchange.bindings.values() if b.destination is destination]
            for binding in known:
                exchange.unbind(binding)
            if known and not recovering:
                self._auto_delete(exchange)

    def _auto_delete(self, exchange: Exchange) -> None:
        if exchange.auto_delete and not exchange.bindings and exchange.name in self.exchanges:
            self._remove_exchange(exchange)

    # -- bindings ---------------------------------------------------------------------------

    def binding_ends(
        self, connection: Connection, source: str, kind: str, destination: str, key: str
    ) -> tuple[str, str]:
        """Check what bind and unbind check alike; return both names, stripped of CR and LF."""
        source, destination = stripped(source), stripped(destination)
        if not self.dialect.binds_reply_queue and destination.startswith("amq.rabbitmq.reply-to."):
            raise AccessRefused("cannot bind or unbind to a volatile (direct reply-to) queue")
        connection.check_access(kind, destination, "write")
        _check_not_default(source, *([destination] if kind == "exchange" else []))
        connection.check_access("exchange", source, "read")
        return source, destination

    def bind(
        self,
        connection: Connection,
        source: str,
        kind: str,
        destination: str,
        key: str,
        arguments: Table,
    ) -> None:
        """Bind a "queue" or an "exchange" to `source`; an existing equal binding is no error."""
        source, destination = self.binding_ends(connection, source, kind, destination, key)
        exchange = self.exchanges.get(source)
        target: Queue | Exchange | None
        target = (self.queues if kind == "queue" else self.exchanges).get(destination)
        if exchange is None:
            raise NotFound(f"no exchange '{source}' in vhost '{self.name}'")
        if target is None:
            raise NotFound(f"no {kind} '{destination}' in vhost '{self.name}'")
        exchange.check_binding(target, key, arguments)
        if isinstance(target, Queue) and target.owner is not None:
            self._check_owner(target, connection)  # last of all: rabbit_binding:binding_checks
        binding = Binding(target, key, arguments)
        if exchange.bind(binding):
            self.routes.clear()
            if exchange.survives_restart and target.survives_restart:
                self.store.bound(exchange, binding)

    def unbind(
        self,
        connection: Connection,
        source: str,
        kind: str,
        destination: str,
        key: str,
        arguments: Table,
    ) -> None:
        """Remove a binding; whatever does not exist is no error."""
        source, destination = self.binding_ends(connection, source, kind, destination, key)
        exchange = self.exchanges.get(source)
        target = (self.queues if kind == "queue" else self.exchanges).get(destination)
        if exchange is None or target is None:
            return
        binding = Binding(target, key, arguments)
        if binding.identity not in exchange.bindings:
            return
        if isinstance(target, Queue) and target.owner is not None:
            self._check_owner(target, connection)
        if exchange.unbind(binding):
            self.routes.clear()
            if exchange.survives_restart and target.survives_restart:
                self.store.unbound(exchange, binding)
            self._auto_delete(exchange)

    # -- queues -----------------------------------------------------------------------------

    def declare_queue(
        self,
        connection: Connection,
        name: str,
        *,
        durable: bool,
        exclusive: bool,
        auto_delete: bool,
        arguments: Table,
    ) -> Queue:
        """Create a queue, or check that an equivalent one exists. An empty name asks for one."""
        name = stripped(name)
        if name:
            check_new_name("queue", name)
        else:
            name = "amq.gen-" + self.new_id()
        connection.check_access("queue", name, "configure")
        owner = connection if exclusive else None
        durable = durable and not exclusive
        queue = self.queues.get(name)
        if queue is not None:
            self._check_owner(queue, owner)
            args.check_field(queue, "durable", queue.durable, durable)
            args.check_field(queue, "auto_delete", queue.auto_delete, auto_delete)
            default = args.DEFAULT_TYPE if self.dialect.names_default_queue_type else {}
            current, received = {**default, **queue.arguments}, {**default, **arguments}
            args.check_arguments(queue, current, received, args.CLASSIC_QUEUE_COMPARED)
            queue.touch()
            return queue
        subject = f"queue '{name}' in vhost '{self.name}'"
        dead_letter_exchange = args.text_argument(subject, arguments, "x-dead-letter-exchange")
        if dead_letter_exchange is not None:
            connection.check_access("queue", name, "read")
            connection.check_access("exchange", dead_letter_exchange, "write")
        args.check_queue_declaration(subject, arguments, self.dialect)
        queue = self.add_queue(
            Queue(
                self,
                name,
                durable=durable,
                auto_delete=auto_delete,
                owner=owner,
                arguments=arguments,
            )
        )
        if durable:
            self.store.queue_declared(queue)
        return queue

    def add_queue(self, queue: Queue) -> Queue:
        self.queues[queue.name] = queue
        self.routes.clear()
        return queue

    def delete_queue(self, queue: Queue) -> int:
        """Delete a queue and return how many ready messages went with it.

        Its consumers are cancelled, its bindings removed; nothing is dead-lettered (docs: dlx).
        """
        if queue.deleted:
            return 0
        count = len(queue.ready)
        if queue.durable:
            self.store.queue_deleted(queue)
        self.forget_queue(queue)
        for consumer in queue.consumers:
            consumer.channel.queue_deleted(consumer)
        return count

    def forget_queue(self, queue: Queue, *, recovering: bool = False) -> None:
        """Take a queue out, with its messages and all bindings; see `_unbind_everywhere`."""
        del self.queues[queue.name]
        self.routes.clear()
        queue.close()
        self._unbind_everywhere(queue, recovering)
