"""Settings of topics: describing and changing them."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.administration import (
    APPEND,
    DELETE,
    DYNAMIC_TOPIC_CONFIG,
    SET,
    SUBTRACT,
    Change,
    alter,
    alter_resources,
    describe,
    given_to,
    replace_settings,
    resource,
    settings_of,
)
from conformance.drivers.kafka.batches import LOG_APPEND_TIME, NOW_MS, Sent, build
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.tester import KafkaTester
from conformance.models.kafka_settings import changed_list
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

_NAMES = """
cleanup.policy compression.type delete.retention.ms file.delete.delay.ms flush.messages flush.ms
follower.replication.throttled.replicas index.interval.bytes
leader.replication.throttled.replicas max.compaction.lag.ms max.message.bytes
message.timestamp.after.max.ms message.timestamp.before.max.ms message.timestamp.type
min.cleanable.dirty.ratio min.compaction.lag.ms min.insync.replicas preallocate
retention.bytes retention.ms segment.bytes segment.index.bytes segment.jitter.ms segment.ms
unclean.leader.election.enable
"""
SETTINGS = _NAMES.split()
"""Settings that topics have in every version since 3.6."""

VALUES = {
    "retention.ms": "1000000",
    "max.message.bytes": "2000000",
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.25",
    "preallocate": "false",
}
GIVEN = st.sets(st.sampled_from(sorted(VALUES)))

LIST = "follower.replication.throttled.replicas"
ITEMS = st.lists(st.sampled_from(["0:1", "1:1", "2:1"]), min_size=1, max_size=2, unique=True)
LIST_CHANGES = st.lists(st.tuples(st.sampled_from([APPEND, SUBTRACT]), ITEMS), max_size=5)

NO_KIND = 77


def new(kafka: KafkaTester, given: dict[str, str] | None = None) -> str:
    """A topic whose settings can be described."""
    settings = {key.replace(".", "_"): value for key, value in (given or {}).items()}
    name = kafka.topic(1, **settings)[0].topic
    expect_given(kafka, name, given or {})
    return name


def expect_given(kafka: KafkaTester, name: str, expected: dict[str, str]) -> None:
    """A topic must soon show exactly these settings as its own."""
    found: list[object] = [None]

    def shown() -> bool:
        answer = describe(kafka, name)
        found[0] = name_of(answer.error_code) if answer.error_code else given_to(kafka, name)
        return found[0] == expected

    expect.eventually(shown, f"settings {expected}", observed=lambda: found[0])


def expect_still_given(kafka: KafkaTester, name: str, expected: dict[str, str]) -> None:
    """The settings are these also when a later change has had its effect."""
    other = new(kafka)
    expect_code(alter(kafka, other, ("flush.messages", SET, "7")), "NONE")
    expect_given(kafka, other, {"flush.messages": "7"})
    expect.equal(given_to(kafka, name), expected, "settings")


@requirement("kafka.configs.all-settings")
def test_every_setting_is_described(kafka: KafkaTester) -> None:
    answer = describe(kafka, new(kafka))
    names = [one.name for one in answer.configs]
    expect.equal(sorted(set(SETTINGS) - set(names)), [], "settings that are missing")
    expect.equal(len(names), len(set(names)), "settings, each once")
    for one in answer.configs:
        expect.true(one.value is not None, "a value", None, one.name)
        told = (one.is_sensitive, one.read_only)
        expect.equal(told, (False, False), f"sensitive and read-only of {one.name}")


@requirement("kafka.configs.sources")
@holds_for(cost=4, given=GIVEN)
def test_what_was_given_is_told_from_what_was_not(kafka: KafkaTester, given: set[str]) -> None:
    name = new(kafka, {key: VALUES[key] for key in sorted(given)})
    for key, (value, source) in settings_of(kafka, name).items():
        expect.equal(source == DYNAMIC_TOPIC_CONFIG, key in given, f"{key} is the topic's own")
        if key in given:
            expect.equal(value, VALUES[key], key)


@requirement("kafka.configs.filter")
@holds_for(keys=st.lists(st.sampled_from([*SETTINGS[:5], "no.such.setting"]), min_size=1))
def test_only_what_was_asked_for(kafka: KafkaTester, keys: list[str]) -> None:
    found = [one.name for one in describe(kafka, kafka.fresh().topic, keys).configs]
    expect.same_members(found, set(keys) - {"no.such.setting"}, "settings")


@requirement("kafka.configs.unknown-topic")
def test_a_topic_that_is_not_there(kafka: KafkaTester) -> None:
    answer = describe(kafka, kafka.name())
    expect_code(answer, "UNKNOWN_TOPIC_OR_PARTITION", "DescribeConfigs")
    expect.equal(list(answer.configs), [], "settings")
    answer = alter(kafka, kafka.name(), ("retention.ms", SET, "1000"))
    expect_code(answer, "UNKNOWN_TOPIC_OR_PARTITION", "IncrementalAlterConfigs")


@requirement("kafka.configs.set-and-delete")
@holds_for(cost=4, first=GIVEN, then=GIVEN)
def test_delete_undoes_set(kafka: KafkaTester, first: set[str], then: set[str]) -> None:
    name = new(kafka, {"flush.messages": "9"})
    before = settings_of(kafka, name)
    changes: list[Change] = [(key, SET, VALUES[key]) for key in sorted(first)]
    expect_code(alter(kafka, name, *changes), "NONE", "SET")
    expect_given(kafka, name, {"flush.messages": "9"} | {key: VALUES[key] for key in first})
    undo: list[Change] = [(key, DELETE, None) for key in sorted(first | then)]
    expect_code(alter(kafka, name, *undo), "NONE", "DELETE")
    expect_given(kafka, name, {"flush.messages": "9"})
    expect.equal(settings_of(kafka, name), before, "settings as before")


@requirement("kafka.configs.lists")
@holds_for(cost=4, changes=LIST_CHANGES)
def test_lists_grow_and_shrink(kafka: KafkaTester, changes: list[tuple[int, list[str]]]) -> None:
    name, expected = kafka.fresh().topic, ["1:1"]
    expect_code(alter(kafka, name, (LIST, SET, "1:1")), "NONE")
    for operation, items in changes:
        expect_code(alter(kafka, name, (LIST, operation, ",".join(items))), "NONE")
        expected = changed_list(expected, items, add=operation == APPEND)
    expect_given(kafka, name, {LIST: ",".join(expected)})


@requirement("kafka.configs.lists")
def test_a_list_begins_with_its_default(kafka: KafkaTester) -> None:
    name = new(kafka)
    default = settings_of(kafka, name)["cleanup.policy"][0].split(",")
    for item in ("compact", "delete", "compact"):
        expect_code(alter(kafka, name, ("cleanup.policy", APPEND, item)), "NONE")
        default = changed_list(default, [item], add=True)
    expect_given(kafka, name, {"cleanup.policy": ",".join(default)})


@requirement("kafka.configs.lists-only")
def test_what_is_no_list_cannot_grow(kafka: KafkaTester) -> None:
    name = new(kafka, {"retention.ms": "1000000"})
    for key in ("retention.ms", "compression.type", "preallocate", "no.such.setting"):
        for operation in (APPEND, SUBTRACT):
            answer = alter(kafka, name, (key, operation, "1"))
            expect_code(answer, "INVALID_CONFIG", f"operation {operation} on {key}")
    expect_still_given(kafka, name, {"retention.ms": "1000000"})


@requirement("kafka.configs.twice-in-a-request")
def test_what_comes_twice_is_refused(kafka: KafkaTester) -> None:
    name, other = new(kafka), new(kafka)
    twice: list[Change] = [("flush.messages", SET, "3"), ("flush.messages", DELETE, None)]
    expect_code(alter(kafka, name, *twice), "INVALID_REQUEST", "a setting that comes twice")
    once = resource(name, [("flush.messages", SET, "3")])
    again = resource(name, [("flush.ms", SET, "3")])
    answers = alter_resources(kafka, once, resource(other, [("flush.ms", SET, "4")]), again)
    codes = {one.resource_name: name_of(one.error_code) for one in answers}
    expect.equal(codes, {name: "INVALID_REQUEST", other: "NONE"}, "a topic that comes twice")
    expect_given(kafka, other, {"flush.ms": "4"})
    expect_still_given(kafka, name, {})


@requirement("kafka.configs.null-value")
def test_null_is_no_value(kafka: KafkaTester) -> None:
    name = kafka.fresh().topic
    for operation in (SET, APPEND, SUBTRACT):
        answer = alter(kafka, name, ("cleanup.policy", operation, None))
        expect_code(answer, "INVALID_REQUEST", f"operation {operation}")


@requirement("kafka.configs.bad-settings")
def test_a_bad_change_changes_nothing(kafka: KafkaTester) -> None:
    name = new(kafka, {"retention.ms": "1000000"})
    for key, value in (
        ("no.such.setting", "1"),
        ("retention.ms", "-2"),
        ("retention.ms", "soon"),
        ("cleanup.policy", "keep"),
        ("min.cleanable.dirty.ratio", "1.5"),
        ("segment.ms", "0"),
    ):
        changes: list[Change] = [("flush.messages", SET, "3"), (key, SET, value)]
        expect_code(alter(kafka, name, *changes), "INVALID_CONFIG", f"{key}={value}")
    expect_still_given(kafka, name, {"retention.ms": "1000000"})


@requirement("kafka.configs.replaced")
@holds_for(cost=4, first=GIVEN, then=GIVEN)
def test_alter_configs_replaces_all(kafka: KafkaTester, first: set[str], then: set[str]) -> None:
    name = new(kafka, {key: VALUES[key] for key in sorted(first)})
    wanted = {key: VALUES[key] for key in sorted(then)}
    expect_code(replace_settings(kafka, name, wanted), "NONE")
    expect_given(kafka, name, wanted)


@requirement("kafka.configs.validate-only")
def test_only_checking_changes_nothing(kafka: KafkaTester) -> None:
    name = new(kafka, {"retention.ms": "1000000"})
    good: list[Change] = [("retention.ms", DELETE, None), ("flush.messages", SET, "3")]
    expect_code(alter(kafka, name, *good, validate_only=True), "NONE")
    answer = alter(kafka, name, ("retention.ms", SET, "-2"), validate_only=True)
    expect_code(answer, "INVALID_CONFIG")
    expect_still_given(kafka, name, {"retention.ms": "1000000"})


@requirement("kafka.configs.take-effect")
def test_produce_goes_by_the_new_size(kafka: KafkaTester) -> None:
    (partition,) = kafka.topic(max_message_bytes="500")
    large = build([Sent(b"x" * 600)])
    expect_code(partition.produce(large), "MESSAGE_TOO_LARGE")
    expect_code(alter(kafka, partition.topic, ("max.message.bytes", SET, "5000")), "NONE")
    expect.eventually(
        lambda: partition.produce(large).error_code == 0, "a larger record that is accepted"
    )
    expect_code(alter(kafka, partition.topic, ("max.message.bytes", SET, "500")), "NONE")
    expect.eventually(
        lambda: name_of(partition.produce(large).error_code) == "MESSAGE_TOO_LARGE",
        "a larger record that is refused",
    )


@requirement("kafka.configs.take-effect")
def test_produce_goes_by_the_new_time(kafka: KafkaTester) -> None:
    partition = kafka.topic()[0]
    change = ("message.timestamp.type", SET, "LogAppendTime")
    expect_code(alter(kafka, partition.topic, change), "NONE")

    def stamped() -> bool:
        offset = partition.append([Sent(b"x", timestamp=NOW_MS)])
        (batch,) = partition.fetch(offset).batches
        return bool(batch.fields["attributes"] & LOG_APPEND_TIME)

    expect.eventually(stamped, "a batch with the broker's time")


@requirement("kafka.configs.unknown-resource")
def test_a_resource_must_be_something(kafka: KafkaTester) -> None:
    change = ("retention.ms", SET, "1000")
    expect_code(alter(kafka, "", change), "INVALID_REQUEST", "no name")
    expect_code(alter(kafka, kafka.name(), change, kind=NO_KIND), "INVALID_REQUEST", "no kind")


@requirement("kafka.configs.cleanup-policies")
def test_policies_of_cleaning(kafka: KafkaTester) -> None:
    for policy in ("compact", "delete", "compact,delete"):
        name = new(kafka)
        expect_code(alter(kafka, name, ("cleanup.policy", SET, policy)), "NONE", policy)
        expect_given(kafka, name, {"cleanup.policy": policy})
    for policy in ("keep", "compact,keep", "Delete"):
        answer = alter(kafka, name, ("cleanup.policy", SET, policy))
        expect_code(answer, "INVALID_CONFIG", policy)


@requirement("kafka.configs.no-cleanup")
def test_a_topic_may_be_kept_for_ever(kafka: KafkaTester) -> None:
    name = new(kafka)
    expect_code(alter(kafka, name, ("cleanup.policy", SET, "")), "NONE")
    expect_given(kafka, name, {"cleanup.policy": ""})
