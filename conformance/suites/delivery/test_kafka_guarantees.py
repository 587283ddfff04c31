"""At most once, at least once: what a consumer gets that crashes and begins again.

The consumer reads from the offset that its group has committed, one record after the other, and
is gone at any step: between the two that it does, or after both.
"""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.batches import Sent
from conformance.drivers.kafka.commits import commit, committed
from conformance.drivers.kafka.partition import Partition
from conformance.drivers.kafka.tester import KafkaTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

SIZES = st.lists(st.integers(1, 3), min_size=1, max_size=4)
LIVES = st.lists(st.integers(0, 9), max_size=4)
"""Steps after which the consumer crashes, life by life; the last life sees the end."""


class Consumer:
    """One life after the other; what was processed outlasts them."""

    def __init__(self, partition: Partition, group: str, *, commits_first: bool) -> None:
        self.partition = partition
        self.group = group
        self.commits_first = commits_first
        self.processed: list[bytes | None] = []

    def live(self, steps: int | None) -> None:
        """Consume until the end, or until so many steps are done."""
        start = max(0, committed(self.group, self.partition))
        for record in self.partition.read(start):
            for commits in (self.commits_first, not self.commits_first):
                if steps == 0:
                    return
                steps = None if steps is None else steps - 1
                if commits:
                    commit(self.group, self.partition, record.offset + 1)
                else:
                    self.processed.append(record.value)


def consumed(
    kafka: KafkaTester, sizes: list[int], lives: list[int], *, commits_first: bool
) -> tuple[list[bytes | None], list[bytes | None]]:
    """What was sent, and what the consumer has processed when it is at the end."""
    partition = kafka.fresh()
    sent: list[bytes | None] = []
    for size in sizes:
        values = [b"%d" % (len(sent) + number) for number in range(size)]
        partition.append([Sent(value) for value in values])
        sent.extend(values)
    consumer = Consumer(partition, kafka.name("g"), commits_first=commits_first)
    for steps in (*lives, None):
        consumer.live(steps)
    return sent, consumer.processed


@requirement("kafka.delivery.at-most-once")
@holds_for(cost=2, sizes=SIZES, lives=LIVES)
def test_committing_first_repeats_nothing(
    kafka: KafkaTester, sizes: list[int], lives: list[int]
) -> None:
    sent, processed = consumed(kafka, sizes, lives, commits_first=True)
    expect.equal(len(processed), len(set(processed)), "records, none of them twice")
    lost = len(sent) - len(processed)
    expect.at_most(lost, sum(steps % 2 for steps in lives), "records lost, one for a crash")
    expect.equal(processed, [one for one in sent if one in processed], "records, in order")


@requirement("kafka.delivery.at-least-once")
@holds_for(cost=2, sizes=SIZES, lives=LIVES)
def test_committing_last_loses_nothing(
    kafka: KafkaTester, sizes: list[int], lives: list[int]
) -> None:
    sent, processed = consumed(kafka, sizes, lives, commits_first=False)
    expect.equal(list(dict.fromkeys(processed)), sent, "records, in order of their first time")
    repeated = len(processed) - len(sent)
    expect.at_most(repeated, sum(steps % 2 for steps in lives), "repetitions, one for a crash")


@requirement("kafka.delivery.groups-are-independent")
@holds_for(cost=2, sizes=SIZES, first=st.integers(0, 9), second=st.integers(0, 9))
def test_each_group_gets_every_record(
    kafka: KafkaTester, sizes: list[int], first: int, second: int
) -> None:
    partition, total = kafka.fresh(), sum(sizes)
    partition.append([Sent(b"%d" % number) for number in range(total)])
    groups = [Consumer(partition, kafka.name("g"), commits_first=False) for _ in range(2)]
    for group, steps in zip(groups, (first, second), strict=True):
        group.live(2 * steps)
    for group, steps in zip(groups, (first, second), strict=True):
        expected = min(steps, total) or -1
        expect.equal(committed(group.group, partition), expected, "committed offset")
        group.live(None)
        every = [b"%d" % number for number in range(total)]
        expect.equal(group.processed, every, "records")
