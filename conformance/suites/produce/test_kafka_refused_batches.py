"""Batches that no broker may append."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import (
    ATTRIBUTES_AT,
    CONTROL,
    HEADER_SIZE,
    TRANSACTIONAL,
    Sent,
    build,
    edit,
)
from conformance.drivers.kafka.codes import expect_code, name_of
from conformance.drivers.kafka.partition import Partition, produce_request
from conformance.drivers.kafka.tester import KafkaTester
from conformance.models.kafka_batches import is_consistent
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

RECORDS = [Sent(b"one", b"key"), Sent(b"two")]
GOOD = build(RECORDS)


def check_refused(partition: Partition, octets: bytes, *codes: str) -> None:
    """The octets are refused with one of the codes, nothing is appended, and others can go on."""
    before = partition.end
    answer = partition.produce(octets)
    observed = name_of(answer.error_code)
    expect.true(observed in codes, " or ".join(codes), observed)
    expect.equal(answer.base_offset, -1, "base offset")
    expect.equal(partition.end, before, "end of the partition")


@requirement("kafka.produce.one-batch")
def test_a_partition_is_sent_exactly_one_batch(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    for label, octets in {"none": b"", "two": GOOD * 2, "half a one": GOOD[:30]}.items():
        with expect.case(label):
            check_refused(partition, octets, "INVALID_RECORD")


@requirement("kafka.produce.old-magic")
def test_old_formats_are_refused(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    for magic in (0, 1):
        with expect.case(f"magic {magic}"):
            check_refused(partition, edit(GOOD, magic=magic), "INVALID_RECORD")


@requirement("kafka.produce.unknown-magic")
def test_formats_of_the_future_are_refused(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    for magic in (3, 100, -1):
        with expect.case(f"magic {magic}"):
            check_refused(partition, edit(GOOD, magic=magic), "CORRUPT_MESSAGE")


@requirement("kafka.produce.impossible-length")
def test_lengths_that_no_batch_has(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    for length in (-(2**31), -1, 0, 1, 13, 20, 48):
        with expect.case(f"length {length}"):
            check_refused(partition, edit(GOOD, length=length), "CORRUPT_MESSAGE")


@requirement("kafka.produce.no-start")
def test_octets_that_begin_no_batch_refuse_the_request(kafka: KafkaTester) -> None:
    for label, octets in {"length": edit(GOOD, length=0), "magic": edit(GOOD, magic=3)}.items():
        partitions = kafka.topic(3)
        parts = zip(partitions, (GOOD, octets, GOOD), strict=True)
        answer = kafka.call(produce_request(parts))
        codes = [
            name_of(part.error_code)
            for topic in answer.responses
            for part in topic.partition_responses
        ]
        with expect.case(label):
            expect.equal(codes, ["CORRUPT_MESSAGE"] * 3, "answers")
            expect.equal([one.end for one in partitions], [0, 0, 0], "ends of the partitions")


@requirement("kafka.produce.checksum")
@holds_for(position=st.integers(ATTRIBUTES_AT, len(GOOD) - 1), bit=st.integers(0, 7))
def test_one_wrong_bit_is_noticed(kafka: KafkaTester, position: int, bit: int) -> None:
    octets = bytearray(GOOD)
    octets[position] ^= 1 << bit
    codes = "CORRUPT_MESSAGE", "INVALID_RECORD", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"
    check_refused(kafka.fresh(), bytes(octets), *codes)


@requirement("kafka.produce.checksum")
def test_a_wrong_checksum_is_noticed(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    for crc in (0, 1, 2**32 - 1):
        check_refused(partition, edit(GOOD, crc=crc), "CORRUPT_MESSAGE")
    for position in (HEADER_SIZE, len(GOOD) - 1):
        octets = bytearray(GOOD)
        octets[position] ^= 1
        check_refused(partition, bytes(octets), "CORRUPT_MESSAGE")


@requirement("kafka.produce.base-offset-of-clients")
@holds_for(offset=st.sampled_from([-1, 1, 5, 2**40]))
def test_clients_do_not_number_records(kafka: KafkaTester, offset: int) -> None:
    check_refused(kafka.fresh(), edit(GOOD, base_offset=offset), "INVALID_RECORD")


@requirement("kafka.produce.record-count")
@holds_for(count=st.integers(-1, 4), delta=st.integers(-1, 4))
def test_the_count_of_records_fits(kafka: KafkaTester, count: int, delta: int) -> None:
    partition = kafka.fresh()
    octets = edit(GOOD, record_count=count, last_offset_delta=delta)
    if is_consistent(count, delta, len(RECORDS)):
        expect_code(partition.produce(octets), "NONE")
    else:
        check_refused(partition, octets, "INVALID_RECORD")


@requirement("kafka.produce.record-count")
def test_a_count_that_the_records_do_not_fit(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    for count in (1, 3):
        with expect.case(f"{count} of {len(RECORDS)} records"):
            octets = edit(GOOD, record_count=count, last_offset_delta=count - 1)
            check_refused(partition, octets, "INVALID_RECORD")


@requirement("kafka.produce.control-batch")
def test_clients_write_no_control_records(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    check_refused(partition, edit(GOOD, attributes=CONTROL), "INVALID_RECORD")
    octets = edit(GOOD, attributes=CONTROL | TRANSACTIONAL, producer_id=5, producer_epoch=0)
    codes = "INVALID_RECORD", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"
    check_refused(partition, octets, *codes)


@requirement("kafka.produce.negative-sequence")
@holds_for(sequence=st.sampled_from([-1, -2, -(2**31)]))
def test_a_producer_numbers_its_batches(kafka: KafkaTester, sequence: int) -> None:
    octets = edit(GOOD, producer_id=5, producer_epoch=0, base_sequence=sequence)
    check_refused(kafka.fresh(), octets, "INVALID_RECORD")


@requirement("kafka.produce.keyless-in-compacted")
@holds_for(cost=2, keys=st.lists(st.sampled_from([None, b"", b"k"]), min_size=1, max_size=5))
def test_compacted_topics_need_keys(kafka: KafkaTester, keys: list[bytes | None]) -> None:
    (partition,) = kafka.topic(cleanup_policy="compact")
    octets = build(Sent(b"value", key) for key in keys)
    keyless = [index for index, key in enumerate(keys) if key is None]
    answer = partition.produce(octets)
    expect_code(answer, "INVALID_RECORD" if keyless else "NONE")
    wrong = [one.batch_index for one in answer.record_errors]
    expect.equal(wrong, keyless, "records that are named")
    expect.equal(partition.end, 0 if keyless else len(keys), "end of the partition")
