"""What a transaction does to deliveries and their settlement."""

from collections.abc import Callable

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.suites.transactions.ends import ENDS, expect_back, filled_queue, take, tx_channel

BAD_SETTLEMENTS: dict[str, Callable[[Channel], None]] = {
    "ack of a tag that was never given": lambda channel: channel.ack(9),
    "second ack in one transaction": lambda channel: channel.ack(1),
    "reject of what was acked": lambda channel: channel.reject(1),
    "nack of what was acked": lambda channel: channel.nack(1),
    "multiple ack of a tag that was never given": lambda channel: channel.ack(9, multiple=True),
}


@requirement("amqp.transactions.requeues-wait")
def test_what_is_given_back_is_ready_after_commit(amqp: AmqpTester) -> None:
    for settle in (
        lambda channel: (channel.reject(1), channel.reject(2)),
        lambda channel: channel.nack(2, multiple=True),
    ):
        queue, channel = filled_queue(amqp, "one", "two"), tx_channel(amqp)
        take(channel, queue, "one", "two")
        settle(channel)
        channel.barrier()
        expect.equal(amqp.admin.ready(queue), 0, "ready before commit")
        channel.tx_commit()
        expect_back(amqp, queue, ["one", "two"], "commit")


@requirement("amqp.transactions.discards-wait")
def test_what_is_rejected_is_dead_lettered_after_commit(amqp: AmqpTester) -> None:
    dead = amqp.queue()
    queue, channel = filled_queue(amqp, "one", "two", dead_letters=dead), tx_channel(amqp)
    take(channel, queue, "one", "two")
    channel.reject(1, requeue=False)
    channel.nack(2, requeue=False)
    channel.barrier()
    expect.equal(amqp.admin.ready(dead), 0, "dead letters before commit")
    channel.tx_commit()
    expect.eventually(lambda: amqp.admin.ready(dead) == 2, "two dead letters after commit")
    channel.close()
    expect.equal(amqp.bodies(dead), ["one", "two"])
    expect.equal(amqp.bodies(queue), [])


@requirement("amqp.transactions.acks-wait")
def test_an_ack_counts_from_commit_on(amqp: AmqpTester) -> None:
    queue, channel = filled_queue(amqp, "acked", "acked too late", "held"), tx_channel(amqp)
    take(channel, queue, "acked", "acked too late", "held")
    channel.ack(1)
    channel.tx_commit()
    channel.ack(2)
    channel.close()
    expect_back(amqp, queue, ["acked too late", "held"], "close")


@requirement("amqp.transactions.end-requeues-uncommitted")
def test_what_was_settled_and_not_committed_comes_back(amqp: AmqpTester) -> None:
    bodies = ["acked", "held", "rejected", "nacked", "last"]
    for name, end in ENDS.items():
        queue, channel = filled_queue(amqp, *bodies), tx_channel(amqp)
        take(channel, queue, *bodies[:4])
        channel.ack(1)
        channel.reject(3, requeue=False)
        channel.nack(4, requeue=False)
        channel.barrier()
        take(amqp.admin, queue, "last")
        end(channel)
        expect_back(amqp, queue, bodies[:4], name)


@requirement("amqp.transactions.rollback-restores-deliveries")
def test_after_rollback_deliveries_can_be_settled_again(amqp: AmqpTester) -> None:
    queue, channel = filled_queue(amqp, "1", "2", "3", "4"), tx_channel(amqp)
    take(channel, queue, "1", "2", "3", "4")
    channel.ack(2)
    channel.nack(4)
    channel.tx_rollback()
    channel.ack(2)
    channel.tx_rollback()
    channel.ack(3, multiple=True)
    channel.tx_commit()
    channel.close()
    expect_back(amqp, queue, ["4"], "close")


@requirement("amqp.transactions.rollback-redelivers-nothing")
def test_rollback_neither_requeues_nor_redelivers(amqp: AmqpTester) -> None:
    queue, channel = filled_queue(amqp, "one", "two", "three"), tx_channel(amqp)
    channel.qos(2)
    consumer = channel.consume(queue)
    consumer.expect(2)
    channel.ack(1)
    channel.reject(2)
    channel.tx_rollback()
    channel.barrier()
    expect.equal(consumer.bodies, [b"one", b"two"], "deliveries")
    expect.equal(amqp.bodies(queue), ["three"], "ready messages")


@requirement("amqp.transactions.unknown-tags-at-once")
def test_an_unknown_tag_is_an_error_before_commit(amqp: AmqpTester) -> None:
    for name, settle in BAD_SETTLEMENTS.items():
        queue, channel = filled_queue(amqp, "one", "two"), tx_channel(amqp)
        take(channel, queue, "one", "two")
        channel.ack(1)
        with expect.channel_error(406, barrier=channel.barrier):
            settle(channel)
        expect_back(amqp, queue, ["one", "two"], name)


@requirement("amqp.transactions.no-ack-is-final")
def test_what_needs_no_ack_is_not_part_of_the_transaction(amqp: AmqpTester) -> None:
    queue, channel = filled_queue(amqp, "gone", "acked", "last"), tx_channel(amqp)
    channel.get(queue, ack=False)
    take(channel, queue, "acked")
    channel.tx_rollback()
    channel.close()
    expect.eventually(lambda: amqp.admin.ready(queue) >= 2, "two messages after close")
    expect.equal(amqp.bodies(queue), ["acked", "last"])


@requirement("amqp.transactions.recover-spares-acked")
def test_recover_gives_back_what_is_not_settled(amqp: AmqpTester) -> None:
    queue, channel = filled_queue(amqp, "one", "acked", "three"), tx_channel(amqp)
    take(channel, queue, "one", "acked", "three")
    channel.ack(2)
    channel.recover()
    expect_back(amqp, queue, ["one", "three"], "recover")
    amqp.admin.publish("", queue, "held")
    amqp.admin.barrier()
    take(channel, queue, "held")
    channel.tx_rollback()
    channel.ack(2)
    channel.tx_commit()
    channel.close()
    expect_back(amqp, queue, ["held"], "close")


@requirement("amqp.transactions.uncommitted-ack-holds-prefetch")
def test_prefetch_counts_what_was_acked_and_not_committed(amqp: AmqpTester) -> None:
    queue, channel = filled_queue(amqp, "one", "two"), tx_channel(amqp)
    channel.qos(1)
    consumer = channel.consume(queue)
    consumer.expect(1)
    channel.ack(consumer.received[0].tag)
    channel.barrier()
    expect.equal(consumer.bodies, [b"one"], "deliveries before commit")
    channel.tx_commit()
    consumer.expect(2)
    expect.equal(consumer.bodies, [b"one", b"two"], "deliveries after commit")
