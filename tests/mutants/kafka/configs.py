"""Mutants of describing and changing settings of topics."""

from tests.mutants.mutant import Mutant

DESCRIBE_TOPIC = "kafka.apis.describe_configs:_of_topic"
CHANGE_TOPIC = "kafka.apis.alter_configs:change_topic"
APPLY = "kafka.core.administration:apply_changes"
CONFIGURE = "kafka.core.broker:KafkaBroker.configure_topic"

MUTANTS = [
    Mutant(
        "configs-lists-are-left-out",
        DESCRIBE_TOPIC,
        "value = shown(topic.settings[key])",
        "value = shown(topic.settings[key]) or None",
        kills=("kafka.configs.all-settings",),
    ),
    Mutant(
        "configs-default-is-not-given",
        DESCRIBE_TOPIC,
        "if key in topic.settings.given:",
        "if key in topic.settings.given and value != setting.default:",
        kills=("kafka.configs.sources",),
    ),
    Mutant(
        "configs-unknown-topic-has-none",
        DESCRIBE_TOPIC,
        "raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)",
        "return []",
        kills=("kafka.configs.unknown-topic",),
    ),
    Mutant(
        "configs-unknown-topic-is-altered",
        CHANGE_TOPIC,
        "raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, text)",
        "return",
        kills=("kafka.configs.unknown-topic",),
    ),
    Mutant(
        "configs-delete-takes-one",
        APPLY,
        "changed.pop(name, None)",
        "changed.pop(name, None) if len(changed) > 2 else changed.update({name: '1'})",
        kills=("kafka.configs.set-and-delete",),
    ),
    Mutant(
        "configs-set-forgets-others",
        APPLY,
        "changed = dict(given)",
        "changed = dict(given) if len(given) < 3 else {}",
        kills=("kafka.configs.set-and-delete",),
    ),
    Mutant(
        "configs-append-twice",
        APPLY,
        "if operation == Operation.APPEND and part not in parts:",
        "if operation == Operation.APPEND:",
        kills=("kafka.configs.lists",),
    ),
    Mutant(
        "configs-append-to-nothing",
        APPLY,
        'text = changed.get(name, known[name].default or "")',
        'text = changed.get(name, "")',
        kills=("kafka.configs.lists",),
    ),
    Mutant(
        "configs-append-to-numbers",
        APPLY,
        "known[name].type != SettingType.LIST",
        "known[name].type == SettingType.BOOLEAN",
        kills=("kafka.configs.lists-only",),
    ),
    Mutant(
        "configs-unknown-is-kept",
        "kafka.core.configs:TopicSettings.__init__",
        "if name not in known:",
        "if False:",
        kills=("kafka.configs.bad-settings",),
    ),
    Mutant(
        "configs-checked-and-changed",
        CHANGE_TOPIC,
        'if not request.body["validate_only"]:',
        "if True:",
        kills=("kafka.configs.validate-only",),
    ),
    Mutant(
        "configs-size-after-restart",
        CONFIGURE,
        "topic.settings = settings",
        "settings.max_message_octets = topic.settings.max_message_octets; "
        "topic.settings = settings",
        kills=("kafka.configs.take-effect",),
    ),
]
