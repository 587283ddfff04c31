"""Queues and transactional channels, by definition: nothing happens before commit.

Source: AMQP 0-9-1 spec 3.1.9 and XML class tx; docs: semantics.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ACK, REQUEUE, DISCARD = "ack", "requeue", "discard"


@dataclass
class Message:
    """A message in a queue; `position` is its place for good."""

    position: int
    body: str
    redelivered: bool = False


@dataclass
class Queue:
    """Messages that are ready, first the one that is delivered next."""

    ready: list[Message] = field(default_factory=list)
    _published: int = 0

    def publish(self, body: str) -> None:
        self._published += 1
        self.ready.append(Message(self._published, body))

    def requeue(self, message: Message) -> None:
        message.redelivered = True
        self.ready.append(message)
        self.ready.sort(key=lambda ready: ready.position)

    def seen(self) -> list[tuple[str, bool]]:
        """Bodies and redelivered flags, in order."""
        return [(message.body, message.redelivered) for message in self.ready]


@dataclass
class Settlement:
    """One delivery of which the client has said what shall become."""

    tag: int
    queue: Queue
    message: Message
    outcome: str


@dataclass
class Channel:
    """A transactional channel: what it holds, and what it has done since the last commit."""

    unacked: dict[int, tuple[Queue, Message]] = field(default_factory=dict)
    published: list[tuple[Queue, str]] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)
    _tags: int = 0

    def publish(self, queue: Queue, body: str) -> None:
        self.published.append((queue, body))

    def get(self, queue: Queue) -> tuple[int, Message] | None:
        """Take the first message; return its delivery tag with it."""
        if not queue.ready:
            return None
        self._tags += 1
        message = queue.ready.pop(0)
        self.unacked[self._tags] = queue, message
        return self._tags, message

    def settle(self, tag: int, outcome: str, *, multiple: bool) -> None:
        tags = [other for other in self.unacked if other == tag or (multiple and other < tag)]
        for each in tags:
            self.settled.append(Settlement(each, *self.unacked.pop(each), outcome))

    def recover(self) -> None:
        """Not part of the transaction: what is held goes back at once."""
        for queue, message in self.unacked.values():
            queue.requeue(message)
        self.unacked.clear()

    def commit(self) -> None:
        for queue, body in self.published:
            queue.publish(body)
        for settlement in self.settled:
            if settlement.outcome == REQUEUE:
                settlement.queue.requeue(settlement.message)
        self.published.clear()
        self.settled.clear()

    def rollback(self) -> None:
        for settlement in self.settled:
            self.unacked[settlement.tag] = settlement.queue, settlement.message
        self.unacked = dict(sorted(self.unacked.items()))
        self.published.clear()
        self.settled.clear()

    def close(self) -> None:
        self.rollback()
        self.recover()
        self._tags = 0
