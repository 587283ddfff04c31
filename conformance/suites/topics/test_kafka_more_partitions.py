"""More partitions for a topic."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.administration import create_partitions, more_partitions
from conformance.drivers.kafka.batches import Sent
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

NEVER_A_NODE = 4711


def grown(kafka: KafkaTester, topic: str, count: int) -> list[Partition]:
    """Wait until a topic has so many partitions; return them."""
    expect.eventually(
        lambda: len(kafka.metadata([topic]).topics[0].partitions) == count,
        f"{count} partitions of {topic}",
    )
    return kafka.when_usable(topic)


def expect_unchanged(kafka: KafkaTester, topic: str, count: int) -> None:
    """A topic still has so many partitions when a later request has had its effect."""
    kafka.topic()
    expect.equal(len(kafka.when_usable(topic)), count, "partitions")


@requirement("kafka.topics.more-partitions")
@holds_for(cost=4, before=st.integers(1, 3), added=st.integers(1, 3))
def test_partitions_are_added_behind(kafka: KafkaTester, before: int, added: int) -> None:
    partitions = kafka.topic(before)
    for partition in partitions:
        partition.append([Sent(b"%d" % partition.index)])
    topic = partitions[0].topic
    answers = create_partitions(kafka, more_partitions(topic, before + added))
    expect_code(answers[0], "NONE")
    now = grown(kafka, topic, before + added)
    expect.equal({one.topic_id for one in now}, {partitions[0].topic_id}, "ids of the topic")
    expected = [[b"%d" % index] for index in range(before)] + [[]] * added
    expect.equal([one.values() for one in now], expected, "records")
    expect.equal(now[-1].append([Sent(b"new")]), 0, "first offset of a new partition")


@requirement("kafka.topics.fewer-partitions")
def test_partitions_are_never_taken_away(kafka: KafkaTester) -> None:
    topic = kafka.topic(3)[0].topic
    for count in (3, 2, 0, -1):
        answers = create_partitions(kafka, more_partitions(topic, count))
        expect_code(answers[0], "INVALID_PARTITIONS", f"{count} partitions")
    expect_unchanged(kafka, topic, 3)


@requirement("kafka.topics.more-partitions-each-by-itself")
@holds_for(cost=4, kinds=st.permutations(["good", "same", "unknown", "twice", "twice"]))
def test_topics_of_a_request_are_independent(kafka: KafkaTester, kinds: list[str]) -> None:
    good, same, twice = (kafka.topic()[0].topic for _ in range(3))
    wanted = {
        "good": (more_partitions(good, 2), "NONE"),
        "same": (more_partitions(same, 1), "INVALID_PARTITIONS"),
        "unknown": (more_partitions(kafka.name(), 2), "UNKNOWN_TOPIC_OR_PARTITION"),
        "twice": (more_partitions(twice, 2), "INVALID_REQUEST"),
    }
    answers = create_partitions(kafka, *(wanted[kind][0] for kind in kinds))
    found = {one.name: name_of(one.error_code) for one in answers}
    expect.equal(found, {topic.name: error for topic, error in wanted.values()}, "answers")
    expect.equal(len(answers), len(wanted), "number of answers")
    grown(kafka, good, 2)
    expect_unchanged(kafka, twice, 1)


@requirement("kafka.topics.more-partitions-assignments")
def test_assignments_are_for_the_new_partitions(kafka: KafkaTester) -> None:
    topic = kafka.topic()[0].topic
    node = kafka.metadata([]).brokers[0].node_id
    for nodes in ([[node]], [[node]] * 3, [[node], [NEVER_A_NODE]], [[node], []]):
        answers = create_partitions(kafka, more_partitions(topic, 3, nodes))
        expect_code(answers[0], "INVALID_REPLICA_ASSIGNMENT", f"assignments {nodes}")
    expect_unchanged(kafka, topic, 1)
    answers = create_partitions(kafka, more_partitions(topic, 3, [[node]] * 2))
    expect_code(answers[0], "NONE", "right assignments")
    grown(kafka, topic, 3)


@requirement("kafka.topics.more-partitions-validate-only")
def test_only_checking_adds_nothing(kafka: KafkaTester) -> None:
    topic = kafka.topic()[0].topic
    wanted = more_partitions(topic, 2), more_partitions(kafka.name(), 2)
    answers = create_partitions(kafka, *wanted, validate_only=True)
    found = {name_of(one.error_code) for one in answers}
    expect.equal(found, {"NONE", "UNKNOWN_TOPIC_OR_PARTITION"}, "answers")
    expect_unchanged(kafka, topic, 1)
