"""What subjects that produce and fetch share: partitions of many kinds, batches, what is in them.

Partitions come from topics of several, one topic at a time for each kind. Times are told from
`BASE` on, times of the broker by symbols; so the clock decides nothing that is compared.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kafka.protocol.consumer import FetchRequest

from conformance.drivers.kafka.batches import (
    HEADER_SIZE,
    NONE,
    NOW_MS,
    Fetched,
    Sent,
    build,
    edit,
    split,
)
from conformance.drivers.kafka.codes import name_of
from conformance.drivers.kafka.partition import (
    ALL,
    FETCH,
    MANY_OCTETS,
    NOBODY,
    PRODUCE,
    Partition,
    produce_request,
)
from conformance.drivers.kafka.tester import NO_ID
from conformance.errors import BrokenPromise
from conformance.machines.kafka.subject import KafkaSubject
from conformance.machines.operation import Operation
from conformance.machines.subject import Data
from conformance.targets.model import Target

PARTITIONS = ("p1", "p2")
CODEC_BITS = 0x07
"""Of the attributes."""

BEYOND, NOWHERE = "p8", "p9"
"""A partition that the topic of p1 does not have, and one of a topic that does not exist."""

DAY_MS = 86_400_000
SPREAD = 64
"""Partitions of a topic: creating one takes 4.3.1 as long as ten histories."""

PROFILES: dict[str, dict[str, str]] = {
    "plain": {},
    "append-time": {"message_timestamp_type": "LogAppendTime"},
    "compacted": {"cleanup_policy": "compact"},
    "compacted-and-deleted": {"cleanup_policy": "compact,delete"},
    "short": {"max_message_bytes": "150"},
    "window": {
        "message_timestamp_before_max_ms": str(DAY_MS),
        "message_timestamp_after_max_ms": str(DAY_MS),
    },
    "uncompressed": {"compression_type": "uncompressed", "max_message_bytes": "170"},
    "gzip": {"compression_type": "gzip"},
    "gzip-append-time": {"compression_type": "gzip", "message_timestamp_type": "LogAppendTime"},
}
"""Settings of topics, by the name of a kind of partition."""

BASE = NOW_MS - 600_000
"""In milliseconds: what times are told from; long ago enough to be told from the present."""

CLOCKS_MS = 60_000
"""By how much the clocks of a broker and of the kit may differ."""

TICK_S = 0.05
"""How long the kit waits at most for the next millisecond, should its clock be set back."""

POLL_S = 0.0002

LONG = "-" + "x" * 60

_ABSOLUTE_TIMES = re.compile(r"\d{12,}")

Records = Sequence[Mapping[str, Any]]
"""Records as operations have them: `key`, `value` and `time`. A value is null, empty, short, long,
or long with headers; all that are not empty are numbered. Times are milliseconds after BASE; None
is no time."""

Edits = Mapping[str, int]
"""Fields of a batch header that are replaced; times in milliseconds after BASE."""


class Refusal(BrokenPromise):
    """A broker answered with the error code of this name, and said more in `detail`."""

    def __init__(self, name: str, detail: Data = None) -> None:
        self.name = name
        self.detail = detail
        super().__init__(f"the broker answered {name}")


class RecordsSubject(KafkaSubject):
    """Has the partitions p1 and p2, of kinds that a history begins with."""

    def __init__(self, target: Target) -> None:
        self._pools: dict[str, list[Partition]] = {}
        super().__init__(target)

    def _forget(self) -> None:
        super()._forget()
        self.partitions: dict[str, Partition] = {}
        self.profiles: dict[str, str] = {}
        self.starts: dict[str, int] = {}
        """The first offset of each partition, as far as answers told."""
        self._produced = 0
        self._times: dict[int, str] = {}

    # -- partitions -------------------------------------------------------------------------

    def take_partitions(self, profiles: Sequence[str]) -> None:
        """Give p1, p2 and so on to new partitions of these kinds."""
        for symbol, profile in zip(PARTITIONS, profiles, strict=True):
            pool = self._pools.setdefault(profile, [])
            if not pool:
                pool += self.looker.topic(SPREAD, retention_ms="-1", **PROFILES[profile])
            found = pool.pop(0)
            self.partitions[symbol] = Partition(
                self.tester, found.topic, found.topic_id, found.index
            )
            self.profiles[symbol] = profile
            self.starts[symbol] = 0

    def partition(self, symbol: str) -> Partition:
        """The partition of a symbol, which may be one that is not there."""
        if symbol == BEYOND:
            first = self.partitions["p1"]
            return Partition(self.tester, first.topic, first.topic_id, SPREAD + 8)
        if symbol == NOWHERE:
            return Partition(self.tester, f"{self.prefix}nowhere", NO_ID[:-1] + "9", 0)
        return self.partitions[symbol]

    def is_stamped(self, symbol: str) -> bool:
        """Whether the broker sets the times of records."""
        return "append-time" in self.profiles.get(symbol, "")

    def is_recoded(self, symbol: str) -> bool:
        """Whether the broker compresses records, whose size its library decides."""
        return "gzip" in self.profiles.get(symbol, "")

    # -- names and times --------------------------------------------------------------------

    def symbolic(self, value: Any) -> Data:
        found = super().symbolic(value)
        if not isinstance(value, str | bytes):
            return found
        for symbol, partition in self.partitions.items():
            found = found.replace(repr(partition), symbol).replace(
                partition.topic, f"topic {symbol}"
            )
        return _ABSOLUTE_TIMES.sub("TIME", found)

    def told_time(self, milliseconds: int) -> Data:
        """None for no time, a symbol for one of the present, others from BASE on."""
        if milliseconds == -1:
            return None
        if not NOW_MS - CLOCKS_MS <= milliseconds <= time.time() * 1000 + CLOCKS_MS:
            return milliseconds - BASE
        return self._times.setdefault(milliseconds, f"now{len(self._times) + 1}")

    def real_time(self, told: int | None) -> int:
        return -1 if told is None else BASE + told

    def _pass_after(self, parts: Sequence[tuple[str, bytes]]) -> None:
        """Wait for the next millisecond if the broker has stamped what it got in this one."""
        if not any(self.is_stamped(symbol) for symbol, _ in parts):
            return
        stamped_ms = time.time() * 1000
        until_s = time.monotonic() + TICK_S
        while time.time() * 1000 < stamped_ms + 2 and time.monotonic() < until_s:
            time.sleep(POLL_S)

    # -- batches ----------------------------------------------------------------------------

    def records(self, records: Records) -> list[Sent]:
        """Records as the kit sends them."""
        return [self._record(**record) for record in records]

    def _record(self, key: str | None, value: str, time: int | None) -> Sent:
        self._produced += 1
        number = f"v{self._produced}"
        octets = {"null": None, "empty": b"", "short": number.encode()}.get(
            value, (number + LONG).encode()
        )
        headers = (("h", b"1"), ("h", None)) if value == "headers" else ()
        return Sent(octets, None if key is None else key.encode(), self.real_time(time), headers)

    def batch(self, records: Records, codec: int = NONE) -> bytes:
        """A well-formed batch of nobody."""
        return build(self.records(records), codec)

    @staticmethod
    def edited(batch: bytes, edits: Edits) -> bytes:
        """A batch with fields replaced, and with the right checksum unless that is one of them."""
        fields = {
            name: BASE + value if name.endswith("timestamp") and value >= 0 else value
            for name, value in edits.items()
        }
        return edit(batch, checksum="crc" not in fields, **fields) if fields else batch

    @staticmethod
    def shaped(batch: bytes, shape: str) -> bytes:
        """What is sent for a partition instead of one whole batch."""
        flipped = batch[:-1] + bytes([batch[-1] ^ 1])
        bent = batch[:HEADER_SIZE] + bytes([batch[HEADER_SIZE] ^ 2]) + batch[HEADER_SIZE + 1 :]
        shapes = {
            "one": batch,
            "two": batch * 2,
            "empty": b"",
            "cut": batch[:30],
            "less": batch[:-3],
            "more": batch + batch[:20],
            "flipped": flipped,
            "bent": edit(bent),
        }
        return shapes[shape]

    # -- producing --------------------------------------------------------------------------

    def send(self, parts: Sequence[tuple[str, bytes]], acks: int, version: int) -> dict[str, Any]:
        """Send octets to partitions in one request of the newest version up to this one; return
        what is answered for each, in words. Nothing is, with acks 0."""
        tester = self.tester
        pairs = [(self.partition(symbol), octets) for symbol, octets in parts]
        chosen = tester.best(PRODUCE, version)
        request = together(produce_request(pairs, acks), "topic_data", "partition_data")
        if acks == NOBODY:
            tester.main.send_request(request, chosen)
            tester.main.barrier()
            self._pass_after(parts)
            return {}
        response = tester.call(request, chosen)
        self._pass_after(parts)
        symbols = {self._address(self.partition(one), chosen): one for one, _ in parts}
        found: dict[str, Any] = {}
        for topic in response.responses:
            name = str(topic.topic_id) if chosen >= FIRST_PRODUCE_WITH_IDS else topic.name
            for part in topic.partition_responses:
                symbol = symbols.get((name, part.index), f"{name}-{part.index}")
                found[symbol] = self.told_append(part)
        return found

    @staticmethod
    def _address(partition: Partition, version: int) -> tuple[str, int]:
        by_id = version >= FIRST_PRODUCE_WITH_IDS
        return partition.topic_id if by_id else partition.topic, partition.index

    def told_append(self, part: Any) -> dict[str, Data]:
        """What Produce answers for one partition."""
        return {
            "error": name_of(part.error_code),
            "base_offset": part.base_offset,
            "append_time": self.told_time(part.log_append_time_ms),
            "start_offset": part.log_start_offset,
            "text": part.error_message,
            "records": [
                [one.batch_index, one.batch_index_error_message] for one in part.record_errors or ()
            ],
        }

    def append(self, symbol: str, octets: bytes, acks: int = ALL, version: int = 99) -> Data:
        """Send octets to one partition and return the answer. Raises Refusal."""
        answers = self.send([(symbol, octets)], acks, version)
        if not answers:
            return None
        answer = answers[symbol]
        if answer["error"] != "NONE":
            raise Refusal(answer.pop("error"), answer)
        return answer

    # -- operations -------------------------------------------------------------------------

    def failed(self, operation: Operation, error: BrokenPromise) -> Data:
        if isinstance(error, Refusal):
            return ["error", error.name, self.symbolic(error.detail)]
        return super().failed(operation, error)

    # -- observing --------------------------------------------------------------------------

    def observe(self, operation: Operation) -> dict[str, Data]:
        """Everything in the partitions."""
        requests = [
            self.looking(partition).fetch_request(self.starts[symbol])
            for symbol, partition in self.partitions.items()
        ]
        version = self.looker.best(FETCH)
        response = self.looker.call(fetch_request(requests), version)
        return self.contents(response, version)

    def contents(self, response: Any, version: int) -> dict[str, Data]:
        """What a fetch found, by partition."""
        symbols = {
            (str(one.topic_id) if version >= FIRST_FETCH_WITH_IDS else one.topic, one.index): symbol
            for symbol in (*self.partitions, BEYOND, NOWHERE)
            for one in (self.partition(symbol),)
        }
        found: dict[str, Data] = {}
        for topic in response.responses:
            name = str(topic.topic_id) if version >= FIRST_FETCH_WITH_IDS else topic.topic
            for part in topic.partitions:
                symbol = symbols.get((name, part.partition_index), "?")
                found[symbol] = self._content(symbol, part)
        return found

    def _content(self, symbol: str, part: Any) -> Data:
        if part.error_code:
            return ["error", name_of(part.error_code), part.high_watermark]
        marks = [part.log_start_offset, part.last_stable_offset, part.high_watermark]
        batches = split(bytes(part.records or b""))
        return [marks, *(self.told_batch(symbol, batch) for batch in batches)]

    def told_batch(self, symbol: str, batch: Fetched) -> Data:
        """A batch as plain data; its octets only where the broker keeps them."""
        fields = batch.fields
        told = {
            "offsets": [fields["base_offset"], fields["last_offset_delta"]],
            "epoch": fields["leader_epoch"],
            "attributes": fields["attributes"],
            "times": [self.told_time(fields[f"{which}_timestamp"]) for which in ("base", "max")],
            "producer": [
                self.told_producer(fields["producer_id"]),
                fields["producer_epoch"],
                fields["base_sequence"],
            ],
            "records": [
                [
                    one.offset,
                    one.key,
                    one.value,
                    self.told_time(one.timestamp),
                    *(f"{name}={value!r}" for name, value in one.headers),
                ]
                for one in batch.records
            ],
        }
        if not self.is_recoded(symbol):
            told["octets"] = len(batch.octets)
            # Not of what gzip has put its time into, nor of an id that the broker made up.
            same_octets = not fields["attributes"] & CODEC_BITS and fields["producer_id"] < 0
            if same_octets and not self.is_stamped(symbol):
                told["checksum"] = fields["crc"]
        return self.symbolic(told)

    def told_producer(self, producer_id: int) -> Data:
        """A producer id, or the symbol of one that the broker made up."""
        return producer_id


FIRST_PRODUCE_WITH_IDS = FIRST_FETCH_WITH_IDS = 13
"""Versions from which on topics are named by their ids."""


def fetch_request(requests: Iterable[FetchRequest], **changes: Any) -> FetchRequest:
    """One request for everything that these ask for, in this order."""
    fields = {
        "max_wait_ms": 0,
        "min_bytes": 1,
        "max_bytes": MANY_OCTETS,
        "isolation_level": 0,
        "session_id": 0,
        "session_epoch": -1,
        **changes,
    }
    topics = [topic for request in requests for topic in request.topics]
    request = FetchRequest(topics=topics, forgotten_topics_data=[], **fields)
    return together(request, "topics", "partitions")


def together(request: Any, topics: str, parts: str) -> Any:
    """The request with neighbours of the same topic in one entry: brokers keep one of each."""
    merged: list[Any] = []
    for topic in getattr(request, topics):
        if merged and merged[-1].topic_id == topic.topic_id:
            getattr(merged[-1], parts).extend(getattr(topic, parts))
        else:
            merged.append(topic)
    setattr(request, topics, merged)
    return request
