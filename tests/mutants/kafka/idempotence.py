"""Mutants of sequence numbers."""

from tests.mutants.mutant import Mutant

CHECK = "kafka.core.producers:ProducerState.check_data"
EPOCH = "kafka.core.producers:ProducerState.check_epoch"
DUPLICATE = "kafka.core.producers:ProducerState.duplicate_of"
DATA = "kafka.core.producers:ProducerState.append_data"
PRODUCED = "kafka.core.appending:append_produced"

MUTANTS = [
    Mutant(
        "sequence-four-are-remembered",
        DUPLICATE,
        "for batch in self.batches:",
        "for batch in list(self.batches)[-4:]:",
        kills=("kafka.idempotence.repeated-batch",),
    ),
    Mutant(
        "sequence-repetition-is-told-the-end",
        PRODUCED,
        "AppendResult(duplicate.first_offset,",
        "AppendResult(log.end_offset,",
        kills=("kafka.idempotence.repeated-batch", "kafka.idempotence.sequences"),
    ),
    Mutant(
        "sequence-gaps-pass",
        CHECK,
        "first_sequence != following(self.last_sequence, 1)",
        "first_sequence < following(self.last_sequence, 1)",
        kills=("kafka.idempotence.gap", "kafka.idempotence.sequences"),
    ),
    Mutant(
        "sequence-wraps-to-one",
        "kafka.core.producers:following",
        "return (sequence + count) % (MAX_SEQUENCE + 1)",
        "return (sequence + count) % MAX_SEQUENCE",
        kills=("kafka.idempotence.wraps",),
    ),
    Mutant(
        "sequence-new-epoch-begins-anywhere",
        CHECK,
        "if first_sequence != 0 and (from_zero or self.epoch != NO_PRODUCER_EPOCH):",
        "if first_sequence > 1 and (from_zero or self.epoch != NO_PRODUCER_EPOCH):",
        kills=("kafka.idempotence.new-epoch",),
    ),
    Mutant(
        "sequence-old-epochs-pass",
        EPOCH,
        "if epoch < self.epoch:",
        "if epoch < self.epoch - 1:",
        kills=("kafka.idempotence.old-epoch",),
    ),
    Mutant(
        "sequence-for-all-partitions",
        "kafka.core.topics:Topic.add_partitions",
        "self.partitions.append(PartitionLog())",
        "self.partitions.append(PartitionLog())\n"
        "        self.partitions[-1].producers = self.partitions[0].producers",
        kills=("kafka.idempotence.by-partition",),
    ),
]
