"""What the members of a group own, whoever joins, leaves or crashes."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.kafka.tester import KafkaTester
from conformance.models.kafka_assignment import by_range, spread
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.assignment.assigning import ASSIGNORS, OwnersGroup

TOPICS = ("a", "b")
COUNTS = st.fixed_dictionaries({topic: st.integers(1, 4) for topic in TOPICS})
SUBSCRIBED = st.frozensets(st.sampled_from(TOPICS), min_size=1)
NUMBER = st.integers(0, 4)

JOIN, LEAVE, CRASH = "join", "leave", "crash"
STEPS = st.lists(st.tuples(st.sampled_from([JOIN, JOIN, LEAVE]), NUMBER), min_size=1, max_size=5)


def play(group: OwnersGroup, action: str, number: int) -> None:
    """Carry out one step; where too few are left to leave, somebody joins."""
    if action == LEAVE and len(group.owners) > 1:
        group.leave(number % len(group.owners))
    else:
        group.join()


@requirement("kafka.assignment.each-partition-once")
@holds_for(cost=2, strategy=st.sampled_from(sorted(ASSIGNORS)), counts=COUNTS, steps=STEPS)
def test_each_partition_has_one_owner(
    kafka: KafkaTester, strategy: str, counts: dict[str, int], steps: list[tuple[str, int]]
) -> None:
    group = OwnersGroup(kafka, strategy, counts)
    group.join()
    for action, number in steps:
        play(group, action, number)
        group.check_each_once()


@requirement("kafka.assignment.after-a-crash")
@holds_for(
    cost=14,
    strategy=st.sampled_from(sorted(ASSIGNORS)),
    counts=COUNTS,
    members=st.integers(2, 3),
    crashed=NUMBER,
    action=st.sampled_from([JOIN, LEAVE]),
)
def test_others_get_what_a_crashed_member_owned(
    kafka: KafkaTester,
    strategy: str,
    counts: dict[str, int],
    members: int,
    crashed: int,
    action: str,
) -> None:
    group = OwnersGroup(kafka, strategy, counts)
    for _ in range(members):
        group.join()
    group.crash(crashed % members)
    play(group, action, 0)
    group.check_each_once()
    play(group, JOIN, 0)
    group.check_each_once()


@requirement("kafka.assignment.range")
@holds_for(cost=2, counts=COUNTS, subscriptions=st.lists(SUBSCRIBED, min_size=1, max_size=4))
def test_range_gives_blocks(
    kafka: KafkaTester, counts: dict[str, int], subscriptions: list[frozenset[str]]
) -> None:
    group = OwnersGroup(kafka, "range", counts)
    for topics in subscriptions:
        group.join(topics)
        expect.equal(group.owned, by_range(counts, group.subscribed), "partitions by member")


@requirement("kafka.assignment.round-robin")
@holds_for(cost=2, counts=COUNTS, members=st.integers(1, 4))
def test_round_robin_deals_evenly(kafka: KafkaTester, counts: dict[str, int], members: int) -> None:
    group = OwnersGroup(kafka, "roundrobin", counts)
    for _ in range(members):
        group.join()
        group.check_each_once()
        expect.at_most(spread(group.owned), 1, "difference of shares")


@requirement("kafka.assignment.own-topics")
@holds_for(
    cost=2,
    strategy=st.sampled_from(["range", "sticky"]),
    counts=COUNTS,
    subscriptions=st.lists(SUBSCRIBED, min_size=2, max_size=4),
)
def test_members_get_what_they_subscribe_to(
    kafka: KafkaTester,
    strategy: str,
    counts: dict[str, int],
    subscriptions: list[frozenset[str]],
) -> None:
    """Without round robin: that of kafka-python 3.0.12 fails where subscriptions differ."""
    group = OwnersGroup(kafka, strategy, counts)
    for topics in subscriptions:
        group.join(topics)
        group.check_each_once()


@requirement("kafka.assignment.sticky")
@holds_for(cost=2, counts=COUNTS, steps=STEPS)
def test_sticky_moves_what_it_must(
    kafka: KafkaTester, counts: dict[str, int], steps: list[tuple[str, int]]
) -> None:
    group = OwnersGroup(kafka, "sticky", counts)
    group.join()
    for action, number in steps:
        before = group.owned
        play(group, action, number)
        group.check_each_once()
        expect.at_most(spread(group.owned), 1, "difference of shares")
        lost = sum(len(places - group.owned.get(one, places)) for one, places in before.items())
        newcomers = [places for one, places in group.owned.items() if one not in before]
        moved = sum(map(len, newcomers))
        expect.equal(lost, moved, "partitions taken from members that stay")
