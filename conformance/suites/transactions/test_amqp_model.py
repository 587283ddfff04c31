"""Transactions against a model: any sequence of what two transactional channels can do."""

from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models import amqp_transactions as model
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

CHANNELS = st.integers(0, 1)
QUEUES = st.sampled_from([0, 0, 1])
OUTCOMES = st.sampled_from([model.ACK, model.REQUEUE, model.DISCARD])

ACTIONS = st.one_of(
    st.tuples(st.just("publish"), CHANNELS, QUEUES),
    st.tuples(st.just("get"), CHANNELS, QUEUES),
    st.tuples(st.just("settle"), CHANNELS, st.integers(0, 3), OUTCOMES, st.booleans()),
    st.tuples(st.just("settle"), CHANNELS, st.integers(0, 3), OUTCOMES, st.booleans()),
)
"""What to do, on which channel, and with which queue; or with which of the held deliveries."""

ENDS = st.tuples(
    st.sampled_from(["commit", "commit", "commit", "rollback", "rollback", "recover", "close"]),
    CHANNELS,
)
ROUNDS = st.lists(
    st.tuples(st.lists(ACTIONS, min_size=1, max_size=5), ENDS), min_size=1, max_size=4
)

FIRST = ["first 0", "first 1", "first 2"]


class Pair:
    """Two real channels and their models, led through the same steps."""

    def __init__(self, amqp: AmqpTester) -> None:
        self.amqp = amqp
        self.names = [amqp.queue(), amqp.queue()]
        self.queues = [model.Queue(), model.Queue()]
        for body in FIRST:
            amqp.admin.publish("", self.names[0], body)
            self.queues[0].publish(body)
        amqp.admin.barrier()
        self.real = [self._open(), self._open()]
        self.models = [model.Channel(), model.Channel()]

    def _open(self) -> Channel:
        channel = self.amqp.channel()
        channel.tx_select()
        return channel

    def publish(self, who: int, queue: int, body: str) -> None:
        self.real[who].publish("", self.names[queue], body)
        self.models[who].publish(self.queues[queue], body)
        self.real[who].barrier()

    def get(self, who: int, queue: int) -> None:
        expected = self.models[who].get(self.queues[queue])
        got = self.real[who].get(self.names[queue])
        expect.equal(
            got and (got.tag, got.text, got.redelivered),
            expected and (expected[0], expected[1].body, expected[1].redelivered),
            f"tag, body and redelivered of a get from queue {queue}",
        )

    def settle(self, who: int, which: int, outcome: str, multiple: bool) -> None:
        """Settle one of the deliveries that the channel holds; it gets one if it holds none."""
        if not self.models[who].unacked:
            self.get(who, 0)
        held = list(self.models[who].unacked)
        if not held:
            return
        tag = held[which % len(held)]
        self.models[who].settle(tag, outcome, multiple=multiple)
        if outcome == model.ACK:
            self.real[who].ack(tag, multiple=multiple)
        elif multiple:
            self.real[who].nack(tag, multiple=True, requeue=outcome == model.REQUEUE)
        else:
            self.real[who].reject(tag, requeue=outcome == model.REQUEUE)
        self.real[who].barrier()

    def end(self, how: str, who: int) -> None:
        """Commit, roll back, recover or close."""
        getattr(self.models[who], how)()
        if how == "close":
            self.real[who].close()
            self.real[who] = self._open()
        elif how == "recover":
            self.real[who].recover()
        else:
            getattr(self.real[who], f"tx_{how}")()

    def compare_counts(self, after: str) -> None:
        """RabbitMQ counts ahead of what its queue has still to do, so the counts may lag."""
        expected = [len(queue.ready) for queue in self.queues]
        expect.eventually(
            lambda: self._counts() == expected,
            f"{expected} ready messages after {after}",
            observed=self._counts,
        )

    def _counts(self) -> list[int]:
        return [self.amqp.admin.ready(name) for name in self.names]

    def compare_contents(self) -> None:
        for name, queue in zip(self.names, self.queues, strict=True):
            found = [(message.text, message.redelivered) for message in self.amqp.admin.drain(name)]
            expect.equal(found, queue.seen(), "bodies and redelivered flags at the end")


@requirement("amqp.transactions.effects-follow-commit")
@holds_for(cost=2, rounds=ROUNDS)
def test_exactly_what_was_committed_has_happened(
    amqp: AmqpTester, rounds: list[tuple[list[tuple[Any, ...]], tuple[str, int]]]
) -> None:
    pair = Pair(amqp)
    steps = [step for actions, end in rounds for step in (*actions, end)]
    for number, (action, who, *details) in enumerate(steps):
        if action == "publish":
            pair.publish(who, details[0], f"body {number}")
        elif action == "get":
            pair.get(who, *details)
        elif action == "settle":
            pair.settle(who, *details)
        else:
            pair.end(action, who)
        pair.compare_counts(action)
    for who in (0, 1):
        pair.end("close", who)
        pair.compare_counts("close")
    pair.compare_contents()
