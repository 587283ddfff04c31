"""One classic queue and everyone who takes from it, worked out by definition.

Source: AMQP 0-9-1 spec 4.7 and basic class; docs: confirms, consumers, semantics, queues.
"""

from __future__ import annotations

from dataclasses import dataclass

ACK = "ack"
REQUEUE = "requeue"
DISCARD = "discard"

UNLIMITED = 1_000_000


@dataclass(frozen=True)
class Held:
    """A message that a channel was given and has not settled; no consumer means basic.get."""

    body: str
    consumer: str = ""


@dataclass(frozen=True)
class Subscription:
    """A consumer: its channel, its prefetch (0 is no limit), and whether it acknowledges."""

    channel: str
    prefetch: int = 0
    ack: bool = True


@dataclass(frozen=True)
class Given:
    """A message as it is handed out."""

    tag: int
    body: str
    redelivered: bool


class QueueModel:
    """Where every message is: ready, held under a delivery tag of a channel, or settled.

    Which of several consumers gets a message is not the model's business: it says what must be
    handed out (`due`), and is told who got it (`hand_over`).
    """

    def __init__(self) -> None:
        self.published: list[str] = []
        self.ready: list[str] = []
        self.settled: list[str] = []
        self.held: dict[str, dict[int, Held]] = {}
        self.consumers: dict[str, Subscription] = {}
        self._handed_out: set[str] = set()
        self._last_tag: dict[str, int] = {}

    # -- messages in and out ----------------------------------------------------------------

    def publish(self, body: str) -> None:
        self.published.append(body)
        self.ready.append(body)

    def get(self, channel: str, *, ack: bool = True) -> Given | None:
        """Take the oldest ready message, if there is one."""
        return self._take(channel, self.ready[0], Held(self.ready[0]), ack) if self.ready else None

    def room(self, consumer: str) -> int:
        """How many more messages a consumer may be given."""
        subscription = self.consumers[consumer]
        if not subscription.prefetch or not subscription.ack:
            return UNLIMITED
        held = self.held.get(subscription.channel, {}).values()
        return subscription.prefetch - sum(one.consumer == consumer for one in held)

    def due(self) -> list[str]:
        """What must be delivered to consumers now: from the head, as much as they have room for."""
        return self.ready[: sum(self.room(consumer) for consumer in self.consumers)]

    def hand_over(self, consumer: str, body: str) -> Given:
        """A ready message goes to a consumer; returns how it must arrive."""
        subscription = self.consumers[consumer]
        return self._take(subscription.channel, body, Held(body, consumer), subscription.ack)

    def _take(self, channel: str, body: str, held: Held, ack: bool) -> Given:
        self.ready.remove(body)
        tag = self._last_tag[channel] = self._last_tag.get(channel, 0) + 1
        if ack:
            self.held.setdefault(channel, {})[tag] = held
        else:
            self.settled.append(body)
        given = Given(tag, body, body in self._handed_out)
        self._handed_out.add(body)
        return given

    # -- settling ---------------------------------------------------------------------------

    def settle(self, channel: str, tag: int, outcome: str, *, multiple: bool = False) -> bool:
        """Settle one tag, or all up to it (0: all there are); False for a tag that is unknown."""
        held = self.held.get(channel, {})
        if tag not in held and not (multiple and tag == 0):
            return False
        upto = max(held, default=0) if tag == 0 else tag
        for one in [t for t in held if t == tag or (multiple and t <= upto)]:
            body = held.pop(one).body
            (self.ready if outcome == REQUEUE else self.settled).append(body)
        self.ready.sort(key=self.published.index)
        return True

    def recover(self, channel: str) -> None:
        """Everything that a channel holds becomes ready again."""
        self.settle(channel, 0, REQUEUE, multiple=True)

    def close(self, channel: str) -> None:
        """A channel ends, however that happens; another one of its name starts afresh."""
        for tag in [t for t, one in self.consumers.items() if one.channel == channel]:
            del self.consumers[tag]
        self.recover(channel)
        self._last_tag.pop(channel, None)
