"""Mutants of dead-lettering."""

from tests.mutants.mutant import Mutant

LETTERS = "amqp.core.dead_letter:DeadLetters"
PUBLISH = f"{LETTERS}._publish"
RECORD = f"{LETTERS}._record"
CONTENT = f"{LETTERS}._content_with"
TABLE = "amqp.core.dead_letter:Death.to_table"
REJECT = "amqp.core.queues:Queue.reject"
EXPIRE = "amqp.core.queues:Queue.drop_expired"
ACKNOWLEDGE = "amqp.core.channel:Channel._acknowledge"
SETTLE = "amqp.core.channel:Channel.settle_deliveries"

MUTANTS = [
    # -- causes ---------------------------------------------------------------------------------
    Mutant(
        "dead-only-the-first-of-several",
        REJECT,
        "for entry in entries:",
        "for entry in list(entries)[:1]:",
        kills=("amqp.dead-letter.rejected",),
    ),
    Mutant(
        "dead-rejected-twice",
        PUBLISH,
        "            target.publish(dead)\n",
        "            target.publish(dead)\n"
        "            if reason == 'rejected':\n"
        "                target.publish(dead)\n",
        kills=("amqp.dead-letter.rejected",),
    ),
    Mutant(
        "dead-acknowledged",
        SETTLE,
        "queue.settled(entry)",
        'queue._bury(entry, "rejected")',
        kills=("amqp.dead-letter.consumed-is-no-death", "amqp.dead-letter.rejected"),
        more=((ACKNOWLEDGE, "queue.settled(entry)", 'queue._bury(entry, "rejected")'),),
    ),
    Mutant(
        "dead-got-without-ack",
        "amqp.core.channel:Channel.get",
        "queue.settled(entry)",
        'queue._bury(entry, "rejected")',
        kills=("amqp.dead-letter.consumed-is-no-death",),
    ),
    Mutant(
        "dead-with-its-channel",
        "amqp.core.queues:Queue.channel_closed",
        "self.requeue(held)",
        "self.reject(held)",
        kills=("amqp.dead-letter.requeued-is-alive",),
    ),
    Mutant(
        "dead-purged",
        "amqp.core.queues:Queue.purge",
        "self.settled(entry)",
        'self._bury(entry, "maxlen")',
        kills=("amqp.dead-letter.removed-with-queue",),
    ),
    Mutant(
        "dead-deleted",
        "amqp.core.queues:Queue.close",
        "self.purge()",
        "for entry in self.ready:\n        self._bury(entry, 'expired')",
        kills=("amqp.dead-letter.removed-with-queue",),
    ),
    Mutant(
        "dead-rejected-after-delete",
        SETTLE,
        "if queue.deleted:",
        "if queue.deleted and outcome != DISCARD:",
        kills=("amqp.dead-letter.removed-with-queue",),
    ),
    Mutant(
        "dead-expired-is-lost",
        EXPIRE,
        'self._bury(self.ready.pop(), "expired")',
        "self.settled(self.ready.pop())",
        kills=(
            "amqp.dead-letter.expired",
            "amqp.dead-letter.expired-promptly",
            "amqp.dead-letter.order-of-expiry",
        ),
    ),
    Mutant(
        "dead-expired-counts-as-rejected",
        EXPIRE,
        '"expired"',
        '"rejected"',
        kills=("amqp.dead-letter.reason", "amqp.dead-letter.automatic-cycle-drops"),
    ),
    Mutant(
        "dead-overflow-counts-as-expired",
        "amqp.core.queues:Queue._drop_overflow",
        '"maxlen"',
        '"expired"',
        kills=("amqp.dead-letter.reason", "amqp.dead-letter.x-death-count"),
    ),
    Mutant(
        "dead-latest-rejection-first",
        REJECT,
        "for entry in entries:",
        "for entry in reversed(list(entries)):",
        kills=("amqp.dead-letter.order-of-rejections",),
    ),
    Mutant(
        "dead-latest-expiry-first",
        "amqp.core.queues:Queue.get",
        "    entry = self.ready.pop()\n    self.drop_expired()\n",
        "    entry = self.ready.pop()\n"
        "    now_ms = self.vhost.clock.now_ms()\n"
        "    late = [e for e in self.ready if (e.expires_at_ms or now_ms + 1) <= now_ms]\n"
        "    alive = [e for e in self.ready if e not in late]\n"
        "    self.ready.clear()\n"
        "    restore_all(self.ready, alive)\n"
        "    for one in reversed(late):\n"
        "        self._bury(one, 'expired')\n",
        kills=("amqp.dead-letter.order-of-expiry",),
    ),
    # -- routing --------------------------------------------------------------------------------
    Mutant(
        "dead-empty-key-is-no-key",
        PUBLISH,
        "message.routing_keys if key is None else (key,)",
        "(key,) if key else message.routing_keys",
        kills=("amqp.dead-letter.routing-key",),
    ),
    Mutant(
        "dead-without-cc-and-bcc",
        PUBLISH,
        "message.routing_keys if key is None",
        "message.routing_keys[:1] if key is None",
        kills=("amqp.dead-letter.all-keys",),
    ),
    Mutant(
        "dead-without-bcc",
        PUBLISH,
        "message.routing_keys if key is None",
        "_without(message.routing_keys, message.content.bcc_keys) if key is None",
        kills=("amqp.dead-letter.all-keys",),
    ),
    Mutant(
        "dead-key-beside-cc",
        PUBLISH,
        "(key,)",
        "(key, *message.routing_keys[1:])",
        kills=("amqp.dead-letter.all-keys",),
    ),
    Mutant(
        "dead-cc-comes-back",
        PUBLISH,
        "message.routing_keys if key is None",
        "(message.routing_keys[0], *message.content.extra_keys) if key is None",
        kills=("amqp.dead-letter.keys-of-the-last-life",),
    ),
    Mutant(
        "dead-old-exchange",
        PUBLISH,
        "        exchange.name,\n",
        "        message.exchange,\n",
        kills=("amqp.dead-letter.address",),
    ),
    Mutant(
        "dead-first-queue-only",
        PUBLISH,
        "in exchange.route(dead):",
        "in exchange.route(dead)[:1]:",
        kills=("amqp.dead-letter.every-queue-one-copy", "amqp.dead-letter.cycles-in-networks"),
    ),
    Mutant(
        "dead-a-copy-for-each-binding",
        "amqp.core.exchanges:Exchange.route",
        "    return list(queues)",
        "    if message.deaths is None:\n"
        "        return list(queues)\n"
        "    return [b.destination for b in self.bindings.values() if b.destination in queues] "
        "or list(queues)",
        kills=("amqp.dead-letter.every-queue-one-copy",),
    ),
    Mutant(
        "dead-not-through-internal",
        PUBLISH,
        "or exchange is None:",
        "or exchange is None or exchange.internal:",
        kills=("amqp.dead-letter.any-exchange",),
    ),
    Mutant(
        "dead-exchange-remembered",
        PUBLISH,
        'self._vhost.exchanges.get(queue.dead_letter_exchange or "")',
        'queue.__dict__.setdefault("found", '
        'self._vhost.exchanges.get(queue.dead_letter_exchange or ""))',
        kills=("amqp.dead-letter.exchange-looked-up-at-death",),
    ),
    Mutant(
        "dead-missing-exchange-is-an-error",
        PUBLISH,
        "self._vhost.exchanges.get(",
        "self._vhost.exchange(",
        kills=("amqp.dead-letter.missing-exchange-drops",),
    ),
    Mutant(
        "dead-missing-exchange-keeps-message",
        REJECT,
        'self._bury(entry, "rejected")',
        "if self.dead_letter_exchange in (None, *self.vhost.exchanges):\n"
        "            self._bury(entry, 'rejected')\n"
        "        else:\n"
        "            self.ready.restore(entry)",
        kills=("amqp.dead-letter.missing-exchange-drops",),
    ),
    Mutant(
        "dead-unroutable-stays",
        PUBLISH,
        "in exchange.route(dead):",
        "in exchange.route(dead) or [queue]:",
        kills=("amqp.dead-letter.unroutable-is-dropped",),
    ),
    Mutant(
        "dead-key-alone",
        "amqp.core.arguments:_dead_letter_key",
        '"x-dead-letter-exchange" not in table',
        "not table",
        kills=("amqp.dead-letter.key-needs-exchange",),
    ),
    Mutant(
        "dead-key-of-any-type",
        "amqp.core.arguments:_dead_letter_key",
        "_text(field, table)",
        "None",
        kills=("amqp.dead-letter.argument-values",),
    ),
    Mutant(
        "dead-is-redelivered",
        "amqp.core.queues:Queue.publish",
        "    entry = Entry(message, self._next_position, None)\n",
        "    entry = Entry(message, self._next_position, None)\n"
        "    entry.redelivered = message.deaths is not None\n",
        kills=(
            "amqp.dead-letter.fresh-in-its-new-queue",
            "amqp.dead-letter.rejected-is-fresh-too",
        ),
        version="4.0",
    ),
    # -- contents -------------------------------------------------------------------------------
    Mutant(
        "dead-without-headers",
        CONTENT,
        "dict(properties.headers or {})",
        "{}",
        kills=("amqp.dead-letter.properties-kept",),
    ),
    Mutant(
        "dead-without-priority",
        CONTENT,
        "expiration=None)",
        "expiration=None, priority=None)",
        kills=("amqp.dead-letter.properties-kept",),
    ),
    Mutant(
        "dead-expires-again",
        CONTENT,
        ", expiration=None)",
        ")",
        kills=("amqp.dead-letter.expiration-removed",),
    ),
    Mutant(
        "dead-expiration-not-noted",
        RECORD,
        "message.content.properties.expiration",
        "None",
        kills=("amqp.dead-letter.original-expiration",),
    ),
    Mutant(
        "dead-expiration-noted-if-expired",
        RECORD,
        "message.content.properties.expiration",
        'message.content.properties.expiration if reason == "expired" else None',
        kills=(
            "amqp.dead-letter.original-expiration",
            "amqp.dead-letter.x-death-tells-of-the-first",
        ),
    ),
    Mutant(
        "dead-count-is-short",
        TABLE,
        'Field("long", self.times)',
        'Field("signedint", self.times)',
        kills=("amqp.dead-letter.x-death-form",),
    ),
    Mutant(
        "dead-time-in-ms",
        RECORD,
        "self._vhost.clock.now_ms() // 1000",
        "self._vhost.clock.now_ms()",
        kills=("amqp.dead-letter.x-death-form",),
    ),
    Mutant(
        "dead-time-is-a-number",
        TABLE,
        '"timestamp"',
        '"long"',
        kills=("amqp.dead-letter.x-death-form",),
    ),
    Mutant(
        "dead-key-as-text",
        TABLE,
        'Field("array", [longstr(key) for key in self.routing_keys])',
        "longstr(self.routing_keys[0])",
        kills=("amqp.dead-letter.x-death-form",),
    ),
    Mutant(
        "dead-shows-bcc",
        RECORD,
        "_without(message.routing_keys, message.content.bcc_keys)",
        "message.routing_keys",
        kills=("amqp.dead-letter.keys-in-x-death",),
    ),
    Mutant(
        "dead-shows-bcc-the-second-time",
        CONTENT,
        "content.bcc_keys = message.content.bcc_keys",
        "pass",
        kills=("amqp.dead-letter.keys-in-x-death",),
    ),
    Mutant(
        "dead-hides-cc",
        RECORD,
        "_without(message.routing_keys, message.content.bcc_keys)",
        "message.routing_keys[:1]",
        kills=("amqp.dead-letter.keys-in-x-death",),
    ),
    Mutant(
        "dead-bcc-stays-with-key",
        CONTENT,
        "content.bcc_keys = message.content.bcc_keys",
        "content.bcc_keys = message.content.bcc_keys\n"
        "    if has_key:\n"
        '        headers["BCC"] = Field("array", [longstr(key) for key in content.bcc_keys])\n'
        "        content.properties = properties.replace(headers=headers, expiration=None)",
        kills=("amqp.dead-letter.bcc-removed",),
    ),
    Mutant(
        "dead-cc-stays-with-key",
        CONTENT,
        "if has_key and self._vhost.dialect.cc_dropped_with_dead_letter_key:",
        "if False:",
        kills=("amqp.dead-letter.cc-removed-with-key",),
        version="3.10",
    ),
    Mutant(
        "dead-cc-goes-with-key",
        CONTENT,
        "if has_key and self._vhost.dialect.cc_dropped_with_dead_letter_key:",
        "if has_key:",
        kills=("amqp.dead-letter.cc-kept-with-key",),
    ),
    Mutant(
        "dead-cc-goes-without-key",
        CONTENT,
        "if has_key and self._vhost.dialect.cc_dropped_with_dead_letter_key:",
        "if not has_key:",
        kills=("amqp.dead-letter.cc-kept-without-key",),
    ),
]
