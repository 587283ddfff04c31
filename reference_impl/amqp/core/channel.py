"""One channel: publishing, consuming and settling, with everything it holds unacknowledged.

Source: rabbit_channel.erl (functions named in the text), docs: confirms, consumers, semantics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from reference_impl.amqp.core import arguments as args
from reference_impl.amqp.core.connection import Connection
from reference_impl.amqp.core.delivery import Consumer
from reference_impl.amqp.core.direct_reply import (
    ReplyConsumer,
    addressed,
    deliver_replies,
    stop_replies,
)
from reference_impl.amqp.core.exchanges import Target
from reference_impl.amqp.core.message import REPLY_QUEUE, Content, Entry, Message
from reference_impl.amqp.core.queues import Queue
from reference_impl.amqp.core.transactions import Transaction
from reference_impl.amqp.fields import Table
from reference_impl.errors import AccessRefused, NotAllowed, NotFound, PreconditionFailed

ACK = "ack"
REQUEUE = "requeue"
DISCARD = "discard"
RETURN = "return"
REJECT = "reject"
FAILED = {RETURN: REQUEUE, REJECT: DISCARD}
"""Outcomes by basic.reject, which count as failed deliveries; those by basic.nack do not
(rabbit_channel, basic.reject: settle)."""


Delivery = tuple[Queue, Consumer | None, Entry]
"""A message that a channel was given and has not settled; no consumer means basic.get."""


class Sink(Protocol):
    """Where a channel sends what its client is to see."""

    def deliver(self, consumer: Consumer, tag: int, redelivered: bool, message: Message) -> None:
        """A delivery to `consumer` under delivery tag `tag`."""
        ...

    def return_message(self, message: Message) -> None:
        """A mandatory message that no queue took (312 NO_ROUTE)."""
        ...

    def consumer_cancelled(self, tag: str) -> None:
        """The consumer is gone because its queue is."""
        ...


class Channel:
    """The state of one open channel. Tags and sequence numbers start at 1 when it is opened."""

    def __init__(self, connection: Connection, number: int, sink: Sink) -> None:
        self.connection = connection
        self.vhost = connection.vhost
        self.number = number
        self.sink = sink
        self.consumers: dict[str, Consumer] = {}
        self.unacked: dict[int, Delivery] = {}
        """By delivery tag, in the order of delivery."""
        self.next_tag = 1
        self.prefetch = 0
        """Limit for each consumer started from now on; 0 is none."""
        self.global_prefetch = 0
        """Limit for all consumers of the channel together; 0 is none."""
        self.prefetched = 0
        """Unacknowledged deliveries to consumers."""
        self.last_declared_queue = ""
        self.confirming = False
        self.next_publish = 1
        self.confirmed: list[int] = []
        self.rejected: list[int] = []
        self.transaction: Transaction | None = None
        self.reply_consumer: ReplyConsumer | None = None
        connection.channels[number] = self

    # -- publishing -------------------------------------------------------------------------

    def publish(
        self,
        exchange_name: str,
        routing_key: str,
        mandatory: bool,
        content: Content,
        body: bytes,
        encoded: Any,
    ) -> None:
        """Route a message; in a transaction, remember it. Checks in the order of RabbitMQ."""
        if len(body) > self.vhost.dialect.max_message_size:
            raise PreconditionFailed(
                f"message size {len(body)} is larger than configured max size "
                f"{self.vhost.dialect.max_message_size}"
            )
        self.connection.check_access("exchange", exchange_name, "write")
        queues: Sequence[Target] | None = None
        if not content.extra_keys:
            queues = self.vhost.routes.get((exchange_name, routing_key))
        if queues is None or content.needs_checks:
            exchange = self.vhost.exchange(exchange_name)
            if exchange.internal:
                raise AccessRefused(f"cannot publish to internal {exchange}")
            keys = routing_key, *content.extra_keys
            if content.properties.reply_to == REPLY_QUEUE:
                content, encoded = addressed(self, content), None
            if content.refusal is not None:
                raise content.refusal
            if content.altered:
                encoded = None
            if not content.has_plain_expiration and self.vhost.dialect.rewrites_expiration:
                content, encoded = content.with_properties(expiration=str(content.ttl_ms)), None
            self._check_user_id(content)
            self._check_delivery_mode(content)
            message = Message(exchange_name, keys, content, body, encoded)
            queues = exchange.route(message)
            if len(keys) == 1:
                self.vhost.remember_route(exchange, routing_key, queues)
        else:
            message = Message(exchange_name, (routing_key,), content, body, encoded)
        if self.vhost.reply_consumers and not self.vhost.dialect.volatile_reply_queues:
            queues = deliver_replies(message, queues)
        if self.transaction is not None:
            self.transaction.publish(message, mandatory, queues)
            return
        if not self.enqueue(message, mandatory, queues):
            self.rejected.append(self.next_publish)
        elif self.confirming:
            self.confirmed.append(self.next_publish)
        self.next_publish += 1

    def _check_user_id(self, content: Content) -> None:
        """docs: validated user-id."""
        claimed, user = content.properties.user_id, self.connection.user
        if claimed is not None and claimed != user.name and not user.may_impersonate:
            raise PreconditionFailed(
                f"user_id property set to '{claimed}' but authenticated user was '{user.name}'"
            )

    def _check_delivery_mode(self, content: Content) -> None:
        """rabbit_basic:message, up to 3.12."""
        mode = content.properties.delivery_mode
        if self.vhost.dialect.refuses_other_delivery_modes and mode not in (None, 1, 2):
            raise PreconditionFailed("invalid message: {delivery_mode_unknown,%d}" % mode)

    def enqueue(self, message: Message, mandatory: bool, queues: Sequence[Target]) -> bool:
        """Give each queue its copy; False if one of them refused it."""
        if not queues:
            if mandatory:
                self.sink.return_message(message)
            return True
        accepted = True
        for queue in queues:
            if not queue.publish(message):
                accepted = False
        return accepted

    # -- consuming --------------------------------------------------------------------------

    def consume(
        self, queue_name: str, tag: str, *, ack_required: bool, exclusive: bool, arguments: Table
    ) -> Consumer:
        """Register a consumer; deliveries start with `start`, after consume-ok was sent."""
        if tag in self.consumers:
            raise NotAllowed(f"attempt to reuse consumer tag '{tag}'")
        self.connection.check_access("queue", queue_name, "read")
        queue = self.vhost.queue(queue_name, self.connection)
        args.check_consume_arguments(str(queue), arguments, self.vhost.dialect)
        queue.check_consume(exclusive)
        priority = arguments.get("x-priority")
        consumer = Consumer(
            tag or "amq.ctag-" + self.vhost.new_id(),
            self,
            queue,
            ack_required=ack_required,
            exclusive=exclusive,
            prefetch=self.prefetch,
            priority=0 if priority is None else priority.value,
            arguments=arguments,
        )
        self.consumers[consumer.tag] = consumer
        queue.add_consumer(consumer)
        return consumer

    def cancel(self, tag: str) -> None:
        """Stop a consumer; what it holds stays unacknowledged. An unknown tag is no error."""
        if self.reply_consumer is not None and self.reply_consumer.tag == tag:
            stop_replies(self)
            return
        consumer = self.consumers.pop(tag, None)
        if consumer is not None:
            consumer.queue.remove_consumer(consumer)

    def queue_deleted(self, consumer: Consumer) -> None:
        """The queue of a consumer is gone."""
        del self.consumers[consumer.tag]
        self.sink.consumer_cancelled(consumer.tag)

    def deliver(self, queue: Queue, consumer: Consumer, entry: Entry) -> None:
        """Take a message from `queue` for `consumer` and send it."""
        tag = self.next_tag
        self.next_tag = tag + 1
        if consumer.ack_required:
            self.unacked[tag] = queue, consumer, entry
            consumer.unacked += 1
            self.prefetched += 1
        self.sink.deliver(consumer, tag, entry.redelivered, entry.message)

    def get(self, queue_name: str, ack_required: bool) -> tuple[int, Entry, int] | None:
        """Return (delivery tag, message, messages still ready), or None for an empty queue."""
        self.connection.check_access("queue", queue_name, "read")
        queue = self.vhost.queue(queue_name, self.connection)
        entry = queue.get()
        if entry is None:
            return None
        tag = self.next_tag
        self.next_tag += 1
        if ack_required:
            self.unacked[tag] = queue, None, entry
        else:
            queue.settled(entry)
        return tag, entry, len(queue.ready)

    def set_prefetch(self, count: int, *, for_channel: bool) -> None:
        """basic.qos: a limit for consumers started from now on, or for the whole channel.

        Setting the one for consumers lifts that of the channel (rabbit_channel, basic.qos).
        """
        if for_channel and self.vhost.dialect.global_prefetch:
            self.global_prefetch = count
        else:
            self.prefetch = count
            self.global_prefetch = 0
        self.room_changed()

    def room_changed(self) -> None:
        """Something that limited this channel's consumers has gone or become wider."""
        for queue in dict.fromkeys(consumer.queue for consumer in self.consumers.values()):
            queue.channel_has_room(self)

    def last_declared(self) -> str:
        """The queue that an empty queue name stands for (rabbit_channel:expand_shortcuts)."""
        if not self.last_declared_queue:
            raise NotFound("no previously declared queue")
        return self.last_declared_queue

    # -- settling ---------------------------------------------------------------------------

    def settle(self, tag: int, multiple: bool, outcome: str) -> None:
        """ACK, REQUEUE, DISCARD, RETURN or REJECT one delivery, or all up to and including `tag`.

        Tag 0 with `multiple` means all there are. Any other tag must be unsettled, or nothing
        happens and PreconditionFailed is raised (rabbit_channel:collect_acks).
        """
        unacked = self.unacked
        if not multiple:
            delivery = unacked.pop(tag, None)
            if delivery is None:
                raise PreconditionFailed(f"unknown delivery tag {tag}")
            if outcome is ACK and self.transaction is None:
                self._acknowledge(*delivery)
                return
            taken = [(tag, delivery)]
        elif tag == 0:
            taken = list(unacked.items())
            unacked.clear()
        elif tag not in unacked:
            raise PreconditionFailed(f"unknown delivery tag {tag}")
        else:
            taken = []
            for earlier, delivery in unacked.items():
                taken.append((earlier, delivery))
                if earlier == tag:
                    break
            for earlier, _ in taken:
                del unacked[earlier]
        if self.transaction is not None:
            self.transaction.settle(outcome, taken)
        else:
            self.settle_deliveries([delivery for _, delivery in taken], outcome)

    def _acknowledge(self, queue: Queue, consumer: Consumer | None, entry: Entry) -> None:
        """ACK one delivery: what `settle_deliveries` does for many, which is by far less often."""
        if not queue.deleted:
            queue.settled(entry)
        if consumer is None:
            return
        had_global_room = self.prefetched < self.global_prefetch
        consumer.unacked -= 1
        self.prefetched -= 1
        if self.global_prefetch and not had_global_room:
            self.room_changed()
        elif consumer.parked:
            queue.has_room(consumer)

    def settle_deliveries(self, deliveries: list[Delivery], outcome: str) -> None:
        """Carry the outcome out at the queues, then let freed consumers receive again."""
        failed, outcome = outcome in FAILED, FAILED.get(outcome, outcome)
        by_queue: dict[Queue, list[Entry]] = {}
        had_global_room = self.prefetched < self.global_prefetch
        for queue, consumer, entry in deliveries:
            by_queue.setdefault(queue, []).append(entry)
            entry.delivery_count += failed
            if consumer is not None:
                consumer.unacked -= 1
                self.prefetched -= 1
        for queue, entries in by_queue.items():
            if queue.deleted:
                continue
            if outcome == ACK:
                for entry in entries:
                    queue.settled(entry)
            elif outcome == DISCARD:
                queue.reject(entries)
            else:
                queue.requeue(entries)
        for queue in by_queue:
            queue.channel_has_room(self)
            if outcome == REQUEUE:
                queue.deliver_ready()
        if self.global_prefetch and not had_global_room:
            self.room_changed()

    def recover(self) -> None:
        """Requeue everything that this channel holds unacknowledged."""
        deliveries = list(self.unacked.values())
        self.unacked.clear()
        self.settle_deliveries(deliveries, REQUEUE)

    # -- modes ------------------------------------------------------------------------------

    def select_confirms(self) -> None:
        if self.transaction is not None:
            raise PreconditionFailed("cannot switch from tx to confirm mode")
        if not self.confirming:
            self.confirming = True
            self.next_publish = 1
            self.rejected.clear()  # what was refused before is nobody's business

    def select_transactions(self) -> None:
        if self.confirming:
            raise PreconditionFailed("cannot switch from confirm to tx mode")
        if self.transaction is None:
            self.transaction = Transaction(self)

    def require_transaction(self) -> Transaction:
        if self.transaction is None:
            raise PreconditionFailed("channel is not transactional")
        return self.transaction

    def take_confirms(self) -> tuple[list[int], list[int]]:
        """Return the publish numbers to ack and to nack since the last call, each ascending."""
        taken = self.confirmed, self.rejected if self.confirming else []
        self.confirmed, self.rejected = [], []
        return taken

    def held_deliveries(self) -> list[Delivery]:
        """What is unacknowledged, or acknowledged in a transaction that was not committed."""
        held = list(self.unacked.values())
        if self.transaction is not None:
            held += self.transaction.uncommitted_deliveries()
        return held

    # -- end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Cancel the consumers and requeue what is unacknowledged, uncommitted acks included."""
        if self.connection.channels.pop(self.number, None) is None:
            return
        deliveries = self.held_deliveries()
        self.unacked.clear()
        self.transaction = None
        stop_replies(self)
        by_queue: dict[Queue, list[Entry]] = {c.queue: [] for c in self.consumers.values()}
        for queue, _, entry in deliveries:
            by_queue.setdefault(queue, []).append(entry)
        for queue, entries in by_queue.items():
            if not queue.deleted:
                queue.channel_closed(self, entries)
        self.consumers.clear()
