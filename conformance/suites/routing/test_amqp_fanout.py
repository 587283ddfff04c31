"""Fanout exchanges: publish and subscribe."""

from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.common import bound_under, take, with_headers

KEYS = st.sampled_from(["", "a", "b", "*"])
ARGUMENTS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"h": 1}, {"x-match": "any", "h": 2}, {"x-match": "any"}]
)


@requirement("amqp.routing.fanout-every-queue")
@holds_for(
    cost=2,
    bindings=st.lists(st.tuples(KEYS, ARGUMENTS), min_size=1, max_size=4),
    keys=st.lists(KEYS, min_size=1, max_size=4),
)
def test_every_bound_queue_gets_every_message(
    amqp: AmqpTester, bindings: list[tuple[str, dict[str, Any]]], keys: list[str]
) -> None:
    exchange = amqp.exchange("fanout")
    queues = [amqp.bound_queue(exchange, key, arguments) for key, arguments in bindings]
    expected = [f"{number} under {key!r}" for number, key in enumerate(keys)]
    for key, body in zip(keys, expected, strict=True):
        amqp.admin.publish(exchange, key, body, with_headers({"h": 1}))
    for binding, queue in zip(bindings, queues, strict=True):
        expect.equal(amqp.bodies(queue), expected, f"what reached a queue bound with {binding}")


@requirement("amqp.routing.fanout-one-copy-a-queue")
def test_one_copy_for_a_queue_bound_several_times(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("fanout")
    queue = bound_under(amqp, exchange, ["", "a", "b"])
    amqp.admin.bind(queue, exchange, "a", {"another": "binding"})
    amqp.admin.publish(exchange, "a", "first")
    amqp.admin.publish(exchange, "c", "second")
    expect.equal(amqp.bodies(queue), ["first", "second"])


@requirement("amqp.routing.fanout-subscribers-independent")
def test_what_one_subscriber_does_leaves_the_copies_of_the_others(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("fanout")
    acking, rejecting, purging, deleting, idle = (amqp.bound_queue(exchange) for _ in range(5))
    for body in ["first", "second"]:
        amqp.admin.publish(exchange, "", body)
    amqp.admin.ack(take(amqp, acking).tag)
    amqp.admin.reject(take(amqp, rejecting).tag, requeue=False)
    amqp.admin.purge(purging)
    amqp.admin.delete_queue(deleting)
    expect.equal(amqp.bodies(acking), ["second"], "after one acknowledgement")
    expect.equal(amqp.bodies(rejecting), ["second"], "after one rejection")
    expect.equal(amqp.bodies(idle), ["first", "second"], "the subscriber that did nothing")


@requirement("amqp.routing.binding-not-retroactive")
def test_a_late_subscriber_does_not_see_earlier_messages(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("fanout")
    early, late = amqp.bound_queue(exchange), amqp.queue()
    amqp.admin.publish(exchange, "", "before")
    amqp.admin.bind(late, exchange)
    amqp.admin.publish(exchange, "", "after")
    expect.equal(amqp.bodies(early), ["before", "after"], "the early subscriber")
    expect.equal(amqp.bodies(late), ["after"], "the late subscriber")
