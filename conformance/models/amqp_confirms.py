"""What publisher confirms cover, worked out by definition. Source: docs, confirms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Event(NamedTuple):
    """Something on a confirm channel, in its order: "published" up to `number` by the client,
    "ack" or "nack" of `number`, or "return" of the message of that number."""

    kind: str
    number: int
    multiple: bool = False


def coverage(events: Iterable[Event]) -> list[tuple[Event, set[int]]]:
    """Return every ack and nack with the publishes that it covers: those that are outstanding and
    that it names, alone or as the last of `multiple`."""
    covered = []
    outstanding: set[int] = set()
    published = 0
    for event in events:
        if event.kind == "published":
            outstanding |= set(range(published + 1, event.number + 1))
            published = event.number
        elif event.kind in ("ack", "nack"):
            named = {
                number
                for number in outstanding
                if number == event.number or (event.multiple and number < event.number)
            }
            outstanding -= named
            covered.append((event, named))
    return covered
