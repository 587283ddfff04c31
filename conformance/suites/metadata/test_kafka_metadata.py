"""Brokers, topics and partitions as Metadata tells of them."""

import socket
import uuid
from typing import Any

from hypothesis import strategies as st
from kafka.protocol.metadata import MetadataRequest

from conformance import expect
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.tester import METADATA, NO_ID, KafkaTester
from conformance.models.kafka_names import is_legal
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

NOT_ASKED_FOR = -(2**31)
"""The value of an authorized-operations field that was not asked for."""

ENDINGS = st.text(st.sampled_from("aZ9._-") | st.sampled_from(" /ä\n:,"), max_size=4)


def entry(name: str | None = None, topic_id: str = NO_ID) -> Any:
    return MetadataRequest.MetadataRequestTopic(topic_id=topic_id, name=name)


def names(answer: Any) -> list[str]:
    return [topic.name for topic in answer.topics]


def only(answer: Any) -> Any:
    expect.equal(len(answer.topics), 1, "topics in the answer")
    return answer.topics[0]


@requirement("kafka.metadata.all-topics")
def test_null_asks_for_all_topics(kafka: KafkaTester) -> None:
    wanted = {kafka.topic()[0].topic for _ in range(2)}
    for version in kafka.versions(METADATA, 1):
        found = set(names(kafka.metadata(None, version=version)))
        expect.true(wanted <= found, f"{sorted(wanted)} among all", sorted(found), f"v{version}")


@requirement("kafka.metadata.no-topics")
def test_an_empty_list_asks_for_no_topics(kafka: KafkaTester) -> None:
    kafka.fresh()
    for version in kafka.versions(METADATA, 1):
        answer = kafka.metadata([], version=version)
        expect.equal(names(answer), [], f"topics in version {version}")
        expect.true(bool(answer.brokers), "brokers", "none", f"version {version}")


@requirement("kafka.metadata.empty-is-all-in-version-0")
def test_version_0_has_no_null(kafka: KafkaTester) -> None:
    topic = kafka.fresh().topic
    found = names(kafka.metadata([], version=0))
    expect.true(topic in found, f"{topic} among all topics", found)


@requirement("kafka.metadata.partitions")
@holds_for(cost=4, count=st.integers(1, 4))
def test_partitions_and_their_leaders(kafka: KafkaTester, count: int) -> None:
    name = kafka.topic(count)[0].topic
    answer = kafka.metadata([name])
    brokers = {broker.node_id for broker in answer.brokers}
    described = only(answer)
    indexes = sorted(one.partition_index for one in described.partitions)
    expect.equal(indexes, list(range(count)), "partitions")
    for one in described.partitions:
        replicas, in_sync = set(one.replica_nodes), set(one.isr_nodes)
        fits = one.leader_id in in_sync <= replicas <= brokers
        seen = {"leader": one.leader_id, "in sync": in_sync, "replicas": replicas}
        expect.true(fits, "leader in sync, replicas on brokers", seen, str(one.partition_index))
        expect.at_least(one.leader_epoch, 0, "leader epoch")


@requirement("kafka.metadata.topic-id-is-stable")
def test_a_topic_keeps_its_id(kafka: KafkaTester) -> None:
    name, other = kafka.topic()[0].topic, kafka.topic()[0].topic
    found = {
        str(only(kafka.metadata([name], version=version)).topic_id)
        for version in kafka.versions(METADATA, 10)
    }
    expect.equal(len(found), 1, "ids of one topic")
    expect.true(NO_ID not in found, "an id that is not zero", found)
    expect.true(str(only(kafka.metadata([other])).topic_id) not in found, "other ids", found)


@requirement("kafka.metadata.by-topic-id")
def test_topics_are_found_by_id(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    for version in kafka.versions(METADATA, 12):
        request = MetadataRequest(
            topics=[entry(topic_id=partition.topic_id)], allow_auto_topic_creation=False
        )
        described = only(kafka.call(request, version))
        expect_code(described, "NONE")
        expect.equal(described.name, partition.topic, "name of the topic")


@requirement("kafka.metadata.unknown-topic-id")
@holds_for(number=st.integers(2, 2**128 - 1))
def test_an_unknown_id_has_no_name(kafka: KafkaTester, number: int) -> None:
    request = MetadataRequest(
        topics=[entry(topic_id=str(uuid.UUID(int=number)))], allow_auto_topic_creation=True
    )
    described = only(kafka.call(request, kafka.best(METADATA)))
    expect_code(described, "UNKNOWN_TOPIC_ID")
    expect.equal(described.name, None, "name of the topic")


@requirement("kafka.metadata.id-before-version-12")
def test_ids_are_refused_in_versions_that_only_tell_them(kafka: KafkaTester) -> None:
    topic_id = kafka.fresh().topic_id
    for version in (10, 11):
        for one in (entry(topic_id=topic_id), entry(kafka.name(), topic_id)):
            request = MetadataRequest(topics=[one], allow_auto_topic_creation=False)
            expect_code(only(kafka.call(request, version)), "INVALID_REQUEST", f"v{version}")


@requirement("kafka.metadata.unknown-topic")
def test_an_unknown_topic_is_not_created_unless_asked(kafka: KafkaTester) -> None:
    name = kafka.topic_name()
    for version in kafka.versions(METADATA, 4):
        described = only(kafka.metadata([name], create=False, version=version))
        expect_code(described, "UNKNOWN_TOPIC_OR_PARTITION", f"version {version}")
        expect.equal(list(described.partitions), [], "partitions")
    expect.true(name not in names(kafka.metadata(None)), "no such topic", name)


@requirement("kafka.metadata.illegal-names")
@holds_for(ending=ENDINGS, long=st.booleans())
def test_illegal_names(kafka: KafkaTester, ending: str, long: bool) -> None:
    name = kafka.name() + ending
    name += "x" * (249 + (len(ending) % 2) - len(name)) if long else ""
    described = only(kafka.metadata([name], create=False))
    expected = "UNKNOWN_TOPIC_OR_PARTITION" if is_legal(name) else "INVALID_TOPIC_EXCEPTION"
    expect_code(described, expected, repr(name))


@requirement("kafka.metadata.illegal-names")
def test_illegal_names_are_never_created(kafka: KafkaTester) -> None:
    for name in (".", "..", "", "a b", "x" * 250):
        with expect.case(repr(name)):
            described = only(kafka.metadata([name], create=True))
            expect_code(described, "INVALID_TOPIC_EXCEPTION", repr(name))
            expect.true(name not in names(kafka.metadata(None)), "no such topic", name)


@requirement("kafka.metadata.auto-creation")
def test_an_unknown_topic_is_created_when_asked(kafka: KafkaTester) -> None:
    name = kafka.topic_name()
    allowed = ("NONE", "UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE")
    described = only(kafka.metadata([name], create=True))
    codes = {0: "NONE", 3: "UNKNOWN_TOPIC_OR_PARTITION", 5: "LEADER_NOT_AVAILABLE"}
    expect.true(described.error_code in codes, " or ".join(allowed), described.error_code)
    partitions = kafka.when_usable(name)
    expect.equal(partitions[0].end, 0, "end of a new partition")


@requirement("kafka.metadata.cluster")
def test_every_connection_sees_the_same_cluster(kafka: KafkaTester) -> None:
    seen = []
    for _ in range(3):
        answer = kafka.raw().call(MetadataRequest(topics=[]), kafka.best(METADATA))
        brokers = sorted((one.node_id, one.host, one.port) for one in answer.brokers)
        seen.append((answer.cluster_id, answer.controller_id, brokers))
    expect.equal(seen, seen[:1] * 3, "cluster id, controller and brokers")
    cluster_id, controller, brokers = seen[0]
    expect.true(bool(cluster_id), "a cluster id", cluster_id)
    expect.true(controller in [one[0] for one in brokers], "a controller among them", seen[0])


@requirement("kafka.metadata.reachable")
def test_brokers_listen_where_they_are_said_to(kafka: KafkaTester) -> None:
    for broker in kafka.metadata([]).brokers:
        with expect.case(f"broker {broker.node_id} at {broker.host}:{broker.port}"):
            try:
                socket.create_connection((broker.host, broker.port), timeout=5).close()
            except OSError as error:
                expect.true(False, "a broker that can be reached", str(error))


@requirement("kafka.metadata.authorized-operations")
def test_operations_are_told_only_when_asked(kafka: KafkaTester) -> None:
    name = kafka.fresh().topic
    for asked in (False, True):
        request = MetadataRequest(
            topics=[entry(name)],
            allow_auto_topic_creation=False,
            include_topic_authorized_operations=asked,
        )
        octets = kafka.main.send_request(request, 12)
        answer = kafka.main.read_response(METADATA, 12, octets)
        operations = only(answer).authorized_operations
        expect.equal(operations not in (NOT_ASKED_FOR, None, set()), asked, "operations told")
