"""The members of a group, its leader, and the protocols that they have in common.

Source: ClassicGroup; KIP-345.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reference_impl.kafka.core.members import JoinedMember, Member, Protocols
from reference_impl.kafka.core.subscriptions import all_topics
from reference_impl.kafka.errors import ErrorCode, Refused


class Roster:
    """Members in the order in which they came. Whoever came first leads, as long as it is there."""

    def __init__(self) -> None:
        self.leader: str | None = None
        self._members: dict[str, Member] = {}
        self._static: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Member]:
        return iter(list(self._members.values()))

    def __contains__(self, member_id: str) -> bool:
        return member_id in self._members

    def __getitem__(self, member_id: str) -> Member:
        return self._members[member_id]

    # -- who --------------------------------------------------------------------------------

    def holder(self, instance_id: str | None) -> str | None:
        """Return the id of the member that has an instance id."""
        return None if instance_id is None else self._static.get(instance_id)

    def check(self, member_id: str, instance_id: str | None) -> Member:
        """Return a member. Raises Refused with UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID."""
        if instance_id is not None:
            holder = self._static.get(instance_id)
            if holder is None:
                raise Refused(ErrorCode.UNKNOWN_MEMBER_ID)
            if holder != member_id:
                raise Refused(ErrorCode.FENCED_INSTANCE_ID)
        if member_id not in self._members:
            raise Refused(ErrorCode.UNKNOWN_MEMBER_ID)
        return self._members[member_id]

    def add(self, member: Member) -> None:
        self._members[member.id] = member
        if member.instance_id is not None:
            self._static[member.instance_id] = member.id
        if self.leader is None:
            self.leader = member.id

    def remove(self, member_id: str) -> None:
        member = self._members.pop(member_id)
        if member.instance_id is not None:
            del self._static[member.instance_id]
        if self.leader == member_id:
            self.leader = next(iter(self._members), None)

    def rename(self, member: Member, new_id: str) -> None:
        """Give a static member another id, in the same place."""
        assert member.instance_id is not None
        if self.leader == member.id:
            self.leader = new_id
        member.id = self._static[member.instance_id] = new_id
        self._members = {one.id: one for one in self._members.values()}

    # -- joining ----------------------------------------------------------------------------

    @property
    def joined(self) -> int:
        """How many wait for the next generation."""
        return sum(member.join_answer is not None for member in self._members.values())

    @property
    def rebalance_timeout_ms(self) -> int:
        """The longest that any member asks for."""
        return max((member.rebalance_timeout_ms for member in self), default=0)

    def elect(self) -> bool:
        """Have a leader that has joined; False if nobody has."""
        joined = [member.id for member in self if member.join_answer is not None]
        if joined and self.leader not in joined:
            self.leader = joined[0]
        return bool(joined)

    # -- protocols --------------------------------------------------------------------------

    def supports_one_of(self, protocols: Protocols) -> bool:
        """Whether there is a protocol that all members support."""
        return any(self._all_support(name) for name, _ in protocols)

    def vote(self) -> str:
        """Of the protocols that all support, the one that most members like best. Kafka does not
        say which of several; here it is the one that was voted for first."""
        votes = Counter(
            next(name for name, _ in member.protocols if self._all_support(name)) for member in self
        )
        return max(votes, key=votes.__getitem__)

    def _all_support(self, name: str) -> bool:
        return all(member.supports(name) for member in self._members.values())

    def subscribed(self, protocol: str) -> frozenset[str] | None:
        """Topics that consumers subscribe to, or None if one of them does not say it readably."""
        return all_topics(member.metadata(protocol) for member in self)

    def described(self, protocol: str) -> tuple[JoinedMember, ...]:
        """The members as the leader is told of them."""
        return tuple(
            JoinedMember(member.id, member.instance_id, member.metadata(protocol))
            for member in self
        )
