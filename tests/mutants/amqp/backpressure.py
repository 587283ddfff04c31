"""Mutants of backpressure."""

from tests.mutants.mutant import Mutant

CHANNEL = "amqp.core.channel:Channel"
CONSUMERS = "amqp.core.delivery:Consumers"
HAS_ROOM = "amqp.core.delivery:Consumer.has_room"
ACKNOWLEDGE = "amqp.core.channel:Channel._acknowledge"
SETTLE_DELIVERIES = f"{CHANNEL}.settle_deliveries"
SET_PREFETCH = f"{CHANNEL}.set_prefetch"
SESSION = "amqp.session:AmqpSession"
ALARMS_CHANGED = f"{SESSION}._alarms_changed"

MUTANTS = [
    # -- prefetch ---------------------------------------------------------------------------
    Mutant(
        "prefetch-is-one-too-many",
        HAS_ROOM,
        "self.unacked >= self.prefetch",
        "self.unacked > self.prefetch",
        kills=(
            "amqp.backpressure.prefetch-is-never-exceeded",
            "amqp.backpressure.prefetch-counts-for-each-consumer",
            "amqp.backpressure.prefetch-applies-to-later-consumers",
            "amqp.backpressure.full-consumer-is-skipped",
        ),
    ),
    Mutant(
        "redelivered-messages-do-not-count",
        f"{CHANNEL}.deliver",
        "consumer.unacked += 1",
        "consumer.unacked += not entry.redelivered",
        kills=("amqp.backpressure.prefetch-is-never-exceeded",),
    ),
    Mutant(
        "one-ack-makes-room-for-two",
        ACKNOWLEDGE,
        "consumer.unacked -= 1",
        "consumer.unacked -= 2",
        kills=("amqp.backpressure.prefetch-is-never-exceeded",),
    ),
    Mutant(
        "many-acks-make-room-for-twice-as-many",
        SETTLE_DELIVERIES,
        "consumer.unacked -= 1",
        "consumer.unacked -= 2",
        kills=("amqp.backpressure.settling-makes-room",),
    ),
    Mutant(
        "only-acks-make-room",
        SETTLE_DELIVERIES,
        "consumer.unacked -= 1",
        "consumer.unacked -= outcome == ACK",
        kills=("amqp.backpressure.settling-makes-room",),
    ),
    Mutant(
        "multiple-makes-room-for-one",
        SETTLE_DELIVERIES,
        "consumer.unacked -= 1",
        "consumer.unacked -= entry is deliveries[0][2]",
        kills=("amqp.backpressure.settling-makes-room",),
    ),
    Mutant(
        "recover-makes-no-room",
        f"{CHANNEL}.recover",
        "    self.settle_deliveries(deliveries, REQUEUE)\n",
        "    for queue, _, entry in deliveries:\n        queue.requeue([entry])\n",
        kills=("amqp.backpressure.settling-makes-room",),
    ),
    Mutant(
        "no-limit-is-a-limit-of-20",
        HAS_ROOM,
        "if self.prefetch and self.unacked >= self.prefetch:",
        "if self.unacked >= (self.prefetch or 20):",
        kills=("amqp.backpressure.prefetch-zero-is-unlimited",),
    ),
    Mutant(
        "prefetch-cannot-be-lifted",
        SET_PREFETCH,
        "self.prefetch = count",
        "self.prefetch = count or self.prefetch",
        kills=("amqp.backpressure.prefetch-zero-is-unlimited",),
    ),
    Mutant(
        "prefetch-is-shared-by-the-channel",
        HAS_ROOM,
        "self.unacked >= self.prefetch",
        "self.channel.prefetched >= self.prefetch",
        kills=("amqp.backpressure.prefetch-counts-for-each-consumer",),
    ),
    Mutant(
        "prefetch-applies-to-running-consumers",
        HAS_ROOM,
        "if self.prefetch and self.unacked >= self.prefetch:",
        "if self.ack_required and 0 < self.channel.prefetch <= self.unacked:",
        kills=("amqp.backpressure.prefetch-applies-to-later-consumers",),
    ),
    Mutant(
        "prefetch-is-for-the-connection",
        SET_PREFETCH,
        "self.prefetch = count",
        "for channel in self.connection.channels.values():\n            channel.prefetch = count",
        kills=("amqp.backpressure.prefetch-is-local-to-its-channel",),
    ),
    Mutant(
        "prefetch-stops-consumers-without-acks",
        HAS_ROOM,
        "    if self.prefetch and",
        "    if not self.ack_required and 0 < self.channel.prefetch < self.channel.next_tag:\n"
        "        return False\n"
        "    if self.prefetch and",
        kills=("amqp.backpressure.no-ack-consumer-ignores-prefetch",),
    ),
    Mutant(
        "get-uses-the-room-of-a-consumer",
        f"{CHANNEL}.get",
        "        self.unacked[tag] = queue, None, entry\n",
        "        consumer = next(iter(self.consumers.values()), None)\n"
        "        self.unacked[tag] = queue, consumer, entry\n"
        "        if consumer is not None:\n"
        "            consumer.unacked += 1\n",
        kills=("amqp.backpressure.get-ignores-prefetch",),
    ),
    Mutant(
        "get-obeys-prefetch",
        f"{CHANNEL}.get",
        "    entry = queue.get()\n",
        "    if 0 < self.prefetch <= len(self.unacked):\n"
        "        return None\n"
        "    entry = queue.get()\n",
        kills=(
            "amqp.backpressure.get-ignores-prefetch",
            "amqp.backpressure.get-without-consumer-ignores-prefetch",
        ),
    ),
    Mutant(
        "full-consumer-blocks-the-line",
        f"{CONSUMERS}.take",
        "consumer.parked = True",
        "line.appendleft(consumer)\n            return None",
        kills=("amqp.backpressure.full-consumer-is-skipped",),
    ),
    Mutant(
        "parked-consumer-stays-parked",
        f"{CONSUMERS}.unpark",
        "if not consumer.parked or",
        "if len(self._all) > 1 or not consumer.parked or",
        kills=("amqp.backpressure.freed-consumer-joins-again",),
    ),
    Mutant(
        "prefetch-size-is-ignored",
        "amqp.methods.basic_qos:handle",
        "if prefetch_size:",
        "if False:",
        kills=("amqp.backpressure.prefetch-size-is-refused",),
    ),
    # -- one limit for a channel ------------------------------------------------------------
    Mutant(
        "global-prefetch-is-ignored-altogether",
        SET_PREFETCH,
        "self.prefetch = count",
        "self.prefetch = self.prefetch if for_channel else count",
        kills=("amqp.backpressure.global-prefetch-limits-each-consumer",),
    ),
    Mutant(
        "global-prefetch-is-for-each-consumer",
        SET_PREFETCH,
        "if for_channel and self.vhost.dialect.global_prefetch:",
        "if False:",
        kills=(
            "amqp.backpressure.global-prefetch-limits-the-channel",
            "amqp.backpressure.both-prefetch-limits-hold",
            "amqp.backpressure.global-prefetch-blocks-no-ack-consumers",
        ),
        version="4.0",
    ),
    Mutant(
        "global-prefetch-is-one-too-many",
        HAS_ROOM,
        "channel.prefetched >= channel.global_prefetch",
        "channel.prefetched > channel.global_prefetch",
        kills=(
            "amqp.backpressure.global-prefetch-limits-the-channel",
            "amqp.backpressure.global-prefetch-limits-each-consumer",
        ),
        version="4.0",
    ),
    Mutant(
        "room-on-the-channel-is-not-told-to-other-queues",
        ACKNOWLEDGE,
        "if self.global_prefetch and not had_global_room:",
        "if False:",
        kills=("amqp.backpressure.global-prefetch-blocks-no-ack-consumers",),
        version="4.0",
    ),
    Mutant(
        "room-after-many-acks-is-not-told-to-other-queues",
        SETTLE_DELIVERIES,
        "if self.global_prefetch and not had_global_room:",
        "if False:",
        kills=("amqp.backpressure.global-prefetch-blocks-no-ack-consumers",),
        version="4.0",
    ),
    Mutant(
        "global-prefetch-lifts-that-of-consumers",
        HAS_ROOM,
        "if self.prefetch and",
        "if self.prefetch and not self.channel.global_prefetch and",
        kills=("amqp.backpressure.both-prefetch-limits-hold",),
        version="4.0",
    ),
    Mutant(
        "global-prefetch-spares-consumers-without-acks",
        HAS_ROOM,
        "if channel.global_prefetch and",
        "if self.ack_required and channel.global_prefetch and",
        kills=("amqp.backpressure.global-prefetch-blocks-no-ack-consumers",),
        version="4.0",
    ),
    Mutant(
        "global-prefetch-cannot-be-lowered",
        SET_PREFETCH,
        "self.global_prefetch = count",
        "self.global_prefetch = count and max(count, self.global_prefetch)",
        kills=("amqp.backpressure.global-prefetch-can-be-lowered",),
        version="4.0",
    ),
    Mutant(
        "raised-limit-waits-for-an-ack",
        SET_PREFETCH,
        "self.room_changed()",
        "pass",
        kills=("amqp.backpressure.global-prefetch-can-be-raised",),
        version="4.0",
    ),
    Mutant(
        "get-obeys-global-prefetch",
        f"{CHANNEL}.get",
        "    entry = queue.get()\n",
        "    if 0 < self.global_prefetch <= len(self.unacked):\n"
        "        return None\n"
        "    entry = queue.get()\n",
        kills=("amqp.backpressure.global-prefetch-does-not-limit-get",),
        version="4.0",
    ),
    # -- publishers -------------------------------------------------------------------------
    Mutant(
        "ready-count-includes-unacknowledged",
        "amqp.methods.queue_declare:handle",
        "len(found.ready), len(found.consumers)",
        "len(found.ready) + sum(c.unacked for c in found.consumers), len(found.consumers)",
        kills=("amqp.backpressure.queue-depth-is-observable",),
    ),
    Mutant(
        "slow-reader-misses-messages",
        "amqp.core.connection:Connection.set_writable",
        "    if writable:\n",
        "    if writable:\n"
        "        for queue in self.vhost.queues.values():\n"
        "            queue.get()\n",
        kills=("amqp.backpressure.slow-reader-loses-nothing",),
    ),
    Mutant(
        "fast-publisher-is-told-to-pause",
        "amqp.channel_session:ChannelSession._publish",
        "    session = self.session\n",
        "    session = self.session\n"
        "    if core.next_publish == 500:\n"
        '        self.reply("channel.flow", False)\n',
        kills=("amqp.backpressure.publishers-are-sent-no-flow",),
    ),
    Mutant(
        "alarm-is-only-told",
        ALARMS_CHANGED,
        "self._blocked = block\n",
        "self._blocked = False\n",
        kills=(
            "amqp.backpressure.alarm-stops-publishers",
            "amqp.backpressure.alarm-stops-publishers-that-are-not-told",
            "amqp.backpressure.alarm-stops-new-publishers",
        ),
    ),
    Mutant(
        "messages-sent-during-an-alarm-are-lost",
        ALARMS_CHANGED,
        "            self.receive_data(pending)\n",
        "            pass\n",
        kills=(
            "amqp.backpressure.alarm-stops-publishers",
            "amqp.backpressure.alarm-stops-publishers-that-are-not-told",
        ),
    ),
    Mutant(
        "only-clients-that-are-told-are-stopped",
        ALARMS_CHANGED,
        "and self._published and",
        'and self._published and "connection.blocked" in self.capabilities and',
        kills=("amqp.backpressure.alarm-stops-publishers-that-are-not-told",),
    ),
    Mutant(
        "earlier-publishers-are-blocked-at-once",
        f"{SESSION}.publish_received",
        "    if self.broker.alarms:\n",
        "    self._published = True\n    if self.broker.alarms:\n",
        kills=("amqp.backpressure.blocked-is-told-once-at-the-first-publish",),
    ),
    Mutant(
        "blocked-without-its-reason",
        "amqp.core.broker:Broker.alarm_reason",
        "ALARM_REASONS[name] for name",
        "name for name",
        kills=("amqp.backpressure.blocked-is-told-once-at-the-first-publish",),
    ),
    Mutant(
        "everybody-is-told-that-the-alarm-is-over",
        ALARMS_CHANGED,
        "if block == self._blocked:",
        "if block and self._blocked:",
        kills=("amqp.backpressure.unblocked-is-told-once",),
    ),
    Mutant(
        "nobody-is-told-that-the-alarm-is-over",
        ALARMS_CHANGED,
        "if notify and self.state == RUNNING:",
        "if False:",
        kills=("amqp.backpressure.unblocked-is-told-once",),
    ),
    Mutant(
        "new-publishers-are-not-noticed",
        f"{SESSION}.publish_received",
        "self._alarms_changed()",
        "pass",
        kills=(
            "amqp.backpressure.alarm-stops-new-publishers",
            "amqp.backpressure.alarm-stops-publishers",
        ),
    ),
    Mutant(
        "alarm-stops-everybody",
        ALARMS_CHANGED,
        "and self._published and",
        "and",
        kills=("amqp.backpressure.alarm-does-not-stop-consumers",),
    ),
    Mutant(
        "blocked-client-must-send-heartbeats",
        f"{SESSION}.handle_deadline",
        "if not self._blocked and now_ms",
        "if now_ms",
        kills=("amqp.backpressure.blocked-connection-needs-no-heartbeats",),
    ),
]
