"""AddPartitionsToTxn (24): partitions that a producer is going to write to in its transaction.

From version 4 on brokers ask each other, for several transactions at once, also whether something
is part of one (`verify_only`). Real Kafka wants authority over the cluster for that.

Source: KafkaApis.handleAddPartitionsToTxnRequest; KIP-98, KIP-890.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.apis.transactional import partitions_of, producer_of, told_code
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.topics import INTERNAL_TOPICS
from reference_impl.kafka.core.transaction import TopicPartition
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 24

FIRST_VERSION_OF_BROKERS = 4

Codes = dict[TopicPartition, int]


def handle(request: Request) -> dict[str, Any]:
    """Add all partitions of a transaction, or none."""
    body, version = request.body, request.version
    if version >= FIRST_VERSION_OF_BROKERS:
        return {
            "error_code": ErrorCode.NONE,
            "results_by_transaction": [
                {
                    "transactional_id": one["transactional_id"],
                    "topic_results": _described(_add(request.broker, one, version)),
                }
                for one in body["transactions"]
            ],
        }
    only = {
        "transactional_id": body["v3_and_below_transactional_id"],
        "producer_id": body["v3_and_below_producer_id"],
        "producer_epoch": body["v3_and_below_producer_epoch"],
        "topics": body["v3_and_below_topics"],
        "verify_only": False,
    }
    return {"results_by_topic_v3_and_below": _described(_add(request.broker, only, version))}


def _add(broker: KafkaBroker, one: dict[str, Any], version: int) -> Codes:
    """Return a code for each partition."""
    wanted = partitions_of(one["topics"])
    wrong = {
        partition: code
        for partition in wanted
        if (code := _check(broker, partition, version)) is not ErrorCode.NONE
    }
    if wrong:
        return {
            partition: wrong.get(partition, ErrorCode.OPERATION_NOT_ATTEMPTED)
            for partition in wanted
        }
    transactions = broker.transactions
    codes: Codes = dict.fromkeys(wanted, ErrorCode.NONE)
    try:
        if one["verify_only"]:
            missing = transactions.missing_partitions(
                one["transactional_id"], producer_of(one), wanted
            )
            codes.update(dict.fromkeys(missing, ErrorCode.TRANSACTION_ABORTABLE))
        else:
            transactions.add_partitions(one["transactional_id"], producer_of(one), wanted)
    except Refused as refused:
        codes = dict.fromkeys(wanted, told_code(refused.code, version))
    return codes


def _check(broker: KafkaBroker, partition: TopicPartition, version: int) -> ErrorCode:
    """Clients may not write to the broker's own topics."""
    if version < FIRST_VERSION_OF_BROKERS and partition.topic in INTERNAL_TOPICS:
        return ErrorCode.TOPIC_AUTHORIZATION_FAILED
    try:
        broker.topics.partition(*partition)
    except Refused as refused:
        return refused.code
    return ErrorCode.NONE


def _described(codes: Codes) -> list[dict[str, Any]]:
    topics: dict[str, list[dict[str, Any]]] = {}
    for partition, code in codes.items():
        topics.setdefault(partition.topic, []).append(
            {"partition_index": partition.partition, "partition_error_code": code}
        )
    return [{"name": name, "results_by_partition": results} for name, results in topics.items()]
