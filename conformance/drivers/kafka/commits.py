"""Offsets that a group without members commits: what a consumer keeps of its progress.

Source: OffsetCommit and OffsetFetch in version 5, which every broker in question has; a broker
that has just started creates or loads what it keeps of groups first.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from kafka.protocol.consumer import OffsetCommitRequest, OffsetFetchRequest
from kafka.protocol.metadata import FindCoordinatorRequest

from conformance.drivers.kafka.tester import POLL_S
from conformance.errors import Mismatch, Overdue

if TYPE_CHECKING:
    from conformance.drivers.kafka.partition import Partition
    from conformance.drivers.kafka.tester import KafkaTester

VERSION = 5
NOT_YET = (14, 15, 16)
"""Loading, not available, and not the coordinator."""


def commit(group: str, partition: Partition, offset: int) -> None:
    """Commit an offset, which must be accepted."""
    topic = OffsetCommitRequest.OffsetCommitRequestTopic
    request = OffsetCommitRequest(
        group_id=group,
        member_id="",
        topics=[
            topic(
                name=partition.topic,
                partitions=[
                    topic.OffsetCommitRequestPartition(
                        partition_index=partition.index,
                        committed_offset=offset,
                        committed_metadata="",
                    )
                ],
            )
        ],
    )
    answer = _call(partition.tester, group, request)
    if answer.error_code:
        raise Mismatch("an offset committed", f"error {answer.error_code}")


def committed(group: str, partition: Partition) -> int:
    """The offset that a group has committed, -1 for none."""
    topic = OffsetFetchRequest.OffsetFetchRequestTopic(
        name=partition.topic, partition_indexes=[partition.index]
    )
    request = OffsetFetchRequest(group_id=group, topics=[topic])
    answer = _call(partition.tester, group, request)
    if answer.error_code:
        raise Mismatch("an answer of OffsetFetch", f"error {answer.error_code}")
    return int(answer.committed_offset)


def _call(kafka: KafkaTester, group: str, request: Any) -> Any:
    """Send a request until the group's coordinator answers; return the one partition's part."""
    until_s = time.monotonic() + kafka.answer_within_s
    while True:
        kafka.call(FindCoordinatorRequest(key=group, key_type=0), 1)
        response = kafka.call(request, VERSION)
        code = getattr(response, "error_code", None) or 0
        answer = response.topics[0].partitions[0] if response.topics else response
        if code not in NOT_YET and answer.error_code not in NOT_YET:
            return answer
        if time.monotonic() > until_s:
            raise Overdue("a coordinator of groups", f"error {code or answer.error_code}")
        time.sleep(POLL_S)
