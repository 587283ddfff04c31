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
    epoch_before_coordinator: bool
    """Whether a log refuses an old epoch before the coordinator of transactions is asked."""
    keeps_transaction_start: bool
    """Whether InitProducerId leaves the start time of the last transaction as it was."""
    new_group_coordinator: bool
    """Whether groups are looked after by the coordinator of KIP-848, which 3.9 has but does not use
    by default. It answers OffsetCommit 9 with GROUP_ID_NOT_FOUND, rebalances when an id that was
    never used leaves, and only once when several members leave, describes assignments during a
    rebalance, and keeps an empty group without offsets until it is swept away."""
    group_operations: tuple[int, ...]
    """Numbers of the operations on groups that ACLs know (AclOperation)."""
    strict_lists: bool
    """Whether lists lose repeated values and must not have empty ones (KIP-1161)."""
    old_topic_settings: bool
    """Whether topics have the settings that 4.0 removed."""
    cordoned_text: str
    """What 4.3 adds to the refusal of a replication factor (KIP-1066)."""
    set_text: str
    """How names of settings stand in refusals: Scala prints a Set, Java brackets."""
    listeners_are_lists: bool
    """Whether listeners are shown as lists, and advertised ones as read-only."""
    replicas_cluster_wide: bool
    """Whether min.insync.replicas is a dynamic default of the cluster from the start (KIP-966)."""


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
            epoch_before_coordinator=False,
            keeps_transaction_start=True,
            new_group_coordinator=False,
            group_operations=(3, 6, 8),
            strict_lists=False,
            old_topic_settings=True,
            cordoned_text="",
            set_text="Set({})",
            listeners_are_lists=False,
            replicas_cluster_wide=False,
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
            epoch_before_coordinator=True,
            keeps_transaction_start=False,
            new_group_coordinator=True,
            group_operations=(3, 6, 8, 10, 11),
            strict_lists=True,
            old_topic_settings=False,
            cordoned_text=" or some brokers have all their log directories cordoned",
            set_text="[{}]",
            listeners_are_lists=True,
            replicas_cluster_wide=True,
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
