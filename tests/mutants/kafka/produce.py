"""Mutants of Produce."""

from tests.mutants.mutant import Mutant

HANDLE = "kafka.apis.produce:handle"
FIND = "kafka.apis.produce:find_topic"
READ = "kafka.apis.produce:_read"
APPEND = "kafka.apis.produce:_append"
PRODUCED = "kafka.core.appending:append_produced"
SINGLE = "kafka.core.appending:single_batch"
CHECK = "kafka.core.appending:_check_batch"
SIZE = "kafka.core.appending:_check_size"
RECORDS = "kafka.core.appending:_check_records"
NAMED = "kafka.core.appending:_name_wrong_records"
READ_SIZE = "kafka.record.batches:_read_size"

MUTANTS = [
    Mutant(
        "produce-tells-the-last-offset",
        PRODUCED,
        "AppendResult(stored.header.base_offset,",
        "AppendResult(stored.header.last_offset,",
        kills=("kafka.produce.base-offset", "kafka.produce.pipelined"),
    ),
    Mutant(
        "produce-acks-1-forgets",
        APPEND,
        'if request.body["acks"] not in (-1, 0, 1):',
        'if request.body["acks"] not in (-1, 0):',
        kills=("kafka.produce.base-offset",),
    ),
    Mutant(
        "produce-ids-before-version-13",
        FIND,
        "request.version >= FIRST_VERSION_WITH_IDS",
        "request.version >= 12",
        kills=("kafka.produce.every-version", "kafka.produce.unknown-topic"),
    ),
    Mutant(
        "produce-drops-empty-values",
        "kafka.core.broker:KafkaBroker.append",
        "result = append_produced(log, topic.settings, batch, self.clock.now_ms(), name)",
        "result = append_produced(log, topic.settings, batch, self.clock.now_ms(), name)\n"
        "    if len(batch.octets) < 70:\n"
        "        log.compacted(list(log)[:-1], log.end_offset)",
        kills=("kafka.produce.acknowledged-is-readable", "kafka.ordering.contiguous"),
    ),
    Mutant(
        "produce-answers-acks-0",
        HANDLE,
        "return None\n",
        'return {"responses": answered}\n',
        kills=("kafka.produce.no-acknowledgement",),
    ),
    Mutant(
        "produce-any-acks",
        APPEND,
        'if request.body["acks"] not in (-1, 0, 1):',
        'if request.body["acks"] > 100:',
        kills=("kafka.produce.invalid-acks",),
    ),
    Mutant(
        "produce-negative-partitions-count-from-the-end",
        READ,
        "elif not 0 <= entry.index < len(topic.partitions):",
        "elif not -len(topic.partitions) <= entry.index < len(topic.partitions):",
        kills=("kafka.produce.unknown-partition",),
    ),
    Mutant(
        "produce-unknown-id-as-unknown-topic",
        FIND,
        "ErrorCode.UNKNOWN_TOPIC_ID",
        "ErrorCode.UNKNOWN_TOPIC_OR_PARTITION",
        kills=("kafka.produce.unknown-topic",),
    ),
    Mutant(
        "produce-one-failure-fails-the-rest",
        HANDLE,
        "_check_transaction(request, flat)",
        "_check_transaction(request, flat)\n"
        "    if (first := next((e for e in flat if e.refused), None)) is not None:\n"
        "        for entry in flat:\n"
        "            entry.refused = first.refused",
        kills=("kafka.produce.errors-are-single",),
    ),
    Mutant(
        "produce-limit-is-exclusive",
        SIZE,
        "size > settings.max_message_octets",
        "size >= settings.max_message_octets",
        kills=("kafka.produce.too-large",),
    ),
    Mutant(
        "produce-header-does-not-count",
        SIZE,
        "size > settings.max_message_octets",
        "size - 12 > settings.max_message_octets",
        kills=("kafka.produce.too-large",),
    ),
    Mutant(
        "produce-first-of-many-batches",
        SINGLE,
        "if len(batches) != 1:",
        "if not batches:",
        kills=("kafka.produce.one-batch",),
    ),
    Mutant(
        "produce-old-magic-is-corrupt",
        SINGLE,
        "ErrorCode.INVALID_RECORD, f",
        "ErrorCode.CORRUPT_MESSAGE, f",
        kills=("kafka.produce.old-magic",),
    ),
    Mutant(
        "produce-next-magic",
        READ_SIZE,
        "if magic > MAGIC:",
        "if magic > MAGIC + 1:",
        kills=("kafka.produce.unknown-magic",),
    ),
    Mutant(
        "produce-length-zero",
        READ_SIZE,
        "if left < OVERHEAD:",
        "if left < OVERHEAD or not any(octets[position + 8 : position + 12]):",
        kills=("kafka.produce.impossible-length",),
    ),
    Mutant(
        "produce-one-bad-start-spares-the-others",
        "kafka.apis.produce:_check_starts",
        'one["records"]',
        "None",
        kills=("kafka.produce.no-start",),
    ),
    Mutant(
        "produce-no-checksum",
        CHECK,
        "check_batch(batch)",
        "None",
        kills=("kafka.produce.checksum",),
    ),
    Mutant(
        "produce-checksum-of-records-only",
        "kafka.record.batches:check_batch",
        "!= batch.header.crc",
        "!= batch.header.crc and batch.header.attributes < 256",
        kills=("kafka.produce.checksum",),
    ),
    Mutant(
        "produce-fewer-records-than-told",
        RECORDS,
        "except InvalidRecord as error:",
        "except InvalidRecord as error:\n"
        '        if "octets after" in str(error):\n'
        "            return header.max_timestamp",
        kills=("kafka.produce.record-count",),
    ),
    Mutant(
        "produce-offset-delta-unchecked",
        CHECK,
        "header.record_count <= 0 or header.record_count != header.last_offset_delta + 1",
        "header.record_count <= 0",
        kills=("kafka.produce.record-count",),
    ),
    Mutant(
        "produce-control-batches",
        CHECK,
        "if header.is_control:",
        "if header.is_control and header.is_transactional:",
        kills=("kafka.produce.control-batch",),
    ),
    Mutant(
        "produce-negative-sequences",
        CHECK,
        "header.base_sequence < 0",
        "header.base_sequence == -1",
        kills=("kafka.produce.negative-sequence",),
    ),
    Mutant(
        "produce-keyless-in-compacted",
        RECORDS,
        "(settings.compacted and keyless)",
        "False",
        kills=("kafka.produce.keyless-in-compacted",),
    ),
    Mutant(
        "produce-names-the-first-keyless-only",
        NAMED,
        "if settings.compacted and record.key is None:",
        "if settings.compacted and record.key is None and not wrong:",
        kills=("kafka.produce.keyless-in-compacted",),
    ),
    Mutant(
        "produce-empty-key-is-no-key",
        "kafka.record.records:_scan_plain",
        "if key == 1:",
        "if key <= 1:",
        kills=("kafka.produce.keyless-in-compacted",),
        more=(
            (
                NAMED,
                "if settings.compacted and record.key is None:",
                "if settings.compacted and not record.key:",
            ),
        ),
    ),
]
