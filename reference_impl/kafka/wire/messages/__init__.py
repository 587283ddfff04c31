"""Every message that the broker reads or writes, in the notation of `schema.py`.

All versions that Kafka 3.9.2 or 4.3.1 serve. Source: the message definitions of the two (names,
types, version ranges, defaults, tags).
"""

from __future__ import annotations

from reference_impl.kafka.wire.messages import (
    configs,
    connection,
    groups,
    offsets,
    records,
    topics,
    transactions,
)

TEXTS = (
    connection.TEXT,
    records.TEXT,
    groups.TEXT,
    offsets.TEXT,
    transactions.TEXT,
    topics.TEXT,
    configs.TEXT,
)
