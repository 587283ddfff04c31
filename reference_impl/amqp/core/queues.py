"""A classic queue: order, expiry, length limits, priorities, consumers, its own lifetime.

Source: rabbit_amqqueue_process.erl (the functions named in the text), docs: queues, ttl, maxlength,
priority, consumers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reference_impl.amqp.core.delivery import Consumer, Consumers
from reference_impl.amqp.core.message import Entry, Message
from reference_impl.amqp.core.ready import ByPriority, Fifo, restore_all
from reference_impl.amqp.fields import Table
from reference_impl.errors import AccessRefused
from reference_impl.timers import Timer

if TYPE_CHECKING:
    from reference_impl.amqp.core.channel import Channel
    from reference_impl.amqp.core.connection import Connection
    from reference_impl.amqp.core.vhost import VirtualHost

DROP_HEAD = "drop-head"
REJECT_PUBLISH = "reject-publish"
REJECT_PUBLISH_DLX = "reject-publish-dlx"


class Queue:
    """One queue of a virtual host. `owner` is the connection of an exclusive queue."""

    def __init__(
        self,
        vhost: VirtualHost,
        name: str,
        *,
        durable: bool,
        auto_delete: bool,
        owner: Connection | None,
        arguments: Table,
    ) -> None:
        self.vhost = vhost
        self.name = name
        self.durable = self.survives_restart = durable
        self.auto_delete = auto_delete
        self.owner = owner
        self.arguments = arguments
        self.deleted = False

        self.message_ttl_ms: int | None = self._argument("x-message-ttl")
        self.expires_ms: int | None = self._argument("x-expires")
        self.max_length: int | None = self._argument("x-max-length")
        self.max_length_bytes: int | None = self._argument("x-max-length-bytes")
        self.overflow: str = self._argument("x-overflow") or DROP_HEAD
        self.dead_letter_exchange: str | None = self._argument("x-dead-letter-exchange")
        self.dead_letter_routing_key: str | None = self._argument("x-dead-letter-routing-key")
        self.single_active = bool(self._argument("x-single-active-consumer"))
        self.ready: Fifo | ByPriority = Fifo()
        max_priority = self._argument("x-max-priority")
        if max_priority is not None:
            self.ready = ByPriority(max(max_priority, vhost.dialect.least_max_priority))

        self.consumers = Consumers(self.single_active)
        self._limited = self.max_length is not None or self.max_length_bytes is not None
        self._next_position = 0
        self._had_consumers = False
        self._ttl_timer: Timer | None = None
        self._expiry_timer: Timer | None = None
        self.touch()

    def _argument(self, name: str):  # type: ignore[no-untyped-def]
        field = self.arguments.get(name)
        return None if field is None else field.value

    def __str__(self) -> str:
        """The queue as RabbitMQ's error texts call it (rabbit_misc:rs)."""
        return f"queue '{self.name}' in vhost '{self.vhost.name}'"

    # -- messages in ------------------------------------------------------------------------

    def publish(self, message: Message) -> bool:
        """Take a message; False if the overflow policy refused it (nack to the publisher)."""
        if self._limited and self.overflow != DROP_HEAD and self._would_overflow(message):
            if self.overflow == REJECT_PUBLISH_DLX:
                self.vhost.dead_letters.add(self, message, "maxlen", message.delivery_count)
            return False
        self._next_position += 1
        entry = Entry(message, self._next_position, None)
        ttl_ms = message.content.ttl_ms
        if ttl_ms is not None or self.message_ttl_ms is not None:
            entry.expires_at_ms = self._deadline_ms(ttl_ms)
        # A waiting consumer takes it before any limit or TTL applies (attempt_delivery).
        if not self.ready:
            consumer = self.consumers.take()
            if consumer is not None:
                if self.durable and consumer.ack_required and message.content.persistent:
                    self.vhost.store.enqueued(self, entry)
                consumer.channel.deliver(self, consumer, entry)
                return True
        # Only one that waits shows that it was given to somebody before (set_deliver_flag).
        if entry.delivery_count:
            entry.redelivered = True
        self.ready.push(entry)
        if self.durable and message.content.persistent:
            self.vhost.store.enqueued(self, entry)
        if (self._limited and self._drop_overflow()) or entry.expires_at_ms is not None:
            self.drop_expired()
        return True

    def _deadline_ms(self, ttl_ms: int | None) -> int:
        """The smaller of message TTL and queue TTL counts (docs: ttl)."""
        limits = [ms for ms in (ttl_ms, self.message_ttl_ms) if ms is not None]
        return self.vhost.clock.now_ms() + min(limits)

    def _would_overflow(self, message: Message) -> bool:
        if self.max_length is not None and len(self.ready) + 1 > self.max_length:
            return True
        limit = self.max_length_bytes
        return limit is not None and self.ready.body_bytes + len(message.body) > limit

    def _drop_overflow(self) -> bool:
        """Drop from the head until both limits hold; only ready messages count. Tells whether
        the queue has another head now, which may be due to expire."""
        if self.overflow != DROP_HEAD:
            return False
        dropped = False
        while (self.max_length is not None and len(self.ready) > self.max_length) or (
            self.max_length_bytes is not None and self.ready.body_bytes > self.max_length_bytes
        ):
            self._bury(self.ready.pop(), "maxlen")
            dropped = True
        return dropped

    def drop_expired(self) -> None:
        """Expire at the head only: a message behind one that lives longer waits for its turn."""
        while (entry := self.ready.head()) is not None:
            if entry.expires_at_ms is None:
                return
            if entry.expires_at_ms > self.vhost.clock.now_ms():
                self._arm_ttl_timer(entry.expires_at_ms)
                return
            self._bury(self.ready.pop(), "expired")

    def _arm_ttl_timer(self, due_ms: int) -> None:
        timer = self._ttl_timer
        if timer is not None and timer.callback is not None:
            if timer.due_ms <= due_ms:
                return
            timer.cancel()
        self._ttl_timer = self.vhost.timers.at(due_ms, self.drop_expired)

    def _bury(self, entry: Entry, reason: str) -> None:
        """Remove a message for good; dead-letter it if this queue has a dead-letter exchange."""
        self.settled(entry)
        if self.dead_letter_exchange is not None:
            self.vhost.dead_letters.add(self, entry.message, reason, entry.delivery_count)

    # -- messages out -----------------------------------------------------------------------

    def deliver_ready(self) -> None:
        """Hand out ready messages while a consumer has room (run_message_queue)."""
        ready = self.ready
        take = self.consumers.take
        while ready:
            head = ready.head()
            if head is not None and head.expires_at_ms is not None:
                self.drop_expired()
                if not ready:
                    return
            consumer = take()
            if consumer is None:
                return
            entry = ready.pop()
            if not consumer.ack_required:
                self.settled(entry)
            consumer.channel.deliver(self, consumer, entry)

    def get(self) -> Entry | None:
        """Take the head for basic.get, which renews the lease of the queue. The next head expires
        before the messages that are left are counted (rabbit_amqqueue_process:fetch)."""
        self.touch()
        self.drop_expired()
        if not self.ready:
            return None
        entry = self.ready.pop()
        self.drop_expired()
        return entry

    def settled(self, entry: Entry) -> None:
        """A message has left the queue for good: forget its stored copy."""
        if entry.stored:
            self.vhost.store.removed(self, entry)

    def reject(self, entries: Iterable[Entry]) -> None:
        """Discard or dead-letter messages that a client refused, in the order given, or by priority
        if the queue has priorities."""
        entries = self.ready.in_turn(entries)
        for entry in entries:
            self._bury(entry, "rejected")

    def requeue(self, entries: list[Entry]) -> None:
        """Put messages back to their places, redelivered; limits and expiry apply again."""
        for entry in entries:
            entry.redelivered = True
        restore_all(self.ready, entries)
        if self._limited:
            self._drop_overflow()
        self.drop_expired()

    def restore(self, entries: list[Entry]) -> None:
        """Take back the messages that a durable store kept, in the order of their positions."""
        restore_all(self.ready, entries)
        self._next_position = max((entry.position for entry in entries), default=0)

    def purge(self) -> int:
        """Remove all ready messages without dead-lettering them; return how many."""
        count = len(self.ready)
        for entry in self.ready:
            self.settled(entry)
        self.ready.clear()
        return count

    # -- consumers --------------------------------------------------------------------------

    def check_consume(self, exclusive: bool) -> None:
        """Raise AccessRefused if exclusivity forbids another consumer."""
        if (
            (self.single_active and exclusive)
            or self.consumers.exclusive is not None
            or (exclusive and len(self.consumers) > 0)
        ):
            raise AccessRefused(f"{self} in exclusive use")

    def add_consumer(self, consumer: Consumer) -> None:
        self._had_consumers = True
        self._stop_expiry_timer()
        self.consumers.add(consumer)

    def remove_consumer(self, consumer: Consumer) -> None:
        """Forget a cancelled consumer; another may become the active one."""
        self.consumers.remove(consumer)
        if not self._abandoned():
            self.deliver_ready()

    def channel_closed(self, channel: Channel, held: list[Entry]) -> None:
        """Forget the consumers of a channel, and requeue what it held (handle_ch_down)."""
        consumers = [c for c in self.consumers if c.channel is channel]
        for consumer in consumers:
            self.consumers.remove(consumer)
        if consumers and self._abandoned():
            return
        for entry in held:
            entry.delivery_count += 1
        self.requeue(held)
        self.deliver_ready()

    def _abandoned(self) -> bool:
        """After the loss of a consumer: whether the queue went with its last one (auto-delete)."""
        if len(self.consumers) > 0:
            return False
        if self.auto_delete and self._had_consumers:
            self.vhost.delete_queue(self)
            return True
        self.touch()
        return False

    def has_room(self, consumer: Consumer) -> None:
        """Let a parked consumer join the line again if it has room, and deliver to it."""
        if self.consumers.unpark(consumer):
            self.deliver_ready()

    def channel_has_room(self, channel: Channel) -> None:
        """Let the parked consumers of `channel` join the line again and deliver to them."""
        joined = [self.consumers.unpark(c) for c in self.consumers if c.channel is channel]
        if any(joined):
            self.deliver_ready()

    # -- lifetime ---------------------------------------------------------------------------

    def touch(self) -> None:
        """Renew the lease: x-expires counts from the last declare, get or consumer."""
        if self.expires_ms is None or len(self.consumers) > 0:
            return
        self._stop_expiry_timer()
        due_ms = self.vhost.clock.now_ms() + self.expires_ms
        self._expiry_timer = self.vhost.timers.at(due_ms, self._expire)

    def _expire(self) -> None:
        if not self.deleted and len(self.consumers) == 0:
            self.vhost.delete_queue(self)

    def _stop_expiry_timer(self) -> None:
        if self._expiry_timer is not None:
            self._expiry_timer.cancel()

    def close(self) -> None:
        """Stop the timers and drop the messages of a deleted queue, without dead-lettering."""
        self.deleted = True
        self._stop_expiry_timer()
        if self._ttl_timer is not None:
            self._ttl_timer.cancel()
        self.purge()
