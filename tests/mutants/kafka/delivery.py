"""Mutants of what groups remember of their progress."""

from tests.mutants.mutant import Mutant

COMMIT = "kafka.core.offsets:Offsets.commit"
STORE = "self._committed.setdefault(group_id, {})[partition] = self._store(offset)"

MUTANTS = [
    Mutant(
        "delivery-commits-are-late",
        COMMIT,
        STORE,
        "group = self._committed.setdefault(group_id, {}); "
        "group[partition] = self._store(offset._replace(offset=max(0, offset[0] - 2)))",
        kills=("kafka.delivery.at-most-once",),
    ),
    Mutant(
        "delivery-commits-are-early",
        COMMIT,
        STORE,
        "group = self._committed.setdefault(group_id, {}); "
        "group[partition] = self._store(offset._replace(offset=offset[0] + 1))",
        kills=("kafka.delivery.at-least-once",),
    ),
    Mutant(
        "delivery-groups-share-offsets",
        "kafka.core.offsets:Offsets.get",
        "stored = self._committed.get(group_id, {}).get(partition)",
        "stored = max((one[partition] for one in self._committed.values() "
        "if partition in one), default=None)",
        kills=("kafka.delivery.groups-are-independent",),
    ),
    Mutant(
        "delivery-aborted-offsets-count",
        "kafka.core.offsets:Offsets.complete",
        "if not commit:",
        "if False:",
        kills=("kafka.delivery.exactly-once",),
    ),
]
