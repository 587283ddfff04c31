"""Where epochs end, what becomes of a fetch whose topic is deleted, and which replica to ask."""

from hypothesis import strategies as st
from kafka.protocol.consumer import OffsetForLeaderEpochRequest

from conformance import expect
from conformance.drivers.kafka.administration import delete_topics
from conformance.drivers.kafka.batches import Sent
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.partition import FETCH, Partition, only_part
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

EPOCHS = 23
LONG_MS = 30_000
FIRST_WITH_REPLICA = 11
UNKNOWN = (-1, -1)


def epoch_end(partition: Partition, epoch: int, version: int) -> tuple[int, int]:
    """Epoch and end offset that the broker has for a leader epoch."""
    topic = OffsetForLeaderEpochRequest.OffsetForLeaderTopic
    entry = topic.OffsetForLeaderPartition(
        partition=partition.index, current_leader_epoch=-1, leader_epoch=epoch
    )
    request = OffsetForLeaderEpochRequest(
        replica_id=-1, topics=[topic(topic=partition.topic, partitions=[entry])]
    )
    answer = only_part(partition.tester.call(request, version).topics, "partitions")
    expect_code(answer, "NONE", f"epoch {epoch}, version {version}")
    return answer.leader_epoch, answer.end_offset


@requirement("kafka.fetch.end-of-epoch")
@holds_for(count=st.integers(1, 4), beyond=st.integers(1, 3))
def test_the_current_epoch_ends_at_the_end(kafka: KafkaTester, count: int, beyond: int) -> None:
    partition = kafka.fresh()
    partition.append([Sent(b"x")] * count)
    epoch = partition.fetch().batches[0].fields["leader_epoch"]
    for version in kafka.versions(EPOCHS):
        found = epoch_end(partition, epoch, version)
        expect.equal(found[1], count, f"end of epoch {epoch} in version {version}")
        found = epoch_end(partition, epoch + beyond, version)
        expect.equal(found, UNKNOWN, f"an epoch that is to come, version {version}")


@requirement("kafka.fetch.deleted-while-waiting")
def test_a_fetch_of_a_deleted_topic_is_answered(kafka: KafkaTester) -> None:
    partition, version = kafka.topic()[0], kafka.best(FETCH)
    waiting = kafka.raw()
    asked = waiting.send_request(partition.fetch_request(max_wait_ms=LONG_MS), version)
    expect_code(delete_topics(kafka, partition.topic)[0], "NONE")
    answer = waiting.read_response(FETCH, version, asked)
    codes = {name_of(one.error_code) for topic in answer.responses for one in topic.partitions} | {
        name_of(answer.error_code)
    }
    expect.true(codes != {"NONE"}, "an error of the partition", "none")


@requirement("kafka.fetch.no-other-replica")
def test_no_other_replica_is_preferred(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    partition.append([Sent(b"x")])
    for version in kafka.versions(FETCH, FIRST_WITH_REPLICA):
        part = only_part(partition.fetch(version=version).whole.responses, "partitions")
        expect.equal(part.preferred_read_replica, -1, f"preferred replica in version {version}")
