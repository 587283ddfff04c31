"""What dead-lettering writes into a message, and when it gives up. Source: docs: dlx."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

REJECTED = "rejected"
EXPIRED = "expired"
MAXLEN = "maxlen"


@dataclass(frozen=True)
class Death:
    """One time that a message was dead-lettered, with what it was like until then."""

    queue: str
    reason: str
    exchange: str
    routing_keys: tuple[str, ...]
    expiration: str | None


@dataclass(frozen=True)
class Life:
    """A message on its way: as it is now, and every death so far, the oldest first."""

    exchange: str
    routing_keys: tuple[str, ...]
    expiration: str | None = None
    deaths: tuple[Death, ...] = ()

    def after(self, queue: str, reason: str, exchange: str, key: str | None = None) -> Life:
        """The message after it died in `queue`, on its way through its dead-letter `exchange`."""
        death = Death(queue, reason, self.exchange, self.routing_keys, self.expiration)
        keys = self.routing_keys if key is None else (key,)
        return Life(exchange, keys, None, (*self.deaths, death))

    def may_enter(self, queue: str) -> bool:
        """Whether a dead-lettered message reaches `queue`: not if it left it before and everything
        that happened to it since, beginning with that, happened without a client's rejection."""
        since: list[Death] = []
        for death in reversed(self.deaths):
            since.append(death)
            if death.queue == queue:
                return any(d.reason == REJECTED for d in since)
        return True

    def enters_beyond_doubt(self, queue: str) -> bool:
        """Whether the message enters `queue` in whichever order its deaths are looked at: it never
        died there, or only ever of rejections."""
        return all(death.reason == REJECTED for death in self.deaths if death.queue == queue)

    def by_recency(self) -> list[tuple[str, str]]:
        """Queue and reason of the deaths, each pair once, the one that happened last first."""
        return list(dict.fromkeys((d.queue, d.reason) for d in reversed(self.deaths)))

    def counts(self) -> dict[tuple[str, str], int]:
        """How often the message died in a queue for a reason."""
        pairs = [(d.queue, d.reason) for d in self.deaths]
        return {pair: pairs.count(pair) for pair in pairs}

    def firsts(self) -> dict[tuple[str, str], dict[str, Any]]:
        """What an entry tells of the first death of its kind."""
        firsts: dict[tuple[str, str], dict[str, Any]] = {}
        for death in self.deaths:
            told: dict[str, Any] = {
                "exchange": death.exchange,
                "routing-keys": list(death.routing_keys),
            }
            if death.expiration is not None:
                told["original-expiration"] = death.expiration
            firsts.setdefault((death.queue, death.reason), told)
        return firsts
