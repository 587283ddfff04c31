"""InitProducerId (22): an identity to write with, new or in a new epoch.

Source: KafkaApis.handleInitProducerIdRequest, TransactionCoordinator.handleInitProducerId; KIP-98,
KIP-360, KIP-588.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.apis.transactional import producer_of, told_code
from reference_impl.kafka.core.producers import NO_PRODUCER_EPOCH, NO_PRODUCER_ID
from reference_impl.kafka.core.transaction import ProducerIdentity
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 22

FIRST_VERSION_WITH_FENCED = 4

NOBODY = ProducerIdentity(NO_PRODUCER_ID, NO_PRODUCER_EPOCH)


def handle(request: Request) -> dict[str, Any]:
    """Give an identity, and fence whoever had one for the same transactional id."""
    body = request.body
    code, given = ErrorCode.NONE, NOBODY
    try:
        given = request.broker.transactions.init_producer(
            body["transactional_id"], body["transaction_timeout_ms"], _expected(body)
        )
    except Refused as refused:
        code = refused.code
    return {
        "error_code": told_code(code, request.version, FIRST_VERSION_WITH_FENCED),
        "producer_id": given.producer_id,
        "producer_epoch": given.epoch,
    }


def _expected(body: dict[str, Any]) -> ProducerIdentity | None:
    expected = producer_of(body)
    if expected == NOBODY:
        return None
    if NO_PRODUCER_ID in expected:
        raise Refused(ErrorCode.INVALID_REQUEST)
    return expected
