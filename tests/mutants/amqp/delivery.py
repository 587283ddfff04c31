"""Mutants of delivery: basic.get, delivery tags, settling, and what ends give back."""

from tests.mutants.mutant import Mutant

CHANNEL = "amqp.core.channel:Channel"
QUEUE = "amqp.core.queues:Queue"
SETTLE = f"{CHANNEL}.settle"
SETTLE_DELIVERIES = f"{CHANNEL}.settle_deliveries"

MUTANTS = [
    # -- basic.get --------------------------------------------------------------------------
    Mutant(
        "empty-queue-says-nothing",
        "amqp.methods.basic_get:handle",
        'channel.reply("basic.get-empty", "")',
        "pass",
        kills=("amqp.delivery.get-from-an-empty-queue",),
    ),
    Mutant(
        "get-ok-counts-its-own-message",
        f"{CHANNEL}.get",
        "return tag, entry, len(queue.ready)",
        "return tag, entry, len(queue.ready) + 1",
        kills=("amqp.delivery.get-ok-counts-what-remains",),
    ),
    Mutant(
        "get-ok-counts-what-is-unacknowledged",
        f"{CHANNEL}.get",
        "return tag, entry, len(queue.ready)",
        "return tag, entry, len(queue.ready) + len(self.unacked) - ack_required",
        kills=("amqp.delivery.get-ok-counts-what-remains",),
    ),
    Mutant(
        "get-ok-names-the-queue-as-key",
        "amqp.core.channel:Channel.get",
        "    return tag, entry, len(queue.ready)",
        "    message = entry.message\n"
        "    message.routing_keys = (queue_name, *message.routing_keys[1:])\n"
        "    return tag, entry, len(queue.ready)",
        kills=("amqp.delivery.get-ok-names-exchange-and-key",),
    ),
    Mutant(
        "get-always-settles",
        f"{CHANNEL}.get",
        "if ack_required:",
        "if False:",
        kills=("amqp.delivery.get-holds-the-message",),
    ),
    Mutant(
        "get-never-settles",
        f"{CHANNEL}.get",
        "if ack_required:",
        "if True:",
        kills=("amqp.delivery.get-without-ack-settles",),
    ),
    Mutant(
        "get-from-missing-queue-is-empty",
        f"{CHANNEL}.get",
        "    queue = self.vhost.queue(queue_name, self.connection)\n",
        "    if queue_name not in self.vhost.queues:\n"
        "        return None\n"
        "    queue = self.vhost.queue(queue_name, self.connection)\n",
        kills=("amqp.delivery.get-from-a-missing-queue-is-refused",),
    ),
    Mutant(
        "get-leaves-the-message-ready",
        f"{QUEUE}.get",
        "entry = self.ready.pop()",
        "entry = self.ready.head()",
        kills=("amqp.delivery.get-and-consumers-share-the-messages",),
    ),
    # -- delivery tags ----------------------------------------------------------------------
    Mutant(
        "get-without-ack-takes-no-tag",
        f"{CHANNEL}.get",
        "self.next_tag += 1",
        "self.next_tag += ack_required",
        kills=("amqp.delivery.delivery-tags-count-up-from-one",),
    ),
    Mutant(
        "tags-begin-at-zero",
        f"{CHANNEL}.__init__",
        "self.next_tag = 1",
        "self.next_tag = 0",
        kills=("amqp.delivery.delivery-tags-count-up-from-one",),
    ),
    Mutant(
        "tags-are-used-again-when-all-is-settled",
        SETTLE,
        "        taken = [(tag, delivery)]\n",
        "        taken = [(tag, delivery)]\n"
        "        if not unacked:\n"
        "            self.next_tag = tag\n",
        kills=("amqp.delivery.settled-tags-are-not-used-again",),
    ),
    # -- acknowledging ----------------------------------------------------------------------
    Mutant(
        "ack-settles-the-oldest",
        SETTLE,
        "delivery = unacked.pop(tag, None)",
        "delivery = unacked.pop(next(iter(unacked)) if tag in unacked else tag, None)",
        kills=("amqp.delivery.ack-settles-exactly-its-delivery",),
    ),
    Mutant(
        "acknowledged-message-is-kept",
        SETTLE,
        "delivery = unacked.pop(tag, None)",
        "delivery = unacked.get(tag)",
        kills=(
            "amqp.delivery.ack-settles-exactly-its-delivery",
            "amqp.delivery.acknowledged-message-is-gone",
            "amqp.delivery.delivery-is-settled-once",
        ),
    ),
    Mutant(
        "multiple-leaves-its-own-tag",
        SETTLE,
        "            taken.append((earlier, delivery))\n            if earlier == tag:\n"
        "                break\n",
        "            if earlier == tag:\n                break\n"
        "            taken.append((earlier, delivery))\n",
        kills=(
            "amqp.delivery.ack-multiple-settles-up-to-its-tag",
            "amqp.delivery.nack-multiple-requeues-up-to-its-tag",
            "amqp.delivery.nack-multiple-discards-up-to-its-tag",
            "amqp.delivery.every-message-is-in-one-place",
        ),
    ),
    Mutant(
        "multiple-takes-one-more",
        SETTLE,
        "if earlier == tag:",
        "if earlier > tag:",
        kills=(
            "amqp.delivery.ack-multiple-settles-up-to-its-tag",
            "amqp.delivery.nack-multiple-requeues-up-to-its-tag",
            "amqp.delivery.nack-multiple-discards-up-to-its-tag",
        ),
    ),
    Mutant(
        "nack-multiple-takes-everything",
        SETTLE,
        "if earlier == tag:",
        "if earlier == tag and outcome == ACK:",
        kills=(
            "amqp.delivery.nack-multiple-requeues-up-to-its-tag",
            "amqp.delivery.nack-multiple-discards-up-to-its-tag",
        ),
    ),
    Mutant(
        "discard-ignores-multiple",
        SETTLE,
        "if not multiple:",
        "if not multiple or outcome == DISCARD:",
        kills=("amqp.delivery.nack-multiple-discards-up-to-its-tag",),
    ),
    Mutant(
        "multiple-reaches-other-channels",
        SETTLE,
        "        for earlier, _ in taken:\n            del unacked[earlier]\n",
        "        for earlier, _ in taken:\n            del unacked[earlier]\n"
        "        for other in self.connection.channels.values():\n"
        "            for lower in [t for t in other.unacked if t <= tag]:\n"
        "                taken.append((lower, other.unacked.pop(lower)))\n",
        kills=("amqp.delivery.multiple-reaches-no-other-channel",),
    ),
    Mutant(
        "multiple-stays-within-one-queue",
        SETTLE,
        "            taken.append((earlier, delivery))\n",
        "            if delivery[0] is unacked[tag][0]:\n"
        "                taken.append((earlier, delivery))\n",
        kills=("amqp.delivery.multiple-reaches-every-queue-of-the-channel",),
    ),
    Mutant(
        "zero-with-nothing-outstanding-is-refused",
        SETTLE,
        "elif tag == 0:",
        "elif tag == 0 and unacked:",
        kills=(
            "amqp.delivery.ack-multiple-of-zero-settles-all",
            "amqp.delivery.nack-multiple-of-zero-covers-all",
        ),
    ),
    Mutant(
        "zero-spares-the-last",
        SETTLE,
        "        taken = list(unacked.items())\n        unacked.clear()\n",
        "        taken = list(unacked.items())[: max(1, len(unacked) - 1)]\n"
        "        for earlier, _ in taken:\n            del unacked[earlier]\n",
        kills=(
            "amqp.delivery.ack-multiple-of-zero-settles-all",
            "amqp.delivery.nack-multiple-of-zero-covers-all",
        ),
    ),
    Mutant(
        "nack-does-not-know-zero",
        SETTLE,
        "elif tag == 0:",
        "elif tag == 0 and outcome == ACK:",
        kills=("amqp.delivery.nack-multiple-of-zero-covers-all",),
    ),
    Mutant(
        "zero-alone-means-the-oldest",
        SETTLE,
        "delivery = unacked.pop(tag, None)",
        "delivery = unacked.pop(tag or next(iter(unacked), 0), None)",
        kills=("amqp.delivery.tag-zero-alone-is-refused",),
    ),
    # -- wrong tags -------------------------------------------------------------------------
    Mutant(
        "tags-of-the-future-are-ignored",
        SETTLE,
        "        if delivery is None:\n",
        "        if delivery is None and tag >= self.next_tag:\n"
        "            return\n"
        "        if delivery is None:\n",
        kills=("amqp.delivery.unknown-delivery-tag-is-refused",),
    ),
    Mutant(
        "unknown-tag-to-reject-is-ignored",
        SETTLE,
        "        if delivery is None:\n",
        "        if delivery is None and outcome != ACK:\n"
        "            return\n"
        "        if delivery is None:\n",
        kills=(
            "amqp.delivery.unknown-delivery-tag-is-refused",
            "amqp.delivery.delivery-is-settled-once",
            "amqp.delivery.multiple-settles-once",
            "amqp.delivery.delivery-tags-are-local-to-their-channel",
            "amqp.delivery.no-ack-delivery-cannot-be-settled",
            "amqp.delivery.tag-zero-alone-is-refused",
        ),
    ),
    Mutant(
        "tags-of-the-past-are-ignored",
        SETTLE,
        "        if delivery is None:\n",
        "        if delivery is None and 0 < tag < self.next_tag:\n"
        "            return\n"
        "        if delivery is None:\n",
        kills=(
            "amqp.delivery.delivery-is-settled-once",
            "amqp.delivery.multiple-settles-once",
            "amqp.delivery.no-ack-delivery-cannot-be-settled",
            "amqp.delivery.recovered-tags-are-settled",
        ),
    ),
    Mutant(
        "multiple-leaves-lower-tags-outstanding",
        SETTLE,
        "        for earlier, _ in taken:\n            del unacked[earlier]\n",
        "        del unacked[tag]\n",
        kills=("amqp.delivery.multiple-settles-once",),
    ),
    Mutant(
        "tags-belong-to-the-connection",
        SETTLE,
        "        delivery = unacked.pop(tag, None)\n",
        "        holders = [self, *self.connection.channels.values()]\n"
        "        holder = next((c for c in holders if tag in c.unacked), self)\n"
        "        delivery = holder.unacked.pop(tag, None)\n",
        kills=("amqp.delivery.delivery-tags-are-local-to-their-channel",),
    ),
    Mutant(
        "no-ack-deliveries-are-held",
        f"{CHANNEL}.deliver",
        "if consumer.ack_required:",
        "if True:",
        kills=(
            "amqp.delivery.no-ack-delivery-cannot-be-settled",
            "amqp.delivery.no-ack-deliveries-are-settled",
        ),
    ),
    Mutant(
        "multiple-settles-below-a-settled-tag",
        SETTLE,
        "elif tag not in unacked:",
        "elif tag >= self.next_tag:",
        kills=("amqp.delivery.multiple-up-to-an-unknown-tag-is-refused",),
    ),
    Mutant(
        "refused-multiple-settles-all-the-same",
        SETTLE,
        "    elif tag not in unacked:\n",
        "    elif tag not in unacked:\n"
        "        for lower in [t for t in unacked if t < tag]:\n"
        "            del unacked[lower]\n",
        kills=("amqp.delivery.multiple-up-to-an-unknown-tag-is-refused",),
    ),
    Mutant(
        "deleted-queue-makes-its-tags-unknown",
        SETTLE_DELIVERIES,
        "        if queue.deleted:\n            continue\n",
        '        if queue.deleted:\n            raise PreconditionFailed("unknown delivery tag")\n',
        kills=("amqp.delivery.deleted-queues-deliveries-can-be-settled",),
    ),
    # -- giving back ------------------------------------------------------------------------
    Mutant(
        "refused-message-comes-back",
        f"{QUEUE}.reject",
        'self._bury(entry, "rejected")',
        "self.ready.restore(entry)",
        kills=("amqp.delivery.refused-message-is-discarded",),
    ),
    Mutant(
        "requeue-loses-the-youngest",
        f"{QUEUE}.requeue",
        "restore_all(self.ready, entries)",
        "restore_all(self.ready, entries[:-1])",
        kills=(
            "amqp.delivery.requeued-message-is-ready-again",
            "amqp.delivery.nack-multiple-requeues-up-to-its-tag",
            "amqp.delivery.channel-close-requeues",
            "amqp.delivery.connection-loss-requeues",
        ),
    ),
    Mutant(
        "second-requeue-takes-the-flag-away",
        f"{QUEUE}.requeue",
        "entry.redelivered = True",
        "entry.redelivered = not entry.redelivered",
        kills=("amqp.delivery.requeued-message-is-flagged",),
    ),
    Mutant(
        "requeue-flags-only-one",
        f"{QUEUE}.requeue",
        "entry.redelivered = True",
        "entry.redelivered = entry is entries[0]",
        kills=(
            "amqp.delivery.redelivered-after-channel-close",
            "amqp.delivery.redelivered-after-connection-loss",
            "amqp.delivery.recovered-message-is-flagged",
            "amqp.delivery.unread-deliveries-count-as-delivered",
        ),
    ),
    Mutant(
        "requeue-flags-the-whole-queue",
        f"{QUEUE}.requeue",
        "for entry in entries:",
        "for entry in [*entries, *self.ready]:",
        kills=("amqp.delivery.first-delivery-is-not-flagged",),
    ),
    Mutant(
        "priority-queue-flags-everything",
        "amqp.core.ready:ByPriority.push",
        "    self._level(entry).push(entry)",
        "    self._level(entry).push(entry)\n    entry.redelivered = True",
        kills=("amqp.delivery.first-delivery-from-a-priority-queue-is-not-flagged",),
    ),
    Mutant(
        "requeued-message-waits-for-another-consumer",
        SETTLE_DELIVERIES,
        "if outcome == REQUEUE:\n            queue.deliver_ready()",
        "pass",
        kills=("amqp.delivery.requeued-message-may-return-to-its-consumer",),
    ),
    Mutant(
        "recover-forgets-what-was-got",
        f"{CHANNEL}.recover",
        "list(self.unacked.values())",
        "[d for d in self.unacked.values() if d[1] is not None]",
        kills=("amqp.delivery.recover-requeues-what-the-channel-holds",),
    ),
    Mutant(
        "recover-does-not-flag",
        f"{CHANNEL}.recover",
        "    self.settle_deliveries(deliveries, REQUEUE)\n",
        "    for queue, _, entry in deliveries:\n"
        "        queue.ready.restore(entry)\n"
        "    for queue, _, _ in deliveries:\n"
        "        queue.deliver_ready()\n",
        kills=("amqp.delivery.recovered-message-is-flagged",),
    ),
    Mutant(
        "recover-keeps-the-tags",
        f"{CHANNEL}.recover",
        "self.unacked.clear()",
        "pass",
        kills=("amqp.delivery.recovered-tags-are-settled",),
    ),
    Mutant(
        "recover-without-requeue-requeues",
        "amqp.methods.basic_recover:handle",
        "if not requeue:",
        "if False:",
        kills=("amqp.delivery.recover-without-requeue-is-refused",),
    ),
    Mutant(
        "recover-async-does-nothing",
        "amqp.methods.basic_recover_async:handle",
        "channel.channel.recover()",
        "pass",
        kills=("amqp.delivery.recover-async-requeues-without-an-answer",),
    ),
    Mutant(
        "recover-async-is-answered",
        "amqp.methods.basic_recover_async:handle",
        "    channel.channel.recover()\n",
        '    channel.channel.recover()\n    channel.reply("basic.recover-ok")\n',
        kills=("amqp.delivery.recover-async-requeues-without-an-answer",),
    ),
]
