"""The order in which a priority queue delivers. Source: docs: priority."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Ranked(NamedTuple):
    """A message: its number in the order of publishing, its body, and its priority property."""

    number: int
    body: str
    priority: int | None


def ranked(priorities: Iterable[int | None]) -> list[Ranked]:
    """One message for each priority, with a body that tells it."""
    return [Ranked(n, f"{n}: priority {p}", p) for n, p in enumerate(priorities)]


def delivery_order(messages: Iterable[Ranked], max_priority: int) -> list[str]:
    """Bodies by falling priority, the older first among equals."""
    ordered = sorted(messages, key=lambda m: (-min(m.priority or 0, max_priority), m.number))
    return [message.body for message in ordered]


def delivery_order_within(messages: Iterable[Ranked], max_priority: int, length: int) -> list[str]:
    """The same for a queue that drops its head whenever it holds more than `length`."""
    kept: list[Ranked] = []
    for message in messages:
        kept.append(message)
        if len(kept) > length:
            head = delivery_order(kept, max_priority)[0]
            kept = [k for k in kept if k.body != head]
    return delivery_order(kept, max_priority)
