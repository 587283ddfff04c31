"""Consumer groups as tests use them: members on connections of their own, and committed offsets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka.protocol.admin import DescribeGroupsRequest
from kafka.protocol.consumer import (
    HeartbeatRequest,
    JoinGroupRequest,
    LeaveGroupRequest,
    OffsetCommitRequest,
    OffsetFetchRequest,
    SyncGroupRequest,
)
from kafka.protocol.metadata import FindCoordinatorRequest

from conformance import expect
from conformance.drivers.kafka.codes import expect_code, name_of

if TYPE_CHECKING:
    from conformance.drivers.kafka.partition import Partition
    from conformance.drivers.kafka.tester import KafkaTester

OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR, JOIN_GROUP = 8, 9, 10, 11
HEARTBEAT, LEAVE_GROUP, SYNC_GROUP, DESCRIBE_GROUPS, LIST_GROUPS = 12, 13, 14, 15, 16

FIRST_JOIN_WITH_KNOWN_IDS = 4
LAST_JOIN_WITHOUT_SKIPPING = 8
FIRST_COORDINATOR_WITH_KEYS = 4
FIRST_FETCH_WITH_GROUPS = 8
FIRST_OFFSETS_WITH_IDS = 10

LONG_MS = 30_000
"""A session or a rebalance that no test waits for."""

NOT_YET = ("COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR")

Protocols = Sequence[tuple[str, bytes]]
Key = tuple[str, int]
"""Topic and index of a partition."""


class Commit(NamedTuple):
    """An offset as a client commits it."""

    offset: int
    metadata: str | None = ""
    leader_epoch: int = -1


class Committed(NamedTuple):
    """What OffsetFetch says of a partition; -1 and no error stand for nothing."""

    offset: int
    metadata: str | None = ""
    leader_epoch: int = -1
    error: str = "NONE"


NOTHING = Committed(-1)


class Group:
    """A group that nobody else uses; requests go through the tester's main connection."""

    def __init__(
        self, tester: KafkaTester, group_id: str | None = None, protocol_type: str = "consumer"
    ) -> None:
        self.tester = tester
        self.id = tester.name("g") if group_id is None else group_id
        self.protocol_type = protocol_type
        self._names: dict[str, str] = {}
        self.find()

    def find(self) -> None:
        """Wait until the broker looks after the group, which takes a moment when it is new."""

        def found() -> bool:
            answer = coordinator(self.tester, self.id)
            if name_of(answer.error_code) in NOT_YET:
                return False
            expect_code(answer, "NONE", "FindCoordinator")
            return name_of(self.describe(5).error_code) not in NOT_YET

        what = f"a coordinator for {self.id}"
        expect.eventually(found, what, within_s=self.tester.answer_within_s)

    def describe(self, version: int | None = None) -> Any:
        """The group as DescribeGroups tells of it."""
        request = DescribeGroupsRequest(groups=[self.id], include_authorized_operations=False)
        (described,) = self.tester.call(request, version).groups
        return described

    @property
    def state(self) -> str:
        return str(self.describe().group_state)

    # -- members ----------------------------------------------------------------------------

    def member(self, **options: Any) -> Member:
        """Somebody who may join; options as `Member`."""
        return Member(self, **options)

    def gather(self, count: int = 1, **options: Any) -> list[Member]:
        """Members that have joined one generation and have not synced; the first leads it."""
        return self.join_all([self.member(**options) for _ in range(count)])

    def join_all(self, members: list[Member]) -> list[Member]:
        """Let these join one generation, the first as its leader; return them."""
        first, *others = members
        first.join()
        for other in others:
            other.ask_to_join()
        if others:
            self.wait_for_members(len(members))
            first.ask_to_join()
            for member in members:
                member.joined()
        return members

    def stable(self, count: int = 1, **options: Any) -> list[Member]:
        """Members of a stable group; the first leads it. Member n is assigned b"n"."""
        return self.assign(self.gather(count, **options))

    def assign(self, members: list[Member]) -> list[Member]:
        """Let members that have joined sync; return them. Member n is assigned b"n"."""
        assigned = {one.id: b"%d" % number for number, one in enumerate(members)}
        members[0].ask_to_sync(assigned)
        for member in members[1:]:
            member.ask_to_sync()
        for member in members:
            expect_code(member.synced(), "NONE", "SyncGroup")
        return members

    def wait_for_members(self, count: int) -> None:
        """Wait until so many have joined or are about to."""
        expect.eventually(
            lambda: len(self.describe().members) == count, f"{count} members of {self.id}"
        )

    def wait_for_state(self, state: str, within_s: float | None = None) -> None:
        expect.eventually(lambda: self.state == state, f"{self.id} to be {state}", within_s)

    def leave(self, members: Iterable[tuple[str, str | None]], version: int | None = None) -> Any:
        """Remove members by their ids and instance ids."""
        identity = LeaveGroupRequest.MemberIdentity
        leaving = [
            identity(member_id=member_id, group_instance_id=instance_id)
            for member_id, instance_id in members
        ]
        first = leaving[0].member_id if leaving else ""
        request = LeaveGroupRequest(group_id=self.id, member_id=first, members=leaving)
        return self.tester.call(request, version)

    # -- offsets ----------------------------------------------------------------------------

    def commit(
        self,
        commits: Mapping[Partition, Commit | int],
        member: Member | None = None,
        version: int | None = None,
        **changes: Any,
    ) -> dict[Key, str]:
        """Commit offsets, as a member or as nobody; return the name of the error of each."""
        chosen = self.tester.best(OFFSET_COMMIT) if version is None else version
        answer = self.tester.call(self.commit_request(commits, member, **changes), chosen)
        return {
            (self._name(topic, chosen), one.partition_index): name_of(one.error_code)
            for topic in answer.topics
            for one in topic.partitions
        }

    def commit_one(self, partition: Partition, commit: Commit | int, **options: Any) -> str:
        """Commit one offset; return the name of the error."""
        (code,) = self.commit({partition: commit}, **options).values()
        return code

    def commit_request(
        self,
        commits: Mapping[Partition, Commit | int],
        member: Member | None = None,
        **changes: Any,
    ) -> OffsetCommitRequest:
        topic = OffsetCommitRequest.OffsetCommitRequestTopic
        entry = topic.OffsetCommitRequestPartition
        topics: dict[str, Any] = {}
        for partition, commit in commits.items():
            self._names[partition.topic_id] = partition.topic
            given = commit if isinstance(commit, Commit) else Commit(commit)
            found = topics.setdefault(
                partition.topic,
                topic(name=partition.topic, topic_id=partition.topic_id, partitions=[]),
            )
            found.partitions.append(
                entry(
                    partition_index=partition.index,
                    committed_offset=given.offset,
                    committed_leader_epoch=given.leader_epoch,
                    committed_metadata=given.metadata,
                )
            )
        who = {
            "group_id": self.id,
            "member_id": "" if member is None else member.id,
            "generation_id_or_member_epoch": -1 if member is None else member.generation,
            "group_instance_id": None if member is None else member.instance_id,
        }
        return OffsetCommitRequest(
            retention_time_ms=-1, topics=[*topics.values()], **(who | changes)
        )

    def committed(
        self, partitions: Iterable[Partition] | None, version: int | None = None
    ) -> dict[Key, Committed]:
        """What the group has committed for some partitions, or for all of them."""
        (found,) = fetch_offsets([self], partitions, version)
        return found

    def committed_one(self, partition: Partition, version: int | None = None) -> Committed:
        (found,) = self.committed([partition], version).values()
        return found

    def _name(self, topic: Any, version: int) -> str:
        """The name of a topic, which newer versions give by id."""
        if version < FIRST_OFFSETS_WITH_IDS:
            return str(topic.name)
        return self._names.get(str(topic.topic_id), str(topic.topic_id))


class Member:
    """A member, or somebody who wants to be one, with a connection of its own: a join or a sync
    may have to wait, and nothing else is answered meanwhile."""

    def __init__(
        self,
        group: Group,
        *,
        protocols: Protocols = (("range", b""),),
        instance_id: str | None = None,
        session_timeout_ms: int = LONG_MS,
        rebalance_timeout_ms: int = LONG_MS,
    ) -> None:
        self.group = group
        self.raw = group.tester.raw()
        self.protocols = protocols
        self.instance_id = instance_id
        self.session_timeout_ms = session_timeout_ms
        self.rebalance_timeout_ms = rebalance_timeout_ms
        self.id = ""
        self.generation = -1
        self.protocol_name: str | None = None
        self._asked: tuple[int, int, int] = (0, 0, 0)

    def __repr__(self) -> str:
        return f"<member {self.id} of {self.group.id}>"

    def _ask(self, request: Any, version: int | None) -> None:
        chosen = self.group.tester.best(request.API_KEY) if version is None else version
        self._asked = request.API_KEY, chosen, self.raw.send_request(request, chosen)

    def _answer(self) -> Any:
        return self.raw.read_response(*self._asked)

    def call(self, request: Any, version: int | None = None) -> Any:
        """Send a request on the member's connection and return the answer."""
        self._ask(request, version)
        return self._answer()

    # -- joining ----------------------------------------------------------------------------

    def join_request(self, **changes: Any) -> JoinGroupRequest:
        entry = JoinGroupRequest.JoinGroupRequestProtocol
        fields = {
            "group_id": self.group.id,
            "session_timeout_ms": self.session_timeout_ms,
            "rebalance_timeout_ms": self.rebalance_timeout_ms,
            "member_id": self.id,
            "group_instance_id": self.instance_id,
            "protocol_type": self.group.protocol_type,
            "protocols": [entry(name=name, metadata=data) for name, data in self.protocols],
        }
        return JoinGroupRequest(**(fields | changes))

    def ask_to_join(self, version: int | None = None) -> None:
        """Send a join, after having got an id from the broker if it takes one."""
        chosen = self.group.tester.best(JOIN_GROUP) if version is None else version
        if not self.id and self.instance_id is None and chosen >= FIRST_JOIN_WITH_KNOWN_IDS:
            self.get_id(chosen)
        self._ask(self.join_request(), chosen)

    def get_id(self, version: int | None = None) -> None:
        """Have the broker make up an id, without joining with it yet."""
        answer = self.call(self.join_request(), version)
        expect_code(answer, "MEMBER_ID_REQUIRED", "JoinGroup without an id")
        self.id = answer.member_id

    def join_answer(self) -> Any:
        """Wait for the answer to a join."""
        return self._answer()

    def joined(self) -> Any:
        """Wait until the join is answered; it must have been successful.

        As clients do, begin once more if the broker knows nothing of a new member: Kafka 3.9
        forgets groups that have only handed out ids whenever any topic is deleted.
        """
        answer = self.join_answer()
        if name_of(answer.error_code) == "UNKNOWN_MEMBER_ID" and self.generation < 0:
            self.id = ""
            self.ask_to_join(self._asked[1])
            answer = self.join_answer()
        expect_code(answer, "NONE", "JoinGroup")
        self.id = answer.member_id
        self.generation = answer.generation_id
        self.protocol_name = answer.protocol_name
        return answer

    def join(self, version: int | None = None) -> Any:
        """Join, which must be successful."""
        self.ask_to_join(version)
        return self.joined()

    # -- syncing ----------------------------------------------------------------------------

    def sync_request(
        self, assigned: Mapping[str, bytes] | None = None, **changes: Any
    ) -> SyncGroupRequest:
        """A request for the assignment; the leader's has those of all members by their ids."""
        entry = SyncGroupRequest.SyncGroupRequestAssignment
        fields = {
            "group_id": self.group.id,
            "generation_id": self.generation,
            "member_id": self.id,
            "group_instance_id": self.instance_id,
            "protocol_type": self.group.protocol_type,
            "protocol_name": self.protocol_name,
            "assignments": [
                entry(member_id=member_id, assignment=octets)
                for member_id, octets in (assigned or {}).items()
            ],
        }
        return SyncGroupRequest(**(fields | changes))

    def ask_to_sync(self, assigned: Mapping[str, bytes] | None = None, **changes: Any) -> None:
        self._ask(self.sync_request(assigned, **changes), None)

    def synced(self) -> Any:
        """Wait for the answer to a sync."""
        return self._answer()

    def sync(self, assigned: Mapping[str, bytes] | None = None, **changes: Any) -> Any:
        self.ask_to_sync(assigned, **changes)
        return self.synced()

    # -- staying and going ------------------------------------------------------------------

    def heartbeat(self, version: int | None = None, **changes: Any) -> str:
        """Send a heartbeat; return the name of the error."""
        fields = {
            "group_id": self.group.id,
            "generation_id": self.generation,
            "member_id": self.id,
            "group_instance_id": self.instance_id,
        }
        request = HeartbeatRequest(**(fields | changes))
        return name_of(self.call(request, version).error_code)

    def wait_for_rebalance(self, within_s: float | None = None) -> None:
        """Send heartbeats until one says that the member has to join again, and nothing else."""
        said = "NONE"

        def is_told() -> bool:
            nonlocal said
            said = self.heartbeat()
            return said != "NONE"

        expect.eventually(is_told, f"{self!r} to be told", within_s)
        expect.equal(said, "REBALANCE_IN_PROGRESS", f"heartbeat of {self!r}")

    def leave(self) -> None:
        """Leave, which must be successful."""
        answer = self.group.leave([(self.id, self.instance_id)])
        expect_code(answer, "NONE", "LeaveGroup")
        for one in answer.members or ():
            expect_code(one, "NONE", "LeaveGroup")


def coordinator(tester: KafkaTester, key: str, version: int | None = None) -> Any:
    """What FindCoordinator says of a group; one part of the answer in newer versions."""
    chosen = tester.best(FIND_COORDINATOR) if version is None else version
    request = FindCoordinatorRequest(key=key, key_type=0, coordinator_keys=[key])
    answer = tester.call(request, chosen)
    if chosen < FIRST_COORDINATOR_WITH_KEYS:
        return answer
    (found,) = answer.coordinators
    return found


def fetch_offsets(
    groups: Sequence[Group],
    partitions: Iterable[Partition] | None,
    version: int | None = None,
    *,
    stable: bool = False,
) -> list[dict[Key, Committed]]:
    """Ask what groups have committed; only newer versions ask for several at once.

    With `stable` offsets that a transaction may still change are errors (KIP-447).
    """
    tester = groups[0].tester
    chosen = tester.best(OFFSET_FETCH) if version is None else version
    request = OffsetFetchRequest
    wanted: dict[str, Partition] = {}
    indexes: dict[str, list[int]] = {}
    for partition in partitions or ():
        wanted[partition.topic] = partition
        indexes.setdefault(partition.topic, []).append(partition.index)
    for group in groups:
        group._names.update({one.topic_id: name for name, one in wanted.items()})
    old = [
        request.OffsetFetchRequestTopic(name=name, partition_indexes=indexes[name])
        for name in wanted
    ]
    new = [
        request.OffsetFetchRequestGroup.OffsetFetchRequestTopics(
            name=name, topic_id=one.topic_id, partition_indexes=indexes[name]
        )
        for name, one in wanted.items()
    ]
    answer = tester.call(
        request(
            group_id=groups[0].id,
            topics=None if partitions is None else old,
            groups=[
                request.OffsetFetchRequestGroup(
                    group_id=group.id,
                    member_id=None,
                    member_epoch=-1,
                    topics=None if partitions is None else new,
                )
                for group in groups
            ],
            require_stable=stable,
        ),
        chosen,
    )
    parts = answer.groups if chosen >= FIRST_FETCH_WITH_GROUPS else [answer]
    if chosen >= FIRST_FETCH_WITH_GROUPS:
        told = [one.group_id for one in parts]
        expect.same_members(told, [group.id for group in groups], "groups in the answer")
        parts = [parts[told.index(group.id)] for group in groups]
    found = []
    for group, part in zip(groups, parts, strict=True):
        if chosen >= 2:
            expect_code(part, "NONE", f"OffsetFetch of {group.id}")
        found.append(
            {
                (group._name(topic, chosen), one.partition_index): Committed(
                    one.committed_offset,
                    one.metadata,
                    one.committed_leader_epoch if chosen >= 5 else -1,
                    name_of(one.error_code),
                )
                for topic in part.topics
                for one in topic.partitions
            }
        )
    return found
