"""Delivery in any history: no message waits while somebody has room for it, and the books agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.amqp.core.channel import ACK, DISCARD, REQUEUE, Channel
from reference_impl.amqp.core.delivery import Consumer
from reference_impl.errors import Refusal
from tests.reference_impl.amqp.core.client import CoreClient
from tests.reference_impl.strategies import often, quick

QUEUES = ("q", "r", "single", "limited")
CHANNELS = 3

_queues = st.sampled_from(QUEUES)
_channels = st.integers(0, CHANNELS - 1)
_publish = st.tuples(st.just("publish"), _queues)
_acknowledge = st.tuples(
    st.just("settle"), _channels, st.integers(0, 5), st.just(False), st.just(ACK)
)
OFTEN = (_publish, _publish, _publish, _acknowledge)
SELDOM = (
    st.tuples(st.just("consume"), _channels, _queues, st.booleans(), st.integers(0, 1)),
    st.tuples(st.just("cancel"), _channels, st.integers(0, 3)),
    st.tuples(
        st.just("settle"),
        _channels,
        st.integers(0, 5),
        st.booleans(),
        st.sampled_from((ACK, REQUEUE, DISCARD)),
    ),
    st.tuples(st.just("qos"), _channels, st.integers(0, 3), st.booleans()),
    st.tuples(st.just("get"), _channels, _queues, st.booleans()),
    st.tuples(st.just("writable"), st.booleans()),
    st.tuples(st.just("recover"), _channels),
    st.tuples(st.just("reopen"), _channels),
    st.tuples(st.just("transaction"), _channels),
    st.tuples(st.just("commit"), _channels),
    st.tuples(st.just("roll_back"), _channels),
)
STEPS = often(OFTEN, SELDOM, 3)


class World:
    """Three channels and four queues: two plain ones, single active, at most two messages.

    A consumer holds one message; those of the second channel one together, of the third two.
    """

    def __init__(self, version: str) -> None:
        self.client = CoreClient(version=version)
        self.client.declare("q")
        self.client.declare("r")
        self.client.declare("single", x_single_active_consumer=True)
        self.client.declare("limited", x_max_length=2)
        self.channels = [self.client.channel, *(self.client.open_channel() for _ in range(2))]
        for number, channel in enumerate(self.channels):
            channel.set_prefetch(1, for_channel=False)
            channel.set_prefetch(number, for_channel=True)
            for queue in ("q", "r", "single"):
                self.consume(number, queue, True, 0)
        self._publisher = self.client.open_channel()
        self.published = 0

    def publish(self, queue: str) -> None:
        self.published += 1
        self.client.publish(queue, b"%d" % self.published, channel=self._publisher)

    def consume(self, channel: int, queue: str, ack_required: bool, priority: int) -> None:
        self.client.consume(
            queue, "", ack_required=ack_required, priority=priority, channel=self.channels[channel]
        )

    def cancel(self, channel: int, which: int) -> None:
        tags = list(self.channels[channel].consumers)
        if tags:
            self.channels[channel].cancel(tags[which % len(tags)])

    def settle(self, channel: int, which: int, multiple: bool, outcome: str) -> None:
        tags = list(self.channels[channel].unacked)
        if tags:
            self.channels[channel].settle(tags[which % len(tags)], multiple, outcome)

    def qos(self, channel: int, count: int, for_channel: bool) -> None:
        self.channels[channel].set_prefetch(count, for_channel=for_channel)

    def get(self, channel: int, queue: str, ack_required: bool) -> None:
        self.channels[channel].get(queue, ack_required)

    def writable(self, writable: bool) -> None:
        self.client.connection.set_writable(writable)

    def recover(self, channel: int) -> None:
        self.channels[channel].recover()

    def reopen(self, channel: int) -> None:
        number = self.channels[channel].number
        self.channels[channel].close()
        self.channels[channel] = Channel(self.client.connection, number, self.client.sink)

    def transaction(self, channel: int) -> None:
        self.channels[channel].select_transactions()

    def commit(self, channel: int) -> None:
        self.channels[channel].require_transaction().commit()

    def roll_back(self, channel: int) -> None:
        self.channels[channel].require_transaction().rollback()

    # -- what must hold after every step ----------------------------------------------------

    def check(self) -> None:
        for name in QUEUES:
            queue = self.client.vhost.queues[name]
            positions = [entry.position for entry in queue.ready]
            assert positions == sorted(positions), "the order of publishing"
            if positions:
                idle = [c.tag for c in self._receivers(name) if c.has_room()]
                assert idle == [], f"{name} has messages, and these have room"
        for channel in self.channels:
            held = channel.held_deliveries()
            by_consumer = [consumer for _, consumer, _ in held if consumer is not None]
            assert channel.prefetched == len(by_consumer)
            for consumer in channel.consumers.values():
                assert consumer.unacked == by_consumer.count(consumer)
        entries = [entry for queue in self.client.vhost.queues.values() for entry in queue.ready]
        entries += [entry for _, entry in self.client.vhost.held_entries()]
        assert len(set(map(id, entries))) == len(entries), "a message is in one place"

    def _receivers(self, name: str) -> Iterator[Consumer]:
        consumers = self.client.vhost.queues[name].consumers
        if name != "single":
            yield from consumers
        elif len(consumers) > 0:
            assert consumers.active is not None, "one of them is the active one"
            yield consumers.active


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.10", "4.3"])
def test_nobody_waits_for_a_message_that_is_ready(version: str) -> None:
    @settings(quick, max_examples=100)
    @given(st.lists(STEPS, min_size=20, max_size=60))
    def holds(steps: list[tuple[Any, ...]]) -> None:
        world = World(version)
        for kind, *values in steps:
            try:
                getattr(world, kind)(*values)
            except Refusal:
                pass
            world.check()

    holds()


@pytest.mark.slow
@quick
@given(
    prefetch=st.integers(0, 3),
    priorities=st.lists(st.integers(0, 1), min_size=1, max_size=4),
    count=st.integers(1, 12),
)
def test_turns_go_around_within_the_highest_priority_that_has_room(
    prefetch: int, priorities: list[int], count: int
) -> None:
    client = CoreClient()
    client.declare("q")
    client.channel.set_prefetch(prefetch, for_channel=False)
    for number, priority in enumerate(priorities):
        client.consume("q", str(number), priority=priority)
    for number in range(count):
        client.publish("q", b"%d" % number)
    expected: list[str] = []
    for priority in (1, 0):
        line = [str(n) for n, p in enumerate(priorities) if p == priority]
        room = prefetch * len(line) if prefetch else count
        while line and room and len(expected) < count:
            expected.append(line[0])
            line.append(line.pop(0))
            room -= 1
    assert [tag for tag, *_ in client.sink.deliveries] == expected
    assert len(client.ready("q")) == count - len(expected)


def test_rollback_leaves_everything_as_it_was() -> None:
    client = CoreClient()
    client.declare("q")
    for number in range(5):
        client.publish("q", b"%d" % number)
    client.channel.set_prefetch(4, for_channel=False)
    client.consume("q", "c")
    client.channel.select_transactions()
    before = list(client.channel.unacked.items())
    client.publish("q", b"never")
    client.channel.settle(3, False, REQUEUE)
    client.channel.settle(2, True, DISCARD)
    client.channel.settle(0, True, ACK)
    assert client.channel.unacked == {}
    assert client.ready("q") == [b"4"], "nothing is settled yet, so there is no room"
    client.channel.require_transaction().rollback()
    assert list(client.channel.unacked.items()) == before
    client.channel.settle(4, True, ACK)
    client.channel.require_transaction().commit()
    assert client.channel.unacked.keys() == {5}


def test_a_message_ttl_begins_with_the_commit() -> None:
    client = CoreClient()
    client.declare("q", x_message_ttl=10)
    client.channel.select_transactions()
    client.publish("q", b"m", expiration=5)
    client.pass_time(100)
    client.channel.require_transaction().commit()
    client.pass_time(4)
    assert client.ready("q") == [b"m"]
    client.pass_time(1)
    assert client.ready("q") == []


def test_what_is_acknowledged_and_not_committed_comes_back_in_its_place() -> None:
    client = CoreClient()
    client.declare("q")
    for number in range(4):
        client.publish("q", b"%d" % number)
    channel = client.open_channel()
    channel.select_transactions()
    for _ in range(3):
        channel.get("q", True)
    channel.settle(2, False, ACK)
    channel.settle(3, False, DISCARD)
    channel.close()
    assert client.ready("q") == [b"0", b"1", b"2", b"3"]
    assert [entry.redelivered for entry in client.vhost.queues["q"].ready] == [True] * 3 + [False]


def test_the_next_single_active_consumer_is_given_what_waits() -> None:
    client = CoreClient()
    client.declare("single", x_single_active_consumer=True)
    client.channel.set_prefetch(1, for_channel=False)
    for tag in ("first", "second"):
        client.consume("single", tag)
    for body in (b"1", b"2"):
        client.publish("single", body)
    assert [(tag, body) for tag, *_, body in client.sink.deliveries] == [("first", b"1")]
    client.channel.cancel("first")
    assert client.sink.deliveries[1:] == [("second", 2, False, b"2")]
