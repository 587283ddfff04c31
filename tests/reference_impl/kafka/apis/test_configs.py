"""Settings described and altered; codes and texts as Kafka 3.9.2 and 4.3.1 gave them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.kafka.errors import ErrorCode
from tests.reference_impl.kafka.client import Client, new_broker
from tests.reference_impl.strategies import quick

SET, DELETE, APPEND, SUBTRACT = range(4)
TOPIC, BROKER = 2, 4


@pytest.fixture
def client() -> Client:
    client = Client(new_broker())
    client.create("t", configs={"retention.ms": "77"})
    return client


def value(client: Client, key: str, name: str = "t", resource_type: int = TOPIC) -> Any:
    return client.configs(name, resource_type)[key]["value"]


def test_where_values_come_from(client: Client) -> None:
    described = client.configs("t")
    assert (described["retention.ms"]["value"], described["retention.ms"]["config_source"]) == (
        "77",
        1,
    )
    assert (described["segment.ms"]["value"], described["segment.ms"]["config_source"]) == (
        "604800000",
        5,
    )
    assert described["min.insync.replicas"]["config_source"] == 3
    assert [
        (one["name"], one["value"], one["source"])
        for one in described["max.message.bytes"]["synonyms"]
    ] == [("message.max.bytes", "1048588", 5)]
    assert not any(one["read_only"] or one["is_sensitive"] for one in described.values())


def test_versions_have_different_settings() -> None:
    keys = {}
    for version in ("3.9", "4.3"):
        client = Client(new_broker(version))
        client.create("t")
        keys[version] = client.configs("t")
    assert set(keys["3.9"]) - set(keys["4.3"]) == {
        "message.downconversion.enable",
        "message.format.version",
        "message.timestamp.difference.max.ms",
    }
    assert set(keys["4.3"]) <= set(keys["3.9"])
    assert keys["3.9"]["message.timestamp.after.max.ms"]["value"] == "9223372036854775807"
    assert keys["4.3"]["message.timestamp.after.max.ms"]["value"] == "3600000"


def describe(client: Client, kind: int, name: str, keys: list[str] | None = None) -> Any:
    body = {
        "resources": [{"resource_type": kind, "resource_name": name, "configuration_keys": keys}]
    }
    (result,) = client.call("DescribeConfigs", body)["results"]
    return result["error_code"], result["error_message"], [c["name"] for c in result["configs"]]


def test_only_known_keys_that_are_asked_for(client: Client) -> None:
    keys = ["retention.ms", "nope", "cleanup.policy", "retention.ms"]
    assert describe(client, TOPIC, "t", keys) == (0, "", ["cleanup.policy", "retention.ms"])


@pytest.mark.parametrize(
    ("kind", "name", "code", "text"),
    [
        (TOPIC, "zz", 3, ""),
        (TOPIC, "", 17, "Topic name is invalid: the empty string is not allowed"),
        (BROKER, "2", 42, "Unexpected broker id, expected 1 or empty string, but received 2"),
        (BROKER, "x", 42, "Broker id must be an integer, but it is: x"),
    ],
)
def test_resources_that_are_not_there(
    client: Client, kind: int, name: str, code: int, text: str
) -> None:
    assert describe(client, kind, name) == (code, text, [])


@pytest.mark.parametrize("kind", [0, 3, 8, 16, 32, 99])
def test_types_of_resources_that_are_not_there(client: Client, kind: int) -> None:
    assert describe(client, kind, "x")[0] == ErrorCode.INVALID_REQUEST


REFUSED = [
    ("nope", "1", "Unknown topic config name: nope"),
    ("retention.ms", "abc", "Not a number of type LONG"),
    ("retention.ms", "9223372036854775808", "Not a number of type LONG"),
    ("retention.ms", "1_0", "Not a number of type LONG"),
    ("retention.ms", "-2", "Value must be at least -1"),
    ("segment.bytes", "1048575", "Value must be at least 1048576"),
    ("segment.bytes", "3000000000", "Not a number of type INT"),
    ("cleanup.policy", "delete,foo", "String must be one of: compact, delete"),
    ("cleanup.policy", "delete,", "Configuration 'cleanup.policy' values must not be empty."),
    ("compression.type", "none", "String must be one of: uncompressed, zstd, lz4, snappy, gzip, "
     "producer"),
    ("compression.gzip.level", "0", "Value must be between 1 and 9 or equal to -1"),
    ("compression.lz4.level", "18", "Value must be no more than 17"),
    ("preallocate", "yes", "Expected value to be either true or false"),
    ("min.cleanable.dirty.ratio", "1.1", "Value must be no more than 1"),
    ("min.cleanable.dirty.ratio", "x", "Not a number of type DOUBLE"),
    ("remote.storage.enable", "true", "Tiered Storage functionality is disabled in the broker. "
     "Topic cannot be configured with remote log storage."),
    ("leader.replication.throttled.replicas", "foo", "leader.replication.throttled.replicas must "
     "be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],"
     "[partitionId]:[brokerId],..."),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "reason"), REFUSED)
def test_values_that_are_refused(client: Client, key: str, text: str, reason: str) -> None:
    before = client.configs("t")
    for code, told in (
        client.alter("t", (key, SET, text), ("retention.bytes", SET, "5")),
        tuple(client.create("u", configs={key: text}).values())[2:4],
    ):
        assert code == ErrorCode.INVALID_CONFIG
        assert isinstance(told, str) and told.endswith(reason)
    assert client.configs("t") == before


@pytest.mark.parametrize(
    ("key", "text", "shown"),
    [
        ("retention.ms", " +5 ", "5"),
        ("preallocate", " TRUE ", "true"),
        ("min.cleanable.dirty.ratio", "5e-1", "0.5"),
        ("min.cleanable.dirty.ratio", "1", "1.0"),
        ("compression.type", " gzip", "gzip"),
        ("cleanup.policy", "delete, compact,delete", "delete,compact"),
        ("cleanup.policy", "", ""),
        ("leader.replication.throttled.replicas", "0:1,1:1", "0:1,1:1"),
        ("follower.replication.throttled.replicas", "*", "*"),
    ],
)
def test_values_are_read_as_kafka_reads_them(
    client: Client, key: str, text: str, shown: str
) -> None:
    assert client.alter("t", (key, SET, text)) == (0, None)
    assert value(client, key) == shown


@quick
@given(st.integers(-(2**70), 2**70))
def test_a_number_is_taken_or_refused(number: int) -> None:
    client = Client(new_broker())
    code = client.create("t", configs={"max.message.bytes": str(number)})["error_code"]
    assert (code == 0) is (0 <= number < 2**31)


def test_lags_must_fit_together(client: Client) -> None:
    changes = (("max.compaction.lag.ms", SET, "5"), ("min.compaction.lag.ms", SET, "6"))
    text = "conflict topic config setting min.compaction.lag.ms (6) > max.compaction.lag.ms (5)"
    assert client.alter("t", *changes) == (40, text)


def test_null_at_creation(client: Client) -> None:
    result = client.create("u", configs={"retention.ms": None, "segment.ms": None})
    text = "Null value not supported for topic configs: retention.ms,segment.ms"
    assert (result["error_code"], result["error_message"]) == (40, text)


def test_set_and_delete_restores_the_default(client: Client) -> None:
    client.create("u")
    before = client.configs("u")
    assert client.alter("u", ("retention.ms", SET, "5"), ("nope", DELETE, None)) == (0, None)
    assert client.alter("u", ("retention.ms", DELETE, "zz")) == (0, None)
    assert client.configs("u") == before


lists = st.lists(st.sampled_from(["compact", "delete"]), min_size=1, max_size=3)


@quick
@given(st.lists(st.tuples(st.sampled_from([APPEND, SUBTRACT]), lists), max_size=6))
def test_lists_are_ordered_sets(changes: list[tuple[int, list[str]]]) -> None:
    client = Client(new_broker())
    client.create("t")
    model = ["delete"]
    for operation, values in changes:
        assert client.alter("t", ("cleanup.policy", operation, ",".join(values))) == (0, None)
        for one in values:
            if operation == APPEND and one not in model:
                model.append(one)
            elif operation == SUBTRACT and one in model:
                model.remove(one)
        assert value(client, "cleanup.policy") == ",".join(model)


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ([("retention.ms", APPEND, "1")], 40, "Can't APPEND to key retention.ms because its type "
         "is not LIST."),
        ([("nope", SUBTRACT, "1")], 40, "Can't SUBTRACT to key nope because its type is not "
         "LIST."),
        ([("retention.ms", SET, None), ("cleanup.policy", APPEND, None)], 42, "Null value not "
         "supported for : retention.ms, cleanup.policy"),
        ([("retention.ms", SET, "1"), ("retention.ms", DELETE, None)], 42, "Error due to "
         "duplicate config keys"),
        ([("retention.ms", 4, "1")], -1, None),
    ],
)  # fmt: skip
def test_changes_that_are_refused(
    client: Client, changes: list[tuple[str, int, str | None]], code: int, text: str | None
) -> None:
    before = client.configs("t")
    assert client.alter("t", *changes) == (code, text)
    assert client.configs("t") == before


def test_topics_that_cannot_be_altered(client: Client) -> None:
    change = ("retention.ms", SET, "1")
    assert client.alter("zz", change) == (3, "The topic 'zz' does not exist.")
    assert client.alter("", change) == (42, "Default topic resources are not allowed.")
    assert client.alter("x y", change)[0] == 17
    assert client.alter("t", change, resource_type=99) == (42, "Unknown resource type 99")


def test_validate_only_changes_nothing(client: Client) -> None:
    before = client.configs("t")
    assert client.alter("t", ("retention.ms", SET, "5"), validate_only=True) == (0, None)
    assert client.alter("t", ("retention.ms", SET, "x"), validate_only=True)[0] == 40
    assert client.configs("t") == before


@pytest.mark.parametrize("api", ["AlterConfigs", "IncrementalAlterConfigs"])
def test_a_resource_named_twice_is_not_changed(client: Client, api: str) -> None:
    one = {"resource_type": TOPIC, "resource_name": "t", "configs": []}
    answered = client.call(api, {"resources": [one, one]})["responses"]
    text = "Each resource must appear at most once."
    assert [(r["error_code"], r["error_message"]) for r in answered] == [(42, text)] * 2


def test_legacy_alteration_replaces_everything(client: Client) -> None:
    def replace(**configs: str | None) -> int:
        named = {key.replace("_", "."): text for key, text in configs.items()}
        body = {
            "resources": [
                {
                    "resource_type": TOPIC,
                    "resource_name": "t",
                    "configs": [{"name": key, "value": text} for key, text in named.items()],
                }
            ]
        }
        code: int = client.call("AlterConfigs", body)["responses"][0]["error_code"]
        return code

    def given_ones() -> dict[str, str]:
        return {k: c["value"] for k, c in client.configs("t").items() if c["config_source"] == 1}

    assert replace(retention_bytes="9") == 0
    assert given_ones() == {"retention.bytes": "9"}
    assert replace(retention_ms=None) == 42
    assert replace(retention_ms="x") == 40
    assert given_ones() == {"retention.bytes": "9"}
    assert replace() == 0
    assert given_ones() == {}


# -- the broker -----------------------------------------------------------------------------


def test_topics_inherit_from_the_broker_while_it_runs(client: Client) -> None:
    client.create("u")
    change = ("log.retention.ms", SET, "555")
    assert client.alter("", change, resource_type=BROKER) == (0, None)
    assert client.alter("1", ("log.retention.ms", SET, "666"), resource_type=BROKER) == (0, None)
    assert value(client, "retention.ms") == "77"
    described = client.configs("u")["retention.ms"]
    assert (described["value"], described["config_source"]) == ("666", 2)
    assert [(one["name"], one["source"]) for one in described["synonyms"]] == [
        ("log.retention.ms", 2),
        ("log.retention.ms", 3),
        ("log.retention.hours", 5),
    ]
    reset = ("log.retention.ms", DELETE, None)
    assert client.alter("1", reset, resource_type=BROKER) == (0, None)
    assert value(client, "retention.ms", "u") == "555"
    assert client.alter("", reset, resource_type=BROKER) == (0, None)
    assert value(client, "retention.ms", "u") == "604800000"


@pytest.mark.parametrize(
    ("name", "key", "text"),
    [
        ("1", "num.partitions", "Cannot update these configs dynamically: [num.partitions]"),
        ("", "listeners", "Cannot update these configs at default cluster level, broker id must "
         "be specified: [listeners]"),
        ("2", "log.retention.ms", "Unexpected broker id, expected 1, but received 2"),
        ("x", "log.retention.ms", "Node id must be an integer, but it is: x"),
        ("1", "message.max.bytes", "Invalid value z for configuration message.max.bytes: Not a "
         "number of type INT"),
    ],
)  # fmt: skip
def test_changes_of_the_broker_that_are_refused(
    client: Client, name: str, key: str, text: str
) -> None:
    assert client.alter(name, (key, SET, "z"), resource_type=BROKER) == (42, text)


def test_a_setting_that_nobody_knows_is_kept_and_hidden(client: Client) -> None:
    assert client.alter("1", ("nope", SET, "x"), resource_type=BROKER) == (0, None)
    hidden = client.configs("1", BROKER)["nope"]
    assert (hidden["value"], hidden["is_sensitive"], hidden["config_type"]) == (None, True, 0)


def test_settings_of_the_start(client: Client) -> None:
    started = Client(new_broker(settings={"log.retention.hours": "2", "num.partitions": "3"}))
    started.create("t")
    assert value(started, "retention.ms") == "7200000"
    described = started.configs("1", BROKER)["num.partitions"]
    assert (described["value"], described["config_source"], described["read_only"]) == (
        "3",
        4,
        True,
    )
    assert client.configs("", BROKER).keys() == {"min.insync.replicas"}
