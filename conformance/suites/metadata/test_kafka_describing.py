"""What else tells of the cluster and its topics: DescribeCluster, DescribeTopicPartitions."""

from typing import Any

from hypothesis import strategies as st
from kafka.protocol.admin import DescribeClusterRequest, DescribeTopicPartitionsRequest

from conformance import expect
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.commits import commit
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

DESCRIBE_CLUSTER = 60
BROKERS = 1
INTERNAL = "__consumer_offsets"
MANY_PAGES = 20


@requirement("kafka.metadata.describe-cluster")
def test_both_tell_of_the_same_brokers(kafka: KafkaTester) -> None:
    metadata = kafka.metadata([])
    for version in kafka.versions(DESCRIBE_CLUSTER):
        request = DescribeClusterRequest(
            include_cluster_authorized_operations=False, endpoint_type=BROKERS
        )
        answer = kafka.call(request, version)
        expect_code(answer, "NONE", f"version {version}")
        expect.equal(answer.cluster_id, metadata.cluster_id, f"cluster in version {version}")
        told = sorted((one.broker_id, one.host, one.port) for one in answer.brokers)
        known = sorted((one.node_id, one.host, one.port) for one in metadata.brokers)
        expect.equal(told, known, f"brokers in version {version}")


@requirement("kafka.metadata.internal-topics")
def test_internal_topics_are_marked(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    commit(kafka.name("g"), partition, 0)
    topics = {one.name: bool(one.is_internal) for one in kafka.metadata(None).topics}
    expect.equal(topics.get(INTERNAL), True, f"{INTERNAL} is internal")
    expect.equal(topics.get(partition.topic), False, f"{partition.topic} is internal")


@requirement("kafka.metadata.pages")
@holds_for(
    cost=10,
    counts=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    limit=st.integers(1, 4),
)
def test_pages_are_the_whole(kafka: KafkaTester, counts: list[int], limit: int) -> None:
    topics = [kafka.topic(count)[0].topic for count in counts]
    sizes = zip(topics, counts, strict=True)
    expected = sorted((topic, index) for topic, count in sizes for index in range(count))
    found: list[tuple[str, int]] = []
    cursor: Any = None
    for _ in range(MANY_PAGES):
        entry = DescribeTopicPartitionsRequest.TopicRequest
        request = DescribeTopicPartitionsRequest(
            topics=[entry(name=topic) for topic in topics],
            response_partition_limit=limit,
            cursor=cursor,
        )
        answer = kafka.call(request)
        page = [
            (topic.name, one.partition_index) for topic in answer.topics for one in topic.partitions
        ]
        expect.at_most(len(page), limit, "partitions of a page")
        found += page
        if answer.next_cursor is None:
            break
        cursor = DescribeTopicPartitionsRequest.Cursor(
            topic_name=answer.next_cursor.topic_name,
            partition_index=answer.next_cursor.partition_index,
        )
    expect.equal(found, expected, f"partitions of all pages, {limit} to a page")
