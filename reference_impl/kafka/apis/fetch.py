"""Fetch (1): batches of some partitions, at once or when there are enough of them.

Sessions are refused the legal way: whoever asks for one is told session 0, and fetches in full.

Source: KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages, DelayedFetch; KIP-74, KIP-227.
"""

from __future__ import annotations

from typing import Any

from reference_impl.kafka.apis.request import Answer, Request
from reference_impl.kafka.core.log import PartitionLog
from reference_impl.kafka.core.topics import Topic
from reference_impl.kafka.core.waiting import Later
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 1

FIRST_VERSION_WITH_IDS = 13
READ_COMMITTED = 1
MAX_OCTETS = 55 * 1024 * 1024
"""Default of fetch.max.bytes of brokers."""


def handle(request: Request) -> Answer:
    """Answer with batches, now or later."""
    body = request.body
    if body["session_id"] != 0 and body["session_epoch"] > 0:
        return {"error_code": ErrorCode.FETCH_SESSION_ID_NOT_FOUND, "responses": []}
    attempt = _Attempt(request)
    if attempt.is_satisfied() or body["max_wait_ms"] <= 0 or not body["topics"]:
        return attempt.read()
    return _wait(request, attempt)


def _wait(request: Request, attempt: _Attempt) -> Later:
    """Answer when enough can be read, something fails, or the time is over."""
    broker = request.broker

    def check() -> None:
        if attempt.is_satisfied():
            finish()

    def finish() -> None:
        forget()
        later.answer(attempt.read())

    def forget() -> None:
        timer.cancel()
        for log in attempt.logs:
            log.watchers.pop(check, None)

    later = Later(on_abandon=forget)
    timer = broker.timers.at(broker.clock.now_ms() + request.body["max_wait_ms"], finish)
    for log in attempt.logs:
        log.watchers[check] = None
    return later


class _Attempt:
    """What one request asks for, as often as it has to be looked at."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._committed = request.body["isolation_level"] == READ_COMMITTED
        self.logs = [
            log
            for wanted in request.body["topics"]
            if (topic := self._topic(wanted)) is not None
            for one in wanted["partitions"]
            if (log := _log(topic, one["partition"])) is not None
        ]

    def _topic(self, wanted: dict[str, Any]) -> Topic | None:
        topics = self._request.broker.topics
        if self._request.version >= FIRST_VERSION_WITH_IDS:
            return topics.find_id(wanted["topic_id"])
        return topics.find(wanted["topic"])

    def is_satisfied(self) -> bool:
        """Whether there are enough octets, or an error to tell at once."""
        octets = 0
        for wanted in self._request.body["topics"]:
            topic = self._topic(wanted)
            for one in wanted["partitions"]:
                try:
                    log = self._checked_log(topic, one)
                except Refused:
                    return True
                available = log.available(one["fetch_offset"], committed=self._committed)
                octets += min(available, one["partition_max_bytes"])
        return octets >= int(self._request.body["min_bytes"])

    def _checked_log(self, topic: Topic | None, one: dict[str, Any]) -> PartitionLog:
        if topic is None:
            by_id = self._request.version >= FIRST_VERSION_WITH_IDS
            raise Refused(
                ErrorCode.UNKNOWN_TOPIC_ID if by_id else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            )
        log = _log(topic, one["partition"])
        if log is None:
            raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        check_leader_epoch(log, one["current_leader_epoch"])
        log.check_offset(one["fetch_offset"])
        return log

    def read(self) -> dict[str, Any]:
        """Return the response, with partitions in the order of the request."""
        left = min(self._request.body["max_bytes"], MAX_OCTETS)
        something = False
        responses = []
        for wanted in self._request.body["topics"]:
            topic = self._topic(wanted)
            partitions = []
            for one in wanted["partitions"]:
                found, octets = self._read_one(topic, one, left, not something)
                something = something or octets > 0
                left = max(0, left - octets)
                partitions.append(found)
            responses.append(
                {
                    "topic": wanted["topic"],
                    "topic_id": wanted["topic_id"],
                    "partitions": partitions,
                }
            )
        return {"error_code": ErrorCode.NONE, "session_id": 0, "responses": responses}

    def _read_one(
        self, topic: Topic | None, one: dict[str, Any], left: int, at_least_one: bool
    ) -> tuple[dict[str, Any], int]:
        try:
            log = self._checked_log(topic, one)
        except Refused as refused:
            return {
                "partition_index": one["partition"],
                "error_code": refused.code,
                "high_watermark": -1,
                "aborted_transactions": None,
                "records": b"",
            }, 0
        result = log.read(
            one["fetch_offset"],
            min(left, one["partition_max_bytes"]),
            committed=self._committed,
            at_least_one=at_least_one,
        )
        records = b"".join(batch.octets for batch in result.batches)
        aborted = [
            {"producer_id": gone.producer_id, "first_offset": gone.first_offset}
            for gone in result.aborted
        ]
        return {
            "partition_index": one["partition"],
            "error_code": ErrorCode.NONE,
            "high_watermark": log.high_watermark,
            "last_stable_offset": log.stable_offset,
            "log_start_offset": log.start_offset,
            "aborted_transactions": aborted if self._committed else None,
            "records": records,
        }, len(records)


def _log(topic: Topic, index: int) -> PartitionLog | None:
    return topic.partitions[index] if 0 <= index < len(topic.partitions) else None


def check_leader_epoch(log: PartitionLog, epoch: int) -> None:
    """Raise Refused unless the client knows the current leader epoch, or does not say (KIP-320)."""
    if epoch != -1 and epoch < log.leader_epoch:
        raise Refused(ErrorCode.FENCED_LEADER_EPOCH)
    if epoch > log.leader_epoch:
        raise Refused(ErrorCode.UNKNOWN_LEADER_EPOCH)
