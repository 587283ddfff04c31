"""Retrying with dead letters: work queue, retry queue, and a place for what never succeeds."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Message
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_deaths import REJECTED
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.dead_letter.deaths import death_count

MAX_RETRIES = 3


@dataclass
class Worker:
    """Handles orders, some of which fail a number of times.

    A failed order is rejected and comes back through the retry queue after `delay_ms`; one that
    was retried MAX_RETRIES times is parked.
    """

    amqp: AmqpTester
    failures: dict[str, int]
    delay_ms: int
    attempts: Counter[str] = field(default_factory=Counter)
    done: list[str] = field(default_factory=list)
    rejected_s: dict[str, float] = field(default_factory=dict)
    pauses_ms: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.work = self.amqp.queue_name()
        self.parked = self.amqp.queue()
        self.retry = self.amqp.queue(arguments=self._to(self.work, self.delay_ms))
        self.amqp.admin.declare_queue(self.work, exclusive=True, arguments=self._to(self.retry))
        self.channel = self.amqp.channel()

    @staticmethod
    def _to(queue: str, ttl_ms: int | None = None) -> dict[str, str | int]:
        fate: dict[str, str | int] = {
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": queue,
        }
        return fate if ttl_ms is None else {**fate, "x-message-ttl": ttl_ms}

    def run(self) -> None:
        """Publish every order and work until each is done or parked."""
        for order in self.failures:
            self.channel.publish("", self.work, order)
        self.channel.qos(1)
        consumer = self.channel.consume(self.work)
        settled = handled = 0
        while settled < len(self.failures):
            message = consumer.expect(handled + 1)[handled]
            handled += 1
            settled += self._handle(message)
        self.channel.barrier()
        expect.equal(len(consumer.received), handled, "deliveries of all orders")
        self.channel.cancel(consumer)

    def _handle(self, message: Message) -> bool:
        """Whether that was the last attempt at the order."""
        order = message.text
        retries = death_count(message, self.work, REJECTED)
        expect.equal(retries, self.attempts[order], f"retries counted in {order}")
        if order in self.rejected_s:
            self.pauses_ms.append(1000 * (time.monotonic() - self.rejected_s[order]))
        self.attempts[order] += 1
        if self.attempts[order] > self.failures[order]:
            self.done.append(order)
        elif retries >= MAX_RETRIES:
            self.channel.publish("", self.parked, order)
        else:
            self.rejected_s[order] = time.monotonic()
            self.channel.reject(message.tag, requeue=False)
            return False
        self.channel.ack(message.tag)
        return True

    def left(self) -> list[str]:
        """What is still in the work or the retry queue."""
        return self.amqp.bodies(self.work) + self.amqp.bodies(self.retry)


@requirement("amqp.dead-letter.retry-flow")
@holds_for(cost=8, failures=st.lists(st.integers(0, 5), min_size=1, max_size=5))
def test_every_order_is_done_or_parked_after_its_retries(
    amqp: AmqpTester, failures: list[int]
) -> None:
    orders = {f"order {n}": count for n, count in enumerate(failures)}
    worker = Worker(amqp, orders, delay_ms=0)
    worker.run()
    for order, count in orders.items():
        expect.equal(worker.attempts[order], min(count, MAX_RETRIES) + 1, f"attempts at {order}")
    succeeding = [order for order, count in orders.items() if count <= MAX_RETRIES]
    expect.same_members(worker.done, succeeding, "orders done")
    hopeless = [order for order, count in orders.items() if count > MAX_RETRIES]
    expect.same_members(amqp.bodies(worker.parked), hopeless, "orders parked")
    expect.equal(worker.left(), [], "orders left")


@requirement("amqp.dead-letter.delayed-retry")
def test_a_retry_comes_after_its_delay(amqp: AmqpTester) -> None:
    worker = Worker(amqp, {"once": 1, "twice": 2, "at once": 0}, delay_ms=60)
    worker.run()
    expect.equal(worker.attempts, Counter({"at once": 1, "once": 2, "twice": 3}), "attempts")
    expect.at_least(min(worker.pauses_ms), 55, "shortest pause before a retry in ms")
    expect.equal(worker.left(), [], "orders left")
