"""The APIs of groups and their offsets, in all versions."""

from __future__ import annotations

from typing import Any

import pytest

from reference_impl.kafka.errors import ErrorCode
from reference_impl.kafka.wire.versions import API_KEYS, SERVED
from tests.reference_impl.kafka.apis.raw_client import RawClient
from tests.reference_impl.kafka.core.group_clients import GROUP, GroupWorld, subscription

NO_ERROR, UNKNOWN_MEMBER = ErrorCode.NONE, ErrorCode.UNKNOWN_MEMBER_ID


@pytest.fixture(params=["3.9", "4.3"])
def world(request: pytest.FixtureRequest) -> GroupWorld:
    return GroupWorld(request.param)


@pytest.fixture
def client(world: GroupWorld) -> RawClient:
    return RawClient(world.broker)


def versions(world: GroupWorld, api: str) -> range:
    return SERVED[world.broker.dialect.version][API_KEYS[api]]


def join(client: RawClient, version: int = 7, member_id: str = "", **given: Any) -> dict[str, Any]:
    """Ask to join, alone."""
    body = {
        "group_id": GROUP,
        "session_timeout_ms": 10_000,
        "rebalance_timeout_ms": 30_000,
        "member_id": member_id,
        "protocol_type": "consumer",
        "protocols": [{"name": "range", "metadata": subscription("t")}],
    } | given
    if version == 0:
        del body["rebalance_timeout_ms"]
    return client.ask("JoinGroup", version, **body)


def member(client: RawClient, **given: Any) -> tuple[str, int]:
    """Join alone and be assigned b"all"; return the id and the generation."""
    member_id = join(client, **given)["member_id"]
    generation = join(client, member_id=member_id, **given)["generation_id"]
    assignments = [{"member_id": member_id, "assignment": b"all"}]
    answer = client.ask(
        "SyncGroup",
        4,
        group_id=GROUP,
        generation_id=generation,
        member_id=member_id,
        assignments=assignments,
    )
    assert (answer["error_code"], answer["assignment"]) == (NO_ERROR, b"all")
    return member_id, generation


def commit(client: RawClient, offset: int = 5, index: int = 0, version: int = 8) -> ErrorCode:
    """Commit an offset of topic "t", as nobody."""
    partition = {"partition_index": index, "committed_offset": offset, "committed_metadata": "m"}
    topics = [{"name": "t", "partitions": [partition]}]
    answer = client.ask("OffsetCommit", version, group_id=GROUP, topics=topics)
    return ErrorCode(answer["topics"][0]["partitions"][0]["error_code"])


def fetched(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Partitions of OffsetFetch as (name, index, offset, metadata, code)."""
    (group,) = answer["groups"] or [answer]
    return [
        (
            topic["name"],
            one["partition_index"],
            one["committed_offset"],
            one["metadata"],
            one["error_code"],
        )
        for topic in group["topics"]
        for one in topic["partitions"]
    ]


def fetch(client: RawClient, version: int, topics: Any, **given: Any) -> list[tuple[Any, ...]]:
    """Fetch offsets of the group in any version."""
    body = {"group_id": GROUP, "topics": topics}
    if version >= 8:
        body = {"groups": [body]}
    return fetched(client.ask("OffsetFetch", version, **body, **given))


# -- the coordinator --------------------------------------------------------------------------


def test_find_coordinator_creates_the_topic_of_offsets(
    world: GroupWorld, client: RawClient
) -> None:
    for version in versions(world, "FindCoordinator"):
        if version < 4:
            answer = client.ask("FindCoordinator", version, key="a")
            assert answer["error_code"] == NO_ERROR and answer["node_id"] == 1
        else:
            answer = client.ask("FindCoordinator", version, coordinator_keys=["a", "b"])
            found = [
                (one["key"], one["error_code"], one["node_id"]) for one in answer["coordinators"]
            ]
            assert found == [("a", NO_ERROR, 1), ("b", NO_ERROR, 1)]
    topic = world.broker.topics.find("__consumer_offsets")
    assert topic is not None and topic.is_internal and topic.settings.compacted
    assert len(topic.partitions) == 50


@pytest.mark.parametrize(("key_type", "text"), [(2, ""), (3, "This most likely")])
def test_find_coordinator_of_something_else(client: RawClient, key_type: int, text: str) -> None:
    answer = client.ask("FindCoordinator", 3, key="a", key_type=key_type)
    assert (answer["error_code"], answer["node_id"]) == (ErrorCode.INVALID_REQUEST, -1)
    assert answer["error_message"].startswith("This most likely")
    answer = client.ask("FindCoordinator", 6, coordinator_keys=["a"], key_type=key_type)
    (found,) = answer["coordinators"]
    assert found["error_code"] == ErrorCode.INVALID_REQUEST
    assert found["error_message"].startswith(text) and bool(found["error_message"]) == bool(text)


# -- membership -------------------------------------------------------------------------------


def test_join_in_each_version(world: GroupWorld, client: RawClient) -> None:
    for version in versions(world, "JoinGroup"):
        given = {"group_id": f"v{version}"}
        answer = join(client, version, **given)
        if version >= 4:
            assert answer["error_code"] == ErrorCode.MEMBER_ID_REQUIRED
            assert answer["protocol_name"] == ("" if version < 7 else None)
            answer = join(client, version, answer["member_id"], **given)
        assert (answer["error_code"], answer["generation_id"]) == (NO_ERROR, 1)
        assert answer["leader"] == answer["member_id"]
        assert [one["metadata"] for one in answer["members"]] == [subscription("t")]


def test_rebalance_timeout_of_the_oldest_version(world: GroupWorld, client: RawClient) -> None:
    join(client, 0)
    assert [one.rebalance_timeout_ms for one in world.group.members] == [10_000]


def test_refused_join_repeats_the_id(client: RawClient) -> None:
    assert join(client, member_id="m")["member_id"] == "m"
    assert join(client, group_id="")["error_code"] == ErrorCode.INVALID_GROUP_ID


def test_sync_must_name_its_protocol(client: RawClient) -> None:
    member_id, generation = member(client)
    for protocol_name, code in (("range", 0), (None, 23), ("other", 23)):
        answer = client.ask(
            "SyncGroup",
            5,
            group_id=GROUP,
            generation_id=generation,
            member_id=member_id,
            protocol_type="consumer",
            protocol_name=protocol_name,
        )
        assert answer["error_code"] == code
        assert answer["protocol_name"] == (None if code else "range")


def test_heartbeat(client: RawClient) -> None:
    member_id, generation = member(client)
    for version in range(5):
        body = {"group_id": GROUP, "generation_id": generation, "member_id": member_id}
        assert client.ask("Heartbeat", version, **body)["error_code"] == NO_ERROR
        body["member_id"] = "x"
        assert client.ask("Heartbeat", version, **body)["error_code"] == UNKNOWN_MEMBER


def test_leave_in_each_version(world: GroupWorld, client: RawClient) -> None:
    for version in versions(world, "LeaveGroup"):
        member_id, _ = member(client)
        for code in (NO_ERROR, UNKNOWN_MEMBER):
            who: dict[str, Any] = {"member_id": member_id}
            if version >= 3:
                who = {"members": [who, {"member_id": "x"}]}
            answer = client.ask("LeaveGroup", version, group_id=GROUP, **who)
            if version >= 3:
                codes = [one["error_code"] for one in answer["members"]]
                assert (answer["error_code"], codes) == (NO_ERROR, [code, UNKNOWN_MEMBER])
            else:
                assert answer["error_code"] == code
    answer = client.ask("LeaveGroup", 3, group_id="", members=[{"member_id": "x"}])
    assert (answer["error_code"], answer["members"]) == (ErrorCode.INVALID_GROUP_ID, [])


def test_client_that_has_gone_stays_a_member(world: GroupWorld, client: RawClient) -> None:
    """Also one that waits; and what it has sent behind the request that waits is not handled."""
    member_id, _ = member(client)
    other = RawClient(world.broker, "other")
    other_id = join(other)["member_id"]
    body = {
        "group_id": GROUP,
        "session_timeout_ms": 10_000,
        "rebalance_timeout_ms": 30_000,
        "member_id": other_id,
        "protocol_type": "consumer",
        "protocols": [{"name": "range", "metadata": b""}],
    }
    other.send("JoinGroup", 7, **body)
    other.send("LeaveGroup", 3, group_id=GROUP, members=[{"member_id": other_id}])
    assert other.answers() == []
    other.gone()
    answer = join(client, member_id=member_id)
    assert [one["member_id"] for one in answer["members"]] == [member_id, other_id]
    world.advance(10_000)
    assert [one.id for one in world.group.members] == []


def test_answers_that_were_waited_for_come_in_order(world: GroupWorld, client: RawClient) -> None:
    """A client may send the next request before it knows the answer to the first."""
    member_id, _ = member(client)
    other = RawClient(world.broker, "other")
    other.send(
        "JoinGroup",
        3,
        group_id=GROUP,
        session_timeout_ms=10_000,
        rebalance_timeout_ms=30_000,
        protocol_type="consumer",
        protocols=[{"name": "range", "metadata": b""}],
    )
    other.send("Heartbeat", 0, group_id=GROUP, generation_id=2, member_id="x")
    other.send("SyncGroup", 0, group_id=GROUP, generation_id=2, member_id="x")
    assert other.answers() == []
    assert join(client, member_id=member_id)["generation_id"] == 2
    joined, heard, synced = other.answers()
    assert joined["generation_id"] == 2
    assert heard["error_code"] == synced["error_code"] == UNKNOWN_MEMBER


# -- offsets ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_commit_and_fetch_in_each_version(world: GroupWorld, client: RawClient) -> None:
    for version in versions(world, "OffsetCommit"):
        if 1 <= version < 10:
            assert commit(client, version, version=version) is NO_ERROR
            assert world.committed() == version
            assert commit(client, 1, 9, version) is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    for version in versions(world, "OffsetFetch"):
        if 1 <= version < 10:
            topics = [
                {"name": "t", "partition_indexes": [0, 1]},
                {"name": "none", "partition_indexes": [0]},
            ]
            assert fetch(client, version, topics) == [
                ("t", 0, 9, "m", NO_ERROR),
                ("t", 1, -1, "", NO_ERROR),
                ("none", 0, -1, "", NO_ERROR),
            ]
        if 2 <= version < 10:
            assert fetch(client, version, None) == [("t", 0, 9, "m", NO_ERROR)]


def test_versions_that_meant_zookeeper() -> None:
    client = RawClient(GroupWorld("3.9").broker)
    assert commit(client, version=0) is ErrorCode.UNSUPPORTED_VERSION
    topics = [{"name": "t", "partition_indexes": [0]}]
    assert fetch(client, 0, topics) == [("t", 0, -1, "", ErrorCode.UNSUPPORTED_VERSION)]


def test_topics_by_id() -> None:
    world = GroupWorld("4.3")
    client = RawClient(world.broker)
    topic = world.broker.topics.find("t")
    assert topic is not None
    ids = (topic.id, b"?" * 16)
    answer = client.ask(
        "OffsetCommit",
        10,
        group_id=GROUP,
        topics=[
            {"topic_id": one, "partitions": [{"partition_index": 0, "committed_offset": 3}]}
            for one in ids
        ],
    )
    expected = [(ids[0], NO_ERROR), (ids[1], ErrorCode.UNKNOWN_TOPIC_ID)]
    assert [
        (one["topic_id"], one["partitions"][0]["error_code"]) for one in answer["topics"]
    ] == expected
    topics = [{"topic_id": one, "partition_indexes": [0]} for one in ids]
    for wanted, found in ((topics, expected), (None, expected[:1])):
        answer = client.ask("OffsetFetch", 10, groups=[{"group_id": GROUP, "topics": wanted}])
        assert [
            (one["topic_id"], one["partitions"][0]["error_code"])
            for one in answer["groups"][0]["topics"]
        ] == found


def test_retention_time_of_a_commit(world: GroupWorld, client: RawClient) -> None:
    partition = {"partition_index": 0, "committed_offset": 1, "committed_metadata": None}
    topics = [{"name": "t", "partitions": [partition]}]
    client.ask("OffsetCommit", 4, group_id=GROUP, retention_time_ms=1000, topics=topics)
    offset = world.groups.offsets.get(GROUP, ("t", 0))
    assert offset is not None and offset.expires_ms == world.clock.now_ms() + 1000
    assert offset.metadata == ""


def test_several_groups_in_one_fetch(client: RawClient) -> None:
    commit(client)
    groups = [{"group_id": one, "topics": None} for one in (GROUP, "none", "")]
    answer = client.ask("OffsetFetch", 8, groups=groups)
    assert [(one["group_id"], len(one["topics"])) for one in answer["groups"]] == [
        (GROUP, 1),
        ("none", 0),
        ("", 0),
    ]


def test_fetch_that_must_be_stable(world: GroupWorld, client: RawClient) -> None:
    commit(client)
    offset = world.groups.offsets.get(GROUP, ("t", 0))
    assert offset is not None
    world.groups.offsets.stage(7, GROUP, ("t", 0), offset)
    topics = [{"name": "t", "partition_indexes": [0]}]
    assert fetch(client, 7, topics) == [("t", 0, 5, "m", NO_ERROR)]
    for version in (7, 8, 9):
        assert fetch(client, version, topics, require_stable=True) == [
            ("t", 0, -1, "", ErrorCode.UNSTABLE_OFFSET_COMMIT)
        ]


def test_offset_delete(client: RawClient) -> None:
    body = {
        "group_id": GROUP,
        "topics": [
            {"name": "t", "partitions": [{"partition_index": 0}, {"partition_index": 9}]},
            {"name": "none", "partitions": [{"partition_index": 0}]},
        ],
    }
    assert client.ask("OffsetDelete", 0, **body)["error_code"] == ErrorCode.GROUP_ID_NOT_FOUND
    commit(client)
    answer = client.ask("OffsetDelete", 0, **body)
    codes = [[one["error_code"] for one in topic["partitions"]] for topic in answer["topics"]]
    assert codes == [[NO_ERROR, 3], [3]]
    assert fetch(client, 7, None) == []


# -- administration ---------------------------------------------------------------------------


def described(client: RawClient, version: int = 5, **given: Any) -> dict[str, Any]:
    (group,) = client.ask("DescribeGroups", version, groups=[GROUP], **given)["groups"]
    found: dict[str, Any] = group
    return found


def test_describe(world: GroupWorld, client: RawClient) -> None:
    member_id, _ = member(client)
    group = described(client)
    assert (group["group_state"], group["protocol_type"]) == ("Stable", "consumer")
    assert group["protocol_data"] == "range"
    (one,) = group["members"]
    assert (one["member_id"], one["client_id"]) == (member_id, "raw")
    assert one["client_host"] == "/127.0.0.1"
    assert (one["member_metadata"], one["member_assignment"]) == (subscription("t"), b"all")
    RawClient(world.broker, "other").send(
        "JoinGroup",
        3,
        group_id=GROUP,
        session_timeout_ms=10_000,
        protocol_type="consumer",
        protocols=[{"name": "range", "metadata": b""}],
    )
    group = described(client)
    assert (group["group_state"], group["protocol_data"]) == ("PreparingRebalance", "")
    newer = world.broker.dialect.version == "4.3"
    assert group["members"][0]["member_assignment"] == (b"all" if newer else b"")
    assert group["members"][0]["member_metadata"] == b""


def test_describe_unknown_group(world: GroupWorld, client: RawClient) -> None:
    for version in versions(world, "DescribeGroups"):
        group = described(client, version)
        assert group["group_state"] == "Dead"
        expected = (0, None) if version < 6 else (69, f"Group {GROUP} not found.")
        assert (group["error_code"], group["error_message"]) == expected


def test_describe_operations(world: GroupWorld, client: RawClient) -> None:
    commit(client)
    assert described(client)["authorized_operations"] == -(2**31)
    operations = described(client, include_authorized_operations=True)["authorized_operations"]
    assert operations == {"3.9": 328, "4.3": 3400}[world.broker.dialect.version]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, True),
        ({"states_filter": ["stable"]}, True),
        ({"states_filter": ["Empty", "STABLE "]}, True),
        ({"states_filter": ["Empty"]}, False),
        ({"types_filter": ["Classic"]}, True),
        ({"types_filter": ["consumer"]}, False),
        ({"states_filter": ["Empty"], "types_filter": ["classic"]}, False),
    ],
)
def test_list_with_filters(client: RawClient, given: dict[str, Any], found: bool) -> None:
    member(client)
    groups = client.ask("ListGroups", 5, **given)["groups"]
    listed = {
        "group_id": GROUP,
        "protocol_type": "consumer",
        "group_state": "Stable",
        "group_type": "classic",
    }
    assert groups == ([listed] if found else [])


def test_list_in_each_version(world: GroupWorld, client: RawClient) -> None:
    commit(client)
    for version in versions(world, "ListGroups"):
        (group,) = client.ask("ListGroups", version)["groups"]
        assert (group["group_id"], group["protocol_type"]) == (GROUP, "")


def test_delete_in_each_version(world: GroupWorld, client: RawClient) -> None:
    for version in versions(world, "DeleteGroups"):
        commit(client)
        answer = client.ask("DeleteGroups", version, groups_names=[GROUP, "none", GROUP])
        assert [(one["group_id"], one["error_code"]) for one in answer["results"]] == [
            (GROUP, NO_ERROR),
            ("none", ErrorCode.GROUP_ID_NOT_FOUND),
        ]
