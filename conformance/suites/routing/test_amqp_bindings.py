"""Bindings come and go: what is routed follows the set of bindings."""

from typing import Any, Literal

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_routing import Binding, binding_matches
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.common import with_headers

Step = tuple[Literal["bind", "unbind"], int, str] | tuple[Literal["publish"], str]

TOPIC_PATTERNS = st.sampled_from(["#", "a.#", "#.a", "a.*", "*", "a", "a.b", ""])
KEYS = st.sampled_from(["a", "a.b", "b.a", "", "a.b.a"])
ARGUMENTS: dict[str, dict[str, Any]] = {
    "a": {"h": 1},
    "b": {"x-match": "any", "h": 1, "other": 1},
    "": {"h": None},
    "c": {"h": 2},
}
"""For a headers exchange, the arguments that stand for a binding key."""


def steps(keys: st.SearchStrategy[str], patterns: st.SearchStrategy[str]) -> Any:
    """Binds and unbinds of two queues, half of them among few bindings, and publishes."""
    change = st.tuples(st.sampled_from(["bind", "bind", "unbind"]), st.integers(0, 1), patterns)
    return st.lists(st.one_of(change, st.tuples(st.just("publish"), keys)), max_size=16)


def follow(amqp: AmqpTester, type_: str, steps: list[Step]) -> None:
    """Carry the steps out; each queue must get what its bindings at that moment let through."""
    exchange = amqp.exchange(type_)
    queues = [amqp.queue(), amqp.queue()]
    bindings: set[tuple[int, str]] = set()
    expected: list[list[str]] = [[], []]
    for number, step in enumerate([*steps, ("publish", "a"), ("publish", "a.b")]):
        if step[0] == "publish":
            body = f"{number} under {step[1]!r}"
            amqp.admin.publish(exchange, step[1], body, with_headers({"h": 1}))
            for index in {i for i, key in bindings if _lets_through(type_, key, step[1])}:
                expected[index].append(body)
            continue
        action, index, key = step
        arguments = ARGUMENTS[key] if type_ == "headers" else {}
        if action == "bind":
            amqp.admin.bind(queues[index], exchange, key, arguments)
            bindings.add((index, key))
        else:
            amqp.admin.unbind(queues[index], exchange, key, arguments)
            bindings.discard((index, key))
    for queue, bodies in zip(queues, expected, strict=True):
        expect.equal(amqp.bodies(queue), bodies, "messages, by the bindings of their moment")


def _lets_through(type_: str, binding_key: str, key: str) -> bool:
    arguments = ARGUMENTS[binding_key] if type_ == "headers" else {}
    return binding_matches(type_, Binding("", "", binding_key, arguments), [key], {"h": 1})


@requirement("amqp.routing.topic-unbind-one-of-several")
@holds_for(cost=2, steps=steps(KEYS, TOPIC_PATTERNS))
def test_topic_routing_follows_the_bindings(amqp: AmqpTester, steps: list[Step]) -> None:
    follow(amqp, "topic", steps)


@requirement("amqp.routing.unbind-one-of-several")
@holds_for(
    cost=2,
    type_=st.sampled_from(["direct", "fanout", "headers"]),
    steps=steps(st.sampled_from(["a", "b", ""]), st.sampled_from(["a", "b", "", "c"])),
)
def test_routing_follows_the_bindings(amqp: AmqpTester, type_: str, steps: list[Step]) -> None:
    follow(amqp, type_, steps)
