"""The whole way of a message: exchanges of all types, cycles, alternates, CC and BCC together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_routing import Binding, Graph
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.common import with_headers

EXCHANGES = ["x0", "x1", "x2", "x3"]
QUEUES = ["q0", "q1", "q2"]
KEYS = st.sampled_from(["a", "b", "a.b", "", "q0", "q1"])
PATTERNS = st.sampled_from(["a", "b", "*", "#", "a.#", ""])
ARGUMENTS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"h": 1}, {"h": 2}, {"x-match": "any", "h": 1, "i": 1}, {"x-match": "any"}]
)
TYPES = st.sampled_from(["direct", "fanout", "topic", "headers"])


@dataclass(frozen=True)
class Published:
    """A message: where it enters, its keys and its headers."""

    exchange: str
    key: str
    cc: list[str]
    bcc: list[str]
    h: int


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Four exchanges and three queues, bound at random; few enough for circles to be common."""
    return Graph(
        exchanges=draw(st.fixed_dictionaries(dict.fromkeys(EXCHANGES, TYPES))),
        queues=QUEUES,
        bindings=draw(
            st.lists(
                st.builds(
                    Binding,
                    source=st.sampled_from(EXCHANGES),
                    destination=st.sampled_from(EXCHANGES + QUEUES),
                    key=PATTERNS,
                    arguments=ARGUMENTS,
                ),
                max_size=12,
            )
        ),
        alternates=draw(
            st.dictionaries(
                st.sampled_from(EXCHANGES), st.sampled_from([*EXCHANGES, "missing"]), max_size=3
            )
        ),
    )


MESSAGES = st.lists(
    st.builds(
        Published,
        exchange=st.sampled_from([*EXCHANGES, ""]),
        key=KEYS,
        cc=st.lists(KEYS, max_size=2),
        bcc=st.lists(KEYS, max_size=1),
        h=st.integers(1, 2),
    ),
    min_size=1,
    max_size=6,
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
    return {**names, "": ""}


@requirement("amqp.routing.graph")
@holds_for(cost=2, graph=graphs(), messages=MESSAGES)
def test_routing_agrees_with_a_walk_through_the_graph(
    amqp: AmqpTester, graph: Graph, messages: list[Published]
) -> None:
    names = build(amqp, graph)
    channel = amqp.channel()  # one for everything, so that all happens in order
    expected: dict[str, list[str]] = {queue: [] for queue in graph.queues}
    unroutable = []
    for number, message in enumerate(messages):
        body = f"{number}: {message}"
        key, *cc = (names.get(key, key) for key in [message.key, *message.cc])
        bcc = [names.get(key, key) for key in message.bcc]
        headers = {"CC": cc, "BCC": bcc, "h": message.h}
        properties = with_headers(headers)
        channel.publish(names[message.exchange], key, body, properties, mandatory=True)
        keys = [message.key, *message.cc, *message.bcc]
        reached = graph.reached(message.exchange, keys, headers)
        for queue in reached:
            expected[queue].append(body)
        if not reached:
            unroutable.append(body)
    channel.barrier()
    expect.equal([message.text for message in channel.returned], unroutable, "messages returned")
    for queue, bodies in expected.items():
        observed = [message.text for message in channel.drain(names[queue])]
        expect.equal(observed, bodies, f"messages in {queue}")
