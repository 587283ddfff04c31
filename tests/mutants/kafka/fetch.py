"""Mutants of Fetch."""

from tests.mutants.mutant import Mutant

HANDLE = "kafka.apis.fetch:handle"
READER = "kafka.apis.fetch:_reader"
WAIT = "kafka.apis.fetch:_wait"
SATISFIED = "kafka.apis.fetch:_Attempt.is_satisfied"
CHECKED = "kafka.apis.fetch:_Attempt._checked_log"
TOPIC = "kafka.apis.fetch:_Attempt._topic"
READ = "kafka.apis.fetch:_Attempt.read"
READ_ONE = "kafka.apis.fetch:_Attempt._read_one"
LOG_READ = "kafka.core.log:PartitionLog.read"
INDEX = "kafka.core.log:PartitionLog._index"
CHECK_OFFSET = "kafka.core.log:PartitionLog.check_offset"

MUTANTS = [
    Mutant(
        "fetch-skips-the-batch-in-the-middle",
        INDEX,
        "return bisect_left(self._last_offsets, offset)",
        "found = bisect_left(self._last_offsets, offset)\n"
        "    middle = found < len(self) and self._batches[found].header.base_offset < offset\n"
        "    return found + middle",
        kills=("kafka.fetch.from-offset", "kafka.list-offsets.found-record-comes-first"),
    ),
    Mutant(
        "fetch-one-batch-at-most",
        LOG_READ,
        "found.append(batch)",
        "found.append(batch)\n        break",
        kills=("kafka.fetch.from-offset",),
    ),
    Mutant(
        "fetch-ids-before-version-13",
        TOPIC,
        "self._request.version >= FIRST_VERSION_WITH_IDS",
        "self._request.version >= 12",
        kills=("kafka.fetch.every-version",),
    ),
    Mutant(
        "fetch-the-end-is-out-of-range",
        CHECK_OFFSET,
        "<= offset <= self.end_offset",
        "<= offset < self.end_offset",
        kills=("kafka.fetch.at-the-end",),
    ),
    Mutant(
        "fetch-one-beyond-the-end",
        CHECK_OFFSET,
        "<= offset <= self.end_offset",
        "<= offset <= self.end_offset + 1",
        kills=("kafka.fetch.out-of-range",),
    ),
    Mutant(
        "fetch-only-one-epoch-says-nothing",
        CHECKED,
        'if one["current_leader_epoch"] >= 0:',
        'if one["current_leader_epoch"] != -1:',
        kills=("kafka.fetch.leader-epoch",),
    ),
    Mutant(
        "fetch-future-epochs-are-current",
        "kafka.apis.fetch:check_leader_epoch",
        "if epoch > log.leader_epoch:",
        "if epoch > log.leader_epoch + 1:",
        kills=("kafka.fetch.leader-epoch", "kafka.list-offsets.leader-epoch"),
    ),
    Mutant(
        "fetch-unknown-id-as-unknown-topic",
        CHECKED,
        "ErrorCode.UNKNOWN_TOPIC_ID",
        "ErrorCode.UNKNOWN_TOPIC_OR_PARTITION",
        kills=("kafka.fetch.unknown-partition",),
    ),
    Mutant(
        "fetch-high-watermark-of-the-last",
        READ_ONE,
        '"high_watermark": log.high_watermark,',
        '"high_watermark": max(0, log.high_watermark - 1),',
        kills=("kafka.fetch.offsets-of-the-partition", "kafka.ordering.marks"),
    ),
    Mutant(
        "fetch-waits-half-as-long",
        WAIT,
        'request.body["max_wait_ms"]',
        'request.body["max_wait_ms"] // 2',
        kills=("kafka.fetch.waits",),
    ),
    Mutant(
        "fetch-gives-nothing-after-the-wait",
        WAIT,
        "later.answer(attempt.read())",
        "later.answer(attempt.read() if attempt.is_satisfied() else "
        '{"error_code": 0, "responses": []})',
        kills=("kafka.fetch.waits",),
    ),
    Mutant(
        "fetch-sleeps-on",
        WAIT,
        "        if attempt.is_satisfied():\n",
        "        if attempt.is_satisfied() and request.version < 0:\n",
        kills=("kafka.fetch.wakes", "kafka.wire.slow-request-of-another"),
    ),
    Mutant(
        "fetch-wakes-too-early",
        WAIT,
        "        if attempt.is_satisfied():\n",
        "        if attempt is not None:\n",
        kills=("kafka.fetch.wakes",),
    ),
    Mutant(
        "fetch-waits-with-an-error",
        SATISFIED,
        "except Refused:\n            return True",
        "except Refused:\n            continue",
        kills=("kafka.fetch.does-not-wait",),
    ),
    Mutant(
        "fetch-waits-for-no-partitions",
        SATISFIED,
        "if not self.logs or any(",
        "if any(",
        kills=("kafka.fetch.does-not-wait",),
    ),
    Mutant(
        "fetch-nothing-that-is-too-large",
        LOG_READ,
        "if size > max_octets and not (at_least_one and not found):",
        "if size > max_octets:",
        kills=("kafka.fetch.at-least-one-batch",),
    ),
    Mutant(
        "fetch-one-error-for-all",
        READ,
        "something = something or octets > 0",
        "something = something or octets > 0\n"
        '        if found["error_code"]:\n'
        "            return {'error_code': found['error_code'], 'responses': []}",
        kills=("kafka.fetch.errors-are-single",),
    ),
    Mutant(
        "fetch-always-in-a-session",
        READ,
        "session_id = 0 if session is None else session.id",
        "session_id = 7 if session is None else session.id",
        kills=("kafka.fetch.without-a-session",),
    ),
    Mutant(
        "fetch-any-session",
        READER,
        "if epoch in (FIRST_EPOCH, NO_SESSION):",
        "if epoch in (FIRST_EPOCH, NO_SESSION, 1, 2, 3):",
        kills=("kafka.fetch.unknown-session",),
    ),
    Mutant(
        "fetch-committed-is-one-behind",
        "kafka.core.log:PartitionLog.readable_end",
        "self.stable_offset if committed else self.end_offset",
        "max(0, self.stable_offset - 1) if committed else self.end_offset",
        kills=("kafka.ordering.same-for-all", "kafka.list-offsets.without-transactions"),
    ),
]
