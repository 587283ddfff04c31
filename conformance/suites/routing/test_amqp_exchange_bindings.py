"""Bindings from exchange to exchange."""

from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_routing import Binding, Graph
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.common import publish_each, returned_bodies, take, with_headers

TYPES = st.sampled_from(["direct", "fanout", "topic", "headers"])
ARGUMENTS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{"h": 1}, {"x-match": "any", "h": 1, "i": 2}, {"h": None}, {"i": 1}]
)
WAYS = st.lists(
    st.tuples(st.sampled_from(["a", "*", "a.#", "#"]), ARGUMENTS), min_size=1, max_size=2
)


@requirement("amqp.routing.e2e-by-source-type")
@holds_for(
    cost=2,
    types=st.tuples(TYPES, TYPES),
    ways=st.tuples(WAYS, WAYS),
    keys=st.lists(st.sampled_from(["a", "b", "a.b", "*", ""]), min_size=1, max_size=4),
)
def test_each_exchange_on_the_way_matches_by_its_own_type(
    amqp: AmqpTester,
    types: tuple[str, str],
    ways: tuple[list[tuple[str, dict[str, Any]]], list[tuple[str, dict[str, Any]]]],
    keys: list[str],
) -> None:
    first, second, queue = amqp.exchange(types[0]), amqp.exchange(types[1]), amqp.queue()
    for key, arguments in ways[0]:
        amqp.admin.bind_exchange(second, first, key, arguments)
    for key, arguments in ways[1]:
        amqp.admin.bind(queue, second, key, arguments)
    graph = Graph(
        {first: types[0], second: types[1]},
        [queue],
        [Binding(first, second, key, arguments) for key, arguments in ways[0]]
        + [Binding(second, queue, key, arguments) for key, arguments in ways[1]],
    )
    expected = []
    for number, key in enumerate(keys):
        body = f"{number} under {key!r}"
        amqp.admin.publish(first, key, body, with_headers({"h": 1}))
        if graph.reached(first, [key], {"h": 1}):
            expected.append(body)
    expect.equal(amqp.bodies(queue), expected, f"messages through {types[0]} and {types[1]}")


@requirement("amqp.routing.e2e-one-copy-a-queue")
def test_one_copy_however_many_ways_lead_to_a_queue(amqp: AmqpTester) -> None:
    first, left, right, last = (amqp.exchange("fanout") for _ in range(4))
    queue = amqp.queue()
    for source, destination in [(first, left), (first, right), (left, last), (right, last)]:
        amqp.admin.bind_exchange(destination, source)
        amqp.admin.bind_exchange(destination, source, "another binding")
    for exchange in (first, left, right, last):
        amqp.admin.bind(queue, exchange)
    for exchange in (first, left, last):
        amqp.admin.publish(exchange, "", f"entered at {exchange}")
    expected = [f"entered at {exchange}" for exchange in (first, left, last)]
    expect.equal(amqp.bodies(queue), expected)


@requirement("amqp.routing.e2e-cycle")
def test_a_circle_of_exchanges_ends(amqp: AmqpTester) -> None:
    ring = [amqp.exchange("fanout") for _ in range(3)]
    for source, destination in zip(ring, ring[1:] + ring[:1], strict=True):
        amqp.admin.bind_exchange(destination, source)
    amqp.admin.bind_exchange(ring[0], ring[0])
    queues = [amqp.bound_queue(exchange) for exchange in ring]
    expected = [f"entered at {number}" for number in range(3)]
    for exchange, body in zip(ring, expected, strict=True):
        amqp.admin.publish(exchange, "", body)
    for number, queue in enumerate(queues):
        expect.equal(amqp.bodies(queue), expected, f"the queue bound to exchange {number}")


@requirement("amqp.routing.e2e-missing-source")
def test_a_missing_source_is_refused(amqp: AmqpTester) -> None:
    missing, exchange = amqp.exchange_name(), amqp.exchange("fanout")
    with expect.channel_error(404):
        amqp.channel().bind_exchange(exchange, missing)
    with expect.channel_error(404):
        amqp.channel().declare_exchange(missing, passive=True)


@requirement("amqp.routing.e2e-missing-destination")
def test_a_missing_destination_is_refused(amqp: AmqpTester) -> None:
    missing, exchange = amqp.exchange_name(), amqp.exchange("fanout")
    with expect.channel_error(404):
        amqp.channel().bind_exchange(missing, exchange)
    with expect.channel_error(404):
        amqp.channel().declare_exchange(missing, passive=True)
    expect.equal(
        returned_bodies(amqp, exchange, "", "no way"), ["no way"], "returned by the source"
    )


@requirement("amqp.routing.e2e-destination-is-no-queue")
def test_the_destination_must_be_an_exchange(amqp: AmqpTester) -> None:
    exchange, queue = amqp.exchange("fanout"), amqp.queue()
    with expect.channel_error(404):
        amqp.channel().bind_exchange(queue, exchange)
    amqp.admin.publish(exchange, "", "no way")
    expect.equal(amqp.bodies(queue), [], "a queue of the name that was given")


@requirement("amqp.routing.e2e-unbind")
def test_unbinding_ends_one_way_and_leaves_the_others(amqp: AmqpTester) -> None:
    source, destination = amqp.exchange("topic"), amqp.exchange("fanout")
    queue = amqp.bound_queue(destination)
    for key in ["a", "b", "#.c"]:
        amqp.admin.bind_exchange(destination, source, key)
    amqp.admin.bind_exchange(destination, source, "a")
    amqp.admin.unbind_exchange(destination, source, "a")
    sent = publish_each(amqp, source, ["a", "b", "a.c"])
    expected = [body for body, key in sent.items() if key != "a"]
    expect.equal(amqp.bodies(queue), expected, "messages after the binding under 'a' was removed")


@requirement("amqp.routing.e2e-direction")
def test_messages_flow_from_source_to_destination_only(amqp: AmqpTester) -> None:
    source, destination = amqp.exchange("fanout"), amqp.exchange("fanout")
    amqp.admin.bind_exchange(destination, source)
    before, behind = amqp.bound_queue(source), amqp.bound_queue(destination)
    amqp.admin.publish(source, "", "to the source")
    amqp.admin.publish(destination, "", "to the destination")
    expect.equal(amqp.bodies(before), ["to the source"], "a queue bound to the source")
    expect.equal(
        amqp.bodies(behind), ["to the source", "to the destination"], "behind the destination"
    )


@requirement("amqp.routing.e2e-unbind-missing")
def test_unbinding_what_is_not_bound_succeeds(amqp: AmqpTester) -> None:
    source, destination = amqp.exchange("fanout"), amqp.exchange("fanout")
    queue = amqp.bound_queue(destination)
    missing = amqp.exchange_name()
    amqp.admin.bind_exchange(destination, source, "a")
    for there, here, key in [
        (destination, source, "b"),
        (source, destination, "a"),
        (missing, source, "a"),
        (destination, missing, "a"),
    ]:
        amqp.admin.unbind_exchange(there, here, key)
    amqp.admin.unbind_exchange(destination, source, "a", {"other": "arguments"})
    amqp.admin.publish(source, "", "still bound")
    expect.equal(amqp.bodies(queue), ["still bound"], "messages through the binding that exists")
    amqp.admin.unbind_exchange(destination, source, "a")
    amqp.admin.unbind_exchange(destination, source, "a")


@requirement("amqp.routing.e2e-default-exchange")
def test_the_default_exchange_is_neither_source_nor_destination(amqp: AmqpTester) -> None:
    exchange, queue = amqp.exchange("fanout"), amqp.queue()
    for destination, source in [(exchange, ""), ("", exchange)]:
        with expect.channel_error(403):
            amqp.channel().bind_exchange(destination, source, queue)
        with expect.channel_error(403):
            amqp.channel().unbind_exchange(destination, source, queue)
    unroutable = returned_bodies(amqp, exchange, queue, "not to the default exchange")
    expect.equal(unroutable, ["not to the default exchange"], "returned by the exchange")
    expect.equal(amqp.bodies(queue), [], "the queue that the default exchange would reach")


@requirement("amqp.routing.e2e-keeps-address")
def test_the_consumer_sees_where_the_message_was_published_to(amqp: AmqpTester) -> None:
    first, last = amqp.exchange("topic"), amqp.exchange("fanout")
    amqp.admin.bind_exchange(last, first, "#")
    queue = amqp.bound_queue(last, "binding key")
    for body in ["got", "delivered"]:
        amqp.admin.publish(first, "the.key", body)
    got = take(amqp, queue)
    delivered = amqp.channel().consume(queue).expect(1)[0]
    for message in (got, delivered):
        address = (message.exchange, message.routing_key)
        expect.equal(address, (first, "the.key"), f"exchange and key of what was {message.text}")
