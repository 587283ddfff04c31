"""Deleting exchanges, and the exchanges that are nobody's to delete or to publish to."""

from collections.abc import Callable

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import exchange_exists, is_routed

KEYS = st.sampled_from(["", "a", "b"])


@requirement("amqp.topology.exchange-delete")
@holds_for(
    cost=4,
    type_=st.sampled_from(["direct", "fanout", "topic", "headers"]),
    durable=st.booleans(),
    internal=st.booleans(),
    bound=st.booleans(),
)
def test_deleted_exchange_is_gone(
    amqp: AmqpTester, type_: str, durable: bool, internal: bool, bound: bool
) -> None:
    exchange = amqp.exchange(type_, durable=durable, internal=internal)
    if bound:
        amqp.bound_queue(exchange, "key")
    amqp.admin.delete_exchange(exchange)
    expect.equal(exchange_exists(amqp, exchange), False, "exchange after delete-ok")


@requirement("amqp.topology.exchange-delete-missing")
@holds_for(if_unused=st.booleans())
def test_deleting_a_missing_exchange_is_no_error(amqp: AmqpTester, if_unused: bool) -> None:
    exchange = amqp.exchange()
    for _ in range(2):
        amqp.admin.delete_exchange(exchange, if_unused=if_unused)
    amqp.admin.delete_exchange(amqp.exchange_name(), if_unused=if_unused)


@requirement("amqp.topology.exchange-delete-if-unused")
@holds_for(cost=2, keys=st.lists(KEYS, min_size=1, max_size=3, unique=True))
def test_exchange_in_use_is_kept_with_its_bindings(amqp: AmqpTester, keys: list[str]) -> None:
    exchange = amqp.exchange()
    queues = [amqp.bound_queue(exchange, key) for key in keys]
    with expect.channel_error(406):
        amqp.channel().delete_exchange(exchange, if_unused=True)
    for key, queue in zip(keys, queues, strict=True):
        amqp.admin.publish(exchange, key, key)
        expect.equal(amqp.bodies(queue), [key], "messages after the refused delete")


@requirement("amqp.topology.exchange-delete-if-unused-by-exchange")
def test_exchange_bound_to_an_exchange_is_in_use(amqp: AmqpTester) -> None:
    source, destination = amqp.exchange("fanout"), amqp.exchange("fanout")
    queue = amqp.bound_queue(destination)
    amqp.admin.bind_exchange(destination, source)
    with expect.channel_error(406):
        amqp.channel().delete_exchange(source, if_unused=True)
    amqp.admin.publish(source, "", "still bound")
    expect.equal(amqp.bodies(queue), ["still bound"], "messages after the refused delete")


@requirement("amqp.topology.exchange-delete-if-unused-free")
def test_exchange_that_is_no_source_is_unused(amqp: AmqpTester) -> None:
    never_bound, unbound, destination = (amqp.exchange("fanout") for _ in range(3))
    amqp.admin.unbind(amqp.bound_queue(unbound), unbound)
    amqp.admin.bind_exchange(destination, amqp.exchange("fanout"))
    for exchange in (never_bound, unbound, destination):
        amqp.admin.delete_exchange(exchange, if_unused=True)
        expect.equal(exchange_exists(amqp, exchange), False, "unused exchange after delete-ok")


@requirement("amqp.topology.exchange-delete-unbinds-source")
@holds_for(cost=4, keys=st.lists(KEYS, min_size=1, max_size=4))
def test_bindings_from_a_deleted_exchange_are_gone(amqp: AmqpTester, keys: list[str]) -> None:
    exchange = amqp.exchange()
    queues = [amqp.bound_queue(exchange, key) for key in keys]
    amqp.admin.delete_exchange(exchange)
    amqp.admin.declare_exchange(exchange)
    for key, queue in zip(keys, queues, strict=True):
        routed = is_routed(amqp.admin, exchange, key, queue)
        expect.equal(routed, False, f"routing with {key!r} by the exchange declared anew")


@requirement("amqp.topology.exchange-delete-unbinds-destination")
@holds_for(sources=st.integers(1, 3))
def test_bindings_to_a_deleted_exchange_are_gone(amqp: AmqpTester, sources: int) -> None:
    exchanges = [amqp.exchange("fanout") for _ in range(sources)]
    destination = amqp.exchange("fanout")
    for exchange in exchanges:
        amqp.admin.bind_exchange(destination, exchange)
    amqp.admin.delete_exchange(destination)
    amqp.admin.declare_exchange(destination, "fanout")
    queue = amqp.bound_queue(destination)
    for exchange in exchanges:
        routed = is_routed(amqp.admin, exchange, "", queue)
        expect.equal(routed, False, "routing to the exchange declared anew")


@requirement("amqp.topology.exchange-delete-predeclared")
def test_predeclared_exchange_cannot_be_deleted(amqp: AmqpTester) -> None:
    amqp.bound_queue("amq.match", amqp.name("k"))
    with expect.channel_error(403):  # a broker that would delete it finds it in use
        amqp.channel().delete_exchange("amq.match", if_unused=True)
    with expect.channel_error(403):
        amqp.channel().delete_exchange("amq.match")
    expect.equal(exchange_exists(amqp, "amq.match"), True, "amq.match after the refusals")


@requirement("amqp.topology.exchange-delete-reserved-name")
def test_reserved_name_cannot_be_deleted(amqp: AmqpTester) -> None:
    with expect.channel_error(403):
        amqp.channel().delete_exchange("amq." + amqp.name("x"))


@requirement("amqp.topology.default-exchange-declare")
def test_default_exchange_cannot_be_declared(amqp: AmqpTester) -> None:
    for passive in (False, True):
        with expect.channel_error(403):
            amqp.channel().declare_exchange("", "direct", durable=True, passive=passive)


@requirement("amqp.topology.default-exchange-delete")
def test_default_exchange_cannot_be_deleted(amqp: AmqpTester) -> None:
    with expect.channel_error(403):
        amqp.channel().delete_exchange("")
    queue = amqp.queue()
    amqp.admin.publish("", queue, "still there")
    expect.equal(amqp.bodies(queue), ["still there"], "messages through the default exchange")


@requirement("amqp.topology.default-exchange-bind")
def test_default_exchange_cannot_be_bound(amqp: AmqpTester) -> None:
    queue, exchange, key = amqp.queue(), amqp.exchange("fanout"), amqp.name("k")
    attempts: list[Callable[[Channel], None]] = [
        lambda channel: channel.bind(queue, "", key),
        lambda channel: channel.bind_exchange(exchange, "", key),
        lambda channel: channel.bind_exchange("", exchange, key),
    ]
    for attempt in attempts:
        with expect.channel_error(403):
            attempt(amqp.channel())
    routed = is_routed(amqp.admin, "", key, queue)
    expect.equal(routed, False, "routing by the refused binding")


@requirement("amqp.topology.default-exchange-unbind")
def test_queues_cannot_be_unbound_from_the_default_exchange(amqp: AmqpTester) -> None:
    queue, exchange = amqp.queue(), amqp.exchange("fanout")
    attempts: list[Callable[[Channel], None]] = [
        lambda channel: channel.unbind(queue, "", queue),
        lambda channel: channel.unbind_exchange(exchange, "", "key"),
        lambda channel: channel.unbind_exchange("", exchange, "key"),
    ]
    for attempt in attempts:
        with expect.channel_error(403):
            attempt(amqp.channel())
    amqp.admin.publish("", queue, "still bound")
    expect.equal(amqp.bodies(queue), ["still bound"], "messages through the default exchange")


@requirement("amqp.topology.exchange-internal-publish")
@holds_for(
    cost=2, type_=st.sampled_from(["direct", "fanout", "topic", "headers"]), bound=st.booleans()
)
def test_nobody_publishes_to_an_internal_exchange(
    amqp: AmqpTester, type_: str, bound: bool
) -> None:
    exchange = amqp.exchange(type_, internal=True)
    queue = amqp.queue()
    if bound:
        amqp.admin.bind(queue, exchange, "key")
    channel = amqp.channel()
    with expect.channel_error(403, barrier=channel.barrier):
        channel.publish(exchange, "key", "refused")
    expect.equal(amqp.bodies(queue), [], "messages after the refusal")


@requirement("amqp.topology.exchange-internal-routes")
def test_internal_exchange_routes_what_other_exchanges_send(amqp: AmqpTester) -> None:
    source, internal = amqp.exchange("fanout"), amqp.exchange(internal=True)
    queue, other = amqp.bound_queue(internal, "key"), amqp.bound_queue(internal, "other key")
    amqp.admin.bind_exchange(internal, source)
    amqp.admin.publish(source, "key", "through both")
    expect.equal(amqp.bodies(queue), ["through both"])
    expect.equal(amqp.bodies(other), [], "messages in a queue bound with another key")
