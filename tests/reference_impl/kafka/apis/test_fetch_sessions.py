"""Fetch sessions, as Kafka 4.3.1 answered the same requests."""

from __future__ import annotations

from typing import Any

import pytest

from reference_impl.clock import ManualClock
from reference_impl.kafka.core.appending import single_batch
from reference_impl.kafka.core.fetch_sessions import EVICTABLE_AFTER_MS, MAX_EPOCH
from reference_impl.kafka.record.records import Record, build_batch
from tests.reference_impl.kafka.client import NO_ID, Client, new_broker

BY_NAME, BY_ID = 12, 13
Told = list[tuple[str, int, int]]


class Fetcher:
    """A client that fetches; what it is told comes as (topic, error code, number of batches)."""

    def __init__(self, settings: dict[str, str] | None = None) -> None:
        self.clock = ManualClock()
        self.broker = new_broker(clock=self.clock, settings=settings)
        self.client = Client(self.broker)
        self.ids = {name: self.client.create(name)["topic_id"] for name in ("a", "b")}
        self.session = 0

    def write(self, name: str) -> None:
        topic = self.broker.topics.find(name)
        assert topic is not None
        octets = build_batch([Record(0, self.clock.now_ms(), b"k", b"v")])
        self.broker.append(topic, 0, single_batch(octets))

    def body(
        self,
        session: int,
        epoch: int,
        offsets: dict[str, int],
        forget: tuple[str, ...],
        version: int,
    ) -> dict[str, Any]:
        def topic(name: str) -> dict[str, Any]:
            if version >= BY_ID:
                return {"topic_id": self.ids.get(name, b"9" * 16)}
            return {"topic": name}

        return {
            "max_wait_ms": 0,
            "min_bytes": 1,
            "max_bytes": 1 << 20,
            "session_id": session,
            "session_epoch": epoch,
            "topics": [
                {
                    **topic(name),
                    "partitions": [
                        {"partition": 0, "fetch_offset": offset, "partition_max_bytes": 1 << 20}
                    ],
                }
                for name, offset in offsets.items()
            ],
            "forgotten_topics_data": [{**topic(name), "partitions": [0]} for name in forget],
        }

    def fetch(
        self,
        epoch: int,
        offsets: dict[str, int] | None = None,
        *,
        session: int | None = None,
        forget: tuple[str, ...] = (),
        version: int = BY_NAME,
    ) -> Told | int:
        """Return what was told, or the error code of the whole answer."""
        used = self.session if session is None else session
        body = self.body(used, epoch, offsets or {}, forget, version)
        answered = self.client.call("Fetch", body, version)
        if answered["error_code"]:
            code: int = answered["error_code"]
            return code
        self.session = answered["session_id"]
        names = {topic_id: name for name, topic_id in self.ids.items()}
        return [
            (
                topic["topic"] if version < BY_ID else names.get(topic["topic_id"], "?"),
                one["error_code"],
                len(bytes(one["records"])) // 70,
            )
            for topic in answered["responses"]
            for one in topic["partitions"]
        ]


@pytest.fixture
def fetcher() -> Fetcher:
    return Fetcher()


@pytest.mark.parametrize("version", [BY_NAME, BY_ID])
def test_only_news_are_told(fetcher: Fetcher, version: int) -> None:
    fetcher.write("a")
    assert fetcher.fetch(0, {"a": 0, "b": 0}, version=version) == [("a", 0, 1), ("b", 0, 0)]
    assert fetcher.session != 0
    assert fetcher.fetch(1, version=version) == [("a", 0, 1)]
    assert fetcher.fetch(2, {"a": 1}, version=version) == []
    fetcher.write("b")
    assert fetcher.fetch(3, version=version) == [("b", 0, 1)]
    assert fetcher.fetch(4, {"b": 1}, version=version) == []


def test_errors_are_told_until_they_are_gone(fetcher: Fetcher) -> None:
    fetcher.fetch(0, {"a": 0})
    assert fetcher.fetch(1, {"nope": 0, "a": 9}) == [("a", 1, 0), ("nope", 3, 0)]
    assert fetcher.fetch(2) == [("a", 1, 0), ("nope", 3, 0)]
    assert fetcher.fetch(3, {"a": 0}) == [("a", 0, 0), ("nope", 3, 0)]
    assert fetcher.fetch(4) == [("nope", 3, 0)]


def test_what_was_forgotten_is_not_told(fetcher: Fetcher) -> None:
    fetcher.fetch(0, {"a": 0, "b": 0})
    fetcher.write("a")
    assert fetcher.fetch(1, forget=("a",)) == []
    assert fetcher.fetch(2, forget=("b",)) == []
    assert fetcher.session == 0 and len(fetcher.broker.fetch_sessions) == 0


def test_epochs_and_ids_that_are_wrong(fetcher: Fetcher) -> None:
    fetcher.fetch(0, {"a": 0})
    assert fetcher.fetch(2) == 71
    assert fetcher.fetch(1, session=fetcher.session + 1) == 70
    assert fetcher.fetch(1, session=0) == 70
    assert fetcher.fetch(-2) == 71
    assert fetcher.fetch(1, version=BY_ID) == 106
    assert fetcher.fetch(1) == []
    assert fetcher.fetch(1) == 71


@pytest.mark.parametrize("epoch", [0, -1])
def test_a_full_fetch_ends_the_session_that_it_names(fetcher: Fetcher, epoch: int) -> None:
    fetcher.fetch(0, {"a": 0})
    old = fetcher.session
    assert fetcher.fetch(epoch, {"a": 0}) == [("a", 0, 0)]
    assert (fetcher.session == 0) is (epoch == -1)
    assert fetcher.fetch(1, session=old) == 70


def test_epochs_begin_again_after_the_last(fetcher: Fetcher) -> None:
    fetcher.fetch(0, {"a": 0})
    session = fetcher.broker.fetch_sessions.resume(fetcher.session, 1, {}, [], 0, by_id=False)
    assert session is not None
    session.epoch = MAX_EPOCH
    assert fetcher.fetch(MAX_EPOCH) == []
    assert fetcher.fetch(1) == []


def test_there_is_room_for_so_many_and_old_ones_give_way() -> None:
    fetcher = Fetcher({"max.incremental.fetch.session.cache.slots": "1"})
    fetcher.fetch(0, {"a": 0})
    first = fetcher.session
    assert fetcher.fetch(0, {"a": 0}, session=0) == [("a", 0, 0)]
    assert fetcher.session == 0
    fetcher.clock.advance(EVICTABLE_AFTER_MS + 1)
    fetcher.fetch(0, {"a": 0}, session=0)
    assert fetcher.session not in (0, first)
    assert fetcher.fetch(1, session=first) == 70


def test_a_topic_that_is_not_there_does_not_hurry_the_others(fetcher: Fetcher) -> None:
    body = fetcher.body(0, -1, {"a": 0, "nope": 0}, (), BY_NAME)
    body["max_wait_ms"] = 500
    fetcher.client.send("Fetch", body, BY_NAME)
    assert fetcher.client.receive("Fetch", BY_NAME) is None
    fetcher.clock.advance(500)
    fetcher.broker.timers.run_due()
    answered = fetcher.client.receive("Fetch", BY_NAME)
    assert answered is not None
    assert [one["partitions"][0]["error_code"] for one in answered["responses"]] == [0, 3]
    body = fetcher.body(0, -1, {"nope": 0}, (), BY_NAME)
    assert fetcher.client.call("Fetch", {**body, "max_wait_ms": 500}, BY_NAME)["responses"]
    assert NO_ID not in fetcher.ids.values()
