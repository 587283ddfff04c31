"""Publishing, consuming and settling on four channels of two connections.

Where AMQP leaves things to chance, histories keep away from it, so that what remains must be equal:

- A channel consumes from one queue at a time: in which order the deliveries of two queues get their
  tags is open.
- Only q1 dead-letters to q3 and only q2 to q4, and a message that goes to several queues goes to q1
  and q2: which of two queues is first to send to a third one is open.
- Where q3 dead-letters back to q1, messages are published one at a time: whether a second one
  comes before a dead letter of the first is open.
- A queue that was deleted is not declared again while messages of it are held: RabbitMQ finds it by
  its name and takes what settles them for the new queue, whose process may end by that.
- A connection is not ended while two of its channels take from one queue: which of them ends first
  is open.

Which of several consumers gets a message is open too, by the specification; all versions of
RabbitMQ give consumers of the same priority turns, and that is compared.
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

QUEUES = ("q1", "q2", "q3", "q4")
CHANNELS = ("A1", "A2", "B1", "B2")
TAGS = ("t1", "t2")
MOST_CONSUMERS = 3
"""Consumers of one queue at a time."""

BINDINGS = (
    ("x1", "a", "q1"),
    ("x1", "b", "q2"),
    ("x1", "ab", "q1"),
    ("x1", "ab", "q2"),
    ("x3", "", "q3"),
    ("x4", "", "q4"),
)
"""x1 is a direct exchange; x3 and x4 are fanout exchanges for dead letters."""

UNKNOWN_TAG = 999
ENDS_OF_CONNECTION = ("cut_connection", "close_connection")
MAY_END_CONNECTION = ("commit", "qos", "recover")
"""Some versions refuse some of these by closing the connection."""

Arguments = Mapping[str, Any]


class DeliverySubject(AmqpSubject):
    """Carries out the operations of `DeliveryMachine`."""

    symbols = frozenset((*QUEUES, "x1", "x3", "x4", "x9"))
    relays = True
    quiet = frozenset({"build", "contents", "select_confirms", "tx_select"})
    removers = frozenset()

    def _forget(self) -> None:
        super()._forget()
        self._arguments: dict[str, Arguments] = {}
        self._in_circles = False
        """Whether q3 dead-letters back to q1."""
        self._published = 0
        self._held: dict[str, dict[int, str]] = {}
        """By channel: the queue of each delivery tag that is not settled."""
        self._settled_in_tx: dict[str, dict[int, str]] = {}
        self._in_tx: set[str] = set()
        self._confirmed: dict[str, int] = {}
        """Publishes so far on each channel with confirms."""
        self._consuming: dict[tuple[str, str], tuple[str, bool]] = {}
        """(channel, tag) -> (queue, whether deliveries must be acknowledged)"""

    def lost(self, symbols: set[str]) -> None:
        for symbol in symbols:
            self._held.pop(symbol, None)
            self._settled_in_tx.pop(symbol, None)
            self._confirmed.pop(symbol, None)
            self._in_tx.discard(symbol)
            for consumer in [c for c in self._consuming if c[0] == symbol]:
                del self._consuming[consumer]
        super().lost(symbols)

    # -- what is left to chance -------------------------------------------------------------

    def allows(self, operation: Operation) -> bool:
        on = operation.arguments.get("on", "")
        name = operation.name
        if name != "build" and not self._arguments:
            return False
        if name == "declare_queue" and operation.arguments["queue"] not in self.queues:
            return operation.arguments["queue"] not in self._taken_from()
        if name in ("commit", "rollback") and on not in self._in_tx:
            return False
        if name in ENDS_OF_CONNECTION or name in MAY_END_CONNECTION:
            return self._takes_alone(on[0])
        if name == "consume":
            return self._may_consume(**operation.arguments)
        if name == "publish":
            if self._in_circles and operation.arguments["count"] > 1:
                return False
            return on not in self._in_tx or operation.arguments["key"] not in ("q3", "q4")
        if name == "tx_select":
            return not self._in_circles
        if name == "settle":
            return bool(self._held.get(on))
        if name == "cancel":
            return (on, operation.arguments["tag"]) in self._consuming
        return name != "close_channel" or on in self.channels

    def _takes_alone(self, letter: str) -> bool:
        """Whether no two channels of a connection take from the same queue."""
        taking = {(symbol, queue) for (symbol, _), (queue, _) in self._consuming.items()}
        taking |= {
            (symbol, queue) for queue, takers in self._taken_from().items() for symbol in takers
        }
        queues = [queue for symbol, queue in taking if symbol[0] == letter]
        return len(queues) == len(set(queues))

    def _taken_from(self) -> dict[str, set[str]]:
        """The channels that hold messages of each queue, by queue."""
        takers: dict[str, set[str]] = {}
        for by_channel in (self._held, self._settled_in_tx):
            for symbol, held in by_channel.items():
                for queue in held.values():
                    takers.setdefault(queue, set()).add(symbol)
        return takers

    def _may_consume(self, on: str, queue: str, tag: str, **_: Any) -> bool:
        mine = [q for (channel, _), (q, _) in self._consuming.items() if channel == on]
        theirs = [q for q, _ in self._consuming.values() if q == queue]
        return (
            (on, tag) not in self._consuming
            and all(other == queue for other in mine)
            and len(theirs) < MOST_CONSUMERS
        )

    def options(self, name: str) -> list[dict[str, Any]]:
        if name == "settle":
            return [
                {"on": on, "which": i} for on, held in self._held.items() for i in range(len(held))
            ]
        if name == "cancel":
            return [{"on": on, "tag": tag} for on, tag in self._consuming]
        if name in ("commit", "rollback"):
            return [{"on": on} for on in sorted(self._in_tx)]
        return super().options(name)

    # -- queues -----------------------------------------------------------------------------

    def do_build(self, arguments: Sequence[Arguments]) -> Data:
        channel = self._looker(OBSERVER, "build")
        for exchange, type_ in (("x1", "direct"), ("x3", "fanout"), ("x4", "fanout")):
            channel.declare_exchange(self.real(exchange), type_)
            self.created.add(exchange)
        self._in_circles = "x-dead-letter-exchange" in arguments[QUEUES.index("q3")]
        for queue, one in zip(QUEUES, arguments, strict=True):
            self._arguments[queue] = one
            channel.declare_queue(self.real(queue), durable=True, arguments=self.real(one))
            self.queues[queue] = Known()
            self.created.add(queue)
        for exchange, key, queue in BINDINGS:
            channel.bind(self.real(queue), self.real(exchange), key)

    def do_declare_queue(self, on: str, queue: str) -> Data:
        """Declare it as it was at the beginning, without its bindings if it is new."""
        answer = self.channel(on).declare_queue(
            self.real(queue), durable=True, arguments=self.real(self._arguments[queue])
        )
        self.queues.setdefault(queue, Known())
        return [answer.message_count, answer.consumer_count]

    def do_delete_queue(self, on: str, queue: str, if_unused: bool, if_empty: bool) -> Data:
        count = self.channel(on).delete_queue(
            self.real(queue), if_unused=if_unused, if_empty=if_empty
        )
        self.queues.pop(queue, None)
        for consumer in [c for c, (q, _) in self._consuming.items() if q == queue]:
            del self._consuming[consumer]
        return count

    def do_purge(self, on: str, queue: str) -> Data:
        return self.channel(on).purge(self.real(queue))

    def do_contents(self, queue: str) -> Data:
        """Everything that is ready."""
        if queue not in self.queues:
            return "no such queue"
        return [self.message(m) for m in self._looker(OBSERVER, queue).drain(self.real(queue))]

    # -- publishing -------------------------------------------------------------------------

    def do_publish(
        self,
        on: str,
        exchange: str,
        key: str,
        count: int,
        mandatory: bool,
        persistent: bool,
        priority: int,
        headers: Arguments,
    ) -> Data:
        """Returns the confirms of these messages, in their order."""
        channel = self.channel(on)
        properties = properties_of(
            delivery_mode=2 if persistent else 1, priority=priority, headers=self.real(headers)
        )
        for _ in range(count):
            self._published += 1
            channel.publish(
                self.real(exchange),
                self.real(key),
                f"m{self._published}",
                properties,
                mandatory=mandatory,
            )
        channel.barrier()
        if on not in self._confirmed:
            return None
        self._confirmed[on] += count
        outcomes = channel.wait_confirms(self._confirmed[on])
        return [outcomes[self._confirmed[on] - count + i + 1] for i in range(count)]

    def do_select_confirms(self, on: str) -> Data:
        channel = self.channel(on)
        if on in self._confirmed:  # pika confirms once
            return
        channel.select_confirms()
        self._confirmed[on] = 0

    def do_tx_select(self, on: str) -> Data:
        self.channel(on).tx_select()
        self._in_tx.add(on)

    def do_commit(self, on: str) -> Data:
        self.channel(on).tx_commit()
        self._settled_in_tx.pop(on, None)

    def do_rollback(self, on: str) -> Data:
        self.channel(on).tx_rollback()
        self._held.setdefault(on, {}).update(self._settled_in_tx.pop(on, {}))

    # -- taking -----------------------------------------------------------------------------

    def do_qos(self, on: str, prefetch: int, global_: bool) -> Data:
        self.channel(on).qos(prefetch, global_=global_)

    def do_consume(
        self, on: str, queue: str, tag: str, ack: bool, exclusive: bool, priority: int
    ) -> Data:
        channel = self.channel(on)
        channel.consume(
            self.real(queue),
            tag=tag,
            ack=ack,
            exclusive=exclusive,
            arguments={"x-priority": priority} if priority else {},
        )
        self._consuming[on, tag] = (queue, ack)
        if queue in self.queues:
            self.queues[queue].consumers.add((on, tag))

    def do_cancel(self, on: str, tag: str) -> Data:
        channel = self.channel(on)
        channel.cancel(channel.consumers[tag])
        queue, _ = self._consuming.pop((on, tag))
        if queue in self.queues:
            self.queues[queue].consumers.discard((on, tag))

    def do_get(self, on: str, queue: str, ack: bool) -> Data:
        message = self.channel(on).get(self.real(queue), ack=ack)
        if message is None:
            return "empty"
        if ack:
            self._held.setdefault(on, {})[message.tag] = queue
        return self.message(message)

    def delivered(self, symbol: str, message: Message) -> None:
        queue, ack = self._consuming.get((symbol, message.consumer_tag), ("", False))
        if ack:
            self._held.setdefault(symbol, {})[message.tag] = queue

    # -- settling ---------------------------------------------------------------------------

    def do_settle(self, on: str, how: str, which: int, extent: str, requeue: bool) -> Data:
        """Settle what the channel holds: the one at this place, all up to it, or everything."""
        held = self._held[on]
        tags = sorted(held)
        upto = tags[which % len(tags)]
        if how == "reject":
            extent = "one"
        settled = {"one": [upto], "upto": [t for t in tags if t <= upto], "all": tags}[extent]
        self._settle(on, how, 0 if extent == "all" else upto, extent != "one", requeue)
        for tag in settled:
            queue = held.pop(tag)
            if on in self._in_tx:
                self._settled_in_tx.setdefault(on, {})[tag] = queue

    def do_settle_unknown(self, on: str, how: str, multiple: bool, requeue: bool) -> Data:
        self._settle(on, how, UNKNOWN_TAG, multiple, requeue)

    def _settle(self, on: str, how: str, tag: int, multiple: bool, requeue: bool) -> None:
        channel = self.channel(on)
        if how == "ack":
            channel.ack(tag, multiple=multiple)
        elif how == "nack":
            channel.nack(tag, multiple=multiple, requeue=requeue)
        else:
            channel.reject(tag, requeue=requeue)
        channel.barrier()

    def do_recover(self, on: str, requeue: bool) -> Data:
        self.channel(on).recover(requeue=requeue)
        self._held.pop(on, None)

    # -- ends -------------------------------------------------------------------------------

    def do_close_channel(self, on: str) -> Data:
        self.channel(on).close()
        self.lost({on})

    def do_close_connection(self, on: str) -> Data:
        self.connection(on[0]).close()
        self.lost(self.channels_of(on[0]))

    def do_cut_connection(self, on: str) -> Data:
        self.cut(on[0])


B = st.booleans()
ON = st.sampled_from(["A1", "A1", "A2", "B1", "B1", "B2"])
Q = st.sampled_from(["q1", "q1", "q1", "q2", "q3", "q4"])
NTH = st.integers(0, 7)
HOW = st.sampled_from(["ack", "nack", "reject"])
HEADERS = st.sampled_from([{}, {}, {}, {"CC": ["q2"]}, {"BCC": ["q2", "q1"]}, {"CC": ["b"]}])


def _arguments(*dead_letters: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Arguments of a queue: how it buries, how much it holds, and how it gives."""
    limits: list[dict[str, Any]] = [
        {},
        {},
        {"x-max-length": 1},
        {"x-max-length": 2},
        {"x-max-length": 0},
        {"x-max-length-bytes": 4},
        {"x-max-length": 1, "x-overflow": "reject-publish"},
        {"x-max-length": 2, "x-overflow": "reject-publish-dlx"},
    ]
    giving: list[dict[str, Any]] = [
        {},
        {},
        {"x-max-priority": 2},
        {"x-single-active-consumer": True},
    ]
    parts = st.tuples(*map(st.sampled_from, ([{}, *dead_letters], limits, giving)))
    return parts.map(lambda chosen: {**chosen[0], **chosen[1], **chosen[2]})


def _to(exchange: str, key: str = "") -> dict[str, Any]:
    fate = {"x-dead-letter-exchange": exchange}
    return {**fate, "x-dead-letter-routing-key": key} if key else fate


QUEUE_ARGUMENTS = st.tuples(
    _arguments(_to("x3"), _to("", "q3"), _to("x9")),
    _arguments(_to("x4"), _to("", "q4"), _to("x4", "k")),
    _arguments(_to("", "q1")),
    _arguments(),
).map(list)


PUBLISH = st.one_of(
    drawn(
        "publish",
        on=ON,
        exchange="",
        key=Q,
        count=st.integers(1, 3),
        mandatory=B,
        persistent=B,
        priority=st.sampled_from([0, 0, 1, 2, 3]),
        headers={},
    ),
    drawn(
        "publish",
        on=ON,
        exchange="x1",
        key=st.sampled_from(["a", "b", "ab", "ab", "none"]),
        count=st.integers(1, 2),
        mandatory=B,
        persistent=B,
        priority=st.sampled_from([0, 2]),
        headers=HEADERS,
    ),
)
ACK = st.sampled_from([True, True, True, False])
CONSUME = drawn(
    "consume",
    on=ON,
    queue=Q,
    tag=st.sampled_from(TAGS),
    ack=ACK,
    exclusive=mostly(st.just(False), True),
    priority=st.sampled_from([0, 0, 1]),
)
GET = drawn("get", on=ON, nth=NTH, ack=ACK)
SETTLE = drawn(
    "settle",
    nth=NTH,
    how=HOW,
    extent=st.sampled_from(["one", "one", "upto", "all"]),
    requeue=B,
)
QOS = drawn("qos", on=ON, prefetch=st.integers(0, 3), global_=mostly(st.just(False), True))
OPERATIONS = weighted(
    (8, PUBLISH),
    (4, CONSUME),
    (4, GET),
    (7, SETTLE),
    (2, QOS),
    (1, drawn("select_confirms", on=ON)),
    (1, drawn("tx_select", on=ON)),
    (2, drawn("commit", nth=NTH)),
    (1, drawn("rollback", nth=NTH)),
    (1, drawn("get", on=ON, queue=Q, ack=B)),
    (1, drawn("purge", on=ON, nth=NTH)),
    (1, drawn("delete_queue", on=ON, queue=Q, if_unused=B, if_empty=B)),
    (1, drawn("declare_queue", on=ON, queue=Q)),
    (2, drawn("cancel", nth=NTH)),
    (1, drawn("recover", on=ON, requeue=mostly(st.just(True), False))),
    (
        1,
        weighted(
            (2, drawn("close_channel", on=ON)),
            (1, drawn("close_connection", on=ON)),
            (1, drawn("cut_connection", on=ON)),
            (1, drawn("settle_unknown", on=ON, how=HOW, multiple=B, requeue=B)),
        ),
    ),
)


class DeliveryMachine(DifferentialMachine):
    """Draws histories of `DeliverySubject`. One rule draws all operations, because of several rules
    Hypothesis leaves out about half in each history."""

    @initialize(arguments=QUEUE_ARGUMENTS)
    def build(self, arguments: Any) -> None:
        """The queues, q1 and q2 with dead letters in q3 and q4."""
        self.step("build", arguments=arguments)

    @rule(operation=OPERATIONS)
    def operate(self, operation: Drawn) -> None:
        """Anything, at any time."""
        self.draw(operation)

    def sweep(self) -> None:
        """Everything that was not settled is ready at the end."""
        for channel in CHANNELS:
            self.step("close_channel", on=channel)
        for queue in QUEUES:
            self.step("contents", queue=queue)
