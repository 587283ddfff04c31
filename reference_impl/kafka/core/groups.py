"""A classic consumer group: who is in it, which generation it is in, who has which assignment.

    Empty --join--> PreparingRebalance --all joined, or time over--> CompletingRebalance
      ^                  ^      |                                            |
      |                  |      +--nobody left--> Empty         the leader's sync
      |                  +---join, leave, a session ends--- Stable <---------+
      +--- by way of PreparingRebalance, when the last member has gone

A client that disconnects stays a member until its session ends.

Source: GroupMetadataManager (classicGroup*), ClassicGroup; KIP-62, KIP-134, KIP-345, KIP-394,
KIP-814.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial

from reference_impl.kafka.core.members import (
    NEW_MEMBER_JOIN_TIMEOUT_MS,
    GroupSettings,
    Identity,
    JoinAnswer,
    JoinRequest,
    JoinResult,
    Member,
    SyncAnswer,
    SyncResult,
)
from reference_impl.kafka.core.roster import Roster
from reference_impl.kafka.core.subscriptions import CONSUMER
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.timers import Timer, Timers


class GroupState(Enum):
    """The states of a group, by their names in ListGroups and DescribeGroups."""

    EMPTY = "Empty"
    PREPARING = "PreparingRebalance"
    COMPLETING = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


class Group:
    """One group. Methods that refuse raise Refused, with nothing changed.

    `on_saved` is called when a generation is complete: with every assignment, or with no member.
    """

    def __init__(
        self,
        group_id: str,
        settings: GroupSettings,
        timers: Timers,
        on_saved: Callable[[Group], None],
    ) -> None:
        self.id = group_id
        self.state = GroupState.EMPTY
        self.generation = 0
        self.protocol_type: str | None = None
        self.protocol_name: str | None = None
        self.members = Roster()
        self.subscribed: frozenset[str] | None = None
        """Topics of the consumers of this generation; None if the broker cannot tell."""
        self.in_state_since_ms = timers.clock.now_ms()
        self._settings = settings
        self._timers = timers
        self._on_saved = on_saved
        self._pending: dict[str, Timer] = {}
        self._unsynced: dict[str, None] = {}
        self._started_empty = False
        self._somebody_new = False
        self._join_timer: Timer | None = None
        self._sync_timer: Timer | None = None
        self._outbox: list[Callable[[], None]] = []

    # -- what clients ask -------------------------------------------------------------------

    def join(self, request: JoinRequest, new_member_id: str, answer: JoinAnswer) -> None:
        """Let a member in, or in again; it is answered when the next generation has begun.

        `new_member_id` is for one that has no id yet.
        """
        if not self._has_room_for(request.member_id):
            self._remove(request.member_id)
            raise Refused(ErrorCode.GROUP_MAX_SIZE_REACHED)
        self._check_protocols(request)
        if not request.member_id:
            self._join_without_id(request, new_member_id, answer)
        elif request.member_id in self._pending:
            if request.instance_id is not None:
                raise Refused(ErrorCode.UNKNOWN_SERVER_ERROR)
            self._add(request.member_id, request, answer)
        else:
            self._join_again(request, answer)
        self._tell_all()

    def sync(
        self,
        who: Identity,
        protocol_type: str | None,
        protocol_name: str | None,
        assignments: Mapping[str, bytes],
        answer: SyncAnswer,
    ) -> None:
        """Give a member its assignment, when the leader's sync has brought `assignments`."""
        member = self.check_generation(who)
        for given, ours in (
            (protocol_type, self.protocol_type),
            (protocol_name, self.protocol_name),
        ):
            if given is not None and ours is not None and given != ours:
                raise Refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        if self.state is GroupState.PREPARING:
            raise Refused(ErrorCode.REBALANCE_IN_PROGRESS)
        self._synced(member)
        if self.state is GroupState.STABLE:
            answer(self._assigned(member))
            return
        member.sync_answer = answer
        if member.id == self.members.leader:
            self._assign(assignments)
        self._tell_all()

    def heartbeat(self, who: Identity) -> None:
        """Keep a session alive. Raises Refused, with REBALANCE_IN_PROGRESS if it has to join."""
        self.watch(self.check_generation(who))
        if self.state is GroupState.PREPARING:
            raise Refused(ErrorCode.REBALANCE_IN_PROGRESS)

    def leave(self, member_id: str, instance_id: str | None) -> bool:
        """Remove a member, or an id that was given out and never used; return whether it was one.

        Without a member id, whoever has the instance id goes. Call `left` when all have gone.
        """
        if not member_id:
            member_id = self.members.holder(instance_id) or ""
        elif member_id in self._pending:
            self._remove(member_id)
            return False
        self._dismiss(self.members.check(member_id, instance_id))
        return True

    def left(self, *, rebalance: bool) -> None:
        """Go on without those that left; only if it is worth it, with another `rebalance`."""
        if self.state is GroupState.PREPARING:
            self._complete_if_all_joined()
        elif rebalance and not self.is_empty:
            self._prepare_rebalance()
        self._tell_all()

    # -- what the coordinator asks ----------------------------------------------------------

    @property
    def is_empty(self) -> bool:
        return self.state is GroupState.EMPTY

    def check_generation(self, who: Identity) -> Member:
        """Return a member of this generation. Raises Refused as `members.check` does, or with
        ILLEGAL_GENERATION."""
        member = self.members.check(who.member_id, who.instance_id)
        if who.generation != self.generation:
            raise Refused(ErrorCode.ILLEGAL_GENERATION)
        return member

    def check_commit(self, who: Identity, *, transactional: bool) -> Member | None:
        """Return the member that may commit offsets, or None for somebody who is no member and
        may commit all the same. Raises Refused."""
        member = None
        if who.generation < 0 and self.is_empty:
            return None
        if who.generation >= 0 or who.member_id or who.instance_id is not None:
            member = self.check_generation(who)
        elif not transactional:
            raise Refused(ErrorCode.UNKNOWN_MEMBER_ID)
        if not transactional and self.state is GroupState.COMPLETING:
            raise Refused(ErrorCode.REBALANCE_IN_PROGRESS)
        return member

    def is_subscribed(self, topic: str) -> bool:
        """Whether consumers of this generation subscribe to a topic, or may do so."""
        if self.subscribed is None:
            return self.protocol_type == CONSUMER
        return topic in self.subscribed

    def restore(
        self,
        generation: int,
        protocol_type: str | None,
        protocol_name: str | None,
        leader: str | None,
        members: Mapping[str, tuple[JoinRequest, bytes]],
    ) -> None:
        """Be as a store remembers it: requests and assignments of members by their ids. They have
        a full session each from now on."""
        self.generation = generation
        self.protocol_type = protocol_type
        self.protocol_name = protocol_name
        for member_id, (request, assignment) in members.items():
            member = Member(member_id, request, None)
            member.assignment = assignment
            member.is_new = False
            self.members.add(member)
            self.watch(member)
        self.members.leader = leader
        self._find_subscribed()
        self._enter(GroupState.STABLE if members else GroupState.EMPTY)

    def close(self) -> None:
        """Be dead; nothing may happen here any more. Only an empty group can be closed."""
        self.state = GroupState.DEAD
        for timer in self._pending.values():
            timer.cancel()
        self._pending.clear()

    # -- joining ----------------------------------------------------------------------------

    def _has_room_for(self, member_id: str) -> bool:
        """While a rebalance is being prepared those count that have joined, so that what a smaller
        limit kicks out are the last to come back."""
        limit = self._settings.group_max_size
        if self.is_empty:
            return True
        if self.state is GroupState.PREPARING:
            joined = member_id in self.members and self.members[member_id].join_answer is not None
            return joined or self.members.joined < limit
        return member_id in self.members or len(self.members) < limit

    def _check_protocols(self, request: JoinRequest) -> None:
        if self.is_empty:
            fits = bool(request.protocol_type and request.protocols)
        else:
            fits = request.protocol_type == self.protocol_type
            fits = fits and self.members.supports_one_of(request.protocols)
        if not fits:
            raise Refused(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)

    def _join_without_id(
        self, request: JoinRequest, new_member_id: str, answer: JoinAnswer
    ) -> None:
        old_id = self.members.holder(request.instance_id)
        if old_id is not None:
            self._replace(self.members[old_id], new_member_id, request, answer)
        elif request.instance_id is None and request.known_id_required:
            self._pending[new_member_id] = self._timers.at(
                self._timers.clock.now_ms() + request.session_timeout_ms,
                partial(self._forget_pending, new_member_id),
            )
            answer(JoinResult(ErrorCode.MEMBER_ID_REQUIRED, new_member_id))
        else:
            self._add(new_member_id, request, answer)

    def _add(self, member_id: str, request: JoinRequest, answer: JoinAnswer) -> None:
        if member_id in self._pending:
            self._pending.pop(member_id).cancel()
        if self.state is GroupState.PREPARING:
            self._somebody_new = True
        if not self.members:
            self.protocol_type = request.protocol_type
        member = Member(member_id, request, answer)
        self.members.add(member)
        self.watch(member, NEW_MEMBER_JOIN_TIMEOUT_MS)
        self._rebalance_or_complete()

    def _join_again(self, request: JoinRequest, answer: JoinAnswer) -> None:
        """A member that changed nothing is told the generation again, as it may have missed the
        answer; a leader that is not asked for anything wants a rebalance."""
        member = self.members.check(request.member_id, request.instance_id)
        leads = member.id == self.members.leader
        if (
            self.state is GroupState.PREPARING
            or request.protocols != member.protocols
            or (self.state is GroupState.STABLE and leads)
        ):
            member.update(request, answer)
            self._rebalance_or_complete()
        else:
            answer(self._joined(member))

    def _replace(
        self, member: Member, new_id: str, request: JoinRequest, answer: JoinAnswer
    ) -> None:
        """Somebody else comes with the instance id of a static member, and becomes it."""
        old_id, old_leader = member.id, self.members.leader
        self._answer_join(member, JoinResult(ErrorCode.FENCED_INSTANCE_ID, old_id))
        self._answer_sync(member, SyncResult(ErrorCode.FENCED_INSTANCE_ID))
        self.members.rename(member, new_id)
        member.is_new = False
        if old_id in self._unsynced:
            del self._unsynced[old_id]
            self._unsynced[new_id] = None
        self.watch(member)
        member.update(request, answer)
        if self.state is GroupState.COMPLETING:
            # The leader may have been told the old id, and would assign to nobody.
            self._prepare_rebalance()
        elif self.state is GroupState.PREPARING:
            self._complete_if_all_joined()
        elif self.members.vote() != self.protocol_name:
            self._prepare_rebalance()
        else:
            self._on_saved(self)
            result = self._joined(member, describe=request.can_skip_assignment)
            if request.can_skip_assignment:
                result = result._replace(skip_assignment=self.members.leader == new_id)
            else:
                result = result._replace(leader=old_leader or "")
            self._answer_join(member, result)

    # -- rebalancing ------------------------------------------------------------------------

    def _rebalance_or_complete(self) -> None:
        if self.state is GroupState.PREPARING:
            self._complete_if_all_joined()
        else:
            self._prepare_rebalance()

    def _prepare_rebalance(self) -> None:
        """Begin to wait for all members to join."""
        if self.state is GroupState.COMPLETING:
            for member in self.members:
                member.assignment = b""
                self._answer_sync(member, SyncResult(ErrorCode.REBALANCE_IN_PROGRESS))
        self._stop_waiting_for_syncs()
        self._started_empty = self.is_empty
        self._enter(GroupState.PREPARING)
        if self._started_empty:
            self._somebody_new = False
            delay_ms = self._settings.group_initial_rebalance_delay_ms
            self._wait_for_more(delay_ms, max(0, self.members.rebalance_timeout_ms - delay_ms))
        elif self._all_joined():
            self._complete_join()
        else:
            self._set_join_timer(self.members.rebalance_timeout_ms, self._complete_join)

    def _wait_for_more(self, delay_ms: int, remaining_ms: int) -> None:
        """Give the first members of a group time to come together."""

        def waited() -> None:
            if self._somebody_new and remaining_ms > 0:
                self._somebody_new = False
                limit_ms = self._settings.group_initial_rebalance_delay_ms
                self._wait_for_more(min(limit_ms, remaining_ms), max(0, remaining_ms - delay_ms))
            else:
                self._complete_join()

        if delay_ms > 0:
            self._set_join_timer(delay_ms, waited)
        else:
            self._complete_join()

    def _set_join_timer(self, delay_ms: int, callback: Callable[[], None]) -> None:
        def due() -> None:
            callback()
            self._tell_all()

        if self._join_timer is not None:
            self._join_timer.cancel()
        self._join_timer = self._timers.at(self._timers.clock.now_ms() + delay_ms, due)

    def _all_joined(self) -> bool:
        return not self._pending and self.members.joined == len(self.members)

    def _complete_if_all_joined(self) -> None:
        preparing = self.state is GroupState.PREPARING and not self._started_empty
        if preparing and self._all_joined():
            self._complete_join()

    def _complete_join(self) -> None:
        """Begin the next generation with those that have joined. Static members stay in it even if
        they have not (KIP-345), but one that has joined is needed to lead it."""
        if self._join_timer is not None:
            self._join_timer.cancel()
            self._join_timer = None
        for member in self.members:
            if member.join_answer is None and member.instance_id is None:
                self._remove(member.id)
        if self.members and not self.members.elect():
            self._set_join_timer(self.members.rebalance_timeout_ms, self._complete_join)
            return
        self.generation += 1
        self._unsynced.clear()
        if not self.members:
            self.protocol_name = None
            self._find_subscribed()
            self._enter(GroupState.EMPTY)
            self._on_saved(self)
            return
        self.protocol_name = self.members.vote()
        self._find_subscribed()
        self._enter(GroupState.COMPLETING)
        for member in self.members:
            self._answer_join(member, self._joined(member))
            self.watch(member)
            member.is_new = False
            self._unsynced[member.id] = None
        self._sync_timer = self._timers.at(
            self._timers.clock.now_ms() + self.members.rebalance_timeout_ms, self._evict_unsynced
        )

    # -- assigning --------------------------------------------------------------------------

    def _assign(self, assignments: Mapping[str, bytes]) -> None:
        """The leader has decided: whom it forgot gets nothing."""
        self._enter(GroupState.STABLE)
        for member in self.members:
            member.assignment = assignments.get(member.id, b"")
            self._answer_sync(member, self._assigned(member))
        self._on_saved(self)

    def _synced(self, member: Member) -> None:
        self._unsynced.pop(member.id, None)
        if not self._unsynced:
            self._stop_waiting_for_syncs()

    def _stop_waiting_for_syncs(self) -> None:
        self._unsynced.clear()
        if self._sync_timer is not None:
            self._sync_timer.cancel()
            self._sync_timer = None

    def _evict_unsynced(self) -> None:
        """Who has joined and not asked for its assignment in time is out."""
        for member_id in list(self._unsynced):
            self._remove(member_id)
        self._prepare_rebalance()
        self._tell_all()

    # -- sessions and removal ---------------------------------------------------------------

    def watch(self, member: Member, timeout_ms: int | None = None) -> None:
        """Give a member a session timeout from now on, or another time until it is checked."""
        member.stop_timer()
        if timeout_ms is None:
            timeout_ms = member.session_timeout_ms
        member.session_timer = self._timers.at(
            self._timers.clock.now_ms() + timeout_ms, partial(self._session_over, member)
        )

    def _session_over(self, member: Member) -> None:
        """Who waits for an answer need not send heartbeats, unless it is new (see `members`)."""
        if member.is_waiting and not member.is_new:
            return
        self._dismiss(member)
        if self.state is GroupState.PREPARING:
            if self._all_joined():
                self._complete_join()
        else:
            self._prepare_rebalance()
        self._tell_all()

    def _forget_pending(self, member_id: str) -> None:
        """An id was given out, and nobody joined with it."""
        del self._pending[member_id]
        if self.state is GroupState.PREPARING and self._all_joined():
            self._complete_join()
        self._tell_all()

    def _dismiss(self, member: Member) -> None:
        """Remove a member; one that waits to join is told, so that it may come back as a new one.
        One that waits for its assignment is never answered, by no version of Kafka."""
        self._answer_join(member, JoinResult(ErrorCode.UNKNOWN_MEMBER_ID, ""))
        self._remove(member.id)

    def _remove(self, member_id: str) -> None:
        if member_id in self._pending:
            self._pending.pop(member_id).cancel()
        if member_id in self.members:
            self.members[member_id].stop_timer()
            self.members.remove(member_id)
            self._unsynced.pop(member_id, None)

    # -- answers ----------------------------------------------------------------------------

    def _enter(self, state: GroupState) -> None:
        self.state = state
        self.in_state_since_ms = self._timers.clock.now_ms()

    def _find_subscribed(self) -> None:
        name = self.protocol_name
        consumers = self.protocol_type == CONSUMER and not (self.members and name is None)
        self.subscribed = self.members.subscribed(name or "") if consumers else None

    def _joined(self, member: Member, *, describe: bool = True) -> JoinResult:
        """The current generation; its members for the leader, if it is to `describe` them."""
        leads = member.id == self.members.leader
        return JoinResult(
            ErrorCode.NONE,
            member.id,
            self.generation,
            self.protocol_type,
            self.protocol_name,
            self.members.leader or "",
            self.members.described(self.protocol_name or "") if leads and describe else (),
        )

    def _assigned(self, member: Member) -> SyncResult:
        return SyncResult(ErrorCode.NONE, self.protocol_type, self.protocol_name, member.assignment)

    def _answer_join(self, member: Member, result: JoinResult) -> None:
        if member.join_answer is not None:
            self._outbox.append(partial(member.join_answer, result))
            member.join_answer = None

    def _answer_sync(self, member: Member, result: SyncResult) -> None:
        """Also begin a new session, as heartbeats were not needed during the wait."""
        if member.sync_answer is not None:
            self._outbox.append(partial(member.sync_answer, result))
            member.sync_answer = None
            self.watch(member)

    def _tell_all(self) -> None:
        """Hand out answers when all is done: whoever gets one may ask for more at once."""
        while self._outbox:
            self._outbox.pop(0)()
