"""DescribeProducers (61): who wrote to some partitions with a producer id.

Source: KafkaApis.handleDescribeProducersRequest, UnifiedLog.activeProducers; KIP-664.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.topics import check_name
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 61


def handle(request: Request) -> dict[str, Any]:
    """Describe the producers of each partition."""
    return {
        "topics": [
            {
                "name": one["name"],
                "partitions": [
                    _describe(request.broker, one["name"], index)
                    for index in one["partition_indexes"]
                ],
            }
            for one in request.body["topics"]
        ]
    }


def _describe(broker: KafkaBroker, name: str, index: int) -> dict[str, Any]:
    try:
        check_name(name)
        if name not in broker.topics:
            text = "This server does not host this topic-partition."
            raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, text)
        log = broker.topics.partition(name, index)
    except Refused as refused:
        return {
            "partition_index": index,
            "error_code": refused.code,
            "error_message": refused.text,
            "active_producers": [],
        }
    return {
        "partition_index": index,
        "error_code": ErrorCode.NONE,
        "active_producers": [
            {
                "producer_id": producer_id,
                "producer_epoch": state.epoch,
                "last_sequence": state.last_sequence,
                "last_timestamp": state.used_at_ms,
                "coordinator_epoch": state.coordinator_epoch,
                "current_txn_start_offset": (
                    -1 if state.transaction_start is None else state.transaction_start
                ),
            }
            for producer_id, state in log.producers.items()
        ],
    }
