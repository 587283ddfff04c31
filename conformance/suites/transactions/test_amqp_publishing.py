"""What a transaction does to publishes."""

import pika
from pika import frame, spec

from conformance import expect
from conformance.drivers.amqp.raw import RawConnection
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.suites.publishing.traffic import full_queue
from conformance.suites.transactions.ends import ENDS, expect_back, filled_queue, tx_channel


@requirement("amqp.transactions.publishes-wait")
def test_nobody_sees_a_message_before_commit(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("fanout")
    queues = [amqp.bound_queue(exchange), amqp.bound_queue(exchange)]
    consumed = amqp.bound_queue(exchange)
    consumer = amqp.admin.consume(consumed)
    channel = tx_channel(amqp)
    channel.publish(exchange, "", "one", pika.BasicProperties(delivery_mode=2))
    channel.publish(exchange, "", "two")
    channel.barrier()
    expect.equal([amqp.admin.ready(queue) for queue in queues], [0, 0], "messages before commit")
    expect.equal(consumer.bodies, [], "deliveries before commit")
    channel.tx_commit()
    for queue in queues:
        expect.equal(amqp.bodies(queue), ["one", "two"], "messages after commit")
    consumer.expect(2)
    expect.equal(consumer.bodies, [b"one", b"two"], "deliveries after commit")
    expect.equal(channel.events, [], "what the publisher is told")


@requirement("amqp.transactions.rollback-drops-publishes")
def test_rollback_drops_what_was_published(amqp: AmqpTester) -> None:
    queue, channel = amqp.queue(), tx_channel(amqp)
    channel.publish("", queue, "dropped")
    channel.publish("", queue, "dropped too")
    channel.tx_rollback()
    channel.tx_commit()
    expect.equal(amqp.bodies(queue), [])


@requirement("amqp.transactions.end-drops-publishes")
def test_the_end_of_a_channel_drops_what_was_not_committed(amqp: AmqpTester) -> None:
    for name, end in ENDS.items():
        queue, channel = filled_queue(amqp, "held"), tx_channel(amqp)
        channel.get(queue)
        channel.publish("", queue, "not committed")
        channel.barrier()
        end(channel)
        expect_back(amqp, queue, ["held"], name)


@requirement("amqp.transactions.errors-at-publish")
def test_a_missing_exchange_is_an_error_at_once(amqp: AmqpTester) -> None:
    queue, channel = amqp.queue(), tx_channel(amqp)
    channel.publish("", queue, "not committed")
    with expect.channel_error(404, barrier=channel.barrier):
        channel.publish(amqp.exchange_name(), "key", "refused")
    expect.equal(amqp.bodies(queue), [])


@requirement("amqp.transactions.returns-at-commit")
def test_returns_come_with_the_commit(amqp: AmqpTester) -> None:
    queue, nowhere, raw = amqp.queue(), amqp.name("nowhere"), amqp.raw().open()
    raw.call(1, spec.Tx.Select(), spec.Tx.SelectOk)
    raw.publish(1, "", nowhere, b"first", mandatory=True)
    raw.publish(1, "", queue, b"routed", mandatory=True)
    raw.publish(1, "", nowhere, b"dropped")
    raw.publish(1, "", nowhere, b"second", mandatory=True)
    raw.barrier(1)
    raw.send_method(1, spec.Tx.Commit())
    expect.equal([_returned(raw), _returned(raw)], [b"first", b"second"], "returned messages")
    raw.expect(spec.Tx.CommitOk)
    raw.barrier(1)


def _returned(raw: RawConnection) -> bytes | None:
    raw.expect(spec.Basic.Return)
    raw.read_frame()
    body = raw.read_frame()
    return body.fragment if isinstance(body, frame.Body) else None


@requirement("amqp.transactions.rollback-drops-returns")
def test_nothing_is_returned_after_rollback(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    raw.call(1, spec.Tx.Select(), spec.Tx.SelectOk)
    raw.publish(1, "", amqp.name("nowhere"), b"dropped", mandatory=True)
    raw.call(1, spec.Tx.Rollback(), spec.Tx.RollbackOk)
    raw.call(1, spec.Tx.Commit(), spec.Tx.CommitOk)
    raw.barrier(1)


@requirement("amqp.transactions.queue-deleted-before-commit")
def test_a_queue_is_deleted_before_commit(amqp: AmqpTester) -> None:
    queue, channel = amqp.queue(), tx_channel(amqp)
    channel.publish("", queue, "homeless", mandatory=True)
    channel.barrier()
    amqp.admin.delete_queue(queue)
    with expect.ends(amqp.outcomes):
        channel.tx_commit()
        expect.equal(channel.events, ["return homeless"], "returned by a commit without error")


@requirement("amqp.transactions.refused-publish")
def test_a_commit_fails_if_a_queue_refuses_a_message(amqp: AmqpTester) -> None:
    full, other = full_queue(amqp), filled_queue(amqp, "acked")
    channel = tx_channel(amqp)
    message = channel.get(other)
    expect.true(message is not None, "a message", message)
    channel.ack(1)
    channel.publish("", full, "refused")
    channel.publish("", other, "taken")
    with expect.channel_error(406):
        channel.tx_commit()
    expect.equal(amqp.bodies(other), ["taken"], "in the queue that takes")
    expect.equal(amqp.bodies(full), ["fills it"], "in the queue that refuses")
