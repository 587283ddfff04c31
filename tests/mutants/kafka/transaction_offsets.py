"""Mutants of offsets that are part of a transaction."""

from tests.mutants.mutant import Mutant

COMPLETE = "kafka.core.offsets:Offsets.complete"
STAGE = "kafka.core.offsets:Offsets.stage"
PENDING = "kafka.core.offsets:Offsets.is_pending"
FETCH = "kafka.apis.offset_fetch:_partition"
CHECK_EPOCH = "kafka.core.coordinator:GroupCoordinator.check_epoch"
CHECK_COMMIT = "kafka.core.groups:Group.check_commit"
CHECK_TRANSACTION = "kafka.apis.txn_offset_commit:_check_transaction"
FINISH = "kafka.core.transactions:Transactions._finish"

MUTANTS = [
    Mutant(
        "txn-offsets-count-at-once",
        STAGE,
        "groups = self._pending.setdefault(producer_id, {})",
        "self.commit(group_id, partition, offset)\n"
        "    groups = self._pending.setdefault(producer_id, {})",
        kills=("kafka.transactions.offsets-are-pending", "kafka.transactions.offsets"),
    ),
    Mutant(
        "txn-offsets-count-after-an-abort",
        COMPLETE,
        "if not commit:",
        "if not groups:",
        kills=("kafka.transactions.offsets-are-dropped", "kafka.transactions.exactly-once"),
    ),
    Mutant(
        "txn-offsets-stay-pending-after-an-abort",
        COMPLETE,
        "groups = self._pending.pop(producer_id, {})",
        "groups = (self._pending.pop if commit else self._pending.get)(producer_id, {})",
        kills=("kafka.transactions.offsets-are-dropped", "kafka.transactions.stable-offsets"),
    ),
    Mutant(
        "txn-offsets-the-first-counts",
        COMPLETE,
        "other is None or other.number < stored.number",
        "other is None or other.offset.offset == stored.offset.offset",
        kills=("kafka.transactions.offsets-are-pending",),
    ),
    Mutant(
        "txn-offsets-the-larger-counts",
        COMPLETE,
        "other is None or other.number < stored.number",
        "other is None or other.offset.offset < stored.offset.offset",
        kills=("kafka.transactions.offsets-are-pending",),
    ),
    Mutant(
        "txn-offsets-are-always-stable",
        FETCH,
        'request.body["require_stable"] and offsets.is_pending(group_id, (name, index))',
        "False",
        kills=("kafka.transactions.stable-offsets", "kafka.transactions.offsets"),
    ),
    Mutant(
        "txn-offsets-everybody-waits",
        FETCH,
        'request.body["require_stable"] and offsets.is_pending(group_id, (name, index))',
        "offsets.is_pending(group_id, (name, index))",
        kills=("kafka.transactions.offsets-are-pending", "kafka.transactions.offsets"),
    ),
    Mutant(
        "txn-offsets-whole-group-waits",
        PENDING,
        "partition in groups.get(group_id, {})",
        "group_id in groups",
        kills=("kafka.transactions.stable-offsets",),
    ),
    Mutant(
        "txn-offsets-all-groups-wait",
        PENDING,
        "partition in groups.get(group_id, {})",
        "any(partition in group for group in groups.values())",
        kills=("kafka.transactions.stable-offsets",),
    ),
    Mutant(
        "txn-offsets-are-not-told",
        FINISH,
        "self.staged_offsets.complete_transaction(*producer, commit)",
        "pass",
        kills=("kafka.transactions.offsets-with-records", "kafka.transactions.exactly-once"),
    ),
    Mutant(
        "txn-offsets-without-their-records",
        FINISH,
        "self._write_marker(partition, producer, commit)",
        "self._write_marker(\n"
        "                    partition,\n"
        "                    producer,\n"
        "                    commit and not any(\n"
        "                        one.topic == OFFSETS_TOPIC for one in transaction.partitions\n"
        "                    ),\n"
        "                )",
        kills=("kafka.transactions.offsets-with-records", "kafka.transactions.exactly-once"),
    ),
    Mutant(
        "txn-offsets-of-zombies",
        CHECK_TRANSACTION,
        "        raise refusals[kept_in]",
        "        if refusals[kept_in].code is not ErrorCode.INVALID_PRODUCER_EPOCH:\n"
        "            raise refusals[kept_in]",
        kills=("kafka.transactions.offsets-of-the-replaced",),
        more=(
            (
                CHECK_EPOCH,
                "producer_epoch < self._producer_epochs.get(producer_id, NO_PRODUCER_EPOCH)",
                "False",
            ),
        ),
    ),
    Mutant(
        "txn-offsets-fall-with-those-of-a-zombie",
        CHECK_EPOCH,
        "        raise Refused(ErrorCode.INVALID_PRODUCER_EPOCH)",
        "        self.offsets.complete(producer_id, False)\n"
        "        raise Refused(ErrorCode.INVALID_PRODUCER_EPOCH)",
        kills=("kafka.transactions.offsets-beside-a-zombie",),
    ),
    Mutant(
        "txn-offsets-of-any-member",
        CHECK_COMMIT,
        "who.generation >= 0 or who.member_id or who.instance_id is not None",
        "not transactional and (who.generation >= 0 or who.member_id)",
        kills=("kafka.transactions.offsets-of-a-stale-member",),
    ),
]
