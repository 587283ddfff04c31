"""A queue that holds only so much. Source: docs: maxlength."""

from __future__ import annotations

from dataclasses import dataclass

DROP_HEAD = "drop-head"
REJECT_PUBLISH = "reject-publish"
REJECT_PUBLISH_DLX = "reject-publish-dlx"


@dataclass(frozen=True)
class Limits:
    """Arguments of a queue: messages, octets of their bodies, and what happens beyond."""

    length: int | None = None
    octets: int | None = None
    overflow: str | None = None

    def arguments(self) -> dict[str, int | str]:
        named = {
            "x-max-length": self.length,
            "x-max-length-bytes": self.octets,
            "x-overflow": self.overflow,
        }
        return {name: value for name, value in named.items() if value is not None}


class BoundedQueue:
    """A queue within limits. Only ready messages count, never those that a client holds."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.ready: list[tuple[int, str]] = []
        """Number and body, in the order of their numbers: a requeued message finds its place."""
        self.held: list[tuple[int, str]] = []
        """In the order in which they were taken."""
        self.dead: list[str] = []
        """What is dead-lettered, in order."""
        self._published = 0

    def _too_much(self, messages: list[tuple[int, str]]) -> bool:
        length, octets = self.limits.length, self.limits.octets
        return (length is not None and len(messages) > length) or (
            octets is not None and sum(len(body) for _, body in messages) > octets
        )

    def _drop(self) -> None:
        if self.limits.overflow in (None, DROP_HEAD):
            while self._too_much(self.ready):
                self.dead.append(self.ready.pop(0)[1])

    def publish(self, body: str) -> str:
        """Return what the publisher is told: "ack" or "nack"."""
        self._published += 1
        message = (self._published, body)
        refuses = self.limits.overflow in (REJECT_PUBLISH, REJECT_PUBLISH_DLX)
        if refuses and self._too_much([*self.ready, message]):
            if self.limits.overflow == REJECT_PUBLISH_DLX:
                self.dead.append(body)
            return "nack"
        self.ready.append(message)
        self._drop()
        return "ack"

    def get(self) -> str | None:
        if not self.ready:
            return None
        self.held.append(self.ready.pop(0))
        return self.held[-1][1]

    def ack(self, index: int) -> None:
        del self.held[index]

    def requeue(self, index: int, *, multiple: bool = False) -> None:
        """Give one held message back, or all up to it; they come back in one step."""
        first = 0 if multiple else index
        self.ready = sorted([*self.ready, *self.held[first : index + 1]])
        del self.held[first : index + 1]
        self._drop()
