"""Selecting transactions, what belongs to one, and what does not."""

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.suites.transactions.ends import expect_back, filled_queue, take, tx_channel


@requirement("amqp.transactions.select-twice")
def test_selecting_again_changes_nothing(amqp: AmqpTester) -> None:
    queue, channel = amqp.queue(), tx_channel(amqp)
    channel.publish("", queue, "kept")
    channel.tx_select()
    expect.equal(amqp.admin.ready(queue), 0, "messages before commit")
    channel.tx_commit()
    expect.equal(amqp.bodies(queue), ["kept"])


@requirement("amqp.transactions.commit-needs-select")
def test_commit_without_select(amqp: AmqpTester) -> None:
    with expect.channel_error(406):
        amqp.channel().tx_commit()
    amqp.channel().barrier()


@requirement("amqp.transactions.rollback-needs-select")
def test_rollback_without_select(amqp: AmqpTester) -> None:
    with expect.channel_error(406):
        amqp.channel().tx_rollback()
    amqp.channel().barrier()


@requirement("amqp.transactions.not-with-confirms")
def test_select_on_a_confirm_channel(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    channel.select_confirms()
    with expect.channel_error(406):
        channel.tx_select()


@requirement("amqp.transactions.next-begins-at-once")
def test_the_next_transaction_begins_by_itself(amqp: AmqpTester) -> None:
    queue, channel = amqp.queue(), tx_channel(amqp)
    channel.publish("", queue, "committed")
    channel.tx_commit()
    channel.publish("", queue, "rolled back")
    channel.barrier()
    expect.equal(amqp.bodies(queue), ["committed"], "before the second commit")
    channel.tx_rollback()
    channel.publish("", queue, "committed too")
    channel.barrier()
    expect.equal(amqp.bodies(queue), [], "after the rollback")
    channel.tx_commit()
    channel.tx_commit()
    expect.equal(amqp.bodies(queue), ["committed too"], "after an empty commit")


@requirement("amqp.transactions.own-channel")
def test_a_transaction_belongs_to_one_channel(amqp: AmqpTester) -> None:
    queue, connection = amqp.queue(), amqp.connect()
    one, other, plain = connection.channel(), connection.channel(), connection.channel()
    one.tx_select()
    other.tx_select()
    one.publish("", queue, "of one")
    other.publish("", queue, "of the other")
    plain.publish("", queue, "of none")
    for channel in (one, other, plain):
        channel.barrier()
    expect.equal(amqp.bodies(queue), ["of none"], "before any commit")
    other.tx_commit()
    expect.equal(amqp.bodies(queue), ["of the other"], "after the commit of the other")
    other.tx_rollback()
    one.tx_commit()
    expect.equal(amqp.bodies(queue), ["of one"], "after the commit of the first")


@requirement("amqp.transactions.own-channel")
def test_commit_on_one_channel_does_not_settle_for_another(amqp: AmqpTester) -> None:
    queue, connection = filled_queue(amqp, "acked", "rejected"), amqp.connect()
    one, other = connection.channel(), connection.channel()
    one.tx_select()
    other.tx_select()
    take(one, queue, "acked", "rejected")
    one.ack(1)
    one.reject(2, requeue=False)
    one.barrier()
    other.tx_commit()
    one.close()
    expect_back(amqp, queue, ["acked", "rejected"], "the commit of the other")


@requirement("amqp.transactions.declarations-at-once")
def test_declarations_and_purges_are_not_part_of_it(amqp: AmqpTester) -> None:
    purged = filled_queue(amqp, "purged")
    queue, exchange, channel = amqp.queue_name(), amqp.exchange_name(), tx_channel(amqp)
    channel.declare_exchange(exchange, "fanout")
    channel.declare_queue(queue, durable=True)
    channel.bind(queue, exchange)
    expect.equal(channel.purge(purged), 1, "messages purged")
    amqp.admin.publish(exchange, "", "routed at once")
    channel.tx_rollback()
    amqp.admin.publish(exchange, "", "routed after rollback")
    expect.equal(amqp.bodies(queue), ["routed at once", "routed after rollback"])
    expect.equal(amqp.bodies(purged), [], "in the purged queue")


@requirement("amqp.transactions.deliveries-at-once")
def test_deliveries_and_gets_are_not_part_of_it(amqp: AmqpTester) -> None:
    queue, channel = filled_queue(amqp, "got", "delivered"), tx_channel(amqp)
    message = channel.get(queue)
    expect.equal(message and message.text, "got")
    consumer = channel.consume(queue)
    consumer.expect(1)
    channel.tx_rollback()
    expect.equal(amqp.bodies(queue), [], "what the channel holds after rollback")
