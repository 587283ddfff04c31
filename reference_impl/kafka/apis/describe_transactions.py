"""DescribeTransactions (65): what the coordinator knows of some transactional ids.

Source: TransactionCoordinator.handleDescribeTransactions; KIP-664.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.transactions import Transactions
from reference_impl.kafka.errors import ErrorCode

API_KEY = 65


def handle(request: Request) -> dict[str, Any]:
    """Describe each id."""
    return {
        "transaction_states": [
            _describe(request.broker.transactions, transactional_id)
            for transactional_id in request.body["transactional_ids"]
        ]
    }


def _describe(transactions: Transactions, transactional_id: str) -> dict[str, Any]:
    described: dict[str, Any] = {"transactional_id": transactional_id, "topics": []}
    transaction = transactions.find(transactional_id)
    if transaction is None:
        code = ErrorCode.TRANSACTIONAL_ID_NOT_FOUND
        return described | {"error_code": code if transactional_id else ErrorCode.INVALID_REQUEST}
    topics: dict[str, list[int]] = {}
    for partition in transaction.partitions:
        topics.setdefault(partition.topic, []).append(partition.partition)
    return described | {
        "error_code": ErrorCode.NONE,
        "transaction_state": transaction.state,
        "transaction_timeout_ms": transaction.timeout_ms,
        "transaction_start_time_ms": transaction.started_at_ms,
        "producer_id": transaction.producer_id,
        "producer_epoch": transaction.epoch,
        "topics": [{"topic": name, "partitions": found} for name, found in topics.items()],
    }
