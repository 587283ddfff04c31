"""Mutants of ordering."""

from tests.mutants.mutant import Mutant

CHANNEL = "amqp.core.channel:Channel"
QUEUE = "amqp.core.queues:Queue"
PUSH = "amqp.core.ready:Fifo.push"
RESTORE = "amqp.core.ready:Fifo.restore"
APPEND = "self._entries.append(entry)"

MUTANTS = [
    Mutant(
        "large-messages-overtake",
        PUSH,
        APPEND,
        "(self._entries.appendleft if len(entry.message.body) > 100_000 else"
        " self._entries.append)(entry)",
        kills=("amqp.ordering.publish-order-is-delivery-order",),
    ),
    Mutant(
        "long-backlog-swaps-its-last-two",
        PUSH,
        APPEND,
        "self._entries.insert(len(self._entries) - (len(self._entries) > 100), entry)",
        kills=("amqp.ordering.burst-keeps-its-order",),
    ),
    Mutant(
        "persistent-messages-overtake",
        PUSH,
        APPEND,
        "(self._entries.appendleft if entry.message.content.persistent else"
        " self._entries.append)(entry)",
        kills=("amqp.ordering.persistence-does-not-change-the-order",),
    ),
    Mutant(
        "backlog-of-several-consumers-is-a-stack",
        f"{QUEUE}.deliver_ready",
        "entry = ready.pop()",
        "entry = ready._entries.pop() if len(self.consumers) > 1 else ready.pop()",
        kills=("amqp.ordering.each-consumer-sees-the-order",),
    ),
    Mutant(
        "order-is-by-routing-key",
        PUSH,
        APPEND,
        '(self._entries.appendleft if entry.message.routing_keys[0] == "0" else'
        " self._entries.append)(entry)",
        kills=("amqp.ordering.every-bound-queue-gets-the-same-order",),
    ),
    Mutant(
        "ready-messages-are-a-stack",
        PUSH,
        APPEND,
        "self._entries.appendleft(entry)",
        kills=(
            "amqp.ordering.publish-order-is-delivery-order",
            "amqp.ordering.every-bound-queue-gets-the-same-order",
            "amqp.ordering.each-publisher-keeps-its-order",
            "amqp.ordering.get-takes-the-oldest",
        ),
    ),
    Mutant(
        "get-takes-the-youngest",
        f"{QUEUE}.get",
        "entry = self.ready.pop()",
        "entry = self.ready._entries.pop()",
        kills=(
            "amqp.ordering.get-takes-the-oldest",
            "amqp.ordering.get-and-deliveries-share-one-order",
        ),
    ),
    Mutant(
        "get-beside-a-consumer-takes-the-youngest",
        f"{QUEUE}.get",
        "entry = self.ready.pop()",
        "entry = (self.ready._entries if len(self.consumers) else self.ready).pop()",
        kills=("amqp.ordering.get-and-deliveries-share-one-order",),
    ),
    Mutant(
        "returns-overtake-each-other",
        "amqp.channel_session:ChannelSession.return_message",
        "    self._send_content(method, header, message.body)",
        "    held, self.held = getattr(self, 'held', None), None\n"
        "    if held is None:\n"
        "        self.held = method, header, message.body\n"
        "    else:\n"
        "        self._send_content(method, header, message.body)\n"
        "        self._send_content(*held)",
        kills=("amqp.ordering.returns-come-in-order",),
    ),
    Mutant(
        "rejected-together-means-backwards",
        f"{QUEUE}.reject",
        "for entry in entries:",
        "for entry in list(entries)[::-1]:",
        kills=("amqp.ordering.dead-letters-come-in-order",),
    ),
    # -- giving back ------------------------------------------------------------------------
    Mutant(
        "requeued-message-goes-to-the-end",
        RESTORE,
        "if other.position > entry.position:",
        "if False:",
        kills=(
            "amqp.ordering.requeued-message-regains-its-place",
            "amqp.ordering.requeued-message-is-next",
            "amqp.ordering.recover-keeps-the-order",
            "amqp.ordering.channel-close-keeps-the-order",
            "amqp.ordering.connection-loss-keeps-the-order",
        ),
    ),
    Mutant(
        "requeued-message-goes-to-the-head",
        RESTORE,
        "if other.position > entry.position:",
        "if True:",
        kills=(
            "amqp.ordering.requeued-message-regains-its-place",
            "amqp.ordering.channel-close-keeps-the-order",
            "amqp.ordering.connection-loss-keeps-the-order",
            "amqp.ordering.deliveries-go-back-in-order",
        ),
    ),
    Mutant(
        "requeued-message-goes-one-place-too-far",
        RESTORE,
        "entries.insert(index, entry)",
        "entries.insert(index + (len(entries) > 2), entry)",
        kills=(
            "amqp.ordering.requeued-message-regains-its-place",
            "amqp.ordering.nack-multiple-keeps-the-order",
            "amqp.ordering.recover-keeps-the-order",
        ),
    ),
    Mutant(
        "messages-requeued-together-are-turned-around",
        "amqp.core.ready:restore_all",
        "    for entry in sorted(entries, key=lambda entry: entry.position, reverse=True):\n"
        "        ready.restore(entry)",
        "    for entry in entries:\n        ready._entries.appendleft(entry)",
        kills=("amqp.ordering.nack-multiple-keeps-the-order",),
    ),
    Mutant(
        "recover-turns-the-order-around",
        f"{CHANNEL}.recover",
        "    self.settle_deliveries(deliveries, REQUEUE)\n",
        "    for queue, _, entry in deliveries:\n        queue.ready._entries.appendleft(entry)\n",
        kills=("amqp.ordering.recover-keeps-the-order",),
    ),
]
