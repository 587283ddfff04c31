"""What SIGKILL leaves: nothing that was promised may be lost."""

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.history import History, check
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

PERSISTENT = pika.BasicProperties(delivery_mode=2)
PUBLISHED = 300


def old_queue(amqp: AmqpTester) -> str:
    """A durable queue whose declaration is on disk for certain.

    RabbitMQ 3.10 writes it a moment after declare-ok, so that SIGKILL on a busy machine can lose a
    new queue with all that was confirmed in it.
    """
    queue = amqp.queue(durable=True)
    amqp.restart()
    return queue


@requirement("amqp.durability.confirmed-survive-kill")
@holds_for(cost=60, kill_after=st.integers(min_value=20, max_value=PUBLISHED - 20))
def test_nothing_confirmed_is_lost(amqp: AmqpTester, kill_after: int) -> None:
    queue = old_queue(amqp)
    publisher = amqp.channel()
    publisher.select_confirms()
    for number in range(PUBLISHED):
        publisher.publish("", queue, f"m{number}", PERSISTENT)
    publisher.wait_for(
        lambda: len(publisher.outcomes(PUBLISHED)) >= kill_after, f"{kill_after} confirms"
    )
    outcomes = publisher.outcomes(PUBLISHED)
    amqp.restart(kill=True)

    history = History()
    for number in range(PUBLISHED):
        outcome = {"ack": "ok", "nack": "fail"}.get(outcomes.get(number + 1, ""), "unknown")
        history.sent("publisher", queue, f"m{number}", outcome)
    for message in amqp.admin.drain(queue):
        history.received("reader", queue, message.text)
    anomalies = check(history, ("lost", "phantom", "duplicated", "reordered"))
    expect.equal([str(anomaly) for anomaly in anomalies], [], "anomalies after the kill")


@requirement("amqp.durability.committed-survive-kill")
def test_committed_survives_and_uncommitted_does_not(amqp: AmqpTester) -> None:
    queue = old_queue(amqp)
    channel = amqp.channel()
    channel.tx_select()
    channel.publish("", queue, "committed", PERSISTENT)
    channel.tx_commit()
    channel.publish("", queue, "uncommitted", PERSISTENT)
    # The answer to an unrelated method: the publish has been taken, and not committed.
    channel.qos(1)
    amqp.restart(kill=True)
    expect.equal(amqp.bodies(queue), ["committed"])
