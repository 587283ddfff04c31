"""Creating topics: what is created, and what is refused."""

import itertools

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.administration import (
    BROKER,
    DEFAULT,
    create_topic,
    create_topics,
    given_to,
    new_topic,
    settings_of,
)
from conformance.drivers.kafka.batches import Sent
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.readiness import CREATE_TOPICS
from conformance.drivers.kafka.tester import KafkaTester
from conformance.models.kafka_names import is_legal
from conformance.models.kafka_topics import assignment_error, collide
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

ENDINGS = st.text(st.sampled_from("aZ9._-") | st.sampled_from(" /ä\n:,"), max_size=4)
NAMES = st.text(st.sampled_from("._a"), min_size=1, max_size=3)
NODES = st.lists(st.sampled_from(["own", "other"]), max_size=2)
ASSIGNMENTS = st.lists(st.tuples(st.integers(0, 2), NODES), min_size=1, max_size=3)

BAD_SETTINGS = (
    ("no.such.setting", "1"),
    ("retention.ms", "-2"),
    ("retention.ms", "soon"),
    ("retention.ms", ""),
    ("segment.ms", "0"),
    ("max.message.bytes", "-1"),
    ("max.message.bytes", str(2**31)),
    ("cleanup.policy", "keep"),
    ("compression.type", "zip"),
    ("message.timestamp.type", "createtime"),
    ("min.cleanable.dirty.ratio", "1.5"),
    ("unclean.leader.election.enable", "yes"),
    ("min.insync.replicas", "0"),
)
NEVER_A_NODE = 4711


def own_node(kafka: KafkaTester) -> int:
    """The id of some broker."""
    return int(kafka.metadata([]).brokers[0].node_id)


def expect_absent(kafka: KafkaTester, *names: str) -> None:
    """None of the topics may be there, as soon as a topic that was asked for later is."""
    kafka.topic()
    found = {topic.name for topic in kafka.metadata(None).topics}
    expect.equal(sorted(found & set(names)), [], "topics that must not be there")


@requirement("kafka.topics.defaults")
def test_the_broker_chooses_what_is_left_to_it(kafka: KafkaTester) -> None:
    name = kafka.topic_name()
    expect_code(create_topic(kafka, new_topic(name, DEFAULT, DEFAULT)), "NONE")
    partitions = kafka.when_usable(name)
    settings = settings_of(kafka, str(own_node(kafka)), BROKER)
    wanted = int(settings["num.partitions"][0])
    expect.equal(len(partitions), wanted, "partitions (num.partitions)")
    replicas = len(kafka.metadata([name]).topics[0].partitions[0].replica_nodes)
    wanted = int(settings["default.replication.factor"][0])
    expect.equal(replicas, wanted, "replicas (default.replication.factor)")


@requirement("kafka.topics.already-exists")
def test_a_topic_is_not_created_twice(kafka: KafkaTester) -> None:
    partition, *_ = kafka.topic(2, retention_ms="1000000")
    partition.append([Sent(b"kept")])
    again = new_topic(partition.topic, 3, settings={"retention.ms": "2000000"})
    expect_code(create_topic(kafka, again), "TOPIC_ALREADY_EXISTS")
    kafka.topic()
    partitions = kafka.when_usable(partition.topic)
    expect.equal(len(partitions), 2, "partitions")
    expect.equal(partitions[0].topic_id, partition.topic_id, "id")
    expect.equal(partition.values(), [b"kept"], "records")
    expect.equal(given_to(kafka, partition.topic), {"retention.ms": "1000000"}, "settings")


@requirement("kafka.topics.illegal-names")
@holds_for(ending=ENDINGS, long=st.booleans())
def test_names_that_can_be_created(kafka: KafkaTester, ending: str, long: bool) -> None:
    name = kafka.name() + ending
    name += "x" * (249 + (len(ending) % 2) - len(name)) if long else ""
    expected = "NONE" if is_legal(name) else "INVALID_TOPIC_EXCEPTION"
    expect_code(create_topic(kafka, new_topic(name), validate_only=True), expected, repr(name))


@requirement("kafka.topics.illegal-names")
def test_illegal_names_are_not_created(kafka: KafkaTester) -> None:
    names = (".", "..", "", "a b", "x" * 250)
    for name in names:
        expect_code(create_topic(kafka, new_topic(name)), "INVALID_TOPIC_EXCEPTION", repr(name))
    expect_absent(kafka, *names)


@requirement("kafka.topics.colliding-names")
@holds_for(cost=2, first=NAMES)
def test_names_that_metrics_could_not_tell_apart(kafka: KafkaTester, first: str) -> None:
    one = kafka.topic_name("-" + first)
    expect_code(create_topic(kafka, new_topic(one)), "NONE")
    for letters in itertools.product("._a", repeat=len(first)):
        other = one.removesuffix(first) + "".join(letters)
        expected = "TOPIC_ALREADY_EXISTS" if other == one else "NONE"
        if other != one and collide(one, other):
            expected = "INVALID_TOPIC_EXCEPTION"
        answer = create_topic(kafka, new_topic(other), validate_only=True)
        expect_code(answer, expected, f"{other} beside {one}")


@requirement("kafka.topics.partition-count")
@holds_for(count=st.integers(-3, 5) | st.sampled_from([-(2**31)]))
def test_numbers_of_partitions(kafka: KafkaTester, count: int) -> None:
    expected = "NONE" if count > 0 or count == DEFAULT else "INVALID_PARTITIONS"
    answer = create_topic(kafka, new_topic(kafka.name(), count), validate_only=True)
    expect_code(answer, expected, f"{count} partitions")


@requirement("kafka.topics.partition-count")
def test_no_partitions_no_topic(kafka: KafkaTester) -> None:
    name = kafka.topic_name()
    expect_code(create_topic(kafka, new_topic(name, 0)), "INVALID_PARTITIONS")
    expect_absent(kafka, name)


@requirement("kafka.topics.replication-factor")
def test_replication_factors(kafka: KafkaTester) -> None:
    brokers = len(kafka.metadata([]).brokers)
    names = []
    for factor in (-2, 0, brokers + 1, 2**15 - 1):
        names.append(kafka.topic_name())
        answer = create_topic(kafka, new_topic(names[-1], 1, factor))
        expect_code(answer, "INVALID_REPLICATION_FACTOR", f"factor {factor}")
    expect_absent(kafka, *names)


@requirement("kafka.topics.assignment-and-counts")
def test_assignments_leave_no_room_for_counts(kafka: KafkaTester) -> None:
    assignments = [(0, [own_node(kafka)])]
    for count, factor in ((1, DEFAULT), (DEFAULT, 1), (1, 1)):
        topic = new_topic(kafka.name(), count, factor, assignments=assignments)
        answer = create_topic(kafka, topic, validate_only=True)
        expect_code(answer, "INVALID_REQUEST", f"{count} partitions, factor {factor}")


@requirement("kafka.topics.assignments")
@holds_for(assignments=ASSIGNMENTS)
def test_assignments(kafka: KafkaTester, assignments: list[tuple[int, list[str]]]) -> None:
    ids = {"own": own_node(kafka), "other": NEVER_A_NODE}
    wanted = [(index, [ids[node] for node in nodes]) for index, nodes in assignments]
    topic = new_topic(kafka.name(), DEFAULT, DEFAULT, assignments=wanted)
    answer = create_topic(kafka, topic, validate_only=True)
    expect_code(answer, assignment_error(wanted, [ids["own"]]), str(wanted))


@requirement("kafka.topics.assignments")
def test_partitions_are_numbered_without_gaps(kafka: KafkaTester) -> None:
    node = own_node(kafka)
    for indexes in ([1], [0, 2], [0, 0], [0, 1, 1], [-1, 0]):
        assignments = [(index, [node]) for index in indexes]
        topic = new_topic(kafka.name(), DEFAULT, DEFAULT, assignments=assignments)
        answer = create_topic(kafka, topic, validate_only=True)
        expect_code(answer, "INVALID_REPLICA_ASSIGNMENT", f"partitions {indexes}")


@requirement("kafka.topics.assignments")
def test_an_assignment_sets_the_number_of_partitions(kafka: KafkaTester) -> None:
    name, node = kafka.topic_name(), own_node(kafka)
    topic = new_topic(name, DEFAULT, DEFAULT, assignments=[(1, [node]), (0, [node])])
    expect_code(create_topic(kafka, topic), "NONE")
    expect.equal([one.index for one in kafka.when_usable(name)], [0, 1], "partitions")


@requirement("kafka.topics.twice-in-a-request")
def test_a_name_that_comes_twice(kafka: KafkaTester) -> None:
    twice, once = kafka.topic_name(), kafka.topic_name()
    answers = create_topics(kafka, new_topic(twice), new_topic(once), new_topic(twice, 2))
    codes = {one.name: name_of(one.error_code) for one in answers}
    expect.equal(codes, {twice: "INVALID_REQUEST", once: "NONE"}, "answers")
    expect.equal(len(answers), 2, "number of answers")
    kafka.when_usable(once)
    expect_absent(kafka, twice)


@requirement("kafka.topics.each-by-itself")
@holds_for(cost=4, kinds=st.permutations(["good", "bad", "there", "other"]))
def test_topics_of_a_request_are_independent(kafka: KafkaTester, kinds: list[str]) -> None:
    there = kafka.fresh().topic
    wanted = {
        "good": (new_topic(kafka.topic_name()), "NONE"),
        "bad": (new_topic(kafka.topic_name(), 0), "INVALID_PARTITIONS"),
        "there": (new_topic(there), "TOPIC_ALREADY_EXISTS"),
        "other": (new_topic(kafka.topic_name()), "NONE"),
    }
    topics = [wanted[kind] for kind in kinds]
    answers = create_topics(kafka, *(topic for topic, _ in topics))
    found = {one.name: name_of(one.error_code) for one in answers}
    expect.equal(found, {topic.name: error for topic, error in topics}, "answers")
    for topic, error in topics:
        if error == "NONE":
            kafka.when_usable(topic.name)


@requirement("kafka.topics.validate-only")
def test_only_checking_creates_nothing(kafka: KafkaTester) -> None:
    names = [kafka.topic_name() for _ in range(3)]
    checked = create_topics(
        kafka,
        new_topic(names[0], 2),
        new_topic(names[1], 0),
        new_topic(names[2], settings={"retention.ms": "soon"}),
        new_topic(kafka.fresh().topic),
        validate_only=True,
    )
    found = [name_of(one.error_code) for one in checked]
    expected = ["NONE", "INVALID_PARTITIONS", "INVALID_CONFIG", "TOPIC_ALREADY_EXISTS"]
    expect.same_members(found, expected, "answers")
    expect_absent(kafka, *names)
    expect_code(create_topic(kafka, new_topic(names[0])), "NONE", "created at last")


@requirement("kafka.topics.bad-settings")
def test_settings_that_no_topic_can_have(kafka: KafkaTester) -> None:
    for key, value in BAD_SETTINGS:
        topic = new_topic(kafka.name(), settings={"retention.bytes": "1000000", key: value})
        answer = create_topic(kafka, topic, validate_only=True)
        expect_code(answer, "INVALID_CONFIG", f"{key}={value}")
    name = kafka.topic_name()
    refused = create_topic(kafka, new_topic(name, settings={"no.such.setting": "1"}))
    expect_code(refused, "INVALID_CONFIG")
    expect_absent(kafka, name)


@requirement("kafka.topics.bad-settings")
@holds_for(value=st.integers(-3, 3) | st.sampled_from([2**63 - 1, 2**63, -(2**63)]))
def test_the_range_of_a_setting(kafka: KafkaTester, value: int) -> None:
    topic = new_topic(kafka.name(), settings={"retention.ms": str(value)})
    expected = "NONE" if -1 <= value < 2**63 else "INVALID_CONFIG"
    expect_code(create_topic(kafka, topic, validate_only=True), expected, str(value))


@requirement("kafka.topics.null-setting")
def test_null_is_no_value(kafka: KafkaTester) -> None:
    topic = new_topic(kafka.name(), settings={"retention.ms": None})
    expect_code(create_topic(kafka, topic, validate_only=True), "INVALID_CONFIG")


@requirement("kafka.topics.told-when-created")
def test_the_answer_tells_what_was_created(kafka: KafkaTester) -> None:
    for version in kafka.versions(CREATE_TOPICS, 5):
        name = kafka.topic_name()
        topic = new_topic(name, 3, settings={"retention.ms": "1000000"})
        (answer,) = create_topics(kafka, topic, version=version)
        expect_code(answer, "NONE")
        told = (answer.num_partitions, answer.replication_factor)
        expect.equal(told, (3, 1), f"partitions and replication factor in version {version}")
        partitions = kafka.when_usable(name)
        settings = {one.name: (one.value, one.config_source) for one in answer.configs}
        described = settings_of(kafka, name)
        different = dict(settings.items() ^ described.items())
        expect.equal(different, {}, f"settings told otherwise in version {version}")
        if version >= 7:
            expect.equal(str(answer.topic_id), partitions[0].topic_id, "id")


@requirement("kafka.topics.too-many-partitions")
def test_ten_thousand_partitions_are_enough(kafka: KafkaTester) -> None:
    topics = [new_topic(kafka.name(), 5000), new_topic(kafka.name(), 5001)]
    answers = create_topics(kafka, *topics, validate_only=True)
    codes = [name_of(one.error_code) for one in answers]
    expect.equal(codes, ["POLICY_VIOLATION"] * 2, "answers")
