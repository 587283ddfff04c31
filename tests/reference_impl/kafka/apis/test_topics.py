"""Topics created, described, grown and deleted; codes and texts as Kafka 3.9.2 and 4.3.1 gave."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.kafka.errors import ErrorCode
from reference_impl.kafka.versions import DIALECTS
from reference_impl.kafka.wire.versions import API_KEYS, SERVED
from tests.reference_impl.kafka.client import NO_ID, Client, new_broker, new_topic
from tests.reference_impl.strategies import quick


@pytest.fixture
def client() -> Client:
    return Client(new_broker())


def outcome(result: dict[str, Any]) -> tuple[int, str | None]:
    return result["error_code"], result["error_message"]


def names(client: Client) -> set[str]:
    return {topic.name for topic in client.broker.topics}


def test_created_with_partitions_defaults_and_settings(client: Client) -> None:
    result = client.create("t", 3, configs={"retention.ms": "77"})
    assert (result["error_code"], result["num_partitions"], result["replication_factor"]) == (
        0,
        3,
        1,
    )
    shown = {one["name"]: (one["value"], one["config_source"]) for one in result["configs"]}
    assert shown["retention.ms"] == ("77", 1)
    assert shown["retention.bytes"] == ("-1", 5)
    (described,) = client.call("Metadata", {"topics": [{"name": "t", "topic_id": NO_ID}]})["topics"]
    assert described["topic_id"] == result["topic_id"]
    assert [one["partition_index"] for one in described["partitions"]] == [0, 1, 2]


def test_minus_one_means_the_defaults_of_the_broker() -> None:
    client = Client(new_broker(settings={"num.partitions": "4"}))
    assert client.create("t", -1, -1)["num_partitions"] == 4


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "the empty string is not allowed"),
        (".", "'.' is not allowed"),
        ("..", "'..' is not allowed"),
        ("a b", "'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' "
         "and '-'"),
        ("é", "'é' contains one or more characters other than ASCII alphanumerics, '.', '_' and "
         "'-'"),
        ("x" * 250, f"the length of '{'x' * 250}' is longer than the max allowed length 249"),
    ],
)  # fmt: skip
def test_illegal_names(client: Client, name: str, reason: str) -> None:
    text = f"Topic name is invalid: {reason}"
    assert outcome(client.create(name)) == (ErrorCode.INVALID_TOPIC_EXCEPTION, text)


@quick
@given(st.text(alphabet="aZ9._-/ ü\0", max_size=4))
def test_a_name_is_legal_or_refused(name: str) -> None:
    legal = name not in ("", ".", "..") and set(name) <= set("aZ9._-")
    client = Client(new_broker())
    assert (client.create(name)["error_code"] == 0) is legal
    assert (name in names(client)) is legal


def test_names_that_exist_or_collide(client: Client) -> None:
    client.create("a.b")
    assert outcome(client.create("a.b", 0, 7)) == (36, "Topic 'a.b' already exists.")
    assert outcome(client.create("a_b")) == (17, "Topic 'a_b' collides with existing topic: a.b")
    body = {"topics": [new_topic("c.d"), new_topic("c_d")]}
    assert [one["error_code"] for one in client.call("CreateTopics", body)["topics"]] == [0, 0]
    client.call("DeleteTopics", {"topics": [{"name": "c.d", "topic_id": NO_ID}]})
    assert outcome(client.create("c.d"))[0] == ErrorCode.INVALID_TOPIC_EXCEPTION


@pytest.mark.parametrize(
    ("partitions", "factor", "code", "text"),
    [
        (0, 1, 37, "Number of partitions was set to an invalid non-positive value."),
        (-2, 1, 37, "Number of partitions was set to an invalid non-positive value."),
        (0, 0, 38, "Replication factor must be larger than 0, or -1 to use the default value."),
        (1, -2, 38, "Replication factor must be larger than 0, or -1 to use the default value."),
        (1, 2, 38, "Unable to replicate the partition 2 time(s): The target replication factor of "
         "2 cannot be reached because only 1 broker(s) are registered or some brokers have all "
         "their log directories cordoned."),
        (10_001, 1, 44, "Excessively large number of partitions per request."),
    ],
)  # fmt: skip
def test_numbers_that_are_refused(
    client: Client, partitions: int, factor: int, code: int, text: str
) -> None:
    assert outcome(client.create("t", partitions, factor)) == (code, text)
    assert names(client) == set()


def test_3_9_knows_no_cordoned_directories() -> None:
    _, text = outcome(Client(new_broker("3.9")).create("t", 1, 2))
    assert text is not None and text.endswith("only 1 broker(s) are registered.")


@pytest.mark.parametrize(
    ("assignments", "text"),
    [
        ({0: [1], 2: [1]}, "partitions should be a consecutive 0-based integer sequence"),
        ({-1: [1]}, "partitions should be a consecutive 0-based integer sequence"),
        ({0: [7]}, "The manual partition assignment includes broker 7, but no such broker is "
         "registered."),
        ({0: [1, 1]}, "The manual partition assignment includes the broker 1 more than once."),
        ({0: []}, "The manual partition assignment includes an empty replica list."),
    ],
)  # fmt: skip
def test_assignments_that_are_refused(
    client: Client, assignments: dict[int, list[int]], text: str
) -> None:
    result = client.create("t", -1, -1, assignments=assignments)
    assert outcome(result) == (ErrorCode.INVALID_REPLICA_ASSIGNMENT, text)


def test_assignments_exclude_numbers(client: Client) -> None:
    assert client.create("t", -1, -1, assignments={1: [1], 0: [1]})["num_partitions"] == 2
    refused = "A manual partition assignment was specified, but {} was not set to -1."
    assert outcome(client.create("u", 2, 1, assignments={0: [1]})) == (
        42,
        refused.format("replication factor"),
    )
    assert outcome(client.create("u", 2, -1, assignments={0: [1]})) == (
        42,
        refused.format("numPartitions"),
    )
    twice = new_topic("u", -1, -1, assignments={0: [1]})
    twice["assignments"] *= 2
    (result,) = client.call("CreateTopics", {"topics": [twice]})["topics"]
    assert outcome(result) == (
        39,
        "Found multiple manual partition assignments for partition 0",
    )


def test_each_topic_by_itself_and_duplicates_not_at_all(client: Client) -> None:
    wanted = [new_topic(name) for name in ("a", "b", "a", "x y", "__cluster_metadata")]
    results = client.call("CreateTopics", {"topics": wanted})["topics"]
    assert {one["name"]: outcome(one) for one in results if one["name"] != "x y"} == {
        "a": (42, "Duplicate topic name."),
        "b": (0, None),
        "__cluster_metadata": (42, "Creation of internal topic __cluster_metadata is prohibited."),
    }
    assert names(client) == {"b"}


def test_validate_only_answers_the_same_and_creates_nothing(client: Client) -> None:
    assert client.create("t", 2, validate_only=True)["num_partitions"] == 2
    assert client.create("t", 0, validate_only=True)["error_code"] == 37
    assert names(client) == set()


# -- more partitions ------------------------------------------------------------------------


def more(
    client: Client, *topics: tuple[str, int, list[list[int]] | None], check: bool = False
) -> Any:
    body = {
        "topics": [
            {
                "name": name,
                "count": count,
                "assignments": nodes and [{"broker_ids": one} for one in nodes],
            }
            for name, count, nodes in topics
        ],
        "validate_only": check,
    }
    return [outcome(one) for one in client.call("CreatePartitions", body)["results"]]


def test_more_partitions(client: Client) -> None:
    client.create("t", 2)
    kept = client.broker.topics.partition("t", 1)
    assert more(client, ("t", 5, None), check=True) == [(0, None)]
    assert more(client, ("t", 4, [[1], [1]])) == [(0, None)]
    topic = client.broker.topics.find("t")
    assert topic is not None and len(topic.partitions) == 4 and topic.partitions[1] is kept
    assert more(client, ("t", 4, None)) == [(37, "Topic already has 4 partition(s).")]
    text = "The topic t currently has 4 partition(s); -1 would not be an increase."
    assert more(client, ("t", -1, None)) == [(37, text)]
    assert more(client, ("zz", 4, None)) == [(3, None)]
    text = "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified."
    assert more(client, ("t", 6, [[1]])) == [(39, text)]
    text = "The manual partition assignment includes broker 9, but no such broker is registered."
    assert more(client, ("t", 5, [[9]])) == [(39, text)]
    assert more(client, ("t", 9, None), ("t", 8, None)) == [(42, "Duplicate topic name.")]
    assert len(topic.partitions) == 4


# -- deletion -------------------------------------------------------------------------------


def delete(client: Client, *topics: tuple[str | None, bytes]) -> list[tuple[Any, ...]]:
    body = {"topics": [{"name": name, "topic_id": topic_id} for name, topic_id in topics]}
    results = client.call("DeleteTopics", body)["responses"]
    return [(one["name"], one["topic_id"], *outcome(one)) for one in results]


def test_deletion_by_name_and_id(client: Client) -> None:
    first, second = client.create("a")["topic_id"], client.create("b")["topic_id"]
    assert delete(client, ("a", NO_ID), (None, second)) == [
        ("b", second, 0, None),
        ("a", first, 0, None),
    ]
    assert names(client) == set()
    text = "This server does not host this topic ID."
    assert delete(client, (None, first)) == [(None, first, 100, text)]
    text = "This server does not host this topic-partition."
    assert delete(client, ("a", NO_ID)) == [("a", NO_ID, 3, text)]
    assert client.create("a")["topic_id"] != first


def test_deletions_that_say_too_much_or_too_little(client: Client) -> None:
    topic_id = client.create("a")["topic_id"]
    assert delete(client, ("a", topic_id), (None, NO_ID)) == [
        ("a", topic_id, 42, "You may not specify both topic name and topic id."),
        (None, NO_ID, 42, "Neither topic name nor id were specified."),
    ]
    assert delete(client, ("a", NO_ID), ("a", NO_ID)) == [("a", NO_ID, 42, "Duplicate topic name.")]
    assert delete(client, (None, topic_id), (None, topic_id)) == [
        (None, topic_id, 42, "Duplicate topic id.")
    ]
    text = "The provided topic name maps to an ID that was already supplied."
    assert delete(client, ("a", NO_ID), (None, topic_id)) == [("a", topic_id, 42, text)]
    assert names(client) == {"a"}


def test_deletion_can_be_disabled() -> None:
    client = Client(new_broker(settings={"delete.topic.enable": "false"}))
    client.create("a")
    assert delete(client, ("a", NO_ID)) == [("a", NO_ID, 73, "Topic deletion is disabled.")]
    assert names(client) == {"a"}


# -- descriptions ---------------------------------------------------------------------------


def metadata(client: Client, topics: Any, version: int = 12, **flags: bool) -> dict[str, Any]:
    if topics is not None:
        topics = [{"name": name, "topic_id": topic_id} for name, topic_id in topics]
    body = {"topics": topics, "allow_auto_topic_creation": False, **flags}
    return client.call("Metadata", body, version)


def test_metadata_by_id_and_by_name(client: Client) -> None:
    topic_id = client.create("a")["topic_id"]
    unknown = b"9" * 16
    answered = metadata(client, [(None, topic_id), (None, unknown), ("a", NO_ID)])["topics"]
    assert [(one["name"], one["error_code"]) for one in answered] == [("a", 0), (None, 100)]
    answered = metadata(client, [("a", NO_ID), ("zz", NO_ID), ("x y", NO_ID), ("a", NO_ID)])
    assert [(one["name"], one["error_code"]) for one in answered["topics"]] == [
        ("a", 0),
        ("zz", 3),
        ("x y", 17),
    ]
    assert names(client) == {"a"}
    assert metadata(client, [])["topics"] == []
    assert [one["name"] for one in metadata(client, None)["topics"]] == ["a"]


@pytest.mark.parametrize(("version", "code"), [(10, 42), (11, 42), (12, -1)])
def test_metadata_of_a_topic_without_name_fails_as_a_whole(
    client: Client, version: int, code: int
) -> None:
    answered = metadata(client, [(None, NO_ID)], version)
    assert (answered["brokers"], answered["controller_id"]) == ([], -1)
    assert [(one["name"], one["error_code"]) for one in answered["topics"]] == [("", code)]


def test_authorized_operations_are_told_to_those_who_ask(client: Client) -> None:
    client.create("a")
    answered = metadata(
        client,
        [("a", NO_ID)],
        8,
        include_cluster_authorized_operations=True,
        include_topic_authorized_operations=True,
    )
    assert answered["cluster_authorized_operations"] == 8096
    assert answered["topics"][0]["topic_authorized_operations"] == 3576
    answered = metadata(client, [("a", NO_ID)], 8)
    assert answered["cluster_authorized_operations"] == -(2**31)
    assert answered["topics"][0]["topic_authorized_operations"] == -(2**31)


@pytest.mark.parametrize(
    ("enabled", "allowed", "created"),
    [("true", True, True), ("true", False, False), ("false", True, False)],
)
def test_topics_are_created_when_asked_for(enabled: str, allowed: bool, created: bool) -> None:
    settings = {"auto.create.topics.enable": enabled, "num.partitions": "3"}
    client = Client(new_broker(settings=settings))
    (topic,) = metadata(client, [("a", NO_ID)], allow_auto_topic_creation=allowed)["topics"]
    assert topic["error_code"] == (0 if created else 3)
    assert len(topic["partitions"]) == (3 if created else 0)
    metadata(
        client, [("x y", NO_ID), ("__cluster_metadata", NO_ID)], allow_auto_topic_creation=True
    )
    assert names(client) == ({"a"} if created else set())


def test_a_name_that_collides_is_not_created_when_asked_for(client: Client) -> None:
    client.create("a.b")
    (topic,) = metadata(client, [("a_b", NO_ID)], allow_auto_topic_creation=True)["topics"]
    assert topic["error_code"] == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_the_cluster(client: Client) -> None:
    client.broker.listens_at("127.0.0.1", 9092)
    answered = client.call("DescribeCluster", {"include_cluster_authorized_operations": True})
    assert answered["cluster_id"] == metadata(client, [])["cluster_id"]
    assert (answered["controller_id"], answered["cluster_authorized_operations"]) == (1, 8096)
    (node,) = answered["brokers"]
    assert (node["broker_id"], node["host"], node["port"]) == (1, "127.0.0.1", 9092)
    for endpoint_type, code in ((2, 114), (3, 115), (0, 115)):
        answered = client.call("DescribeCluster", {"endpoint_type": endpoint_type})
        assert (answered["error_code"], answered["brokers"]) == (code, [])


def pages(client: Client, topics: list[str], limit: int, cursor: Any = None) -> list[list[Any]]:
    found = []
    while True:
        body = {
            "topics": [{"name": name} for name in topics],
            "response_partition_limit": limit,
            "cursor": cursor,
        }
        answered = client.call("DescribeTopicPartitions", body)
        found.append(
            [
                (one["name"], [partition["partition_index"] for partition in one["partitions"]])
                for one in answered["topics"]
            ]
        )
        cursor = answered["next_cursor"]
        if cursor is None:
            return found


def test_partitions_in_pages(client: Client) -> None:
    client.create("b", 2)
    client.create("a", 3)
    assert pages(client, [], 3) == [[("a", [0, 1, 2])], [("b", [0, 1])]]
    assert pages(client, ["b", "a"], 0) == [
        [("a", [0])],
        [("a", [1])],
        [("a", [2])],
        [("b", [0])],
        [("b", [1])],
    ]
    assert pages(client, ["b", "zz", "a"], 100) == [[("a", [0, 1, 2]), ("b", [0, 1]), ("zz", [])]]


@quick
@given(st.integers(1, 9), st.lists(st.integers(1, 4), max_size=4))
def test_pages_of_any_size_make_the_whole(limit: int, counts: list[int]) -> None:
    client = Client(new_broker())
    for number, count in enumerate(counts):
        client.create(f"t{number}", count)
    expected = [(f"t{number}", i) for number, count in enumerate(counts) for i in range(count)]
    found = [
        [(name, index) for name, indexes in page for index in indexes]
        for page in pages(client, [], limit)
    ]
    assert [one for page in found for one in page] == expected
    assert all(len(page) <= limit for page in found)


@pytest.mark.parametrize("cursor", [("t9", 0), ("t", -1)])
def test_cursors_that_are_refused(client: Client, cursor: tuple[str, int]) -> None:
    client.create("t")
    body = {
        "topics": [{"name": "t"}],
        "cursor": {"topic_name": cursor[0], "partition_index": cursor[1]},
    }
    (topic,) = client.call("DescribeTopicPartitions", body)["topics"]
    assert (topic["name"], topic["error_code"]) == ("t", 42)


@pytest.mark.parametrize("version", DIALECTS)
def test_every_version_of_the_apis_is_answered(version: str) -> None:
    client = Client(new_broker(version))
    for api in ("CreateTopics", "CreatePartitions", "DescribeConfigs", "DescribeCluster"):
        for number in SERVED[version][API_KEYS[api]]:
            client.call(api, {}, number)
