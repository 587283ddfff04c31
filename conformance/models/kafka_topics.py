"""Which topics can be created, by definition.

Source: org.apache.kafka.common.internals.Topic.hasCollision, ReplicationControlManager.
"""

from __future__ import annotations

from collections.abc import Sequence


def collide(one: str, other: str) -> bool:
    """Whether metrics, which write "." as "_", could not tell two names apart."""
    return one.replace(".", "_") == other.replace(".", "_")


def assignment_error(assignments: Sequence[tuple[int, Sequence[int]]], nodes: Sequence[int]) -> str:
    """How an assignment of partitions to nodes is answered in a cluster of `nodes`."""
    indexes = sorted(index for index, _ in assignments)
    complete = indexes == list(range(len(indexes)))
    placed = all(
        len(wanted) > 0 and len(set(wanted)) == len(wanted) and set(wanted) <= set(nodes)
        for _, wanted in assignments
    )
    same_sizes = len({len(wanted) for _, wanted in assignments}) == 1
    return "NONE" if complete and placed and same_sizes else "INVALID_REPLICA_ASSIGNMENT"
