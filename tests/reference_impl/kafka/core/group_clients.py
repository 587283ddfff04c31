"""Clients of groups without a connection: what they ask, and what they are told when."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from reference_impl.clock import ManualClock
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.coordinator import GroupCoordinator
from reference_impl.kafka.core.groups import Group
from reference_impl.kafka.core.members import (
    Identity,
    JoinRequest,
    JoinResult,
    Protocols,
    SyncResult,
)
from reference_impl.kafka.core.offsets import Offset, Partition
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.versions import dialect_for

GROUP = "g"
SESSION_MS = 10_000
REBALANCE_MS = 30_000


def subscription(*topics: str) -> bytes:
    """Metadata of a consumer, in version 0."""
    names = b"".join(struct.pack(">h", len(name)) + name.encode() for name in topics)
    return struct.pack(">hi", 0, len(topics)) + names + struct.pack(">i", -1)


RANGE: Protocols = (("range", subscription("t")),)


class GroupWorld:
    """A broker with the topics "t" and "u" of two partitions, and a clock that stands still."""

    def __init__(self, version: str = "4.3", settings: Mapping[str, str] | None = None) -> None:
        self.clock = ManualClock()
        self.ids = 0
        self.broker = KafkaBroker(
            dialect_for(version),
            self.clock,
            self._new_id,
            lambda: None,
            settings=settings,
        )
        for name in ("t", "u"):
            self.broker.create_topic(name, 2)

    def _new_id(self) -> bytes:
        self.ids += 1
        return self.ids.to_bytes(16, "big")

    @property
    def groups(self) -> GroupCoordinator:
        return self.broker.groups

    @property
    def group(self) -> Group:
        group = self.groups.find(GROUP)
        assert group is not None
        return group

    @property
    def state(self) -> str:
        group = self.groups.find(GROUP)
        return "none" if group is None else group.state.value

    def advance(self, ms: int) -> None:
        """Let time pass, with each timer at its time."""
        end_ms = self.clock.now_ms() + ms
        while (due_ms := self.broker.timers.next_due_ms()) is not None and due_ms <= end_ms:
            self.clock.advance(due_ms - self.clock.now_ms())
            self.broker.timers.run_due()
        self.clock.advance(end_ms - self.clock.now_ms())

    def commit(
        self, who: Identity, offset: int = 5, partition: Partition = ("t", 0), version: int = 8
    ) -> ErrorCode:
        """Commit one offset to the group."""
        offsets = {partition: Offset(offset, committed_ms=self.clock.now_ms())}
        return self.groups.commit(GROUP, who, offsets, version)[partition]

    def committed(self, partition: Partition = ("t", 0)) -> int:
        """Return the committed offset, or -1."""
        offset = self.groups.offsets.get(GROUP, partition)
        return -1 if offset is None else offset.offset


class Client:
    """A consumer by hand. `joined` and `synced` are what it was told last, or None; `joined_with`
    are the protocols of the join that was answered."""

    def __init__(
        self,
        world: GroupWorld,
        name: str = "c",
        instance_id: str | None = None,
        protocols: Protocols = RANGE,
        *,
        protocol_type: str = "consumer",
        session_ms: int = SESSION_MS,
        rebalance_ms: int = REBALANCE_MS,
    ) -> None:
        self.world = world
        self.name = name
        self.instance_id = instance_id
        self.protocols = protocols
        self.protocol_type = protocol_type
        self.session_ms = session_ms
        self.rebalance_ms = rebalance_ms
        self.id = ""
        self.generation = -1
        self.joined: JoinResult | None = None
        self.joined_with: Protocols = ()
        self.synced: SyncResult | None = None

    @property
    def identity(self) -> Identity:
        return Identity(self.id, self.generation, self.instance_id)

    def join(self, *, known_id_required: bool = True, can_skip_assignment: bool = False) -> Client:
        """Ask to join; with the id that it is told first, if it has to have one."""
        self._ask(known_id_required, can_skip_assignment)
        if self.joined is not None and self.joined.code is ErrorCode.MEMBER_ID_REQUIRED:
            self._ask(known_id_required, can_skip_assignment)
        return self

    def ask_for_id(self) -> str:
        """Ask to join once, and be told an id."""
        self._ask(True, False)
        assert self.joined is not None and self.joined.code is ErrorCode.MEMBER_ID_REQUIRED
        return self.id

    def _ask(self, known_id_required: bool, can_skip_assignment: bool) -> None:
        protocols = self.protocols

        def answer(result: JoinResult) -> None:
            self.joined = result
            self.joined_with = protocols
            self.generation = result.generation
            if result.member_id or result.code is ErrorCode.UNKNOWN_MEMBER_ID:
                self.id = result.member_id

        self.joined = None
        request = JoinRequest(
            self.id,
            self.instance_id,
            self.name,
            "/127.0.0.1",
            self.session_ms,
            self.rebalance_ms,
            self.protocol_type,
            self.protocols,
            known_id_required,
            can_skip_assignment,
        )
        try:
            self.world.groups.join(GROUP, request, answer)
        except Refused as refused:
            self.joined = JoinResult(refused.code, self.id)

    @property
    def code(self) -> ErrorCode | None:
        """The code of the last answer to a join; None while it waits."""
        return None if self.joined is None else self.joined.code

    @property
    def leads(self) -> bool:
        return self.joined is not None and bool(self.id) and self.joined.leader == self.id

    def sync(
        self, assignments: Mapping[str, bytes] | None = None, protocol_name: str | None = None
    ) -> ErrorCode | None:
        """Ask for the assignment; return the code if the answer is there."""

        def answer(result: SyncResult) -> None:
            self.synced = result

        self.synced = None
        try:
            self.world.groups.sync(
                GROUP, self.identity, None, protocol_name, assignments or {}, answer
            )
        except Refused as refused:
            self.synced = SyncResult(refused.code)
        return self.synced_code

    @property
    def synced_code(self) -> ErrorCode | None:
        return None if self.synced is None else self.synced.code

    @property
    def assignment(self) -> bytes:
        assert self.synced is not None and self.synced.code is ErrorCode.NONE
        return self.synced.assignment

    def heartbeat(self) -> ErrorCode:
        try:
            self.world.groups.heartbeat(GROUP, self.identity)
        except Refused as refused:
            return refused.code
        return ErrorCode.NONE

    def leave(self) -> ErrorCode:
        return self.world.groups.leave(GROUP, [(self.id, self.instance_id)])[0]


def stable_group(world: GroupWorld, *clients: Client) -> None:
    """Have these clients in a stable group; each is assigned its own name."""
    for client in clients:
        client.join()
    for client in clients:
        if world.state == "PreparingRebalance" and client.code is not None:
            client.join()
    assignments = {client.id: client.name.encode() for client in clients}
    for client in sorted(clients, key=lambda client: client.leads):
        client.sync(assignments)
    assert world.state == "Stable"
    assert [client.assignment for client in clients] == [client.name.encode() for client in clients]
