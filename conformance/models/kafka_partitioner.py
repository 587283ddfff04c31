"""Which partition a key belongs to, by definition.

Source: org.apache.kafka.common.utils.Utils.murmur2, DefaultPartitioner.
"""

from __future__ import annotations

MASK = 0xFFFFFFFF
FACTOR = 0x5BD1E995
SEED = 0x9747B28C


def murmur2(key: bytes) -> int:
    """The hash of a key: 32 bits."""
    found = (SEED ^ len(key)) & MASK
    whole = len(key) - len(key) % 4
    for position in range(0, whole, 4):
        word = int.from_bytes(key[position : position + 4], "little") * FACTOR & MASK
        word = (word ^ word >> 24) * FACTOR & MASK
        found = found * FACTOR & MASK ^ word
    rest = key[whole:]
    if rest:
        found = (found ^ int.from_bytes(rest, "little")) * FACTOR & MASK
    found = (found ^ found >> 13) * FACTOR & MASK
    return found ^ found >> 15


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key among so many."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
