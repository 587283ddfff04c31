"""ListTransactions (66): all transactional ids, or those that pass some filters.

A pattern has to match the whole id. Kafka reads it as RE2 does; here it is one of Python, which
differs in constructs that RE2 refuses, such as back references.

Source: TransactionStateManager.listTransactionStates; KIP-664, KIP-994, KIP-1152.
"""

from __future__ import annotations

import re
from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.transaction import Transaction, TransactionState
from reference_impl.kafka.errors import ErrorCode

API_KEY = 66


def handle(request: Request) -> dict[str, Any]:
    """List ids with their state."""
    body = request.body
    known = [state.value for state in TransactionState]
    try:
        pattern = re.compile(body["transactional_id_pattern"] or ".*", re.DOTALL)
    except re.error:
        return {
            "error_code": ErrorCode.INVALID_REGULAR_EXPRESSION,
            "unknown_state_filters": [],
            "transaction_states": [],
        }
    now_ms = request.broker.clock.now_ms()
    return {
        "error_code": ErrorCode.NONE,
        "unknown_state_filters": [name for name in body["state_filters"] if name not in known],
        "transaction_states": [
            {
                "transactional_id": transaction.id,
                "producer_id": transaction.producer_id,
                "transaction_state": transaction.state,
            }
            for transaction in request.broker.transactions
            if pattern.fullmatch(transaction.id) and _is_wanted(transaction, body, now_ms)
        ],
    }


def _is_wanted(transaction: Transaction, body: dict[str, Any], now_ms: int) -> bool:
    """An id whose transaction never began has been at it since the beginning of time."""
    duration_ms = body["duration_filter"]
    return (
        (not body["producer_id_filters"] or transaction.producer_id in body["producer_id_filters"])
        and (not body["state_filters"] or transaction.state in body["state_filters"])
        and (duration_ms < 0 or now_ms - transaction.started_at_ms > duration_ms)
    )
