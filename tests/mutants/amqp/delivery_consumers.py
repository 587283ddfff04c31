"""Mutants of delivery: how consumers begin and end, and which of them gets a message."""

from tests.mutants.mutant import Mutant

CHANNEL = "amqp.core.channel:Channel"
QUEUE = "amqp.core.queues:Queue"
CONSUMERS = "amqp.core.delivery:Consumers"
CONSUME = "amqp.methods.basic_consume:handle"

MUTANTS = [
    # -- basic.consume ----------------------------------------------------------------------
    Mutant(
        "delivery-before-consume-ok",
        CONSUME,
        '    channel.reply("basic.consume-ok", consumer.tag',
        '    consumer.queue.deliver_ready()\n    channel.reply("basic.consume-ok", consumer.tag',
        kills=("amqp.delivery.consume-ok-comes-first",),
    ),
    Mutant(
        "no-wait-consume-is-answered",
        CONSUME,
        '"basic.consume-ok", consumer.tag, no_wait=no_wait',
        '"basic.consume-ok", consumer.tag, no_wait=False',
        kills=("amqp.delivery.consume-without-an-answer",),
    ),
    Mutant(
        "no-wait-cancel-is-answered",
        "amqp.methods.basic_cancel:handle",
        "no_wait=no_wait",
        "no_wait=False",
        kills=("amqp.delivery.cancel-without-an-answer",),
    ),
    Mutant(
        "delivery-names-the-first-key-again",
        f"{CHANNEL}.deliver",
        "    self.sink.deliver(",
        "    message = entry.message\n"
        "    if message.encoded is not None:\n"
        "        known = vars(self.connection).setdefault('addresses', {})\n"
        "        address = known.setdefault(message.exchange, message.encoded[0])\n"
        "        message.encoded = address, message.encoded[1]\n"
        "    self.sink.deliver(",
        kills=("amqp.delivery.delivery-names-exchange-and-key",),
    ),
    Mutant(
        "consumer-ignores-what-waits",
        CONSUME,
        "consumer.queue.deliver_ready()",
        "pass",
        kills=("amqp.delivery.consumer-takes-what-is-waiting",),
    ),
    Mutant(
        "generated-tag-is-always-the-same",
        f"{CHANNEL}.consume",
        'tag or "amq.ctag-" + self.vhost.new_id()',
        'tag or "amq.ctag-1"',
        kills=("amqp.delivery.generated-consumer-tags-are-unique",),
    ),
    Mutant(
        "consume-ok-keeps-the-generated-tag-to-itself",
        CONSUME,
        'channel.reply("basic.consume-ok", consumer.tag',
        'channel.reply("basic.consume-ok", consumer_tag',
        kills=("amqp.delivery.generated-consumer-tags-are-unique",),
    ),
    Mutant(
        "tag-in-use-closes-only-the-channel",
        f"{CHANNEL}.consume",
        'raise NotAllowed(f"attempt',
        'raise PreconditionFailed(f"attempt',
        kills=("amqp.delivery.consumer-tag-in-use-is-refused",),
    ),
    Mutant(
        "consumer-tags-belong-to-the-connection",
        f"{CHANNEL}.consume",
        "if tag in self.consumers:",
        "if any(tag in c.consumers for c in self.connection.channels.values()):",
        kills=("amqp.delivery.consumer-tags-are-local-to-their-channel",),
    ),
    Mutant(
        "cancelled-tag-stays-in-use",
        f"{CHANNEL}.cancel",
        "self.consumers.pop(tag, None)",
        "self.consumers.get(tag)",
        kills=("amqp.delivery.consumer-tag-is-free-after-cancel",),
    ),
    Mutant(
        "consume-from-missing-queue-is-406",
        f"{CHANNEL}.consume",
        "    queue = self.vhost.queue(queue_name, self.connection)\n",
        "    if queue_name not in self.vhost.queues:\n"
        '        raise PreconditionFailed("no such queue")\n'
        "    queue = self.vhost.queue(queue_name, self.connection)\n",
        kills=("amqp.delivery.consume-from-a-missing-queue-is-refused",),
    ),
    Mutant(
        "foreign-consumer-arguments-are-ignored",
        "amqp.core.arguments:check_consume_arguments",
        "dialect.foreign_consumer_arguments",
        "()",
        kills=(
            "amqp.delivery.foreign-consumer-argument-is-refused",
            "amqp.delivery.stream-filter-on-a-classic-queue-is-refused",
            "amqp.delivery.consumer-timeout-on-a-classic-queue-is-refused",
        ),
    ),
    Mutant(
        "narrow-priorities-are-refused",
        "amqp.core.arguments:check_consume_arguments",
        '_integer(arguments["x-priority"], arguments)',
        'None if arguments["x-priority"].type in ("signedint", "long") else "too narrow"',
        kills=("amqp.delivery.consumer-priority-of-any-integer-type",),
    ),
    Mutant(
        "boolean-priorities-are-taken",
        "amqp.core.arguments:check_consume_arguments",
        'if "x-priority" in arguments:',
        'if "x-priority" in arguments and arguments["x-priority"].type != "bool":',
        kills=("amqp.delivery.consumer-priority-must-be-an-integer",),
    ),
    Mutant(
        "refused-priority-leaves-its-consumer",
        f"{CHANNEL}.consume",
        "    args.check_consume_arguments(",
        '    if getattr(arguments.get("x-priority"), "type", "") == "double":\n'
        "        queue.add_consumer(Consumer(tag, self, queue, ack_required=True, exclusive=False,"
        " prefetch=0, priority=0, arguments=arguments))\n"
        "    args.check_consume_arguments(",
        kills=("amqp.delivery.consumer-priority-must-be-an-integer",),
    ),
    # -- exclusive consumers ----------------------------------------------------------------
    Mutant(
        "exclusive-consumer-joins-one-other",
        f"{QUEUE}.check_consume",
        "len(self.consumers) > 0",
        "len(self.consumers) > 1",
        kills=("amqp.delivery.exclusive-consumer-is-refused-beside-others",),
    ),
    Mutant(
        "refused-exclusive-consumer-gets-messages",
        f"{CHANNEL}.consume",
        "    queue.check_consume(exclusive)\n",
        "    try:\n"
        "        queue.check_consume(exclusive)\n"
        "    except AccessRefused:\n"
        "        queue.add_consumer(Consumer(tag, self, queue, ack_required=True, exclusive=False,"
        " prefetch=0, priority=0, arguments=arguments))\n"
        "        raise\n",
        kills=(
            "amqp.delivery.exclusive-consumer-is-refused-beside-others",
            "amqp.delivery.exclusive-consumer-shuts-others-out",
        ),
    ),
    Mutant(
        "others-join-an-exclusive-consumer",
        f"{QUEUE}.check_consume",
        "or self.consumers.exclusive is not None",
        "or (exclusive and self.consumers.exclusive is not None)",
        kills=("amqp.delivery.exclusive-consumer-shuts-others-out",),
    ),
    Mutant(
        "exclusivity-outlives-its-consumer",
        f"{CONSUMERS}.remove",
        "if self.exclusive is consumer:",
        "if False:",
        kills=(
            "amqp.delivery.cancelled-exclusive-consumer-lets-others-in",
            "amqp.delivery.closed-exclusive-consumer-lets-others-in",
        ),
    ),
    Mutant(
        "exclusivity-outlives-its-channel",
        f"{QUEUE}.channel_closed",
        "        self.consumers.remove(consumer)\n",
        "        exclusive = self.consumers.exclusive\n"
        "        self.consumers.remove(consumer)\n"
        "        self.consumers.exclusive = exclusive\n",
        kills=("amqp.delivery.closed-exclusive-consumer-lets-others-in",),
    ),
    Mutant(
        "exclusive-consumer-stops-get",
        f"{CHANNEL}.get",
        "    entry = queue.get()\n",
        "    if queue.consumers.exclusive is not None:\n"
        '        raise AccessRefused("in exclusive use")\n'
        "    entry = queue.get()\n",
        kills=("amqp.delivery.get-beside-an-exclusive-consumer",),
    ),
    # -- which consumer ---------------------------------------------------------------------
    Mutant(
        "message-goes-to-all-consumers",
        f"{QUEUE}.publish",
        "            consumer.channel.deliver(self, consumer, entry)\n",
        "            for consumer in self.consumers:\n"
        "                consumer.channel.deliver(self, consumer, entry)\n",
        kills=("amqp.delivery.each-message-to-one-consumer",),
    ),
    Mutant(
        "first-consumer-gets-everything",
        f"{CONSUMERS}.take",
        "line.append(consumer)",
        "line.appendleft(consumer)",
        kills=("amqp.delivery.round-robin", "amqp.delivery.equal-priority-takes-turns"),
    ),
    Mutant(
        "third-consumer-starves",
        f"{CONSUMERS}.take",
        "line.append(consumer)",
        "line.insert(1, consumer)",
        kills=("amqp.delivery.round-robin",),
    ),
    Mutant(
        "lowest-priority-first",
        f"{CONSUMERS}._join",
        "reverse=True",
        "reverse=False",
        kills=(
            "amqp.delivery.higher-priority-consumers-first",
            "amqp.delivery.freed-higher-priority-consumer-comes-first",
            "amqp.delivery.equal-priority-takes-turns",
        ),
    ),
    Mutant(
        "no-priority-is-the-highest",
        f"{CHANNEL}.consume",
        "0 if priority is None",
        "99 if priority is None",
        kills=("amqp.delivery.higher-priority-consumers-first",),
    ),
    Mutant(
        "negative-priority-counts-as-zero",
        f"{CHANNEL}.consume",
        "else priority.value",
        "else max(0, priority.value)",
        kills=("amqp.delivery.higher-priority-consumers-first",),
    ),
    Mutant(
        "freed-consumer-waits-for-all-others",
        f"{CONSUMERS}.unpark",
        "if not consumer.parked or",
        "if any(self._lines.values()) or not consumer.parked or",
        kills=("amqp.delivery.freed-higher-priority-consumer-comes-first",),
    ),
    Mutant(
        "turns-only-at-priority-zero",
        f"{CONSUMERS}.take",
        "line.append(consumer)",
        "line.append(consumer) if consumer.priority == 0 else line.appendleft(consumer)",
        kills=("amqp.delivery.equal-priority-takes-turns",),
    ),
    # -- single active consumer -------------------------------------------------------------
    Mutant(
        "waiting-consumer-helps-the-active-one",
        f"{CONSUMERS}.take",
        "active.parked = True\n        return None",
        "active.parked = True\n        return next((c for c in self._all if c.has_room()), None)",
        kills=("amqp.delivery.single-active-consumer",),
    ),
    Mutant(
        "last-consumer-becomes-active",
        f"{CONSUMERS}.add",
        "if self._single_active and self.active is None:",
        "if self._single_active:",
        kills=("amqp.delivery.single-active-consumer",),
    ),
    Mutant(
        "active-consumer-outlives-its-channel",
        f"{QUEUE}.channel_closed",
        "        self.consumers.remove(consumer)\n",
        "        active = self.consumers.active\n"
        "        self.consumers.remove(consumer)\n"
        "        self.consumers.active = active\n",
        kills=(
            "amqp.delivery.single-active-consumer-is-replaced-when-its-channel-ends",
            "amqp.delivery.single-active-consumer-is-replaced-when-its-connection-ends",
        ),
    ),
    Mutant(
        "active-consumer-is-not-replaced-while-it-holds-messages",
        f"{QUEUE}.remove_consumer",
        "    self.consumers.remove(consumer)\n",
        "    active = self.consumers.active\n"
        "    self.consumers.remove(consumer)\n"
        "    if consumer.unacked and self.single_active:\n"
        "        self.consumers.active = active\n",
        kills=("amqp.delivery.single-active-consumer-is-replaced-when-cancelled",),
    ),
    Mutant(
        "cancelled-active-consumer-gives-everything-back",
        f"{CHANNEL}.cancel",
        "        consumer.queue.remove_consumer(consumer)\n",
        "        consumer.queue.remove_consumer(consumer)\n"
        "        if consumer.queue.single_active:\n"
        "            self.recover()\n",
        kills=(
            "amqp.delivery.single-active-consumer-settles-after-its-cancel",
            "amqp.delivery.single-active-consumer-is-replaced-when-cancelled",
        ),
    ),
    Mutant(
        "single-active-consumer-may-be-exclusive",
        f"{QUEUE}.check_consume",
        "(self.single_active and exclusive)",
        "False",
        kills=("amqp.delivery.single-active-consumer-cannot-be-exclusive",),
    ),
    # -- the end of a consumer --------------------------------------------------------------
    Mutant(
        "cancelled-consumer-gets-more",
        f"{CHANNEL}.cancel",
        "consumer.queue.remove_consumer(consumer)",
        "pass",
        kills=("amqp.delivery.no-delivery-after-cancel-ok",),
    ),
    Mutant(
        "cancel-drops-the-others-from-the-line",
        f"{CONSUMERS}.remove",
        "line.remove(consumer)",
        "line.clear()",
        kills=("amqp.delivery.cancel-leaves-the-queue-to-others",),
    ),
    Mutant(
        "cancel-requeues",
        f"{CHANNEL}.cancel",
        "        consumer.queue.remove_consumer(consumer)\n",
        "        consumer.queue.remove_consumer(consumer)\n"
        "        for held in [t for t, d in self.unacked.items() if d[1] is consumer]:\n"
        "            self.settle(held, False, REQUEUE)\n",
        kills=(
            "amqp.delivery.cancel-does-not-requeue",
            "amqp.delivery.cancelled-consumers-deliveries-can-be-settled",
        ),
    ),
    Mutant(
        "cancel-forgets-what-the-consumer-holds",
        f"{CHANNEL}.cancel",
        "        consumer.queue.remove_consumer(consumer)\n",
        "        consumer.queue.remove_consumer(consumer)\n"
        "        for held in [t for t, d in self.unacked.items() if d[1] is consumer]:\n"
        "            del self.unacked[held]\n",
        kills=("amqp.delivery.cancelled-consumers-deliveries-can-be-settled",),
    ),
    Mutant(
        "cancel-of-an-unknown-tag-is-404",
        f"{CHANNEL}.cancel",
        "    consumer = self.consumers.pop(tag, None)\n",
        "    if tag not in self.consumers:\n"
        '        raise NotFound("no such consumer")\n'
        "    consumer = self.consumers.pop(tag, None)\n",
        kills=(
            "amqp.delivery.cancel-of-an-unknown-tag-is-no-error",
            "amqp.delivery.cancels-may-cross",
        ),
    ),
    Mutant(
        "cancel-of-an-unknown-tag-is-not-answered",
        "amqp.methods.basic_cancel:handle",
        "    channel.channel.cancel(consumer_tag)\n",
        "    if consumer_tag not in channel.channel.consumers:\n"
        "        return\n"
        "    channel.channel.cancel(consumer_tag)\n",
        kills=(
            "amqp.delivery.cancel-of-an-unknown-tag-is-no-error",
            "amqp.delivery.cancels-may-cross",
        ),
    ),
    Mutant(
        "only-one-consumer-is-told-that-its-queue-is-gone",
        "amqp.core.vhost:VirtualHost.delete_queue",
        "for consumer in queue.consumers:",
        "for consumer in list(queue.consumers)[:1]:",
        kills=("amqp.delivery.deleted-queue-cancels-its-consumers",),
    ),
    Mutant(
        "consumers-are-told-twice-that-their-queue-is-gone",
        f"{CHANNEL}.queue_deleted",
        "self.sink.consumer_cancelled(consumer.tag)",
        "[self.sink.consumer_cancelled(consumer.tag) for _ in range(2)]",
        kills=("amqp.delivery.deleted-queue-cancels-its-consumers",),
    ),
    Mutant(
        "everybody-is-told-that-a-queue-is-gone",
        "amqp.channel_session:ChannelSession.consumer_cancelled",
        'if "consumer_cancel_notify" in self.session.capabilities:',
        "if True:",
        kills=("amqp.delivery.no-cancel-without-the-capability",),
    ),
    Mutant(
        "the-brokers-cancel-waits-for-an-answer",
        "amqp.channel_session:ChannelSession.consumer_cancelled",
        "tag, True)",
        "tag, False)",
        kills=("amqp.delivery.brokers-cancel-wants-no-answer",),
    ),
    # -- the consumers of a channel that ends -----------------------------------------------
    Mutant(
        "only-one-consumer-ends-with-its-channel",
        f"{QUEUE}.channel_closed",
        "for consumer in consumers:",
        "for consumer in consumers[:1]:",
        kills=("amqp.delivery.channel-close-cancels-consumers",),
    ),
    Mutant(
        "consumers-outlive-their-channel",
        f"{QUEUE}.channel_closed",
        "for consumer in consumers:",
        "for consumer in ():",
        kills=(
            "amqp.delivery.channel-close-cancels-consumers",
            "amqp.delivery.reopened-channel-has-no-consumers",
        ),
    ),
    Mutant(
        "closed-channel-is-told-of-its-consumers",
        "amqp.methods.channel_close:handle",
        "    channel.end()\n",
        "    for tag in channel.channel.consumers:\n"
        "        channel.consumer_cancelled(tag)\n"
        "    channel.end()\n",
        kills=("amqp.delivery.channel-close-sends-no-cancel",),
    ),
]
