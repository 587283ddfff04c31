"""Mutants of Metadata."""

from tests.mutants.mutant import Mutant

HANDLE = "kafka.apis.metadata:handle"
FIND = "kafka.apis.metadata:_find"
DESCRIBED = "kafka.apis.metadata:_described"
FIND_ID = "kafka.apis.metadata:_find_id"
PARTITION = "kafka.apis.metadata:partition_of"

MUTANTS = [
    Mutant(
        "meta-null-is-none",
        HANDLE,
        "found = [_described(broker, topic) for topic in broker.topics]",
        "found = [] if wanted is None else [_described(broker, t) for t in broker.topics]",
        kills=("kafka.metadata.all-topics",),
    ),
    Mutant(
        "meta-empty-is-all",
        HANDLE,
        "(version == 0 and not wanted)",
        "not wanted",
        kills=("kafka.metadata.no-topics",),
    ),
    Mutant(
        "meta-empty-is-none-in-version-0",
        HANDLE,
        "(version == 0 and not wanted)",
        "False",
        kills=("kafka.metadata.empty-is-all-in-version-0",),
    ),
    Mutant(
        "meta-leader-out-of-sync",
        PARTITION,
        '"isr_nodes": nodes,',
        '"isr_nodes": nodes if index < 2 else [],',
        kills=("kafka.metadata.partitions",),
    ),
    Mutant(
        "meta-new-id-each-time",
        DESCRIBED,
        '"topic_id": topic.id,',
        '"topic_id": broker.new_id(),',
        kills=("kafka.metadata.topic-id-is-stable",),
    ),
    Mutant(
        "meta-ids-are-not-looked-up",
        FIND_ID,
        "topic = broker.topics.find_id(topic_id)",
        "topic = broker.topics.find('')",
        kills=("kafka.metadata.by-topic-id",),
    ),
    Mutant(
        "meta-unknown-id-as-unknown-topic",
        FIND_ID,
        "ErrorCode.UNKNOWN_TOPIC_ID, None",
        "ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, None",
        kills=("kafka.metadata.unknown-topic-id",),
    ),
    Mutant(
        "meta-creates-unasked",
        FIND,
        "if allowed and _may_create(broker, name):",
        "if _may_create(broker, name):",
        kills=("kafka.metadata.unknown-topic",),
    ),
    Mutant(
        "meta-never-creates",
        FIND,
        "if allowed and _may_create(broker, name):",
        "if allowed and not _may_create(broker, name):",
        kills=("kafka.metadata.auto-creation",),
    ),
    Mutant(
        "meta-longer-names",
        "kafka.core.topics:check_name",
        "len(name) > MAX_NAME",
        "len(name) > MAX_NAME + 1",
        kills=("kafka.metadata.illegal-names",),
    ),
    Mutant(
        "meta-two-dots-are-a-name",
        "kafka.core.topics:check_name",
        'name in (".", "..")',
        'name == "."',
        kills=("kafka.metadata.illegal-names",),
    ),
    Mutant(
        "meta-wrong-port",
        HANDLE,
        '"port": node.port}',
        '"port": 1}',
        kills=("kafka.metadata.reachable",),
    ),
]
