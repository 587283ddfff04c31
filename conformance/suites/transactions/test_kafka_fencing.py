"""Who may write under a transactional id of Kafka: initialising, fencing, zombies, timeouts."""

from functools import partial
from typing import NamedTuple

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.kafka.transactional import (
    ADD_OFFSETS,
    ADD_PARTITIONS,
    END_TXN,
    INIT_PRODUCER_ID,
    TRANSACTION,
    Producer,
    added,
    committed_values,
    described,
    find_coordinator,
    generations,
    init_request,
    settle,
)
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

MAX_TIMEOUT_MS = 15 * 60 * 1000
SHORT_TIMEOUT_MS = 300
PARTITIONS = 2


class Step(NamedTuple):
    """What one of two instances does: "write" to a partition, "commit", "abort", "init"."""

    action: str
    instance: int
    partition: int


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["write"] * 4 + ["commit", "commit", "abort", "init"]),
        st.integers(0, 1),
        st.integers(0, PARTITIONS - 1),
    ),
    min_size=5,
    max_size=14,
)


@requirement("kafka.transactions.coordinator")
def test_there_is_a_coordinator(kafka: KafkaTester) -> None:
    answer = find_coordinator(kafka, kafka.name("txn"), TRANSACTION)
    nodes = {one.node_id: (one.host, one.port) for one in kafka.metadata([]).brokers}
    expect.equal((answer.host, answer.port), nodes.get(answer.node_id), "address of the node")


@requirement("kafka.transactions.init-again")
@holds_for(times=st.integers(2, 4))
def test_the_same_id_in_a_higher_epoch(kafka: KafkaTester, times: int) -> None:
    name = kafka.name("txn")
    found = [Producer(kafka, name).init().identity for _ in range(times)]
    expect.equal({one[0] for one in found}, {found[0][0]}, "producer ids")
    epochs = [one[1] for one in found]
    expect.true(epochs[0] >= 0, "an epoch", epochs[0])
    expect.true(epochs == sorted(set(epochs)), "epochs that grow", epochs)


@requirement("kafka.transactions.ids-differ")
def test_other_ids_have_other_producers(kafka: KafkaTester) -> None:
    found = [Producer(kafka).init().producer_id for _ in range(4)]
    expect.equal(len(set(found)), len(found), f"different ones among {found}")


@requirement("kafka.transactions.empty-id")
def test_the_empty_id(kafka: KafkaTester) -> None:
    for version in kafka.versions(INIT_PRODUCER_ID):
        answer = kafka.call(init_request(""), version)
        expect_code(answer, "INVALID_REQUEST", f"version {version}")


@requirement("kafka.transactions.timeout-values")
@holds_for(
    timeout_ms=st.sampled_from(
        [-(2**31), -1, 0, 1, 1000, MAX_TIMEOUT_MS, MAX_TIMEOUT_MS + 1, 2**31 - 1]
    )
)
def test_timeouts_that_are_accepted(kafka: KafkaTester, timeout_ms: int) -> None:
    producer = Producer(kafka)
    find_coordinator(kafka, producer.transactional_id, TRANSACTION)
    answer = producer.init_producer_id(timeout_ms=timeout_ms)
    good = 0 < timeout_ms <= MAX_TIMEOUT_MS
    expect_code(answer, "NONE" if good else "INVALID_TRANSACTION_TIMEOUT", f"{timeout_ms} ms")


@requirement("kafka.transactions.init-aborts")
def test_a_new_instance_ends_what_is_open(kafka: KafkaTester) -> None:
    for generation in generations(kafka):
        partitions = [kafka.fresh() for _ in range(2)]
        old = Producer(kafka, None, generation).init()
        for partition in partitions:
            old.write(partition, b"old")
        answer = old.init_producer_id(again=False)
        expect_code(answer, "CONCURRENT_TRANSACTIONS", "the first answer")
        new = Producer(kafka, old.transactional_id, generation).init()
        expect.equal(new.producer_id, old.producer_id, "producer id")
        expect.true(new.epoch > old.epoch, f"an epoch above {old.epoch}", new.epoch)
        for partition in partitions:
            new.write(partition, b"new")
        new.commit()
        expect.equal(committed_values(partitions), [[b"new"], [b"new"]], "committed records")


@requirement("kafka.transactions.fenced")
def test_requests_of_an_old_instance(kafka: KafkaTester) -> None:
    partition, group = kafka.fresh(), kafka.name("group")
    for was_open in (False, True):
        old = Producer(kafka).init()
        if was_open:
            old.write(partition, b"old")
        Producer(kafka, old.transactional_id).init()
        for version in kafka.versions(ADD_PARTITIONS)[:4]:
            found = added(old.add_partitions(partition, version=version))
            expected = fenced(version)
            expect.equal(set(found.values()), {expected}, f"AddPartitionsToTxn {version}")
        for version in kafka.versions(ADD_OFFSETS):
            answer = old.add_offsets(group, version)
            expect_code(answer, fenced(version), f"AddOffsetsToTxn {version}")
        for version in kafka.versions(END_TXN):
            for commit in (True, False):
                if version < 5:
                    expect_code(old.end_txn(commit, version), fenced(version), f"EndTxn {version}")
        found = described(kafka, old.transactional_id)
        expect.equal(len(found.topics), 0, "topics of the transaction")
    expect.equal(committed_values([partition]), [[]], "committed records")


def fenced(version: int) -> str:
    """Clients of earlier versions do not know PRODUCER_FENCED (KIP-588)."""
    return "PRODUCER_FENCED" if version >= 2 else "INVALID_PRODUCER_EPOCH"


@requirement("kafka.transactions.fenced-produce")
@holds_for(was_open=st.booleans(), used=st.booleans())
def test_records_of_an_old_instance(kafka: KafkaTester, was_open: bool, used: bool) -> None:
    for generation in generations(kafka):
        partition = kafka.fresh()
        old = Producer(kafka, None, generation).init()
        if was_open:
            old.write(partition, b"old")
        new = Producer(kafka, old.transactional_id, generation).init()
        if used:
            new.write(partition, b"new")
        end = partition.end
        expect_code(old.produce(partition, b"zombie"), "INVALID_PRODUCER_EPOCH")
        expect.equal(partition.end, end, "end of the partition")
        new.write(partition, b"more")
        new.commit()
        expected = [b"new", b"more"] if used else [b"more"]
        expect.equal(committed_values([partition]), [expected], "committed records")


@requirement("kafka.transactions.zombies")
@holds_for(steps=STEPS)
def test_histories_with_zombies(kafka: KafkaTester, steps: list[Step]) -> None:
    """What is committed is whole transactions of whoever was the instance at that time."""
    partitions = [kafka.fresh() for _ in range(PARTITIONS)]
    name = kafka.name("txn")
    generation = generations(kafka)[-1]
    instances = [Producer(kafka, name, generation).init(), Producer(kafka, name, generation).init()]
    current = 1
    pending: list[tuple[int, bytes]] = []
    expected: list[list[bytes | None]] = [[] for _ in partitions]
    for number, (action, index, at) in enumerate(steps):
        about = f"step {number}: instance {index}"
        if action == "init":
            instances[index] = Producer(kafka, name, generation).init()
            current, pending = index, []
        elif index != current:
            check_zombie(instances[index], partitions[at], action, about)
        elif action == "write":
            instances[index].write(partitions[at], b"%d" % number)
            pending.append((at, b"%d" % number))
        elif pending:
            instances[index].end(action == "commit")
            for where, value in pending if action == "commit" else ():
                expected[where].append(value)
            pending = []
        if not pending:
            expect.equal(committed_values(partitions), expected, f"committed after {about}")
    if pending:
        instances[current].abort()
    expect.equal(committed_values(partitions), expected, "committed at the end")


def check_zombie(zombie: Producer, partition: Partition, action: str, about: str) -> None:
    """Whatever it asks for is refused."""
    if action == "write":
        answer = zombie.produce(partition, b"zombie")
    else:
        answer = zombie.end_txn(action == "commit")
    expect.true(name_of(answer.error_code) != "NONE", f"an error: {about}", "none")


@requirement("kafka.transactions.expected-producer")
def test_an_instance_asks_for_its_next_epoch(kafka: KafkaTester) -> None:
    for version in kafka.versions(INIT_PRODUCER_ID, 3):
        producer = Producer(kafka).init()
        answer = producer.init_producer_id(producer.identity, version=version)
        expect_code(answer, "NONE", f"version {version}")
        found = answer.producer_id, answer.producer_epoch
        expect.equal(found, (producer.producer_id, producer.epoch + 1), "producer")
        answer = producer.init_producer_id(producer.identity, version=version)
        expect_code(answer, "NONE", "the same again, as if the answer was lost")
        expect.equal((answer.producer_id, answer.producer_epoch), found, "the same answer")


@requirement("kafka.transactions.expected-producer-is-another")
def test_an_instance_that_was_replaced(kafka: KafkaTester) -> None:
    for version in kafka.versions(INIT_PRODUCER_ID, 3):
        old = Producer(kafka).init()
        new = Producer(kafka, old.transactional_id).init()
        code = "PRODUCER_FENCED" if version >= 4 else "INVALID_PRODUCER_EPOCH"
        for expected in (old.identity, (new.producer_id + 1000, new.epoch)):
            answer = old.init_producer_id(expected, version=version)
            expect_code(answer, code, f"version {version}, expected {expected}")
        found = described(kafka, old.transactional_id)
        expect.equal((found.producer_id, found.producer_epoch), new.identity, "producer")


@requirement("kafka.transactions.unknown-id")
def test_ids_and_producers_that_nobody_has(kafka: KafkaTester) -> None:
    partition, group = kafka.fresh(), kafka.name("group")
    known = Producer(kafka).init()
    stranger, mistaken = known.copy(), known.copy()
    stranger.transactional_id = kafka.name("nobody")
    mistaken.producer_id += 1000
    for producer in (stranger, mistaken):
        with expect.case(str(producer)):
            codes = set(added(producer.add_partitions(partition)).values())
            expect.equal(codes, {"INVALID_PRODUCER_ID_MAPPING"}, "AddPartitionsToTxn")
            expect_code(producer.add_offsets(group), "INVALID_PRODUCER_ID_MAPPING")
            expect_code(producer.end_txn(True), "INVALID_PRODUCER_ID_MAPPING")


def is_over(kafka: KafkaTester, transactional_id: str) -> bool:
    return bool(described(kafka, transactional_id).transaction_state != "Ongoing")


@requirement("kafka.transactions.timeout")
def test_a_transaction_that_takes_too_long(kafka: KafkaTester) -> None:
    for generation in generations(kafka):
        partitions = [kafka.fresh() for _ in range(2)]
        producer = Producer(kafka, None, generation).init(SHORT_TIMEOUT_MS)
        for partition in partitions:
            producer.write(partition, b"late")
        name = producer.transactional_id
        expect.eventually(partial(is_over, kafka, name), "the end of the transaction")
        settle(kafka, name)
        state = described(kafka, name).transaction_state
        expect.equal(state, "CompleteAbort", "state")
        expect.equal([one.end for one in partitions], [2, 2], "ends of the partitions")
        expect.true(name_of(producer.end_txn(True).error_code) != "NONE", "no commit", "a commit")
        answer = producer.produce(partitions[0], b"later")
        expect.true(answer.error_code != 0, "no more records", "a record that was appended")
        expect.equal(committed_values(partitions), [[], []], "committed records")
        producer.init()
        producer.write(partitions[0], b"new")
        producer.commit()
        expect.equal(committed_values(partitions), [[b"new"], []], "committed records")


@requirement("kafka.transactions.not-too-early")
def test_a_transaction_within_its_time(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    patient = Producer(kafka).init(MAX_TIMEOUT_MS)
    hasty = Producer(kafka).init(SHORT_TIMEOUT_MS)
    patient.write(partition, b"1")
    hasty.write(kafka.fresh(), b"1")
    expect.eventually(
        lambda: described(kafka, hasty.transactional_id).transaction_state == "CompleteAbort",
        "the end of another transaction",
    )
    patient.commit()
    expect.equal(committed_values([partition]), [[b"1"]], "committed records")


@requirement("kafka.transactions.restart")
def test_a_restart_in_a_transaction(kafka: KafkaTester) -> None:
    partitions = kafka.topic(2)
    done, aborted, open_ = (Producer(kafka) for _ in range(3))
    for producer in (done, aborted, open_):
        producer.init()
        for partition in partitions:
            producer.write(partition, producer.transactional_id.encode())
    done.commit()
    aborted.abort()
    kafka.restart(kill=True)
    partitions = kafka.when_usable(partitions[0].topic)
    whole = [done.transactional_id.encode()]
    expect.equal(committed_values(partitions), [whole, whole], "committed after the restart")
    Producer(kafka, open_.transactional_id).init()
    settle(kafka, open_.transactional_id)
    expect.equal(committed_values(partitions), [whole, whole], "committed records")
    ends = [one.fetch(0).high_watermark for one in partitions]
    stable = [one.fetch(0).stable_offset for one in partitions]
    expect.equal(stable, ends, "stable offsets, with nothing open")
