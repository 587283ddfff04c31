"""The durable store of the AMQP broker: core entities and messages as journal records.

A record is one letter and its fields, written with the codecs of the wire:

    V     virtual host created while the broker ran
    X x   exchange declared, deleted        B b   binding added, removed
    Q q   queue declared, deleted           M m   message enqueued, removed
    D     message was delivered before the broker was stopped
    C     the broker was stopped cleanly; everything before is exact
    O     a broker started again after that

Users and everything transient are not stored.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from reference_impl.amqp.core.broker import Broker
from reference_impl.amqp.core.dead_letter import deaths_in
from reference_impl.amqp.core.exchanges import Binding, Exchange
from reference_impl.amqp.core.message import Content, Entry, Message
from reference_impl.amqp.core.queues import Queue
from reference_impl.amqp.core.store import MemoryStore
from reference_impl.amqp.core.vhost import VirtualHost
from reference_impl.amqp.fields import Field, Table, longstr
from reference_impl.amqp.wire.properties import decode_properties, encode_properties
from reference_impl.amqp.wire.tables import Malformed, decode_table, encode_table
from reference_impl.errors import JournalDamaged
from reference_impl.storage.journal import Journal

REWRITE_AT_BYTES = 16 << 20
"""A journal is rewritten when it has this size and has quadrupled since the last time."""

_RECORD_DEPTH = -1
"""Arguments stand one table deeper in a record than they came in, and the limit is that of the
wire."""

_MESSAGE = struct.Struct(">IQqBH")
_REMOVED = struct.Struct(">IQ")


class _Recovered:
    """What a journal says, as far as it was read: queues and messages by number of the queue."""

    def __init__(self) -> None:
        self.queues: dict[int, Queue] = {}
        self.entries: dict[int, dict[int, Entry]] = {}
        self.delivered: set[tuple[int, int]] = set()


class DurableStore(MemoryStore):
    """Writes what the core tells it to a journal, and brings it back at the start."""

    def __init__(self, broker: Broker, journal: Journal) -> None:
        self._broker = broker
        self._journal = journal
        self._queue_numbers: dict[Queue, int] = {}
        self._next_queue_number = 1
        self._rewritten_size = 0
        self._created_vhosts: dict[str, None] = {}
        self._recover()

    # -- from the core ----------------------------------------------------------------------

    def vhost_created(self, name: str) -> None:
        self._created_vhosts[name] = None
        self._append(b"V", vhost=name)

    def exchange_declared(self, exchange: Exchange) -> None:
        self._write(_exchange_record(exchange))

    def exchange_deleted(self, exchange: Exchange) -> None:
        self._append(b"x", vhost=exchange.vhost.name, name=exchange.name)

    def queue_declared(self, queue: Queue) -> None:
        self._queue_numbers[queue] = self._next_queue_number
        self._next_queue_number += 1
        self._write(self._queue_record(queue))

    def queue_deleted(self, queue: Queue) -> None:
        self._queue_numbers.pop(queue, None)
        self._append(b"q", vhost=queue.vhost.name, name=queue.name)

    def bound(self, source: Exchange, binding: Binding) -> None:
        self._write(_binding_record(b"B", source, binding))

    def unbound(self, source: Exchange, binding: Binding) -> None:
        self._write(_binding_record(b"b", source, binding))

    def enqueued(self, queue: Queue, entry: Entry) -> None:
        entry.stored = True
        self._write(self._message_record(queue, entry))

    def removed(self, queue: Queue, entry: Entry) -> None:
        if entry.stored:
            entry.stored = False
            number = self._queue_numbers.get(queue)
            if number is not None:
                self._write(b"m" + _REMOVED.pack(number, entry.position))

    # -- from the server --------------------------------------------------------------------

    def commit(self) -> None:
        """Make everything durable that the core told so far. Raises StorageError."""
        self._journal.commit()
        size = self._journal.size
        if size > REWRITE_AT_BYTES and size > 4 * self._rewritten_size:
            self._journal.rewrite(self._live_records())
            self._rewritten_size = self._journal.size

    def close(self) -> None:
        """Note what was delivered, and that nothing is missing; give the directory back."""
        for queue, number in self._queue_numbers.items():
            for entry in queue.ready:
                if entry.stored and entry.redelivered:
                    self._journal.append(b"D" + _REMOVED.pack(number, entry.position))
        self._journal.append(b"C")
        self._journal.close()

    def abandon(self) -> None:
        """Give the directory back after a failure, without another word."""
        self._journal.abandon()

    # -- records ----------------------------------------------------------------------------

    def _write(self, record: bytes) -> None:
        self._journal.append(record)
        self._broker.wake()

    def _append(self, kind: bytes, **fields: str) -> None:
        table = {name: longstr(value) for name, value in fields.items()}
        self._write(kind + encode_table(table))

    def _queue_record(self, queue: Queue) -> bytes:
        return b"Q" + encode_table(
            {
                "number": Field("long", self._queue_numbers[queue]),
                "vhost": longstr(queue.vhost.name),
                "name": longstr(queue.name),
                "auto_delete": Field("bool", queue.auto_delete),
                "arguments": Field("table", queue.arguments),
            }
        )

    def _message_record(self, queue: Queue, entry: Entry) -> bytes:
        message = entry.message
        keys = encode_table(
            {
                "exchange": longstr(message.exchange),
                "keys": Field("array", [longstr(key) for key in message.routing_keys]),
            }
        )
        head = _MESSAGE.pack(
            self._queue_numbers[queue],
            entry.position,
            -1 if entry.expires_at_ms is None else entry.expires_at_ms,
            message.deaths is not None,
            len(keys),
        )
        properties = encode_properties(message.content.properties)
        size = len(properties).to_bytes(4, "big")
        return b"".join((b"M", head, keys, size, properties, message.body))

    def _live_records(self) -> Iterator[bytes]:
        """The present state: what a rewritten journal holds."""
        for name in self._created_vhosts:
            yield b"V" + encode_table({"vhost": longstr(name)})
        for vhost in self._broker.vhosts.values():
            exchanges = [x for x in vhost.exchanges.values() if x.survives_restart]
            for exchange in exchanges:
                yield _exchange_record(exchange)
            for queue in vhost.queues.values():
                if queue in self._queue_numbers:
                    yield self._queue_record(queue)
            for exchange in exchanges:
                for binding in exchange.bindings.values():
                    if binding.destination.survives_restart:
                        yield _binding_record(b"B", exchange, binding)
        for queue, entry in self._stored_entries():
            yield self._message_record(queue, entry)

    def _stored_entries(self) -> Iterator[tuple[Queue, Entry]]:
        """Messages to keep; what a client still holds of a deleted queue is none of them."""
        for vhost in self._broker.vhosts.values():
            for queue in vhost.queues.values():
                yield from ((queue, entry) for entry in queue.ready if entry.stored)
            for queue, entry in vhost.held_entries():
                if entry.stored and not queue.deleted:
                    yield queue, entry

    # -- recovery ---------------------------------------------------------------------------

    def _recover(self) -> None:
        found = _Recovered()
        kind = b""
        for number, record in enumerate(self._journal.records(), 1):
            kind = record[:1]
            try:
                self._replay(kind, record[1:], found)
            except (Malformed, LookupError, TypeError, struct.error) as error:
                raise JournalDamaged(
                    f"record {number} of the journal is whole but makes no sense; was it written "
                    "by another version? Move the journal away to start empty"
                ) from error
        clean = kind == b"C"
        if clean:
            self._journal.append(b"O")
        exact = clean and not self._broker.dialect.recovered_count_as_redelivered
        for number, queue in found.queues.items():
            if queue.vhost.queues.get(queue.name) is not queue:
                continue
            self._queue_numbers[queue] = number
            restored = list(found.entries.get(number, {}).values())
            for entry in restored:
                entry.stored = True
                entry.redelivered = not exact or (number, entry.position) in found.delivered
            queue.restore(restored)
        self._broker.set_store(self)
        for vhost in self._broker.vhosts.values():
            for queue in list(vhost.queues.values()):
                queue.drop_expired()
        self._rewritten_size = self._journal.size

    def _replay(self, kind: bytes, body: bytes, found: _Recovered) -> None:
        if kind == b"M":
            number, entry = _read_message(body)
            found.entries.setdefault(number, {})[entry.position] = entry
        elif kind == b"m":
            number, position = _REMOVED.unpack(body)
            found.entries.get(number, {}).pop(position, None)
            found.delivered.discard((number, position))
        elif kind == b"D":
            found.delivered.add(_REMOVED.unpack(body))
        elif kind == b"Q":
            number, queue = self._read_queue(decode_table(body, _RECORD_DEPTH))
            # A deleted queue's messages are still in the journal: its number stays taken.
            self._next_queue_number = max(self._next_queue_number, number + 1)
            if queue is not None:
                found.queues[number] = queue
        elif kind not in (b"C", b"O"):
            self._read_entity(kind, decode_table(body, _RECORD_DEPTH))

    def _vhost(self, table: Table) -> VirtualHost | None:
        """The virtual host of a record, or None if this broker was started without it."""
        return self._broker.vhosts.get(table["vhost"].value)

    def _read_queue(self, table: Table) -> tuple[int, Queue | None]:
        vhost = self._vhost(table)
        number: int = table["number"].value
        if vhost is None:
            return number, None
        queue = Queue(
            vhost,
            table["name"].value,
            durable=True,
            auto_delete=table["auto_delete"].value,
            owner=None,
            arguments=table["arguments"].value,
        )
        return number, vhost.add_queue(queue)

    def _read_entity(self, kind: bytes, table: Table) -> None:
        if kind == b"V":
            self._created_vhosts[table["vhost"].value] = None
            self._broker.create_vhost(table["vhost"].value)
        vhost = self._vhost(table)
        if vhost is None:
            return
        if kind == b"X":
            flags = ("durable", "auto_delete", "internal")
            exchange = Exchange(
                vhost,
                table["name"].value,
                table["type"].value,
                arguments=table["arguments"].value,
                **{name: table[name].value for name in flags},
            )
            if exchange.survives_restart:
                vhost.add_exchange(exchange)
        elif kind == b"q":
            vhost.forget_queue(vhost.queues[table["name"].value], recovering=True)
        elif kind == b"x" and table["name"].value in vhost.exchanges:
            vhost.forget_exchange(vhost.exchanges[table["name"].value], recovering=True)
        elif kind in (b"B", b"b"):
            self._read_binding(vhost, kind, table)

    def _read_binding(self, vhost: VirtualHost, kind: bytes, table: Table) -> None:
        named: dict[str, Any]
        named = vhost.queues if table["kind"].value == "queue" else vhost.exchanges
        source = vhost.exchanges.get(table["source"].value)
        destination = named.get(table["destination"].value)
        if source is None or destination is None:
            return  # one of them was stored by a version that keeps transient exchanges
        binding = Binding(destination, table["key"].value, table["arguments"].value)
        if kind == b"B":
            source.bind(binding)
        else:
            source.unbind(binding)


def _exchange_record(exchange: Exchange) -> bytes:
    return b"X" + encode_table(
        {
            "vhost": longstr(exchange.vhost.name),
            "name": longstr(exchange.name),
            "type": longstr(exchange.type_name),
            "durable": Field("bool", exchange.durable),
            "auto_delete": Field("bool", exchange.auto_delete),
            "internal": Field("bool", exchange.internal),
            "arguments": Field("table", exchange.arguments),
        }
    )


def _binding_record(kind: bytes, source: Exchange, binding: Binding) -> bytes:
    is_queue = isinstance(binding.destination, Queue)
    return kind + encode_table(
        {
            "vhost": longstr(source.vhost.name),
            "source": longstr(source.name),
            "kind": longstr("queue" if is_queue else "exchange"),
            "destination": longstr(binding.destination.name),
            "key": longstr(binding.key),
            "arguments": Field("table", binding.arguments),
        }
    )


def _read_message(body: bytes) -> tuple[int, Entry]:
    number, position, expires_at_ms, dead_lettered, size = _MESSAGE.unpack_from(body)
    start = _MESSAGE.size + size
    keys = decode_table(body[_MESSAGE.size : start])
    end = start + 4 + int.from_bytes(body[start : start + 4], "big")
    content = Content(decode_properties(body[start + 4 : end]))
    message = Message(
        keys["exchange"].value,
        tuple(key.value for key in keys["keys"].value),
        content,
        body[end:],
        deaths=deaths_in(content.properties.headers) if dead_lettered else None,
    )
    return number, Entry(message, position, None if expires_at_ms < 0 else expires_at_ms)
