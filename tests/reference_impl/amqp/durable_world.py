"""A durable broker under test: operations on the core, restarts, and what must survive them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reference_impl.amqp.core.broker import GUEST, Broker
from reference_impl.amqp.core.channel import Channel
from reference_impl.amqp.core.connection import Connection
from reference_impl.amqp.core.delivery import Consumer
from reference_impl.amqp.core.message import Content, Entry, Message
from reference_impl.amqp.core.queues import Queue
from reference_impl.amqp.core.ready import restore_all
from reference_impl.amqp.core.vhost import VirtualHost
from reference_impl.amqp.durable import DurableStore
from reference_impl.amqp.fields import Properties, Table
from reference_impl.amqp.versions import dialect_for
from reference_impl.amqp.wire.properties import encode_properties
from reference_impl.clock import ManualClock, counting_ids
from reference_impl.errors import Refusal

Picture = dict[str, Any]


class MemoryJournal:
    """A journal whose durable part outlives it."""

    torn_bytes = 0

    def __init__(self, durable: Iterable[bytes] = ()) -> None:
        self.durable = list(durable)
        self.pending: list[bytes] = []
        self.rewrites = 0
        self.pretended_size: int | None = None

    @property
    def size(self) -> int:
        if self.pretended_size is not None:
            return self.pretended_size
        return sum(map(len, self.durable)) + sum(map(len, self.pending))

    def records(self) -> Iterator[bytes]:
        yield from list(self.durable)

    def append(self, record: bytes) -> None:
        self.pending.append(record)

    def commit(self) -> None:
        self.durable += self.pending
        self.pending = []

    def rewrite(self, records: Iterable[bytes]) -> None:
        self.commit()
        self.durable = list(records)
        self.rewrites += 1
        self.pretended_size = None

    def close(self) -> None:
        self.commit()

    def abandon(self) -> None:
        self.pending = []


class SilentSink:
    """A client that looks at nothing."""

    def deliver(self, consumer: Consumer, tag: int, redelivered: bool, message: Message) -> None:
        pass

    def return_message(self, message: Message) -> None:
        pass

    def consumer_cancelled(self, tag: str) -> None:
        pass


class World:
    """One broker after the other on the same journal; every operation is committed."""

    def __init__(self, version: str = "4.3", vhosts: tuple[str, ...] = ("/",)) -> None:
        self.version = version
        self.vhosts = vhosts
        self.clock = ManualClock()
        self.new_id = counting_ids()
        self.journal = MemoryJournal()
        self.published = 0
        self._start()

    def _start(self) -> None:
        dialect = dialect_for(self.version)
        self.broker = Broker(dialect, self.clock, self.new_id, vhosts=self.vhosts, users=(GUEST,))
        self.store = DurableStore(self.broker, self.journal)
        self.store.commit()
        self.vhost: VirtualHost = self.broker.vhosts["/"]
        self.connection = Connection(self.vhost, self.broker.users["guest"], frozenset())
        self.channels = [Channel(self.connection, n, SilentSink()) for n in (1, 2)]
        self.channels[1].select_transactions()

    def do(self, kind: str, *values: Any, **options: Any) -> str:
        """Carry an operation out and commit; return the text of the refusal, if there was one."""
        text = ""
        try:
            getattr(self, kind)(*values, **options)
        except Refusal as refusal:
            text = refusal.text
        self.store.commit()
        return text

    # -- operations -------------------------------------------------------------------------

    def declare_queue(
        self,
        name: str,
        durable: bool = True,
        auto_delete: bool = False,
        arguments: Table | None = None,
    ) -> None:
        self.vhost.declare_queue(
            self.connection,
            name,
            durable=durable,
            exclusive=False,
            auto_delete=auto_delete,
            arguments=arguments or {},
        )

    def delete_queue(self, name: str) -> None:
        self.vhost.delete_queue(self.vhost.queue(name, self.connection))

    def purge(self, name: str) -> None:
        self.vhost.queue(name, self.connection).purge()

    def declare_exchange(
        self,
        name: str,
        type_name: str = "fanout",
        durable: bool = True,
        auto_delete: bool = False,
        arguments: Table | None = None,
    ) -> None:
        self.vhost.declare_exchange(
            self.connection,
            name,
            type_name,
            durable=durable,
            auto_delete=auto_delete,
            internal=False,
            arguments=arguments or {},
        )

    def delete_exchange(self, name: str) -> None:
        self.vhost.delete_exchange(self.connection, name, False)

    def bind(
        self, source: str, kind: str, name: str, key: str = "", arguments: Table | None = None
    ) -> None:
        self.vhost.bind(self.connection, source, kind, name, key, arguments or {})

    def unbind(
        self, source: str, kind: str, name: str, key: str = "", arguments: Table | None = None
    ) -> None:
        self.vhost.unbind(self.connection, source, kind, name, key, arguments or {})

    def publish(self, exchange: str, key: str, channel: int = 0, **properties: Any) -> None:
        self.published += 1
        values = {"delivery_mode": 2, **properties}
        content = Content(Properties(**values))
        body = b"%d" % self.published
        self.channels[channel].publish(exchange, key, False, content, body, None)

    def consume(self, name: str, ack_required: bool = True) -> None:
        consumer = self.channels[0].consume(
            name, "", ack_required=ack_required, exclusive=False, arguments={}
        )
        consumer.queue.deliver_ready()

    def cancel(self) -> None:
        for tag in list(self.channels[0].consumers)[:1]:
            self.channels[0].cancel(tag)

    def get(self, name: str, channel: int = 0, ack_required: bool = True) -> None:
        self.channels[channel].get(name, ack_required)

    def settle(self, which: int, multiple: bool, outcome: str, channel: int = 0) -> None:
        tags = list(self.channels[channel].unacked)
        if tags:
            self.channels[channel].settle(tags[which % len(tags)], multiple, outcome)

    def commit_transaction(self) -> None:
        self.channels[1].require_transaction().commit()

    def roll_back(self) -> None:
        self.channels[1].require_transaction().rollback()

    def close_channel(self) -> None:
        self.channels[0].close()
        self.channels[0] = Channel(self.connection, 1, SilentSink())

    def create_vhost(self, name: str) -> None:
        self.broker.create_vhost(name)

    def pass_time(self, ms: int) -> None:
        self.clock.advance(ms)
        self.broker.timers.run_due()

    def rewrite(self) -> None:
        """Let the journal seem so large that the next commit rewrites it."""
        rewrites = self.journal.rewrites
        self.journal.pretended_size = 1 << 60
        self.store.commit()
        assert self.journal.rewrites == rewrites + 1

    # -- restarts ---------------------------------------------------------------------------

    def kill(self) -> None:
        """The process dies; what was committed is there when the next one starts."""
        self.store.commit()
        self.journal = MemoryJournal(self.journal.durable)
        self._start()

    def disconnect(self) -> None:
        """All clients go; what they held is back in its queues."""
        self.connection.close()
        for queue in list(self.vhost.queues.values()):
            queue.drop_expired()
        self.store.commit()

    def forget_transient(self) -> None:
        """Transient messages go, and what had expired behind them; the clients went before."""
        for queue in list(self.vhost.queues.values()):
            lasting = [entry for entry in queue.ready if entry.message.content.persistent]
            queue.ready.clear()
            restore_all(queue.ready, lasting)
        for queue in list(self.vhost.queues.values()):
            queue.drop_expired()
        self.store.commit()

    def start_again(self) -> None:
        """The broker is stopped in order, and the next one starts."""
        self.store.close()
        self.journal = MemoryJournal(self.journal.durable)
        self._start()

    # -- what must last ---------------------------------------------------------------------

    def picture(self) -> Picture:
        """The durable part of all virtual hosts."""
        return {name: _picture(vhost) for name, vhost in self.broker.vhosts.items()}

    def has_expired_messages(self) -> bool:
        """Whether there are messages that go as soon as they are at the head of their queue."""
        ready = [(queue, entry) for queue in self.vhost.queues.values() for entry in queue.ready]
        now_ms = self.clock.now_ms()
        return any(
            entry.expires_at_ms is not None and entry.expires_at_ms <= now_ms
            for _, entry in (*ready, *self.vhost.held_entries())
        )

    def bodies(self, queue: str) -> list[bytes]:
        return [entry.message.body for entry in self.vhost.queues[queue].ready]


def _picture(vhost: VirtualHost) -> Picture:
    exchanges = {n: x for n, x in vhost.exchanges.items() if x.survives_restart}
    queues = {n: q for n, q in vhost.queues.items() if q.survives_restart}
    bindings = [
        (name, type(b.destination).__name__, b.destination.name, b.key, repr(b.arguments))
        for name, exchange in exchanges.items()
        for b in exchange.bindings.values()
        if b.destination.survives_restart
    ]
    return {
        "exchanges": {
            n: (x.type_name, x.durable, x.auto_delete, x.internal, repr(x.arguments))
            for n, x in exchanges.items()
        },
        "queues": {n: (q.auto_delete, repr(q.arguments)) for n, q in queues.items()},
        "bindings": sorted(bindings),
        "messages": {n: _messages(vhost, q) for n, q in queues.items()},
    }


def _messages(vhost: VirtualHost, queue: Queue) -> list[Any]:
    """Persistent messages by position, those that clients hold among them."""
    held = [entry for owner, entry in vhost.held_entries() if owner is queue]
    entries = [e for e in (*queue.ready, *held) if e.message.content.persistent]
    return [_message(entry) for entry in sorted(entries, key=lambda entry: entry.position)]


def _message(entry: Entry) -> Any:
    message = entry.message
    raw = encode_properties(message.content.properties)
    keys, deaths = message.routing_keys, message.deaths
    return entry.position, message.body, message.exchange, keys, raw, entry.expires_at_ms, deaths


def redelivered(world: World) -> dict[bytes, bool]:
    """The flag of every ready persistent message, by body."""
    return {
        entry.message.body: entry.redelivered
        for queue in world.vhost.queues.values()
        if queue.durable
        for entry in queue.ready
        if entry.message.content.persistent
    }
