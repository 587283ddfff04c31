"""How consumers of one group share partitions and records, with kafka-python's KafkaConsumer."""

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor

from conformance import expect
from conformance.drivers.kafka.administration import (
    create_partitions,
    create_topic,
    more_partitions,
    new_topic,
)
from conformance.drivers.kafka.batches import Sent
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.consumers import (
    POLL_MS,
    Team,
    consuming,
    place,
    resume,
    take,
    team,
)
from conformance.drivers.kafka.groups import Group
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement

MAX_AGE_MS = 200
"""How often consumers look whether there are other topics or partitions."""


def expect_delivered(consumers: Team, partitions: list[Partition], value: bytes) -> None:
    """Append a record to each partition: its owner gets it and nobody else."""
    for partition in partitions:
        partition.append([Sent(value)])

    def got() -> list[str]:
        return sorted(
            f"{where.topic}-{where.partition}"
            for one in consumers.members
            for where, _, found in one.delivered
            if found == value
        )

    everywhere = sorted(map(repr, partitions))
    what = f"{value!r} of each partition once"
    expect.eventually(lambda: got() == everywhere, what, consumers.within_s, observed=got)
    for one in consumers.members:
        where = {where for where, _, found in one.delivered if found == value}
        expect.equal(where, set(one.owned), "partitions whose records a member got")


@requirement("kafka.assignment.three-partitions")
def test_one_three_and_five_consumers(kafka: KafkaTester) -> None:
    partitions = kafka.topic(3)
    with team(kafka, *partitions) as consumers:
        consumers.join()
        consumers.settle(partitions, [3])
        consumers.join(2)
        consumers.settle(partitions, [1, 1, 1])
        consumers.join(2)
        consumers.settle(partitions, [1, 1, 1, 0, 0])


@requirement("kafka.assignment.scaling")
def test_more_consumers_share_the_load(kafka: KafkaTester) -> None:
    partitions = kafka.topic(2)
    with team(kafka, *partitions) as consumers:
        for shares in ([2], [1, 1], [1, 1, 0]):
            consumers.join()
            consumers.settle(partitions, shares)
            expect_delivered(consumers, partitions, b"with %d consumers" % len(shares))


@requirement("kafka.assignment.idle-takes-over")
def test_an_idle_consumer_takes_over(kafka: KafkaTester) -> None:
    partitions = kafka.topic(1)
    with team(kafka, *partitions) as consumers:
        first, _ = consumers.join(2)
        consumers.settle(partitions, [1, 0])
        owner = next(one for one in consumers.members if one.owned)
        consumers.leave(owner)
        consumers.settle(partitions, [1])
        expect_delivered(consumers, partitions, b"after %s" % (b"1" if owner is first else b"2"))


@requirement("kafka.assignment.every-assignor")
def test_other_assignors_share_too(kafka: KafkaTester) -> None:
    partitions = kafka.topic(3)
    for assignor in (
        RoundRobinPartitionAssignor,
        StickyPartitionAssignor,
        CooperativeStickyAssignor,
    ):
        with (
            expect.case(assignor.name),
            team(kafka, *partitions, partition_assignment_strategy=[assignor]) as consumers,
        ):
            consumers.join()
            consumers.settle(partitions, [3])
            leaving, *_ = consumers.join(3)
            consumers.settle(partitions, [1, 1, 1, 0])
            consumers.leave(leaving)
            consumers.settle(partitions, [1, 1, 1])


@requirement("kafka.assignment.cooperative")
def test_cooperative_members_keep_what_they_may(kafka: KafkaTester) -> None:
    partitions = kafka.topic(4)
    options = {"partition_assignment_strategy": [CooperativeStickyAssignor]}
    with team(kafka, *partitions, **options) as consumers:
        (first,) = consumers.join()
        consumers.settle(partitions, [4])
        consumers.join()
        consumers.settle(partitions, [2, 2])
        revoked = frozenset().union(*first.revoked)
        expect.equal(revoked & first.owned, frozenset(), "partitions revoked that stay")
        expect.equal(len(revoked), 2, "partitions revoked")


@requirement("kafka.assignment.new-partitions")
def test_consumers_get_partitions_that_are_added(kafka: KafkaTester) -> None:
    (first,) = kafka.topic(1)
    with team(kafka, first, metadata_max_age_ms=MAX_AGE_MS) as consumers:
        consumers.join(2)
        consumers.settle([first], [1, 0])
        expect_code(create_partitions(kafka, more_partitions(first.topic, 2))[0], "NONE")
        partitions = [first, Partition(kafka, first.topic, first.topic_id, 1)]
        consumers.settle(partitions, [1, 1])


@requirement("kafka.assignment.pattern")
def test_a_pattern_finds_topics_that_come_later(kafka: KafkaTester) -> None:
    ending = kafka.name("p")
    options = {"group_id": Group(kafka).id, "metadata_max_age_ms": MAX_AGE_MS}
    with consuming(kafka, **options) as consumer:
        consumer.subscribe(pattern=f".*{ending}$")
        found: list[Partition] = []
        for _ in range(2):
            name = kafka.topic_name(ending)
            expect_code(create_topic(kafka, new_topic(name)), "NONE")
            found += kafka.when_usable(name)
            expected = set(map(place, found))

            def assigned(expected: set[object] = expected) -> bool:
                consumer.poll(POLL_MS)
                resume(consumer)
                return set(consumer.assignment()) == expected

            what = f"{len(found)} topics assigned"
            expect.eventually(assigned, what, observed=consumer.assignment)


@requirement("kafka.assignment.by-hand")
def test_who_assigns_by_hand_joins_no_group(kafka: KafkaTester) -> None:
    partitions = kafka.topic(2)
    for partition in partitions:
        partition.append([Sent(b"x")])
    with team(kafka, *partitions) as consumers:
        (member,) = consumers.join()
        consumers.settle(partitions, [2])
        rebalances = len(member.revoked)
        with consuming(kafka, partitions[0], group_id=consumers.group.id) as lone:
            found = [one.value for one in take(lone, 1)]
            expect.equal(found, [b"x"], "values of the consumer that assigned by hand")
        expect.equal(len(consumers.group.describe().members), 1, "members of the group")
        expect.equal(len(member.revoked), rebalances, "rebalances of the member")
