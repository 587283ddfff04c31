"""Mutants of transactions."""

from tests.mutants.mutant import Mutant

COMMIT = "amqp.core.transactions:Transaction.commit"
ROLLBACK = "amqp.core.transactions:Transaction.rollback"
PUBLISH = "amqp.core.channel:Channel.publish"
SETTLE = "amqp.core.channel:Channel.settle"


def requirements(*names: str) -> tuple[str, ...]:
    return tuple(f"amqp.transactions.{name}" for name in names)


MUTANTS = [
    Mutant(
        "tx-select-again-drops-everything",
        "amqp.core.channel:Channel.select_transactions",
        "if self.transaction is None:",
        "if True:",
        kills=requirements("select-twice"),
    ),
    Mutant(
        "tx-select-on-a-confirm-channel",
        "amqp.core.channel:Channel.select_transactions",
        "if self.confirming:",
        "if False:",
        kills=requirements("not-with-confirms"),
    ),
    Mutant(
        "tx-begins-with-the-first-commit",
        "amqp.core.channel:Channel.require_transaction",
        'raise PreconditionFailed("channel is not transactional")',
        "self.transaction = Transaction(self)",
        kills=requirements("commit-needs-select", "rollback-needs-select"),
    ),
    Mutant(
        "tx-ends-with-commit",
        "amqp.methods.tx_commit:handle",
        "channel.channel.require_transaction().commit()",
        """channel.channel.require_transaction().commit()
    channel.channel.transaction = None""",
        kills=requirements("next-begins-at-once", "acks-wait", "effects-follow-commit"),
    ),
    Mutant(
        "tx-ends-with-rollback",
        "amqp.methods.tx_rollback:handle",
        "channel.channel.require_transaction().rollback()",
        """channel.channel.require_transaction().rollback()
    channel.channel.transaction = None""",
        kills=requirements("next-begins-at-once", "rollback-drops-publishes"),
    ),
    Mutant(
        "tx-commit-is-for-the-connection",
        "amqp.methods.tx_commit:handle",
        "channel.channel.require_transaction().commit()",
        """channel.channel.require_transaction()
    for other in channel.channel.connection.channels.values():
        if other.transaction is not None:
            other.transaction.commit()""",
        kills=requirements("own-channel", "effects-follow-commit"),
    ),
    Mutant(
        "tx-commit-is-answered-too-early",
        "amqp.methods.tx_commit:handle",
        """    channel.channel.require_transaction().commit()
    channel.reply("tx.commit-ok")
""",
        """    transaction = channel.channel.require_transaction()
    channel.reply("tx.commit-ok")
    transaction.commit()
""",
        kills=requirements("returns-at-commit", "refused-publish"),
    ),
    Mutant(
        "tx-only-for-persistent-messages",
        PUBLISH,
        "if self.transaction is not None:",
        "if self.transaction is not None and content.persistent:",
        kills=requirements("publishes-wait", "rollback-drops-publishes", "effects-follow-commit"),
    ),
    Mutant(
        "tx-only-for-what-is-routed",
        PUBLISH,
        "if self.transaction is not None:",
        "if self.transaction is not None and queues:",
        kills=requirements("returns-at-commit", "rollback-drops-returns"),
    ),
    Mutant(
        "tx-commit-publishes-backwards",
        COMMIT,
        "for message, mandatory, routed in published:",
        "for message, mandatory, routed in reversed(published):",
        kills=requirements("publishes-wait", "returns-at-commit"),
    ),
    Mutant(
        "tx-commit-publishes-again",
        COMMIT,
        "published, self._published = self._published, []",
        "published = self._published",
        kills=requirements("next-begins-at-once", "effects-follow-commit"),
    ),
    Mutant(
        "tx-rollback-keeps-publishes",
        ROLLBACK,
        "    self._published = []\n    unacked",
        "    unacked",
        kills=requirements(
            "rollback-drops-publishes", "rollback-drops-returns", "effects-follow-commit"
        ),
    ),
    Mutant(
        "tx-commits-when-the-channel-ends",
        "amqp.core.channel:Channel.close",
        "self.transaction = None",
        """if self.transaction is not None:
        self.transaction.commit()""",
        kills=requirements("end-drops-publishes", "effects-follow-commit"),
    ),
    Mutant(
        "tx-swallows-the-error-of-a-missing-exchange",
        PUBLISH,
        "exchange = self.vhost.exchange(exchange_name)",
        """exchange = self.vhost.exchanges.get(exchange_name)
        if exchange is None and self.transaction is not None:
            return
        exchange = self.vhost.exchange(exchange_name)""",
        kills=requirements("errors-at-publish"),
    ),
    Mutant(
        "tx-commit-forgets-a-deleted-queue",
        "amqp.core.transactions:Transaction._enqueue",
        "return accepted and not gone",
        "return accepted",
        kills=requirements("queue-deleted-before-commit"),
        version="4.0",
    ),
    Mutant(
        "tx-commit-ignores-what-was-refused",
        COMMIT,
        "if not accepted:",
        "if False:",
        kills=requirements("refused-publish"),
    ),
    Mutant(
        "tx-commit-that-fails-keeps-the-acks",
        COMMIT,
        "    settled, self._settled",
        """    if not accepted:
        raise PreconditionFailed("partial tx completion")
    settled, self._settled""",
        kills=requirements("refused-publish"),
    ),
    Mutant(
        "tx-acks-at-once",
        SETTLE,
        "if self.transaction is not None:",
        'if self.transaction is not None and outcome != "ack":',
        kills=requirements(
            "acks-wait",
            "end-requeues-uncommitted",
            "rollback-restores-deliveries",
            "effects-follow-commit",
        ),
    ),
    Mutant(
        "tx-requeues-at-once",
        SETTLE,
        "if self.transaction is not None:",
        'if self.transaction is not None and outcome != "requeue":',
        kills=requirements("requeues-wait", "effects-follow-commit"),
    ),
    Mutant(
        "tx-discards-at-once",
        SETTLE,
        "if self.transaction is not None:",
        'if self.transaction is not None and outcome != "discard":',
        kills=requirements("discards-wait", "end-requeues-uncommitted"),
    ),
    Mutant(
        "tx-commit-settles-one-kind-only",
        COMMIT,
        "in settled:",
        "in settled[:1]:",
        kills=requirements("effects-follow-commit"),
    ),
    Mutant(
        "tx-rollback-restores-in-another-order",
        ROLLBACK,
        "dict(sorted(unacked.items()))",
        "unacked",
        kills=requirements("rollback-restores-deliveries"),
    ),
    Mutant(
        "tx-rollback-restores-only-the-last-kind",
        ROLLBACK,
        "for _, taken in self._settled:",
        "for _, taken in self._settled[-1:]:",
        kills=requirements("rollback-restores-deliveries", "effects-follow-commit"),
    ),
    Mutant(
        "tx-rollback-requeues",
        ROLLBACK,
        "self._channel.unacked = dict(sorted(unacked.items()))",
        """self._channel.unacked = dict(sorted(unacked.items()))
    self._channel.recover()""",
        kills=requirements("rollback-redelivers-nothing", "rollback-restores-deliveries"),
    ),
    Mutant(
        "tx-end-loses-what-was-settled",
        "amqp.core.channel:Channel.held_deliveries",
        "if self.transaction is not None:",
        "if False:",
        kills=requirements("end-requeues-uncommitted", "acks-wait", "effects-follow-commit"),
    ),
    Mutant(
        "tx-ignores-unknown-tags",
        SETTLE,
        """        if delivery is None:
""",
        """        if delivery is None and self.transaction is not None:
            return
        if delivery is None:
""",
        kills=requirements("unknown-tags-at-once"),
    ),
    Mutant(
        "tx-holds-what-needs-no-ack",
        "amqp.core.channel:Channel.get",
        "if ack_required:",
        "if ack_required or self.transaction is not None:",
        kills=requirements("no-ack-is-final"),
    ),
    Mutant(
        "tx-recover-takes-back-what-was-acked",
        "amqp.core.channel:Channel.recover",
        "deliveries = list(self.unacked.values())",
        "deliveries = self.held_deliveries()",
        kills=requirements("recover-spares-acked"),
    ),
    Mutant(
        "tx-ack-frees-prefetch-at-once",
        SETTLE,
        "self.transaction.settle(outcome, taken)",
        """self.transaction.settle(outcome, taken)
        for _, (queue, consumer, _entry) in taken:
            if consumer is not None:
                consumer.unacked -= 1
                queue.channel_has_room(self)""",
        kills=requirements("uncommitted-ack-holds-prefetch", "rollback-redelivers-nothing"),
    ),
    Mutant(
        "tx-postpones-bindings-for-ever",
        "amqp.core.vhost:VirtualHost.bind",
        "    if exchange.bind(binding):\n",
        """    if any(c.transaction is not None for c in connection.channels.values()):
        return
    if exchange.bind(binding):
""",
        kills=requirements("declarations-at-once"),
    ),
    Mutant(
        "tx-postpones-deliveries",
        "amqp.methods.basic_consume:handle",
        "consumer.queue.deliver_ready()",
        """if core.transaction is None:
        consumer.queue.deliver_ready()""",
        kills=requirements("deliveries-at-once"),
    ),
]
