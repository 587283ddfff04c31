"""Mutants of creating, extending and deleting topics."""

from tests.mutants.mutant import Mutant

CREATE = "kafka.apis.create_topics:handle"
CREATE_ONE = "kafka.apis.create_topics:_create"
PLAN = "kafka.core.administration:plan_topic"
MORE = "kafka.core.administration:check_more_partitions"
DELETE = "kafka.apis.delete_topics:handle"
DELETE_TOPIC = "kafka.core.broker:KafkaBroker.delete_topic"
EXTEND = "kafka.apis.create_partitions:handle"
EXTEND_ONE = "kafka.apis.create_partitions:_add"
NEW_TOPIC = "kafka.core.broker:KafkaBroker.check_new_topic"

MUTANTS = [
    Mutant(
        "topics-default-is-one-more",
        "kafka.core.administration:partition_count",
        'return broker.settings.number("num.partitions")',
        'return broker.settings.number("num.partitions") + 1',
        kills=("kafka.topics.defaults",),
    ),
    Mutant(
        "topics-created-again",
        NEW_TOPIC,
        "if name in self.topics:",
        "if name in self.topics and not self.topics.find(name).settings.given:",
        kills=("kafka.topics.already-exists",),
    ),
    Mutant(
        "topics-any-name",
        NEW_TOPIC,
        "check_name(name)",
        "check_name(name.strip() or name)",
        kills=("kafka.topics.illegal-names",),
    ),
    Mutant(
        "topics-without-partitions",
        PLAN,
        "wanted.partitions == 0",
        "wanted.partitions < -2",
        kills=("kafka.topics.partition-count",),
    ),
    Mutant(
        "topics-more-replicas-than-brokers",
        PLAN,
        "if wanted.replication_factor > 1:",
        "if wanted.replication_factor > 2:",
        kills=("kafka.topics.replication-factor",),
    ),
    Mutant(
        "topics-replication-factor-0",
        PLAN,
        "wanted.replication_factor < USE_DEFAULT or wanted.replication_factor == 0",
        "wanted.replication_factor < USE_DEFAULT",
        kills=("kafka.topics.replication-factor",),
    ),
    Mutant(
        "topics-first-of-two-counts",
        CREATE,
        'if names[topic["name"]] == 1 and topic["name"] != CLUSTER_METADATA_TOPIC',
        'if topic["name"] != CLUSTER_METADATA_TOPIC',
        kills=("kafka.topics.twice-in-a-request",),
    ),
    Mutant(
        "topics-all-or-none",
        CREATE,
        "plans.append((topic, refused))",
        "plans.append((topic, refused)); too_many = too_many or refused",
        kills=("kafka.topics.each-by-itself",),
    ),
    Mutant(
        "topics-checked-and-created",
        CREATE_ONE,
        'if request.body["validate_only"]:',
        'if request.body["validate_only"] and len(request.body["topics"]) == 1:',
        kills=("kafka.topics.validate-only",),
    ),
    Mutant(
        "topics-unknown-settings",
        "kafka.core.configs:TopicSettings.__init__",
        "if name not in known:",
        "if name not in known and len(given) == 1:",
        kills=("kafka.topics.bad-settings",),
    ),
    Mutant(
        "topics-retention-of-minus-two",
        "kafka.core.settings:Setting._check_range",
        "if self.least is not None and number < self.least:",
        "if self.least is not None and number < self.least - 1:",
        kills=("kafka.topics.bad-settings",),
    ),
    Mutant(
        "topics-deleted-by-name-alone",
        DELETE_TOPIC,
        "self.topics.remove(topic)",
        "None if len(topic.partitions) == 1 else self.topics.remove(topic)",
        kills=("kafka.topics.delete",),
    ),
    Mutant(
        "topics-unknown-is-deleted",
        "kafka.apis.delete_topics:_named",
        "ErrorCode.UNKNOWN_TOPIC_OR_PARTITION",
        "ErrorCode.NONE",
        kills=("kafka.topics.delete-unknown",),
    ),
    Mutant(
        "topics-unknown-id-as-unknown-name",
        DELETE,
        "ErrorCode.UNKNOWN_TOPIC_ID",
        "ErrorCode.UNKNOWN_TOPIC_OR_PARTITION",
        kills=("kafka.topics.delete-unknown",),
    ),
    Mutant(
        "topics-deleted-offsets-stay",
        DELETE_TOPIC,
        "self.groups.topic_deleted(topic)",
        "None",
        kills=("kafka.topics.recreate",),
    ),
    Mutant(
        "topics-more-partitions-begin-anew",
        "kafka.core.broker:KafkaBroker.add_partitions",
        "topic.add_partitions(count)",
        "topic.partitions.insert(0, type(topic.partitions[0])()); topic.add_partitions(count)",
        kills=("kafka.topics.more-partitions",),
    ),
    Mutant(
        "topics-fewer-partitions",
        MORE,
        "if count < present:",
        "if count < present - 1:",
        kills=("kafka.topics.fewer-partitions",),
    ),
    Mutant(
        "topics-more-partitions-of-first",
        EXTEND,
        'if names[wanted["name"]] == 1:',
        'if names[wanted["name"]] >= 1:',
        kills=("kafka.topics.more-partitions-each-by-itself",),
    ),
    Mutant(
        "topics-no-answer-to-unknown",
        EXTEND_ONE,
        "raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)",
        "return",
        kills=("kafka.topics.more-partitions-each-by-itself",),
    ),
]
