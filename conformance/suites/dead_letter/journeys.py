"""Messages that die again and again, on a network of queues that dead-letter into one another.

Every queue has a consumer and lets messages stay for no time at all, or has no room for any: what
arrives is delivered at once, and what the consumer requeues expires or overflows at once. So the
client decides each time whether the message dies of a rejection or by itself, and a broker that
fails to notice a cycle does not spin for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel, Consumer, Message
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_deaths import EXPIRED, MAXLEN, REJECTED, Life
from conformance.suites.dead_letter.deaths import AT_ONCE

FAR_AWAY = "600000"
"""An expiration that no test reaches."""


@dataclass(frozen=True)
class Node:
    """One queue: of what a message dies there by itself, and where its dead letters go."""

    reason: str
    targets: tuple[int, ...]
    key: str | None
    """Its dead-letter routing key."""


class Stop(NamedTuple):
    """A message that arrived after a death, and what it must tell."""

    message: Message
    life: Life


def nodes(count: int, most_targets: int) -> st.SearchStrategy[list[Node]]:
    """Networks of `count` queues, each with up to `most_targets` next ones."""
    targets = st.lists(
        st.integers(0, count - 1), min_size=1, max_size=most_targets, unique=True
    ).map(tuple)
    node = st.builds(
        Node, st.sampled_from([EXPIRED, MAXLEN]), targets, st.sampled_from([None, "a", "b"])
    )
    return st.lists(node, min_size=count, max_size=count)


def decisions(least: int, most: int) -> st.SearchStrategy[list[tuple[int, bool]]]:
    """Which of the messages at hand dies next, and whether the client rejects it."""
    return st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=least, max_size=most)


class Journey:
    """One message that is published to the first node, and all its copies."""

    def __init__(self, amqp: AmqpTester, network: list[Node]) -> None:
        self.network = network
        self.channel: Channel = amqp.channel()
        self.exchanges = [amqp.exchange("fanout") for _ in network]
        self.consumers: list[Consumer] = []
        for node, exchange in zip(network, self.exchanges, strict=True):
            fate = {"x-dead-letter-exchange": exchange, **AT_ONCE[node.reason]}
            if node.key is not None:
                fate["x-dead-letter-routing-key"] = node.key
            self.consumers.append(self.channel.consume(amqp.queue(arguments=fate)))
        for node, exchange in zip(network, self.exchanges, strict=True):
            for target in node.targets:
                amqp.admin.bind(self.consumers[target].queue, exchange)
        self.expected = [0] * len(network)
        self.at_hand: list[tuple[int, Stop]] = []

    def begin(self) -> None:
        """Publish the message."""
        queue = self.consumers[0].queue
        self.channel.publish("", queue, "pilgrim", pika.BasicProperties(expiration=FAR_AWAY))
        self._arrive({0: Life("", (queue,), FAR_AWAY)})

    def step(self, which: int, rejected: bool, *, plain: bool = False) -> list[Stop]:
        """Let one of the messages at hand die; return what arrives after that.

        With `plain`, it is rejected rather than left to a doubtful cycle.
        """
        index, stop = self.at_hand.pop(which % len(self.at_hand))
        node = self.network[index]
        targets = {target: self.consumers[target].queue for target in node.targets}
        life = self._after(index, stop.life, REJECTED if rejected else node.reason)
        if plain and not all(map(life.enters_beyond_doubt, targets.values())):
            rejected = True
            life = self._after(index, stop.life, REJECTED)
        self.channel.nack(stop.message.tag, requeue=not rejected)
        reached = [target for target, queue in targets.items() if life.may_enter(queue)]
        return self._arrive(dict.fromkeys(reached, life))

    def _after(self, index: int, life: Life, reason: str) -> Life:
        queue, key = self.consumers[index].queue, self.network[index].key
        return life.after(queue, reason, self.exchanges[index], key)

    def _arrive(self, lives: dict[int, Life]) -> list[Stop]:
        stops = []
        for index, life in lives.items():
            self.expected[index] += 1
            message = self.consumers[index].expect(self.expected[index])[-1]
            stops.append(Stop(message, life))
            self.at_hand.append((index, stops[-1]))
        return stops

    def check_arrivals(self) -> None:
        """Nothing else may have arrived: each queue has sent what it had to send by the time it
        says that it is empty."""
        for _ in self.network:
            for consumer in self.consumers:
                expect.equal(self.channel.get(consumer.queue), None, "ready in a queue of the way")
        self.channel.barrier()
        expect.equal([len(c.received) for c in self.consumers], self.expected, "arrivals")

    def end(self) -> None:
        """Acknowledge whatever is held: given back by the end of the channel, it would die again,
        and where cycles are not noticed it would never come to rest."""
        if self.channel.closed is None and self.channel.connection.closed is None:
            self.channel.ack(0, multiple=True)


@contextmanager
def journey(amqp: AmqpTester, network: list[Node]) -> Iterator[Journey]:
    """A message that was published to the first node of a network."""
    journey = Journey(amqp, network)
    try:
        journey.begin()
        yield journey
        journey.check_arrivals()
    finally:
        journey.end()


def travel(
    amqp: AmqpTester, network: list[Node], steps: list[tuple[int, bool]], *, plain: bool = True
) -> list[Stop]:
    """Carry the steps out for as long as a message is left; return every arrival after a death."""
    stops: list[Stop] = []
    with journey(amqp, network) as way:
        for which, rejected in steps:
            if way.at_hand:
                stops += way.step(which, rejected, plain=plain)
    return stops
