"""The whole way of a message: exchanges of all types, cycles, alternates, CC and BCC together."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_routing import Binding, Graph
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.common import with_headers

EXCHANGES = ["x0", "x1", "x2"]
QUEUES = ["q0", "q1", "q2"]
KEYS = st.sampled_from(["a", "b", "a.b", "", "q0", "q1"])
PATTERNS = st.sampled_from(["a", "b", "*", "#", "a.#", ""])
ARGUMENTS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"h": 1}, {"h": 2}, {"x-match": "any", "h": 1, "i": 1}, {"x-match": "any"}]
)
TYPES = st.sampled_from(["direct", "fanout", "topic", "headers"])


@dataclass(frozen=True)
class Published:
    """A message: its keys and its header."""

    key: str
    cc: list[str]
    bcc: list[str]
    h: int


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Three exchanges and three queues, bound at random; few enough for circles to be common."""
    bindings = st.builds(
        Binding,
        source=st.sampled_from(EXCHANGES),
        destination=st.sampled_from(EXCHANGES + QUEUES),
        key=PATTERNS,
        arguments=ARGUMENTS,
    )
    alternates = {name: draw(st.sampled_from(["", *EXCHANGES, "missing"])) for name in EXCHANGES}
    return Graph(
        exchanges=draw(st.fixed_dictionaries(dict.fromkeys(EXCHANGES, TYPES))),
        queues=QUEUES,
        bindings=draw(st.lists(bindings, min_size=4, max_size=14)),
        alternates={name: alternate for name, alternate in alternates.items() if alternate},
    )


MESSAGES = st.lists(
    st.builds(
        Published,
        key=KEYS,
        cc=st.lists(KEYS, max_size=2),
        bcc=st.lists(KEYS, max_size=2),
        h=st.integers(1, 2),
    ),
    min_size=2,
    max_size=5,
)


def build(amqp: AmqpTester, graph: Graph) -> dict[str, str]:
    """Declare and bind everything; return the real names by those in the graph."""
    names = {name: amqp.exchange_name() for name in [*graph.exchanges, "missing"]}
    for name, type_ in graph.exchanges.items():
        alternate = graph.alternates.get(name)
        arguments = {"alternate-exchange": names[alternate]} if alternate is not None else {}
        amqp.admin.declare_exchange(names[name], type_, arguments=arguments)
    names.update({name: amqp.queue() for name in graph.queues})
    for binding in graph.bindings:
        bind = amqp.admin.bind if binding.destination in QUEUES else amqp.admin.bind_exchange
        source, destination = names[binding.source], names[binding.destination]
        bind(destination, source, binding.key, binding.arguments)
    return {"": "", **names}


def properties(message: Published, names: dict[str, str]) -> pika.BasicProperties:
    """The properties of a message; keys that are names in the graph become real ones."""
    cc, bcc = ([names.get(key, key) for key in keys] for keys in (message.cc, message.bcc))
    return with_headers({"CC": cc, "BCC": bcc, "h": message.h})


@requirement("amqp.routing.graph")
@holds_for(cost=1.5, graph=graphs(), messages=MESSAGES)
def test_routing_agrees_with_a_walk_through_the_graph(
    amqp: AmqpTester, graph: Graph, messages: list[Published]
) -> None:
    names = build(amqp, graph)
    channel = amqp.channel()  # one for everything, so that all happens in order
    expected: dict[str, list[str]] = {queue: [] for queue in graph.queues}
    unroutable = []
    for number, (entry, message) in enumerate(itertools.product([*EXCHANGES, ""], messages)):
        body = f"{number}: {message} to {entry!r}"
        key = names.get(message.key, message.key)
        channel.publish(names[entry], key, body, properties(message, names), mandatory=True)
        keys = [message.key, *message.cc, *message.bcc]
        reached = graph.reached(entry, keys, {"h": message.h})
        for queue in reached:
            expected[queue].append(body)
        if not reached:
            unroutable.append(body)
    channel.barrier()
    expect.equal([message.text for message in channel.returned], unroutable, "messages returned")
    for queue, bodies in expected.items():
        observed = [message.text for message in channel.drain(names[queue])]
        expect.equal(observed, bodies, f"messages in {queue}")
