"""ListOffsets (2): the first and the last offset, and offsets by time.

Source: KafkaApis.handleListOffsetRequest, UnifiedLog.fetchOffsetByTimestamp; KIP-79, KIP-734.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from reference_impl.kafka.apis.fetch import READ_COMMITTED, check_leader_epoch
from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.appending import records_of
from reference_impl.kafka.core.log import PartitionLog
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 2

LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING = range(-1, -7, -1)

FIRST_VERSION_WITH_EPOCHS = 4
FIRST_VERSION_OF = {MAX_TIMESTAMP: 7, EARLIEST_LOCAL: 8, LATEST_TIERED: 9, EARLIEST_PENDING: 11}


class Found(NamedTuple):
    """An offset, the timestamp of its record where that was looked for, and its leader epoch."""

    offset: int
    timestamp: int
    leader_epoch: int


NOTHING = Found(-1, -1, -1)


def handle(request: Request) -> dict[str, Any]:
    """Answer with an offset for each partition."""
    committed = request.body["isolation_level"] == READ_COMMITTED
    wanted = [
        (one["name"], partition["partition_index"])
        for one in request.body["topics"]
        for partition in one["partitions"]
    ]
    twice = {key for key in wanted if wanted.count(key) > 1}
    topics = []
    for one in request.body["topics"]:
        partitions = []
        for partition in one["partitions"]:
            index = partition["partition_index"]
            code, found = ErrorCode.NONE, NOTHING
            try:
                if (one["name"], index) in twice:
                    raise Refused(ErrorCode.INVALID_REQUEST)
                _check_place(partition["timestamp"], request.version)
                log = request.broker.topics.partition(one["name"], index)
                check_leader_epoch(log, partition["current_leader_epoch"])
                found = _find(log, partition["timestamp"], committed)
            except Refused as refused:
                code = refused.code
            partitions.append(_described(index, code, found, request.version))
        topics.append({"name": one["name"], "partitions": partitions})
    return {"topics": topics}


def _described(index: int, code: ErrorCode, found: Found, version: int) -> dict[str, Any]:
    if version == 0:
        return {
            "partition_index": index,
            "error_code": code,
            "old_style_offsets": [found.offset] if found.offset >= 0 else [],
        }
    described = {
        "partition_index": index,
        "error_code": code,
        "timestamp": found.timestamp,
        "offset": found.offset,
    }
    if version >= FIRST_VERSION_WITH_EPOCHS:
        described["leader_epoch"] = found.leader_epoch
    return described


def _check_place(timestamp: int, version: int) -> None:
    """Refuse a place that the version does not know, before it is known whether the partition
    exists."""
    known = timestamp >= EARLIEST or version >= FIRST_VERSION_OF.get(timestamp, version + 1)
    if not known:
        raise Refused(ErrorCode.UNSUPPORTED_VERSION)


def _find(log: PartitionLog, timestamp: int, committed: bool) -> Found:
    if timestamp == LATEST:
        return Found(log.readable_end(committed=committed), -1, log.leader_epoch)
    if timestamp in (EARLIEST, EARLIEST_LOCAL):
        return Found(log.start_offset, -1, log.leader_epoch)
    if timestamp == MAX_TIMESTAMP:
        return _latest_timestamp(log)
    if timestamp < 0:
        return NOTHING
    return _by_time(log, timestamp, log.readable_end(committed=committed))


def _by_time(log: PartitionLog, timestamp: int, end: int) -> Found:
    """The first record that is at least as late, in the order of offsets."""
    for batch in log:
        if batch.header.max_timestamp < timestamp or batch.header.is_control:
            continue
        for record in records_of(batch):
            if record.timestamp >= timestamp and record.offset >= log.start_offset:
                if record.offset >= end:
                    return NOTHING
                return Found(record.offset, record.timestamp, batch.header.leader_epoch)
    return NOTHING


def _latest_timestamp(log: PartitionLog) -> Found:
    latest = max(log, key=lambda batch: batch.header.max_timestamp, default=None)
    if latest is None:
        return NOTHING
    for record in records_of(latest):
        if record.timestamp == latest.header.max_timestamp:
            return Found(record.offset, record.timestamp, latest.header.leader_epoch)
    return NOTHING
