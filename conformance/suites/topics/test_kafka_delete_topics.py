"""Deleting topics, and creating them again."""

import uuid
from functools import partial

from conformance import expect
from conformance.drivers.kafka.administration import (
    NO_ID,
    create_topic,
    delete_topics,
    delete_topics_by,
    given_to,
    new_topic,
)
from conformance.drivers.kafka.batches import Sent, build
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.commits import commit, committed
from conformance.drivers.kafka.partition import EARLIEST, Partition
from conformance.drivers.kafka.tester import DELETE_TOPICS, KafkaTester
from conformance.requirements import requirement

UNKNOWN = ("UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID")
BY_NAME_PRODUCE, BY_NAME_FETCH = 11, 12
"""Versions in which topics have names, of every broker in question."""


def gone(kafka: KafkaTester, name: str) -> None:
    """Wait until Metadata no longer tells of a topic."""
    expect.eventually(
        lambda: name_of(kafka.metadata([name]).topics[0].error_code) == UNKNOWN[0],
        f"{name} gone from Metadata",
    )


def is_unknown(partition: Partition) -> bool:
    """Whether neither Produce nor Fetch know the topic."""
    produced = partition.produce(build([Sent(b"late")]), version=BY_NAME_PRODUCE)
    fetched = partition.fetch(version=BY_NAME_FETCH)
    return [name_of(one.error_code) for one in (produced, fetched)] == [UNKNOWN[0]] * 2


@requirement("kafka.topics.delete")
def test_a_deleted_topic_is_gone(kafka: KafkaTester) -> None:
    for version in kafka.versions(DELETE_TOPICS):
        partition = kafka.topic()[0]
        partition.append([Sent(b"lost")])
        if version >= 6:
            (answer,) = delete_topics_by(kafka, (None, partition.topic_id))
        else:
            (answer,) = delete_topics(kafka, partition.topic, version=version)
        expect_code(answer, "NONE", f"version {version}")
        expect.equal(answer.name, partition.topic, "name in the answer")
        gone(kafka, partition.topic)
        expect.eventually(partial(is_unknown, partition), "a topic that nobody knows")
        expect_code(partition.list_offset(EARLIEST), UNKNOWN[0], "ListOffsets")


@requirement("kafka.topics.delete-unknown")
def test_what_is_not_there_cannot_be_deleted(kafka: KafkaTester) -> None:
    name, there = kafka.name(), kafka.topic()[0].topic
    answers = delete_topics(kafka, name, there)
    codes = {one.name: name_of(one.error_code) for one in answers}
    expect.equal(codes, {name: UNKNOWN[0], there: "NONE"}, "answers")
    gone(kafka, there)
    (answer,) = delete_topics_by(kafka, (None, str(uuid.uuid4())))
    expect_code(answer, UNKNOWN[1], "an id that no topic has")


@requirement("kafka.topics.delete-malformed")
def test_a_topic_is_named_in_one_way(kafka: KafkaTester) -> None:
    kept, deleted = kafka.topic()[0], kafka.topic()[0]
    both, neither = (kept.topic, kept.topic_id), (None, NO_ID)
    answers = delete_topics_by(kafka, both, neither, (deleted.topic, NO_ID))
    codes = {one.name: name_of(one.error_code) for one in answers}
    expected = {kept.topic: "INVALID_REQUEST", None: "INVALID_REQUEST", deleted.topic: "NONE"}
    expect.equal(codes, expected, "answers")
    gone(kafka, deleted.topic)
    for entry in ((kept.topic, NO_ID), (None, kept.topic_id)):
        answers = delete_topics_by(kafka, entry, entry)
        found = {name_of(one.error_code) for one in answers}
        expect.equal(found, {"INVALID_REQUEST"}, f"answers to {entry}, named twice")
    kafka.topic()
    expect.equal(len(kafka.when_usable(kept.topic)), 1, "partitions of what was not deleted")


@requirement("kafka.topics.recreate")
def test_a_topic_that_comes_again_is_new(kafka: KafkaTester) -> None:
    old = kafka.topic(2, retention_ms="1000000")
    for partition in old:
        partition.append([Sent(b"old")] * 3)
    name, group = old[0].topic, kafka.name("g")
    commit(group, old[0], 2)
    expect_code(delete_topics(kafka, name)[0], "NONE")
    gone(kafka, name)
    expect_code(create_topic(kafka, new_topic(name)), "NONE")
    (new,) = kafka.when_usable(name)
    expect.true(new.topic_id != old[0].topic_id, "another id", new.topic_id)
    expect.equal((new.start, new.end, new.values()), (0, 0, []), "start, end and records")
    expect.equal(given_to(kafka, name), {}, "settings")
    expect.eventually(lambda: committed(group, new) == -1, "no committed offset")
    expect.equal(new.append([Sent(b"new")]), 0, "offset of the first record")
    expect.equal(new.values(), [b"new"], "records")
