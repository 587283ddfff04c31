"""Mutants of DeleteRecords, retention and compaction."""

from tests.mutants.mutant import Mutant

DELETE_RECORDS = "kafka.core.broker:KafkaBroker.delete_records"
ADVANCE = "kafka.core.log:PartitionLog.advance_start"
RETAINED = "kafka.core.retention:retained_from"
STAYS = "kafka.core.compaction:_stays"

MUTANTS = [
    Mutant(
        "retention-whole-batches",
        ADVANCE,
        "self.start_offset = offset",
        "self.start_offset = self._batches[self._index(offset)].header.base_offset "
        "if offset < self.end_offset else offset",
        kills=("kafka.retention.delete-records",),
    ),
    Mutant(
        "retention-start-goes-back",
        ADVANCE,
        "if offset <= self.start_offset:",
        "if offset < self.start_offset - 1:",
        kills=("kafka.retention.delete-records",),
        more=(
            (
                "kafka.core.broker:KafkaBroker.advance_start",
                "if offset > log.start_offset:",
                "if True:",
            ),
        ),
    ),
    Mutant(
        "retention-all-but-one",
        DELETE_RECORDS,
        "offset = log.high_watermark",
        "offset = max(log.high_watermark - 1, log.start_offset)",
        kills=("kafka.retention.delete-all-records",),
    ),
    Mutant(
        "retention-beyond-the-end",
        DELETE_RECORDS,
        "if not 0 <= offset <= log.high_watermark:",
        "if not 0 <= offset <= log.high_watermark + 1:",
        kills=("kafka.retention.delete-out-of-range",),
    ),
    Mutant(
        "retention-below-minus-one",
        DELETE_RECORDS,
        "if offset == -1:",
        "if offset < 0:",
        kills=("kafka.retention.delete-out-of-range",),
    ),
    Mutant(
        "retention-deleted-is-read",
        "kafka.core.log:PartitionLog.check_offset",
        "if not self.start_offset <= offset <= self.end_offset:",
        "if not self.start_offset - 1 <= offset <= self.end_offset:",
        kills=("kafka.retention.deleted-cannot-be-read",),
    ),
    Mutant(
        "retention-minus-one-is-now",
        RETAINED,
        "if retention_ms >= 0:",
        "if retention_ms >= -1:",
        kills=("kafka.retention.unlimited",),
    ),
    Mutant(
        "retention-keeps-what-is-unread",
        RETAINED,
        "if not settings.deleted:",
        "if not settings.deleted or log.watchers == {}:",
        kills=("kafka.retention.not-by-consumption",),
    ),
    Mutant(
        "retention-first-of-a-key-stays",
        STAYS,
        "record.offset < latest.get(record.key, -1)",
        "record.offset < latest.get(record.key, -1) and record.offset > 0",
        kills=("kafka.retention.compaction",),
    ),
    Mutant(
        "retention-last-of-a-key-goes",
        STAYS,
        "record.offset < latest.get(record.key, -1)",
        "record.offset <= latest.get(record.key, -1)",
        kills=("kafka.retention.compaction",),
    ),
    Mutant(
        "retention-holes-are-an-end",
        "kafka.core.log:PartitionLog.read",
        "for index in range(self._index(offset), len(self._batches)):",
        "at = self._index(offset)\n    for index in range(at if self._batches[at:at + 1] and "
        "self._batches[at].header.base_offset <= offset else at + 1, len(self._batches)):",
        kills=("kafka.retention.compacted-holes",),
    ),
]
