"""Offsets of groups and the end of groups (OFFS, GADM and TXN-27 to 33 of the catalogue)."""

from __future__ import annotations

import pytest

from reference_impl.kafka.core.members import Identity
from reference_impl.kafka.core.offsets import Offset
from reference_impl.kafka.errors import ErrorCode, Refused
from tests.reference_impl.kafka.core.group_clients import (
    GROUP,
    REBALANCE_MS,
    Client,
    GroupWorld,
    stable_group,
    subscription,
)

NOBODY = Identity()
T0, T1, U0 = ("t", 0), ("t", 1), ("u", 0)
DAY_MS = 86_400_000
PRODUCER = 7


@pytest.fixture
def world() -> GroupWorld:
    return GroupWorld()


def code_of(world: GroupWorld, group_id: str) -> ErrorCode:
    """Delete a group, and return the code."""
    try:
        world.groups.delete(group_id)
    except Refused as refused:
        return refused.code
    return ErrorCode.NONE


def expired(world: GroupWorld, ms: int) -> bool:
    """Whether the first offset is gone after this time."""
    world.advance(ms)
    return world.committed() == -1


# -- who may commit ---------------------------------------------------------------------------


def test_commit_of_nobody_makes_a_simple_group(world: GroupWorld) -> None:
    assert world.commit(NOBODY, 5) is ErrorCode.NONE
    assert world.commit(NOBODY, 3) is ErrorCode.NONE
    assert world.committed() == 3
    assert world.state == "Empty"
    assert world.group.protocol_type is None


@pytest.mark.parametrize(
    ("version", "commit_version", "code"),
    [
        ("3.9", 9, ErrorCode.ILLEGAL_GENERATION),
        ("4.3", 8, ErrorCode.ILLEGAL_GENERATION),
        ("4.3", 9, ErrorCode.GROUP_ID_NOT_FOUND),
    ],
)
def test_commit_of_a_member_of_no_group(version: str, commit_version: int, code: ErrorCode) -> None:
    world = GroupWorld(version)
    assert world.commit(Identity("m", 1), version=commit_version) is code
    assert world.state == "none"


def test_commit_of_members(world: GroupWorld) -> None:
    client = Client(world).join()
    assert world.commit(client.identity) is ErrorCode.REBALANCE_IN_PROGRESS
    client.sync()
    assert world.commit(client.identity) is ErrorCode.NONE
    assert world.commit(NOBODY) is ErrorCode.UNKNOWN_MEMBER_ID
    assert world.commit(Identity("nobody", 1)) is ErrorCode.UNKNOWN_MEMBER_ID
    assert world.commit(Identity(client.id, 0)) is ErrorCode.ILLEGAL_GENERATION
    assert world.commit(Identity(client.id, -1)) is ErrorCode.ILLEGAL_GENERATION
    assert world.commit(Identity(client.id, 1, "i")) is ErrorCode.UNKNOWN_MEMBER_ID
    client.protocols = (("range", subscription("u")),)
    Client(world).join()
    assert world.state == "PreparingRebalance"
    assert world.commit(client.identity) is ErrorCode.NONE


def test_commit_to_a_group_that_has_become_empty(world: GroupWorld) -> None:
    client = Client(world)
    stable_group(world, client)
    client.leave()
    assert world.commit(client.identity) is ErrorCode.UNKNOWN_MEMBER_ID
    assert world.commit(Identity(client.id, -1)) is ErrorCode.NONE


# -- what may be committed --------------------------------------------------------------------


def test_unknown_partitions_do_not_stop_the_others(world: GroupWorld) -> None:
    offsets = {one: Offset(1) for one in (T0, ("t", 2), ("t", -1), ("none", 0))}
    codes = world.groups.commit(GROUP, NOBODY, offsets, 8)
    unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert list(codes.values()) == [ErrorCode.NONE, unknown, unknown, unknown]
    assert world.groups.offsets.all_of(GROUP) == {T0: Offset(1)}


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ("x" * 4096, ErrorCode.NONE),
        ("x" * 4097, ErrorCode.OFFSET_METADATA_TOO_LARGE),
        ("\u00e4" * 4096, ErrorCode.NONE),
        ("\U0001f600" * 2048, ErrorCode.NONE),
        ("\U0001f600" * 2049, ErrorCode.OFFSET_METADATA_TOO_LARGE),
    ],
)
def test_metadata_is_limited_in_utf16_units(
    world: GroupWorld, metadata: str, code: ErrorCode
) -> None:
    offsets = {T0: Offset(1, metadata=metadata), T1: Offset(2)}
    assert world.groups.commit(GROUP, NOBODY, offsets, 8) == {T0: code, T1: ErrorCode.NONE}
    assert world.groups.offsets.get(GROUP, T1) == Offset(2)


# -- transactions -----------------------------------------------------------------------------


def stage(world: GroupWorld, offset: int, who: Identity = NOBODY, producer: int = PRODUCER) -> None:
    """Stage an offset of the first partition."""
    world.groups.stage_offsets(GROUP, producer, 0, who, {T0: Offset(offset)})


def test_offsets_of_a_transaction_count_when_it_is_committed(world: GroupWorld) -> None:
    world.commit(NOBODY, 1)
    stage(world, 9)
    offsets = world.groups.offsets
    assert world.committed() == 1
    assert offsets.is_pending(GROUP, T0)
    assert not offsets.is_pending(GROUP, T1) and not offsets.is_pending("other", T0)
    world.groups.complete_transaction(PRODUCER, 0, commit=True)
    assert world.committed() == 9
    assert not offsets.is_pending(GROUP, T0)


def test_offsets_of_an_aborted_transaction_are_dropped(world: GroupWorld) -> None:
    stage(world, 9)
    world.groups.complete_transaction(PRODUCER, 0, commit=False)
    world.groups.complete_transaction(PRODUCER, 0, commit=True)
    assert world.committed() == -1
    assert not world.groups.offsets.is_pending(GROUP, T0)


def test_the_later_commit_counts_whenever_the_transaction_ends(world: GroupWorld) -> None:
    stage(world, 9)
    stage(world, 20, producer=8)
    world.commit(NOBODY, 5)
    stage(world, 30, producer=9)
    world.groups.complete_transaction(9, 0, commit=True)
    world.groups.complete_transaction(8, 0, commit=True)
    world.groups.complete_transaction(PRODUCER, 0, commit=True)
    assert world.committed() == 30


def test_who_may_stage_offsets(world: GroupWorld) -> None:
    client = Client(world)
    stable_group(world, client)
    stage(world, 1)
    stage(world, 2, client.identity)
    for who, code in (
        (Identity(client.id, 0), ErrorCode.ILLEGAL_GENERATION),
        (Identity("nobody", 1), ErrorCode.UNKNOWN_MEMBER_ID),
        (Identity(client.id, 1, "i"), ErrorCode.UNKNOWN_MEMBER_ID),
    ):
        with pytest.raises(Refused) as error:
            stage(world, 3, who)
        assert error.value.code is code
    client.join()
    assert world.state == "CompletingRebalance"
    stage(world, 4, client.identity)


@pytest.mark.parametrize(
    ("version", "unknown"),
    [("3.9", ErrorCode.UNKNOWN_MEMBER_ID), ("4.3", ErrorCode.ILLEGAL_GENERATION)],
)
def test_stage_for_strange_groups_and_partitions(version: str, unknown: ErrorCode) -> None:
    groups = GroupWorld(version).groups
    for group_id, who, code in (
        ("", NOBODY, ErrorCode.INVALID_GROUP_ID),
        ("none", Identity("m", 1), unknown),
    ):
        with pytest.raises(Refused) as error:
            groups.stage_offsets(group_id, PRODUCER, 0, who, {T0: Offset(1)})
        assert error.value.code is code
    codes = groups.stage_offsets(
        GROUP, PRODUCER, 0, NOBODY, {T0: Offset(1, metadata="x" * 5000), ("none", 0): Offset(1)}
    )
    assert codes == {
        T0: ErrorCode.OFFSET_METADATA_TOO_LARGE,
        ("none", 0): ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    }
    assert groups.stage_offsets(GROUP, PRODUCER, 0, NOBODY, {("none", 0): Offset(1)}) == {
        ("none", 0): ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    }


def test_fenced_producer_stages_nothing(world: GroupWorld) -> None:
    world.groups.stage_offsets(GROUP, PRODUCER, 3, NOBODY, {T0: Offset(1)})
    with pytest.raises(Refused) as error:
        world.groups.stage_offsets(GROUP, PRODUCER, 2, NOBODY, {T0: Offset(2)})
    assert error.value.code is ErrorCode.INVALID_PRODUCER_EPOCH


def test_a_marker_fences_as_well(world: GroupWorld) -> None:
    world.groups.complete_transaction(PRODUCER, 4, commit=False)
    world.groups.check_epoch(PRODUCER, 4)
    with pytest.raises(Refused) as error:
        world.groups.check_epoch(PRODUCER, 3)
    assert error.value.code is ErrorCode.INVALID_PRODUCER_EPOCH


# -- deleting ---------------------------------------------------------------------------------


def test_only_empty_groups_can_be_deleted(world: GroupWorld) -> None:
    assert code_of(world, GROUP) is ErrorCode.GROUP_ID_NOT_FOUND
    client = Client(world)
    stable_group(world, client)
    world.commit(client.identity)
    assert code_of(world, GROUP) is ErrorCode.NON_EMPTY_GROUP
    client.leave()
    pending = Client(world)
    pending.ask_for_id()
    assert code_of(world, GROUP) is ErrorCode.NONE
    assert world.committed() == -1
    world.advance(REBALANCE_MS)
    assert pending.join().code is ErrorCode.UNKNOWN_MEMBER_ID


def test_pending_offsets_go_with_their_group(world: GroupWorld) -> None:
    stage(world, 9)
    assert code_of(world, GROUP) is ErrorCode.NONE
    world.groups.complete_transaction(PRODUCER, 0, commit=True)
    assert world.committed() == -1
    assert world.state == "none"


def test_offsets_of_subscribed_topics_stay(world: GroupWorld) -> None:
    client = Client(world)
    stable_group(world, client)
    world.commit(client.identity, partition=U0)
    group = world.groups.check_offsets_deletable(GROUP)
    with pytest.raises(Refused) as error:
        world.groups.delete_offset(group, T0)
    assert error.value.code is ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC
    world.groups.delete_offset(group, U0)
    assert world.committed(U0) == -1


@pytest.mark.parametrize(
    ("protocol_type", "metadata", "code"),
    [
        ("connect", b"", ErrorCode.NON_EMPTY_GROUP),
        ("consumer", b"\0", ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC),
        ("consumer", b"\0\0\0\0\0\1\0\5t", ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC),
        ("consumer", b"\0\0\0\0\0\1\0\1\xff", ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC),
        ("consumer", b"\0\0\0\0\0\0", ErrorCode.NONE),
    ],
)
def test_offsets_of_members_that_cannot_be_understood(
    world: GroupWorld, protocol_type: str, metadata: bytes, code: ErrorCode
) -> None:
    client = Client(world, protocols=(("p", metadata),), protocol_type=protocol_type)
    stable_group(world, client)
    answer = ErrorCode.NONE
    try:
        world.groups.delete_offset(world.groups.check_offsets_deletable(GROUP), T0)
    except Refused as refused:
        answer = refused.code
    assert answer is code


@pytest.mark.parametrize("group_id", ["", "none"])
def test_offsets_of_no_group_cannot_be_deleted(world: GroupWorld, group_id: str) -> None:
    with pytest.raises(Refused) as error:
        world.groups.check_offsets_deletable(group_id)
    expected = ErrorCode.GROUP_ID_NOT_FOUND if group_id else ErrorCode.INVALID_GROUP_ID
    assert error.value.code is expected


@pytest.mark.parametrize(("version", "state"), [("3.9", "none"), ("4.3", "Empty")])
def test_deleted_topic_takes_its_offsets_along(version: str, state: str) -> None:
    """3.9 forgets a group of which nothing is left at once, 4.3 with the next sweep."""
    world = GroupWorld(version)
    world.commit(NOBODY)
    stage(world, 9)
    topic = world.broker.topics.find("t")
    assert topic is not None
    world.broker.delete_topic(topic)
    assert world.state == state
    world.broker.create_topic("t", 1)
    world.groups.complete_transaction(PRODUCER, 0, commit=True)
    assert world.committed() == -1


# -- expiry -----------------------------------------------------------------------------------


def test_offsets_expire_after_the_group_became_empty(world: GroupWorld) -> None:
    client = Client(world, session_ms=1_800_000)
    stable_group(world, client)
    world.commit(client.identity)
    for _ in range(8 * 48):
        world.advance(client.session_ms - 1)
        client.heartbeat()
    client.leave()
    assert not expired(world, 7 * DAY_MS - 600_000)
    assert expired(world, 1_200_000)
    assert world.state == "none"


def test_offsets_of_simple_groups_expire_after_the_commit(world: GroupWorld) -> None:
    world.commit(NOBODY)
    assert not expired(world, 6 * DAY_MS)
    world.commit(NOBODY, 6, T1)
    assert expired(world, DAY_MS + 600_000)
    assert world.committed(T1) == 6


def test_pending_offsets_keep_a_group(world: GroupWorld) -> None:
    world.commit(NOBODY)
    stage(world, 9)
    assert not expired(world, 8 * DAY_MS)
    world.groups.complete_transaction(PRODUCER, 0, commit=False)
    assert expired(world, 600_000)


def test_offset_with_a_time_of_its_own(world: GroupWorld) -> None:
    now_ms = world.clock.now_ms()
    world.groups.commit(GROUP, NOBODY, {T0: Offset(1, expires_ms=now_ms + DAY_MS)}, 4)
    assert not expired(world, DAY_MS - 600_000)
    assert expired(world, 600_000)


def test_no_timer_stays_when_all_groups_are_gone(world: GroupWorld) -> None:
    """But those of topics, which look after all logs together."""
    world.advance(DAY_MS)
    alone = len(world.broker.timers)
    Client(world).ask_for_id()
    assert len(world.broker.timers) > alone
    world.advance(DAY_MS)
    assert world.state == "none"
    assert len(world.broker.timers) == alone


# -- leaving -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "code"), [("3.9", ErrorCode.NONE), ("4.3", ErrorCode.UNKNOWN_MEMBER_ID)]
)
def test_several_leave_one_by_one_or_together(version: str, code: ErrorCode) -> None:
    """The older coordinator begins the generation that waits only for the first to leave, with the
    second in it; the newer one looks when both have gone."""
    world = GroupWorld(version)
    first, second = Client(world), Client(world)
    stable_group(world, first, second)
    third = Client(world).join()
    second.join()
    assert world.groups.leave(GROUP, [(first.id, None), (second.id, None)]) == [ErrorCode.NONE] * 2
    assert second.code is code
    assert third.joined is not None
    assert third.joined.leader == (second.id or third.id)


def test_an_id_outlasts_members_that_leave_together() -> None:
    """The older coordinator waits for it as long as the second member would have had to join."""
    for version, state in (("3.9", "PreparingRebalance"), ("4.3", "Empty")):
        world = GroupWorld(version)
        first, second = Client(world), Client(world)
        stable_group(world, first, second)
        Client(world).ask_for_id()
        world.groups.leave(GROUP, [(first.id, None), (second.id, None)])
        world.advance(0)
        assert world.state == state
