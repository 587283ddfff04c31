"""A transactional id as tests use it: one request at a time, and what its partitions then show.

Clients of two generations write in transactions. The first announces partitions by
AddPartitionsToTxn and keeps its epoch; the second announces nothing and gets a new epoch at the end
of each transaction (KIP-890).

Source: KIP-98, KIP-360, KIP-447, KIP-890.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from kafka.protocol.admin import DescribeTransactionsRequest
from kafka.protocol.metadata import FindCoordinatorRequest
from kafka.protocol.producer import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    EndTxnRequest,
    InitProducerIdRequest,
    TxnOffsetCommitRequest,
)

from conformance import expect
from conformance.drivers.kafka.batches import CONTROL, TRANSACTIONAL, Read, Sent, build
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.partition import (
    COMMITTED,
    MAX_READS,
    PRODUCE,
    Answer,
    Partition,
    only_part,
)
from conformance.errors import Mismatch, Overdue

if TYPE_CHECKING:
    from conformance.drivers.kafka.tester import KafkaTester

FIND_COORDINATOR, INIT_PRODUCER_ID = 10, 22
ADD_PARTITIONS, ADD_OFFSETS, END_TXN, TXN_OFFSET_COMMIT = 24, 25, 26, 28

GROUP, TRANSACTION = 0, 1
"""Types of keys of FindCoordinator."""

FIRST, SECOND = 1, 2
"""Generations of clients."""

NEWEST = {
    FIRST: {PRODUCE: 11, ADD_PARTITIONS: 3, END_TXN: 4, TXN_OFFSET_COMMIT: 4},
    SECOND: {PRODUCE: 12, END_TXN: 5, TXN_OFFSET_COMMIT: 5},
}
"""Versions up to which each generation asks; of the second, the first of its own."""

NO_IDENTITY = (-1, -1)

TIMEOUT_MS = 60_000

PASSING = {
    "COORDINATOR_LOAD_IN_PROGRESS",
    "COORDINATOR_NOT_AVAILABLE",
    "NOT_COORDINATOR",
    "CONCURRENT_TRANSACTIONS",
    "NOT_ENOUGH_REPLICAS",
}
"""What a client asks again after. The last is how Produce tells clients that do not know
CONCURRENT_TRANSACTIONS."""

RETRY_S = 0.01


def generations(kafka: KafkaTester) -> list[int]:
    """The generations of clients that a broker serves."""
    second = max(kafka.versions(END_TXN), default=0) >= NEWEST[SECOND][END_TXN]
    return [FIRST, SECOND] if second else [FIRST]


def repeated(kafka: KafkaTester, ask: Callable[[], Any]) -> Any:
    """Ask as clients do: again while the answer says that it is too early."""
    until_s = time.monotonic() + kafka.answer_within_s
    while True:
        answer = ask()
        name = name_of(answer.error_code)
        if name not in PASSING:
            return answer
        if time.monotonic() > until_s:
            raise Overdue(f"an answer within {kafka.answer_within_s:g} s", f"still {name}")
        time.sleep(RETRY_S)


def find_coordinator(kafka: KafkaTester, key: str, key_type: int) -> Any:
    """Ask who looks after a group or a transactional id, until there is one."""
    version = kafka.best(FIND_COORDINATOR, 3)
    request = FindCoordinatorRequest(key=key, key_type=key_type)
    answer = repeated(kafka, lambda: kafka.call(request, version))
    expect_code(answer, "NONE", f"FindCoordinator of {key}")
    return answer


def init_request(
    transactional_id: str | None,
    timeout_ms: int = TIMEOUT_MS,
    expected: tuple[int, int] = NO_IDENTITY,
) -> InitProducerIdRequest:
    """A request for a producer id and an epoch; `expected` is what the caller had."""
    return InitProducerIdRequest(
        transactional_id=transactional_id,
        transaction_timeout_ms=timeout_ms,
        producer_id=expected[0],
        producer_epoch=expected[1],
        enable2_pc=False,
        keep_prepared_txn=False,
    )


class Producer:
    """Whoever writes under a transactional id. Methods named after requests return the response,
    the others expect success."""

    def __init__(
        self, kafka: KafkaTester, transactional_id: str | None = None, generation: int = FIRST
    ) -> None:
        self.kafka = kafka
        self.transactional_id = transactional_id or kafka.name("txn")
        self.generation = generation
        self.producer_id, self.epoch = NO_IDENTITY
        self._sequences: dict[tuple[Partition, int], int] = {}

    def __repr__(self) -> str:
        return f"{self.transactional_id} ({self.producer_id}, epoch {self.epoch})"

    def copy(self) -> Producer:
        """One that believes the same; it goes on by itself."""
        other = Producer(self.kafka, self.transactional_id, self.generation)
        other.producer_id, other.epoch = self.identity
        other._sequences.update(self._sequences)
        return other

    @property
    def identity(self) -> tuple[int, int]:
        return self.producer_id, self.epoch

    def version(self, api_key: int) -> int:
        """The version in which a client of this generation asks."""
        return self.kafka.best(api_key, NEWEST[self.generation].get(api_key, 1 << 15))

    def _call(self, request: Any, version: int | None, *, again: bool = True) -> Any:
        chosen = self.version(request.API_KEY) if version is None else version
        if not again:
            return self.kafka.call(request, chosen)
        return repeated(self.kafka, lambda: self.kafka.call(request, chosen))

    # -- requests ---------------------------------------------------------------------------

    def init_producer_id(
        self,
        expected: tuple[int, int] = NO_IDENTITY,
        timeout_ms: int = TIMEOUT_MS,
        version: int | None = None,
        *,
        again: bool = True,
    ) -> Any:
        request = init_request(self.transactional_id, timeout_ms, expected)
        return self._call(request, version, again=again)

    def add_partitions(self, *partitions: Partition, version: int | None = None) -> Any:
        """AddPartitionsToTxn of clients, whose newest version is 3."""
        topics: dict[str, list[int]] = {}
        for partition in partitions:
            topics.setdefault(partition.topic, []).append(partition.index)
        topic = AddPartitionsToTxnRequest.AddPartitionsToTxnTopic
        request = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=self.transactional_id,
            v3_and_below_producer_id=self.producer_id,
            v3_and_below_producer_epoch=self.epoch,
            v3_and_below_topics=[
                topic(name=name, partitions=indexes) for name, indexes in topics.items()
            ],
        )
        chosen = self.kafka.best(ADD_PARTITIONS, 3) if version is None else version
        until_s = time.monotonic() + self.kafka.answer_within_s
        while True:
            response = self.kafka.call(request, chosen)
            names = set(added(response).values())
            if not names & PASSING or time.monotonic() > until_s:
                return response
            time.sleep(RETRY_S)

    def produce(
        self, partition: Partition, *values: bytes, version: int | None = None, sequence: int = -1
    ) -> Any:
        """Send values in one batch of the transaction; return the answer for the partition."""
        key = partition, self.epoch
        first = self._sequences.get(key, 0) if sequence < 0 else sequence
        batch = build(
            map(Sent, values),
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            base_sequence=first,
            transactional=True,
        )
        request = partition.produce_request(batch, transactional_id=self.transactional_id)
        chosen = self.version(PRODUCE) if version is None else version

        def ask() -> Any:
            return only_part(self.kafka.call(request, chosen).responses, "partition_responses")

        answer = repeated(self.kafka, ask)
        if answer.error_code == 0:
            self._sequences[key] = first + len(values)
        return answer

    def add_offsets(self, group: str, version: int | None = None) -> Any:
        request = AddOffsetsToTxnRequest(
            transactional_id=self.transactional_id,
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            group_id=group,
        )
        return self._call(request, version)

    def commit_offset(
        self,
        group: str,
        partition: Partition | tuple[str, int],
        offset: int,
        *,
        member: tuple[str, int] = ("", -1),
        version: int | None = None,
    ) -> Any:
        """TxnOffsetCommit of one partition, whose part of the answer is returned."""
        name, index = (
            partition if isinstance(partition, tuple) else (partition.topic, partition.index)
        )
        topic = TxnOffsetCommitRequest.TxnOffsetCommitRequestTopic
        request = TxnOffsetCommitRequest(
            transactional_id=self.transactional_id,
            group_id=group,
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            generation_id=member[1],
            member_id=member[0],
            group_instance_id=None,
            topics=[
                topic(
                    name=name,
                    partitions=[
                        topic.TxnOffsetCommitRequestPartition(
                            partition_index=index,
                            committed_offset=offset,
                            committed_leader_epoch=-1,
                            committed_metadata="",
                        )
                    ],
                )
            ],
        )
        chosen = self.version(TXN_OFFSET_COMMIT) if version is None else version
        return repeated(
            self.kafka, lambda: only_part(self.kafka.call(request, chosen).topics, "partitions")
        )

    def end_txn(self, commit: bool, version: int | None = None) -> Any:
        request = EndTxnRequest(
            transactional_id=self.transactional_id,
            producer_id=self.producer_id,
            producer_epoch=self.epoch,
            committed=commit,
        )
        return self._call(request, version)

    # -- what a client does -----------------------------------------------------------------

    def init(self, timeout_ms: int = TIMEOUT_MS) -> Producer:
        """Get a producer id and an epoch; whoever had them before is fenced."""
        find_coordinator(self.kafka, self.transactional_id, TRANSACTION)
        answer = self.init_producer_id(timeout_ms=timeout_ms)
        expect_code(answer, "NONE", f"InitProducerId of {self.transactional_id}")
        self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch
        return self

    def begin(self, *partitions: Partition) -> None:
        """Announce partitions, if clients of this generation do."""
        if self.generation == FIRST:
            codes = set(added(self.add_partitions(*partitions)).values())
            expect.equal(codes, {"NONE"}, f"AddPartitionsToTxn of {self}")

    def send(self, partition: Partition, *values: bytes) -> int:
        """Append values, of a partition that was announced; return the offset of the first."""
        answer = self.produce(partition, *values)
        expect_code(answer, "NONE", f"Produce of {self}")
        return int(answer.base_offset)

    def write(self, partition: Partition, *values: bytes) -> int:
        """Announce a partition and append values."""
        self.begin(partition)
        return self.send(partition, *values)

    def stage(self, group: str, partition: Partition, offset: int) -> None:
        """Make an offset of a group part of the transaction."""
        if self.generation == FIRST:
            expect_code(self.add_offsets(group), "NONE", f"AddOffsetsToTxn of {self}")
        answer = self.commit_offset(group, partition, offset)
        expect_code(answer, "NONE", f"TxnOffsetCommit of {self}")

    def end(self, commit: bool) -> None:
        """Commit or abort, and wait until it shows everywhere."""
        answer = self.end_txn(commit)
        expect_code(answer, "NONE", f"EndTxn of {self}")
        if self.generation == SECOND:
            self.producer_id, self.epoch = answer.producer_id, answer.producer_epoch
        settle(self.kafka, self.transactional_id)

    def commit(self) -> None:
        self.end(True)

    def abort(self) -> None:
        self.end(False)


def added(response: Any) -> dict[tuple[str, int], str]:
    """The error that AddPartitionsToTxn has for each partition, by name."""
    return {
        (topic.name, one.partition_index): name_of(one.partition_error_code)
        for topic in response.results_by_topic_v3_and_below
        for one in topic.results_by_partition
    }


def described(kafka: KafkaTester, transactional_id: str) -> Any:
    """What the coordinator tells of a transactional id."""
    response = kafka.call(DescribeTransactionsRequest(transactional_ids=[transactional_id]))
    if len(response.transaction_states) != 1:
        raise Mismatch("one transactional id", f"{len(response.transaction_states)} of them")
    return response.transaction_states[0]


def settle(kafka: KafkaTester, transactional_id: str) -> None:
    """Wait until no outcome is on its way to the partitions: EndTxn may be answered before."""
    expect.eventually(
        lambda: not described(kafka, transactional_id).transaction_state.startswith("Prepare"),
        f"the end of the transaction of {transactional_id}",
        kafka.answer_within_s,
    )


# -- what consumers see -----------------------------------------------------------------------


def aborted_of(answer: Answer) -> list[tuple[int, int]]:
    """Producer ids and first offsets of the aborted transactions that a fetch tells of."""
    part = only_part(answer.whole.responses, "partitions")
    return [(one.producer_id, one.first_offset) for one in part.aborted_transactions or ()]


def is_control(fields: dict[str, int]) -> bool:
    """Whether these are the fields of a marker."""
    return bool(fields["attributes"] & CONTROL)


def data_of(answer: Answer, start: int = 0) -> list[Read]:
    """Records from an offset on, without markers."""
    return [
        record
        for batch in answer.batches
        if not is_control(batch.fields)
        for record in batch.records
        if record.offset >= start
    ]


def committed_of(answer: Answer, start: int = 0) -> list[Read]:
    """The records that a consumer of committed ones delivers of an answer."""
    waiting = sorted(aborted_of(answer), key=lambda one: one[1])
    hidden: set[int] = set()
    found: list[Read] = []
    for batch in answer.batches:
        producer_id = batch.fields["producer_id"]
        while waiting and waiting[0][1] < batch.next_offset:
            hidden.add(waiting.pop(0)[0])
        if is_control(batch.fields):
            hidden.discard(producer_id)
        elif not (batch.fields["attributes"] & TRANSACTIONAL and producer_id in hidden):
            found += [record for record in batch.records if record.offset >= start]
    return found


def read_committed(partition: Partition, start: int = 0) -> list[Read]:
    """All that a consumer of committed records gets of a partition now."""
    found: list[Read] = []
    position = start
    for _ in range(MAX_READS):
        answer = partition.fetch(position, isolation=COMMITTED)
        expect_code(answer, "NONE", f"fetch at {position}")
        if not answer.batches:
            return found
        found += committed_of(answer, position)
        position = answer.batches[-1].next_offset
    raise Mismatch("an end of the partition", f"{MAX_READS} fetches that go on")


def committed_values(partitions: Iterable[Partition]) -> list[list[bytes | None]]:
    """Values of committed records, partition by partition."""
    return [[record.value for record in read_committed(one)] for one in partitions]
