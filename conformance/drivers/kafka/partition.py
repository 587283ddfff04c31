"""One partition as tests use it: appending, fetching, asking for offsets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from kafka.protocol.consumer import FetchRequest, ListOffsetsRequest
from kafka.protocol.producer import ProduceRequest

from conformance.drivers.kafka.batches import NONE, Fetched, Read, Sent, build, split
from conformance.errors import Mismatch

if TYPE_CHECKING:
    from conformance.drivers.kafka.tester import KafkaTester

PRODUCE, FETCH, LIST_OFFSETS = 0, 1, 2

LATEST, EARLIEST, MAX_TIMESTAMP = -1, -2, -3
"""Timestamps that ListOffsets understands as places."""

ALL, ONE, NOBODY = -1, 1, 0
"""acks of Produce."""

UNCOMMITTED, COMMITTED = 0, 1
"""Isolation levels."""

MANY_OCTETS = 16 << 20
MAX_READS = 1000
"""Fetches after which reading a whole partition is given up: a broker that returns the same
records again would go on for ever."""


class Offset(NamedTuple):
    """What ListOffsets found; -1 stands for nothing."""

    offset: int
    timestamp: int
    error_code: int = 0


@dataclass(frozen=True)
class Answer:
    """What a fetch says of one partition."""

    error_code: int
    high_watermark: int
    stable_offset: int
    start_offset: int
    batches: list[Fetched]
    octets: int
    whole: Any
    """The response, as it was decoded."""

    @property
    def records(self) -> list[Read]:
        return [record for batch in self.batches for record in batch.records]


class Partition:
    """Requests about one partition, on the tester's main connection, in its newest versions
    unless told."""

    def __init__(self, tester: KafkaTester, topic: str, topic_id: str, index: int) -> None:
        self.tester = tester
        self.topic = topic
        self.topic_id = topic_id
        self.index = index

    def __repr__(self) -> str:
        return f"{self.topic}-{self.index}"

    # -- producing --------------------------------------------------------------------------

    def produce_request(
        self, batch: bytes | None, acks: int = ALL, transactional_id: str | None = None
    ) -> ProduceRequest:
        """A request that sends these octets to the partition."""
        return produce_request([(self, batch)], acks, transactional_id)

    def produce(self, batch: bytes | None, acks: int = ALL, version: int | None = None) -> Any:
        """Send octets and return the partition's part of the response."""
        response = self.tester.call(self.produce_request(batch, acks), version)
        return only_part(response.responses, "partition_responses")

    def append(
        self, records: Iterable[Sent], compression: int = NONE, version: int | None = None
    ) -> int:
        """Append records, which must be accepted; return the offset of the first."""
        answer = self.produce(build(records, compression), version=version)
        if answer.error_code != 0:
            why = f"error {answer.error_code} {answer.error_message or ''}"
            raise Mismatch("accepted records", why.strip())
        return int(answer.base_offset)

    # -- fetching ---------------------------------------------------------------------------

    def fetch_request(
        self,
        offset: int = 0,
        *,
        max_wait_ms: int = 0,
        min_bytes: int = 1,
        max_bytes: int = MANY_OCTETS,
        partition_max_bytes: int = MANY_OCTETS,
        isolation: int = UNCOMMITTED,
        leader_epoch: int = -1,
    ) -> FetchRequest:
        """A request for records from an offset on."""
        wanted = FetchRequest.FetchTopic.FetchPartition(
            partition=self.index,
            current_leader_epoch=leader_epoch,
            fetch_offset=offset,
            last_fetched_epoch=-1,
            log_start_offset=-1,
            partition_max_bytes=partition_max_bytes,
        )
        return FetchRequest(
            max_wait_ms=max_wait_ms,
            min_bytes=min_bytes,
            max_bytes=max_bytes,
            isolation_level=isolation,
            session_id=0,
            session_epoch=-1,
            topics=[
                FetchRequest.FetchTopic(
                    topic=self.topic, topic_id=self.topic_id, partitions=[wanted]
                )
            ],
            forgotten_topics_data=[],
        )

    def fetch(self, offset: int = 0, version: int | None = None, **options: Any) -> Answer:
        """Fetch from an offset on; options as `fetch_request`."""
        return fetched(self.tester.call(self.fetch_request(offset, **options), version))

    def read(self, start: int = 0, isolation: int = UNCOMMITTED) -> list[Read]:
        """Return the records from an offset on, up to the end; each fetch must succeed."""
        found: list[Read] = []
        position = start
        for _ in range(MAX_READS):
            answer = self.fetch(position, isolation=isolation)
            if answer.error_code != 0:
                raise Mismatch("records", f"error {answer.error_code}", f"fetch at {position}")
            if not answer.batches:
                return found
            found += [record for record in answer.records if record.offset >= position]
            position = answer.batches[-1].next_offset
        raise Mismatch("an end of the partition", f"{MAX_READS} fetches that go on")

    def values(self) -> list[bytes | None]:
        """Values of all records, in order."""
        return [record.value for record in self.read()]

    # -- offsets ----------------------------------------------------------------------------

    def list_offset(
        self,
        timestamp: int,
        version: int | None = None,
        isolation: int = UNCOMMITTED,
        leader_epoch: int = -1,
    ) -> Offset:
        """Ask for the offset of a time or a place."""
        request = list_offsets_request([(self, timestamp)], isolation, leader_epoch)
        response = self.tester.call(request, version)
        part = only_part(response.topics, "partitions")
        if part.old_style_offsets:
            return Offset(part.old_style_offsets[0], -1, part.error_code)
        return Offset(part.offset, part.timestamp, part.error_code)

    def answers(self) -> bool:
        """Whether the partition's leader can be asked."""
        return self.list_offset(EARLIEST).error_code == 0

    @property
    def start(self) -> int:
        """The first offset."""
        return self.list_offset(EARLIEST).offset

    @property
    def end(self) -> int:
        """The offset that the next record will have."""
        return self.list_offset(LATEST).offset


def produce_request(
    parts: Iterable[tuple[Partition, bytes | None]],
    acks: int = ALL,
    transactional_id: str | None = None,
) -> ProduceRequest:
    """A request that sends octets to several partitions, in this order."""
    topics = [
        ProduceRequest.TopicProduceData(
            name=partition.topic,
            topic_id=partition.topic_id,
            partition_data=[
                ProduceRequest.TopicProduceData.PartitionProduceData(
                    index=partition.index, records=batch
                )
            ],
        )
        for partition, batch in parts
    ]
    return ProduceRequest(
        transactional_id=transactional_id, acks=acks, timeout_ms=5000, topic_data=topics
    )


def list_offsets_request(
    parts: Iterable[tuple[Partition, int]], isolation: int = UNCOMMITTED, leader_epoch: int = -1
) -> ListOffsetsRequest:
    """A request for the offsets of times or places in several partitions."""
    topic = ListOffsetsRequest.ListOffsetsTopic
    return ListOffsetsRequest(
        replica_id=-1,
        isolation_level=isolation,
        timeout_ms=5000,
        topics=[
            topic(
                name=partition.topic,
                partitions=[
                    topic.ListOffsetsPartition(
                        partition_index=partition.index,
                        current_leader_epoch=leader_epoch,
                        timestamp=timestamp,
                        max_num_offsets=1,
                    )
                ],
            )
            for partition, timestamp in parts
        ],
    )


def only_part(topics: Any, field: str) -> Any:
    """The one partition of the one topic of a response. Raises Mismatch."""
    parts = [part for topic in topics for part in getattr(topic, field)]
    if len(parts) != 1:
        raise Mismatch("an answer for one partition", f"{len(parts)} of them")
    return parts[0]


def fetched(response: Any) -> Answer:
    """Read the response to a fetch of one partition. Raises Mismatch."""
    if response.error_code:
        raise Mismatch("an answer of the fetch", f"error {response.error_code}")
    part = only_part(response.responses, "partitions")
    octets = bytes(part.records or b"")
    return Answer(
        part.error_code,
        part.high_watermark,
        part.last_stable_offset,
        part.log_start_offset,
        split(octets),
        len(octets),
        response,
    )
