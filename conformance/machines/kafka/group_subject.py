"""Classic groups in a comparison: clients that join, sync, leave and commit, and their groups.

What is left to chance stands at the head of `groups.py`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from kafka.protocol.admin import DeleteGroupsRequest, DescribeGroupsRequest, ListGroupsRequest
from kafka.protocol.consumer import HeartbeatRequest, LeaveGroupRequest, OffsetDeleteRequest

from conformance.drivers.kafka.codes import name_of
from conformance.drivers.kafka.groups import JOIN_GROUP, Commit, Group, fetch_offsets
from conformance.drivers.kafka.messages import api_name
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import NO_ID
from conformance.machines.kafka.client import Client
from conformance.machines.kafka.subject import KafkaSubject
from conformance.machines.operation import Operation
from conformance.machines.subject import Data
from conformance.targets.model import Target

CLIENTS: Mapping[str, str | None] = {"A": None, "B": None, "C": "i1", "D": "i1"}
"""With their instance ids."""

GROUPS = ("g1", "g2")

STRANGER = "stranger"
"""A member id that the broker did not make up."""

GENERATIONS = {"last": -1, "next": 1}
"""Wrong generations, by how far they are from the right one."""

LONG_METADATA = 4097
"""UTF-16 code units, one more than a broker with usual settings keeps."""

OLD_LEAVE = 2
"""The last version of LeaveGroup that is about one member, without an instance id."""

DESCRIBED, FETCHED, NOT_FOUND_TOLD = 5, 8, 6
"""Versions that look: every broker has them; and the version of DescribeGroups with texts."""

NOBODY = -1
"""The generation of somebody who is no member."""


def subscription(*topics: str) -> bytes:
    """A consumer's metadata, version 0: topics and no user data."""
    names = [struct.pack(">h", len(topic)) + topic.encode() for topic in topics]
    return struct.pack(">hi", 0, len(topics)) + b"".join(names) + struct.pack(">i", -1)


class GroupsSubject(KafkaSubject):
    """Carries out the operations of `GroupsMachine`.

    Partitions are "t1-0" and "t1-1"; "t1-9" and "t9-0" do not exist.
    """

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.topic = self.tester.topic(2)

    def _forget(self) -> None:
        super()._forget()
        self._clients: dict[str, Client] = {}
        self._groups: dict[str, Group] = {}
        self._looked_at: list[Group] = []
        self._answers: dict[str, dict[str, Data]] = {}
        """What has arrived, by API and client."""
        self._seen: dict[str, Any] = {}
        """Groups as they were described last."""
        self._members_now: dict[str, dict[str, str | None]] = {}
        self._members: dict[str, dict[str, str | None]] = {name: {} for name in GROUPS}
        """By group: the instance ids of its members, by member id."""
        self._leaders: dict[str, str | None] = dict.fromkeys(GROUPS)

    def begin(self, prefix: str) -> None:
        super().begin(prefix)
        self._groups = {name: Group(self.tester, prefix + name) for name in GROUPS}
        self._looked_at = [Group(self.looker, group.id) for group in self._groups.values()]
        self.tester.transcript.clear()
        first = self._groups["g1"]
        self._clients = {name: Client(first, instance) for name, instance in CLIENTS.items()}
        name = self.topic[0].topic
        self._symbols |= {
            name: "t1",
            self.topic[0].topic_id: "t1",
            _written(subscription(name)): "subscription to t1",
            _written(subscription("t9")): "subscription to t9",
        }

    def end(self) -> None:
        """Leave nothing behind but ids that were handed out, which end with their sessions."""
        for group in self._looked_at:
            members = [
                (one.member_id, one.group_instance_id) for one in group.describe(DESCRIBED).members
            ]
            if members:
                group.leave(members)
        if self._looked_at:
            names = [group.id for group in self._looked_at]
            self.looker.call(DeleteGroupsRequest(groups_names=names))

    # -- what is left to chance -------------------------------------------------------------

    def allows(self, operation: Operation) -> bool:
        if operation.name in ("join", "sync"):
            return not self._clients[operation.arguments["on"]].is_waiting
        if operation.name == "leave":
            return self._leader_is_certain(**operation.arguments)
        return True

    def _leader_is_certain(self, group: str, who: Sequence[str], version: int) -> bool:
        """Whether it is known who leads after each of these has left."""
        members = self._members.get(group, {})
        leader = self._leaders.get(group)
        left = set(members)
        for member_id, instance_id in self._leaving(who, version):
            holder = next((m for m in left if members[m] == instance_id is not None), None)
            if instance_id is not None and member_id in ("", holder):
                left.discard(holder or "")
            elif instance_id is None:
                left.discard(member_id)
            if leader not in left:
                if len(left) > 1:
                    return False
                leader = next(iter(left), None)
        return True

    def options(self, name: str) -> list[dict[str, Any]]:
        free = [name for name, client in self._clients.items() if not client.is_waiting]
        if name == "sync":
            free = [one for one in free if self._clients[one].has_joined]
        elif name == "join":
            idle = [one for one in free if not self._clients[one].has_joined]
            free = self._awaited(free) or idle or free
        elif name == "heartbeat":
            free = [one for one, client in self._clients.items() if client.generation >= 0]
        return [{"on": one} for one in free]

    def _awaited(self, free: Sequence[str]) -> list[str]:
        """Clients for which a rebalance waits, and those that have just got an id."""
        rebalancing = self._seen and self._seen["g1"]["state"] == "PreparingRebalance"
        clients = self._clients
        return [
            one
            for one in free
            if clients[one].id
            and (clients[one].generation < 0 or rebalancing)
            and (clients[one].id in self._members["g1"] or clients[one].generation < 0)
        ]

    # -- who --------------------------------------------------------------------------------

    def _group_id(self, symbol: str) -> str:
        return self.prefix + symbol if symbol else ""

    def _identity(
        self,
        on: str | None,
        member: str | None,
        instance: str | None,
        generation: str | None = None,
    ) -> tuple[str, str | None, int]:
        """Member id, instance id and generation that a client gives: its own unless told; nobody's
        if there is no client."""
        if on is None:
            return "", None, NOBODY
        client = self._clients[on]
        ids = {None: client.id, "unknown": STRANGER, "none": "", "previous": client.previous_id}
        instances = {None: client.instance_id, "none": None}
        number = NOBODY
        if generation != "none":
            number = client.generation + GENERATIONS.get(generation or "", 0)
        return ids[member], instances.get(instance, instance), number

    def _leaving(self, who: Sequence[str], version: int) -> list[tuple[str, str | None]]:
        """Member and instance ids of clients, by their letters, and of whoever has instance i1;
        "A/i1" is a client with an instance id that it may not have."""
        leaving: list[tuple[str, str | None]] = []
        for one in who:
            letter, _, instance_id = one.partition("/")
            client = self._clients.get(letter)
            if client is not None:
                leaving.append((client.id, instance_id or client.instance_id))
            else:
                leaving.append(("", one) if one == "i1" else (STRANGER, None))
        if version <= OLD_LEAVE:
            return [(leaving[0][0] if leaving else "", None)]
        return leaving

    def _partition(self, symbol: str) -> Partition:
        name, _, index = symbol.partition("-")
        if name == "t1":
            first = self.topic[0]
            return Partition(self.tester, first.topic, first.topic_id, int(index))
        return Partition(self.tester, name, NO_ID, int(index))

    # -- membership -------------------------------------------------------------------------

    def do_join(
        self,
        on: str,
        group: str,
        version: int,
        member: str | None,
        instance: str | None,
        protocols: str,
        metadata: str,
        protocol_type: str,
        session_ms: int,
    ) -> Data:
        """Ask to join; each letter of `protocols` is one."""
        client = self._clients[on]
        octets = {"t1": subscription(self.topic[0].topic), "t9": subscription("t9")}
        client.protocols = [(one, octets.get(metadata, metadata.encode())) for one in protocols]
        member_id, instance_id, _ = self._identity(on, member, instance)
        request = client.join_request(
            group_id=self._group_id(group),
            member_id=member_id,
            group_instance_id=instance_id,
            protocol_type=protocol_type,
            session_timeout_ms=session_ms,
        )
        client.ask(request, version)

    def do_sync(
        self,
        on: str,
        group: str,
        member: str | None,
        instance: str | None,
        generation: str | None,
        protocol: str | None,
        assigned: str,
        extent: str,
    ) -> Data:
        """Ask for the assignment. Whoever asks brings one for all members that are there, for the
        first of them, or for none; the broker takes the leader's."""
        client = self._clients[on]
        member_id, instance_id, number = self._identity(on, member, instance, generation)
        members = sorted(self._members.get(group, {}), key=self.symbolic)
        taken = {"all": members, "first": members[:1], "stranger": [STRANGER], "none": []}[extent]
        request = client.sync_request(
            {one: f"{assigned} {self.symbolic(one)}".encode() for one in taken},
            group_id=self._group_id(group),
            member_id=member_id,
            group_instance_id=instance_id,
            generation_id=number,
            protocol_name={None: client.protocol_name, "none": None}.get(protocol, protocol),
        )
        client.ask(request)

    def do_heartbeat(
        self,
        on: str,
        group: str,
        member: str | None,
        instance: str | None,
        generation: str | None,
    ) -> Data:
        member_id, instance_id, number = self._identity(on, member, instance, generation)
        request = HeartbeatRequest(
            group_id=self._group_id(group),
            member_id=member_id,
            group_instance_id=instance_id,
            generation_id=number,
        )
        return name_of(self.tester.call(request).error_code)

    def do_leave(self, group: str, who: Sequence[str], version: int) -> Data:
        identity = LeaveGroupRequest.MemberIdentity
        leaving = self._leaving(who, version)
        request = LeaveGroupRequest(
            group_id=self._group_id(group),
            member_id=leaving[0][0] if leaving else "",
            members=[identity(member_id=one, group_instance_id=i) for one, i in leaving],
        )
        answer = self.tester.call(request, version)
        error = name_of(answer.error_code)
        members = list(answer.members or ())
        codes = [name_of(one.error_code) for one in members] or [error]
        for one, code in zip(who, codes, strict=False):
            if one in self._clients and code == "NONE":
                self._clients[one].forget()
        if not members:
            return error
        return [(one.member_id, one.group_instance_id, name_of(one.error_code)) for one in members]

    def do_crash(self, on: str, forgets: bool) -> Data:
        """Lose the connection, and whatever it waits for; a client that starts again `forgets` its
        id as well."""
        client = self._clients[on]
        client.reconnect()
        if forgets:
            client.forget()

    # -- offsets ----------------------------------------------------------------------------

    def do_commit(
        self,
        on: str | None,
        group: str,
        version: int | None,
        member: str | None,
        instance: str | None,
        generation: str | None,
        partitions: Sequence[str],
        offset: int,
        metadata: str,
    ) -> Data:
        """Commit one offset for some partitions, as a client or as nobody."""
        member_id, instance_id, number = self._identity(on, member, instance, generation)
        text = "x" * LONG_METADATA if metadata == "long" else metadata
        codes = self._groups["g1"].commit(
            {self._partition(one): Commit(offset, text, offset - 1) for one in partitions},
            version=version,
            group_id=self._group_id(group),
            member_id=member_id,
            group_instance_id=instance_id,
            generation_id_or_member_epoch=number,
        )
        return sorted((self.symbolic(name), index, code) for (name, index), code in codes.items())

    def do_fetch(
        self, groups: Sequence[str], partitions: Sequence[str] | None, version: int | None
    ) -> Data:
        wanted = None if partitions is None else [self._partition(one) for one in partitions]
        found = fetch_offsets([self._groups[one] for one in groups], wanted, version)
        return [_offsets(one) for one in found]

    def do_delete_offsets(self, group: str, partitions: Sequence[str]) -> Data:
        topic = OffsetDeleteRequest.OffsetDeleteRequestTopic
        entry = topic.OffsetDeleteRequestPartition
        wanted: dict[str, Any] = {}
        for one in map(self._partition, partitions):
            found = wanted.setdefault(one.topic, topic(name=one.topic, partitions=[]))
            found.partitions.append(entry(partition_index=one.index))
        request = OffsetDeleteRequest(group_id=self._group_id(group), topics=[*wanted.values()])
        answer = self.tester.call(request)
        if answer.error_code:
            return name_of(answer.error_code)
        return sorted(
            (self.symbolic(topic.name), one.partition_index, name_of(one.error_code))
            for topic in answer.topics
            for one in topic.partitions
        )

    # -- groups -----------------------------------------------------------------------------

    def do_delete_groups(self, groups: Sequence[str]) -> Data:
        request = DeleteGroupsRequest(groups_names=[self._group_id(one) for one in groups])
        results = self.tester.call(request).results
        return sorted((self.symbolic(one.group_id), name_of(one.error_code)) for one in results)

    def do_describe(self, groups: Sequence[str], version: int, operations: bool) -> Data:
        request = DescribeGroupsRequest(
            groups=[self._group_id(one) for one in groups],
            include_authorized_operations=operations,
        )
        version = min(version, self.tester.best(DescribeGroupsRequest.API_KEY))
        described = self.tester.call(request, version).groups
        return sorted(
            (self._described(one, version) for one in described), key=lambda one: str(one["group"])
        )

    def do_list(self, states: Sequence[str], types: Sequence[str], version: int) -> Data:
        request = ListGroupsRequest(states_filter=list(states), types_filter=list(types))
        answer = self.tester.call(request, version)
        ours = [one for one in answer.groups if one.group_id.startswith(self.prefix)]
        return name_of(answer.error_code), sorted(
            (
                (self.symbolic(one.group_id), one.protocol_type, one.group_state, one.group_type)
                for one in ours
            ),
            key=str,
        )

    # -- observing --------------------------------------------------------------------------

    def observe(self, operation: Operation) -> dict[str, Data]:
        """Ask for offsets, then for groups, then look whether waiting clients are answered: while
        it gives the offsets, the broker takes up a join on another connection, if it has not yet,
        so that what the join causes at once is part of this observation."""
        committed = fetch_offsets(self._looked_at, None, FETCHED)
        ids = [group.id for group in self._looked_at]
        request = DescribeGroupsRequest(groups=ids, include_authorized_operations=False)
        for one in self.looker.call(request, DESCRIBED).groups:
            name = self.symbolic(one.group_id)
            self._seen[name] = self._described(one, DESCRIBED)
            self._members_now[name] = {m.member_id: m.group_instance_id for m in one.members}
        self._collect_answers()
        return {
            **{f"answers to {api}": answers for api, answers in self._answers.items()},
            **self._seen,
            "offsets": {
                name: self.symbolic(_offsets(found))
                for name, found in zip(GROUPS, committed, strict=True)
            },
        }

    def _collect_answers(self) -> None:
        for name, client in self._clients.items():
            answer = client.arrived() if client.is_waiting else None
            if answer is not None:
                answers = self._answers.setdefault(api_name(client.asked_api), {})
                answers[name] = self._told(client, answer)

    def settled(self) -> None:
        self._answers.clear()
        for group, now in self._members_now.items():
            self._leaders[group] = self._leading(group, now)
            self._members[group] = now

    def _leading(self, group: str, now: Mapping[str, str | None]) -> str | None:
        """Who leads the members that are there now: the same as before, whoever took its instance
        id, or the only one."""
        leader = self._leaders[group]
        if leader in now:
            return leader
        instance_id = self._members[group].get(leader or "")
        heirs = [one for one, held in now.items() if held == instance_id is not None]
        return next(iter(heirs or now), None)

    def _told(self, client: Client, answer: Any) -> Data:
        """The answer to a join or to a sync."""
        if isinstance(answer, str):
            return answer
        error = name_of(answer.error_code)
        if client.asked_api != JOIN_GROUP:
            protocol = [answer.protocol_type, answer.protocol_name]
            return self.symbolic([error, protocol, bytes(answer.assignment)])
        for member_id in (answer.member_id, answer.leader):
            if member_id not in ("", STRANGER):
                self.name_generated(member_id, "m")
        members = [
            (self.symbolic(one.member_id), one.group_instance_id, bytes(one.metadata))
            for one in answer.members
        ]
        told = {
            "error": error,
            "generation": answer.generation_id,
            "protocol": [answer.protocol_type, answer.protocol_name],
            "leader": answer.leader,
            "skip": answer.skip_assignment,
            "member": answer.member_id,
            "members": sorted(members, key=str),
        }
        return self.symbolic(told)

    def _described(self, described: Any, version: int) -> dict[str, Data]:
        """A group as DescribeGroups tells of it."""
        for one in described.members:
            self.name_generated(one.member_id, "m")
        members = [
            self.symbolic(
                [
                    one.member_id,
                    one.group_instance_id,
                    one.client_id,
                    one.client_host,
                    bytes(one.member_metadata),
                    bytes(one.member_assignment),
                ]
            )
            for one in described.members
        ]
        told = {
            "group": described.group_id,
            "error": name_of(described.error_code),
            "text": described.error_message if version >= NOT_FOUND_TOLD else None,
            "state": described.group_state,
            "protocol": [described.protocol_type, described.protocol_data],
            "operations": sorted(described.authorized_operations or ()),
        }
        return {**self.symbolic(told), "members": sorted(members, key=str)}


def _written(octets: bytes) -> str:
    """Octets as text, as `symbolic` looks them up."""
    return octets.decode(errors="backslashreplace")


def _offsets(found: Mapping[tuple[str, int], Any]) -> list[tuple[Any, ...]]:
    """Topic, index, offset, metadata, leader epoch and error, in order."""
    return sorted((topic, index, *committed) for (topic, index), committed in found.items())
