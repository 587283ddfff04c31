"""Searches find planted bugs and shrink them; without a bug they find nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.machines.pairs import MACHINES, Targets, searched, started_targets
from tests.mutants.catalogue import all_mutants
from tests.mutants.mutant import planted

pytestmark = pytest.mark.slow

FOUND: dict[str, tuple[str, str]] = {
    "topology-first-unbind-deletes-exchange": ("topology", "unbind"),
    "topology-delete-counts-nothing": ("topology", "delete_queue"),
    "topology-foreign-get-allowed": ("topology", "get"),
    "topology-purge-counts-nothing": ("topology", "purge"),
    "topology-exchange-type-not-compared": ("topology", "declare_exchange"),
    "requeued-message-goes-to-the-end": ("delivery", "contents get consume"),
    "limit-one-more": ("delivery", "publish"),
    "priority-lowest-first": ("delivery", "get"),
    "cancel-requeues": ("delivery", "cancel"),
    "get-ok-counts-its-own-message": ("delivery", "contents"),
    "transactions-init-keeps-the-epoch": ("transactions", "init_producer"),
    "transactions-lost-answer-of-init": ("transactions", "init_producer"),
    "transactions-any-epoch": (
        "transactions",
        "add_partitions add_offsets produce commit_offset end_txn",
    ),
    "transactions-zombies-write": ("transactions", "produce commit_offset"),
    "transactions-fenced-in-new-words": ("transactions", "add_partitions add_offsets end_txn"),
    "transactions-last-partition-has-no-marker": ("transactions", "end_txn init_producer"),
    "transactions-ends-the-other-way-too": ("transactions", "end_txn"),
    "isolation-stable-one-too-late": ("transactions", "produce"),
    "isolation-aborts-are-forgotten": ("transactions", "end_txn init_producer"),
    "sequence-new-epoch-begins-anywhere": ("transactions", "produce"),
    "txn-offsets-count-at-once": ("transactions", "commit_offset"),
    "txn-offsets-whole-group-waits": ("transactions", "commit_offset"),
    "txn-offsets-fall-with-those-of-a-zombie": ("transactions", "commit_offset"),
    "txn-offsets-stay-pending-after-an-abort": ("transactions", "end_txn init_producer"),
}
"""Bugs of the reference -> the machine that finds them within a few histories, and the operations
that can show them."""

MOST_OPERATIONS = 12


@pytest.fixture(scope="module")
def targets() -> Iterator[Targets]:
    with started_targets() as started:
        yield started


@pytest.mark.parametrize("machine", list(MACHINES))
def test_equal_brokers_are_equal(targets: Targets, machine: str) -> None:
    tally = searched(targets, machine, histories=4)
    assert tally.findings == []
    assert tally.histories == 4
    assert tally.operations > 4 * 15
    assert tally.observations > tally.operations


@pytest.mark.parametrize("name", list(FOUND))
def test_a_bug_is_found_and_shrunk(targets: Targets, name: str) -> None:
    machine, operations = FOUND[name]
    (mutant,) = (mutant for mutant in all_mutants() if mutant.name == name)
    with planted(mutant):
        tally = searched(targets, machine, histories=30)
    (finding,) = tally.findings
    assert finding.repeatable
    assert finding.difference.operation.name in operations.split()
    assert finding.history[-1].name == finding.difference.operation.name
    assert len(finding.history) <= MOST_OPERATIONS
    assert all(lines for lines in finding.transcripts)
