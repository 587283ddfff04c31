"""KafkaConsumer of kafka-python as applications run it: alone, or several in a group."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.errors import KafkaError
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment

from conformance import expect
from conformance.drivers.kafka.groups import Group
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.errors import Mismatch

POLL_MS = 500
"""kafka-python 3.0.12 forgets an assignment that comes between two polls, whose join is not needed
any more then (join_group_async). With long polls that is rare; `resume` helps out if it happens."""

HEARTBEAT_MS = 100
"""Members hear of a rebalance with their next heartbeat."""

SETTLES_WITHIN = 3
"""Times as long as any answer may take: a group needs several answers and heartbeats to settle."""

CLOSES_WITHIN_MS = 2000


def place(partition: Partition) -> TopicPartition:
    """A partition by kafka-python's name for it."""
    return TopicPartition(partition.topic, partition.index)


def assigned_by(octets: bytes) -> list[TopicPartition]:
    """The partitions of an assignment. Raises Mismatch."""
    try:
        return list(ConsumerProtocolAssignment.decode(octets).partitions())
    except Exception as error:  # whatever kafka-python stumbles over
        raise Mismatch("an assignment", f"{octets!r} ({error!r})") from error


def open_consumer(kafka: KafkaTester, **options: Any) -> Any:
    """A KafkaConsumer that begins at the first record, commits only when told, and asks often."""
    chosen = {
        "auto_offset_reset": "earliest",
        "enable_auto_commit": False,
        "heartbeat_interval_ms": HEARTBEAT_MS,
        "retry_backoff_ms": 20,
        "metrics_enabled": False,
        **options,
    }
    return KafkaConsumer(bootstrap_servers=kafka.endpoint.address, **chosen)


@contextmanager
def consuming(kafka: KafkaTester, *partitions: Partition, **options: Any) -> Iterator[Any]:
    """A consumer of these partitions, which it is assigned by hand; options as KafkaConsumer.

    At the end it is closed without committing. What kafka-python raises is a broken promise.
    """
    try:
        consumer = open_consumer(kafka, **options)
    except KafkaError as error:
        raise Mismatch("a consumer", repr(error)) from error
    try:
        if partitions:
            consumer.assign([place(partition) for partition in partitions])
        yield consumer
    except KafkaError as error:
        raise Mismatch("a consumer that goes on", repr(error)) from error
    finally:
        consumer.close(autocommit=False, timeout_ms=CLOSES_WITHIN_MS)


def take(consumer: Any, count: int, most: int | None = None) -> list[Any]:
    """Poll until so many records have come, at most `most` with a poll; return all that came."""
    found: list[Any] = []

    def enough() -> bool:
        for records in consumer.poll(POLL_MS, max_records=most).values():
            found.extend(records)
        return len(found) >= count

    expect.eventually(enough, f"{count} records", observed=lambda: len(found))
    return found


def resume(consumer: Any) -> None:
    """Let a consumer join again whose assignment was forgotten (see POLL_MS)."""
    coordinator = consumer._coordinator
    task = coordinator._join_task
    if coordinator.rejoining and task is not None and task.is_done:
        coordinator.request_rejoin()


class TeamMember(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """A consumer of a group that polls in a thread of its own until it leaves."""

    def __init__(self, kafka: KafkaTester, group: str, topics: list[str], options: Any) -> None:
        self.owned: frozenset[TopicPartition] = frozenset()
        self.revoked: list[frozenset[TopicPartition]] = []
        """What each rebalance took away."""
        self.delivered: list[tuple[TopicPartition, int, bytes | None]] = []
        """Partition, offset and value of each record, in the order in which they came."""
        self.error: Exception | None = None
        self._leaving = threading.Event()
        self._consumer = open_consumer(kafka, group_id=group, **options)
        self._consumer.subscribe(topics, listener=self)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.owned |= assigned

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.owned -= revoked
        self.revoked.append(frozenset(revoked))

    def _run(self) -> None:
        try:
            while not self._leaving.is_set():
                for partition, records in self._consumer.poll(POLL_MS).items():
                    self.delivered += [(partition, one.offset, one.value) for one in records]
                resume(self._consumer)
            self._consumer.close(timeout_ms=CLOSES_WITHIN_MS)
        except Exception as error:  # whatever kafka-python stumbles over
            self.error = error

    def leave(self) -> None:
        """Say that it is to leave, which takes until the end of its poll."""
        self._leaving.set()

    def gone(self) -> None:
        """Wait until it has left."""
        self._thread.join((POLL_MS + CLOSES_WITHIN_MS) / 1000)


class Team:
    """Consumers of one group and of the same topics."""

    def __init__(self, kafka: KafkaTester, topics: list[str], options: Any) -> None:
        self.kafka = kafka
        self.group = Group(kafka)
        self.members: list[TeamMember] = []
        self._topics = topics
        self._options = options

    @property
    def within_s(self) -> float:
        """How long it may take until all have what is theirs."""
        return SETTLES_WITHIN * self.kafka.answer_within_s

    def join(self, count: int = 1) -> list[TeamMember]:
        """Let so many more consumers join; return them."""
        try:
            new = [
                TeamMember(self.kafka, self.group.id, self._topics, self._options)
                for _ in range(count)
            ]
        except KafkaError as error:
            raise Mismatch("a consumer", repr(error)) from error
        self.members += new
        return new

    def leave(self, member: TeamMember) -> None:
        """Let a consumer leave."""
        self.members.remove(member)
        member.leave()
        member.gone()

    def shares(self) -> list[int]:
        """How many partitions each consumer owns, from the most to the least."""
        return sorted((len(one.owned) for one in self.members), reverse=True)

    def settle(self, partitions: list[Partition], shares: list[int]) -> None:
        """Wait until each partition is owned once and the consumers have these numbers of them.

        Meanwhile, whenever the group is stable, no partition may be assigned twice.
        """
        everything = sorted(map(place, partitions))

        def settled() -> bool:
            for one in self.members:
                if one.error is not None:
                    raise Mismatch("a consumer that goes on", repr(one.error)) from one.error
            stable = self._is_stable()
            owned = sorted(place for one in self.members for place in one.owned)
            return stable and owned == everything and self.shares() == shares

        what = f"shares {shares} of {len(everything)} partitions"
        expect.eventually(settled, what, self.within_s, observed=self.shares)

    def _is_stable(self) -> bool:
        described = self.group.describe()
        if described.group_state != "Stable":
            return False
        assigned = sorted(
            place
            for member in described.members
            for place in assigned_by(bytes(member.member_assignment))
        )
        expect.equal(assigned, sorted(set(assigned)), "partitions assigned in a stable group")
        return True

    def close(self) -> None:
        for one in self.members:
            one.leave()
        for one in self.members:
            one.gone()


@contextmanager
def team(kafka: KafkaTester, *partitions: Partition, **options: Any) -> Iterator[Team]:
    """Consumers of the topics of these partitions in a new group; options as KafkaConsumer."""
    topics = list(dict.fromkeys(partition.topic for partition in partitions))
    found = Team(kafka, topics, options)
    try:
        yield found
    finally:
        found.close()
