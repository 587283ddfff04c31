"""Mutants of what a dead-letter topic is made of: records, headers, commits, transactions."""

from tests.mutants.mutant import Mutant

MUTANTS = [
    Mutant(
        "dead-letter-in-the-partition-before",
        "kafka.core.broker:KafkaBroker.append",
        "log = topic.partitions[partition]",
        "log = topic.partitions[max(0, partition - 1)]",
        kills=("kafka.dead-letter.parked", "kafka.dead-letter.reprocessed"),
    ),
    Mutant(
        "dead-letter-commits-skip-a-record",
        "kafka.core.offsets:Offsets.commit",
        "self._committed.setdefault(group_id, {})[partition] = self._store(offset)",
        "group = self._committed.setdefault(group_id, {}); "
        "group[partition] = self._store(offset._replace(offset=offset.offset + 1))",
        kills=("kafka.dead-letter.parked", "kafka.dead-letter.killed-worker"),
    ),
    Mutant(
        "dead-letter-aborted-commits-count",
        "kafka.core.offsets:Offsets.complete",
        "if not commit:",
        "if False:",
        kills=("kafka.dead-letter.parked-once",),
    ),
]
