"""Fetch (1): batches of some partitions, at once or when there are enough of them.

Of a partition that is named twice the last one counts, as in Kafka, which keeps a map.

Source: KafkaApis.handleFetchRequest, ReplicaManager.fetchMessages, DelayedFetch; KIP-74, KIP-227.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from reference_impl.kafka.apis.request import Answer, Request
from reference_impl.kafka.core.fetch_sessions import (
    FIRST_EPOCH,
    NO_SESSION,
    FetchedPartition,
    FetchSession,
    Key,
    Partitions,
)
from reference_impl.kafka.core.log import PartitionLog
from reference_impl.kafka.core.topics import Topic
from reference_impl.kafka.core.waiting import Later
from reference_impl.kafka.errors import ErrorCode, Refused

API_KEY = 1

FIRST_VERSION_WITH_IDS = 13
READ_COMMITTED = 1


def handle(request: Request) -> Answer:
    """Answer with batches, now or later."""
    try:
        reader = _reader(request)
    except Refused as refused:
        return {"error_code": refused.code, "responses": []}
    attempt = _Attempt(request, reader)
    if attempt.is_satisfied() or request.body["max_wait_ms"] <= 0:
        return attempt.read()
    return _wait(request, attempt)


class _Reader(NamedTuple):
    """The partitions to read, and the session that they belong to, if there is one.

    With `begins` there will be one: its id is known when the answer is.
    """

    partitions: Partitions
    session: FetchSession | None
    begins: bool


def _reader(request: Request) -> _Reader:
    """Find out what is to be read. Raises Refused."""
    body, sessions = request.body, request.broker.fetch_sessions
    wanted = {
        _key(request, topic, one["partition"]): FetchedPartition(topic, one)
        for topic in body["topics"]
        for one in topic["partitions"]
    }
    session_id, epoch = body["session_id"], body["session_epoch"]
    if epoch in (FIRST_EPOCH, NO_SESSION):
        sessions.close(session_id)
        return _Reader(wanted, None, request.version >= 7 and epoch == FIRST_EPOCH)
    session = sessions.resume(
        session_id,
        epoch,
        wanted,
        [
            _key(request, topic, index)
            for topic in body["forgotten_topics_data"]
            for index in topic["partitions"]
        ],
        request.broker.clock.now_ms(),
        by_id=request.version >= FIRST_VERSION_WITH_IDS,
    )
    return _Reader({} if session is None else session.partitions, session, False)


def _key(request: Request, topic: dict[str, Any], index: int) -> Key:
    by_id = request.version >= FIRST_VERSION_WITH_IDS
    return topic["topic_id"] if by_id else topic["topic"], index


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

    def __init__(self, request: Request, reader: _Reader) -> None:
        self._request = request
        self._reader = reader
        self._committed = request.body["isolation_level"] == READ_COMMITTED
        self._wanted = list(reader.partitions.items())
        self.logs = [
            log
            for key, one in self._wanted
            if (topic := self._topic(one)) is not None and (log := _log(topic, key[1])) is not None
        ]

    def _topic(self, wanted: FetchedPartition) -> Topic | None:
        topics = self._request.broker.topics
        if self._request.version >= FIRST_VERSION_WITH_IDS:
            return topics.find_id(wanted.topic_id)
        return topics.find(wanted.topic)

    def is_satisfied(self) -> bool:
        """Whether there are enough octets, or an error to tell at once.

        Partitions that do not exist are told with the others, unless there are no others.
        """
        octets = 0
        if not self.logs or any(log.deleted for log in self.logs):
            return True
        for key, wanted in self._wanted:
            topic = self._topic(wanted)
            if topic is None or _log(topic, key[1]) is None:
                continue
            one = wanted.wanted
            try:
                log = self._checked_log(topic, one)
            except Refused:
                return True
            available = log.available(one["fetch_offset"], committed=self._committed)
            octets += min(available, one["partition_max_bytes"])
        return octets >= int(self._request.body["min_bytes"])

    def _checked_log(self, topic: Topic | None, one: Mapping[str, Any]) -> PartitionLog:
        if topic is None:
            by_id = self._request.version >= FIRST_VERSION_WITH_IDS
            raise Refused(
                ErrorCode.UNKNOWN_TOPIC_ID if by_id else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            )
        log = _log(topic, one["partition"])
        if log is None:
            raise Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        if one["current_leader_epoch"] >= 0:
            check_leader_epoch(log, one["current_leader_epoch"])
        log.check_offset(one["fetch_offset"])
        return log

    def read(self) -> dict[str, Any]:
        """Return the response, with partitions in the order of the request or the session."""
        broker = self._request.broker
        left = min(self._request.body["max_bytes"], broker.settings.number("fetch.max.bytes"))
        something = False
        responses: list[dict[str, Any]] = []
        session = self._reader.session
        for key, wanted in self._wanted:
            found, octets = self._read_one(self._topic(wanted), wanted.wanted, left, not something)
            something = something or octets > 0
            left = max(0, left - octets)
            if self._reader.begins:
                wanted.has_news(found)
            if session is not None and not session.news(key, found):
                continue
            if responses and responses[-1]["key"] == key[0]:
                responses[-1]["partitions"].append(found)
            else:
                topic = {"topic": wanted.topic, "topic_id": wanted.topic_id}
                responses.append({"key": key[0], **topic, "partitions": [found]})
        for response in responses:
            del response["key"]
        session_id = 0 if session is None else session.id
        if self._reader.begins:
            session_id = broker.fetch_sessions.open(
                self._reader.partitions,
                broker.clock.now_ms(),
                by_id=self._request.version >= FIRST_VERSION_WITH_IDS,
            )
        return {"error_code": ErrorCode.NONE, "session_id": session_id, "responses": responses}

    def _read_one(
        self, topic: Topic | None, one: Mapping[str, Any], left: int, at_least_one: bool
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
