"""What the broker understands of the metadata of consumers: the topics they subscribe to.

Source: ConsumerProtocol.deserializeConsumerProtocolSubscription, of which version 0 is enough.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

CONSUMER = "consumer"
"""The protocol type of groups of consumers."""

_HEAD = struct.Struct(">hi")
_LENGTH = struct.Struct(">h")


def topics_of(metadata: bytes) -> list[str] | None:
    """Return the topics of a subscription, or None if it is none."""
    try:
        _, count = _HEAD.unpack_from(metadata)
        position = _HEAD.size
        topics = []
        for _ in range(count):
            (length,) = _LENGTH.unpack_from(metadata, position)
            end = position + _LENGTH.size + length
            if length < 0 or end > len(metadata):
                return None
            topics.append(metadata[position + _LENGTH.size : end].decode())
            position = end
    except (struct.error, UnicodeDecodeError):
        return None
    return topics


def all_topics(subscriptions: Iterable[bytes]) -> frozenset[str] | None:
    """Return the topics of all subscriptions, or None if one of them cannot be read."""
    found: list[str] = []
    for metadata in subscriptions:
        topics = topics_of(metadata)
        if topics is None:
            return None
        found += topics
    return frozenset(found)
