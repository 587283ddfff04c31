"""What a handler of an API gets and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.waiting import Body, Later


class Peer(Protocol):
    """The connection of a client, as far as APIs know it."""

    host: str

    def close(self) -> None:
        """Close after what was answered so far, without another word."""
        ...


@dataclass(slots=True)
class Request:
    """One request: its decoded body, and where it came from."""

    broker: KafkaBroker
    peer: Peer
    api_key: int
    version: int
    client_id: str
    body: dict[str, Any]


Answer = Body | Later | None
"""A response body, or one that comes later, or none at all (acks=0)."""

Handler = Callable[[Request], Answer]
