"""A RabbitMQ in a comparison. Channels are "A1", "A2", "B1", ...: the letter is the connection.

How it comes that observations do not depend on luck: an operation without an answer is followed by
a barrier on its channel, and `observe` asks every queue before it asks the channels that consume.
What a queue sent to a channel, or to another queue, before it answered has arrived when that one
answers. What takes more steps than that (a dead letter of a dead letter) is what the patience of
the pair is for.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

import pika

from conformance import expect
from conformance.drivers.amqp.client import Channel, Client, Connection, Message
from conformance.drivers.amqp.decoding import new_decoder
from conformance.drivers.amqp.probe import identify
from conformance.drivers.transcript import Line, Transcript
from conformance.errors import (
    BrokenPromise,
    ChannelClosed,
    ConnectionClosed,
    TargetError,
)
from conformance.machines.operation import Operation
from conformance.machines.subject import Data, Subject
from conformance.targets.model import Identity, Target

OBSERVER = "observer"
"""The connection on which the kit looks and deletes; no operation of a history uses it."""

WITNESS = "witness"
"""A queue that every channel consumes from, so that its count of consumers tells which channels
the broker has given up."""

LEAST_ERROR = 200
"""Reply codes begin there; no queue of a history holds as many messages."""

GONE_WITHIN_S = 5.0
"""How long a broker may take to notice the end of a connection; the slowest seen took 0.3 s."""


@dataclass
class Known:
    """What a subject knows of a queue that it has declared."""

    owner: str = OBSERVER
    """The connection that can look at it: of an exclusive queue its own."""
    auto_delete: bool = False
    consumers: set[tuple[str, str]] = field(default_factory=set)
    """(channel, consumer tag) of the consumers that were started and not yet stopped."""


@dataclass
class Seen:
    """How much of what arrived on a channel belongs to earlier steps."""

    last_tag: int = 0
    returns: int = 0
    cancelled: set[str] = field(default_factory=set)


class AmqpSubject(Subject):
    """Has connections, channels and queues; subclasses have the operations."""

    protocol = "amqp"
    symbols: ClassVar[frozenset[str]]
    """Names that are replaced by real ones."""
    relays: ClassVar[bool]
    """Whether queues send messages to queues, so that each must be asked once more."""
    removers: ClassVar[frozenset[str]]
    """Operations after which an exchange may be gone."""

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.transcript = Transcript(new_decoder)
        self.client = Client(target.amqp, self.transcript)
        self.connections: dict[str, Connection] = {}
        self.identity: Identity = identify(self.connection(OBSERVER))
        self.prefix = ""
        self._forget()
        self._witness = f"tck-witness-{secrets.token_hex(4)}"
        self._looker(OBSERVER, WITNESS).declare_queue(self._witness, durable=True)

    def _forget(self) -> None:
        self.channels: dict[str, Channel] = {}
        self.queues: dict[str, Known] = {}
        self.ready: dict[str, int] = {}
        """How many messages each queue had when it was asked last."""
        self.exchanges: set[str] = set()
        self.created: set[str] = set()
        self._lookers: dict[tuple[str, str], Channel] = {}
        self._generated: dict[str, str] = {}
        self._seen: dict[str, Seen] = {}
        self._overdue: list[str] = []
        """What the broker should have done by itself and did not."""

    # -- life of a history ------------------------------------------------------------------

    def begin(self, prefix: str) -> None:
        self._forget()
        self.prefix = prefix
        self.transcript.clear()

    def end(self) -> None:
        """Delete what the history created and close its channels."""
        if self.client.unanswered:
            for letter in list(self.connections):
                self._drop(letter)
            self.client.unanswered = False
        for connection in self.connections.values():
            for channel in connection.channels:
                self._attempt(channel.close)
            connection.channels.clear()
        self._lookers.clear()
        exclusive = {name for name, known in self.queues.items() if known.owner != OBSERVER}
        for owner in {self.queues[name].owner for name in exclusive}:
            self._attempt(partial(self._delete, owner, exclusive))
        self._attempt(partial(self._delete, OBSERVER, self.created - exclusive))

    def _delete(self, letter: str, names: set[str]) -> None:
        mine = {n for n in names if n not in self.queues or self.queues[n].owner == letter}
        channel = self.connection(letter).channel()
        for name in sorted(mine):
            delete = channel.impl.exchange_delete if name[0] == "x" else channel.impl.queue_delete
            delete(self.real(name))
        channel.barrier()
        channel.close()

    def close(self) -> None:
        self._attempt(lambda: self._looker(OBSERVER, WITNESS).delete_queue(self._witness))
        self.client.close()

    # -- connections and channels -----------------------------------------------------------

    def connection(self, letter: str) -> Connection:
        """The open connection of this letter; opened if it is not."""
        known = self.connections.get(letter)
        if known is None or known.closed is not None:
            try:
                known = self.connections[letter] = self.client.connect()
            except BrokenPromise as error:
                raise TargetError(f"target {self.target.name} lets nobody in: {error}") from error
        return known

    def channel(self, symbol: str) -> Channel:
        """The open channel of this symbol; opened if it is not."""
        known = self.channels.get(symbol)
        if known is None or known.closed is not None or known.connection.closed is not None:
            known = self.channels[symbol] = self.connection(symbol[0]).channel()
            known.consume(self._witness, tag=WITNESS, ack=False)
        return known

    def lost(self, symbols: set[str]) -> None:
        """These channels are gone, however that came; what the broker does about it is awaited."""
        for symbol in symbols:
            self.channels.pop(symbol, None)
            self._seen.pop(symbol, None)
        alive = len(self.channels)
        self._await(lambda: self._has_noticed(alive), f"{alive} open channels")
        for name, known in list(self.queues.items()):
            stopped = {consumer for consumer in known.consumers if consumer[0] in symbols}
            known.consumers -= stopped
            orphaned = known.owner != OBSERVER and not self._is_open(known.owner)
            if orphaned or (stopped and known.auto_delete and not known.consumers):
                self.await_forgotten(name)

    def _is_open(self, letter: str) -> bool:
        return letter in self.connections and self.connections[letter].closed is None

    def _has_noticed(self, alive: int) -> bool:
        """Whether the broker knows which channels are gone: each consumed from the witness."""
        looker = self._looker(OBSERVER, WITNESS)
        return bool(looker.declare_queue(self._witness, passive=True).consumer_count == alive)

    def _await(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for what the broker does by itself; what it fails to do is observed."""
        try:
            expect.eventually(condition, what, GONE_WITHIN_S)
        except BrokenPromise as error:
            self._overdue.append(str(error))

    def _drop(self, letter: str) -> None:
        connection = self.connections.get(letter)
        if connection is not None:
            connection.drop()
            self.client.connections.remove(connection)
            del self.connections[letter]

    def cut(self, letter: str) -> None:
        """End a connection without a word, and wait until the broker has noticed."""
        self._drop(letter)
        self.lost(self.channels_of(letter))

    def channels_of(self, letter: str) -> set[str]:
        """The symbols of the open channels of a connection."""
        return {symbol for symbol in self.channels if symbol[0] == letter}

    @staticmethod
    def _attempt(action: Callable[[], object]) -> None:
        """Cleaning up: what goes wrong shows elsewhere."""
        try:
            action()
        except BrokenPromise:
            pass

    # -- names ------------------------------------------------------------------------------

    def real(self, value: Any) -> Any:
        """A value with real names for the symbols in it."""
        if isinstance(value, str):
            if value in self._generated:
                return self._generated[value]
            return self.prefix + value if value in self.symbols else value
        if isinstance(value, Mapping):
            return {key: self.real(item) for key, item in value.items()}
        return [self.real(item) for item in value] if isinstance(value, list) else value

    def symbolic(self, value: Any) -> Data:
        """Times only count as such."""
        if isinstance(value, bytes):
            return self.symbolic(value.decode(errors="backslashreplace"))
        if isinstance(value, str):
            for symbol, name in self._generated.items():
                value = value.replace(name, symbol)
            value = _GENERATED.sub("amq.gen-*", value)
            value = _LINE_BREAKS.sub("", value)
            vhost = f"vhost '{self.client.endpoint.virtual_host}'"
            return value.replace(self.prefix, "").replace(vhost, "vhost '/'")
        if isinstance(value, Mapping):
            return {self.symbolic(key): self.symbolic(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.symbolic(item) for item in value]
        if isinstance(value, datetime):
            return "a time"
        return str(value) if isinstance(value, Decimal) else value

    def name_generated(self, name: str) -> str:
        """Give a name that the broker made up a symbol, and return it."""
        symbol = f"g{len(self._generated) + 1}"
        self._generated[symbol] = name
        return symbol

    def message(self, message: Message) -> Data:
        """A message as plain data. Properties that are absent are left out."""
        properties = vars(message.properties).items()
        data = {
            "body": message.text,
            "exchange": message.exchange,
            "routing_key": message.routing_key,
            "properties": {name: value for name, value in properties if value is not None},
        }
        for name in ("redelivered", "tag", "consumer_tag", "ready_after", "reply_code"):
            if getattr(message, name):
                data[name] = getattr(message, name)
        return self.symbolic(data)

    # -- operations -------------------------------------------------------------------------

    def options(self, name: str) -> list[dict[str, Any]]:
        if name in ("get", "purge"):
            return [{"queue": queue} for queue, count in self.ready.items() if count]
        return []

    def failed(self, operation: Operation, error: BrokenPromise) -> Data:
        symbol = operation.arguments.get("on", "")
        if isinstance(error, ChannelClosed):
            self.lost({symbol})
            return ["channel error", error.code, self.symbolic(error.text)]
        if isinstance(error, ConnectionClosed):
            self.lost(self.channels_of(symbol[0]))
            return ["connection error", error.code, self.symbolic(error.text)]
        self._drop(symbol[0])
        self.lost(self.channels_of(symbol[0]))
        return ["broken", self.symbolic(str(error))]

    # -- observing --------------------------------------------------------------------------

    def observe(self, operation: Operation) -> dict[str, Data]:
        """First every queue is asked, then every channel that might be given something."""
        counts = self._ask([*self.queues])
        listening = [s for s, channel in self.channels.items() if len(channel.consumers) > 1]
        again = [*self.queues] if self.relays else []
        exchanges = sorted(self.exchanges) if operation.name in self.removers else []
        counts |= self._ask(again, exchanges, listening)
        said = {name: counts.get(f"queue {name}", [0]) for name in self.queues}
        self.ready = {name: one[0] for name, one in said.items() if one[0] < LEAST_ERROR}
        overdue = {"overdue": self._overdue} if self._overdue else {}
        return {**counts, **self._arrived(), **overdue}

    def _ask(
        self, queues: Sequence[str], exchanges: Sequence[str] = (), channels: Sequence[str] = ()
    ) -> dict[str, Data]:
        """Ask all of them at once; return what queues and exchanges say."""
        asked: list[tuple[str, Channel, list[Any]]] = []
        answers: list[Any]
        for name in queues:
            looker = self._looker(self.queues[name].owner, name)
            asked.append((f"queue {name}", looker, answers := []))
            looker.impl.queue_declare(self.real(name), passive=True, callback=answers.append)
        for name in exchanges:
            looker = self._looker(OBSERVER, name)
            asked.append((f"exchange {name}", looker, answers := []))
            looker.impl.exchange_declare(self.real(name), passive=True, callback=answers.append)
        for name in channels:
            if not _is_over(channel := self.channels[name]):
                asked.append(("", channel, answers := []))
                channel.impl.exchange_declare("amq.direct", passive=True, callback=answers.append)
        self.client.wait_for(
            lambda: all(answers or _is_over(channel) for _, channel, answers in asked),
            "answers to passive declares",
        )
        return {name: self._said(channel, answers) for name, channel, answers in asked if name}

    def _said(self, channel: Channel, answers: list[Any]) -> Data:
        if answers:
            method = answers[0].method
            ready = getattr(method, "message_count", None)
            return "exists" if ready is None else [ready, method.consumer_count]
        error = channel.closed or channel.connection.closed
        assert error is not None
        return [error.code, self.symbolic(error.text)]

    def _looker(self, letter: str, name: str) -> Channel:
        """A channel that only asks after this name: a refusal closes no other."""
        known = self._lookers.get((letter, name))
        if known is None or _is_over(known):
            known = self._lookers[letter, name] = self.connection(letter).channel()
        return known

    def _arrived(self) -> dict[str, Data]:
        """Deliveries in the order of their tags, returns in order, cancellations as a set."""
        arrived: dict[str, Data] = {}
        for symbol, channel in self.channels.items():
            seen = self._seen.setdefault(symbol, Seen())
            what = {
                "deliveries": [self.message(m) for m in _received(channel, seen.last_tag)],
                "returns": [self.message(m) for m in channel.returned[seen.returns :]],
                "cancelled": sorted(_cancelled(channel) - seen.cancelled),
                "closed": channel.closed and [channel.closed.code, channel.closed.text],
            }
            arrived |= {
                f"{kind} on {symbol}": self.symbolic(data) for kind, data in what.items() if data
            }
        return arrived

    def settled(self) -> None:
        self._overdue = []
        for symbol, channel in list(self.channels.items()):
            seen = self._seen.setdefault(symbol, Seen())
            for message in _received(channel, seen.last_tag):
                self.delivered(symbol, message)
                seen.last_tag = message.tag
            seen.returns = len(channel.returned)
            seen.cancelled = _cancelled(channel)
            for known in self.queues.values():
                known.consumers -= {(symbol, tag) for tag in seen.cancelled}
        over = {symbol for symbol, channel in self.channels.items() if _is_over(channel)}
        if over:
            self.lost(over)
        for letter, name in [where for where, looker in self._lookers.items() if _is_over(looker)]:
            del self._lookers[letter, name]
            if name not in self.queues:
                self.exchanges.discard(name)
            elif self.queues[name].owner == letter:  # asked in vain: it is gone
                del self.queues[name]

    def lines(self) -> list[Line]:
        observer = self.connection(OBSERVER).number
        return [line for line in self.transcript.lines() if line.connection != observer]

    def delivered(self, symbol: str, message: Message) -> None:
        """A message arrived on a channel, and both sides agree on it."""

    def await_forgotten(self, name: str) -> None:
        """Wait until nothing is left of a queue that goes by itself.

        That is more than not to be found: RabbitMQ 4.3 keeps its bindings for a moment longer.
        """

        def is_forgotten() -> bool:
            looker = self._looker(OBSERVER, "forgotten")
            try:
                looker.declare_queue(
                    self.real(name), exclusive=True, arguments={"x-max-length": 77}
                )
            except ChannelClosed as error:
                return error.code not in (405, 406)
            looker.delete_queue(self.real(name))
            return True

        self._await(is_forgotten, f"the end of queue {name}")
        self.queues.pop(name, None)


def properties_of(**properties: Any) -> pika.BasicProperties:
    """Properties of a message; those that are empty are left out."""
    return pika.BasicProperties(**{name: v for name, v in properties.items() if v})


def _received(channel: Channel, after_tag: int) -> list[Message]:
    """What the consumers of a channel have received beyond a delivery tag, in order."""
    every = [m for consumer in channel.consumers.values() for m in consumer.received]
    return sorted((m for m in every if m.tag > after_tag), key=lambda message: message.tag)


def _cancelled(channel: Channel) -> set[str]:
    """The tags of consumers that the broker has cancelled."""
    return {c.tag for c in channel.consumers.values() if c.cancelled_by_broker}


_LINE_BREAKS = re.compile(r"\n +")
"""RabbitMQ breaks lines of Erlang terms in texts of errors, depending on the length of names."""

_GENERATED = re.compile(r"amq\.gen-[\w-]{22}")
"""A name that a broker made up for a queue that it then refused."""


def _is_over(channel: Channel) -> bool:
    return channel.closed is not None or channel.connection.closed is not None
