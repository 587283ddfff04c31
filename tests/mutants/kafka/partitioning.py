"""Mutants of where records get to."""

from tests.mutants.mutant import Mutant

APPEND = "kafka.core.broker:KafkaBroker.append"

MUTANTS = [
    Mutant(
        "partition-that-a-broker-chooses",
        APPEND,
        "log = topic.partitions[partition]",
        "log = topic.partitions[partition - partition % 2]",
        kills=(
            "kafka.partitioning.by-key",
            "kafka.partitioning.explicit",
            "kafka.partitioning.custom",
        ),
    ),
    Mutant(
        "partition-moves-with-growth",
        "kafka.core.broker:KafkaBroker.add_partitions",
        "topic.add_partitions(count)",
        "topic.add_partitions(count); topic.partitions.reverse()",
        kills=("kafka.partitioning.more-partitions",),
    ),
]
