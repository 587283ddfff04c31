"""Members with an instance id, which come back as who they were (KIP-345)."""

from conformance import expect
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.groups import LAST_JOIN_WITHOUT_SKIPPING, Group, Member
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement


def pair(kafka: KafkaTester, static_leads: bool) -> tuple[Group, Member, Member]:
    """A stable group of a static member, assigned b"static", and another, the first leading."""
    group = Group(kafka)
    static, other = group.member(instance_id=kafka.name("i")), group.member()
    first, second = (static, other) if static_leads else (other, static)
    first.join()
    second.ask_to_join()
    group.wait_for_members(2)
    first.ask_to_join()
    first.joined()
    second.joined()
    first.ask_to_sync({static.id: b"static", other.id: b"other"})
    second.ask_to_sync()
    for one in (first, second):
        expect_code(one.synced(), "NONE", "SyncGroup")
    return group, static, other


def replaced(static: Member) -> Member:
    """Somebody else with the same instance id."""
    return static.group.member(instance_id=static.instance_id)


@requirement("kafka.groups.static-needs-no-id")
def test_static_members_are_admitted_at_once(kafka: KafkaTester) -> None:
    member = Group(kafka).member(instance_id=kafka.name("i"))
    answer = member.join()
    (listed,) = answer.members
    expect.equal(listed.group_instance_id, member.instance_id, "instance id told to the leader")


@requirement("kafka.groups.static-comes-back")
def test_no_rebalance_for_who_comes_back(kafka: KafkaTester) -> None:
    for leads in (False, True):
        group, static, other = pair(kafka, leads)
        again = replaced(static)
        answer = again.join()
        about = "of a leader" if leads else "of a follower"
        expect.true(again.id != static.id, "another member id", again.id, about)
        expect.equal(answer.generation_id, static.generation, f"generation {about}")
        synced = again.sync()
        expect_code(synced, "NONE", f"SyncGroup {about}")
        expect.equal(bytes(synced.assignment), b"static", f"assignment {about}")
        expect.equal(other.heartbeat(), "NONE", "heartbeat of the other member")
        expect.equal(group.state, "Stable", "state of the group")


@requirement("kafka.groups.static-leader-skips")
def test_a_leader_that_comes_back_is_told_to_skip(kafka: KafkaTester) -> None:
    _, static, other = pair(kafka, static_leads=True)
    again = replaced(static)
    answer = again.join()
    expect.equal((answer.leader, answer.skip_assignment), (again.id, True), "leader and skipping")
    ids = [one.member_id for one in answer.members]
    expect.same_members(ids, [again.id, other.id], "members that the leader is told of")


@requirement("kafka.groups.static-old-leader-is-none")
def test_older_versions_are_told_the_old_leader(kafka: KafkaTester) -> None:
    _, static, _ = pair(kafka, static_leads=True)
    answer = replaced(static).join(LAST_JOIN_WITHOUT_SKIPPING)
    expect.equal(answer.leader, static.id, "leader")
    expect.equal(list(answer.members), [], "members")


@requirement("kafka.groups.static-fenced")
def test_who_was_replaced_is_fenced(kafka: KafkaTester) -> None:
    group, static, _ = pair(kafka, static_leads=False)
    partition = kafka.fresh()
    again = replaced(static)
    again.join()
    (leaving,) = group.leave([(static.id, static.instance_id)]).members
    codes = {
        "Heartbeat": static.heartbeat(),
        "SyncGroup": name_of(static.sync().error_code),
        "JoinGroup": name_of(static.call(static.join_request()).error_code),
        "LeaveGroup": name_of(leaving.error_code),
        "OffsetCommit": group.commit_one(partition, 1, member=static),
    }
    for name, code in codes.items():
        expect.equal(code, "FENCED_INSTANCE_ID", f"{name} of who was replaced")
    expect.equal(again.heartbeat(), "NONE", "heartbeat of who replaced it")


@requirement("kafka.groups.static-fenced-while-waiting")
def test_a_waiting_join_of_who_is_replaced_ends(kafka: KafkaTester) -> None:
    group = Group(kafka)
    (other,) = group.stable()
    static = group.member(instance_id=kafka.name("i"))
    static.ask_to_join()
    group.wait_for_members(2)
    again = replaced(static)
    again.ask_to_join()
    expect_code(static.join_answer(), "FENCED_INSTANCE_ID", "JoinGroup of who was replaced")
    other.ask_to_join()
    expect.equal(len(other.joined().members), 2, "members after the rebalance")
    again.joined()


@requirement("kafka.groups.static-changes-protocol")
def test_who_comes_back_with_other_protocols_makes_a_rebalance(kafka: KafkaTester) -> None:
    group = Group(kafka)
    static = group.member(instance_id=kafka.name("i"), protocols=[("range", b""), ("sticky", b"")])
    static.join()
    static.sync({})
    again = replaced(static)
    again.protocols = [("sticky", b""), ("range", b"")]
    answer = again.join()
    expect.equal(answer.generation_id, static.generation + 1, "generation")
    expect.equal(answer.protocol_name, "sticky", "protocol")


@requirement("kafka.groups.static-removed-by-instance")
def test_an_instance_is_removed_by_its_name(kafka: KafkaTester) -> None:
    group, static, other = pair(kafka, static_leads=False)
    (one,) = group.leave([("", static.instance_id)]).members
    expect_code(one, "NONE", "LeaveGroup by the instance id")
    expect.equal(static.heartbeat(), "UNKNOWN_MEMBER_ID", "heartbeat of who was removed")
    expect.equal(other.heartbeat(), "REBALANCE_IN_PROGRESS", "heartbeat of the other member")
