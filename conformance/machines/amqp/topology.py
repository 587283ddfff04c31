"""Exchanges, queues and bindings: declaring, binding, deleting, and where messages go.

Two connections with a channel each. Consumers acknowledge nothing and are at most one a queue and
one a channel, so that it is never left to chance who gets a message, or which comes first.
Messages go to exchanges of the history only, because others may use the predeclared ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from conformance.drivers.amqp.client import Message
from conformance.machines.amqp.subject import OBSERVER, AmqpSubject, Known, properties_of
from conformance.machines.machine import DifferentialMachine, Drawn, drawn, mostly, weighted
from conformance.machines.operation import Operation
from conformance.machines.subject import Data

QUEUES = ("q1", "q2", "q3")
EXCHANGES = ("x1", "x2", "x3")
CHANNELS = ("A1", "B1")
TAGS = ("t1", "t2")
Arguments = Mapping[str, Any]


class TopologySubject(AmqpSubject):
    """Carries out the operations of `TopologyMachine`."""

    symbols = frozenset((*QUEUES, *EXCHANGES))
    relays = False
    quiet = frozenset({"declare_exchange", "bind", "contents", "probe"})
    removers = frozenset(
        {"delete_exchange", "delete_queue", "unbind", "cancel"}
        | {"close_channel", "close_connection", "cut_connection"}
    )

    def _forget(self) -> None:
        super()._forget()
        self._published = 0
        self._last_declared: dict[str, str] = {}
        self._bound: list[dict[str, Any]] = []
        """The arguments of every binding so far; it may be gone by now."""

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
        if operation.name == "declare_queue":  # pika insists on a name
            return operation.arguments["queue"] or not operation.arguments["passive"]
        if operation.name == "cancel":
            return operation.arguments in self.options("cancel")
        return True

    def options(self, name: str) -> list[dict[str, Any]]:
        if name == "cancel":
            return [
                {"on": on, "tag": tag}
                for known in self.queues.values()
                for on, tag in sorted(known.consumers)
            ]
        return self._bound if name == "unbind" else super().options(name)

    def _named(self, on: str, queue: str) -> str:
        """The symbol of a queue; "" is the one that the channel declared last."""
        return queue or self._last_declared.get(on, "")

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
        bound = {"destination": destination, "source": source, "key": key, "arguments": arguments}
        if bound not in self._bound:
            self._bound.append(bound)

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

    def do_cancel(self, on: str, tag: str) -> Data:
        (queue,) = (q for q, known in self.queues.items() if (on, tag) in known.consumers)
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


Table = dict[str, Any]


def some(tables: Sequence[Table]) -> st.SearchStrategy[Table]:
    """Mostly no arguments, sometimes one of these tables."""
    return weighted((2, st.just({})), (1, st.sampled_from(tables)))


def with_flags(pair: tuple[Drawn, Table]) -> Drawn:
    """An operation with further arguments."""
    (name, arguments), flags = pair
    return name, {**arguments, **flags}


EXCHANGE_ARGUMENTS: list[Table] = [
    {},
    {"alternate-exchange": "x1"},
    {"alternate-exchange": "x2"},
    {"alternate-exchange": "x3"},
    {"alternate-exchange": ""},
    {"alternate-exchange": 5},
    {"x-unknown": True},
]
QUEUE_ARGUMENTS: list[Table] = [
    {},
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
BINDING_ARGUMENTS: list[Table] = [
    {},
    {"h": 1},
    {"x-match": "any", "h": 1, "i": "z"},
    {"x-match": "all", "h": 1, "i": "z"},
    {"x-match": "some", "h": 1},
    {"x-match": 1},
    {"x-match": "any-with-x", "x-h": 1},
]
HEADERS: list[Table] = [
    {},
    {"h": 1},
    {"h": 2, "i": "z"},
    {"h": 1, "i": "z"},
    {"x-h": 1},
    {"CC": ["a", "b"]},
    {"BCC": ["b"], "h": 1},
]
EXCHANGE_FLAGS = st.fixed_dictionaries(
    {"durable": B, "auto_delete": B, "internal": mostly(st.just(False), True)}
)
QUEUE_FLAGS_VALUES: list[Table] = [
    {"durable": True, "exclusive": False, "auto_delete": False},
    {"durable": False, "exclusive": True, "auto_delete": False},
    {"durable": True, "exclusive": False, "auto_delete": True},
    {"durable": True, "exclusive": True, "auto_delete": False},
    {"durable": False, "exclusive": True, "auto_delete": True},
]
"""A queue is durable or exclusive: RabbitMQ 4.3 may refuse others."""


QUEUE_FLAGS = weighted(
    (1, st.just(QUEUE_FLAGS_VALUES[0])), (2, st.sampled_from(QUEUE_FLAGS_VALUES))
)
NTH = st.integers(0, 7)
ANY_Q = mostly(Q, "")
SOURCE = mostly(X, "", "x9")
BIND = drawn(
    "bind",
    on=ON,
    destination=weighted((3, ANY_Q), (1, X)),
    source=SOURCE,
    key=st.sampled_from(BINDING_KEYS),
    arguments=some(BINDING_ARGUMENTS),
)
UNBIND = drawn(
    "unbind",
    on=ON,
    destination=weighted((3, ANY_Q), (1, X)),
    source=SOURCE,
    key=st.sampled_from(BINDING_KEYS),
    arguments=some(BINDING_ARGUMENTS),
)
UNBIND_BOUND = drawn("unbind", on=ON, nth=NTH)
PUBLISH = st.one_of(
    drawn(
        "publish",
        on=ON,
        exchange=X,
        key=st.sampled_from(KEYS),
        headers=some(HEADERS),
        mandatory=B,
    ),
    drawn(
        "publish",
        on=ON,
        exchange=X,
        key=st.sampled_from(KEYS),
        headers={},
        mandatory=True,
    ),
    drawn("publish", on=ON, exchange="", key=Q, headers={}, mandatory=B),
)
GET = weighted((3, drawn("get", on=ON, nth=NTH)), (1, drawn("get", on=ON, queue=ANY_Q)))
PURGE = drawn("purge", on=ON, queue=ANY_Q)
CONSUME = drawn("consume", on=ON, queue=ANY_Q, tag=st.sampled_from(TAGS), exclusive=B)
CANCEL = drawn("cancel", nth=NTH)
DECLARE_EXCHANGE = st.tuples(
    drawn(
        "declare_exchange",
        on=ON,
        exchange=mostly(X, "amq.new", "amq.direct", ""),
        type_=mostly(st.sampled_from(TYPES), "x-nonsense"),
        passive=mostly(st.just(False), True),
        arguments=some(EXCHANGE_ARGUMENTS),
    ),
    EXCHANGE_FLAGS,
).map(with_flags)
DECLARE_QUEUE = st.tuples(
    drawn(
        "declare_queue",
        on=ON,
        queue=ANY_Q,
        passive=mostly(st.just(False), True),
        arguments=some(QUEUE_ARGUMENTS),
    ),
    QUEUE_FLAGS,
).map(with_flags)
DELETE_EXCHANGE = drawn("delete_exchange", on=ON, exchange=mostly(X, "amq.direct", ""), if_unused=B)
DELETE_QUEUE = drawn("delete_queue", on=ON, queue=Q, if_unused=B, if_empty=B)
ENDS = weighted(
    (2, drawn("close_channel", on=ON)),
    (1, drawn("close_connection", on=ON)),
    (1, drawn("cut_connection", on=ON)),
)
OPERATIONS = weighted(
    (4, BIND),
    (1, UNBIND),
    (2, UNBIND_BOUND),
    (6, PUBLISH),
    (3, GET),
    (1, PURGE),
    (3, CONSUME),
    (2, CANCEL),
    (2, DECLARE_EXCHANGE),
    (3, DECLARE_QUEUE),
    (1, DELETE_EXCHANGE),
    (1, DELETE_QUEUE),
    (1, ENDS),
)


class TopologyMachine(DifferentialMachine):
    """Draws histories of `TopologySubject`. One rule draws all operations, because of several rules
    Hypothesis leaves out about half in each history."""

    @initialize(
        exchanges=st.tuples(*[st.tuples(st.sampled_from(TYPES), EXCHANGE_FLAGS) for _ in "123"]),
        alternate=st.sampled_from(EXCHANGE_ARGUMENTS),
        queues=st.tuples(*[st.tuples(QUEUE_FLAGS, some(QUEUE_ARGUMENTS)) for _ in "123"]),
        bindings=st.lists(
            st.tuples(X | Q | Q, X, st.sampled_from(BINDING_KEYS)), min_size=2, max_size=5
        ),
    )
    def build(self, exchanges: Any, alternate: Any, queues: Any, bindings: Any) -> None:
        """Begin with something that operations can be about."""
        for name, (type_, flags) in zip(EXCHANGES, exchanges, strict=True):
            declared = {"exchange": name, "type_": type_, "passive": False, **flags}
            declared["arguments"] = alternate if name == "x1" else {}
            self.step("declare_exchange", on="A1", **declared)
        for name, (flags, arguments) in zip(QUEUES, queues, strict=True):
            declared = {"queue": name, "passive": False, "arguments": arguments, **flags}
            self.step("declare_queue", on="A1", **declared)
        for destination, source, key in bindings:
            bound = {"destination": destination, "source": source, "key": key}
            self.step("bind", on="A1", arguments={}, **bound)

    @rule(operation=OPERATIONS)
    def operate(self, operation: Drawn) -> None:
        """Anything, at any time."""
        self.draw(operation)

    def sweep(self) -> None:
        """Where every exchange routes at the end, and what all queues hold."""
        for exchange in EXCHANGES:
            self.step("probe", on="A1", exchange=exchange)
        for queue in QUEUES:
            self.step("contents", queue=queue)
