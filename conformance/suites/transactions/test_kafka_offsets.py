"""Offsets of groups that are part of a transaction of Kafka."""

from typing import NamedTuple

from hypothesis import strategies as st
from kafka.protocol.consumer import JoinGroupRequest, OffsetFetchRequest, SyncGroupRequest

from conformance import expect
from conformance.drivers.kafka.batches import Sent
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.partition import Partition, only_part
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.kafka.transactional import (
    GROUP,
    SECOND,
    TXN_OFFSET_COMMIT,
    Producer,
    committed_values,
    find_coordinator,
    generations,
    repeated,
)
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

NOTHING = -1
OFFSET_FETCH_VERSION, JOIN_VERSION, SYNC_VERSION = 7, 3, 2
"""OffsetFetch 7 is the first with require_stable; JoinGroup up to 3 gives a member its id at
once."""


class Step(NamedTuple):
    """An offset that a transaction stages for a partition, or its end."""

    partition: int
    offset: int
    end: bool | None


STAGES = st.builds(Step, st.integers(0, 1), st.integers(0, 3), st.none())
STEPS = st.lists(
    st.one_of(STAGES, STAGES, st.builds(Step, st.just(0), st.just(0), st.booleans())),
    min_size=3,
    max_size=8,
)


def new_group(kafka: KafkaTester) -> str:
    """The name of a group, whose coordinator is ready."""
    group = kafka.name("group")
    find_coordinator(kafka, group, GROUP)
    return group


def offset_of(
    kafka: KafkaTester, group: str, partition: Partition, *, stable: bool = False
) -> tuple[str, int]:
    """The error and the offset that OffsetFetch has for a partition."""
    topic = OffsetFetchRequest.OffsetFetchRequestTopic
    request = OffsetFetchRequest(
        group_id=group,
        topics=[topic(name=partition.topic, partition_indexes=[partition.index])],
        require_stable=stable,
    )
    response = repeated(kafka, lambda: kafka.call(request, OFFSET_FETCH_VERSION))
    expect_code(response, "NONE", f"OffsetFetch of {group}")
    part = only_part(response.topics, "partitions")
    return name_of(part.error_code), part.committed_offset


def settled(kafka: KafkaTester, group: str, partition: Partition) -> tuple[str, int]:
    """The same when the outcome of the last transaction has reached the group: 3.9 takes note of
    the marker a little later than the coordinator of transactions."""
    expect.eventually(
        lambda: offset_of(kafka, group, partition, stable=True)[0] != "UNSTABLE_OFFSET_COMMIT",
        f"a stable offset of {partition}",
        kafka.answer_within_s,
    )
    return offset_of(kafka, group, partition)


def join(kafka: KafkaTester, group: str) -> tuple[str, int]:
    """Become the only member of a group; return its id and the generation."""
    protocol = JoinGroupRequest.JoinGroupRequestProtocol
    request = JoinGroupRequest(
        group_id=group,
        session_timeout_ms=30_000,
        rebalance_timeout_ms=30_000,
        member_id="",
        protocol_type="consumer",
        protocols=[protocol(name="range", metadata=b"")],
    )
    joined = repeated(kafka, lambda: kafka.call(request, JOIN_VERSION))
    expect_code(joined, "NONE", "JoinGroup")
    found = joined.member_id, joined.generation_id
    assignment = SyncGroupRequest.SyncGroupRequestAssignment
    sync = SyncGroupRequest(
        group_id=group,
        generation_id=found[1],
        member_id=found[0],
        assignments=[assignment(member_id=found[0], assignment=b"")],
    )
    expect_code(kafka.call(sync, SYNC_VERSION), "NONE", "SyncGroup")
    return found


@requirement("kafka.transactions.offsets")
@holds_for(steps=STEPS)
def test_histories_of_offsets(kafka: KafkaTester, steps: list[Step]) -> None:
    for generation in generations(kafka):
        group = new_group(kafka)
        partitions = [kafka.fresh() for _ in range(2)]
        producer = Producer(kafka, None, generation).init()
        expected, pending = [NOTHING, NOTHING], dict[int, int]()
        for index, offset, end in steps:
            if end is None:
                producer.stage(group, partitions[index], offset)
                pending[index] = offset
            elif pending:
                producer.end(end)
                for where, value in pending.items() if end else ():
                    expected[where] = value
                for where in pending:
                    settled(kafka, group, partitions[where])
                pending.clear()
            for where, partition in enumerate(partitions):
                found = offset_of(kafka, group, partition)
                expect.equal(found, ("NONE", expected[where]), "offset of the group")
                stable = offset_of(kafka, group, partition, stable=True)
                waits = ("UNSTABLE_OFFSET_COMMIT", NOTHING)
                wanted = waits if where in pending else found
                expect.equal(stable, wanted, "stable offset of the group")


@requirement("kafka.transactions.offsets-are-pending")
def test_offsets_before_the_end(kafka: KafkaTester) -> None:
    for generation in generations(kafka):
        group, partition = new_group(kafka), kafka.fresh()
        producer = Producer(kafka, None, generation).init()
        for offset, before in ((5, NOTHING), (7, 5), (3, 7)):
            producer.stage(group, partition, offset)
            expect.equal(offset_of(kafka, group, partition), ("NONE", before), "before the end")
            producer.commit()
            expect.equal(settled(kafka, group, partition), ("NONE", offset), "after the end")


@requirement("kafka.transactions.offsets-are-dropped")
def test_offsets_of_an_abort(kafka: KafkaTester) -> None:
    for generation in generations(kafka):
        group, partition = new_group(kafka), kafka.fresh()
        producer = Producer(kafka, None, generation).init()
        producer.stage(group, partition, 5)
        producer.commit()
        settled(kafka, group, partition)
        producer.stage(group, partition, 7)
        producer.abort()
        settled(kafka, group, partition)
        for stable in (False, True):
            found = offset_of(kafka, group, partition, stable=stable)
            expect.equal(found, ("NONE", 5), "offset after the abort")


@requirement("kafka.transactions.stable-offsets")
def test_who_wants_stable_offsets_waits(kafka: KafkaTester) -> None:
    for commit in (True, False):
        group, other = new_group(kafka), new_group(kafka)
        partitions = [kafka.fresh() for _ in range(2)]
        producer = Producer(kafka).init()
        producer.stage(group, partitions[0], 5)
        found = [
            offset_of(kafka, *where, stable=True)[0]
            for where in ((group, partitions[0]), (group, partitions[1]), (other, partitions[0]))
        ]
        expect.equal(found, ["UNSTABLE_OFFSET_COMMIT", "NONE", "NONE"], "errors")
        producer.end(commit)
        found = [settled(kafka, group, one)[0] for one in partitions]
        expect.equal(found, ["NONE", "NONE"], "errors after the end")


@requirement("kafka.transactions.offsets-with-records")
@holds_for(commit=st.booleans())
def test_offsets_and_records_end_together(kafka: KafkaTester, commit: bool) -> None:
    for generation in generations(kafka):
        group, source, target = new_group(kafka), kafka.fresh(), kafka.fresh()
        producer = Producer(kafka, None, generation).init()
        producer.write(target, b"1")
        producer.stage(group, source, 1)
        producer.end(commit)
        expected = ([[b"1"]], 1) if commit else ([[]], NOTHING)
        found = committed_values([target]), settled(kafka, group, source)[1]
        expect.equal(found, expected, "committed records and offset")


@requirement("kafka.transactions.offsets-of-the-replaced")
@holds_for(staged=st.booleans())
def test_offsets_of_an_old_instance(kafka: KafkaTester, staged: bool) -> None:
    for generation in generations(kafka):
        group, partition = new_group(kafka), kafka.fresh()
        old = Producer(kafka, None, generation).init()
        if staged:
            old.stage(group, partition, 5)
        new = Producer(kafka, old.transactional_id, generation).init()
        found = settled(kafka, group, partition)
        expect.equal(found, ("NONE", NOTHING), "offset after the old instance was replaced")
        new.write(kafka.fresh(), b"1")
        expect_code(old.commit_offset(group, partition, 6), "INVALID_PRODUCER_EPOCH")
        new.commit()
        expect.equal(settled(kafka, group, partition), ("NONE", NOTHING), "offset")


@requirement("kafka.transactions.offsets-beside-a-zombie")
def test_a_refused_offset_changes_nothing(kafka: KafkaTester) -> None:
    for generation in generations(kafka):
        group, partition = new_group(kafka), kafka.fresh()
        old = Producer(kafka, None, generation).init()
        new = Producer(kafka, old.transactional_id, generation).init()
        new.stage(group, partition, 7)
        expect_code(old.commit_offset(group, partition, 6), "INVALID_PRODUCER_EPOCH")
        new.commit()
        expect.equal(settled(kafka, group, partition), ("NONE", 7), "offset")


@requirement("kafka.transactions.offsets-without-adding")
def test_offsets_of_a_group_that_was_not_announced(kafka: KafkaTester) -> None:
    group, partition = new_group(kafka), kafka.fresh()
    for version in kafka.versions(TXN_OFFSET_COMMIT):
        if version < 5:
            producer = Producer(kafka).init()
            answer = producer.commit_offset(group, partition, 5, version=version)
            expected = "TRANSACTION_ABORTABLE" if version == 4 else "INVALID_TXN_STATE"
            expect_code(answer, expected, f"version {version}")
    found = offset_of(kafka, group, partition, stable=True)
    expect.equal(found, ("NONE", NOTHING), "offset")


@requirement("kafka.transactions.offsets-add")
def test_offsets_announce_their_group(kafka: KafkaTester) -> None:
    group, partition = new_group(kafka), kafka.fresh()
    producer = Producer(kafka, None, SECOND).init()
    expect_code(producer.commit_offset(group, partition, 5), "NONE")
    producer.commit()
    expect.equal(settled(kafka, group, partition), ("NONE", 5), "offset")


@requirement("kafka.transactions.offsets-of-a-stale-member")
def test_members_that_are_none(kafka: KafkaTester) -> None:
    for generation in generations(kafka):
        group, partition = new_group(kafka), kafka.fresh()
        member, current = join(kafka, group)
        producer = Producer(kafka, None, generation).init()
        producer.stage(group, partition, 5)
        producer.commit()
        for who, code in (
            ((member, current + 1), "ILLEGAL_GENERATION"),
            ((member, current - 1), "ILLEGAL_GENERATION"),
            (("somebody", current), "UNKNOWN_MEMBER_ID"),
            ((member, current), "NONE"),
        ):
            if generation != SECOND:
                expect_code(producer.add_offsets(group), "NONE", "AddOffsetsToTxn")
            answer = producer.commit_offset(group, partition, 7, member=who)
            expect_code(answer, code, f"member {who}, who is {(member, current)}")
            if code != "NONE":
                producer.abort()
                expect.equal(settled(kafka, group, partition), ("NONE", 5), "offset")
        producer.commit()
        expect.equal(settled(kafka, group, partition), ("NONE", 7), "offset of the member")


@requirement("kafka.transactions.offsets-of-the-group-alone")
def test_offsets_without_a_member(kafka: KafkaTester) -> None:
    for generation in generations(kafka):
        group, partition = new_group(kafka), kafka.fresh()
        join(kafka, group)
        producer = Producer(kafka, None, generation).init()
        producer.stage(group, partition, 5)
        producer.commit()
        expect.equal(settled(kafka, group, partition), ("NONE", 5), "offset")


@requirement("kafka.transactions.offsets-of-an-unknown-topic")
def test_offsets_of_a_topic_that_does_not_exist(kafka: KafkaTester) -> None:
    group, partition = new_group(kafka), kafka.fresh()
    producer = Producer(kafka).init()
    expect_code(producer.add_offsets(group), "NONE")
    for wrong in ((kafka.topic_name(), 0), (partition.topic, 1000)):
        answer = producer.commit_offset(group, wrong, 5)
        expect_code(answer, "UNKNOWN_TOPIC_OR_PARTITION", str(wrong))


@requirement("kafka.transactions.offsets-of-an-unknown-group")
def test_a_generation_of_a_group_that_does_not_exist(kafka: KafkaTester) -> None:
    group, partition = new_group(kafka), kafka.fresh()
    producer = Producer(kafka).init()
    expect_code(producer.add_offsets(group), "NONE")
    answer = producer.commit_offset(group, partition, 5, member=("somebody", 1))
    expect_code(answer, "ILLEGAL_GENERATION")


@requirement("kafka.transactions.exactly-once")
@holds_for(
    crashes=st.lists(
        st.sampled_from(["", "", "read", "written", "staged", "aborted", "ended"]),
        min_size=3,
        max_size=8,
    )
)
def test_consume_and_produce_with_crashes(kafka: KafkaTester, crashes: list[str]) -> None:
    """Each record of the source is answered once in the target, wherever the worker crashes."""
    generation = generations(kafka)[-1]
    group, source, target = new_group(kafka), kafka.fresh(), kafka.fresh()
    source.append(Sent(b"%d" % number) for number in range(3))
    worker = Producer(kafka, None, generation).init()
    for crash in [*crashes, *[""] * 3]:
        position = max(0, settled(kafka, group, source)[1])
        if position < 3 and crash != "read":
            worker.write(target, b"%d" % position)
            if crash != "written":
                worker.stage(group, source, position + 1)
                if crash != "staged":
                    worker.end(crash != "aborted")
        if crash:
            worker = Producer(kafka, worker.transactional_id, generation).init()
    worker.init()
    expect.equal(settled(kafka, group, source), ("NONE", 3), "offset of the group")
    expect.equal(committed_values([target]), [[b"0", b"1", b"2"]], "committed records")
