"""Mutants of transactions: who writes, what is part of them, how they end."""

from tests.mutants.mutant import Mutant

INIT = "kafka.core.transactions:Transactions.init_producer"
ADD = "kafka.core.transactions:Transactions.add_partitions"
MISSING = "kafka.core.transactions:Transactions.missing_partitions"
CHECK_WRITES = "kafka.core.transactions:Transactions.check_writes"
SAME_EPOCH = "kafka.core.transactions:Transactions._end_in_same_epoch"
NEW_EPOCH = "kafka.core.transactions:Transactions._end_with_new_epoch"
FENCE = "kafka.core.transactions:Transactions._fence"
FINISH = "kafka.core.transactions:Transactions._finish"
TIMER = "kafka.core.transactions:Transactions._timer_for"
FIND = "kafka.core.transactions:Transactions._find"
CHECK_PRODUCER = "kafka.core.transaction:Transaction.check_producer"
CHECK_EXPECTED = "kafka.core.transaction:Transaction.check_expected"
NEXT_EPOCH = "kafka.core.transaction:Transaction.next_epoch"
TOLD = "kafka.apis.transactional:told_code"
ADD_ALL = "kafka.apis.add_partitions_to_txn:_add"
PRODUCE = "kafka.apis.produce:_check_transaction"
REMEMBER = "kafka.core.producers:ProducerState.append_data"
ENDED = "kafka.core.producers:ProducerState.end_transaction"

MUTANTS = [
    Mutant(
        "transactions-coordinator-elsewhere",
        "kafka.apis.find_coordinator:handle",
        '"port": broker.node.port}',
        '"port": broker.node.port + (body["key_type"] == TRANSACTION)}',
        kills=("kafka.transactions.coordinator",),
    ),
    Mutant(
        "transactions-init-keeps-the-epoch",
        NEXT_EPOCH,
        "self.last_epoch = NO_PRODUCER_EPOCH",
        "self.last_epoch = NO_PRODUCER_EPOCH\n        self.epoch -= self.epoch > NO_PRODUCER_EPOCH",
        kills=("kafka.transactions.init-again", "kafka.transactions.fenced"),
    ),
    Mutant(
        "transactions-one-id-for-all",
        INIT,
        "Transaction(transactional_id, self.new_producer_id(), timeout_ms)",
        "Transaction(transactional_id, 4000, timeout_ms)",
        kills=("kafka.transactions.ids-differ", "kafka.transactions.independent"),
    ),
    Mutant(
        "transactions-empty-id-as-none",
        INIT,
        "if transactional_id is None:",
        "if not transactional_id:",
        kills=("kafka.transactions.empty-id",),
    ),
    Mutant(
        "transactions-longest-timeout-is-refused",
        INIT,
        "0 < timeout_ms <= self.max_timeout_ms",
        "0 < timeout_ms < self.max_timeout_ms",
        kills=("kafka.transactions.timeout-values",),
    ),
    Mutant(
        "transactions-timeout-of-nothing",
        INIT,
        "0 < timeout_ms <= self.max_timeout_ms",
        "0 <= timeout_ms <= self.max_timeout_ms",
        kills=("kafka.transactions.timeout-values",),
    ),
    Mutant(
        "transactions-init-leaves-it-open",
        INIT,
        "if transaction.state is TransactionState.ONGOING:",
        "if False:",
        kills=("kafka.transactions.init-aborts", "kafka.transactions.zombies"),
    ),
    Mutant(
        "transactions-init-commits",
        FENCE,
        "self._raise_epoch_and_finish(transaction, commit=False)",
        "self._raise_epoch_and_finish(transaction, commit=True)",
        kills=("kafka.transactions.init-aborts", "kafka.transactions.timeout"),
    ),
    Mutant(
        "transactions-any-epoch",
        CHECK_PRODUCER,
        "if producer.epoch != self.epoch:",
        "if producer.epoch > self.epoch:",
        kills=("kafka.transactions.fenced", "kafka.transactions.zombies"),
    ),
    Mutant(
        "transactions-fenced-in-new-words",
        TOLD,
        "version < known_from",
        "version < known_from - 1",
        kills=("kafka.transactions.fenced",),
    ),
    Mutant(
        "transactions-zombies-write",
        CHECK_WRITES,
        "return dict.fromkeys(wanted, told)",
        "return {} if fenced else dict.fromkeys(wanted, told)",
        kills=("kafka.transactions.fenced-produce", "kafka.transactions.zombies"),
    ),
    Mutant(
        "transactions-lost-answer-of-init",
        NEXT_EPOCH,
        "elif expected.epoch == self.last_epoch:",
        "elif expected.epoch == self.last_epoch - 1:",
        kills=("kafka.transactions.expected-producer",),
    ),
    Mutant(
        "transactions-any-expected-epoch",
        NEXT_EPOCH,
        "raise Refused(ErrorCode.PRODUCER_FENCED)",
        "pass",
        kills=("kafka.transactions.expected-producer-is-another",),
    ),
    Mutant(
        "transactions-any-expected-producer",
        CHECK_EXPECTED,
        "if expected.producer_id != self.producer_id and not missed_rotation:",
        "if expected.producer_id < self.producer_id and not missed_rotation:",
        kills=("kafka.transactions.expected-producer-is-another",),
    ),
    Mutant(
        "transactions-any-producer-id",
        CHECK_PRODUCER,
        "if producer.producer_id != self.producer_id:",
        "if producer.producer_id < self.producer_id:",
        kills=("kafka.transactions.unknown-id",),
    ),
    Mutant(
        "transactions-unknown-id-is-fenced",
        FIND,
        "raise Refused(ErrorCode.INVALID_PRODUCER_ID_MAPPING)",
        "raise Refused(ErrorCode.PRODUCER_FENCED)",
        kills=("kafka.transactions.unknown-id",),
    ),
    Mutant(
        "transactions-time-never-ends",
        TIMER,
        "transaction.started_at_ms + transaction.timeout_ms,",
        "transaction.started_at_ms + self.max_timeout_ms,",
        kills=("kafka.transactions.timeout",),
    ),
    Mutant(
        "transactions-everybody-has-the-same-time",
        TIMER,
        "transaction.started_at_ms + transaction.timeout_ms,",
        "transaction.started_at_ms + min(one.timeout_ms for one in self._by_id.values()),",
        kills=("kafka.transactions.not-too-early",),
    ),
    Mutant(
        "transactions-time-out-fences-nobody",
        TIMER,
        "lambda: self._fence(transaction),",
        "lambda: self._finish(transaction, False),",
        kills=("kafka.transactions.timeout",),
    ),
    Mutant(
        "transactions-last-partition-has-no-marker",
        FINISH,
        "for partition in transaction.partitions:",
        "for partition in [*transaction.partitions][: max(1, len(transaction.partitions) - 1)]:",
        kills=("kafka.transactions.all-or-nothing", "kafka.transactions.cycles"),
    ),
    Mutant(
        "transactions-partitions-stay",
        FINISH,
        "transaction.partitions.clear()",
        "pass",
        kills=("kafka.transactions.add-partitions",),
    ),
    Mutant(
        "transactions-second-one-cannot-begin",
        ENDED,
        "started, self.transaction_start = self.transaction_start, None",
        "started = self.transaction_start",
        kills=("kafka.transactions.cycles", "kafka.isolation.same-producer-later"),
    ),
    Mutant(
        "transactions-first-partition-only",
        ADD,
        "transaction.partitions.update(dict.fromkeys(added))",
        "transaction.partitions.update(dict.fromkeys(added[:1]))",
        kills=("kafka.transactions.announced-and-unused",),
    ),
    Mutant(
        "transactions-adds-what-exists",
        ADD_ALL,
        "    if wrong:\n",
        "    if wrong and len(wrong) < len(wanted):\n"
        "        good = [one for one in wanted if one not in wrong]\n"
        "        broker.transactions.add_partitions(\n"
        '            one["transactional_id"], producer_of(one), good\n'
        "        )\n"
        "    if wrong:\n",
        kills=("kafka.transactions.add-unknown-partition",),
    ),
    Mutant(
        "transactions-the-others-as-well",
        ADD_ALL,
        "wrong.get(partition, ErrorCode.OPERATION_NOT_ATTEMPTED)",
        "wrong.get(partition, ErrorCode.NONE)",
        kills=("kafka.transactions.add-unknown-partition",),
    ),
    Mutant(
        "transactions-nothing-has-to-be-added",
        MISSING,
        "return [one for one in partitions if one not in transaction.partitions]",
        "return [] if transaction.partitions else list(partitions)",
        kills=("kafka.transactions.produce-without-adding",),
    ),
    Mutant(
        "transactions-old-clients-are-told-a-new-code",
        "kafka.apis.produce:_check_transaction",
        "aborts=request.version >= FIRST_VERSION_THAT_ABORTS,",
        "aborts=request.version >= FIRST_VERSION_THAT_ABORTS - 1,",
        kills=("kafka.transactions.produce-without-adding",),
    ),
    Mutant(
        "transactions-without-an-id",
        PRODUCE,
        "if transactional_id is None:\n"
        "        for entry in entries:\n"
        "            entry.refuse(Refused(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED))\n"
        "        return",
        "if transactional_id is None:\n        return",
        kills=("kafka.transactions.without-an-id",),
    ),
    Mutant(
        "transactions-no-repetition-within",
        REMEMBER,
        "self.batches.append(batch)",
        "if transactional:\n        self.batches.clear()\n    self.batches.append(batch)",
        kills=("kafka.transactions.repeated-batch",),
    ),
    Mutant(
        "transactions-nothing-ends-well",
        SAME_EPOCH,
        "elif transaction.state is not COMPLETE[commit]:",
        "elif transaction.state in (COMPLETE[not commit],):",
        kills=("kafka.transactions.end-of-nothing",),
    ),
    Mutant(
        "transactions-end-only-once",
        SAME_EPOCH,
        "elif transaction.state is not COMPLETE[commit]:",
        "else:",
        kills=("kafka.transactions.end-again",),
    ),
    Mutant(
        "transactions-ends-the-other-way-too",
        SAME_EPOCH,
        "elif transaction.state is not COMPLETE[commit]:",
        "elif transaction.state not in COMPLETE.values():",
        kills=("kafka.transactions.end-again",),
    ),
]
