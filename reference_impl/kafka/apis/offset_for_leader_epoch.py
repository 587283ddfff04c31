"""OffsetForLeaderEpoch (23): where the records of a leader epoch end.

Source: Partition.lastOffsetForLeaderEpoch, LeaderEpochFileCache.endOffsetFor; KIP-101, KIP-320.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.fetch import check_leader_epoch
from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.log import NO_LEADER_EPOCH
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 23


def handle(request: Request) -> dict[str, Any]:
    """Answer with an epoch and its end for each partition."""
    return {
        "topics": [
            {
                "topic": one["topic"],
                "partitions": [
                    _find(request.broker, one["topic"], partition)
                    for partition in one["partitions"]
                ],
            }
            for one in request.body["topics"]
        ]
    }


def _find(broker: KafkaBroker, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    code, found = ErrorCode.NONE, (NO_LEADER_EPOCH, -1)
    try:
        log = broker.topics.partition(name, wanted["partition"])
        check_leader_epoch(log, wanted["current_leader_epoch"])
        found = log.epoch_end(wanted["leader_epoch"])
    except Refused as refused:
        code = refused.code
    return {
        "partition": wanted["partition"],
        "error_code": code,
        "leader_epoch": found[0],
        "end_offset": found[1],
    }
