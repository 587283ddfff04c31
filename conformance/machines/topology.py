"""Exchanges, queues and bindings: declaring, binding, deleting, and where messages go.

Two connections with a channel each. Consumers acknowledge nothing and are at most one a queue and
one a channel, so that it is never left to chance who gets a message, or which comes first.
Messages go to exchanges of the history only, because others may use the predeclared ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from conformance.drivers.amqp.client import Message
from conformance.machines.machine import DifferentialMachine
from conformance.machines.operation import Operation
from conformance.machines.subject import OBSERVER, Data, Known, Subject, properties_of

QUEUES = ("q1", "q2", "q3")
EXCHANGES = ("x1", "x2", "x3")
CHANNELS = ("A1", "B1")
TAGS = ("t1", "t2")
Arguments = Mapping[str, Any]


class TopologySubject(Subject):
    """Carries out the operations of `TopologyMachine`."""

    symbols = frozenset((*QUEUES, *EXCHANGES))
    relays = False
    removers = frozenset(
        {"delete_exchange", "delete_queue", "unbind", "cancel"}
        | {"close_channel", "close_connection", "cut_connection"}
    )

    def _forget(self) -> None:
        super()._forget()
        self._published = 0
        self._last_declared: dict[str, str] = {}

    def lost(self, symbols: set[str]) -> None:
        for symbol in symbols:
            self._last_declared.pop(symbol, None)
        super().lost(symbols)

    def allows(self, operation: Operation) -> bool:
        on = operation.arguments.get("on", "")
        if operation.name == "consume":
            started = [consumer for known in self.queues.values() for consumer in known.consumers]
            known = self.queues.get(self._named(on, operation.arguments["queue"]))
            return (known is None or not known.consumers) and on not in {c for c, _ in started}
        if operation.name == "cancel":
            return bool(self._consumed_by(on))
        return True

    def _named(self, on: str, queue: str) -> str:
        """The symbol of a queue; "" is the one that the channel declared last."""
        return queue or self._last_declared.get(on, "")

    def _consumed_by(self, on: str) -> list[tuple[str, str]]:
        """(queue, tag) of the consumers of a channel."""
        return [
            (name, tag)
            for name, known in self.queues.items()
            for channel, tag in sorted(known.consumers)
            if channel == on
        ]

    # -- exchanges and bindings -------------------------------------------------------------

    def do_declare_exchange(
        self, on: str, exchange: str, type_: str, arguments: Arguments, **flags: bool
    ) -> Data:
        self.channel(on).declare_exchange(
            self.real(exchange), type_, arguments=self.real(arguments), **flags
        )
        if exchange in self.symbols:
            self.exchanges.add(exchange)
            self.created.add(exchange)

    def do_delete_exchange(self, on: str, exchange: str, if_unused: bool) -> Data:
        self.channel(on).delete_exchange(self.real(exchange), if_unused=if_unused)
        self.exchanges.discard(exchange)

    def do_bind(
        self, on: str, destination: str, source: str, key: str, arguments: Arguments
    ) -> Data:
        channel = self.channel(on)
        bind = channel.bind_exchange if destination[:1] == "x" else channel.bind
        bind(self.real(destination), self.real(source), key, self.real(arguments))

    def do_unbind(
        self, on: str, destination: str, source: str, key: str, arguments: Arguments
    ) -> Data:
        channel = self.channel(on)
        unbind = channel.unbind_exchange if destination[:1] == "x" else channel.unbind
        unbind(self.real(destination), self.real(source), key, self.real(arguments))

    # -- queues -----------------------------------------------------------------------------

    def do_declare_queue(self, on: str, queue: str, arguments: Arguments, **flags: bool) -> Data:
        answer = self.channel(on).declare_queue(
            self.real(queue), arguments=self.real(arguments), **flags
        )
        name = queue or self.name_generated(answer.queue)
        self._last_declared[on] = name
        if not flags["passive"]:
            owner = on[0] if flags["exclusive"] else OBSERVER
            self.queues.setdefault(name, Known(owner, flags["auto_delete"]))
            self.created.add(name)
        return [answer.queue, answer.message_count, answer.consumer_count]

    def do_delete_queue(self, on: str, queue: str, if_unused: bool, if_empty: bool) -> Data:
        count = self.channel(on).delete_queue(
            self.real(queue), if_unused=if_unused, if_empty=if_empty
        )
        self.queues.pop(self._named(on, queue), None)
        return count

    def do_purge(self, on: str, queue: str) -> Data:
        return self.channel(on).purge(self.real(queue))

    # -- messages ---------------------------------------------------------------------------

    def do_publish(
        self, on: str, exchange: str, key: str, headers: Arguments, mandatory: bool
    ) -> Data:
        self._published += 1
        channel = self.channel(on)
        channel.publish(
            self.real(exchange),
            self.real(key),
            f"m{self._published}",
            properties_of(headers=self.real(headers)),
            mandatory=mandatory,
        )
        channel.barrier()

    def do_probe(self, on: str, exchange: str) -> Data:
        """Publish a message with each key."""
        channel = self.channel(on)
        for key in KEYS:
            channel.publish(
                self.real(exchange), key, f"{exchange} {key}", properties_of(headers={"h": 1})
            )
        channel.barrier()

    def do_get(self, on: str, queue: str) -> Data:
        message = self.channel(on).get(self.real(queue), ack=False)
        return "empty" if message is None else self.message(message)

    def do_contents(self, queue: str) -> Data:
        """Everything that is ready, taken through whatever connection may see it."""
        known = self.queues.get(queue)
        if known is None:
            return "no such queue"
        return [self.message(m) for m in self._looker(known.owner, queue).drain(self.real(queue))]

    def do_consume(self, on: str, queue: str, tag: str, exclusive: bool) -> Data:
        self.channel(on).consume(self.real(queue), tag=tag, ack=False, exclusive=exclusive)
        name = self._named(on, queue)
        if name in self.queues:
            self.queues[name].consumers.add((on, tag))

    def do_cancel(self, on: str, which: int) -> Data:
        consumed = self._consumed_by(on)
        queue, tag = consumed[which % len(consumed)]
        channel = self.channel(on)
        channel.cancel(channel.consumers[tag])
        del channel.consumers[tag]
        known = self.queues[queue]
        known.consumers.discard((on, tag))
        if known.auto_delete and not known.consumers:
            self.await_forgotten(queue)

    # -- ends -------------------------------------------------------------------------------

    def do_close_channel(self, on: str) -> Data:
        self.channel(on).close()
        self.lost({on})

    def do_close_connection(self, on: str) -> Data:
        self.connection(on[0]).close()
        self.lost(self.channels_of(on[0]))

    def do_cut_connection(self, on: str) -> Data:
        self.cut(on[0])

    def delivered(self, symbol: str, message: Message) -> None:
        """Nothing has to be settled."""


B = st.booleans()
ON = st.sampled_from(CHANNELS)
X = st.sampled_from(EXCHANGES)
Q = st.sampled_from(QUEUES)
KEYS = ("a", "b", "a.b")
BINDING_KEYS = (*KEYS, "#", "*.b", "")
TYPES = ("direct", "fanout", "topic", "headers")


def _seldom(usual: st.SearchStrategy[Any], unusual: st.SearchStrategy[Any]) -> Any:
    """Mostly the one, sometimes the other."""
    return st.one_of(usual, usual, usual, unusual)


NOTHING: Any = st.just({})
EXCHANGE_ARGUMENTS = _seldom(
    NOTHING,
    st.sampled_from(
        [
            {"alternate-exchange": "x1"},
            {"alternate-exchange": "x2"},
            {"alternate-exchange": "x3"},
            {"alternate-exchange": ""},
            {"alternate-exchange": 5},
            {"x-unknown": True},
        ]
    ),
)
QUEUE_ARGUMENTS = _seldom(
    NOTHING,
    st.sampled_from(
        [
            {"x-max-length": 1},
            {"x-max-length": 2},
            {"x-max-length": -1},
            {"x-max-length": "many"},
            {"x-max-length-bytes": 3},
            {"x-max-length": 1, "x-overflow": "reject-publish"},
            {"x-overflow": "burn"},
            {"x-message-ttl": -1},
            {"x-message-ttl": True},
            {"x-expires": 0},
            {"x-expires": 3_600_000},
            {"x-dead-letter-routing-key": "q1"},
            {"x-dead-letter-exchange": "x1"},
            {"x-dead-letter-exchange": 1},
            {"x-max-priority": 2},
            {"x-max-priority": 256},
            {"x-queue-type": "classic"},
            {"x-queue-type": "heap"},
            {"x-queue-mode": "lazy"},
            {"x-queue-version": 1},
            {"x-queue-version": 2},
            {"x-single-active-consumer": True},
            {"x-single-active-consumer": "yes"},
            {"x-unknown": 1},
        ]
    ),
)
BINDING_ARGUMENTS = _seldom(
    NOTHING,
    st.sampled_from(
        [
            {"h": 1},
            {"x-match": "any", "h": 1, "i": "z"},
            {"x-match": "all", "h": 1, "i": "z"},
            {"x-match": "some", "h": 1},
            {"x-match": 1},
            {"x-match": "any-with-x", "x-h": 1},
        ]
    ),
)
HEADERS = _seldom(
    NOTHING,
    st.sampled_from(
        [
            {"h": 1},
            {"h": 2, "i": "z"},
            {"h": 1, "i": "z"},
            {"x-h": 1},
            {"CC": ["a", "b"]},
            {"BCC": ["b"], "h": 1},
        ]
    ),
)
EXCHANGE_FLAGS = st.fixed_dictionaries(
    {"durable": B, "auto_delete": B, "internal": _seldom(st.just(False), B)}
)
QUEUE_FLAGS = st.sampled_from(
    [
        {"durable": True, "exclusive": False, "auto_delete": False},
        {"durable": False, "exclusive": True, "auto_delete": False},
        {"durable": True, "exclusive": False, "auto_delete": True},
        {"durable": True, "exclusive": True, "auto_delete": False},
        {"durable": False, "exclusive": True, "auto_delete": True},
    ]
)
"""A queue is durable or exclusive: RabbitMQ 4.3 may refuse others."""


class TopologyMachine(DifferentialMachine):
    """Draws histories of `TopologySubject`."""

    @initialize(
        exchanges=st.tuples(*[st.tuples(st.sampled_from(TYPES), EXCHANGE_FLAGS) for _ in "123"]),
        queues=st.tuples(*[QUEUE_FLAGS for _ in "123"]),
        bindings=st.lists(st.tuples(X | Q, X, st.sampled_from(BINDING_KEYS)), max_size=3),
    )
    def build(self, exchanges: Any, queues: Any, bindings: Any) -> None:
        """Begin with something that operations can be about."""
        for name, (type_, flags) in zip(EXCHANGES, exchanges, strict=True):
            self.step(
                "declare_exchange",
                on="A1",
                exchange=name,
                type_=type_,
                passive=False,
                arguments={},
                **flags,
            )
        for name, flags in zip(QUEUES, queues, strict=True):
            self.step("declare_queue", on="A1", queue=name, passive=False, arguments={}, **flags)
        for destination, source, key in bindings:
            self.step(
                "bind", on="A1", destination=destination, source=source, key=key, arguments={}
            )

    @rule(
        on=ON,
        exchange=_seldom(X, st.sampled_from(["amq.new", "amq.direct", ""])),
        type_=_seldom(st.sampled_from(TYPES), st.just("x-nonsense")),
        passive=_seldom(st.just(False), B),
        flags=EXCHANGE_FLAGS,
        arguments=EXCHANGE_ARGUMENTS,
    )
    def declare_exchange(self, flags: Any, **arguments: Any) -> None:
        self.step("declare_exchange", **arguments, **flags)

    @rule(on=ON, exchange=_seldom(X, st.sampled_from(["amq.direct", ""])), if_unused=B)
    def delete_exchange(self, **arguments: Any) -> None:
        self.step("delete_exchange", **arguments)

    @rule(
        on=ON,
        queue=_seldom(Q, st.just("")),
        passive=_seldom(st.just(False), B),
        flags=QUEUE_FLAGS,
        arguments=QUEUE_ARGUMENTS,
    )
    def declare_queue(self, flags: Any, **arguments: Any) -> None:
        if arguments["queue"] or not arguments["passive"]:
            self.step("declare_queue", **arguments, **flags)

    @rule(on=ON, queue=Q, if_unused=B, if_empty=B)
    def delete_queue(self, **arguments: Any) -> None:
        self.step("delete_queue", **arguments)

    @rule(
        on=ON,
        destination=X | Q | Q | st.just(""),
        source=_seldom(X, st.sampled_from(["", "x9"])),
        key=st.sampled_from(BINDING_KEYS),
        arguments=BINDING_ARGUMENTS,
    )
    def bind(self, **arguments: Any) -> None:
        self.step("bind", **arguments)

    @rule(on=ON, destination=Q, source=X, key=st.sampled_from(KEYS), arguments=NOTHING)
    def bind_queue(self, **arguments: Any) -> None:
        self.step("bind", **arguments)

    @rule(
        on=ON,
        destination=X | Q | st.just(""),
        source=_seldom(X, st.just("")),
        key=st.sampled_from(BINDING_KEYS),
        arguments=BINDING_ARGUMENTS,
    )
    def unbind(self, **arguments: Any) -> None:
        self.step("unbind", **arguments)

    @rule(on=ON, queue=_seldom(Q, st.just("")))
    def purge(self, **arguments: Any) -> None:
        self.step("purge", **arguments)

    @rule(on=ON, exchange=X, key=st.sampled_from(KEYS), headers=HEADERS, mandatory=B)
    def publish(self, **arguments: Any) -> None:
        self.step("publish", **arguments)

    @rule(on=ON, exchange=st.just(""), key=Q, headers=NOTHING, mandatory=B)
    def publish_to_queue(self, **arguments: Any) -> None:
        self.step("publish", **arguments)

    @rule(on=ON, queue=_seldom(Q, st.just("")))
    def get(self, **arguments: Any) -> None:
        self.step("get", **arguments)

    @rule(on=ON, queue=_seldom(Q, st.just("")), tag=st.sampled_from(TAGS), exclusive=B)
    def consume(self, **arguments: Any) -> None:
        self.step("consume", **arguments)

    @rule(on=ON, which=st.integers(0, 1))
    def cancel(self, **arguments: Any) -> None:
        self.step("cancel", **arguments)

    @rule(
        on=ON,
        how=st.sampled_from(
            ["close_channel", "close_channel", "close_connection", "cut_connection"]
        ),
    )
    def end(self, on: str, how: str) -> None:
        self.step(how, on=on)

    def sweep(self) -> None:
        """Where every exchange routes at the end, and what all queues hold."""
        for exchange in EXCHANGES:
            self.step("probe", on="A1", exchange=exchange)
        for queue in QUEUES:
            self.step("contents", queue=queue)
