"""TxnOffsetCommit (28): offsets of a group that count once the producer's transaction commits.

The partition of __consumer_offsets that keeps the group must be part of the transaction; from
version 5 on this request makes it so (KIP-890).

Source: KafkaApis.handleTxnOffsetCommitRequest, GroupCoordinatorService.commitTransactionalOffsets.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.apis.transactional import producer_of
from reference_impl.kafka.core.members import Identity
from reference_impl.kafka.core.offsets import Offset, Partition
from reference_impl.kafka.core.transactions import offsets_partition
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 28

FIRST_VERSION_THAT_ADDS = 5
FIRST_VERSION_THAT_ABORTS = 4
"""Clients of earlier versions do not know TRANSACTION_ABORTABLE."""


def handle(request: Request) -> dict[str, Any]:
    """Keep the offsets, and answer with a code for each partition."""
    body = request.body
    offsets = {
        (topic["name"], one["partition_index"]): _offset(request, one)
        for topic in body["topics"]
        for one in topic["partitions"]
    }
    codes = _stage(request, offsets)
    return {
        "topics": [
            {
                "name": topic["name"],
                "partitions": [
                    {
                        "partition_index": one["partition_index"],
                        "error_code": codes[topic["name"], one["partition_index"]],
                    }
                    for one in topic["partitions"]
                ],
            }
            for topic in body["topics"]
        ]
    }


def _stage(request: Request, offsets: dict[Partition, Offset]) -> dict[Partition, ErrorCode]:
    body, groups = request.body, request.broker.groups
    producer = producer_of(body)
    who = Identity(body["member_id"], body["generation_id"], body["group_instance_id"])
    codes = groups.check_partitions(offsets)
    good = {one: offset for one, offset in offsets.items() if codes[one] is ErrorCode.NONE}
    if not good:
        return codes
    try:
        _check_transaction(request)
        staged = groups.stage_offsets(
            body["group_id"], producer.producer_id, producer.epoch, who, good
        )
    except Refused as refused:
        staged = dict.fromkeys(good, refused.code)
    return codes | staged


def _check_transaction(request: Request) -> None:
    """Raise Refused unless the group's partition is part of the transaction.

    The log of that partition knows the latest epoch of the producer. The coordinator is not asked
    when offsets of that partition wait for its end already.
    """
    body, broker = request.body, request.broker
    if not body["group_id"]:
        raise Refused(ErrorCode.INVALID_GROUP_ID)
    producer, kept_in = producer_of(body), offsets_partition(body["group_id"])
    if broker.dialect.epoch_before_coordinator:
        broker.groups.check_epoch(*producer)
    if any(
        offsets_partition(group_id) == kept_in
        for group_id in broker.groups.groups_in_transaction(*producer)
    ):
        return
    refusals = broker.transactions.check_writes(
        body["transactional_id"],
        producer,
        [kept_in],
        adds=request.version >= FIRST_VERSION_THAT_ADDS,
        aborts=request.version >= FIRST_VERSION_THAT_ABORTS,
    )
    if kept_in in refusals:
        raise refusals[kept_in]


def _offset(request: Request, one: dict[str, Any]) -> Offset:
    return Offset(
        one["committed_offset"],
        one["committed_leader_epoch"],
        one["committed_metadata"] or "",
        request.broker.clock.now_ms(),
    )
