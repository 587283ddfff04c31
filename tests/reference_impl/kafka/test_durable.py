"""The store: after any history a restart brings back what there was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.clock import ManualClock
from reference_impl.errors import JournalDamaged
from reference_impl.kafka.core.appending import single_batch
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.log import PartitionLog
from reference_impl.kafka.core.members import Identity, JoinRequest
from reference_impl.kafka.core.offsets import Offset
from reference_impl.kafka.core.transaction import ProducerIdentity, TopicPartition
from reference_impl.kafka.durable import REWRITE_AT_BYTES, DurableStore
from reference_impl.kafka.record.records import Record, build_batch
from tests.reference_impl.amqp.durable_world import MemoryJournal
from tests.reference_impl.kafka.client import new_broker
from tests.reference_impl.strategies import quick

HOUR_MS = 3_600_000


class World:
    """A broker on a journal that outlives it."""

    def __init__(self, version: str = "4.3") -> None:
        self.clock = ManualClock()
        self.version = version
        self.journal = MemoryJournal()
        self.start()

    def start(self) -> None:
        """Start a broker on what was durable."""
        self.broker: KafkaBroker = new_broker(self.version, clock=self.clock)
        self.store = DurableStore(self.broker, self.journal)

    def restart(self, *, rewrite: bool = False) -> None:
        """Kill the broker after everything was committed."""
        if rewrite:
            self.journal.pretended_size = REWRITE_AT_BYTES + 1
        self.store.commit()
        self.journal.pretended_size = None
        self.journal = MemoryJournal(self.journal.durable)
        self.start()

    def log(self, name: str = "t", partition: int = 0) -> PartitionLog:
        return self.broker.topics.partition(name, partition)

    def write(
        self, value: bytes = b"v", *, name: str = "t", key: bytes = b"k", **batch: int
    ) -> None:
        topic = self.broker.topics.find(name)
        assert topic is not None
        octets = build_batch([Record(0, self.clock.now_ms(), b"k", value)], **batch)
        self.broker.append(topic, 0, single_batch(octets))

    def in_transaction(self, transactional_id: str = "x") -> dict[str, int]:
        """Begin a transaction on "t"; return what its batch has to have."""
        who = self.broker.transactions.init_producer(transactional_id, 60_000, None)
        where = [TopicPartition("t", 0)]
        self.broker.transactions.add_partitions(transactional_id, who, where)
        return {
            "attributes": 16,
            "producer_id": who.producer_id,
            "producer_epoch": who.epoch,
            "base_sequence": 0,
        }

    def advance(self, ms: int) -> None:
        self.clock.advance(ms)
        self.broker.timers.run_due()

    # -- what a client can see --------------------------------------------------------------

    def everything(self) -> dict[str, Any]:
        broker = self.broker
        return {
            "cluster": broker.cluster_id,
            "settings": (broker.settings.cluster, broker.settings.broker),
            "topics": {
                topic.name: (
                    topic.id,
                    topic.settings.given,
                    [_seen(log) for log in topic.partitions],
                )
                for topic in broker.topics
            },
            "groups": {
                group.id: (
                    group.state,
                    group.generation,
                    group.protocol_name,
                    group.members.leader,
                    [(one.as_request(), one.assignment) for one in group.members],
                    broker.groups.offsets.all_of(group.id),
                )
                for group in broker.groups
            },
            "staged": list(broker.groups.offsets.staged()),
            "producer_id": broker.transactions.next_producer_id,
            "transactions": {
                one.id: (one.identity, one.state, one.timeout_ms, list(one.partitions))
                for one in broker.transactions
            },
        }


def _seen(log: PartitionLog) -> tuple[Any, ...]:
    producers = {
        producer_id: (one.epoch, one.transaction_start, list(one.batches))
        for producer_id, one in log.producers.items()
    }
    ends = (log.start_offset, log.end_offset, log.stable_offset, log.compacted_to, log.size)
    return (*ends, [batch.octets for batch in log], log.aborted, producers)


@pytest.fixture
def world() -> World:
    world = World()
    world.broker.create_topic("t", 2, {"retention.ms": "-1"})
    return world


@pytest.mark.parametrize("rewrite", [False, True])
def test_topics_records_and_settings(world: World, rewrite: bool) -> None:
    broker = world.broker
    topic = broker.create_topic("u", 1)
    broker.add_partitions(topic, 3)
    broker.configure_topic(topic, broker.settings_for({"cleanup.policy": "compact"}))
    broker.configure({"log.retention.ms": "5"}, per_broker=True)
    for number in range(4):
        world.write(b"%d" % number)
    world.write(producer_id=7, producer_epoch=1, base_sequence=0)
    first = broker.topics.find("t")
    assert first is not None
    broker.delete_records(first, 0, 2)
    broker.delete_topic(broker.create_topic("gone", 1))
    before = world.everything()
    world.restart(rewrite=rewrite)
    assert world.everything() == before
    world.write()
    assert world.log().end_offset == 6
    topic = world.broker.create_topic("new", 1)
    world.restart()
    assert world.broker.topics.find_id(topic.id) is not None


def test_a_topic_that_was_made_again_has_nothing_of_the_old_one(world: World) -> None:
    world.write()
    topic = world.broker.topics.find("t")
    assert topic is not None
    world.broker.delete_topic(topic)
    again = world.broker.create_topic("t", 1)
    world.restart()
    assert (world.log().end_offset, world.broker.topics.find("t")) != (1, topic)
    found = world.broker.topics.find("t")
    assert found is not None and found.id == again.id


@pytest.mark.parametrize("rewrite", [False, True])
def test_retention_and_compaction(world: World, rewrite: bool) -> None:
    settings = {"cleanup.policy": "compact", "segment.ms": "1", "min.cleanable.dirty.ratio": "0"}
    world.broker.create_topic("c", 1, settings)
    world.broker.create_topic("d", 1, {"retention.ms": str(HOUR_MS)})
    for number in range(3):
        world.write(b"%d" % number, name="c")
        world.write(name="d", producer_id=3, producer_epoch=0, base_sequence=number)
        world.advance(20_000)
    world.advance(2 * HOUR_MS)
    assert len(world.log("c")) == 2 and world.log("d").start_offset == 3
    before = world.everything()
    world.restart(rewrite=rewrite)
    assert world.everything() == before
    world.write(name="d", producer_id=3, producer_epoch=0, base_sequence=3)
    assert world.log("d").end_offset == 4


@pytest.mark.parametrize("rewrite", [False, True])
def test_transactions_open_committed_and_aborted(world: World, rewrite: bool) -> None:
    for transactional_id, commit in (("a", True), ("b", False)):
        batch = world.in_transaction(transactional_id)
        world.write(**batch)
        who = ProducerIdentity(batch["producer_id"], batch["producer_epoch"])
        world.broker.transactions.end(transactional_id, who, commit=commit, new_epoch=True)
    world.write(**world.in_transaction("c"))
    before = world.everything()
    assert world.log().aborted and world.log().stable_offset < world.log().end_offset
    world.restart(rewrite=rewrite)
    assert world.everything() == before
    world.advance(61_000)
    assert world.log().stable_offset == world.log().end_offset
    assert len(world.log().aborted) == 2


def test_what_was_decided_is_completed(world: World) -> None:
    batch = world.in_transaction()
    world.write(**batch)
    world.store.commit()
    decided = len(world.journal.durable)
    who = ProducerIdentity(batch["producer_id"], batch["producer_epoch"])
    world.broker.transactions.end("x", who, commit=True, new_epoch=True)
    world.store.commit()
    torn = world.journal.durable[: decided + 1]
    assert b"PrepareCommit" in torn[-1]
    world.journal = MemoryJournal(torn)
    world.start()
    transaction = world.broker.transactions.find("x")
    assert transaction is not None and transaction.state.value == "CompleteCommit"
    assert world.log().stable_offset == world.log().end_offset == 2
    assert not world.log().aborted
    before = world.everything()
    world.restart()
    assert world.everything() == before


@pytest.mark.parametrize("rewrite", [False, True])
def test_groups_offsets_and_staged_ones(world: World, rewrite: bool) -> None:
    groups = world.broker.groups
    nobody = Identity()
    groups.commit("g", nobody, {("t", 0): Offset(5, 0, "mé"), ("t", 1): Offset(6)}, 9)
    world.write(**world.in_transaction())
    groups.stage_offsets("h", 0, 0, nobody, {("t", 0): Offset(7)})
    told: list[Any] = []
    request = JoinRequest("", "i", "c", "/h", 10_000, 60_000, "consumer", (("range", b"\0\1\xff"),))
    groups.join("m", request, told.append)
    world.advance(3_000)
    member_id = told[-1].member_id
    who = Identity(member_id, told[-1].generation, "i")
    groups.sync("m", who, None, None, {member_id: b"mine"}, told.append)
    assert told[-1].assignment == b"mine"
    before = world.everything()
    world.restart(rewrite=rewrite)
    assert world.everything() == before
    world.broker.groups.heartbeat("m", who)
    world.broker.groups.complete_transaction(0, 0, True)
    world.broker.groups.delete("g")
    before = world.everything()
    assert before["staged"] == [] and "g" not in before["groups"]
    world.restart()
    assert world.everything() == before


def test_another_version_takes_what_it_knows(world: World) -> None:
    old = World("3.9")
    old.broker.create_topic("t", 1, {"segment.bytes": "14", "message.format.version": "3.0-IV1",
                                     "retention.ms": "9"})  # fmt: skip
    old.store.commit()
    world.journal = MemoryJournal(old.journal.durable)
    world.start()
    topic = world.broker.topics.find("t")
    assert topic is not None and topic.settings.given == {"retention.ms": "9"}


@pytest.mark.parametrize("record", [b"?", b"T[1]", b"Tx", b"B", b"B\0\0\0\1\0\0\0\0short"])
def test_records_that_make_no_sense(world: World, record: bytes) -> None:
    world.store.commit()
    world.journal = MemoryJournal([*world.journal.durable, record])
    with pytest.raises(JournalDamaged, match=r"record \d+ of Kafka's journal"):
        world.start()


steps = st.one_of(
    st.tuples(st.just("write"), st.sampled_from("tu")),
    st.tuples(st.just("make"), st.sampled_from("tu")),
    st.tuples(st.just("drop"), st.sampled_from("tu")),
    st.tuples(st.just("cut"), st.sampled_from("tu")),
    st.tuples(st.just("wait"), st.sampled_from("tu")),
    st.tuples(st.just("begin"), st.sampled_from("tu")),
    st.tuples(st.just("abort"), st.sampled_from("tu")),
    st.tuples(st.just("commit"), st.sampled_from("tu")),
    st.tuples(st.just("restart"), st.sampled_from("tu")),
)


def take(world: World, what: str, name: str) -> None:
    broker, topic = world.broker, world.broker.topics.find(name)
    if what == "make" and topic is None:
        settings = {"cleanup.policy": "compact" if name == "u" else "delete", "segment.ms": "1",
                    "min.cleanable.dirty.ratio": "0", "retention.ms": str(HOUR_MS)}  # fmt: skip
        broker.create_topic(name, 2, settings)
    elif what == "restart":
        world.restart(rewrite=name == "t")
    elif what == "wait":
        world.advance(HOUR_MS // 2)
    elif what in ("abort", "commit"):
        transaction = broker.transactions.find(name)
        if transaction is not None and transaction.state.value == "Ongoing":
            who = transaction.identity
            broker.transactions.end(name, who, commit=what == "commit", new_epoch=True)
    elif topic is None:
        return
    elif what == "write":
        world.write(name=name)
    elif what == "drop":
        broker.delete_topic(topic)
    elif what == "cut" and name == "t":
        broker.delete_records(topic, 0, -1)
    elif what == "begin" and broker.topics.find("t") is not None:
        transaction = broker.transactions.find(name)
        if transaction is None or transaction.state.value != "Ongoing":
            world.write(**world.in_transaction(name))


@quick
@given(st.lists(steps, max_size=20), st.booleans())
def test_any_history_survives(history: list[tuple[str, str]], rewrite: bool) -> None:
    world = World()
    for what, name in history:
        take(world, what, name)
    before = world.everything()
    world.restart(rewrite=rewrite)
    assert world.everything() == before
