"""Drives one queue of the broker and its model through the same operations, and compares.

Two clients, "A" and "B", take messages, each on a channel of a connection of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel, Consumer, Message
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_queue import ACK, DISCARD, REQUEUE, Given, QueueModel, Subscription
from conformance.suites.delivery.steps import await_consumers, await_ready, texts

Operation = tuple[Any, ...]

CLIENTS = st.sampled_from("AB")
OUTCOMES = st.sampled_from([ACK, REQUEUE, DISCARD])

OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.tuples(st.just("publish"), st.integers(1, 3)),
    st.tuples(st.just("get"), CLIENTS, st.booleans()),
    st.tuples(st.just("consume"), CLIENTS, st.integers(0, 2), st.booleans()),
    st.tuples(st.just("cancel"), CLIENTS),
    st.tuples(st.just("settle"), CLIENTS, st.integers(0, 3), st.booleans(), OUTCOMES),
    st.tuples(st.just("settle_all"), CLIENTS, OUTCOMES),
    st.tuples(st.just("recover"), CLIENTS),
    st.tuples(st.just("close"), CLIENTS),
    st.tuples(st.just("cut"), CLIENTS),
)
"""What one step does; numbers choose among what is there, modulo its count."""


class OneQueue:
    """The queue of the broker beside its model. Every step ends with a comparison."""

    def __init__(self, amqp: AmqpTester) -> None:
        self.model = QueueModel()
        self.name = amqp.queue(durable=True)
        self._amqp = amqp
        self._channels = {client: amqp.connect().channel() for client in "AB"}
        self._consumers: dict[str, Consumer] = {}
        self._count = 0

    def step(self, operation: Operation) -> None:
        """Carry an operation out on both sides and compare what became of it."""
        kind, *arguments = operation
        action: Callable[..., None] = getattr(self, f"_{kind}")
        action(*arguments)
        self._compare()

    def end(self) -> None:
        """Close both clients: what was not settled must be ready, and nothing else."""
        for client in "AB":
            self.step(("close", client))
        expect.same_members(self._amqp.bodies(self.name), self.model.ready, "ready at the end")

    # -- operations -------------------------------------------------------------------------

    def _publish(self, count: int) -> None:
        for _ in range(count):
            self._count += 1
            self._amqp.admin.publish("", self.name, f"m{self._count}")
            self.model.publish(f"m{self._count}")
        self._amqp.admin.barrier()

    def _get(self, client: str, ack: bool) -> None:
        expected = self.model.get(client, ack=ack)
        message = self._channels[client].get(self.name, ack=ack)
        observed = message and Given(message.tag, message.text, message.redelivered)
        expect.equal(observed, expected, f"what client {client} gets")

    def _consume(self, client: str, prefetch: int, ack: bool) -> None:
        self._count += 1
        tag = f"{client}{self._count}"
        channel = self._channels[client]
        channel.qos(prefetch)
        self.model.consumers[tag] = Subscription(client, prefetch, ack)
        self._consumers[tag] = channel.consume(self.name, tag=tag, ack=ack)

    def _cancel(self, client: str) -> None:
        for tag in self._consumers_of(client)[:1]:
            self._channels[client].cancel(self._consumers.pop(tag))
            del self.model.consumers[tag]

    def _settle(self, client: str, which: int, multiple: bool, outcome: str) -> None:
        tags = list(self.model.held.get(client, {}))
        if tags:
            self._settle_tag(client, tags[which % len(tags)], multiple, outcome)

    def _settle_all(self, client: str, outcome: str) -> None:
        self._settle_tag(client, 0, True, outcome)

    def _settle_tag(self, client: str, tag: int, multiple: bool, outcome: str) -> None:
        self.model.settle(client, tag, outcome, multiple=multiple)
        channel = self._channels[client]
        if outcome == ACK:
            channel.ack(tag, multiple=multiple)
        else:
            channel.nack(tag, multiple=multiple, requeue=outcome == REQUEUE)

    def _recover(self, client: str) -> None:
        self.model.recover(client)
        self._channels[client].recover()

    def _close(self, client: str) -> None:
        channel = self._channels[client]
        channel.close()
        self._start_afresh(client, channel.connection.channel())

    def _cut(self, client: str) -> None:
        self._channels[client].connection.drop()
        self._start_afresh(client, self._amqp.connect().channel())
        await_consumers(self._amqp, self.name, len(self.model.consumers))

    def _start_afresh(self, client: str, channel: Channel) -> None:
        for tag in self._consumers_of(client):
            del self._consumers[tag]
        self._channels[client] = channel
        self.model.close(client)

    def _consumers_of(self, client: str) -> list[str]:
        return [tag for tag, one in self.model.consumers.items() if one.channel == client]

    # -- comparison -------------------------------------------------------------------------

    def _compare(self) -> None:
        """What is due has been delivered to consumers with room, once each, and nothing else."""
        due = self.model.due()
        self._amqp.client.wait_for(
            lambda: len(self._deliveries()) >= len(due), f"deliveries of {', '.join(due)}"
        )
        for _ in range(2):  # what one client gives back may go to the other
            for channel in self._channels.values():
                channel.ready(self.name)
        deliveries = self._deliveries()
        expect.same_members(texts(deliveries), due, "what is delivered")
        for message in sorted(deliveries, key=lambda message: message.tag):
            consumer = message.consumer_tag
            expect.at_least(self.model.room(consumer), 1, f"room of consumer {consumer}")
            expected = self.model.hand_over(consumer, message.text)
            observed = Given(message.tag, message.text, message.redelivered)
            expect.equal(observed, expected, f"delivery to consumer {consumer}")
            self._consumers[consumer].received.remove(message)
        await_ready(self._amqp, self.name, len(self.model.ready))

    def _deliveries(self) -> list[Message]:
        """What consumers have received since the last comparison."""
        return [message for one in self._consumers.values() for message in one.received]
