"""What consumers of committed records see of open, aborted and committed ones."""

from typing import NamedTuple

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import NOW_MS, Sent, build
from conformance.drivers.kafka.codes import expect_code
from conformance.drivers.kafka.partition import (
    COMMITTED,
    FETCH,
    LATEST,
    LIST_OFFSETS,
    UNCOMMITTED,
    Partition,
    fetched,
)
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.kafka.transactional import (
    Producer,
    aborted_of,
    committed_of,
    data_of,
    generations,
    is_control,
    read_committed,
)
from conformance.models.kafka_transactions import TransactionModel
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

PLAIN = -1
LONG_WAIT_MS = 5000


class Step(NamedTuple):
    """What a producer does: write so many records (PLAIN: without a transaction), or end."""

    producer: int
    size: int
    commit: bool


WRITES = st.builds(Step, st.integers(PLAIN, 2), st.integers(1, 2), st.just(False))
ENDS = st.builds(Step, st.integers(0, 2), st.just(0), st.booleans())
STEPS = st.lists(st.one_of(WRITES, WRITES, ENDS), min_size=4, max_size=10)


class History:
    """A partition, the producers that write to it, and the model of both."""

    def __init__(self, kafka: KafkaTester, producers: int, generation: int | None = None) -> None:
        chosen = generations(kafka)[-1] if generation is None else generation
        self.partition = kafka.fresh()
        self.model = TransactionModel()
        self.producers = [Producer(kafka, None, chosen).init() for _ in range(producers)]
        self._count = 0

    def values(self, count: int) -> list[bytes]:
        self._count += 1
        return [b"%d.%d" % (self._count, number) for number in range(count)]

    def write(self, producer: int, count: int = 1) -> list[bytes]:
        """Append records; return their values."""
        values = self.values(count)
        expected = self.model.append(producer, *values)
        if producer == PLAIN:
            offset = self.partition.append(map(Sent, values))
        else:
            offset = self.producers[producer].write(self.partition, *values)
        expect.equal(offset, expected, "offset of the first record")
        return values

    def end(self, producer: int, commit: bool) -> None:
        """End a transaction, if one is open."""
        if producer in self.model.open:
            self.producers[producer].end(commit)
            self.model.finish(producer, commit)

    def play(self, steps: list[Step]) -> None:
        for producer, count, commit in steps:
            if count:
                self.write(producer, count)
            else:
                self.end(producer, commit)

    def finish(self, commit: bool) -> None:
        for producer in self.model.open:
            self.end(producer, commit)

    def check_marks(self) -> None:
        """The stable offset and the end are what the model says."""
        answer = self.partition.fetch(self.model.end, isolation=COMMITTED)
        expect.equal(answer.stable_offset, self.model.stable, "stable offset")
        expect.equal(answer.high_watermark, self.model.end, "high watermark")

    def check_committed(self, start: int = 0) -> None:
        found = [(one.offset, one.value) for one in read_committed(self.partition, start)]
        expect.equal(found, self.model.committed(start), f"committed records from {start} on")


@requirement("kafka.isolation.histories")
@holds_for(steps=STEPS)
def test_histories_of_three_producers(kafka: KafkaTester, steps: list[Step]) -> None:
    history = History(kafka, 3)
    for step in steps:
        history.play([step])
        history.check_marks()
        history.check_committed()
    history.finish(True)
    history.check_marks()
    history.check_committed()


@requirement("kafka.isolation.open-is-withheld")
@holds_for(before=st.integers(0, 2), count=st.integers(1, 3))
def test_open_transactions_are_not_delivered(kafka: KafkaTester, before: int, count: int) -> None:
    for generation in generations(kafka):
        history = History(kafka, 1, generation)
        if before:
            history.write(PLAIN, before)
        history.write(0, count)
        expect.equal(len(read_committed(history.partition)), before, "records delivered")
        answer = history.partition.fetch(before, isolation=COMMITTED)
        expect_code(answer, "NONE")
        expect.equal(answer.octets, 0, "octets of the open transaction")


@requirement("kafka.isolation.aborted-is-hidden")
def test_aborted_transactions_are_not_delivered(kafka: KafkaTester) -> None:
    for generation in generations(kafka):
        history = History(kafka, 1, generation)
        history.write(0, 2)
        history.write(PLAIN)
        history.end(0, False)
        history.check_committed()
        expect.equal(len(read_committed(history.partition)), 1, "records delivered")


@requirement("kafka.isolation.committed-is-delivered")
@holds_for(sizes=st.lists(st.integers(1, 3), min_size=1, max_size=3))
def test_committed_transactions_are_delivered(kafka: KafkaTester, sizes: list[int]) -> None:
    for generation in generations(kafka):
        history = History(kafka, 1, generation)
        written = [value for size in sizes for value in history.write(0, size)]
        history.end(0, True)
        found = [record.value for record in read_committed(history.partition)]
        expect.equal(found, written, "records delivered")


@requirement("kafka.isolation.uncommitted-sees-all")
@holds_for(steps=STEPS)
def test_other_consumers_get_everything(kafka: KafkaTester, steps: list[Step]) -> None:
    history = History(kafka, 3)
    for step in steps:
        history.play([step])
        answer = history.partition.fetch(0, isolation=UNCOMMITTED)
        found = [record.value for record in data_of(answer)]
        expect.equal(found, [value for _, _, value in history.model.records], "records")


@requirement("kafka.isolation.stable-offset")
@holds_for(before=st.integers(0, 2), within=st.integers(1, 2), after=st.integers(1, 2))
def test_the_first_open_record_bounds(
    kafka: KafkaTester, before: int, within: int, after: int
) -> None:
    history = History(kafka, 1)
    if before:
        history.write(PLAIN, before)
    history.write(0, within)
    history.write(PLAIN, after)
    history.check_marks()
    history.check_committed()
    expect.equal(len(read_committed(history.partition)), before, "records delivered")
    history.end(0, False)
    history.check_marks()
    expect.equal(len(read_committed(history.partition)), before + after, "records delivered")


@requirement("kafka.isolation.earliest-decides")
@holds_for(commits=st.lists(st.booleans(), min_size=3, max_size=3))
def test_later_ends_do_not_move_it(kafka: KafkaTester, commits: list[bool]) -> None:
    history = History(kafka, 3)
    for producer in (0, 1, 2):
        history.write(producer)
    for producer in (2, 1, 0):
        if producer == 1:
            history.write(0)
            history.check_marks()
        history.end(producer, commits[producer])
        history.check_marks()
        history.check_committed()


@requirement("kafka.isolation.aborted-list")
@holds_for(steps=STEPS, commit=st.booleans())
def test_aborted_transactions_are_listed(
    kafka: KafkaTester, steps: list[Step], commit: bool
) -> None:
    history = History(kafka, 3)
    history.play(steps)
    history.finish(commit)
    ids = [producer.producer_id for producer in history.producers]
    for start in range(history.model.end):
        answer = history.partition.fetch(start, isolation=COMMITTED, partition_max_bytes=1)
        last = answer.batches[-1].next_offset - 1
        least = {(ids[one], first) for one, first in history.model.aborted(start, last)}
        most = {(ids[one], first) for one, first in history.model.aborted(start, 1 << 62)}
        listed = aborted_of(answer)
        about = f"aborted transactions of offsets {start} to {last}"
        expect.true(least <= set(listed), f"all of {least}", listed, about)
        expect.true(set(listed) <= most, f"only some of {most}", listed, about)
        expect.equal(len(listed), len(set(listed)), f"how many are listed: {about}")


@requirement("kafka.isolation.no-list-for-others")
def test_other_consumers_get_no_list(kafka: KafkaTester) -> None:
    history = History(kafka, 1)
    history.write(0)
    history.end(0, False)
    expect.equal(aborted_of(history.partition.fetch(0, isolation=UNCOMMITTED)), [], "list")


@requirement("kafka.isolation.one-fetch")
def test_interleaved_transactions_in_one_fetch(kafka: KafkaTester) -> None:
    history = History(kafka, 3)
    kept = history.write(0)
    history.write(1)
    kept += history.write(PLAIN)
    history.write(2)
    kept += history.write(0)
    history.end(1, False)
    kept += history.write(1)
    history.end(2, False)
    history.end(0, True)
    history.end(1, True)
    answer = history.partition.fetch(0, isolation=COMMITTED)
    found = [record.value for record in committed_of(answer)]
    expect.equal(sorted(map(str, found)), sorted(map(str, kept)), "committed and plain records")


@requirement("kafka.isolation.same-producer-later")
@holds_for(ends=st.lists(st.booleans(), min_size=2, max_size=4))
def test_an_abort_hides_one_transaction(kafka: KafkaTester, ends: list[bool]) -> None:
    for generation in generations(kafka):
        history = History(kafka, 1, generation)
        kept = []
        for commit in [False, *ends]:
            written = history.write(0, 2)
            history.end(0, commit)
            kept += written if commit else []
        found = [record.value for record in read_committed(history.partition)]
        expect.equal(found, kept, "records of the committed transactions")


@requirement("kafka.isolation.markers")
@holds_for(commit=st.booleans())
def test_a_marker_is_a_control_batch(kafka: KafkaTester, commit: bool) -> None:
    for generation in generations(kafka):
        history = History(kafka, 1, generation)
        history.write(0, 2)
        history.end(0, commit)
        *_, marker = history.partition.fetch(0).batches
        expect.true(is_control(marker.fields), "the control bit", marker.fields)
        expect.equal(marker.fields["attributes"] & 0x37, 0x30, "attributes of a marker")
        expect.equal(marker.fields["producer_id"], history.producers[0].producer_id, "producer")
        expect.equal(marker.fields["base_sequence"], -1, "sequence number")
        expect.equal([one.offset for one in marker.records], [2], "offsets of the marker")
        key = marker.records[0].key or b""
        expect.equal(key, b"\0\0\0\1" if commit else b"\0\0\0\0", "version and type of the marker")


@requirement("kafka.isolation.beyond-the-stable-offset")
@holds_for(ahead=st.integers(0, 2))
def test_a_reader_waits_beyond_it(kafka: KafkaTester, ahead: int) -> None:
    history = History(kafka, 1)
    history.write(0, 2)
    history.write(PLAIN, 2)
    answer = history.partition.fetch(1 + ahead, isolation=COMMITTED)
    expect_code(answer, "NONE")
    expect.equal(answer.octets, 0, "octets beyond the stable offset")
    history.end(0, True)
    history.check_committed(1 + ahead)


@requirement("kafka.isolation.end-wakes")
@holds_for(commit=st.booleans())
def test_the_end_wakes_a_waiting_fetch(kafka: KafkaTester, commit: bool) -> None:
    history = History(kafka, 1)
    history.write(0)
    history.write(PLAIN)
    raw, version = kafka.raw(), kafka.best(FETCH)
    request = history.partition.fetch_request(
        isolation=COMMITTED, max_wait_ms=LONG_WAIT_MS * 2, min_bytes=1
    )
    number = raw.send_request(request, version)
    history.end(0, commit)
    answer = fetched(raw.read_response(FETCH, version, number, within_s=LONG_WAIT_MS / 1000))
    found = [(one.offset, one.value) for one in committed_of(answer)]
    expect.equal(found, history.model.committed(), "records of the fetch that waited")


@requirement("kafka.isolation.list-offsets")
@holds_for(before=st.integers(0, 2), commit=st.booleans())
def test_the_latest_offset_for_committed(kafka: KafkaTester, before: int, commit: bool) -> None:
    history = History(kafka, 1)
    if before:
        history.write(PLAIN, before)
    history.write(0)
    for version in kafka.versions(LIST_OFFSETS, 2):
        check_latest(history.partition, version, before, before + 1)
    history.end(0, commit)
    check_latest(history.partition, None, before + 2, before + 2)


def check_latest(partition: Partition, version: int | None, stable: int, end: int) -> None:
    found = partition.list_offset(LATEST, version, isolation=COMMITTED).offset
    expect.equal(found, stable, f"latest offset of committed records, version {version}")
    found = partition.list_offset(LATEST, version).offset
    expect.equal(found, end, f"latest offset, version {version}")


@requirement("kafka.isolation.every-version")
def test_every_version_of_fetch(kafka: KafkaTester) -> None:
    history = History(kafka, 2)
    history.write(0)
    history.end(0, False)
    history.write(0)
    history.end(0, True)
    history.write(1)
    aborted = [(history.producers[0].producer_id, 0)]
    for version in kafka.versions(FETCH, 4):
        answer = history.partition.fetch(0, version, isolation=COMMITTED)
        expect.equal(aborted_of(answer), aborted, f"aborted transactions, version {version}")
        expect.equal(answer.stable_offset, 4, f"stable offset, version {version}")
        found = [(one.offset, one.value) for one in committed_of(answer)]
        expect.equal(found, history.model.committed(), f"committed records, version {version}")


@requirement("kafka.isolation.idempotent-is-not-withheld")
def test_records_without_a_transaction_are_stable(kafka: KafkaTester) -> None:
    partition = kafka.fresh()
    batch = build([Sent(b"1")], producer_id=771_001, producer_epoch=0, base_sequence=0)
    expect_code(partition.produce(batch), "NONE")
    expect.equal(len(read_committed(partition)), 1, "records delivered")
    expect.equal(partition.fetch(0, isolation=COMMITTED).stable_offset, 1, "stable offset")


@requirement("kafka.isolation.times")
def test_times_of_open_records_are_not_found(kafka: KafkaTester) -> None:
    partition, producer = kafka.fresh(), Producer(kafka).init()
    before_ms = NOW_MS - 1000
    partition.append([Sent(b"before", timestamp=before_ms)])
    producer.write(partition, b"open")
    found = partition.list_offset(before_ms, isolation=COMMITTED)
    expect.equal(found, (0, before_ms, 0), "a time before the transaction")
    found = partition.list_offset(NOW_MS, isolation=COMMITTED)
    expect.equal(found, (-1, -1, 0), "the time of the open transaction")
    found = partition.list_offset(NOW_MS, isolation=UNCOMMITTED)
    expect.equal(found, (1, NOW_MS, 0), "the same, for consumers of uncommitted records")
    producer.commit()
    found = partition.list_offset(NOW_MS, isolation=COMMITTED)
    expect.equal(found, (1, NOW_MS, 0), "the same, once it is committed")
