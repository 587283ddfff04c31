"""Produce (0): append one batch to each of some partitions.

Batches of a transaction are appended where the coordinator knows of them. Clients of version 12
leave it to this request to tell the coordinator, earlier ones do it before (AddPartitionsToTxn).

Source: KafkaApis.handleProduceRequest, ReplicaManager.handleProduceAppend; KIP-98, KIP-467,
KIP-890.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reference_impl.kafka.apis.request import Request
from reference_impl.kafka.core.appending import InvalidRecords, single_batch
from reference_impl.kafka.core.producers import NO_PRODUCER_ID
from reference_impl.kafka.core.topics import Topic
from reference_impl.kafka.core.transaction import ProducerIdentity, TopicPartition
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.record.batches import COMPRESSIONS, Batch, CorruptBatch, check_start

API_KEY = 0

FIRST_VERSION_WITH_IDS = 13
FIRST_VERSION_WITH_ZSTD = 7
FIRST_VERSION_THAT_ADDS = 12
FIRST_VERSION_THAT_ABORTS = 11
"""Clients of earlier versions do not know TRANSACTION_ABORTABLE."""

ZSTD = COMPRESSIONS.index("zstd")

UNKNOWN_OFFSET = -1
TELL_NO_START = {
    ErrorCode.CORRUPT_MESSAGE,
    ErrorCode.MESSAGE_TOO_LARGE,
    ErrorCode.RECORD_LIST_TOO_LARGE,
}
"""What a log answers without its first offset (ReplicaManager.appendToLocalLog)."""


@dataclass(slots=True)
class _Entry:
    """What is asked for one partition, and why it is not done: `text` is what the client is told,
    which Kafka does for few reasons."""

    topic: Topic | None
    index: int
    batch: Batch | None
    refused: Refused | None = None
    text: str | None = None

    def refuse(self, refused: Refused) -> None:
        self.refused, self.text = refused, refused.text

    def is_in_transaction(self) -> bool:
        return self.batch is not None and self.batch.header.is_transactional


def handle(request: Request) -> dict[str, Any] | None:
    """Append, and answer unless acks is 0."""
    entries = [
        [_read(request, wanted, one) for one in wanted["partition_data"]]
        for wanted in request.body["topic_data"]
    ]
    flat = [entry for topic in entries for entry in topic]
    _check_starts(request, flat)
    _check_transaction(request, flat)
    answered = [
        {
            "name": wanted["name"],
            "topic_id": wanted["topic_id"],
            "partition_responses": [_append(request, entry) for entry in topic],
        }
        for wanted, topic in zip(request.body["topic_data"], entries, strict=True)
    ]
    if request.body["acks"] == 0:
        if any(entry.refused is not None for entry in flat):
            request.peer.close()
        return None
    return {"responses": answered}


def find_topic(request: Request, name: str, topic_id: bytes) -> tuple[Topic | None, ErrorCode]:
    """Return a topic by id in versions that have it, otherwise by name; or None and why."""
    if request.version >= FIRST_VERSION_WITH_IDS:
        return request.broker.topics.find_id(topic_id), ErrorCode.UNKNOWN_TOPIC_ID
    return request.broker.topics.find(name), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def _read(request: Request, wanted: dict[str, Any], one: dict[str, Any]) -> _Entry:
    topic, code = find_topic(request, wanted["name"], wanted["topic_id"])
    entry = _Entry(topic, one["index"], None)
    try:
        entry.batch = single_batch(one["records"])
        if request.version < FIRST_VERSION_WITH_ZSTD and entry.batch.header.compression == ZSTD:
            entry.refused = Refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, "zstd needs version 7")
    except Refused as refused:
        entry.refused = refused
    if topic is None:
        entry.refused = Refused(code)
    elif not 0 <= entry.index < len(topic.partitions):
        entry.refused = Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    return entry


def _check_starts(request: Request, entries: list[_Entry]) -> None:
    """Refuse everything when one entry does not even begin like a batch: Kafka looks for batches of
    transactions in all of them first (RequestUtils.hasTransactionalRecords)."""
    try:
        for topic in request.body["topic_data"]:
            for one in topic["partition_data"]:
                check_start(one["records"] or b"")
    except CorruptBatch as error:
        for entry in entries:
            entry.refuse(Refused(ErrorCode.CORRUPT_MESSAGE, str(error)))


def _check_transaction(request: Request, entries: list[_Entry]) -> None:
    """Refuse entries whose producer may not write in its transaction."""
    transactional_id = request.body["transactional_id"]
    if not any(entry.is_in_transaction() for entry in entries):
        return
    if transactional_id is None:
        for entry in entries:
            entry.refuse(Refused(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED))
        return
    written = [
        (entry, TopicPartition(entry.topic.name, entry.index), entry.batch.header)
        for entry in entries
        if entry.refused is None and entry.topic is not None and entry.batch is not None
        if entry.is_in_transaction() and entry.batch.header.producer_id != NO_PRODUCER_ID
    ]
    producers = dict.fromkeys(
        ProducerIdentity(header.producer_id, header.producer_epoch) for _, _, header in written
    )
    if len(producers) > 1:
        text = "Transactional records contained more than one producer ID"
        for entry in entries:
            entry.refuse(Refused(ErrorCode.INVALID_PRODUCER_ID_MAPPING, text))
        return
    for producer in producers:
        refusals = request.broker.check_writes(
            transactional_id,
            producer,
            {partition: header.base_sequence for _, partition, header in written},
            adds=request.version >= FIRST_VERSION_THAT_ADDS,
            aborts=request.version >= FIRST_VERSION_THAT_ABORTS,
        )
        for entry, partition, _ in written:
            if partition in refusals:
                entry.refuse(refusals[partition])


def _append(request: Request, entry: _Entry) -> dict[str, Any]:
    start_offset = UNKNOWN_OFFSET
    try:
        if entry.refused is not None:
            raise entry.refused
        assert entry.topic is not None and entry.batch is not None
        if request.body["acks"] not in (-1, 0, 1):
            raise Refused(ErrorCode.INVALID_REQUIRED_ACKS)
        if entry.topic.is_internal:
            raise Refused(ErrorCode.INVALID_TOPIC_EXCEPTION)
        start_offset = entry.topic.partitions[entry.index].start_offset
        result = request.broker.append(entry.topic, entry.index, entry.batch)
    except InvalidRecords as refused:
        entry.refuse(refused)
        return _described(entry, refused, start_offset)
    except Refused as refused:
        entry.refused = refused
        if refused.code in TELL_NO_START:
            start_offset = UNKNOWN_OFFSET
        return _described(entry, refused, start_offset)
    return {
        "index": entry.index,
        "error_code": ErrorCode.NONE,
        "base_offset": result.base_offset,
        "log_append_time_ms": result.log_append_time_ms,
        "log_start_offset": entry.topic.partitions[entry.index].start_offset,
    }


def _described(entry: _Entry, refused: Refused, start_offset: int) -> dict[str, Any]:
    records = refused.records if isinstance(refused, InvalidRecords) else []
    return {
        "index": entry.index,
        "error_code": refused.code,
        "base_offset": UNKNOWN_OFFSET,
        "log_start_offset": start_offset,
        "record_errors": [
            {"batch_index": number, "batch_index_error_message": text} for number, text in records
        ],
        "error_message": entry.text,
    }
