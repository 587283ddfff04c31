"""How a group goes from one generation to the next, and who stays in it."""

import time

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.groups import Group, Member
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

SESSIONS_MS = 2000, 6000
"""Short, for a broker that admits it, and the shortest that one with usual settings admits."""
LONGER_MS = 1000
SHORT_MS = 400
"""A rebalance that is waited for."""
CLOCKS_S = 0.005
WAITED_S = 5.0
"""How long what is due at once is waited for."""
LATE_S = 2.5
"""By how much a session may be too long on a slow machine: less than the session."""


def shortest_session_ms(kafka: KafkaTester) -> int:
    """A session that is not worth waiting longer for."""
    member = Group(kafka).member(session_timeout_ms=SESSIONS_MS[0])
    answer = member.call(member.join_request())
    return SESSIONS_MS[name_of(answer.error_code) == "INVALID_SESSION_TIMEOUT"]


def preparing(kafka: KafkaTester, count: int = 1) -> tuple[Group, list[Member], Member]:
    """A group that waits for its members, as a newcomer has asked to join; members and newcomer."""
    group = Group(kafka)
    members = group.stable(count)
    newcomer = group.member()
    newcomer.ask_to_join()
    group.wait_for_members(count + 1)
    return group, members, newcomer


@requirement("kafka.groups.next-generation")
@holds_for(changes=st.lists(st.booleans(), min_size=1, max_size=4), cost=2)
def test_generations_count_rebalances(kafka: KafkaTester, changes: list[bool]) -> None:
    group = Group(kafka)
    members = [group.member()]
    generation = members[0].join().generation_id
    for more in changes:
        expect_code(members[0].sync({}), "NONE", "SyncGroup")
        present = members
        if more or len(members) == 1:
            newcomer = group.member()
            newcomer.ask_to_join()
            members = [*present, newcomer]
            group.wait_for_members(len(members))
        else:
            members[-1].leave()
            present = members = members[:-1]
        for member in present:
            member.ask_to_join()
        generation += 1
        told = {member.joined().generation_id for member in members}
        expect.equal(told, {generation}, "generations of the members")


@requirement("kafka.groups.join-waits-for-all")
@holds_for(count=st.integers(1, 3), cost=2)
def test_nobody_is_left_behind(kafka: KafkaTester, count: int) -> None:
    _, members, newcomer = preparing(kafka, count)
    for member in members:
        expect.equal(member.heartbeat(), "REBALANCE_IN_PROGRESS", "heartbeat before joining")
        member.ask_to_join()
    answers = [one.joined() for one in [*members, newcomer]]
    expect.equal(len({one.generation_id for one in answers}), 1, "generations")
    expect.equal(len(answers[0].members), count + 1, "members that the leader is told of")


@requirement("kafka.groups.late-member")
def test_who_does_not_join_in_time_is_out(kafka: KafkaTester) -> None:
    group = Group(kafka)
    late = group.stable(rebalance_timeout_ms=SHORT_MS)[0]
    newcomer = group.member(rebalance_timeout_ms=SHORT_MS)
    newcomer.get_id()
    began_s = time.monotonic()
    answer = newcomer.join()
    waited_s = time.monotonic() - began_s
    expect.at_least(waited_s, SHORT_MS / 1000 - CLOCKS_S, "seconds until the join was answered")
    expect.at_most(waited_s, SHORT_MS / 1000 + WAITED_S, "seconds until the join was answered")
    expect.equal([one.member_id for one in answer.members], [newcomer.id], "members")
    expect.equal(late.heartbeat(), "UNKNOWN_MEMBER_ID", "heartbeat of the late member")


@requirement("kafka.groups.assignments")
@holds_for(
    assigned=st.lists(st.none() | st.binary(max_size=3), min_size=1, max_size=4),
    last=st.booleans(),
    cost=2,
)
def test_each_gets_its_own(kafka: KafkaTester, assigned: list[bytes | None], last: bool) -> None:
    members = Group(kafka).gather(len(assigned))
    leader, *followers = members
    given = {
        member.id: octets
        for member, octets in zip(members, assigned, strict=True)
        if octets is not None
    }
    if last:
        for member in followers:
            member.ask_to_sync()
    leader.ask_to_sync(given)
    if not last:
        for member in followers:
            member.ask_to_sync()
    for member, octets in zip(members, assigned, strict=True):
        answer = member.synced()
        expect_code(answer, "NONE", f"SyncGroup of {member!r}")
        expect.equal(bytes(answer.assignment), octets or b"", "assignment")


@requirement("kafka.groups.sync-again")
def test_a_stable_group_repeats_the_assignment(kafka: KafkaTester) -> None:
    for number, member in enumerate(Group(kafka).stable(2)):
        answer = member.sync({member.id: b"another"})
        expect_code(answer, "NONE", "SyncGroup")
        expect.equal(bytes(answer.assignment), b"%d" % number, "assignment")


@requirement("kafka.groups.sync-during-rebalance")
def test_no_sync_while_members_join(kafka: KafkaTester) -> None:
    _, (member,), newcomer = preparing(kafka)
    expect_code(member.sync({member.id: b"too late"}), "REBALANCE_IN_PROGRESS")
    member.join()
    newcomer.joined()


@requirement("kafka.groups.sync-interrupted")
def test_waiting_syncs_end_with_the_generation(kafka: KafkaTester) -> None:
    group = Group(kafka)
    _, follower = group.gather(2)
    follower.ask_to_sync()
    newcomer = group.member()
    newcomer.ask_to_join()
    expect_code(follower.synced(), "REBALANCE_IN_PROGRESS", "SyncGroup of the follower")


@requirement("kafka.groups.wrong-generation")
@holds_for(wrong=st.sampled_from([-1, 0, 1, 100]))
def test_another_generation_is_refused(kafka: KafkaTester, wrong: int) -> None:
    (member,) = Group(kafka).gather()
    generation = member.generation + (wrong if wrong else -1 - member.generation)
    answer = member.sync({}, generation_id=generation)
    expect_code(answer, "ILLEGAL_GENERATION", "SyncGroup")
    code = member.heartbeat(generation_id=generation)
    expect.equal(code, "ILLEGAL_GENERATION", "Heartbeat")


@requirement("kafka.groups.sync-other-protocol")
def test_the_protocol_of_a_sync_must_be_the_chosen_one(kafka: KafkaTester) -> None:
    (member,) = Group(kafka).gather()
    for changes in ({"protocol_name": "other"}, {"protocol_type": "other"}):
        answer = member.sync({}, **changes)
        expect_code(answer, "INCONSISTENT_GROUP_PROTOCOL", repr(changes))


@requirement("kafka.groups.unsynced-member")
def test_who_does_not_sync_in_time_is_out(kafka: KafkaTester) -> None:
    group = Group(kafka)
    leader, follower = group.gather(2, rebalance_timeout_ms=SHORT_MS)
    expect_code(leader.sync({}), "NONE", "SyncGroup of the leader")
    leader.wait_for_rebalance(SHORT_MS / 1000 + WAITED_S)
    expect.equal(len(leader.join().members), 1, "members after the rebalance")
    expect.equal(follower.heartbeat(), "UNKNOWN_MEMBER_ID", "heartbeat of who did not sync")


@requirement("kafka.groups.heartbeat")
def test_a_heartbeat_tells_of_a_rebalance(kafka: KafkaTester) -> None:
    group = Group(kafka)
    (member,) = group.gather()
    expect.equal(member.heartbeat(), "NONE", "while assignments are made")
    member.sync({})
    for _ in range(2):
        expect.equal(member.heartbeat(), "NONE", "in a stable group")
    newcomer = group.member()
    newcomer.ask_to_join()
    group.wait_for_members(2)
    for _ in range(2):
        expect.equal(member.heartbeat(), "REBALANCE_IN_PROGRESS", "during a rebalance")


@requirement("kafka.groups.heartbeat-of-empty-group")
def test_nobody_is_alive_in_an_empty_group(kafka: KafkaTester) -> None:
    (member,) = Group(kafka).stable()
    member.leave()
    expect.equal(member.heartbeat(), "UNKNOWN_MEMBER_ID", "heartbeat after leaving")


@requirement("kafka.groups.session-ends")
def test_who_is_silent_is_removed(kafka: KafkaTester) -> None:
    """Who is alive would have to go first, did its heartbeats not count."""
    group = Group(kafka)
    shortest_ms = shortest_session_ms(kafka)
    session_s = (shortest_ms + LONGER_MS) / 1000
    alive = group.member(session_timeout_ms=shortest_ms)
    silent = group.member(session_timeout_ms=shortest_ms + LONGER_MS)
    began_s = time.monotonic()
    group.assign(group.join_all([alive, silent]))
    silent_s = time.monotonic()
    alive.wait_for_rebalance(session_s + WAITED_S)
    now_s = time.monotonic()
    expect.at_least(now_s - began_s, session_s - CLOCKS_S, "seconds of the session")
    expect.at_most(now_s - silent_s, session_s + LATE_S, "seconds of the session")
    expect.equal(len(alive.join().members), 1, "members after the rebalance")
    expect.equal(silent.heartbeat(), "UNKNOWN_MEMBER_ID", "heartbeat of the silent member")


@requirement("kafka.groups.unused-id")
def test_an_id_that_nobody_uses_is_forgotten(kafka: KafkaTester) -> None:
    group = Group(kafka)
    (member,) = group.stable()
    session_ms = shortest_session_ms(kafka)
    group.member(session_timeout_ms=session_ms).get_id()
    newcomer = group.member()
    newcomer.ask_to_join()
    member.wait_for_rebalance()
    member.ask_to_join()
    member.raw.answer_within_s = newcomer.raw.answer_within_s = session_ms / 1000 + WAITED_S
    expect.equal(len(member.joined().members), 2, "members after the rebalance")
    newcomer.joined()


@requirement("kafka.groups.leave")
@holds_for(gone=st.integers(0, 2), cost=2)
def test_who_leaves_is_gone_at_once(kafka: KafkaTester, gone: int) -> None:
    group = Group(kafka)
    members = group.stable(3)
    leaving = members.pop(gone)
    leaving.leave()
    expect.equal(leaving.heartbeat(), "UNKNOWN_MEMBER_ID", "heartbeat after leaving")
    for member in members:
        expect.equal(member.heartbeat(), "REBALANCE_IN_PROGRESS", "heartbeat of the others")
        member.ask_to_join()
    lists = [answer.members for answer in [member.joined() for member in members]]
    expect.equal(sum(map(len, lists)), 2, "members that the leader is told of")


@requirement("kafka.groups.leave-several")
def test_several_leave_with_a_code_each(kafka: KafkaTester) -> None:
    group = Group(kafka)
    dynamic, static = group.stable(1)[0], group.member(instance_id=kafka.name("i"))
    static.ask_to_join()
    dynamic.wait_for_rebalance()
    dynamic.ask_to_join()
    dynamic.joined()
    static.joined()
    leaving = [
        ("stranger", None),
        ("stranger", static.instance_id),
        ("", "nobody"),
        ("", static.instance_id),
        (dynamic.id, None),
    ]
    told = group.leave(leaving).members
    expect.equal(
        [(one.member_id, one.group_instance_id, name_of(one.error_code)) for one in told],
        [
            ("stranger", None, "UNKNOWN_MEMBER_ID"),
            ("stranger", static.instance_id, "FENCED_INSTANCE_ID"),
            ("", "nobody", "UNKNOWN_MEMBER_ID"),
            ("", static.instance_id, "NONE"),
            (dynamic.id, None, "NONE"),
        ],
        "members that leave",
    )
    expect.equal(group.state, "Empty", "state of the group")


@requirement("kafka.groups.leader-joins-again")
def test_a_leader_makes_a_rebalance(kafka: KafkaTester) -> None:
    leader, follower = Group(kafka).stable(2)
    leader.ask_to_join()
    follower.wait_for_rebalance()
    follower.ask_to_join()
    before = leader.generation
    expect.equal(
        (leader.joined().generation_id, follower.joined().generation_id),
        (before + 1, before + 1),
        "generations",
    )


@requirement("kafka.groups.follower-joins-again")
def test_a_follower_that_changes_nothing_is_told_the_same(kafka: KafkaTester) -> None:
    leader, follower = Group(kafka).stable(2)
    answer = follower.join()
    expect.equal(answer.generation_id, leader.generation, "generation")
    expect.equal(leader.heartbeat(), "NONE", "heartbeat of the leader")


@requirement("kafka.groups.changed-metadata")
@holds_for(who=st.integers(0, 1), cost=2)
def test_a_changed_subscription_makes_a_rebalance(kafka: KafkaTester, who: int) -> None:
    members = Group(kafka, protocol_type="any").stable(2)
    changing, other = members[who], members[1 - who]
    changing.protocols = [("range", b"changed")]
    changing.ask_to_join()
    other.wait_for_rebalance()
    other.ask_to_join()
    lists = [one.joined().members for one in members]
    metadata = [bytes(one.metadata) for one in lists[0] + lists[1]]
    expect.same_members(metadata, [b"", b"changed"], "metadata that the leader is told")
