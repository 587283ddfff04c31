"""What clients fetch again and again, so that they need not name it each time (KIP-227).

Source: FetchSession, FetchSessionCache, FetchMetadata; compared with Kafka 4.3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reference_impl.kafka.errors import ErrorCode, Refused

FIRST_EPOCH = 0
"""Epoch of a request that begins a session."""

NO_SESSION = -1
"""Epoch of a request that wants none."""

MAX_EPOCH = 2**31 - 1

EVICTABLE_AFTER_MS = 120_000
"""How long a session must not have been used before another may take its place
(min.incremental.fetch.session.eviction.ms, which is fixed)."""

Key = tuple[str | bytes, int]
"""A partition, by the name or the id of its topic."""


class FetchedPartition:
    """One partition of a session: what its client asks for, and what it was told last."""

    def __init__(self, topic: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        self.topic = topic["topic"]
        self.topic_id = topic["topic_id"]
        self.wanted = wanted
        self.high_watermark = -1
        self.start_offset = -1

    def has_news(self, told: Mapping[str, Any]) -> bool:
        """Whether the client needs an answer for this partition, which it then has been told.

        An error is told each time, and what comes after it too.
        """
        news = bool(told["records"])
        if told["high_watermark"] != self.high_watermark:
            self.high_watermark = told["high_watermark"]
            news = True
        if told.get("log_start_offset", -1) != self.start_offset:
            self.start_offset = told.get("log_start_offset", -1)
            news = True
        if told["error_code"] != ErrorCode.NONE:
            self.high_watermark = -1
            news = True
        return news


Partitions = dict[Key, FetchedPartition]


class FetchSession:
    """Partitions in the order of answers; `epoch` is that of the next request."""

    def __init__(
        self, session_id: int, partitions: Partitions, used_ms: int, *, by_id: bool
    ) -> None:
        self.id = session_id
        self.epoch = 1
        self.partitions = partitions
        self.used_ms = used_ms
        self.by_id = by_id

    def update(self, wanted: Partitions, forgotten: Iterable[Key]) -> None:
        """Ask for other or further partitions, and for some no more."""
        for key, partition in wanted.items():
            known = self.partitions.get(key)
            if known is None:
                self.partitions[key] = partition
            else:
                known.wanted = partition.wanted
        for key in forgotten:
            self.partitions.pop(key, None)

    def news(self, key: Key, told: Mapping[str, Any]) -> bool:
        """Whether the client is told of this partition; one with records goes to the end, so that
        others have their turn when there is not room for all."""
        partition = self.partitions.get(key)
        if partition is None:
            return False
        if told["records"]:
            self.partitions[key] = self.partitions.pop(key)
        return partition.has_news(told)


class FetchSessions:
    """All sessions of a broker. `new_id` returns random octets; `most` sessions are kept."""

    def __init__(self, new_id: Callable[[], bytes], most: int) -> None:
        self._new_id = new_id
        self._most = most
        self._by_id: dict[int, FetchSession] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def close(self, session_id: int) -> None:
        """End a session, if there is one of this id."""
        self._by_id.pop(session_id, None)

    def open(self, partitions: Partitions, now_ms: int, *, by_id: bool) -> int:
        """Begin a session; return its id, 0 when there are too many."""
        if len(self._by_id) >= self._most and not self._evict(now_ms):
            return 0
        session_id = 0
        while session_id == 0 or session_id in self._by_id:
            session_id = int.from_bytes(self._new_id()[-4:], "big") & MAX_EPOCH
        session = FetchSession(session_id, partitions, now_ms, by_id=by_id)
        self._by_id[session_id] = session
        return session_id

    def _evict(self, now_ms: int) -> bool:
        oldest = min(self._by_id.values(), key=lambda one: one.used_ms, default=None)
        if oldest is None or now_ms - oldest.used_ms <= EVICTABLE_AFTER_MS:
            return False
        self.close(oldest.id)
        return True

    def resume(
        self,
        session_id: int,
        epoch: int,
        wanted: Partitions,
        forgotten: Iterable[Key],
        now_ms: int,
        *,
        by_id: bool,
    ) -> FetchSession | None:
        """Go on with a session; None when nothing is left in it, which ends it. Raises Refused."""
        session = self._by_id.get(session_id)
        if session is None:
            raise Refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
        if session.epoch != epoch:
            raise Refused(ErrorCode.INVALID_FETCH_SESSION_EPOCH)
        if session.by_id != by_id:
            raise Refused(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
        session.update(wanted, forgotten)
        if not session.partitions:
            self.close(session_id)
            return None
        session.epoch = 1 if epoch == MAX_EPOCH else epoch + 1
        session.used_ms = now_ms
        return session
