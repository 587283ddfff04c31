"""What a clean restart leaves of topics, records and offsets."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.administration import (
    SET,
    alter,
    create_partitions,
    create_topic,
    delete_records,
    delete_topics,
    given_to,
    more_partitions,
    new_topic,
)
from conformance.drivers.kafka.batches import NOW_MS, Sent, build
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.commits import commit, committed
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

RECORDS = st.lists(
    st.tuples(st.none() | st.binary(max_size=2), st.none() | st.binary(max_size=3)),
    min_size=4,
    max_size=8,
)


@requirement("kafka.durability.records-survive-restart")
@holds_for(cost=20, pairs=RECORDS)
def test_records_survive(
    kafka: KafkaTester, pairs: list[tuple[bytes | None, bytes | None]]
) -> None:
    partitions = kafka.topic(2)
    for number, (key, value) in enumerate(pairs):
        headers = (("n", b"%d" % number),)
        partitions[number % 2].append([Sent(value, key, NOW_MS + number, headers)])
    before = [one.read() for one in partitions]
    kafka.restart()
    kafka.when_usable(partitions[0].topic)
    expect.equal([one.read() for one in partitions], before, "records of both partitions")
    for partition, records in zip(partitions, before, strict=True):
        offset = partition.append([Sent(b"next")])
        expect.equal(offset, len(records), "offset of the next record")


@requirement("kafka.durability.topics-survive-restart")
def test_topics_survive(kafka: KafkaTester) -> None:
    kept = kafka.topic(2, retention_ms="1000000", cleanup_policy="compact")[0]
    grown = kafka.topic(2)[0].topic
    gone = kafka.topic()[0].topic
    again = kafka.topic(2)[0].topic
    change = ("retention.ms", SET, "2000000")
    expect_code(alter(kafka, kept.topic, change), "NONE")
    expect_code(create_partitions(kafka, more_partitions(grown, 3))[0], "NONE")
    expect_code(delete_topics(kafka, gone)[0], "NONE")
    expect_code(delete_topics(kafka, again)[0], "NONE")
    expect_code(create_topic(kafka, new_topic(again)), "NONE")
    kafka.topic()
    recreated = kafka.when_usable(again)
    kafka.restart()
    partitions = kafka.when_usable(kept.topic)
    expect.equal(len(partitions), 2, "partitions")
    expect.equal(len(kafka.when_usable(grown)), 3, "partitions of the topic that has grown")
    expect.equal(partitions[0].topic_id, kept.topic_id, "id of the topic")
    given = {"retention.ms": "2000000", "cleanup.policy": "compact"}
    expect.equal(given_to(kafka, kept.topic), given, "settings")
    code = name_of(kafka.metadata([gone]).topics[0].error_code)
    expect.equal(code, "UNKNOWN_TOPIC_OR_PARTITION", "Metadata of the deleted topic")
    found = [(one.topic_id, one.index) for one in kafka.when_usable(again)]
    expected = [(one.topic_id, one.index) for one in recreated]
    expect.equal(found, expected, "id and partitions of the topic that was created again")


@requirement("kafka.durability.cluster-survives-restart")
def test_the_cluster_stays_the_same(kafka: KafkaTester) -> None:
    def cluster() -> tuple[object, ...]:
        answer = kafka.metadata([])
        brokers = sorted((one.node_id, one.host, one.port) for one in answer.brokers)
        return answer.cluster_id, brokers

    before = cluster()
    kafka.restart()
    expect.equal(cluster(), before, "cluster id and brokers")


@requirement("kafka.durability.start-survives-restart")
def test_deleted_records_stay_deleted(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    partition.append([Sent(b"%d" % number) for number in range(4)])
    whole = kafka.fresh()
    whole.append([Sent(b"x")] * 3)
    expect_code(delete_records(partition, 2), "NONE")
    expect_code(delete_records(whole, -1), "NONE")
    kafka.restart()
    kafka.when_usable(partition.topic)
    expect.equal((partition.start, partition.end), (2, 4), "start and end")
    found = [one.value for one in partition.read(2)]
    expect.equal(found, [b"2", b"3"], "records that are left")
    expect.equal((whole.start, whole.end), (3, 3), "start and end where all is deleted")
    expect_code(partition.fetch(0), "OFFSET_OUT_OF_RANGE", "fetch of what is deleted")


@requirement("kafka.durability.commits-survive-restart")
def test_committed_offsets_survive(kafka: KafkaTester) -> None:
    partition, groups = kafka.fresh(), [kafka.name("g"), kafka.name("g")]
    partition.append([Sent(b"x")] * 9)
    for group, offsets in zip(groups, ([3, 5], [7, 2]), strict=True):
        for offset in offsets:
            commit(group, partition, offset)
    kafka.restart()
    kafka.when_usable(partition.topic)
    found = [committed(group, partition) for group in groups]
    expect.equal(found, [5, 2], "committed offsets")
    expect.equal(committed(kafka.name("g"), partition), -1, "offset of another group")


@requirement("kafka.durability.sequences-survive-restart")
def test_a_repeated_batch_is_known_after_a_restart(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    batches = [
        build([Sent(b"%d" % number)], producer_id=1000, producer_epoch=0, base_sequence=number)
        for number in range(3)
    ]
    for batch in batches:
        expect_code(partition.produce(batch), "NONE")
    kafka.restart()
    kafka.when_usable(partition.topic)
    answer = partition.produce(batches[2])
    expect_code(answer, "NONE", "the last batch, again")
    expect.equal(answer.base_offset, 2, "offset of the last batch, again")
    expect.equal(partition.values(), [b"0", b"1", b"2"], "records")
