"""Bindings come and go: what is routed follows the set of bindings."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_routing import Binding, binding_matches
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.common import with_headers

TOPIC_PATTERNS = ["#", "a.#", "#.a", "a.*", "*", "a", "a.b", ""]
TOPIC_KEYS = ["a", "a.b", "b.a", "", "a.b.a"]
KEYS = ["a", "b", ""]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "a": {"h": 1},
    "b": {"x-match": "any", "h": 1, "other": 1},
    "": {"h": None},
}
"""For a headers exchange, the arguments that stand for a binding key."""


@dataclass(frozen=True)
class Round:
    """Bindings (queue, key) that are made, and the places of those that are then removed."""

    made: list[tuple[int, str]]
    removed: list[int]


def rounds(keys: list[str]) -> Any:
    """Two rounds, which bind two queues under few keys."""
    binding = st.tuples(st.integers(0, 1), st.sampled_from(keys))
    made = st.lists(binding, min_size=1, max_size=6)
    one = st.builds(Round, made, st.lists(st.integers(0, 5), min_size=1, max_size=3))
    return st.lists(one, min_size=2, max_size=2)


class Followed:
    """Two queues bound to an exchange, and what must be in them by the bindings of each moment."""

    def __init__(self, amqp: AmqpTester, type_: str, keys: list[str]) -> None:
        self.amqp = amqp
        self.type = type_
        self.keys = keys
        self.exchange = amqp.exchange(type_)
        self.queues = [amqp.queue(), amqp.queue()]
        self.bindings: set[tuple[int, str]] = set()
        self.expected: list[list[str]] = [[], []]

    def bind(self, index: int, key: str) -> None:
        arguments = _arguments(self.type, key)
        self.amqp.admin.bind(self.queues[index], self.exchange, key, arguments)
        self.bindings.add((index, key))

    def unbind(self, place: int) -> None:
        """Remove one of the bindings there are."""
        if self.bindings:
            index, key = sorted(self.bindings)[place % len(self.bindings)]
            arguments = _arguments(self.type, key)
            self.amqp.admin.unbind(self.queues[index], self.exchange, key, arguments)
            self.bindings.remove((index, key))

    def publish(self, when: str) -> None:
        """Publish a message under every key."""
        for key in self.keys:
            body = f"{when}, under {key!r}"
            self.amqp.admin.publish(self.exchange, key, body, with_headers({"h": 1}))
            for index in {
                index for index, bound in self.bindings if _matches(self.type, bound, key)
            }:
                self.expected[index].append(body)

    def follow(self, rounds: list[Round]) -> None:
        for number, round_ in enumerate(rounds):
            for index, key in round_.made:
                self.bind(index, key)
            self.publish(f"round {number} bound")
            for place in round_.removed:
                self.unbind(place)
            self.publish(f"round {number} unbound")
        for queue, bodies in zip(self.queues, self.expected, strict=True):
            about = f"messages of a queue bound to a {self.type} exchange"
            expect.equal(self.amqp.bodies(queue), bodies, about)


def _arguments(type_: str, key: str) -> dict[str, Any]:
    return ARGUMENTS[key] if type_ == "headers" else {}


def _matches(type_: str, bound: str, key: str) -> bool:
    binding = Binding("", "", bound, _arguments(type_, bound))
    return binding_matches(type_, binding, [key], {"h": 1})


@requirement("amqp.routing.topic-unbind-one-of-several")
@holds_for(cost=2, rounds=rounds(TOPIC_PATTERNS))
def test_topic_routing_follows_the_bindings(amqp: AmqpTester, rounds: list[Round]) -> None:
    Followed(amqp, "topic", TOPIC_KEYS).follow(rounds)


@requirement("amqp.routing.unbind-one-of-several")
@holds_for(cost=4, rounds=rounds(KEYS))
def test_routing_follows_the_bindings(amqp: AmqpTester, rounds: list[Round]) -> None:
    for type_ in ["direct", "fanout", "headers"]:
        Followed(amqp, type_, KEYS).follow(rounds)
