"""AddOffsetsToTxn (25): offsets of a group are going to be part of a transaction.

What is added is the partition of __consumer_offsets that keeps the group.

Source: KafkaApis.handleAddOffsetsToTxnRequest; KIP-98.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.apis.transactional import producer_of, told_code
from reference_impl.kafka.core.transactions import offsets_partition
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 25


def handle(request: Request) -> dict[str, Any]:
    """Add the group's partition."""
    body, code = request.body, ErrorCode.NONE
    try:
        request.broker.transactions.add_partitions(
            body["transactional_id"], producer_of(body), [offsets_partition(body["group_id"])]
        )
    except Refused as refused:
        code = refused.code
    return {"error_code": told_code(code, request.version)}
