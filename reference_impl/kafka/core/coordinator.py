"""All groups of the broker, and what they committed.

Groups of the consumer protocol of KIP-848 and share groups are not served: who asks with
ConsumerGroupHeartbeat has its connection closed, and clients use the classic protocol instead.

Source: GroupCoordinatorService, GroupMetadataManager, OffsetMetadataManager.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from reference_impl.kafka.core.groups import Group, GroupState
from reference_impl.kafka.core.members import (
    GroupSettings,
    Identity,
    JoinAnswer,
    JoinRequest,
    SyncAnswer,
)
from reference_impl.kafka.core.offsets import Offset, Offsets, Partition
from reference_impl.kafka.core.producers import NO_PRODUCER_EPOCH
from reference_impl.kafka.core.store import MemoryStore
from reference_impl.kafka.core.subscriptions import CONSUMER
from reference_impl.kafka.core.topics import Topic, Topics
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.versions import KafkaDialect
from reference_impl.timers import Timer, Timers

MINUTE_MS = 60_000

FIRST_COMMIT_WITH_NOT_FOUND = 9
"""Version of OffsetCommit from which clients know GROUP_ID_NOT_FOUND."""


class GroupCoordinator:
    """Groups by id. What a client may not do raises Refused, with nothing changed.

    `new_id` returns 16 random octets, which name members. `store` is asked for each time.
    """

    def __init__(
        self,
        dialect: KafkaDialect,
        settings: GroupSettings,
        timers: Timers,
        topics: Topics,
        store: Callable[[], MemoryStore],
        new_id: Callable[[], bytes],
    ) -> None:
        self.settings = settings
        self.offsets = Offsets()
        self._dialect = dialect
        self._timers = timers
        self._topics = topics
        self._store = store
        self._new_id = new_id
        self._groups: dict[str, Group] = {}
        self._producer_epochs: dict[int, int] = {}
        """Of producers in transactions, as the logs of __consumer_offsets know them."""
        self._expiry: Timer | None = None

    def __iter__(self) -> Iterator[Group]:
        return iter(list(self._groups.values()))

    def find(self, group_id: str) -> Group | None:
        return self._groups.get(group_id)

    def create(self, group_id: str) -> Group:
        """Return the group of this id, which is new and empty if there was none."""
        group = self._groups.get(group_id)
        if group is None:
            group = Group(group_id, self.settings, self._timers, self._saved)
            self._groups[group_id] = group
            if self._expiry is None:
                self._plan_expiry()
        return group

    def forget(self, group_id: str) -> None:
        """Know nothing of a group, whose offsets stay. For a store."""
        group = self._groups.pop(group_id, None)
        if group is not None:
            group.close()

    def _saved(self, group: Group) -> None:
        self._store().group_saved(group)

    def _of_member(self, group_id: str) -> Group:
        """Raises Refused with INVALID_GROUP_ID or UNKNOWN_MEMBER_ID."""
        if not group_id:
            raise Refused(ErrorCode.INVALID_GROUP_ID)
        group = self._groups.get(group_id)
        if group is None:
            raise Refused(ErrorCode.UNKNOWN_MEMBER_ID)
        return group

    # -- membership -------------------------------------------------------------------------

    def join(self, group_id: str, request: JoinRequest, answer: JoinAnswer) -> None:
        """Join a group, which is created for a member without an id."""
        if not group_id:
            raise Refused(ErrorCode.INVALID_GROUP_ID)
        least_ms = self.settings.group_min_session_timeout_ms
        largest_ms = self.settings.group_max_session_timeout_ms
        if not least_ms <= request.session_timeout_ms <= largest_ms:
            raise Refused(ErrorCode.INVALID_SESSION_TIMEOUT)
        group = self._of_member(group_id) if request.member_id else self.create(group_id)
        group.join(request, self._new_member_id(request), answer)

    def _new_member_id(self, request: JoinRequest) -> str:
        """The client's name and a UUID, as Kafka writes it."""
        digits = self._new_id().hex()
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        name = request.client_id if request.instance_id is None else request.instance_id
        return f"{name}-{'-'.join(parts)}"

    def sync(
        self,
        group_id: str,
        who: Identity,
        protocol_type: str | None,
        protocol_name: str | None,
        assignments: Mapping[str, bytes],
        answer: SyncAnswer,
    ) -> None:
        """Ask for the assignment; see `Group.sync`."""
        group = self._of_member(group_id)
        group.sync(who, protocol_type, protocol_name, assignments, answer)

    def heartbeat(self, group_id: str, who: Identity) -> None:
        """Keep a session alive; see `Group.heartbeat`."""
        self._of_member(group_id).heartbeat(who)

    def leave(self, group_id: str, members: list[tuple[str, str | None]]) -> list[ErrorCode]:
        """Remove members, by their ids or by instance ids alone; return a code for each.

        The older coordinator goes on after each of them (GroupCoordinator.handleLeaveGroup), the
        newer one when all have gone. Raises Refused with INVALID_GROUP_ID.
        """
        try:
            group = self._of_member(group_id)
        except Refused as refused:
            if refused.code is ErrorCode.INVALID_GROUP_ID:
                raise
            return [refused.code for _ in members]
        codes = []
        somebody_left = False
        for member_id, instance_id in members:
            try:
                was_member = group.leave(member_id, instance_id)
            except Refused as refused:
                codes.append(refused.code)
                continue
            codes.append(ErrorCode.NONE)
            if self._dialect.new_group_coordinator:
                somebody_left = True
            else:
                group.left(rebalance=was_member)
        group.left(rebalance=somebody_left)
        return codes

    # -- offsets ----------------------------------------------------------------------------

    def commit(
        self, group_id: str, who: Identity, offsets: Mapping[Partition, Offset], version: int
    ) -> dict[Partition, ErrorCode]:
        """Commit offsets; return a code for each partition.

        A refusal of the group stands for all partitions that exist. `version` is OffsetCommit's.
        """
        codes = self.check_partitions(offsets)
        good = [partition for partition, code in codes.items() if code is ErrorCode.NONE]
        if not good:
            return codes
        try:
            group = self._committing(group_id, who, version)
            member = group.check_commit(who, transactional=False)
        except Refused as refused:
            return codes | dict.fromkeys(good, refused.code)
        if member is not None:
            group.watch(member)
        for partition in good:
            if self._is_too_long(offsets[partition]):
                codes[partition] = ErrorCode.OFFSET_METADATA_TOO_LARGE
            else:
                self.offsets.commit(group_id, partition, offsets[partition])
                self._store().offset_committed(group_id, partition, offsets[partition])
        return codes

    def stage_offsets(
        self,
        group_id: str,
        producer_id: int,
        producer_epoch: int,
        who: Identity,
        offsets: Mapping[Partition, Offset],
    ) -> dict[Partition, ErrorCode]:
        """Keep offsets that are committed with the producer's transaction; return a code for each
        partition. Raises Refused if the group or its member may not, or a fenced producer.

        The older coordinator makes a group even for somebody who claims to be a member of it.
        """
        if not group_id:
            raise Refused(ErrorCode.INVALID_GROUP_ID)
        codes = self.check_partitions(offsets)
        good = [partition for partition, code in codes.items() if code is ErrorCode.NONE]
        if not good:
            return codes
        group = self._groups.get(group_id)
        if group is None and self._dialect.new_group_coordinator:
            group = self._committing(group_id, who, version=0)
        elif group is None:
            group = self.create(group_id)
        group.check_commit(who, transactional=True)
        self.check_epoch(producer_id, producer_epoch)
        self._producer_epochs[producer_id] = producer_epoch
        for partition in good:
            if self._is_too_long(offsets[partition]):
                codes[partition] = ErrorCode.OFFSET_METADATA_TOO_LARGE
            else:
                self.offsets.stage(producer_id, group_id, partition, offsets[partition])
                self._store().offset_staged(producer_id, group_id, partition, offsets[partition])
        return codes

    def groups_in_transaction(self, producer_id: int, producer_epoch: int) -> list[str]:
        """The groups for which a producer staged offsets, in this epoch or a later one."""
        if producer_epoch > self._producer_epochs.get(producer_id, NO_PRODUCER_EPOCH):
            return []
        return self.offsets.groups_of(producer_id)

    def check_epoch(self, producer_id: int, producer_epoch: int) -> None:
        """Raise Refused when offsets or a marker of a newer epoch of this producer have come."""
        if producer_epoch < self._producer_epochs.get(producer_id, NO_PRODUCER_EPOCH):
            raise Refused(ErrorCode.INVALID_PRODUCER_EPOCH)

    def complete_transaction(self, producer_id: int, producer_epoch: int, commit: bool) -> None:
        """Make the offsets of a transaction count, or forget them: its marker is here."""
        self._producer_epochs[producer_id] = producer_epoch
        for group_id, partition, offset in self.offsets.complete(producer_id, commit):
            self.create(group_id)
            self._store().offset_committed(group_id, partition, offset)
        self._store().staged_offsets_ended(producer_id)

    def _committing(self, group_id: str, who: Identity, version: int) -> Group:
        """Return the group; one for a client that is no member, and so has no generation, is made.

        Raises Refused with ILLEGAL_GENERATION or, where clients know it, GROUP_ID_NOT_FOUND.
        """
        group = self._groups.get(group_id)
        if group is None and who.generation >= 0:
            newer = version >= FIRST_COMMIT_WITH_NOT_FOUND
            if newer and self._dialect.new_group_coordinator:
                raise Refused(ErrorCode.GROUP_ID_NOT_FOUND)
            raise Refused(ErrorCode.ILLEGAL_GENERATION)
        return self.create(group_id) if group is None else group

    def check_partitions(self, offsets: Mapping[Partition, Offset]) -> dict[Partition, ErrorCode]:
        """Return UNKNOWN_TOPIC_OR_PARTITION for what does not exist, NONE for the others."""
        codes = {}
        for name, index in offsets:
            topic = self._topics.find(name)
            known = topic is not None and 0 <= index < len(topic.partitions)
            codes[name, index] = ErrorCode.NONE if known else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        return codes

    def _is_too_long(self, offset: Offset) -> bool:
        """Java counts UTF-16 code units."""
        length = sum(2 if letter > "\uffff" else 1 for letter in offset.metadata)
        return length > self.settings.offset_metadata_max_bytes

    def delete_offset(self, group: Group, partition: Partition) -> None:
        """Forget an offset. Raises Refused with GROUP_SUBSCRIBED_TO_TOPIC.

        Call `offsets_deleted` after the last one.
        """
        if group.is_subscribed(partition[0]):
            raise Refused(ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC)
        self._forget(group.id, partition)

    def offsets_deleted(self, group: Group) -> None:
        """The older coordinator looks at once whether anything is left of the group."""
        if not self._dialect.new_group_coordinator:
            self._drop_if_over(group)

    def check_offsets_deletable(self, group_id: str) -> Group:
        """Return a group whose offsets may be deleted where nobody subscribes to their topics.

        Raises Refused with INVALID_GROUP_ID, GROUP_ID_NOT_FOUND or NON_EMPTY_GROUP.
        """
        if not group_id:
            raise Refused(ErrorCode.INVALID_GROUP_ID)
        group = self._groups.get(group_id)
        if group is None:
            raise Refused(ErrorCode.GROUP_ID_NOT_FOUND)
        if not group.is_empty and group.protocol_type != CONSUMER:
            raise Refused(ErrorCode.NON_EMPTY_GROUP)
        return group

    def _forget(self, group_id: str, partition: Partition) -> None:
        self.offsets.remove(group_id, partition)
        self._store().offset_deleted(group_id, partition)

    def topic_deleted(self, topic: Topic) -> None:
        """Forget all offsets of a topic."""
        for group_id, partition in self.offsets.partitions():
            if partition[0] == topic.name:
                self._forget(group_id, partition)
        for group in self:
            self.offsets_deleted(group)

    # -- the end of groups ------------------------------------------------------------------

    def delete(self, group_id: str) -> None:
        """Delete a group with its offsets. Raises Refused with GROUP_ID_NOT_FOUND or
        NON_EMPTY_GROUP."""
        group = self._groups.get(group_id)
        if group is None:
            raise Refused(ErrorCode.GROUP_ID_NOT_FOUND)
        if not group.is_empty:
            raise Refused(ErrorCode.NON_EMPTY_GROUP)
        for other_id, partition in self.offsets.partitions():
            if other_id == group_id:
                self._forget(group_id, partition)
        self._drop(group)

    def _drop(self, group: Group) -> None:
        group.close()
        del self._groups[group.id]
        self._store().group_deleted(group.id)

    def _drop_if_over(self, group: Group) -> None:
        """Delete a group that has neither members nor offsets."""
        if group.is_empty and not self.offsets.has_some(group.id):
            self._drop(group)

    def _plan_expiry(self) -> None:
        delay_ms = self.settings.offsets_retention_check_interval_ms
        self._expiry = self._timers.at(self._timers.clock.now_ms() + delay_ms, self._expire)

    def _expire(self) -> None:
        """Forget what is too old, and groups of which nothing is left."""
        for group in self:
            if _may_expire(group):
                self._expire_offsets(group)
            self._drop_if_over(group)
        self._expiry = None
        if self._groups:
            self._plan_expiry()

    def _expire_offsets(self, group: Group) -> None:
        now_ms = self._timers.clock.now_ms()
        retention_ms = self.settings.offsets_retention_minutes * MINUTE_MS
        for partition, offset in self.offsets.all_of(group.id).items():
            since_ms = offset.committed_ms
            if group.protocol_type is not None and group.is_empty:
                since_ms = group.in_state_since_ms
            due_ms = since_ms + retention_ms if offset.expires_ms is None else offset.expires_ms
            kept = group.is_subscribed(partition[0]) or self.offsets.is_pending(group.id, partition)
            if now_ms >= due_ms and not kept:
                self._forget(group.id, partition)


def _may_expire(group: Group) -> bool:
    """Whether offsets of a group may expire: of members as long as the broker knows what they
    subscribe to, and otherwise from when the group became empty, or from the commit."""
    if group.protocol_type is None or group.is_empty:
        return True
    consumers = group.protocol_type == CONSUMER and group.subscribed is not None
    return consumers and group.state is GroupState.STABLE
