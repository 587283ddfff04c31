"""Mutants of ListOffsets."""

from tests.mutants.mutant import Mutant

HANDLE = "kafka.apis.list_offsets:handle"
DESCRIBED = "kafka.apis.list_offsets:_described"
FIND = "kafka.apis.list_offsets:_find"
BY_TIME = "kafka.apis.list_offsets:_by_time"

MUTANTS = [
    Mutant(
        "offsets-latest-is-the-last-record",
        FIND,
        "log.readable_end(committed=committed), -1,",
        "max(0, log.readable_end(committed=committed) - 1), -1,",
        kills=("kafka.list-offsets.earliest-and-latest",),
    ),
    Mutant(
        "offsets-negative-epochs-say-nothing",
        "kafka.apis.fetch:check_leader_epoch",
        "if epoch != -1 and",
        "if epoch >= 0 and",
        kills=("kafka.list-offsets.leader-epoch",),
    ),
    Mutant(
        "offsets-partition-before-place",
        HANDLE,
        '_check_place(partition["timestamp"], request.version)',
        "request.broker.topics.partition(one['name'], index)",
        kills=("kafka.list-offsets.unknown-place",),
    ),
    Mutant(
        "offsets-epoch-in-every-version",
        DESCRIBED,
        "if version >= FIRST_VERSION_WITH_EPOCHS:",
        "if version >= 0:",
        kills=(
            "kafka.list-offsets.earliest-and-latest",
            "kafka.list-offsets.by-time-in-every-version",
        ),
    ),
    Mutant(
        "offsets-committed-from-the-start",
        HANDLE,
        'request.body["isolation_level"] == READ_COMMITTED',
        'request.body["isolation_level"] != READ_COMMITTED',
        kills=("kafka.list-offsets.without-transactions",),
        more=(
            (
                "kafka.core.log:PartitionLog.readable_end",
                "self.stable_offset if committed else self.end_offset",
                "0 if committed else self.end_offset",
            ),
        ),
    ),
    Mutant(
        "offsets-strictly-later",
        BY_TIME,
        "if record.timestamp >= timestamp and",
        "if record.timestamp > timestamp and",
        kills=("kafka.list-offsets.by-time",),
    ),
    Mutant(
        "offsets-start-of-the-batch",
        BY_TIME,
        "return Found(record.offset,",
        "return Found(batch.header.base_offset,",
        kills=("kafka.list-offsets.by-time", "kafka.list-offsets.found-record-comes-first"),
    ),
    Mutant(
        "offsets-times-are-in-order",
        BY_TIME,
        "if batch.header.max_timestamp < timestamp or",
        "if batch.header.base_timestamp < timestamp or",
        kills=("kafka.list-offsets.by-time", "kafka.list-offsets.by-time-in-every-version"),
    ),
    Mutant(
        "offsets-end-for-what-is-too-late",
        FIND,
        "return _by_time(log, timestamp, log.readable_end(committed=committed))",
        "found = _by_time(log, timestamp, log.readable_end(committed=committed))\n"
        "    return found if found.offset >= 0 else Found(log.end_offset, -1, -1)",
        kills=("kafka.list-offsets.nothing-as-late",),
    ),
    Mutant(
        "offsets-of-partitions-from-the-end",
        "kafka.core.topics:Topics.partition",
        "not 0 <= index < len(topic.partitions)",
        "index >= len(topic.partitions)",
        kills=("kafka.list-offsets.unknown-partition",),
    ),
]
