"""What a broker checks of a produced batch, and what it changes."""

from __future__ import annotations

import itertools

import pytest

from reference_impl import ManualClock
from reference_impl.kafka.core.appending import InvalidRecords, single_batch
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.core.topics import Topic
from reference_impl.kafka.errors import ErrorCode, Refused
from reference_impl.kafka.record.batches import TIMESTAMP_TYPE, assemble, read_header, stamp
from reference_impl.kafka.record.compression import compress
from reference_impl.kafka.record.records import Record, build_batch, encode_records
from reference_impl.kafka.versions import dialect_for

NOW_MS = 1_000_000_000
GZIP = 1


class World:
    """A broker on a clock that stands still, with one topic of one partition."""

    def __init__(self, **settings: str) -> None:
        self.clock = ManualClock(NOW_MS)
        numbers = itertools.count(1)
        self.broker = KafkaBroker(
            dialect_for("4.3"), self.clock, lambda: next(numbers).to_bytes(16, "big"), lambda: None
        )
        given = {name.replace("_", "."): value for name, value in settings.items()}
        self.topic: Topic = self.broker.create_topic("t", 1, given)
        self.log = self.topic.partitions[0]

    def append(self, octets: bytes) -> int:
        return self.broker.append(self.topic, 0, single_batch(octets)).base_offset

    def refusal(self, octets: bytes) -> ErrorCode:
        with pytest.raises(Refused) as caught:
            self.append(octets)
        assert self.log.end_offset == 0, "nothing is appended"
        return caught.value.code


def records(*times: int, key: bytes | None = b"k") -> list[Record]:
    return [Record(offset, time, key, b"v") for offset, time in enumerate(times)]


def with_count(octets: bytes, count: int) -> bytes:
    header = read_header(octets)._replace(record_count=count, last_offset_delta=count - 1)
    return assemble(header, octets[61:])


@pytest.mark.parametrize("count", [1, 3])
def test_a_count_that_the_records_do_not_fit(count: int) -> None:
    octets = build_batch(records(NOW_MS, NOW_MS))
    assert World().refusal(with_count(octets, count)) is ErrorCode.INVALID_RECORD


@pytest.mark.parametrize("at", [61, 65, 67])
def test_lengths_that_do_not_fit(at: int) -> None:
    octets = build_batch(records(NOW_MS))
    broken = assemble(read_header(octets), octets[61:at] + b"\x7f" + octets[at + 1 :])
    assert World().refusal(broken) is ErrorCode.INVALID_RECORD


def test_the_max_timestamp_is_worked_out() -> None:
    world = World()
    octets = build_batch(records(NOW_MS - 5, NOW_MS - 1, NOW_MS - 3))
    world.append(stamp(octets, 0, NOW_MS + 10**9))
    (batch,) = world.log
    assert batch.header.max_timestamp == NOW_MS - 1


def test_a_client_that_claims_log_append_time() -> None:
    octets = stamp(build_batch(records(NOW_MS)), 1, NOW_MS)
    world = World()
    world.append(octets)
    (batch,) = world.log
    assert not batch.header.attributes & TIMESTAMP_TYPE, "the topic has create time"
    strict = World(message_timestamp_type="LogAppendTime")
    assert strict.refusal(octets) is ErrorCode.INVALID_TIMESTAMP


def test_records_that_are_named() -> None:
    world = World(cleanup_policy="compact", message_timestamp_after_max_ms="10")
    mixed = [*records(NOW_MS, NOW_MS), Record(2, NOW_MS + 11, None, b"v"), Record(3, 0, None, b"")]
    with pytest.raises(InvalidRecords) as caught:
        world.append(build_batch(mixed))
    assert caught.value.code is ErrorCode.INVALID_RECORD
    assert [index for index, _ in caught.value.records] == [2, 3]


@pytest.mark.parametrize("wanted", ["gzip", "uncompressed"])
def test_the_topic_sets_the_codec(wanted: str) -> None:
    plain = records(NOW_MS)
    octets = build_batch(plain)
    payload = compress(GZIP, encode_records(0, NOW_MS, plain))
    zipped = assemble(read_header(octets)._replace(attributes=GZIP), payload)
    world = World(compression_type=wanted)
    for sent in (octets, zipped):
        world.append(sent)
    assert {batch.header.compression for batch in world.log} == {GZIP * (wanted == "gzip")}


def test_garbage_is_not_decompressed() -> None:
    octets = build_batch(records(NOW_MS))
    for attributes in (GZIP, 5):
        broken = assemble(read_header(octets)._replace(attributes=attributes), octets[61:])
        assert World().refusal(broken) is ErrorCode.UNKNOWN_SERVER_ERROR


def test_a_repetition_is_told_where_the_first_is() -> None:
    world = World()
    octets = build_batch(records(NOW_MS), producer_id=7, producer_epoch=0, base_sequence=0)
    for _ in range(2):
        result = world.broker.append(world.topic, 0, single_batch(octets))
    assert (result.base_offset, result.log_append_time_ms, result.batch) == (0, NOW_MS, None)
    assert world.log.end_offset == 1
