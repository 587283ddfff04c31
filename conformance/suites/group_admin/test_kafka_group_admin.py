"""Groups as administrators see, describe and delete them."""

import struct
from typing import Any

from hypothesis import strategies as st
from kafka.protocol.admin import DeleteGroupsRequest, ListGroupsRequest
from kafka.protocol.consumer import OffsetDeleteRequest

from conformance import expect
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.groups import DESCRIBE_GROUPS, LIST_GROUPS, NOTHING, Group
from conformance.drivers.kafka.messages import CLIENT_ID
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

FIRST_LIST_WITH_STATES, FIRST_LIST_WITH_TYPES = 4, 5
FIRST_DESCRIBE_WITH_NOT_FOUND = 6
STATES = ("Empty", "Stable", "CompletingRebalance")


def listed(
    kafka: KafkaTester, version: int, states: list[str] | None = None, types: Any = None
) -> dict[str, Any]:
    request = ListGroupsRequest(states_filter=states or [], types_filter=types or [])
    answer = kafka.call(request, version)
    expect_code(answer, "NONE", f"ListGroups v{version}")
    return {one.group_id: one for one in answer.groups}


def three_groups(kafka: KafkaTester) -> dict[str, str]:
    """The states of three groups of a protocol type of their own, by their ids."""
    empty, stable, completing = (Group(kafka, protocol_type="kit") for _ in STATES)
    empty.stable()[0].leave()
    stable.stable()
    completing.gather()
    return dict(zip((empty.id, stable.id, completing.id), STATES, strict=True))


@requirement("kafka.group-admin.list")
@holds_for(
    wanted=st.lists(st.sampled_from(STATES), unique=True),
    types=st.lists(st.sampled_from(["classic", "Classic", "consumer"]), unique=True),
    cost=4,
)
def test_groups_are_listed_by_state(
    kafka: KafkaTester, wanted: list[str], types: list[str]
) -> None:
    states = three_groups(kafka)
    for version in kafka.versions(LIST_GROUPS):
        by_state = version >= FIRST_LIST_WITH_STATES
        by_type = version >= FIRST_LIST_WITH_TYPES
        found = listed(kafka, version, wanted if by_state else None, types if by_type else None)
        shown = by_type and types == ["consumer"]
        expected = {
            group: state
            for group, state in states.items()
            if not shown and (not by_state or not wanted or state in wanted)
        }
        about = f"of our groups in version {version}"
        expect.same_members([one for one in found if one in states], list(expected), about)
        for group, state in expected.items():
            expect.equal(found[group].protocol_type, "kit", f"protocol type {about}")
            if by_state:
                expect.equal(found[group].group_state, state, f"state {about}")
            if by_type:
                expect.equal(found[group].group_type.lower(), "classic", f"type {about}")


@requirement("kafka.group-admin.list-committers")
def test_who_only_commits_is_listed(kafka: KafkaTester) -> None:
    group = Group(kafka)
    group.commit({kafka.fresh(): 1})
    version = kafka.best(LIST_GROUPS)
    one = listed(kafka, version).get(group.id)
    told = one and (one.protocol_type, one.group_state)
    expect.equal(told, ("", "Empty"), "protocol type and state")


@requirement("kafka.group-admin.describe")
@holds_for(count=st.integers(1, 3), cost=2)
def test_a_stable_group_is_described(kafka: KafkaTester, count: int) -> None:
    group = Group(kafka)
    members = group.stable(count, protocols=[("range", b"ra"), ("sticky", b"st")])
    for version in kafka.versions(DESCRIBE_GROUPS):
        described = group.describe(version)
        expect_code(described, "NONE", f"version {version}")
        told = described.group_state, described.protocol_type, described.protocol_data
        expect.equal(told, ("Stable", "consumer", "range"), f"state and protocol, v{version}")
        expect.same_members(
            [
                (one.member_id, one.client_id, bytes(one.member_metadata), assigned(one))
                for one in described.members
            ],
            [(one.id, CLIENT_ID, b"ra", b"%d" % n) for n, one in enumerate(members)],
            f"members in version {version}",
        )
        hosts = {one.client_host for one in described.members}
        expect.true(all(hosts), "the host of each member", hosts)


def assigned(described: Any) -> bytes:
    return bytes(described.member_assignment)


@requirement("kafka.group-admin.describe-unknown")
def test_an_unknown_group_is_dead(kafka: KafkaTester) -> None:
    group = Group(kafka)
    for version in kafka.versions(DESCRIBE_GROUPS):
        if version < FIRST_DESCRIBE_WITH_NOT_FOUND:
            described = group.describe(version)
            expect_code(described, "NONE", f"version {version}")
            told = described.group_state, list(described.members)
            expect.equal(told, ("Dead", []), f"state and members in version {version}")


@requirement("kafka.group-admin.describe-unknown-is-told")
def test_an_unknown_group_is_not_found(kafka: KafkaTester) -> None:
    group = Group(kafka)
    for version in kafka.versions(DESCRIBE_GROUPS, FIRST_DESCRIBE_WITH_NOT_FOUND):
        expect_code(group.describe(version), "GROUP_ID_NOT_FOUND", f"version {version}")


@requirement("kafka.group-admin.states")
def test_a_group_goes_through_its_states(kafka: KafkaTester) -> None:
    group = Group(kafka)
    (member,) = group.gather()
    expect.equal(group.state, "CompletingRebalance", "when all have joined")
    member.sync({})
    expect.equal(group.state, "Stable", "when the leader has synced")
    newcomer = group.member()
    newcomer.ask_to_join()
    group.wait_for_members(2)
    expect.equal(group.state, "PreparingRebalance", "when somebody joins")
    member.ask_to_join()
    newcomer.joined()
    member.joined()
    expect.equal(group.state, "CompletingRebalance", "when all have joined again")
    member.leave()
    newcomer.leave()
    expect.equal(group.state, "Empty", "when all have left")


def delete(kafka: KafkaTester, *groups: Group) -> dict[str, str]:
    """Delete groups; return the name of the error of each by its id."""
    answer = kafka.call(DeleteGroupsRequest(groups_names=[group.id for group in groups]))
    return {one.group_id: name_of(one.error_code) for one in answer.results}


@requirement("kafka.group-admin.delete")
def test_an_empty_group_goes_with_its_offsets(kafka: KafkaTester) -> None:
    group, other, partition = Group(kafka), Group(kafka), kafka.fresh()
    group.stable()[0].leave()
    for one in (group, other):
        one.commit({partition: 3})
    expect.equal(delete(kafka, group), {group.id: "NONE"}, "errors")
    expect.equal(group.committed_one(partition), NOTHING, "committed by the deleted group")
    expect.equal(other.committed_one(partition).offset, 3, "committed by another group")
    expect.equal(group.describe(5).group_state, "Dead", "state of the deleted group")


@requirement("kafka.group-admin.delete-refused")
def test_groups_are_deleted_one_by_one(kafka: KafkaTester) -> None:
    live, unknown, empty = (Group(kafka) for _ in range(3))
    (member,) = live.stable()
    empty.commit({kafka.fresh(): 1})
    codes = {live.id: "NON_EMPTY_GROUP", unknown.id: "GROUP_ID_NOT_FOUND", empty.id: "NONE"}
    expect.equal(delete(kafka, live, unknown, empty), codes, "errors")
    expect.equal(member.heartbeat(), "NONE", "heartbeat in the group that is not empty")


def delete_offsets(group: Group, partitions: list[Partition]) -> tuple[str, list[str]]:
    """Delete offsets; return the names of the group's error and of each partition's."""
    topic = OffsetDeleteRequest.OffsetDeleteRequestTopic
    entry = topic.OffsetDeleteRequestPartition
    topics: dict[str, Any] = {}
    for one in partitions:
        found = topics.setdefault(one.topic, topic(name=one.topic, partitions=[]))
        found.partitions.append(entry(partition_index=one.index))
    answer = group.tester.call(OffsetDeleteRequest(group_id=group.id, topics=[*topics.values()]))
    codes = {
        (found.name, one.partition_index): name_of(one.error_code)
        for found in answer.topics
        for one in found.partitions
    }
    return name_of(answer.error_code), [
        codes.get((one.topic, one.index), "no answer") for one in partitions
    ]


@requirement("kafka.group-admin.delete-offset")
def test_offsets_are_deleted_one_by_one(kafka: KafkaTester) -> None:
    group, gone, other = Group(kafka), kafka.fresh(), kafka.fresh()
    group.commit({gone: 1, other: 2})
    expect.equal(delete_offsets(group, [gone]), ("NONE", ["NONE"]), "errors")
    expect.equal(group.committed_one(gone), NOTHING, "committed for the named partition")
    expect.equal(group.committed_one(other).offset, 2, "offset of the other partition")


@requirement("kafka.group-admin.delete-offset-subscribed")
def test_offsets_of_subscribed_topics_stay(kafka: KafkaTester) -> None:
    group, (read,), (unread,) = Group(kafka), kafka.topic(), kafka.topic()
    group.commit({read: 1, unread: 2})
    group.stable(protocols=[("range", subscription(read.topic))])
    codes = delete_offsets(group, [read, unread])
    expect.equal(codes, ("NONE", ["GROUP_SUBSCRIBED_TO_TOPIC", "NONE"]), "errors")
    expect.equal(group.committed_one(read).offset, 1, "offset of the subscribed topic")
    expect.equal(group.committed_one(unread), NOTHING, "committed for the other topic")


def subscription(topic: str) -> bytes:
    """A consumer's metadata, version 0: one topic and no user data."""
    name = topic.encode()
    return struct.pack(">hih", 0, 1, len(name)) + name + struct.pack(">i", -1)


@requirement("kafka.group-admin.delete-offset-refused")
def test_offsets_need_a_group_of_consumers(kafka: KafkaTester) -> None:
    unknown, live, partition = Group(kafka), Group(kafka, protocol_type="kit"), kafka.fresh()
    live.commit({partition: 1})
    live.stable()
    expect.equal(delete_offsets(unknown, [partition])[0], "GROUP_ID_NOT_FOUND", "unknown group")
    expect.equal(delete_offsets(live, [partition])[0], "NON_EMPTY_GROUP", "live group")
    expect.equal(live.committed_one(partition).offset, 1, "committed offset")
