"""Any sequence of declaring, binding and deleting, against plain sets."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel, Consumer
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import ChannelClosed
from conformance.models.amqp_topology import Refused, Topology
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import (
    exchange_exists,
    is_forgotten,
    is_routed,
    queue_exists,
)

EXCHANGES, QUEUES, KEYS = ("x", "y", "z"), ("p", "q"), ("a", "b")
X, Q, K = (st.sampled_from(names) for names in (EXCHANGES, QUEUES, KEYS))
TYPES = st.sampled_from(["direct", "fanout"])
B = st.booleans()
Operation = tuple[Any, ...]
"""The name of a method of the model and its arguments."""

OPERATIONS = st.one_of(
    st.tuples(st.just("bind"), X | Q, X, K),
    st.tuples(st.just("bind"), Q, X, K),
    st.tuples(st.just("unbind"), X | Q, X, K),
    st.tuples(st.just("publish"), X, K),
    st.tuples(st.just("declare_exchange"), X, TYPES, B),
    st.tuples(st.just("declare_queue"), Q, B),
    st.tuples(st.just("delete_exchange"), X, B),
    st.tuples(st.just("delete_queue"), Q, B, B),
    st.tuples(st.just("purge"), Q),
    st.tuples(st.just("consume"), Q),
    st.tuples(st.just("cancel"), Q),
)


class Broker:
    """Carries the operations of the model out on the broker under test."""

    def __init__(self, amqp: AmqpTester) -> None:
        self.amqp = amqp
        self.names = {name: amqp.exchange_name() for name in EXCHANGES}
        self.names |= {name: amqp.queue_name() for name in QUEUES}
        self.consuming = amqp.channel()
        self.consumers: dict[str, list[Consumer]] = {name: [] for name in QUEUES}
        self.published = 0

    @property
    def channel(self) -> Channel:
        return self.amqp.admin

    def declare_exchange(self, name: str, type_: str, auto_delete: bool) -> None:
        self.channel.declare_exchange(self.names[name], type_, auto_delete=auto_delete)

    def delete_exchange(self, name: str, if_unused: bool) -> None:
        self.channel.delete_exchange(self.names[name], if_unused=if_unused)

    def bind(self, destination: str, source: str, key: str) -> None:
        to_queue = destination in QUEUES
        bind = self.channel.bind if to_queue else self.channel.bind_exchange
        bind(self.names[destination], self.names[source], key)

    def unbind(self, destination: str, source: str, key: str) -> None:
        from_queue = destination in QUEUES
        unbind = self.channel.unbind if from_queue else self.channel.unbind_exchange
        unbind(self.names[destination], self.names[source], key)

    def declare_queue(self, name: str, auto_delete: bool) -> None:
        self.channel.declare_queue(self.names[name], exclusive=True, auto_delete=auto_delete)

    def delete_queue(self, name: str, if_unused: bool, if_empty: bool) -> int:
        queue = self.names[name]
        count = self.channel.delete_queue(queue, if_unused=if_unused, if_empty=if_empty)
        self.consumers[name].clear()
        return count

    def purge(self, name: str) -> int:
        return self.channel.purge(self.names[name])

    def publish(self, exchange: str, key: str, body: str) -> None:
        self.channel.publish(self.names[exchange], key, body)
        self.channel.barrier()

    def consume(self, name: str) -> None:
        self.channel.declare_queue(self.names[name], passive=True)  # 404 is not for `consuming`
        self.consumers[name].append(self.consuming.consume(self.names[name], ack=False))

    def cancel(self, name: str) -> None:
        if self.consumers[name]:
            self.channel.get(self.names[name])  # waits until all is consumed that was published
            self.consuming.cancel(self.consumers[name].pop())

    def await_auto_deletion(self, name: str) -> None:
        expect.eventually(
            lambda: is_forgotten(self.amqp, self.names[name]), "the end of an auto-delete queue"
        )


@requirement("amqp.topology.operations")
@holds_for(
    cost=2,
    exchanges=st.tuples(*[st.tuples(TYPES, B) for _ in EXCHANGES]),
    queues=st.tuples(*[B for _ in QUEUES]),
    operations=st.lists(OPERATIONS, min_size=4, max_size=24),
)
def test_operations_agree_with_plain_sets(
    amqp: AmqpTester,
    exchanges: tuple[tuple[str, bool], ...],
    queues: tuple[bool, ...],
    operations: list[Operation],
) -> None:
    model, broker = Topology(), Broker(amqp)
    declarations: list[Operation] = [
        *(("declare_exchange", name, *how) for name, how in zip(EXCHANGES, exchanges, strict=True)),
        *(("declare_queue", name, how) for name, how in zip(QUEUES, queues, strict=True)),
    ]
    for number, (method, *arguments) in enumerate([*declarations, *operations]):
        if method == "publish":
            arguments.append(f"message {number}")
        expected = result_of(getattr(model, method), arguments)
        observed = result_of(getattr(broker, method), arguments)
        expect.equal(observed, expected, f"result of step {number}, {method} {arguments}")
        if method == "cancel" and arguments[0] not in model.queues:
            broker.await_auto_deletion(arguments[0])
    compare(amqp, model, broker)


def result_of(method: Callable[..., Any], arguments: list[Any]) -> str:
    """How an operation ends, in words."""
    try:
        count = method(*arguments)
    except (ChannelClosed, Refused) as error:
        return f"channel error {error.code}"
    return "ok" if count is None else f"{count} messages"


def compare(amqp: AmqpTester, model: Topology, broker: Broker) -> None:
    """What exists, what is ready, and where every exchange routes must be as in the model."""
    for name in EXCHANGES:
        found = exchange_exists(amqp, broker.names[name])
        expect.equal(found, name in model.exchanges, f"existence of exchange {name} at the end")
    for name in QUEUES:
        found = queue_exists(amqp, broker.names[name])
        expect.equal(found, name in model.queues, f"existence of queue {name} at the end")
    observable = [name for name, queue in model.queues.items() if not queue.consumers]
    for name in observable:
        bodies = amqp.bodies(broker.names[name])
        expect.equal(bodies, model.queues[name].ready, f"messages in queue {name} at the end")
    for exchange in model.exchanges:
        for key in KEYS:
            amqp.admin.publish(broker.names[exchange], key, key)
            reached = [name for name in observable if amqp.bodies(broker.names[name]) == [key]]
            expected = sorted(model.routes(exchange, key) & set(observable))
            expect.equal(sorted(reached), expected, f"queues that {exchange} reaches with {key!r}")


@requirement("amqp.topology.effects-visible")
@holds_for(
    cost=5,
    steps=st.lists(
        st.sampled_from(["declare_exchange", "delete_exchange", "bind", "unbind"]),
        max_size=8,
    ),
)
def test_effects_are_visible_to_every_channel_at_once(amqp: AmqpTester, steps: list[str]) -> None:
    exchange, queue = amqp.exchange_name(), amqp.queue(durable=True)
    model, writer, reader = Topology(), amqp.connect().channel(), amqp.channel()
    model.declare_queue("q", False)
    for step in ["declare_exchange", "bind", *steps]:
        if step == "declare_exchange":
            model.declare_exchange("x", "fanout", False)
            writer.declare_exchange(exchange, "fanout")
        elif step == "delete_exchange":
            model.delete_exchange("x")
            writer.delete_exchange(exchange)
        elif step == "unbind":
            model.unbind("q", "x", "")
            writer.unbind(queue, exchange)
        elif "x" in model.exchanges:
            model.bind("q", "x", "")
            writer.bind(queue, exchange)
        exists = exchange_exists(amqp, exchange)
        expect.equal(exists, "x" in model.exchanges, f"existence after {step}")
        if exists:
            routed = is_routed(reader, exchange, "", queue)
            expect.equal(routed, "q" in model.routes("x", ""), f"routing after {step}")
