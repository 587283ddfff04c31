"""Groups: joining, generations, assignments, sessions (GRP of the catalogue)."""

from __future__ import annotations

import pytest

from reference_impl.kafka.core.members import Identity
from reference_impl.kafka.errors import ErrorCode, Refused
from tests.reference_impl.kafka.core.group_clients import (
    GROUP,
    REBALANCE_MS,
    SESSION_MS,
    Client,
    GroupWorld,
    stable_group,
    subscription,
)

OTHER = (("range", subscription("u")),)


@pytest.fixture
def world() -> GroupWorld:
    return GroupWorld()


def two(world: GroupWorld) -> tuple[Client, Client]:
    first, second = Client(world, "first"), Client(world, "second")
    stable_group(world, first, second)
    return first, second


# -- joining ----------------------------------------------------------------------------------


def test_member_without_id_is_told_one_and_asks_again(world: GroupWorld) -> None:
    client = Client(world)
    member_id = client.ask_for_id()
    assert member_id.startswith("c-") and len(member_id) == len("c-") + 36
    assert world.state == "Empty"
    client.join()
    assert client.code is ErrorCode.NONE
    assert client.id == member_id
    assert client.generation == 1
    assert client.leads


def test_old_versions_are_let_in_at_once(world: GroupWorld) -> None:
    client = Client(world).join(known_id_required=False)
    assert client.code is ErrorCode.NONE and client.id


def test_only_the_leader_is_told_the_members(world: GroupWorld) -> None:
    first, second = two(world)
    assert first.joined is not None and second.joined is not None
    assert [member.member_id for member in first.joined.members] == [first.id, second.id]
    assert second.joined.members == ()
    for name in ("generation", "leader", "protocol_type", "protocol_name"):
        assert getattr(first.joined, name) == getattr(second.joined, name)


def test_empty_group_id(world: GroupWorld) -> None:
    with pytest.raises(Refused) as error:
        world.groups.heartbeat("", Identity("m", 1))
    assert error.value.code is ErrorCode.INVALID_GROUP_ID


@pytest.mark.parametrize(
    ("session_ms", "code"),
    [
        (5999, ErrorCode.INVALID_SESSION_TIMEOUT),
        (6000, ErrorCode.NONE),
        (1_800_000, ErrorCode.NONE),
        (1_800_001, ErrorCode.INVALID_SESSION_TIMEOUT),
    ],
)
def test_session_timeout_is_limited(world: GroupWorld, session_ms: int, code: ErrorCode) -> None:
    assert Client(world, session_ms=session_ms).join().code is code


def test_unknown_member_id(world: GroupWorld) -> None:
    client = Client(world)
    client.id = "nobody"
    assert client.join().code is ErrorCode.UNKNOWN_MEMBER_ID
    assert world.state == "none"
    Client(world).join()
    assert client.join().code is ErrorCode.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize(
    ("protocol_type", "protocols", "code"),
    [
        ("consumer", (("sticky", b""),), ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ("connect", OTHER, ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ("consumer", (), ErrorCode.INCONSISTENT_GROUP_PROTOCOL),
        ("consumer", (("sticky", b""), *OTHER), None),
    ],
)
def test_protocols_must_have_one_in_common(
    world: GroupWorld,
    protocol_type: str,
    protocols: tuple[tuple[str, bytes], ...],
    code: ErrorCode | None,
) -> None:
    Client(world).join()
    late = Client(world, protocols=protocols, protocol_type=protocol_type)
    assert late.join().code is code


@pytest.mark.parametrize(("protocol_type", "protocols"), [("", OTHER), ("consumer", ())])
def test_first_member_must_have_a_protocol(
    world: GroupWorld, protocol_type: str, protocols: tuple[tuple[str, bytes], ...]
) -> None:
    client = Client(world, protocols=protocols, protocol_type=protocol_type).join()
    assert client.code is ErrorCode.INCONSISTENT_GROUP_PROTOCOL


def test_members_vote(world: GroupWorld) -> None:
    """`a` is what most like best, but not all support it."""
    wishes = (("a", "b", "c"), ("a", "c", "b"), ("c", "b"))
    clients = [Client(world, protocols=tuple((name, b"") for name in wish)) for wish in wishes]
    stable_group(world, *clients)
    assert world.group.protocol_name == "c"


def test_initial_rebalance_waits_for_more(world: GroupWorld) -> None:
    world = GroupWorld(settings={"group.initial.rebalance.delay.ms": "3000"})
    first, second = Client(world).join(), Client(world)
    world.advance(2000)
    second.join()
    world.advance(2999)
    assert first.code is None
    world.advance(1001)
    assert first.code is second.code is ErrorCode.NONE
    assert first.generation == second.generation == 1


def test_initial_rebalance_does_not_wait_for_ever() -> None:
    """At most for a rebalance timeout, however many come."""
    world = GroupWorld(settings={"group.initial.rebalance.delay.ms": "3000"})
    first = Client(world, rebalance_ms=9000).join()
    for _ in range(8):
        Client(world, rebalance_ms=9000).join()
        world.advance(1500)
    assert first.code is ErrorCode.NONE


def test_group_is_full() -> None:
    world = GroupWorld(settings={"group.max.size": "2"})
    two(world)
    late = Client(world)
    assert late.join().code is ErrorCode.GROUP_MAX_SIZE_REACHED


# -- rebalancing ------------------------------------------------------------------------------


def test_join_waits_for_all_members(world: GroupWorld) -> None:
    first, second = two(world)
    third = Client(world).join()
    assert world.state == "PreparingRebalance"
    first.join()
    assert third.code is first.code is None
    second.join()
    assert third.code is first.code is second.code is ErrorCode.NONE
    assert {client.generation for client in (first, second, third)} == {3}


def test_who_does_not_join_in_time_is_out(world: GroupWorld) -> None:
    first, second = two(world)
    second.protocols = OTHER
    second.join()
    for _ in range(REBALANCE_MS // 5000):
        assert second.code is None
        assert first.heartbeat() is ErrorCode.REBALANCE_IN_PROGRESS
        world.advance(5000)
    assert second.code is ErrorCode.NONE
    assert second.leads
    assert first.heartbeat() is ErrorCode.UNKNOWN_MEMBER_ID


def test_who_joins_and_does_not_sync_in_time_is_out(world: GroupWorld) -> None:
    leader, follower = Client(world, "l").join(), Client(world, "f").join()
    leader.join()
    follower.sync()
    for _ in range(REBALANCE_MS // 5000):
        assert follower.synced is None
        assert leader.heartbeat() is ErrorCode.NONE
        world.advance(5000)
    assert follower.synced_code is ErrorCode.REBALANCE_IN_PROGRESS
    assert leader.heartbeat() is ErrorCode.UNKNOWN_MEMBER_ID
    assert follower.join().leads


def test_leader_that_joins_again_wants_a_rebalance(world: GroupWorld) -> None:
    first, second = two(world)
    assert second.join().code is ErrorCode.NONE
    assert second.generation == 2
    assert world.state == "Stable"
    first.join()
    assert world.state == "PreparingRebalance"
    second.join()
    assert first.generation == second.generation == 3


def test_join_that_missed_its_answer_is_told_it_again(world: GroupWorld) -> None:
    first, second = Client(world).join(), Client(world).join()
    first.join()
    assert world.state == "CompletingRebalance"
    told = first.joined, second.joined
    assert (first.join().joined, second.join().joined) == told


def test_changed_metadata_leads_to_a_rebalance(world: GroupWorld) -> None:
    _, second = two(world)
    second.protocols = OTHER
    assert second.join().code is None
    assert world.state == "PreparingRebalance"


def test_change_during_the_sync_cancels_it(world: GroupWorld) -> None:
    first, second = Client(world).join(), Client(world).join()
    first.join()
    second.sync()
    assert second.synced is None
    first.protocols = OTHER
    first.join()
    assert second.synced_code is ErrorCode.REBALANCE_IN_PROGRESS
    assert second.join().code is first.code is ErrorCode.NONE


def test_group_that_nobody_is_left_in(world: GroupWorld) -> None:
    client = Client(world)
    stable_group(world, client)
    world.commit(client.identity)
    assert client.leave() is ErrorCode.NONE
    assert world.state == "Empty"
    assert world.group.generation == 2
    assert world.committed() == 5
    again = Client(world)
    stable_group(world, again)
    assert again.generation == 3


# -- assignments ------------------------------------------------------------------------------


def test_whom_the_leader_forgets_gets_nothing(world: GroupWorld) -> None:
    first, second = Client(world, "f").join(), Client(world, "s").join()
    first.join()
    second.sync()
    first.sync({first.id: b"all", "stranger": b"some"})
    assert (first.assignment, second.assignment) == (b"all", b"")
    assert second.sync() is ErrorCode.NONE


def test_sync_in_the_wrong_moment(world: GroupWorld) -> None:
    first, second = two(world)
    assert first.sync(protocol_name="other") is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    first.generation -= 1
    assert first.sync() is ErrorCode.ILLEGAL_GENERATION
    first.generation += 2
    assert first.sync() is ErrorCode.ILLEGAL_GENERATION
    first.generation -= 1
    second.protocols = OTHER
    second.join()
    assert first.sync() is ErrorCode.REBALANCE_IN_PROGRESS
    first.id = "nobody"
    assert first.sync() is ErrorCode.UNKNOWN_MEMBER_ID


# -- sessions ---------------------------------------------------------------------------------


def test_silent_member_is_removed(world: GroupWorld) -> None:
    first, second = two(world)
    world.advance(SESSION_MS - 1)
    assert first.heartbeat() is ErrorCode.NONE
    world.advance(1)
    assert first.heartbeat() is ErrorCode.REBALANCE_IN_PROGRESS
    assert second.heartbeat() is ErrorCode.UNKNOWN_MEMBER_ID
    assert first.join().code is ErrorCode.NONE
    assert first.generation == 3


def test_commits_keep_a_session_alive(world: GroupWorld) -> None:
    client = Client(world)
    stable_group(world, client)
    for _ in range(5):
        world.advance(SESSION_MS - 1)
        assert world.commit(client.identity) is ErrorCode.NONE
    assert client.heartbeat() is ErrorCode.NONE


def test_heartbeat_of_strangers(world: GroupWorld) -> None:
    client = Client(world)
    stable_group(world, client)
    client.generation += 1
    assert client.heartbeat() is ErrorCode.ILLEGAL_GENERATION
    client.id = "nobody"
    assert client.heartbeat() is ErrorCode.UNKNOWN_MEMBER_ID


def test_member_that_waits_need_not_send_heartbeats(world: GroupWorld) -> None:
    first, second = two(world)
    second.protocols = OTHER
    second.join()
    for _ in range(5):
        world.advance(5000)
        first.heartbeat()
    assert first.join().code is second.code is ErrorCode.NONE


def test_new_member_that_nobody_lets_in_is_given_up(world: GroupWorld) -> None:
    """After five minutes, as it cannot have gone on in another way."""
    first = Client(world, rebalance_ms=600_000)
    stable_group(world, first)
    new = Client(world, rebalance_ms=600_000).join()
    for _ in range(59):
        world.advance(5000)
        first.heartbeat()
    assert new.code is None
    world.advance(5000)
    assert new.code is ErrorCode.UNKNOWN_MEMBER_ID


def test_id_that_nobody_uses_does_not_block_the_group(world: GroupWorld) -> None:
    first = Client(world)
    stable_group(world, first)
    Client(world).ask_for_id()
    first.join()
    assert first.code is None
    world.advance(SESSION_MS)
    assert first.code is ErrorCode.NONE


@pytest.mark.parametrize(("version", "state"), [("3.9", "Stable"), ("4.3", "PreparingRebalance")])
def test_id_that_nobody_used_leaves(version: str, state: str) -> None:
    world = GroupWorld(version)
    stable_group(world, Client(world))
    pending = Client(world)
    pending.ask_for_id()
    assert pending.leave() is ErrorCode.NONE
    assert world.state == state
    assert pending.join().code is ErrorCode.UNKNOWN_MEMBER_ID


def test_leaving_is_heard_at_once(world: GroupWorld) -> None:
    first, second = two(world)
    assert second.leave() is ErrorCode.NONE
    assert second.leave() is ErrorCode.UNKNOWN_MEMBER_ID
    assert first.heartbeat() is ErrorCode.REBALANCE_IN_PROGRESS
    assert first.join().generation == 3


def test_who_is_removed_while_it_waits(world: GroupWorld) -> None:
    """A join is answered; a sync is not, and its client gives it up after a while."""
    first, second = Client(world).join(), Client(world).join()
    first.join()
    second.sync()
    assert world.groups.leave(GROUP, [(second.id, None)]) == [ErrorCode.NONE]
    assert second.synced_code is None
    third = Client(world).join()
    assert third.code is None
    assert third.leave() is ErrorCode.NONE
    assert third.code is ErrorCode.UNKNOWN_MEMBER_ID


# -- static members ---------------------------------------------------------------------------


def static_two(world: GroupWorld) -> tuple[Client, Client]:
    first, second = Client(world, "first", "i"), Client(world, "second", "j")
    stable_group(world, first, second)
    return first, second


def test_static_member_needs_no_id_and_comes_back_without_a_rebalance(world: GroupWorld) -> None:
    _, second = static_two(world)
    assert second.id.startswith("j-")
    again = Client(world, "again", "j").join()
    assert again.code is ErrorCode.NONE
    assert again.id != second.id
    assert again.generation == second.generation
    assert again.sync() is ErrorCode.NONE
    assert again.assignment == b"second"
    assert again.heartbeat() is ErrorCode.NONE
    assert second.heartbeat() is ErrorCode.FENCED_INSTANCE_ID
    assert second.sync() is ErrorCode.FENCED_INSTANCE_ID
    assert second.join().code is ErrorCode.FENCED_INSTANCE_ID
    assert second.leave() is ErrorCode.FENCED_INSTANCE_ID
    assert world.commit(second.identity) is ErrorCode.FENCED_INSTANCE_ID


@pytest.mark.parametrize("can_skip_assignment", [True, False])
def test_leader_that_comes_back(world: GroupWorld, can_skip_assignment: bool) -> None:
    """It hears that it leads and has nothing to assign; older ones hear of the leader before."""
    first, second = static_two(world)
    again = Client(world, "again", "i").join(can_skip_assignment=can_skip_assignment)
    assert again.joined is not None
    assert again.joined.skip_assignment == can_skip_assignment
    if can_skip_assignment:
        assert again.leads
        assert [one.member_id for one in again.joined.members] == [again.id, second.id]
    else:
        assert again.joined.leader == first.id
        assert again.joined.members == ()


def test_static_member_with_another_protocol_leads_to_a_rebalance(world: GroupWorld) -> None:
    both = (("a", b""), ("b", b""))
    first = Client(world, "first", "i", both)
    second = Client(world, "second", "j", both)
    stable_group(world, first, second)
    again = Client(world, "again", "j", both[1:]).join()
    assert again.code is None
    assert world.state == "PreparingRebalance"


def test_static_member_that_comes_back_during_the_sync(world: GroupWorld) -> None:
    first, second = Client(world, "f", "i").join(), Client(world, "s", "j").join()
    first.join()
    second.sync()
    again = Client(world, "again", "j").join()
    assert second.synced_code is ErrorCode.FENCED_INSTANCE_ID
    assert again.code is None
    assert first.join().code is again.code is ErrorCode.NONE


def test_two_that_join_with_one_instance_id(world: GroupWorld) -> None:
    stable_group(world, first := Client(world))
    one = Client(world, "one", "i").join()
    other = Client(world, "other", "i").join()
    assert one.code is ErrorCode.FENCED_INSTANCE_ID
    assert first.join().code is other.code is ErrorCode.NONE


def test_static_member_stays_until_its_session_ends(world: GroupWorld) -> None:
    first, second = static_two(world)
    first.join()
    world.advance(REBALANCE_MS // 5)
    second.heartbeat()
    world.advance(SESSION_MS)
    assert second.id not in world.group.members
    assert first.code is ErrorCode.NONE


def test_rebalance_timeout_keeps_static_members_that_are_alive(world: GroupWorld) -> None:
    first, second = static_two(world)
    first.join()
    for _ in range(REBALANCE_MS // 5000):
        second.heartbeat()
        world.advance(5000)
    assert first.code is ErrorCode.NONE
    assert first.joined is not None and len(first.joined.members) == 2


def test_administrator_removes_by_instance_id(world: GroupWorld) -> None:
    static_two(world)
    codes = world.groups.leave(GROUP, [("", "j"), ("", "nobody"), ("", None), ("x", None)])
    assert codes == [ErrorCode.NONE] + [ErrorCode.UNKNOWN_MEMBER_ID] * 3
    assert len(world.group.members) == 1
    assert world.state == "PreparingRebalance"


def test_pending_id_cannot_become_static(world: GroupWorld) -> None:
    client = Client(world)
    client.ask_for_id()
    client.instance_id = "i"
    assert client.join().code is ErrorCode.UNKNOWN_SERVER_ERROR


# -- what a store gives back ------------------------------------------------------------------


def test_restored_group_goes_on(world: GroupWorld) -> None:
    client = Client(world, "first", "i")
    stable_group(world, client)
    member = world.group.members[client.id]
    other = GroupWorld()
    group = other.groups.create(GROUP)
    from_store = member.as_request(), member.assignment
    group.restore(1, "consumer", "range", client.id, {client.id: from_store})
    client.world = other
    assert other.state == "Stable"
    assert group.is_subscribed("t") and not group.is_subscribed("u")
    assert client.heartbeat() is ErrorCode.NONE
    assert client.sync() is ErrorCode.NONE
    assert client.assignment == b"first"
    other.advance(SESSION_MS)
    assert other.state == "Empty"
