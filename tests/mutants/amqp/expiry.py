"""Mutants of times to live."""

from tests.mutants.mutant import Mutant

PUBLISH = "amqp.core.queues:Queue.publish"
EXPIRE = "amqp.core.queues:Queue.drop_expired"
REQUEUE = "amqp.core.queues:Queue.requeue"
DEADLINE = "amqp.core.queues:Queue._deadline_ms"
GET = "amqp.core.queues:Queue.get"
TOUCH = "amqp.core.queues:Queue.touch"

MUTANTS = [
    Mutant(
        "ttl-half-way",
        DEADLINE,
        "+ min(limits)",
        "+ min(limits) // 2",
        kills=(
            "amqp.expiry.queue-ttl",
            "amqp.expiry.message-ttl",
            "amqp.expiry.smaller-ttl-wins",
            "amqp.dead-letter.expired-promptly",
            "amqp.dead-letter.delayed-retry",
        ),
    ),
    Mutant(
        "ttl-of-message-wins",
        DEADLINE,
        "min(limits)",
        "limits[0]",
        kills=("amqp.expiry.smaller-ttl-wins",),
    ),
    Mutant(
        "ttl-of-queue-wins",
        DEADLINE,
        "min(limits)",
        "limits[-1]",
        kills=("amqp.expiry.smaller-ttl-wins",),
    ),
    Mutant(
        "ttl-of-message-ignored",
        PUBLISH,
        "ttl_ms = message.content.ttl_ms",
        "ttl_ms = None",
        kills=("amqp.expiry.message-ttl", "amqp.expiry.expired-never-delivered"),
    ),
    Mutant(
        "ttl-has-no-timer",
        EXPIRE,
        "self._arm_ttl_timer(entry.expires_at_ms)",
        "pass",
        kills=("amqp.expiry.queue-ttl", "amqp.dead-letter.expired-promptly"),
    ),
    Mutant(
        "ttl-zero-means-none",
        PUBLISH,
        "if ttl_ms is not None or self.message_ttl_ms is not None:",
        "if ttl_ms or self.message_ttl_ms:",
        kills=("amqp.expiry.ttl-zero-expires-at-once", "amqp.expiry.ttl-zero-passes-busy-consumer"),
    ),
    Mutant(
        "ttl-zero-misses-consumer",
        PUBLISH,
        "if not self.ready:",
        "if not self.ready and entry.expires_at_ms != self.vhost.clock.now_ms():",
        kills=("amqp.expiry.ttl-zero-reaches-waiting-consumer",),
    ),
    Mutant(
        "ttl-zero-waits-for-any-consumer",
        PUBLISH,
        "or entry.expires_at_ms is not None:",
        "or (entry.expires_at_ms is not None and not len(self.consumers)):",
        kills=("amqp.expiry.ttl-zero-passes-busy-consumer",),
    ),
    Mutant(
        "ttl-zero-expires-behind-others",
        PUBLISH,
        "    self.ready.push(entry)\n",
        "    if ttl_ms == 0:\n"
        "        self._bury(entry, 'expired')\n"
        "        return True\n"
        "    self.ready.push(entry)\n",
        kills=("amqp.expiry.head-of-queue",),
    ),
    Mutant(
        "ttl-forgotten-after-requeue",
        REQUEUE,
        "entry.redelivered = True",
        "entry.redelivered, entry.expires_at_ms = True, None",
        kills=("amqp.expiry.requeue-keeps-deadline", "amqp.expiry.ttl-zero-requeued-expires"),
    ),
    Mutant(
        "ttl-begins-again-with-requeue",
        REQUEUE,
        "entry.redelivered = True",
        "entry.redelivered = True\n"
        "        if self.message_ttl_ms is not None:\n"
        "            entry.expires_at_ms = self._deadline_ms(None)",
        kills=("amqp.expiry.requeue-keeps-deadline",),
    ),
    Mutant(
        "ttl-ends-with-requeue",
        REQUEUE,
        "restore_all(self.ready, entries)",
        "restore_all(self.ready, [e for e in entries if e.expires_at_ms is None])",
        kills=("amqp.expiry.requeued-in-time",),
    ),
    Mutant(
        "ttl-runs-on-while-held",
        PUBLISH,
        "            consumer.channel.deliver(self, consumer, entry)\n",
        "            consumer.channel.deliver(self, consumer, entry)\n"
        "            if entry.expires_at_ms is not None:\n"
        "                self.vhost.timers.at(\n"
        "                    entry.expires_at_ms, lambda: self._bury(entry, 'expired')\n"
        "                )\n",
        kills=("amqp.expiry.held-does-not-expire",),
    ),
    Mutant(
        "ttl-next-head-forgotten-by-get",
        GET,
        "    entry = self.ready.pop()\n    self.drop_expired()\n",
        "    entry = self.ready.pop()\n",
        kills=("amqp.expiry.next-head-expires-unasked", "amqp.expiry.expired-never-delivered"),
    ),
    Mutant(
        "ttl-next-head-forgotten-by-drop",
        PUBLISH,
        "self._drop_overflow())",
        "self._drop_overflow() and False)",
        kills=("amqp.expiry.next-head-expires-unasked",),
    ),
    Mutant(
        "ttl-unseen-by-consumers",
        "amqp.core.queues:Queue.deliver_ready",
        "            self.drop_expired()\n",
        "            pass\n",
        kills=("amqp.expiry.expired-never-delivered", "amqp.expiry.next-head-expires-unasked"),
    ),
    Mutant(
        "ttl-used-up-in-transaction",
        "amqp.core.transactions:Transaction.commit",
        "        if not self._enqueue(",
        "        if message.content.ttl_ms:\n"
        "            message.content.ttl_ms = 0\n"
        "        if not self._enqueue(",
        kills=("amqp.expiry.ttl-starts-at-commit",),
    ),
    Mutant(
        "ttl-leaks-into-next-queue",
        PUBLISH,
        "        entry.expires_at_ms = self._deadline_ms(ttl_ms)\n",
        "        entry.expires_at_ms = self._deadline_ms(ttl_ms)\n"
        "        message.content.ttl_ms = entry.expires_at_ms - self.vhost.clock.now_ms()\n",
        kills=("amqp.expiry.each-queue-for-itself",),
    ),
    Mutant(
        "ttl-swallows-expiration",
        "amqp.core.channel:Channel.publish",
        "        if not content.has_plain_expiration and "
        "self.vhost.dialect.rewrites_expiration:\n"
        "            content, encoded = "
        "content.with_properties(expiration=str(content.ttl_ms)), None\n",
        "        nothing = content.properties.replace(expiration=None)\n"
        "        content, encoded = Content(nothing), None\n",
        kills=("amqp.expiry.expiration-is-delivered",),
    ),
    Mutant(
        "ttl-values-ten-years-exclusive",
        "amqp.core.arguments:_expiry",
        "value > MAX_TTL_MS",
        "value >= MAX_TTL_MS",
        kills=("amqp.expiry.queue-ttl-values", "amqp.expiry.lease-values"),
    ),
    Mutant(
        "ttl-values-zero-refused",
        "amqp.core.arguments:_ttl",
        "_integer(field, table) or _expiry(field.value)",
        "_lease(field, table)",
        kills=("amqp.expiry.queue-ttl-values",),
    ),
    Mutant(
        "ttl-values-minus-one-means-none",
        "amqp.core.arguments:_expiry",
        "value < 0",
        "value < -1",
        kills=("amqp.expiry.queue-ttl-values", "amqp.expiry.lease-values"),
    ),
    Mutant(
        "ttl-values-of-any-type",
        "amqp.core.arguments:_integer",
        "if field.type in INTEGER_TYPES:",
        'if field.type in INTEGER_TYPES or field.type == "bool":',
        kills=("amqp.expiry.queue-ttl-values", "amqp.length-limits.limit-values"),
    ),
    Mutant(
        "ttl-values-refused-queue-stays",
        "amqp.core.vhost:VirtualHost.declare_queue",
        "    args.check_queue_declaration(",
        "    self.queues[name] = Queue(\n"
        "        self, name, durable=durable, auto_delete=auto_delete, owner=owner, arguments={}\n"
        "    )\n"
        "    args.check_queue_declaration(",
        kills=(
            "amqp.expiry.queue-ttl-values",
            "amqp.expiry.lease-values",
            "amqp.length-limits.limit-values",
            "amqp.priorities.maximum-values",
            "amqp.dead-letter.key-needs-exchange",
        ),
    ),
    Mutant(
        "ttl-values-message-ten-years-exclusive",
        "amqp.core.message:parse_expiration",
        "0 <= value <= MAX_TTL_MS",
        "0 <= value < MAX_TTL_MS",
        kills=("amqp.expiry.message-ttl-values",),
    ),
    Mutant(
        "ttl-values-message-stripped",
        "amqp.core.message:parse_expiration",
        '    digits = text[1:] if text[:1] in "+-" else text\n',
        '    text = text.strip()\n    digits = text[1:] if text[:1] in "+-" else text\n',
        kills=("amqp.expiry.message-ttl-values",),
    ),
    Mutant(
        "ttl-values-refused-message-stays",
        "amqp.core.channel:Channel.publish",
        "            raise content.refusal\n",
        "            message = Message(exchange_name, (routing_key,), content, body, encoded)\n"
        "            self.enqueue(message, False, exchange.route(message))\n"
        "            raise content.refusal\n",
        kills=("amqp.expiry.message-ttl-values",),
    ),
    Mutant(
        "lease-half",
        TOUCH,
        "+ self.expires_ms",
        "+ self.expires_ms // 2",
        kills=("amqp.expiry.unused-queue-is-deleted",),
    ),
    Mutant(
        "lease-buries-messages",
        "amqp.core.queues:Queue._expire",
        "        self.vhost.delete_queue(self)",
        "        for entry in self.ready:\n"
        "            self._bury(entry, 'expired')\n"
        "        self.vhost.delete_queue(self)",
        kills=("amqp.expiry.unused-queue-is-deleted",),
    ),
    Mutant(
        "lease-not-renewed-by-get",
        GET,
        "self.touch()",
        "pass",
        kills=("amqp.expiry.use-renews-the-lease",),
    ),
    Mutant(
        "lease-not-renewed-by-passive-declare",
        "amqp.core.vhost:VirtualHost.find_queue",
        "queue.touch()",
        "pass",
        kills=("amqp.expiry.use-renews-the-lease",),
    ),
    Mutant(
        "lease-not-renewed-by-declare",
        "amqp.core.vhost:VirtualHost.declare_queue",
        "queue.touch()",
        "pass",
        kills=("amqp.expiry.use-renews-the-lease",),
    ),
    Mutant(
        "lease-begins-with-any-cancel",
        "amqp.core.queues:Queue._abandoned",
        "        return False\n    if self.auto_delete",
        "        if self.expires_ms is not None:\n"
        "            due_ms = self.vhost.clock.now_ms() + self.expires_ms\n"
        "            self.vhost.timers.at(due_ms, lambda: self.vhost.delete_queue(self))\n"
        "        return False\n    if self.auto_delete",
        kills=("amqp.expiry.consumers-suspend-the-lease",),
    ),
    Mutant(
        "lease-never-begins-after-consumers",
        "amqp.core.queues:Queue._abandoned",
        "self.touch()",
        "pass",
        kills=("amqp.expiry.consumers-suspend-the-lease",),
    ),
    Mutant(
        "lease-of-zero",
        "amqp.core.arguments:_lease",
        "field.value == 0",
        "field.value is None",
        kills=("amqp.expiry.lease-values",),
    ),
]
