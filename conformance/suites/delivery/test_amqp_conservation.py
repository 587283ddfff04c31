"""What holds for a queue whatever its clients do."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.delivery.one_queue import OPERATIONS, OneQueue, Operation
from conformance.suites.delivery.steps import fill, flags, texts


@requirement("amqp.delivery.every-message-is-in-one-place")
@holds_for(cost=4, operations=st.lists(OPERATIONS, min_size=15, max_size=25))
def test_a_queue_agrees_with_its_model(amqp: AmqpTester, operations: list[Operation]) -> None:
    queue = OneQueue(amqp)
    for operation in operations:
        queue.step(operation)
    queue.end()


@requirement("amqp.delivery.messages-wait-for-their-consumer")
def test_messages_are_kept_while_the_consumer_is_away(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    away = amqp.connect()
    channel = away.channel()
    consumer = channel.consume(queue)
    fill(amqp, queue, 1)
    channel.ack(consumer.expect(1)[0].tag)
    away.close()
    amqp.admin.publish("", queue, "while away 1")
    amqp.admin.publish("", queue, "while away 2")
    back = amqp.connect().channel().consume(queue)
    expected = [("while away 1", False), ("while away 2", False)]
    expect.equal(flags(back.expect(2)), expected, "what the consumer finds when it is back")


@requirement("amqp.delivery.failing-consumer-harms-nobody")
def test_publisher_and_other_consumers_go_on(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("fanout")
    failing, working = amqp.queue(durable=True), amqp.queue(durable=True)
    for queue in (failing, working):
        amqp.admin.bind(queue, exchange)
    publisher = amqp.channel()
    publisher.select_confirms()
    consumer = amqp.channel().consume(working)
    for number in range(3):
        doomed = amqp.connect()
        failed = doomed.channel().consume(failing)
        outcome = publisher.publish_confirmed(exchange, "", f"m{number}")
        expect.equal(outcome, "ack", f"confirm of m{number}")
        failed.expect(1)
        doomed.drop()
    expect.equal(texts(consumer.expect(3)), ["m0", "m1", "m2"], "what the other consumer gets")
