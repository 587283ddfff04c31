"""Mutants of logs and their order."""

from tests.mutants.mutant import Mutant

APPEND = "kafka.core.log:PartitionLog.append"
LOG_READ = "kafka.core.log:PartitionLog.read"

MUTANTS = [
    Mutant(
        "order-a-gap-after-each-batch",
        APPEND,
        "self.end_offset = last_offset + 1",
        "self.end_offset = last_offset + 2",
        kills=("kafka.ordering.contiguous", "kafka.produce.base-offset"),
    ),
    Mutant(
        "order-newest-first",
        LOG_READ,
        "return ReadResult(found, aborted)",
        "return ReadResult(found[::-1], aborted)",
        kills=("kafka.ordering.of-one-producer",),
    ),
    Mutant(
        "order-reading-removes",
        LOG_READ,
        "return ReadResult(found, aborted)",
        "if len(found) > 1:\n        self.compacted(self._batches[1:], self.end_offset)\n"
        "    return ReadResult(found, aborted)",
        kills=(
            "kafka.ordering.same-for-all",
            "kafka.ordering.offsets-are-kept",
            "kafka.ordering.reading-again",
        ),
    ),
    Mutant(
        "order-into-the-first-partition",
        "kafka.core.broker:KafkaBroker.append",
        "log = topic.partitions[partition]",
        "log = topic.partitions[partition - partition % 2]",
        kills=("kafka.ordering.partitions-are-independent",),
    ),
]
