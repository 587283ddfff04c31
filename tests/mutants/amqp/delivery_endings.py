"""Mutants of delivery: the end of a channel or a connection, and the whole."""

from tests.mutants.mutant import Mutant

CHANNEL = "amqp.core.channel:Channel"
QUEUE = "amqp.core.queues:Queue"
SESSION = "amqp.session:AmqpSession"
CLOSE = "amqp.methods.channel_close:handle"
OPEN = "amqp.methods.channel_open:handle"

HELD = "held = [d for c in self.channels.values() if c.core for d in c.core.held_deliveries()]"
"""In a method of AmqpSession: everything that the connection holds unacknowledged."""

FORGET = "for c in self.channels.values():\n        c.core.unacked.clear()\n    "
UNFLAG = "for _, _, entry in held:\n        entry.redelivered = False\n"

REOPENED = (
    "    channel.core = Channel(connection, channel.number, channel)\n"
    '    before = vars(channel.session).setdefault("before", {}).get(channel.number)\n'
    '    vars(channel.session)["before"][channel.number] = channel.core\n'
    "    if before is not None:\n"
)
"""In channel.open: the channel that had the number before, if there was one."""

MUTANTS = [
    Mutant(
        "channel-close-loses-what-was-got",
        f"{CHANNEL}.close",
        "deliveries = self.held_deliveries()",
        "deliveries = [d for d in self.held_deliveries() if d[1] is not None]",
        kills=(
            "amqp.delivery.channel-close-requeues",
            "amqp.delivery.channel-error-requeues",
            "amqp.delivery.connection-close-requeues",
            "amqp.delivery.connection-loss-requeues",
            "amqp.delivery.get-holds-the-message",
        ),
    ),
    Mutant(
        "channel-close-does-not-flag",
        CLOSE,
        "    channel.end()\n",
        f"    held = channel.channel.held_deliveries()\n    channel.end()\n    {UNFLAG}",
        kills=("amqp.delivery.redelivered-after-channel-close",),
    ),
    Mutant(
        "channel-error-loses-everything",
        f"{SESSION}.refuse_on_channel",
        "    channel.end()\n",
        "    channel.core.unacked.clear()\n    channel.end()\n",
        kills=(
            "amqp.delivery.channel-error-requeues",
            "amqp.delivery.unknown-delivery-tag-requeues-the-rest",
            "amqp.delivery.redelivered-after-channel-error",
        ),
    ),
    Mutant(
        "unknown-tag-loses-everything",
        f"{CHANNEL}.settle",
        "        if delivery is None:\n",
        "        if delivery is None:\n            unacked.clear()\n",
        kills=("amqp.delivery.unknown-delivery-tag-requeues-the-rest",),
    ),
    Mutant(
        "channel-error-does-not-flag",
        f"{SESSION}.refuse_on_channel",
        "    channel.end()\n",
        f"    held = channel.core.held_deliveries()\n    channel.end()\n    {UNFLAG}",
        kills=("amqp.delivery.redelivered-after-channel-error",),
    ),
    Mutant(
        "connection-close-loses-everything",
        f"{SESSION}.finish_close",
        "self._end_channels()",
        f"{FORGET}self._end_channels()",
        kills=("amqp.delivery.connection-close-requeues",),
    ),
    Mutant(
        "connection-close-does-not-flag",
        f"{SESSION}.finish_close",
        "    self._end_channels()\n",
        f"    {HELD}\n    self._end_channels()\n    {UNFLAG}",
        kills=("amqp.delivery.redelivered-after-connection-close",),
    ),
    Mutant(
        "connection-loss-loses-everything",
        f"{SESSION}.receive_eof",
        "self._end()",
        f"{FORGET}self._end()",
        kills=(
            "amqp.delivery.connection-loss-requeues",
            "amqp.delivery.unread-deliveries-count-as-delivered",
        ),
    ),
    Mutant(
        "connection-loss-does-not-flag",
        f"{SESSION}.receive_eof",
        "    self._end()\n",
        f"    {HELD}\n    self._end()\n    {UNFLAG}",
        kills=(
            "amqp.delivery.redelivered-after-connection-loss",
            "amqp.delivery.unread-deliveries-count-as-delivered",
        ),
    ),
    Mutant(
        "silent-client-keeps-its-messages",
        f"{SESSION}.handle_deadline",
        "now_ms >= self._last_received_ms + 2 * self.heartbeat_ms",
        "False",
        kills=("amqp.delivery.silent-connection-requeues",),
    ),
    # -- a channel number that is used again ------------------------------------------------
    Mutant(
        "reopened-channel-goes-on-counting",
        OPEN,
        "    channel.core = Channel(connection, channel.number, channel)\n",
        f"{REOPENED}        channel.core.next_tag = before.next_tag\n",
        kills=("amqp.delivery.reopened-channel-counts-tags-from-one",),
    ),
    Mutant(
        "reopened-channel-keeps-its-prefetch",
        OPEN,
        "    channel.core = Channel(connection, channel.number, channel)\n",
        f"{REOPENED}        channel.core.prefetch = before.prefetch\n",
        kills=("amqp.delivery.reopened-channel-has-no-prefetch",),
    ),
    Mutant(
        "reopened-channel-is-still-confirming",
        OPEN,
        "    channel.core = Channel(connection, channel.number, channel)\n",
        f"{REOPENED}        channel.core.confirming = before.confirming\n",
        kills=("amqp.delivery.reopened-channel-is-in-no-mode",),
    ),
    # -- the whole --------------------------------------------------------------------------
    Mutant(
        "cancelled-consumers-message-is-delivered-again",
        f"{CHANNEL}.cancel",
        "        consumer.queue.remove_consumer(consumer)\n",
        "        for _, holder, entry in self.unacked.values():\n"
        "            if holder is consumer:\n"
        "                consumer.queue.ready.restore(entry)\n"
        "        consumer.queue.remove_consumer(consumer)\n",
        kills=("amqp.delivery.every-message-is-in-one-place",),
    ),
    Mutant(
        "requeue-leaves-no-room",
        f"{CHANNEL}.settle_deliveries",
        "consumer.unacked -= 1",
        "consumer.unacked -= outcome != REQUEUE",
        kills=("amqp.delivery.every-message-is-in-one-place",),
    ),
    Mutant(
        "no-message-is-kept-without-a-consumer",
        f"{QUEUE}.publish",
        "    self.ready.push(entry)\n",
        "    if self._had_consumers and len(self.consumers) == 0:\n"
        "        return True\n"
        "    self.ready.push(entry)\n",
        kills=("amqp.delivery.messages-wait-for-their-consumer",),
    ),
    Mutant(
        "last-consumer-takes-its-queue-along",
        f"{QUEUE}._abandoned",
        "if self.auto_delete and self._had_consumers:",
        "if self._had_consumers:",
        kills=("amqp.delivery.failing-consumer-harms-nobody",),
    ),
    Mutant(
        "lost-consumer-unbinds-the-others",
        f"{QUEUE}.channel_closed",
        "    self.requeue(held)\n",
        "    self.requeue(held)\n"
        "    for queue in self.vhost.queues.values():\n"
        "        if consumers and queue is not self:\n"
        "            self.vhost._unbind_everywhere(queue, False)\n"
        "    self.vhost.routes.clear()\n",
        kills=("amqp.delivery.failing-consumer-harms-nobody",),
    ),
]
