"""What the APIs of transactions have in common."""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.core.transaction import ProducerIdentity, TopicPartition
from reference_impl.kafka.errors import ErrorCode

FIRST_VERSION_WITH_FENCED = 2
"""Clients of earlier versions do not know PRODUCER_FENCED and are told an older code (KIP-588)."""


def told_code(code: ErrorCode, version: int, known_from: int = FIRST_VERSION_WITH_FENCED) -> int:
    """Return the code as clients of this version of the request know it."""
    if code is ErrorCode.PRODUCER_FENCED and version < known_from:
        return ErrorCode.INVALID_PRODUCER_EPOCH
    return code


def producer_of(body: dict[str, Any]) -> ProducerIdentity:
    """The producer that a message tells of."""
    return ProducerIdentity(body["producer_id"], body["producer_epoch"])


def partitions_of(topics: list[dict[str, Any]]) -> list[TopicPartition]:
    """The partitions that a message names, in its order."""
    return [TopicPartition(one["name"], index) for one in topics for index in one["partitions"]]
