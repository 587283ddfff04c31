"""A client without sockets: requests go to the handlers, encoded and decoded as on the wire.

It looks at a partition as a consumer does: `committed_values` filters what Fetch returned by the
list of aborted transactions, in the words of KIP-98 and not in those of the reference.
"""

from __future__ import annotations

from typing import Any

from reference_impl.clock import ManualClock
from reference_impl.kafka.apis import HANDLERS, Request
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.transaction import ProducerIdentity
from reference_impl.kafka.core.waiting import Later
from reference_impl.kafka.errors import ErrorCode
from reference_impl.kafka.record.batches import TRANSACTIONAL, split_batches
from reference_impl.kafka.record.records import (
    ABORT,
    Record,
    build_batch,
    control_type_of,
    read_records,
)
from reference_impl.kafka.versions import dialect_for
from reference_impl.kafka.wire.codec import decode_whole, encode
from reference_impl.kafka.wire.versions import API_KEYS

PLAIN = ProducerIdentity(-1, -1)
"""A producer that is not idempotent."""

TOPIC = "orders"


def new_broker(version: str = "4.3", partitions: int = 2) -> tuple[KafkaBroker, ManualClock]:
    """A broker with one topic, and its clock; advancing it makes happen what is due."""
    clock = ManualClock()
    ids = iter(range(1, 2**31))
    broker = KafkaBroker(
        dialect_for(version), clock, lambda: next(ids).to_bytes(16, "big"), lambda: None
    )
    clock.on_advance(broker.timers.run_due)
    broker.create_topic(TOPIC, partitions)
    return broker, clock


class Connection:
    """Where requests come from: it notes whether it was closed."""

    def __init__(self) -> None:
        self.host = "127.0.0.1"
        self.mechanism: str | None = None
        self.authenticated = True
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Writer:
    """Asks one broker, in the versions given."""

    def __init__(self, version: str = "4.3", partitions: int = 2) -> None:
        self.broker, self.clock = new_broker(version, partitions)
        self.connection = Connection()

    def ask(self, api: str, version: int, **body: Any) -> dict[str, Any]:
        """Return the answer, which has to be there at once."""
        octets = encode(f"{api}Request", version, body)
        request = Request(
            self.broker,
            self.connection,
            API_KEYS[api],
            version,
            "writer",
            decode_whole(f"{api}Request", version, octets),
        )
        answer = HANDLERS[API_KEYS[api]](request)
        if isinstance(answer, Later):
            answer = answer.body
        assert answer is not None
        return decode_whole(f"{api}Response", version, encode(f"{api}Response", version, answer))

    def init(
        self,
        transactional_id: str | None = "t",
        *,
        version: int = 4,
        timeout_ms: int = 60_000,
        expected: ProducerIdentity = PLAIN,
    ) -> tuple[ErrorCode, ProducerIdentity]:
        answer = self.ask(
            "InitProducerId",
            version,
            transactional_id=transactional_id,
            transaction_timeout_ms=timeout_ms,
            **_fields(expected),
        )
        found = ProducerIdentity(answer["producer_id"], answer["producer_epoch"])
        return ErrorCode(answer["error_code"]), found

    def begin(self, transactional_id: str | None = "t", **options: Any) -> ProducerIdentity:
        """Initialise until there is no transaction in the way."""
        code, producer = self.init(transactional_id, **options)
        if code is ErrorCode.CONCURRENT_TRANSACTIONS:
            code, producer = self.init(transactional_id, **options)
        assert code is ErrorCode.NONE
        return producer

    def add(
        self,
        producer: ProducerIdentity,
        *partitions: int,
        transactional_id: str = "t",
        version: int = 3,
        topic: str = TOPIC,
    ) -> list[ErrorCode]:
        answer = self.ask(
            "AddPartitionsToTxn",
            version,
            v3_and_below_transactional_id=transactional_id,
            v3_and_below_producer_id=producer.producer_id,
            v3_and_below_producer_epoch=producer.epoch,
            v3_and_below_topics=[{"name": topic, "partitions": list(partitions)}],
        )
        return [
            ErrorCode(one["partition_error_code"])
            for found in answer["results_by_topic_v3_and_below"]
            for one in found["results_by_partition"]
        ]

    def produce_octets(
        self, batches: dict[int, bytes], transactional_id: str | None = None, version: int = 9
    ) -> list[dict[str, Any]]:
        """Produce to partitions of the topic, and return what is answered for each."""
        answer = self.ask(
            "Produce",
            version,
            transactional_id=transactional_id,
            acks=-1,
            timeout_ms=1000,
            topic_data=[
                {
                    "name": TOPIC,
                    "partition_data": [
                        {"index": index, "records": octets} for index, octets in batches.items()
                    ],
                }
            ],
        )
        found: list[dict[str, Any]] = answer["responses"][0]["partition_responses"]
        return found

    def produce(
        self,
        producer: ProducerIdentity,
        sequence: int,
        *values: bytes,
        partition: int = 0,
        transactional_id: str | None = None,
        version: int = 9,
    ) -> tuple[ErrorCode, int]:
        """Produce one batch, of a transaction if there is an id; return its code and offset."""
        octets = self.batch(producer, sequence, *values, transactional=transactional_id is not None)
        (answer,) = self.produce_octets({partition: octets}, transactional_id, version)
        return ErrorCode(answer["error_code"]), answer["base_offset"]

    def batch(
        self,
        producer: ProducerIdentity,
        sequence: int,
        *values: bytes,
        transactional: bool = False,
    ) -> bytes:
        now_ms = self.clock.now_ms()
        return build_batch(
            [Record(index, now_ms, None, value) for index, value in enumerate(values or (b"v",))],
            attributes=TRANSACTIONAL if transactional else 0,
            producer_id=producer.producer_id,
            producer_epoch=producer.epoch,
            base_sequence=sequence,
        )

    def end(
        self,
        producer: ProducerIdentity,
        *,
        commit: bool,
        transactional_id: str = "t",
        version: int = 3,
    ) -> tuple[ErrorCode, ProducerIdentity]:
        """End the transaction; return the code and, from version 5 on, who goes on."""
        answer = self.ask(
            "EndTxn",
            version,
            transactional_id=transactional_id,
            committed=commit,
            **_fields(producer),
        )
        found = ProducerIdentity(answer["producer_id"], answer["producer_epoch"])
        return ErrorCode(answer["error_code"]), found

    def describe(self, transactional_id: str = "t") -> dict[str, Any]:
        answer = self.ask("DescribeTransactions", 0, transactional_ids=[transactional_id])
        (found,) = answer["transaction_states"]
        return dict(found)

    def fetch(
        self,
        offset: int = 0,
        *,
        committed: bool = False,
        partition: int = 0,
        max_octets: int = 2**20,
    ) -> dict[str, Any]:
        answer = self.ask(
            "Fetch",
            11,
            max_wait_ms=0,
            min_bytes=0,
            max_bytes=2**20,
            isolation_level=int(committed),
            session_id=0,
            session_epoch=-1,
            topics=[
                {
                    "topic": TOPIC,
                    "partitions": [
                        {
                            "partition": partition,
                            "fetch_offset": offset,
                            "partition_max_bytes": max_octets,
                        }
                    ],
                }
            ],
        )
        found: dict[str, Any] = answer["responses"][0]["partitions"][0]
        return found

    def values(self, partition: int = 0) -> list[bytes | None]:
        """What a read_uncommitted consumer gets."""
        fetched = self.fetch(partition=partition)
        return [
            record.value
            for batch in split_batches(fetched["records"])[0]
            if not batch.header.is_control
            for record in read_records(batch)
        ]

    def committed_values(
        self, partition: int = 0, offset: int = 0, max_octets: int = 2**20
    ) -> list[bytes | None]:
        """What a read_committed consumer gets of one fetch."""
        fetched = self.fetch(offset, committed=True, partition=partition, max_octets=max_octets)
        return [record.value for record in visible_records(fetched, offset)]


def _fields(producer: ProducerIdentity) -> dict[str, int]:
    return {"producer_id": producer.producer_id, "producer_epoch": producer.epoch}


def visible_records(fetched: dict[str, Any], offset: int) -> list[Record]:
    """The records that a read_committed consumer at `offset` makes of an answer to Fetch.

    From the first offset of an aborted transaction on, everything transactional of its producer is
    skipped, until the marker.
    """
    waiting = sorted(
        (one["first_offset"], one["producer_id"]) for one in fetched["aborted_transactions"]
    )
    skipped: list[int] = []
    found = []
    for batch in split_batches(fetched["records"])[0]:
        header = batch.header
        while waiting and waiting[0][0] <= header.last_offset:
            skipped.append(waiting.pop(0)[1])
        if header.is_control:
            (marker,) = read_records(batch)
            if control_type_of(marker) == ABORT and header.producer_id in skipped:
                skipped.remove(header.producer_id)
        elif not (header.is_transactional and header.producer_id in skipped):
            found += [record for record in read_records(batch) if record.offset >= offset]
    return found
