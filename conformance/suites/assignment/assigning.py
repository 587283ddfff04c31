"""A group whose members assign partitions as kafka-python's consumers do, request by request.

Real consumers poll in their own time; these join and sync when the test says so, so that a long
history takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, NamedTuple

from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from kafka.protocol.consumer.metadata import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
)

from conformance import expect
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.consumers import assigned_by
from conformance.drivers.kafka.groups import Group, Member
from conformance.drivers.kafka.tester import KafkaTester
from conformance.models.kafka_assignment import Place

ASSIGNORS: dict[str, Any] = {
    "range": RangePartitionAssignor,
    "roundrobin": RoundRobinPartitionAssignor,
    "sticky": StickyPartitionAssignor,
}

REBALANCE_MS = 400
"""How long a rebalance waits for members that have crashed."""


class Topics(NamedTuple):
    """What an assignor asks for of the cluster."""

    counts: Mapping[str, int]

    def topics(self) -> set[str]:
        return set(self.counts)

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        count = self.counts.get(topic)
        return None if count is None else set(range(count))


class Listed(NamedTuple):
    """A member as an assignor sees it."""

    member_id: str
    group_instance_id: str | None
    metadata: Any


class Owner:
    """A member with what it subscribes to and what it owns."""

    def __init__(self, member: Member, assignor: Any, topics: Set[str]) -> None:
        self.member = member
        self.assignor = assignor
        self.topics = topics
        self.owned: set[Place] = set()

    def ask_to_join(self) -> None:
        subscription = self.assignor.metadata(sorted(self.topics))
        self.member.protocols = [(self.assignor.name, subscription.encode())]
        self.member.ask_to_join()

    def assign(self, listed: Any, topics: Topics) -> dict[str, bytes]:
        """What the leader makes of the members that it is told."""
        members = [
            Listed(
                one.member_id,
                one.group_instance_id,
                ConsumerProtocolSubscription.decode(bytes(one.metadata)),
            )
            for one in listed
        ]
        made = self.assignor.assign(topics, members)
        return {member_id: assignment.encode() for member_id, assignment in made.items()}

    def take(self) -> None:
        """Wait for the assignment."""
        answer = self.member.synced()
        expect_code(answer, "NONE", "SyncGroup")
        octets = bytes(answer.assignment)
        self.owned = {(topic, index) for topic, index in assigned_by(octets)}
        assignment = ConsumerProtocolAssignment.decode(octets)
        self.assignor.on_assignment(assignment, self.member.generation)


class OwnersGroup:
    """A group of owners. `counts` are the numbers of partitions of its topics, which the broker
    need not have: it does not look into subscriptions and assignments."""

    def __init__(self, kafka: KafkaTester, strategy: str, counts: Mapping[str, int]) -> None:
        self.group = Group(kafka)
        self.strategy = strategy
        self.topics = Topics(counts)
        self.owners: list[Owner] = []
        self._crashed = 0

    def join(self, topics: Set[str] | None = None) -> Owner:
        """Let somebody join who subscribes to these topics, or to all; return him."""
        subscribed = set(self.topics.counts) if topics is None else topics
        member = self.group.member(rebalance_timeout_ms=REBALANCE_MS)
        newcomer = Owner(member, ASSIGNORS[self.strategy](), subscribed)
        newcomer.ask_to_join()
        present = len(self.owners) + self._crashed
        if present:
            self.group.wait_for_members(present + 1)
        self._rebalance([*self.owners, newcomer], asked=newcomer)
        return newcomer

    def leave(self, number: int) -> Owner:
        """Let one of at least two leave; return him."""
        leaving = self.owners[number]
        leaving.member.leave()
        self._rebalance([one for one in self.owners if one is not leaving])
        return leaving

    def crash(self, number: int) -> None:
        """One is heard of no more; the next rebalance goes on without him when its time is over."""
        crashed = self.owners.pop(number)
        crashed.member.raw.close()
        self._crashed += 1

    def _rebalance(self, owners: list[Owner], asked: Owner | None = None) -> None:
        for one in owners:
            if one is not asked:
                one.ask_to_join()
        answers = [one.member.joined() for one in owners]
        for one, answer in zip(owners, answers, strict=True):
            leads = answer.leader == answer.member_id
            one.member.ask_to_sync(one.assign(answer.members, self.topics) if leads else None)
        for one in owners:
            one.take()
        self.owners, self._crashed = owners, 0

    # -- what must hold ---------------------------------------------------------------------

    @property
    def owned(self) -> dict[str, set[Place]]:
        """What each member owns, by its id."""
        return {one.member.id: set(one.owned) for one in self.owners}

    @property
    def subscribed(self) -> dict[str, Set[str]]:
        return {one.member.id: one.topics for one in self.owners}

    def check_each_once(self) -> None:
        """Each partition that somebody subscribes to is owned by one who does, and by no other."""
        wanted = {topic for one in self.owners for topic in one.topics}
        expected = sorted(
            (topic, index)
            for topic, count in self.topics.counts.items()
            if topic in wanted
            for index in range(count)
        )
        owned = sorted(place for one in self.owners for place in one.owned)
        expect.equal(owned, expected, "partitions that are owned")
        for one in self.owners:
            foreign = [place for place in one.owned if place[0] not in one.topics]
            expect.equal(foreign, [], "partitions of topics that a member does not want")
