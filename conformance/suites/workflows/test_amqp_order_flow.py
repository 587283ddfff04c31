"""An order is validated, reserved, paid and mailed: by requests in a chain, or by one event.

What the caller waits for is counted in messages, which is what latency is made of here: a chain
costs a request and a reply for each service, an event one confirm.
"""

from __future__ import annotations

from hypothesis import strategies as st
from pika import BasicProperties

from conformance import expect
from conformance.drivers.amqp.client import Channel, Message
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

SERVICES = ["validate", "reserve", "pay", "mail"]

FAILING = st.sets(st.sampled_from(SERVICES))
ORDERS = st.lists(FAILING, min_size=1, max_size=4)
"""For each order the services that fail at it."""


class Chain:
    """A caller that asks each service when the one before has answered."""

    def __init__(self, amqp: AmqpTester) -> None:
        self.queues = {service: amqp.queue(durable=True) for service in SERVICES}
        self.messages = 0
        self.worked: list[str] = []
        self._replies = amqp.queue(durable=True)
        self._caller = amqp.channel()
        self._services = amqp.connect().channel()

    def place(self, order: str, failing: set[str]) -> list[str]:
        """Ask one service after the other; return those that answered."""
        answered = []
        for service in SERVICES:
            request = BasicProperties(reply_to=self._replies, correlation_id=order)
            self._caller.publish("", self.queues[service], order, request)
            self._caller.ready(self.queues[service])
            self.messages += 1
            self._serve(service, failing)
            reply = self._caller.get(self._replies, ack=False)
            if reply is None:
                break
            expect.equal(reply.properties.correlation_id, order, "correlation of the reply")
            answered.append(reply.text)
            self.messages += 1
        return answered

    def _serve(self, service: str, failing: set[str]) -> None:
        request = self._services.take(self.queues[service])
        self.worked.append(service)
        if service in failing:
            self._services.nack(request.tag, requeue=False)
            return
        asked = request.properties
        expect.equal(asked.reply_to, self._replies, "reply address of the request")
        reply = BasicProperties(correlation_id=asked.correlation_id)
        self._services.publish("", asked.reply_to, service, reply)
        self._services.ack(request.tag)
        self._services.ready(self._replies)


@requirement("amqp.workflows.synchronous-chain")
@holds_for(cost=6, failing=FAILING)
def test_a_chain_waits_for_every_service_and_breaks_at_the_first_that_fails(
    amqp: AmqpTester, failing: set[str]
) -> None:
    chain = Chain(amqp)
    answered = chain.place("order", failing)
    reached = next((n for n, service in enumerate(SERVICES) if service in failing), len(SERVICES))
    expect.equal(answered, SERVICES[:reached], "services that answered")
    expect.equal(chain.worked, SERVICES[: reached + 1], "services that worked")
    waited_for = 2 * reached + (reached < len(SERVICES))
    expect.equal(chain.messages, waited_for, "messages that the caller waited for")
    left = {service: amqp.admin.ready(queue) for service, queue in chain.queues.items()}
    expect.equal(left, dict.fromkeys(SERVICES, 0), "requests left")


@requirement("amqp.workflows.event-driven-order")
@holds_for(cost=6, orders=ORDERS)
def test_an_event_frees_its_publisher_before_any_service_works(
    amqp: AmqpTester, orders: list[set[str]]
) -> None:
    placed = amqp.exchange("fanout")
    queues = {service: amqp.queue(durable=True) for service in SERVICES}
    for queue in queues.values():
        amqp.admin.bind(queue, placed)
    names = [f"order {number}" for number in range(len(orders))]
    publisher = amqp.channel()
    publisher.select_confirms()
    for name in names:
        expect.equal(publisher.publish_confirmed(placed, "", name), "ack", f"confirm of {name}")
    services = amqp.connect().channel()
    for service, queue in queues.items():
        expect.equal(services.ready(queue), len(orders), f"events that wait for {service}")
    for service, queue in queues.items():
        worked = [_work(services, queue, service in failing) for failing in orders]
        expect.equal([message.text for message in worked], names, f"events seen by {service}")
        expect.equal(services.ready(queue), 0, f"events left for {service}")


def _work(services: Channel, queue: str, fails: bool) -> Message:
    message = services.take(queue)
    if fails:
        services.nack(message.tag, requeue=False)
    else:
        services.ack(message.tag)
    return message
