"""Mutants of bounded queues."""

from tests.mutants.mutant import Mutant

PUBLISH = "amqp.core.queues:Queue.publish"
DROP = "amqp.core.queues:Queue._drop_overflow"
OVERFLOW = "amqp.core.queues:Queue._would_overflow"
SEND = "amqp.core.channel:Channel.publish"

MUTANTS = [
    Mutant(
        "limit-one-more",
        DROP,
        "len(self.ready) > self.max_length)",
        "len(self.ready) > self.max_length + 1)",
        kills=("amqp.length-limits.max-length", "amqp.length-limits.explicit-drop-head"),
    ),
    Mutant(
        "limit-drops-the-newest",
        DROP,
        '        self._bury(self.ready.pop(), "maxlen")\n',
        "        entries = list(self.ready)\n"
        "        self.ready.clear()\n"
        "        restore_all(self.ready, entries[:-1])\n"
        '        self._bury(entries[-1], "maxlen")\n',
        kills=("amqp.length-limits.max-length", "amqp.length-limits.max-length-bytes"),
    ),
    Mutant(
        "limit-zero-is-none",
        DROP,
        "while (self.max_length is not None and",
        "while (self.max_length and",
        kills=("amqp.length-limits.max-length",),
    ),
    Mutant(
        "limit-any-overflow-rejects",
        "amqp.core.queues:Queue.__init__",
        'self._argument("x-overflow") or DROP_HEAD',
        '(self._argument("x-overflow") and REJECT_PUBLISH) or DROP_HEAD',
        kills=("amqp.length-limits.explicit-drop-head", "amqp.length-limits.reject-publish-dlx"),
    ),
    Mutant(
        "limit-one-octet-more",
        DROP,
        "self.ready.body_bytes > self.max_length_bytes",
        "self.ready.body_bytes > self.max_length_bytes + 1",
        kills=("amqp.length-limits.max-length-bytes",),
    ),
    Mutant(
        "limit-drops-one-at-a-time",
        DROP,
        "        dropped = True\n",
        "        return True\n",
        kills=("amqp.length-limits.max-length-bytes", "amqp.length-limits.requeue-drops-head"),
    ),
    Mutant(
        "limit-octets-with-properties",
        "amqp.core.ready:Fifo.push",
        "len(entry.message.body)",
        'len(entry.message.body) + len(entry.message.content.properties.raw or b"")',
        kills=("amqp.length-limits.bytes-of-bodies-only",),
    ),
    Mutant(
        "limit-octets-only-without-length",
        DROP,
        "self.max_length_bytes is not None and",
        "self.max_length is None and self.max_length_bytes is not None and",
        kills=("amqp.length-limits.both-limits",),
    ),
    Mutant(
        "limit-octets-held-count",
        "amqp.core.ready:Fifo.pop",
        "self.body_bytes -= len(entry.message.body)",
        "self.body_bytes -= 0",
        kills=("amqp.length-limits.held-do-not-count",),
    ),
    Mutant(
        "limit-held-count",
        DROP,
        "len(self.ready) > self.max_length)",
        "self.ready\n        and len(self.ready) + sum(q is self for q, _ in "
        "self.vhost.held_entries())\n        > self.max_length)",
        kills=("amqp.length-limits.held-do-not-count",),
    ),
    Mutant(
        "limit-ignored-by-requeue",
        "amqp.core.queues:Queue.requeue",
        "        self._drop_overflow()",
        "        pass",
        kills=("amqp.length-limits.requeue-drops-head",),
    ),
    Mutant(
        "limit-drops-before-requeue",
        "amqp.core.queues:Queue.requeue",
        "    restore_all(self.ready, entries)\n",
        "    if self.max_length is not None and self.overflow == DROP_HEAD:\n"
        "        while self.ready and len(self.ready) + len(entries) > self.max_length:\n"
        "            self._bury(self.ready.pop(), 'maxlen')\n"
        "    restore_all(self.ready, entries)\n",
        kills=("amqp.length-limits.requeue-drops-head",),
    ),
    Mutant(
        "limit-buries-nothing",
        DROP,
        'self._bury(self.ready.pop(), "maxlen")',
        "self.settled(self.ready.pop())",
        kills=("amqp.length-limits.dropped-are-dead-lettered", "amqp.dead-letter.reason"),
    ),
    Mutant(
        "limit-drop-is-a-nack",
        PUBLISH,
        "\n    return True",
        "\n    return not (self.max_length and len(self.ready) >= self.max_length)",
        kills=("amqp.length-limits.drop-head-confirms",),
    ),
    Mutant(
        "limit-zero-passes-consumers",
        PUBLISH,
        "if not self.ready:",
        "if not self.ready and self.max_length != 0:",
        kills=("amqp.length-limits.delivered-at-once",),
    ),
    Mutant(
        "limit-rejects-one-late",
        OVERFLOW,
        "len(self.ready) + 1 > self.max_length",
        "len(self.ready) > self.max_length",
        kills=("amqp.length-limits.reject-publish", "amqp.length-limits.reject-publish-nacks"),
    ),
    Mutant(
        "limit-rejects-once-too-many-octets-are-there",
        OVERFLOW,
        "self.ready.body_bytes + len(message.body) > limit",
        "self.ready.body_bytes > limit",
        kills=("amqp.length-limits.reject-publish", "amqp.length-limits.reject-publish-dlx"),
    ),
    Mutant(
        "limit-rejects-until-all-is-acknowledged",
        OVERFLOW,
        "len(self.ready) + 1 > self.max_length",
        "len(self.ready) + sum(q is self for q, _ in self.vhost.held_entries()) + 1 "
        "> self.max_length",
        kills=("amqp.length-limits.reject-publish",),
    ),
    Mutant(
        "limit-zero-rejects-nothing",
        OVERFLOW,
        "self.max_length is not None",
        "self.max_length",
        kills=("amqp.length-limits.zero-refuses-everything",),
    ),
    Mutant(
        "limit-rejection-is-an-ack",
        SEND,
        "self.rejected.append(self.next_publish)",
        "self.confirmed.append(self.next_publish)",
        kills=(
            "amqp.length-limits.reject-publish-nacks",
            "amqp.length-limits.one-of-several-queues-full",
        ),
    ),
    Mutant(
        "limit-acks-include-nacks",
        "amqp.channel_session:ChannelSession._send_coalesced",
        "[tag for tag in tags if not others or tag < others[0]]",
        "tags",
        kills=("amqp.length-limits.reject-publish-nacks",),
    ),
    Mutant(
        "limit-rejection-is-an-error",
        SEND,
        "        self.rejected.append(self.next_publish)",
        "        if not self.confirming:\n"
        '                raise PreconditionFailed("queue is full")\n'
        "        self.rejected.append(self.next_publish)",
        kills=("amqp.length-limits.refused-without-confirms",),
    ),
    Mutant(
        "limit-rejection-is-returned",
        SEND,
        "        self.rejected.append(self.next_publish)",
        "        if mandatory:\n"
        "            self.sink.return_message(message)\n"
        "        self.rejected.append(self.next_publish)",
        kills=("amqp.length-limits.refused-without-confirms",),
    ),
    Mutant(
        "limit-rejection-keeps-message-from-others",
        "amqp.core.channel:Channel.enqueue",
        "            accepted = False\n",
        "            return False\n",
        kills=("amqp.length-limits.one-of-several-queues-full",),
    ),
    Mutant(
        "limit-last-queue-decides",
        "amqp.core.channel:Channel.enqueue",
        "        if not queue.publish(message):\n            accepted = False\n",
        "        accepted = queue.publish(message)\n",
        kills=("amqp.length-limits.one-of-several-queues-full",),
    ),
    Mutant(
        "limit-rejection-is-a-death",
        PUBLISH,
        "if self.overflow == REJECT_PUBLISH_DLX:",
        "if True:",
        kills=("amqp.length-limits.reject-publish-is-no-death",),
    ),
    Mutant(
        "limit-rejection-is-never-a-death",
        PUBLISH,
        "if self.overflow == REJECT_PUBLISH_DLX:",
        "if False:",
        kills=("amqp.length-limits.reject-publish-dlx",),
    ),
    Mutant(
        "limit-rejecting-queue-drops-requeued",
        DROP,
        "if self.overflow != DROP_HEAD:",
        "if False:",
        kills=("amqp.length-limits.reject-publish-keeps-requeued",),
    ),
    Mutant(
        "limit-rejecting-dlx-queue-drops-requeued",
        DROP,
        "if self.overflow != DROP_HEAD:",
        "if self.overflow == REJECT_PUBLISH:",
        kills=(
            "amqp.length-limits.reject-publish-keeps-requeued",
            "amqp.length-limits.reject-publish-dlx",
        ),
    ),
    Mutant(
        "limit-values-minus-one-means-none",
        "amqp.core.arguments:_non_negative",
        "field.value < 0",
        "field.value < -1",
        kills=("amqp.length-limits.limit-values", "amqp.priorities.maximum-values"),
    ),
    Mutant(
        "limit-values-any-overflow",
        "amqp.core.arguments:check_queue_declaration",
        'if name != "x-queue-mode" or',
        'if name not in ("x-queue-mode", "x-overflow") or',
        kills=("amqp.length-limits.overflow-values",),
    ),
]
