"""APIs of transactions: what stands in their answers. Observed on Kafka 4.3.1 and 3.9.2."""

from __future__ import annotations

from typing import Any

import pytest

from reference_impl.kafka.core.transaction import ProducerIdentity
from reference_impl.kafka.errors import ErrorCode
from tests.reference_impl.kafka.writer import PLAIN, TOPIC, Writer

NONE = ErrorCode.NONE


# -- Produce ------------------------------------------------------------------------------------


def test_transactional_batches_need_an_id() -> None:
    """PROD-24: then nothing of the request is done, not even what is part of no transaction."""
    writer = Writer()
    producer = writer.begin()
    writer.add(producer, 0)
    batches = {0: writer.batch(producer, 0, transactional=True), 1: writer.batch(PLAIN, -1)}
    answers = writer.produce_octets(batches)
    refused = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    assert [one["error_code"] for one in answers] == [refused, refused]
    assert writer.values(0) == writer.values(1) == []


def test_one_request_is_of_one_producer() -> None:
    """PROD-25"""
    writer = Writer()
    first, second = writer.begin("t"), writer.begin("u")
    batches = {
        index: writer.batch(producer, 0, transactional=True)
        for index, producer in enumerate((first, second))
    }
    answers = writer.produce_octets(batches, "t", 12)
    assert [one["error_code"] for one in answers] == [ErrorCode.INVALID_PRODUCER_ID_MAPPING] * 2
    assert "more than one producer ID" in answers[0]["error_message"]


@pytest.mark.parametrize(
    ("version", "code", "text"),
    [
        (9, ErrorCode.INVALID_TXN_STATE, "Partition was not added to the transaction"),
        (11, ErrorCode.TRANSACTION_ABORTABLE, None),
        (12, NONE, None),
    ],
)
def test_partitions_that_were_not_added(version: int, code: ErrorCode, text: str | None) -> None:
    """TXN-14, TXN-15; other partitions of the same request are written to."""
    writer = Writer()
    producer = writer.begin()
    writer.add(producer, 0)
    batches = {index: writer.batch(producer, 0, transactional=True) for index in (0, 1)}
    known, missing = writer.produce_octets(batches, "t", version)
    assert known["error_code"] == NONE
    assert (missing["error_code"], missing["error_message"]) == (code, text)
    assert len(writer.values(1)) == (code is NONE)


def test_the_id_counts_when_the_transaction_reaches_a_partition() -> None:
    writer = Writer()
    producer = writer.begin()
    found = [
        writer.produce(producer, 0, transactional_id=name, version=12)[0] for name in ("u", "", "t")
    ]
    assert found == [ErrorCode.INVALID_PRODUCER_ID_MAPPING, ErrorCode.INVALID_REQUEST, NONE]
    assert writer.produce(producer, 1, transactional_id="u", version=12)[0] is NONE


def test_a_producer_in_a_transaction_writes_nothing_else() -> None:
    """TXN-16"""
    writer = Writer()
    producer = writer.begin()
    writer.produce(producer, 0, transactional_id="t", version=12)
    assert writer.produce(producer, 1) == (ErrorCode.INVALID_TXN_STATE, -1)
    assert writer.produce(producer, 0, partition=1)[0] is NONE


def test_transactional_batches_of_nobody_belong_to_no_transaction() -> None:
    writer = Writer()
    assert writer.produce(PLAIN, -1, transactional_id="t") == (NONE, 0)
    assert writer.fetch()["last_stable_offset"] == 1


# -- TxnOffsetCommit ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "of_stranger", "of_member"),
    [
        ("4.3", ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.INVALID_PRODUCER_EPOCH),
        ("3.9", ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.UNKNOWN_MEMBER_ID),
    ],
)
def test_offsets_of_a_zombie_beside_staged_ones(
    version: str, of_stranger: ErrorCode, of_member: ErrorCode
) -> None:
    """Nobody asks the coordinator of transactions; 3.9 asks the group before the log."""
    writer = Writer(version)
    old, new = writer.begin(), writer.begin()

    def stage(producer: ProducerIdentity, name: str = "t", member: str = "") -> ErrorCode:
        answer = writer.ask(
            "TxnOffsetCommit",
            3,
            transactional_id=name,
            group_id="g",
            producer_id=producer.producer_id,
            producer_epoch=producer.epoch,
            generation_id=1 if member else -1,
            member_id=member,
            topics=[{"name": TOPIC, "partitions": [{"partition_index": 0, "committed_offset": 1}]}],
        )
        (topic,) = answer["topics"]
        return ErrorCode(topic["partitions"][0]["error_code"])

    added = writer.ask(
        "AddOffsetsToTxn",
        3,
        transactional_id="t",
        producer_id=new.producer_id,
        producer_epoch=new.epoch,
        group_id="g",
    )
    assert added["error_code"] == NONE
    assert stage(new) is NONE
    assert stage(old) is ErrorCode.INVALID_PRODUCER_EPOCH
    assert stage(old, "unknown") is of_stranger
    assert stage(old, member="m") is of_member


# -- between brokers ----------------------------------------------------------------------------


def test_brokers_ask_whether_partitions_are_part_of_it() -> None:
    writer = Writer()
    producer = writer.begin()
    writer.add(producer, 0)
    one = {
        "transactional_id": "t",
        "producer_id": producer.producer_id,
        "producer_epoch": producer.epoch,
        "verify_only": True,
        "topics": [{"name": TOPIC, "partitions": [0, 1]}],
    }

    def ask(**changed: Any) -> list[int]:
        answer = writer.ask("AddPartitionsToTxn", 4, transactions=[one | changed])
        assert answer["error_code"] == NONE
        (found,) = answer["results_by_transaction"]
        (topic,) = found["topic_results"]
        return [result["partition_error_code"] for result in topic["results_by_partition"]]

    assert ask() == [NONE, ErrorCode.TRANSACTION_ABORTABLE]
    assert ask(producer_epoch=7) == [ErrorCode.PRODUCER_FENCED] * 2
    assert ask(transactional_id="") == [ErrorCode.INVALID_REQUEST] * 2
    assert ask(verify_only=False) == [NONE, NONE]
    assert ask() == [NONE, NONE]


# -- looking ------------------------------------------------------------------------------------


def test_what_is_known_of_an_id() -> None:
    """TXN-34"""
    writer = Writer()
    assert writer.describe("")["error_code"] == ErrorCode.INVALID_REQUEST
    assert writer.describe("t")["error_code"] == ErrorCode.TRANSACTIONAL_ID_NOT_FOUND
    producer = writer.begin(timeout_ms=5000)
    assert writer.describe() == {
        "error_code": NONE,
        "transactional_id": "t",
        "transaction_state": "Empty",
        "transaction_timeout_ms": 5000,
        "transaction_start_time_ms": -1,
        "producer_id": producer.producer_id,
        "producer_epoch": 0,
        "topics": [],
    }


@pytest.mark.parametrize(("version", "kept"), [("3.9", True), ("4.3", False)])
def test_the_start_time_of_a_transaction_that_is_over(version: str, kept: bool) -> None:
    writer = Writer(version)
    producer = writer.begin()
    writer.add(producer, 0)
    writer.end(producer, commit=True)
    writer.begin()
    assert (writer.describe()["transaction_start_time_ms"] > 0) == kept


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["x1", "y1", "z2"]),
        ({"state_filters": ["Ongoing"]}, ["x1"]),
        ({"state_filters": ["ongoing", "Empty"]}, ["z2"]),
        ({"state_filters": ["Dead"]}, []),
        ({"producer_id_filters": [1, 99]}, ["y1"]),
        ({"duration_filter": 0}, ["x1", "y1", "z2"]),
        ({"duration_filter": 100}, ["z2"]),
        ({"duration_filter": -7}, ["x1", "y1", "z2"]),
        ({"transactional_id_pattern": ".1"}, ["x1", "y1"]),
        ({"transactional_id_pattern": "x"}, []),
        ({"transactional_id_pattern": ""}, ["x1", "y1", "z2"]),
    ],
)
def test_filters_of_transactions(filters: dict[str, Any], found: list[str]) -> None:
    """TXN-35"""
    writer = Writer()
    x, y, _ = (writer.begin(name) for name in ("x1", "y1", "z2"))
    writer.add(x, 0, transactional_id="x1")
    writer.add(y, 0, transactional_id="y1")
    writer.end(y, commit=True, transactional_id="y1")
    writer.clock.advance(100)
    answer = writer.ask("ListTransactions", 2, **filters)
    assert answer["error_code"] == NONE
    assert [one["transactional_id"] for one in answer["transaction_states"]] == found
    assert answer["unknown_state_filters"] == [
        name for name in filters.get("state_filters", ()) if name == "ongoing"
    ]


def test_a_pattern_that_is_none() -> None:
    answer = Writer().ask("ListTransactions", 2, transactional_id_pattern="(")
    assert answer["error_code"] == ErrorCode.INVALID_REGULAR_EXPRESSION


def test_producers_of_a_partition() -> None:
    """IDEM-13"""
    writer = Writer()
    idempotent, transactional = writer.begin(None), writer.begin()
    writer.produce(idempotent, 5, b"a", b"b")
    writer.produce(transactional, 0, transactional_id="t", version=12)
    answer = writer.ask(
        "DescribeProducers",
        0,
        topics=[
            {"name": TOPIC, "partition_indexes": [0, 9]},
            {"name": "b@d", "partition_indexes": [0]},
            {"name": "unknown", "partition_indexes": [0]},
        ],
    )
    known, missing = answer["topics"][0]["partitions"]
    assert known["active_producers"] == [
        {
            "producer_id": producer.producer_id,
            "producer_epoch": 0,
            "last_sequence": last_sequence,
            "last_timestamp": writer.clock.now_ms(),
            "coordinator_epoch": -1,
            "current_txn_start_offset": start,
        }
        for producer, last_sequence, start in ((idempotent, 6, -1), (transactional, 0, 2))
    ]
    codes = [topic["partitions"][0]["error_code"] for topic in answer["topics"][1:]]
    assert missing["error_code"] == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert codes == [ErrorCode.INVALID_TOPIC_EXCEPTION, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]


@pytest.mark.parametrize(
    ("partition", "current", "epoch", "expected"),
    [
        (0, -1, 0, (NONE, 0, 3)),
        (0, 0, 0, (NONE, 0, 3)),
        (0, 0, -1, (NONE, -1, -1)),
        (0, 0, 5, (NONE, -1, -1)),
        (0, 0, -5, (NONE, -5, 0)),
        (0, 1, 0, (ErrorCode.UNKNOWN_LEADER_EPOCH, -1, -1)),
        (0, -2, 0, (ErrorCode.FENCED_LEADER_EPOCH, -1, -1)),
        (9, 0, 0, (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, -1)),
    ],
)
def test_ends_of_leader_epochs(
    partition: int, current: int, epoch: int, expected: tuple[ErrorCode, int, int]
) -> None:
    """FETCH-20"""
    writer = Writer()
    writer.produce(PLAIN, -1, b"a", b"b", b"c")
    answer = writer.ask(
        "OffsetForLeaderEpoch",
        4,
        replica_id=-1,
        topics=[
            {
                "topic": TOPIC,
                "partitions": [
                    {
                        "partition": partition,
                        "current_leader_epoch": current,
                        "leader_epoch": epoch,
                    }
                ],
            }
        ],
    )
    (found,) = answer["topics"][0]["partitions"]
    assert (found["error_code"], found["leader_epoch"], found["end_offset"]) == expected
