"""A dead-letter topic, as applications build it on Kafka: a record that cannot be processed is
parked with its origin, and its partition goes on."""

from collections import Counter
from collections.abc import Iterable

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import Read, Sent
from conformance.drivers.kafka.commits import commit, committed
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.drivers.kafka.transactional import Producer, read_committed
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

ERROR = "ValueError: no such order"

Origin = tuple[str, int, int]
"""Topic, partition and offset."""

POISON = st.lists(st.booleans(), min_size=1, max_size=5)
"""Which records cannot be processed."""

LIVES = st.lists(st.integers(0, 9), max_size=4)
"""Steps after which the worker is killed, life by life; the last life sees the end."""


def is_poison(record: Read) -> bool:
    return (record.value or b"").startswith(b"poison")


def parked(record: Read, source: Partition) -> Sent:
    """A record as it is parked: key and value as they were, and where it comes from."""
    origin = {
        "origin.topic": source.topic,
        "origin.partition": str(source.index),
        "origin.offset": str(record.offset),
        "error": ERROR,
    }
    headers = tuple((name, text.encode()) for name, text in origin.items())
    return Sent(record.value, record.key, record.timestamp, record.headers + headers)


def origin_of(record: Read) -> Origin:
    """Where a parked record comes from."""
    headers = {name: (value or b"").decode() for name, value in record.headers}
    return headers["origin.topic"], int(headers["origin.partition"]), int(headers["origin.offset"])


def fill(source: Partition, poison: Iterable[bool]) -> list[Read]:
    """Append records of which some are poison; return them as they can be read."""
    source.append(
        Sent(b"%s %d" % (b"poison" if bad else b"order", number), b"key %d" % number)
        for number, bad in enumerate(poison)
    )
    return source.read()


class Worker:
    """One life after the other: each record is processed or parked, and then committed."""

    def __init__(self, source: Partition, dead: Partition, group: str) -> None:
        self.source = source
        self.dead = dead
        self.group = group
        self.processed: list[int] = []

    def live(self, steps: int | None = None) -> None:
        """Go on from the committed offset until the end, or until so many steps are done."""
        for record in self.source.read(max(0, committed(self.group, self.source))):
            for step in (self.handle, self.commit):
                if steps == 0:
                    return
                steps = None if steps is None else steps - 1
                step(record)

    def handle(self, record: Read) -> None:
        if is_poison(record):
            self.dead.append([parked(record, self.source)])
        else:
            self.processed.append(record.offset)

    def commit(self, record: Read) -> None:
        commit(self.group, self.source, record.offset + 1)


@requirement("kafka.dead-letter.parked")
@holds_for(cost=4, poison=POISON)
def test_poison_is_parked_and_the_partition_goes_on(kafka: KafkaTester, poison: list[bool]) -> None:
    source, dead = kafka.fresh(), kafka.fresh()
    records = fill(source, poison)
    worker = Worker(source, dead, kafka.name("g"))
    worker.live()
    found = dead.read()
    expected = [parked(record, source) for record in records if is_poison(record)]
    expect.equal([one.sent for one in found], expected, "records in the dead-letter topic")
    others = [record.offset for record in records if not is_poison(record)]
    expect.equal(worker.processed, others, "records processed")
    expect.equal(committed(worker.group, source), len(records), "committed offset")
    expect.equal(source.read(), records, "records of the source")


@requirement("kafka.dead-letter.killed-worker")
@holds_for(cost=4, poison=POISON, lives=LIVES)
def test_a_killed_worker_loses_no_poison(
    kafka: KafkaTester, poison: list[bool], lives: list[int]
) -> None:
    """Killed between parking and committing, a life parks its record once more, and no other."""
    source, dead = kafka.fresh(), kafka.fresh()
    records = fill(source, poison)
    worker = Worker(source, dead, kafka.name("g"))
    for steps in (*lives, None):
        worker.live(steps)
    counts = Counter(map(origin_of, dead.read()))
    expected = {(source.topic, source.index, one.offset) for one in records if is_poison(one)}
    expect.equal(set(counts), expected, "origins of what was parked")
    repeated = sum(counts.values()) - len(counts)
    expect.at_most(repeated, sum(steps % 2 for steps in lives), "repetitions, one for a kill")
    others = [record.offset for record in records if not is_poison(record)]
    expect.equal(list(dict.fromkeys(worker.processed)), others, "records processed")
    expect.equal(committed(worker.group, source), len(records), "committed offset")


@requirement("kafka.dead-letter.parked-once")
@holds_for(cost=5, lives=st.lists(st.integers(0, 3), max_size=3))
def test_parking_and_committing_in_one_transaction(kafka: KafkaTester, lives: list[int]) -> None:
    """Of a life, so many steps are done: parking, staging the offset, committing both."""
    source, dead, group = kafka.fresh(), kafka.fresh(), kafka.name("g")
    (record,) = fill(source, [True])
    identifier = kafka.name("txn")
    for steps in (*lives, 1, 2, 3):
        producer = Producer(kafka, identifier).init()
        if committed(group, source) > record.offset:
            break
        if steps >= 1:
            producer.write(dead, record.value or b"")
        if steps >= 2:
            producer.stage(group, source, record.offset + 1)
        if steps >= 3:
            producer.commit()
    expect.equal(len(read_committed(dead)), 1, "records in the dead-letter topic")
    expect.equal(committed(group, source), 1, "committed offset")


@requirement("kafka.dead-letter.reprocessed")
@holds_for(cost=7, poison=POISON)
def test_dead_letters_go_back_to_their_origin(kafka: KafkaTester, poison: list[bool]) -> None:
    sources, dead = [kafka.fresh(), kafka.fresh()], kafka.fresh()
    sent = [fill(source, poison) for source in sources]
    for source in sources:
        Worker(source, dead, kafka.name("g")).live()
    by_origin = {(source.topic, source.index): source for source in sources}
    for record in dead.read():
        topic, index, offset = origin_of(record)
        original = by_origin[topic, index].read(offset)[0]
        repaired = (record.value or b"").replace(b"poison", b"repaired")
        by_origin[topic, index].append([original.sent._replace(value=repaired)])
    for source, records in zip(sources, sent, strict=True):
        again = source.read(len(records))
        expected = [one.key for one in records if is_poison(one)]
        expect.equal([one.key for one in again], expected, "keys of what was sent again")
        worker = Worker(source, dead, kafka.name("g"))
        commit(worker.group, source, len(records))
        worker.live()
        expect.equal(len(worker.processed), len(again), "records processed after all")
