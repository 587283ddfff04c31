"""Who may join a group, and what those that have joined are told."""

from typing import Any

from hypothesis import strategies as st
from kafka.protocol.metadata import FindCoordinatorRequest

from conformance import expect
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.groups import (
    FIND_COORDINATOR,
    FIRST_JOIN_WITH_KNOWN_IDS,
    JOIN_GROUP,
    Group,
    Member,
    coordinator,
)
from conformance.drivers.kafka.tester import KafkaTester
from conformance.models.kafka_groups import in_common, winners
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

FIRST_FIND_WITH_TYPES, FIRST_FIND_WITH_KEYS = 1, 4
UNKNOWN_TYPES = (3, 7, -1)

PROTOCOLS = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4, unique=True)


def supporting(names: list[str], owner: str = "") -> list[tuple[str, bytes]]:
    """Protocols with metadata that tells whose and which it is."""
    return [(name, f"{owner}{name}".encode()) for name in names]


@requirement("kafka.groups.coordinator")
@holds_for(key=st.text(st.sampled_from("gä. /"), min_size=1, max_size=4))
def test_every_version_names_a_broker(kafka: KafkaTester, key: str) -> None:
    brokers = [(one.node_id, one.host, one.port) for one in kafka.metadata([]).brokers]
    group = Group(kafka, kafka.name() + key)
    for version in kafka.versions(FIND_COORDINATOR):
        found = coordinator(kafka, group.id, version)
        expect_code(found, "NONE", f"version {version}")
        node = found.node_id, found.host, found.port
        expect.true(node in brokers, f"one of {brokers}", node, f"version {version}")
        if version >= 4:
            expect.equal(found.key, group.id, f"key in version {version}")


@requirement("kafka.groups.member-id-required")
def test_who_has_no_id_is_given_one(kafka: KafkaTester) -> None:
    for version in kafka.versions(JOIN_GROUP, FIRST_JOIN_WITH_KNOWN_IDS):
        group, given = Group(kafka), set()
        for _ in range(3):
            answer = group.member().call(group.member().join_request(), version)
            expect_code(answer, "MEMBER_ID_REQUIRED", f"version {version}")
            expect.true(bool(answer.member_id), "a member id", "none", f"version {version}")
            given.add(answer.member_id)
        expect.equal(len(given), 3, f"different ids in version {version}")


@requirement("kafka.groups.joins-with-the-given-id")
def test_the_given_id_is_admitted(kafka: KafkaTester) -> None:
    for version in kafka.versions(JOIN_GROUP, FIRST_JOIN_WITH_KNOWN_IDS):
        member = Group(kafka).member()
        member.get_id(version)
        given = member.id
        answer = member.join(version)
        expect.equal((answer.member_id, answer.leader), (given, given), f"version {version}")


@requirement("kafka.groups.old-versions-join-at-once")
def test_old_versions_need_no_id(kafka: KafkaTester) -> None:
    for version in kafka.versions(JOIN_GROUP):
        if version < FIRST_JOIN_WITH_KNOWN_IDS:
            answer = Group(kafka).member().join(version)
            expect.equal(answer.leader, answer.member_id, f"leader in version {version}")


@requirement("kafka.groups.empty-id")
def test_a_group_needs_a_name(kafka: KafkaTester) -> None:
    member = Group(kafka).member()
    answer = member.call(member.join_request(group_id=""))
    expect_code(answer, "INVALID_GROUP_ID", "JoinGroup")
    member.id, member.generation, member.protocol_name = "somebody", 1, "range"
    answer = member.call(member.sync_request(group_id=""))
    expect_code(answer, "INVALID_GROUP_ID", "SyncGroup")
    expect.equal(member.heartbeat(group_id=""), "INVALID_GROUP_ID", "Heartbeat")
    member.group.id = ""
    expect_code(member.group.leave([("somebody", None)]), "INVALID_GROUP_ID", "LeaveGroup")


@requirement("kafka.groups.session-timeout")
def test_session_timeouts_have_limits(kafka: KafkaTester) -> None:
    for timeout_ms in (-1, 0, 1, 2**31 - 1):
        member = Group(kafka).member(session_timeout_ms=timeout_ms)
        answer = member.call(member.join_request())
        expect_code(answer, "INVALID_SESSION_TIMEOUT", f"{timeout_ms} ms")
        member.session_timeout_ms = 10_000
        member.join()


@requirement("kafka.groups.inconsistent-protocol")
@holds_for(present=st.lists(PROTOCOLS, min_size=1, max_size=2), wanted=PROTOCOLS)
def test_members_have_a_protocol_in_common(
    kafka: KafkaTester, present: list[list[str]], wanted: list[str]
) -> None:
    if len(present) == 2 and not in_common(present):
        present = present[:1]
    group = Group(kafka)
    first = group.member(protocols=supporting(present[0]))
    first.join()
    for names in present[1:]:
        group.member(protocols=supporting(names)).ask_to_join()
        group.wait_for_members(2)
    newcomer = group.member(protocols=supporting(wanted))
    answer = newcomer.call(newcomer.join_request())
    code = "MEMBER_ID_REQUIRED" if in_common([*present, wanted]) else "INCONSISTENT_GROUP_PROTOCOL"
    expect_code(answer, code, f"{wanted} joins {present}")


@requirement("kafka.groups.protocol-type")
def test_a_group_is_of_one_type(kafka: KafkaTester) -> None:
    group = Group(kafka)
    group.gather()
    wrong: tuple[dict[str, Any], ...] = (
        {"protocol_type": "connect"},
        {"protocol_type": ""},
        {"protocols": []},
    )
    for changes in wrong:
        newcomer = group.member()
        answer = newcomer.call(newcomer.join_request(**changes))
        expect_code(answer, "INCONSISTENT_GROUP_PROTOCOL", repr(changes))


@requirement("kafka.groups.unknown-member")
def test_nobody_can_make_up_an_id(kafka: KafkaTester) -> None:
    group = Group(kafka)
    expect_stranger_unknown(group, "of no group")
    group.stable()
    expect_stranger_unknown(group, "of a stable group")


def expect_stranger_unknown(group: Group, about: str) -> None:
    stranger = group.member()
    stranger.id, stranger.generation, stranger.protocol_name = "stranger", 1, "range"
    codes = {
        "JoinGroup": name_of(stranger.call(stranger.join_request()).error_code),
        "SyncGroup": name_of(stranger.sync().error_code),
        "Heartbeat": stranger.heartbeat(),
        "LeaveGroup": left(group, stranger),
    }
    for name, code in codes.items():
        expect.equal(code, "UNKNOWN_MEMBER_ID", f"{name} {about}")


def left(group: Group, member: Member) -> str:
    """The name of the error with which a member leaves."""
    (one,) = group.leave([(member.id, member.instance_id)]).members
    return name_of(one.error_code)


@requirement("kafka.groups.one-generation")
@holds_for(count=st.integers(1, 4), version=st.integers(0, 9), cost=2)
def test_all_are_told_the_same(kafka: KafkaTester, count: int, version: int) -> None:
    served = kafka.versions(JOIN_GROUP)
    version = min(max(version, served[0]), served[-1])
    group = Group(kafka)
    members = [group.member(protocols=[("p", b"%d" % n)]) for n in range(count)]
    members[0].join(version)
    for member in members[1:]:
        member.ask_to_join(version)
    group.wait_for_members(count)
    members[0].ask_to_join(version)
    answers = [member.joined() for member in members]
    told = {(one.generation_id, one.protocol_name, one.leader) for one in answers}
    expect.equal(len(told), 1, f"different generations among {told}")
    expect.equal(len({one.member_id for one in answers}), count, "different ids")
    lists = {one.member_id: listed(one) for one in answers}
    everybody = {member.id: b"%d" % n for n, member in enumerate(members)}
    expect.equal(lists.pop(answers[0].leader, None), everybody, "members told to the leader")
    expect.true(not any(lists.values()), "no members told to the others", lists)


def listed(answer: Any) -> dict[str, bytes]:
    return {one.member_id: bytes(one.metadata) for one in answer.members}


@requirement("kafka.groups.protocol-of-all")
@holds_for(supported=st.lists(PROTOCOLS, min_size=1, max_size=3), cost=2)
def test_the_protocol_is_voted_for(kafka: KafkaTester, supported: list[list[str]]) -> None:
    while not in_common(supported):
        supported = supported[:-1]
    expect_vote(kafka, supported)


@requirement("kafka.groups.protocol-of-all")
def test_the_leader_is_outvoted(kafka: KafkaTester) -> None:
    expect_vote(kafka, [["c", "a", "b"], ["b", "a"], ["b", "a"]])


def expect_vote(kafka: KafkaTester, supported: list[list[str]]) -> None:
    group = Group(kafka)
    members = [group.member(protocols=supporting(names)) for names in supported]
    members[0].join()
    for member in members[1:]:
        member.ask_to_join()
    group.wait_for_members(len(members))
    members[0].ask_to_join()
    possible = winners(supported)
    for answer in [member.joined() for member in members]:
        chosen = answer.protocol_name
        expect.true(chosen in possible, f"one of {sorted(possible)}", chosen, f"of {supported}")
        metadata = set(listed(answer).values()) or {chosen.encode()}
        expect.equal(metadata, {chosen.encode()}, "metadata told to the leader")


@requirement("kafka.groups.coordinator-of-what")
def test_coordinators_are_of_groups_and_transactions(kafka: KafkaTester) -> None:
    for version in kafka.versions(FIND_COORDINATOR, FIRST_FIND_WITH_TYPES):
        for key_type in UNKNOWN_TYPES:
            request = FindCoordinatorRequest(key="k", key_type=key_type, coordinator_keys=["k"])
            answer = kafka.call(request, version)
            found = answer.coordinators[0] if version >= FIRST_FIND_WITH_KEYS else answer
            expect_code(found, "INVALID_REQUEST", f"type {key_type}, version {version}")
