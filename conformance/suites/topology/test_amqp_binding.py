"""Bindings of queues: a set of (exchange, queue, key, arguments)."""

from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import exchange_exists, is_routed, queue_exists

KEYS = st.sampled_from(["", "a", "b"])
ARGUMENTS = st.sampled_from([(), (("n", 1),), (("n", 2),), (("n", 1), ("m", "x"))])
BINDINGS = st.tuples(KEYS, ARGUMENTS)


@requirement("amqp.topology.binding-duplicates")
@holds_for(cost=4, key=KEYS, arguments=ARGUMENTS, times=st.integers(2, 4))
def test_binding_twice_is_binding_once(
    amqp: AmqpTester, key: str, arguments: tuple[tuple[str, Any], ...], times: int
) -> None:
    exchange, queue = amqp.exchange(), amqp.queue()
    for _ in range(times):
        amqp.channel().bind(queue, exchange, key, dict(arguments))
    amqp.admin.publish(exchange, key, "once")
    expect.equal(amqp.bodies(queue), ["once"])
    amqp.admin.unbind(queue, exchange, key, dict(arguments))
    expect.equal(is_routed(amqp.admin, exchange, key, queue), False, "routing after one unbind")


@requirement("amqp.topology.binding-distinct")
@holds_for(cost=3, steps=st.lists(st.tuples(st.booleans(), BINDINGS), min_size=1, max_size=10))
def test_bindings_are_a_set(
    amqp: AmqpTester, steps: list[tuple[bool, tuple[str, tuple[tuple[str, Any], ...]]]]
) -> None:
    exchange, queue = amqp.exchange(), amqp.queue()
    bound = set()
    for binds, (key, arguments) in steps:
        if binds:
            bound.add((key, arguments))
            amqp.admin.bind(queue, exchange, key, dict(arguments))
        else:
            bound.discard((key, arguments))
            amqp.admin.unbind(queue, exchange, key, dict(arguments))
    for key in ("", "a", "b"):
        amqp.admin.publish(exchange, key, key)
        expected = [key] if any(key == other for other, _ in bound) else []
        expect.equal(amqp.bodies(queue), expected, f"messages published with {key!r}")


@requirement("amqp.topology.binding-argument-order")
def test_order_of_binding_arguments_does_not_matter(amqp: AmqpTester) -> None:
    exchange, queue = amqp.exchange(), amqp.queue()
    amqp.admin.bind(queue, exchange, "key", {"one": 1, "two": 2})
    amqp.admin.unbind(queue, exchange, "key", {"two": 2, "one": 1})
    expect.equal(is_routed(amqp.admin, exchange, "key", queue), False, "routing after the unbind")


@requirement("amqp.topology.binding-unknown-queue")
@holds_for(type_=st.sampled_from(["direct", "fanout", "topic", "headers"]))
def test_unknown_queue_cannot_be_bound(amqp: AmqpTester, type_: str) -> None:
    exchange, queue = amqp.exchange(type_), amqp.queue_name()
    with expect.channel_error(404):
        amqp.channel().bind(queue, exchange, "key")
    expect.equal(queue_exists(amqp, queue), False, "queue after the refusal")
    amqp.admin.declare_queue(queue, exclusive=True)
    expect.equal(is_routed(amqp.admin, exchange, "key", queue), False, "routing to a later queue")


@requirement("amqp.topology.binding-unknown-exchange")
def test_queue_cannot_be_bound_to_an_unknown_exchange(amqp: AmqpTester) -> None:
    exchange, queue = amqp.exchange_name(), amqp.queue()
    with expect.channel_error(404):
        amqp.channel().bind(queue, exchange, "key")
    expect.equal(exchange_exists(amqp, exchange), False, "exchange after the refusal")
    amqp.admin.declare_exchange(exchange)
    expect.equal(
        is_routed(amqp.admin, exchange, "key", queue), False, "routing by a later exchange"
    )


@requirement("amqp.topology.unbind-missing")
def test_unbinding_what_is_not_there_is_no_error(amqp: AmqpTester) -> None:
    exchange, queue = amqp.exchange(), amqp.queue()
    amqp.admin.bind(queue, exchange, "bound")
    amqp.admin.unbind(queue, exchange, "not bound")
    amqp.admin.unbind(amqp.queue_name(), exchange, "bound")
    amqp.admin.unbind(queue, amqp.exchange_name(), "bound")
    amqp.admin.unbind(amqp.queue_name(), amqp.exchange_name(), "bound")
    expect.equal(
        is_routed(amqp.admin, exchange, "bound", queue), True, "routing by the other binding"
    )


@requirement("amqp.topology.unbind-effective")
@holds_for(
    cost=2,
    type_=st.sampled_from(["direct", "fanout", "topic", "headers"]),
    published_before=st.booleans(),
)
def test_unbind_has_its_effect_before_its_answer(
    amqp: AmqpTester, type_: str, published_before: bool
) -> None:
    exchange, queue = amqp.exchange(type_), amqp.queue()
    amqp.admin.bind(queue, exchange, "key")
    if published_before:
        expect.equal(is_routed(amqp.admin, exchange, "key", queue), True, "routing while bound")
    amqp.admin.unbind(queue, exchange, "key")
    expect.equal(is_routed(amqp.admin, exchange, "key", queue), False, "routing after unbind-ok")


@requirement("amqp.topology.binding-not-retroactive")
@holds_for(cost=3, type_=st.sampled_from(["direct", "fanout", "topic"]), earlier=st.integers(1, 3))
def test_late_subscriber_sees_nothing_earlier(amqp: AmqpTester, type_: str, earlier: int) -> None:
    exchange = amqp.exchange(type_)
    first = amqp.bound_queue(exchange, "key")
    bodies = [f"earlier {number}" for number in range(earlier)]
    for body in bodies:
        amqp.admin.publish(exchange, "key", body)
    late = amqp.bound_queue(exchange, "key")
    amqp.admin.publish(exchange, "key", "later")
    expect.equal(amqp.bodies(late), ["later"], "messages of the late subscriber")
    expect.equal(amqp.bodies(first), [*bodies, "later"], "messages of the first subscriber")


@requirement("amqp.topology.binding-durable-to-transient")
@holds_for(durable_exchange=st.booleans(), durable_queue=st.booleans())
def test_durability_of_both_ends_may_differ(
    amqp: AmqpTester, durable_exchange: bool, durable_queue: bool
) -> None:
    exchange = amqp.exchange(durable=durable_exchange)
    queue = amqp.queue(durable=durable_queue)
    amqp.admin.bind(queue, exchange, "key")
    amqp.admin.publish(exchange, "key", "routed")
    expect.equal(amqp.bodies(queue), ["routed"])


@requirement("amqp.topology.binding-many")
def test_queue_has_many_bindings(amqp: AmqpTester) -> None:
    exchanges, queue = [amqp.exchange(), amqp.exchange()], amqp.queue()
    routes = [(exchange, str(number)) for exchange in exchanges for number in range(50)]
    for exchange, key in routes:
        amqp.admin.bind(queue, exchange, key)
    for exchange, key in routes:
        amqp.admin.publish(exchange, key, exchange + key)
    expected = [exchange + key for exchange, key in routes]
    expect.equal(amqp.bodies(queue), expected, "messages by 100 bindings")


@requirement("amqp.topology.binding-arguments-ignored")
@holds_for(cost=3, type_=st.sampled_from(["direct", "fanout"]), arguments=ARGUMENTS)
def test_arguments_do_not_matter_to_direct_and_fanout(
    amqp: AmqpTester, type_: str, arguments: tuple[tuple[str, Any], ...]
) -> None:
    exchange = amqp.exchange(type_)
    queue = amqp.bound_queue(exchange, "key", {"x-match": "any", **dict(arguments)})
    amqp.admin.publish(exchange, "key", "without headers")
    expect.equal(amqp.bodies(queue), ["without headers"])


@requirement("amqp.topology.binding-reply-address")
def test_reply_address_cannot_be_bound(amqp: AmqpTester) -> None:
    with expect.ends(amqp.outcomes):
        amqp.channel().bind("amq.rabbitmq.reply-to.nobody", "amq.direct", amqp.name("k"))
