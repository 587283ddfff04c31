"""EndTxn (26): commit or abort.

Version 5 says that the client takes a new epoch after each transaction; the answer has it.

Source: KafkaApis.handleEndTxnRequest, TransactionCoordinator.endTransaction; KIP-98, KIP-890.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.apis.transactional import producer_of, told_code
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 26

FIRST_VERSION_WITH_NEW_EPOCH = 5


def handle(request: Request) -> dict[str, Any]:
    """End the transaction; its markers are written when this returns."""
    body = request.body
    try:
        producer = request.broker.transactions.end(
            body["transactional_id"],
            producer_of(body),
            commit=body["committed"],
            new_epoch=request.version >= FIRST_VERSION_WITH_NEW_EPOCH,
        )
    except Refused as refused:
        return {"error_code": told_code(refused.code, request.version)}
    return {
        "error_code": ErrorCode.NONE,
        "producer_id": producer.producer_id,
        "producer_epoch": producer.epoch,
    }
