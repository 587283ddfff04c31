"""Every difference between Kafka versions that the reference emulates, in one table.

Which APIs and versions each serves stands in wire/versions.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_impl.errors import UnknownVersion

MIB = 1024 * 1024
HOUR_MS = 3_600_000
UNLIMITED = 2**63 - 1


@dataclass(frozen=True)
class KafkaDialect:
    """How one version of Kafka behaves where versions differ."""

    version: str
    """Key of wire/versions.py."""
    features: tuple[tuple[str, int, int, int], ...]
    """Features as ApiVersions tells them: name, least and largest level, finalized level."""
    timestamp_after_max_ms: int
    """Default of message.timestamp.after.max.ms (KIP-1030)."""
    least_segment_bytes: int
    """Least value of segment.bytes (KIP-1030)."""
    transaction_version: int
    """Level of transaction.version: with 2 a producer's epoch grows with each transaction, and
    Produce adds partitions to it (KIP-890)."""
    empty_cleanup_policy: bool
    """Whether cleanup.policy may be empty (KIP-1161)."""
    new_group_coordinator: bool
    """Whether groups are looked after by the coordinator of KIP-848, which 3.9 has but does not use
    by default. It answers OffsetCommit 9 with GROUP_ID_NOT_FOUND, rebalances when an id that was
    never used leaves, describes assignments during a rebalance, and keeps an empty group without
    offsets until it is swept away."""
    group_operations: tuple[int, ...]
    """Numbers of the operations on groups that ACLs know (AclOperation)."""


DIALECTS = {
    dialect.version: dialect
    for dialect in (
        KafkaDialect(
            version="3.9",
            features=(
                ("group.version", 0, 1, 0),
                ("kraft.version", 0, 1, 0),
                ("metadata.version", 1, 21, 21),
                ("transaction.version", 0, 1, 0),
            ),
            timestamp_after_max_ms=UNLIMITED,
            least_segment_bytes=14,
            transaction_version=0,
            empty_cleanup_policy=False,
            new_group_coordinator=False,
            group_operations=(3, 6, 8),
        ),
        KafkaDialect(
            version="4.3",
            features=(
                ("eligible.leader.replicas.version", 0, 1, 1),
                ("group.version", 0, 1, 1),
                ("kraft.version", 0, 1, 0),
                ("metadata.version", 7, 30, 30),
                ("share.version", 0, 1, 1),
                ("streams.version", 0, 1, 1),
                ("transaction.version", 0, 2, 2),
            ),
            timestamp_after_max_ms=HOUR_MS,
            least_segment_bytes=MIB,
            transaction_version=2,
            empty_cleanup_policy=True,
            new_group_coordinator=True,
            group_operations=(3, 6, 8, 10, 11),
        ),
    )
}

DEFAULT_VERSION = "4.3"


def dialect_for(version: str) -> KafkaDialect:
    """Return the dialect of a version such as "4.3". Raises UnknownVersion."""
    if version not in DIALECTS:
        raise UnknownVersion(
            f"Kafka {version!r} is not emulated; choose one of {', '.join(DIALECTS)}"
        )
    return DIALECTS[version]
