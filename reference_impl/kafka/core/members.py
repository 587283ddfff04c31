"""Members of a group, what they ask for and what they are told.

Source: ClassicGroupMember, JoinGroupRequest, GroupCoordinatorConfig; KIP-62, KIP-345, KIP-394.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import NamedTuple

from reference_impl.kafka.core.broker_settings import BrokerSettings
from reference_impl.kafka.errors import ErrorCode
from reference_impl.timers import Timer

DAY_MS = 86_400_000
INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class GroupSettings:
    """Settings of the broker that concern groups, under Kafka's names with "_" for "."."""

    group_min_session_timeout_ms: int = 6000
    group_max_session_timeout_ms: int = 1_800_000
    group_max_size: int = INT32_MAX
    group_initial_rebalance_delay_ms: int = 0
    offset_metadata_max_bytes: int = 4096
    offsets_retention_minutes: int = 7 * 24 * 60
    offsets_retention_check_interval_ms: int = 600_000
    offsets_topic_num_partitions: int = 50

    @classmethod
    def of(cls, settings: BrokerSettings) -> GroupSettings:
        """Take them from the settings of a broker."""
        names = [one.name for one in fields(cls)]
        return cls(**{name: settings.number(name.replace("_", ".")) for name in names})


NEW_MEMBER_JOIN_TIMEOUT_MS = 300_000
"""A new member does not know its id, so its session is not what ends a join that nobody waits for
(GroupCoordinatorConfig.CLASSIC_GROUP_NEW_MEMBER_JOIN_TIMEOUT_MS)."""


class Identity(NamedTuple):
    """Who a client says that it is. A generation of -1 and no names stand for no member at all."""

    member_id: str = ""
    generation: int = -1
    instance_id: str | None = None


Protocols = tuple[tuple[str, bytes], ...]
"""Names of assignors with the metadata of the member for each, in the order of preference."""


class JoinRequest(NamedTuple):
    """What JoinGroup asks for.

    `known_id_required`: one without an id is told its id and has to ask again (KIP-394).
    `can_skip_assignment`: a leader may be told that nothing is to be assigned (KIP-814).
    """

    member_id: str
    instance_id: str | None
    client_id: str
    client_host: str
    session_timeout_ms: int
    rebalance_timeout_ms: int
    protocol_type: str
    protocols: Protocols
    known_id_required: bool = True
    can_skip_assignment: bool = False


class JoinedMember(NamedTuple):
    """A member as the leader is told of it, with its metadata for the chosen protocol."""

    member_id: str
    instance_id: str | None
    metadata: bytes


class JoinResult(NamedTuple):
    """Answer to a join; only the leader is told the members."""

    code: ErrorCode
    member_id: str
    generation: int = -1
    protocol_type: str | None = None
    protocol_name: str | None = None
    leader: str = ""
    members: tuple[JoinedMember, ...] = ()
    skip_assignment: bool = False


class SyncResult(NamedTuple):
    """Answer to a sync: the assignment of one member."""

    code: ErrorCode
    protocol_type: str | None = None
    protocol_name: str | None = None
    assignment: bytes = b""


JoinAnswer = Callable[[JoinResult], None]
SyncAnswer = Callable[[SyncResult], None]


class Member:
    """One member of a group. `join_answer` and `sync_answer` are there while it waits for them."""

    def __init__(self, member_id: str, request: JoinRequest, answer: JoinAnswer | None) -> None:
        self.id = member_id
        self.instance_id = request.instance_id
        self.client_id = request.client_id
        self.client_host = request.client_host
        self.protocol_type = request.protocol_type
        self.assignment = b""
        self.is_new = True
        """Until its first generation."""
        self.session_timer: Timer | None = None
        self.sync_answer: SyncAnswer | None = None
        self.update(request, answer)

    def update(self, request: JoinRequest, answer: JoinAnswer | None) -> None:
        """Take what another join of this member says."""
        self.protocols = request.protocols
        self.session_timeout_ms = request.session_timeout_ms
        self.rebalance_timeout_ms = request.rebalance_timeout_ms
        self.join_answer = answer

    def as_request(self) -> JoinRequest:
        """The join that makes such a member, for a store to keep."""
        return JoinRequest(
            self.id,
            self.instance_id,
            self.client_id,
            self.client_host,
            self.session_timeout_ms,
            self.rebalance_timeout_ms,
            self.protocol_type,
            self.protocols,
        )

    @property
    def is_waiting(self) -> bool:
        return self.join_answer is not None or self.sync_answer is not None

    def supports(self, name: str) -> bool:
        return any(name == supported for supported, _ in self.protocols)

    def metadata(self, name: str) -> bytes:
        """The metadata for a protocol that it supports."""
        return next(metadata for supported, metadata in self.protocols if supported == name)

    def stop_timer(self) -> None:
        if self.session_timer is not None:
            self.session_timer.cancel()
            self.session_timer = None
