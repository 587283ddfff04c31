"""Fetch sessions: the broker remembers what a client fetches, and tells what is new (KIP-227)."""

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from kafka.protocol.consumer import FetchRequest

from conformance import expect
from conformance.drivers.kafka.batches import Sent, split
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.partition import FETCH, MANY_OCTETS, Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

FIRST_VERSION = 7
FIRST_VERSION_WITH_IDS = 13
BEGINS = 0
WITHOUT = -1
"""Epochs of requests that begin a session, and of those that are in none."""

PARTITIONS = 3


class Session:
    """A session of one client in one version of Fetch."""

    def __init__(self, kafka: KafkaTester, version: int | None = None) -> None:
        self.kafka = kafka
        self.version = kafka.best(FETCH) if version is None else version
        self.id = 0
        self.epoch = BEGINS

    def call(
        self,
        wanted: Iterable[tuple[Partition, int]] = (),
        forgotten: Iterable[Partition] = (),
        **changes: Any,
    ) -> Any:
        """Fetch in the session: what it has already, and these partitions from these offsets."""
        entry = FetchRequest.ForgottenTopic
        fields: dict[str, Any] = {
            "max_wait_ms": 0,
            "min_bytes": 1,
            "max_bytes": MANY_OCTETS,
            "session_id": self.id,
            "session_epoch": self.epoch,
            "topics": [partition.fetch_request(offset).topics[0] for partition, offset in wanted],
            "forgotten_topics_data": [
                entry(topic=one.topic, topic_id=one.topic_id, partitions=[one.index])
                for one in forgotten
            ],
        }
        return self.kafka.call(FetchRequest(**(fields | changes)), self.version)

    def fetch(
        self,
        wanted: Iterable[tuple[Partition, int]] = (),
        forgotten: Iterable[Partition] = (),
    ) -> dict[int, list[bytes | None]]:
        """Fetch, which must succeed: the values of each partition that the answer has, by index."""
        answer = self.call(wanted, forgotten)
        expect_code(answer, "NONE", f"Fetch of session {self.id}, epoch {self.epoch}")
        if self.epoch == BEGINS:
            self.id = answer.session_id
            expect.true(self.id > 0, "the id of a new session", self.id)
        else:
            expect.equal(answer.session_id, self.id, "id of the session")
        self.epoch += 1
        return {
            part.partition_index: [
                record.value
                for batch in split(bytes(part.records or b""))
                for record in batch.records
            ]
            for topic in answer.responses
            for part in topic.partitions
        }


def of_one_topic(kafka: KafkaTester) -> list[Partition]:
    """Empty partitions, of one topic so that their indexes tell them apart."""
    found: list[Partition] = []
    while len(found) < PARTITIONS:
        one = kafka.fresh()
        found = [*found, one] if not found or one.topic == found[0].topic else [one]
    return found


@requirement("kafka.fetch-sessions.begins")
def test_a_session_begins_with_everything(kafka: KafkaTester) -> None:
    for version in kafka.versions(FETCH, FIRST_VERSION):
        partitions = of_one_topic(kafka)
        found = Session(kafka, version).fetch([(one, 0) for one in partitions])
        expected: dict[int, list[bytes | None]] = {one.index: [] for one in partitions}
        expect.equal(found, expected, f"partitions in version {version}")


@requirement("kafka.fetch-sessions.goes-on")
@holds_for(
    cost=4,
    rounds=st.lists(st.dictionaries(st.integers(0, PARTITIONS - 1), st.integers(1, 2)), max_size=4),
)
def test_a_session_tells_what_is_new(kafka: KafkaTester, rounds: list[dict[int, int]]) -> None:
    """Nothing is named but the offsets that have moved, as clients do."""
    partitions = of_one_topic(kafka)
    session = Session(kafka)
    session.fetch([(one, 0) for one in partitions])
    ends = [0] * PARTITIONS
    for number, appended in enumerate([*rounds, {}]):
        expected: dict[int, list[bytes | None]] = {}
        for which, count in appended.items():
            values: list[bytes | None] = [b"%d.%d" % (number, one) for one in range(count)]
            partitions[which].append(map(Sent, values))
            expected[partitions[which].index] = values
        expect.equal(session.fetch(), expected, "values by partition")
        moved = [(partitions[which], ends[which] + count) for which, count in appended.items()]
        for which, count in appended.items():
            ends[which] += count
        expect.equal(session.fetch(moved), {}, "what is new once offsets have moved")


@requirement("kafka.fetch-sessions.same-records")
@holds_for(cost=2, sizes=st.lists(st.integers(0, 2), min_size=PARTITIONS, max_size=PARTITIONS))
def test_a_session_gives_what_a_full_fetch_gives(kafka: KafkaTester, sizes: list[int]) -> None:
    partitions = of_one_topic(kafka)
    session = Session(kafka)
    session.fetch([(one, 0) for one in partitions])
    for one, size in zip(partitions, sizes, strict=True):
        if size:
            one.append([Sent(b"%d" % number) for number in range(size)])
    found = session.fetch()
    for one in partitions:
        full = [record.value for record in one.fetch().records]
        expect.equal(found.get(one.index, []), full, f"values of partition {one.index}")


@requirement("kafka.fetch-sessions.errors-stay")
def test_errors_are_told_each_time(kafka: KafkaTester) -> None:
    right, wrong, _ = of_one_topic(kafka)
    session = Session(kafka)
    wanted = [(right, 0), (wrong, 9)]
    for _ in range(3):
        answer = session.call(wanted)
        expect_code(answer, "NONE")
        told = {
            part.partition_index: name_of(part.error_code)
            for topic in answer.responses
            for part in topic.partitions
        }
        expect.equal(told.get(wrong.index), "OFFSET_OUT_OF_RANGE", "error of the partition")
        session.id, session.epoch = answer.session_id, session.epoch + 1
        wanted = []


@requirement("kafka.fetch-sessions.wrong-epoch")
@holds_for(cost=2, epoch=st.sampled_from([2, 3, 2**31 - 1]))
def test_epochs_follow_each_other(kafka: KafkaTester, epoch: int) -> None:
    partition = kafka.fresh()
    session = Session(kafka)
    session.fetch([(partition, 0)])
    answer = session.call(session_epoch=epoch)
    expect_code(answer, "INVALID_FETCH_SESSION_EPOCH", f"epoch {epoch} instead of 1")
    expect.equal(list(answer.responses), [], "partitions")
    partition.append([Sent(b"x")])
    expect.equal(session.fetch(), {partition.index: [b"x"]}, "values in epoch 1")
    again = session.call(session_epoch=1)
    expect_code(again, "INVALID_FETCH_SESSION_EPOCH", "epoch 1 again")


@requirement("kafka.fetch-sessions.forgotten")
def test_forgotten_partitions_do_not_come_back(kafka: KafkaTester) -> None:
    kept, forgotten, _ = of_one_topic(kafka)
    session = Session(kafka)
    session.fetch([(kept, 0), (forgotten, 0)])
    for one in (kept, forgotten):
        one.append([Sent(b"x")])
    for _ in range(2):
        found = session.fetch(forgotten=[forgotten])
        expect.equal(found, {kept.index: [b"x"]}, "values by partition")


@requirement("kafka.fetch-sessions.added")
def test_partitions_may_be_added(kafka: KafkaTester) -> None:
    first, later, _ = of_one_topic(kafka)
    later.append([Sent(b"before")])
    session = Session(kafka)
    session.fetch([(first, 0)])
    expect.equal(session.fetch([(later, 0)]), {later.index: [b"before"]}, "values")
    later.append([Sent(b"after")])
    expect.equal(session.fetch([(later, 1)]), {later.index: [b"after"]}, "values afterwards")


@requirement("kafka.fetch-sessions.closed")
def test_a_full_fetch_ends_the_session(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    for epoch in (WITHOUT, BEGINS):
        session = Session(kafka)
        session.fetch([(partition, 0)])
        answer = session.call([(partition, 0)], session_epoch=epoch)
        expect_code(answer, "NONE", f"epoch {epoch}")
        expect.true(answer.session_id != session.id, "another session or none", session.id)
        gone = session.call(session_epoch=1)
        expect_code(gone, "FETCH_SESSION_ID_NOT_FOUND", "the session that was ended")


@requirement("kafka.fetch-sessions.names-or-ids")
def test_names_and_ids_do_not_mix(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    newest = kafka.best(FETCH)
    session = Session(kafka, FIRST_VERSION_WITH_IDS - 1)
    session.fetch([(partition, 0)])
    session.version = newest
    answer = session.call()
    expect_code(answer, "FETCH_SESSION_TOPIC_ID_ERROR", f"version {newest} after version 12")
