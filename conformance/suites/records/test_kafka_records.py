"""What comes back of the records that were sent."""

import struct
import zlib

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import (
    GZIP,
    HEADER_SIZE,
    LOG_APPEND_TIME,
    NONE,
    NOW_MS,
    Headers,
    Sent,
    build,
    edit,
    fields_of,
)
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

OCTETS = st.none() | st.binary(max_size=3)
NAMES = st.sampled_from(["", "a", "b", "ä"])
HEADERS: st.SearchStrategy[Headers] = st.lists(st.tuples(NAMES, OCTETS), max_size=4).map(tuple)
TIMES = st.integers(NOW_MS - 5000, NOW_MS)
CODECS = st.sampled_from([NONE, GZIP])
"""Compressions that need no library beside Python's own."""

CHANGED = ("base_offset", "leader_epoch", "crc", "attributes", "max_timestamp")
"""Fields of a batch that a broker may set."""

HOUR_MS = 3_600_000

LENGTHS = (0, 4, 5, 11)
"""Where the lengths of record, key and value stand in a record of five octets without a key, and
the number of headers."""


def check_same(kafka: KafkaTester, records: list[Sent], compression: int = NONE) -> None:
    partition = kafka.fresh()
    partition.append(records, compression)
    expect.equal([one.sent for one in partition.read()], records, "records")


@requirement("kafka.records.null-and-empty")
@holds_for(pairs=st.lists(st.tuples(OCTETS, OCTETS), min_size=1, max_size=5))
def test_null_is_not_empty(
    kafka: KafkaTester, pairs: list[tuple[bytes | None, bytes | None]]
) -> None:
    check_same(kafka, [Sent(value, key) for key, value in pairs])


@requirement("kafka.records.headers")
@holds_for(headers=st.lists(HEADERS, min_size=1, max_size=3))
def test_headers(kafka: KafkaTester, headers: list[Headers]) -> None:
    check_same(kafka, [Sent(b"value", headers=one) for one in headers])


@requirement("kafka.records.any-octets")
@holds_for(seed=st.integers(0, 255), size=st.sampled_from([0, 1, 63, 64, 8191, 8192, 70_000]))
def test_any_octets(kafka: KafkaTester, seed: int, size: int) -> None:
    octets = bytes((seed + 7 * number) % 256 for number in range(256)) * (size // 256 + 1)
    check_same(kafka, [Sent(octets[:size], octets[: size // 2])])


@requirement("kafka.records.create-time")
@holds_for(times=st.lists(TIMES, min_size=1, max_size=5))
def test_times_of_producers_are_kept(kafka: KafkaTester, times: list[int]) -> None:
    partition = kafka.fresh()
    answer = partition.produce(build(Sent(b"x", timestamp=time) for time in times))
    expect.equal(answer.log_append_time_ms, -1, "log append time")
    expect.equal([one.timestamp for one in partition.read()], times, "timestamps")
    (batch,) = partition.fetch().batches
    expect.equal(batch.fields["max_timestamp"], max(times), "max timestamp of the batch")


@requirement("kafka.records.max-timestamp")
@holds_for(claimed=st.sampled_from([-1, 0, NOW_MS - 9999, NOW_MS + 2**40]))
def test_the_broker_works_out_the_latest_time(kafka: KafkaTester, claimed: int) -> None:
    partition = kafka.fresh()
    times = [NOW_MS - 20, NOW_MS - 5, NOW_MS - 10]
    octets = build(Sent(b"x", timestamp=time) for time in times)
    expect_code(partition.produce(edit(octets, max_timestamp=claimed)), "NONE")
    (batch,) = partition.fetch().batches
    expect.equal(batch.fields["max_timestamp"], max(times), "max timestamp of the batch")


@requirement("kafka.records.no-timestamp")
def test_records_without_a_time(kafka: KafkaTester) -> None:
    check_same(kafka, [Sent(b"x", timestamp=-1)])


@requirement("kafka.records.log-append-time")
@holds_for(cost=3, count=st.integers(1, 4), compression=CODECS)
def test_the_broker_sets_the_time(kafka: KafkaTester, count: int, compression: int) -> None:
    (partition,) = kafka.topic(message_timestamp_type="LogAppendTime")
    sent = [Sent(b"x" * 50, timestamp=NOW_MS - 60_000 * n) for n in range(count)]
    told = []
    for _ in range(2):
        answer = partition.produce(build(sent, compression))
        expect_code(answer, "NONE")
        told.append(answer.log_append_time_ms)
    expect.true(NOW_MS <= told[0] <= told[1], "times of the broker, in order", told)
    for time, batch in zip(told, partition.fetch().batches, strict=True):
        expect.equal([one.timestamp for one in batch.records], [time] * count, "timestamps")
        expect.true(bool(batch.fields["attributes"] & 0x08), "the bit of log append time", "0")


def check_window(kafka: KafkaTester, setting: str, ahead_ms: int, *, accepted: bool) -> None:
    (partition,) = kafka.topic(**{setting: str(HOUR_MS)})
    octets = build([Sent(b"first"), Sent(b"second", timestamp=NOW_MS + ahead_ms)])
    answer = partition.produce(octets)
    expect_code(answer, "NONE" if accepted else "INVALID_TIMESTAMP", f"{ahead_ms} ms ahead")
    wrong = [one.batch_index for one in answer.record_errors]
    expect.equal(wrong, [] if accepted else [1], "records that are named")
    expect.equal(partition.end, 2 if accepted else 0, "end of the partition")


@requirement("kafka.records.too-far-ahead")
def test_times_ahead_are_refused(kafka: KafkaTester) -> None:
    for hours, accepted in ((0.5, True), (2, False), (48, False)):
        ahead_ms = int(hours * HOUR_MS)
        check_window(kafka, "message_timestamp_after_max_ms", ahead_ms, accepted=accepted)


@requirement("kafka.records.too-long-ago")
def test_times_past_are_refused(kafka: KafkaTester) -> None:
    for hours, accepted in ((0.5, True), (2, False), (48, False)):
        ahead_ms = int(-hours * HOUR_MS)
        check_window(kafka, "message_timestamp_before_max_ms", ahead_ms, accepted=accepted)


@requirement("kafka.records.compression")
@holds_for(values=st.lists(OCTETS, min_size=1, max_size=4), compression=CODECS)
def test_compressed_records(
    kafka: KafkaTester, values: list[bytes | None], compression: int
) -> None:
    check_same(kafka, [*(Sent(value) for value in values), Sent(b"x" * 500)], compression)


@requirement("kafka.records.codec-is-kept")
@holds_for(codecs=st.lists(CODECS, min_size=1, max_size=5))
def test_batches_keep_their_codec(kafka: KafkaTester, codecs: list[int]) -> None:
    partition = kafka.fresh()
    for number, codec in enumerate(codecs):
        partition.append([Sent(b"%d" % number + b"x" * 200)], codec)
    answer = partition.fetch()
    expect.equal([batch.compression for batch in answer.batches], codecs, "codecs")
    values = [(one.value or b"")[:1] for one in answer.records]
    expect.equal(values, [b"%d" % number for number in range(len(codecs))], "values")


@requirement("kafka.records.codec-of-the-topic")
@holds_for(cost=5, sent=CODECS, wanted=CODECS)
def test_the_topic_may_set_the_codec(kafka: KafkaTester, sent: int, wanted: int) -> None:
    names = {NONE: "uncompressed", GZIP: "gzip"}
    (partition,) = kafka.topic(compression_type=names[wanted])
    records = [Sent(b"x" * 300, b"key"), Sent(None)]
    partition.append(records, sent)
    (batch,) = partition.fetch().batches
    expect.equal(batch.compression, wanted, "codec")
    expect.equal([one.sent for one in batch.records], records, "records")


@requirement("kafka.records.too-large-for-the-topic")
def test_the_size_counts_with_the_codec_of_the_topic(kafka: KafkaTester) -> None:
    (partition,) = kafka.topic(compression_type="uncompressed", max_message_bytes="1000")
    batch = build([Sent(b"x" * 2000)], GZIP)
    expect.at_most(len(batch), 1000, "octets of the compressed batch")
    expect_code(partition.produce(batch), "MESSAGE_TOO_LARGE")
    expect.equal(partition.end, 0, "end of the partition")


@requirement("kafka.records.unknown-codec")
@holds_for(codec=st.integers(5, 7))
def test_codecs_that_do_not_exist(kafka: KafkaTester, codec: int) -> None:
    partition = kafka.fresh()
    answer = partition.produce(edit(build([Sent(b"x")]), attributes=codec))
    expect.true(answer.error_code != 0, "a refusal", "NONE")
    expect.equal(partition.end, 0, "end of the partition")


@requirement("kafka.records.undecodable")
def test_compressed_garbage_is_refused(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    good = build([Sent(b"x" * 100)])
    short = zlib.compress(good[HEADER_SIZE:])[:-8]
    for label, octets in {"no gzip": good, "half a gzip": good[:HEADER_SIZE] + short}.items():
        with expect.case(label):
            length = len(octets) - 12
            answer = partition.produce(edit(octets, attributes=GZIP, length=length))
            expect.true(answer.error_code != 0, "a refusal", "NONE")
            expect.equal(partition.end, 0, "end of the partition")


@requirement("kafka.records.octets-unchanged")
@holds_for(headers=HEADERS, compression=CODECS, count=st.integers(1, 3))
def test_the_broker_changes_nothing_else(
    kafka: KafkaTester, headers: Headers, compression: int, count: int
) -> None:
    partition = kafka.fresh()
    octets = build([Sent(b"x" * 90, b"key", headers=headers)] * count, compression)
    for _ in range(2):
        expect_code(partition.produce(octets), "NONE")
    for batch in partition.fetch().batches:
        expect.equal(batch.octets[HEADER_SIZE:].hex(), octets[HEADER_SIZE:].hex(), "records")
        sent = {name: value for name, value in fields_of(octets).items() if name not in CHANGED}
        kept = {name: value for name, value in batch.fields.items() if name not in CHANGED}
        expect.equal(kept, sent, "fields of the header")


@requirement("kafka.records.offsets-in-a-batch")
@holds_for(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4), compression=CODECS)
def test_offsets_of_records(kafka: KafkaTester, sizes: list[int], compression: int) -> None:
    partition = kafka.fresh()
    for size in sizes:
        partition.append([Sent(b"x" * 60)] * size, compression)
    answer = partition.fetch()
    offsets = [[one.offset for one in batch.records] for batch in answer.batches]
    firsts = [sum(sizes[:number]) for number in range(len(sizes))]
    expected = [list(range(f, f + size)) for f, size in zip(firsts, sizes, strict=True)]
    expect.equal(offsets, expected, "offsets by batch")


@requirement("kafka.records.leader-epoch")
@holds_for(epoch=st.sampled_from([-1, 0, 77]))
def test_the_broker_sets_the_epoch(kafka: KafkaTester, epoch: int) -> None:
    partition = kafka.fresh()
    expect_code(partition.produce(edit(build([Sent(b"x")]), leader_epoch=epoch)), "NONE")
    (topic,) = kafka.metadata([partition.topic]).topics
    epochs = {one.partition_index: one.leader_epoch for one in topic.partitions}
    (batch,) = partition.fetch().batches
    expect.equal(batch.fields["leader_epoch"], epochs[partition.index], "leader epoch")


@requirement("kafka.records.malformed")
@holds_for(position=st.sampled_from(LENGTHS), octet=st.sampled_from([0x7F, 0x01, 0xFF, 0x7E]))
def test_records_that_do_not_fit_their_lengths(
    kafka: KafkaTester, position: int, octet: int
) -> None:
    partition = kafka.fresh()
    good = build([Sent(b"value")])
    at = HEADER_SIZE + position
    octets = edit(good[:at] + struct.pack("B", octet) + good[at + 1 :])
    refused = partition.produce(octets).error_code != 0
    expect.equal(partition.end, 0 if refused else 1, "end of the partition")
    if not refused:  # then it was well-formed after all, and must be readable
        expect.equal(len(partition.read()), 1, "records")


@requirement("kafka.records.claimed-log-append-time")
def test_clients_do_not_set_the_time_of_the_log(kafka: KafkaTester) -> None:
    (partition,) = kafka.topic(message_timestamp_type="LogAppendTime")
    octets = edit(build([Sent(b"one"), Sent(b"two")]), attributes=LOG_APPEND_TIME)
    answer = partition.produce(octets)
    expect_code(answer, "INVALID_TIMESTAMP")
    expect.equal([one.batch_index for one in answer.record_errors], [0, 1], "records named")
    expect.equal(partition.end, 0, "end of the partition")
