"""Consumers of a queue: whose turn it is, who has room, and who is the only active one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reference_impl.amqp.fields import Table

if TYPE_CHECKING:
    from reference_impl.amqp.core.channel import Channel
    from reference_impl.amqp.core.queues import Queue


class Consumer:
    """One basic.consume: its limit, and how many of its deliveries are not settled yet."""

    __slots__ = (
        "ack_required",
        "arguments",
        "channel",
        "encoded",
        "exclusive",
        "parked",
        "prefetch",
        "priority",
        "queue",
        "tag",
        "unacked",
    )

    def __init__(
        self,
        tag: str,
        channel: Channel,
        queue: Queue,
        *,
        ack_required: bool,
        exclusive: bool,
        prefetch: int,
        priority: int,
        arguments: Table,
    ) -> None:
        self.tag = tag
        self.channel = channel
        self.queue = queue
        self.ack_required = ack_required
        self.exclusive = exclusive
        self.prefetch = prefetch if ack_required else 0
        self.priority = priority
        self.arguments = arguments
        self.unacked = 0
        self.parked = False
        self.encoded = b""

    def has_room(self) -> bool:
        """Whether one more delivery keeps every limit: its own prefetch, its channel's global one,
        and what the connection can still take."""
        if self.prefetch and self.unacked >= self.prefetch:
            return False
        channel = self.channel
        if channel.global_prefetch and channel.prefetched >= channel.global_prefetch:
            return False
        return channel.connection.writable


class Consumers:
    """The consumers of one queue.

    A consumer that was given a message goes to the end of its priority's line. One whose turn it
    is but that has no room is *parked*: it leaves the line and joins its end when it has room
    again (rabbit_queue_consumers: block_consumer, unblock). The single active consumer keeps its
    place when it is parked.
    """

    def __init__(self, single_active: bool) -> None:
        self._lines: dict[int, deque[Consumer]] = {}
        self._all: list[Consumer] = []
        self._single_active = single_active
        self.active: Consumer | None = None
        """With single active consumer, the one that receives; otherwise unused."""
        self.exclusive: Consumer | None = None

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Consumer]:
        return iter(list(self._all))

    def add(self, consumer: Consumer) -> None:
        self._all.append(consumer)
        self._join(consumer)
        if consumer.exclusive:
            self.exclusive = consumer
        if self._single_active and self.active is None:
            self.active = consumer

    def remove(self, consumer: Consumer) -> None:
        self._all.remove(consumer)
        line = self._lines[consumer.priority]
        if consumer in line:
            line.remove(consumer)
        if self.exclusive is consumer:
            self.exclusive = None
        if self.active is consumer:
            self.active = self._successor()

    def _join(self, consumer: Consumer) -> None:
        line = self._lines.get(consumer.priority)
        if line is None:
            line = deque()
            lines = {**self._lines, consumer.priority: line}
            self._lines = dict(sorted(lines.items(), reverse=True))
        consumer.parked = False
        line.append(consumer)

    def _successor(self) -> Consumer | None:
        """The consumer that becomes active: first in line, or the longest waiting parked one."""
        for line in self._lines.values():
            if line:
                return line[0]
        return self._all[0] if self._all else None

    def take(self) -> Consumer | None:
        """Return the consumer that gets the next message, or None if none has room."""
        if self._single_active:
            active = self.active
            if active is None or active.has_room():
                return active
            active.parked = True
            return None
        for line in self._lines.values():
            while line:
                consumer = line.popleft()
                if consumer.has_room():
                    line.append(consumer)
                    return consumer
                consumer.parked = True
        return None

    def unpark(self, consumer: Consumer) -> bool:
        """Let a parked consumer that has room again join the line; whether the queue has reason
        to try a delivery."""
        if not consumer.parked or not consumer.has_room():
            return False
        if self._single_active:
            consumer.parked = False
            return consumer is self.active
        self._join(consumer)
        return True
