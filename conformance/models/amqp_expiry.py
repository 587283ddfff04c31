"""What is left in a queue whose messages have a time to live. Source: docs: ttl."""

from __future__ import annotations

from collections.abc import Iterable


class ExpiringQueue:
    """Messages in the order of publishing, each with whether its time is over already.

    Only what stands at the head expires: a message behind one that lives waits for its turn.
    """

    def __init__(self, messages: Iterable[tuple[str, bool]]) -> None:
        self.ready: list[tuple[str, bool]] = []
        self.expired: list[str] = []
        """In the order in which they expired."""
        for message in messages:
            self.ready.append(message)
            self._expire()

    def _expire(self) -> None:
        while self.ready and self.ready[0][1]:
            self.expired.append(self.ready.pop(0)[0])

    def get(self) -> str | None:
        """Take the head."""
        if not self.ready:
            return None
        body, _ = self.ready.pop(0)
        self._expire()
        return body
