"""Mutants of what Kafka's side writes to its journal, and of how it is read back."""

from tests.mutants.mutant import Mutant

DURABLE = "kafka.durable:DurableStore"

MUTANTS = [
    Mutant(
        "durable-second-partition-is-first",
        f"{DURABLE}.appended",
        "_AT.pack(self._numbers[topic], partition)",
        "_AT.pack(self._numbers[topic], 0)",
        kills=("kafka.durability.records-survive-restart",),
    ),
    Mutant(
        "durable-changed-settings-are-not",
        f"{DURABLE}.topic_configured",
        "self._journal.append(self._topic_record(topic))",
        "pass",
        kills=("kafka.durability.topics-survive-restart",),
    ),
    Mutant(
        "durable-more-partitions-are-not",
        f"{DURABLE}.partitions_added",
        "self._journal.append(self._topic_record(topic))",
        "pass",
        kills=("kafka.durability.topics-survive-restart",),
    ),
    Mutant(
        "durable-first-commit-counts",
        f"{DURABLE}.offset_committed",
        'self._write(b"O", group_id, partition, offset)',
        'partition in self.__dict__.setdefault("seen", []) or '
        'self._write(b"O", group_id, partition, offset); self.seen.append(partition)',
        kills=("kafka.durability.commits-survive-restart",),
    ),
    Mutant(
        "durable-sequences-are-not",
        f"{DURABLE}._replay_log",
        "log.append(batch)",
        "log.append(batch); log.producers.clear()",
        kills=("kafka.durability.sequences-survive-restart",),
    ),
]
