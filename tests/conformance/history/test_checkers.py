"""Checkers: sound on what brokers may do, and every planted anomaly is found."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from conformance.history import CHECKERS, History, Operation, check
from conformance.history.checkers import MAX_NAMED
from conformance.history.record import FAIL, OK, RECEIVE, SEND, UNKNOWN


def history(*lines: str) -> History:
    """From lines such as "p q m1 send ok" and "c q m1 receive ok redelivered"."""
    operations = []
    for line in lines:
        actor, place, value, kind, outcome, *flag = line.split()
        operations.append(Operation(kind, actor, place, value, outcome, bool(flag)))
    return History(operations)


ACCEPTED = {
    "nothing": [],
    "sent and received": ["p q a send ok", "p q b send ok", "c q a receive ok", "c q b receive ok"],
    "an unconfirmed send may be lost": ["p q a send unknown"],
    "an unconfirmed send may arrive": ["p q a send unknown", "c q a receive ok"],
    "a refused send is not received": ["p q a send fail"],
    "a flagged redelivery": [
        "p q a send ok",
        "c q a receive unknown",
        "d q a receive ok redelivered",
    ],
    "a receive whose acknowledgement was lost, noted late": [
        "p q a send ok",
        "d q a receive ok redelivered",
        "c q a receive unknown",
    ],
    "producers interleave": [
        "p q a1 send ok",
        "r q b1 send ok",
        "p q a2 send ok",
        "r q b2 send ok",
        "c q b1 receive ok",
        "c q a1 receive ok",
        "c q a2 receive ok",
        "c q b2 receive ok",
    ],
    "competing consumers each see an order": [
        "p q a send ok",
        "p q b send ok",
        "p q c send ok",
        "x q b receive ok",
        "y q a receive ok",
        "x q c receive ok",
    ],
    "a redelivery comes after what followed it": [
        "p q a send ok",
        "p q b send ok",
        "c q a receive unknown",
        "c q b receive ok",
        "c q a receive ok redelivered",
    ],
    "the same value in two places": [
        "p q a send ok",
        "p r a send ok",
        "c q a receive ok",
        "c r a receive ok",
    ],
}

REJECTED = {
    "lost": (
        ["p q a send ok", "p q b send ok", "c q b receive ok"],
        "lost in q: 1 sends were confirmed and never received: a",
    ),
    "lost in one of two places": (
        ["p q a send ok", "p r a send ok", "c q a receive ok"],
        "lost in r: 1 sends were confirmed and never received: a",
    ),
    "phantom": (
        ["p q a send ok", "c q a receive ok", "c q x receive ok"],
        "phantom in q: received, but never sent or refused when sent: x",
    ),
    "refused and received": (
        ["p q a send fail", "c q a receive ok"],
        "phantom in q: received, but never sent or refused when sent: a",
    ),
    "received elsewhere": (
        ["p q a send unknown", "c r a receive ok"],
        "phantom in r: received, but never sent or refused when sent: a",
    ),
    "duplicated": (
        ["p q a send ok", "c q a receive ok", "d q a receive ok redelivered"],
        "duplicated in q: acknowledged and received again: a",
    ),
    "unflagged": (
        ["p q a send ok", "c q a receive unknown", "d q a receive ok"],
        "unflagged redelivery in q: received again without the redelivered flag: a",
    ),
    "reordered": (
        ["p q a send ok", "p q b send ok", "c q b receive ok", "c q a receive ok"],
        "reordered in q: c received b before a, but p sent a first",
    ),
}


@pytest.mark.parametrize("case", list(ACCEPTED))
def test_accepted(case: str) -> None:
    assert check(history(*ACCEPTED[case])) == []


@pytest.mark.parametrize("case", list(REJECTED))
def test_rejected_and_explained(case: str) -> None:
    lines, sentence = REJECTED[case]
    assert [str(anomaly) for anomaly in check(history(*lines))] == [sentence]


def test_every_checker_has_a_rejecting_case() -> None:
    named = {str(sentence).split()[0] for _, sentence in REJECTED.values()}
    assert named == set(CHECKERS)


def test_only_some_checkers() -> None:
    lines = [*REJECTED["lost"][0], "c q x receive ok"]
    assert {a.kind for a in check(history(*lines))} == {"lost", "phantom"}
    assert {a.kind for a in check(history(*lines), ["phantom"])} == {"phantom"}


def test_a_sentence_names_a_few_and_counts_the_rest() -> None:
    lines = [f"p q m{number} send ok" for number in range(MAX_NAMED + 3)]
    (anomaly,) = check(history(*lines))
    assert "8 sends were confirmed and never received: m0, m1, m2, m3, m4 and 3 more" in str(
        anomaly
    )
    assert len(anomaly.values) == MAX_NAMED + 3


# -- planted anomalies ------------------------------------------------------------------------


def plausible(generator: random.Random, size: int) -> list[Operation]:
    """What two producers, two queues and three consumers of a correct broker leave."""
    sends: list[Operation] = []
    receives: list[Operation] = []
    for place in ("q", "r"):
        queue = []
        for number in range(size // 4):
            producer = generator.choice(["p1", "p2"])
            outcome = generator.choice([OK, OK, OK, UNKNOWN, FAIL])
            operation = Operation(SEND, producer, place, f"{place}-{number}", outcome)
            sends.append(operation)
            if outcome == OK or (outcome == UNKNOWN and generator.random() < 0.5):
                queue.append(operation.value)
        for value in queue:
            consumer = generator.choice(["c1", "c2", "c3"])
            if (
                value == queue[0] or generator.random() < 0.1
            ):  # its consumer went away, another one got it
                receives.append(Operation(RECEIVE, consumer, place, value, UNKNOWN))
                receives.append(Operation(RECEIVE, "c4", place, value, OK, True))
            else:
                receives.append(Operation(RECEIVE, consumer, place, value, OK))
    return sends + receives


def plant_lost(generator: random.Random, operations: list[Operation]) -> str:
    confirmed = {(o.place, o.value) for o in operations if o.kind == SEND and o.outcome == OK}
    place, value = generator.choice(sorted(confirmed))
    operations[:] = [
        o for o in operations if o.kind == SEND or (o.place, o.value) != (place, value)
    ]
    return value


def plant_phantom(generator: random.Random, operations: list[Operation]) -> str:
    refused = [o for o in operations if o.outcome == FAIL]
    value = generator.choice(refused).value if generator.random() < 0.5 else "never-sent"
    place = value.partition("-")[0] if value != "never-sent" else "q"
    operations.append(Operation(RECEIVE, "c1", place, value, OK))
    return value


def plant_duplicated(generator: random.Random, operations: list[Operation]) -> str:
    taken = generator.choice([o for o in operations if o.kind == RECEIVE and o.outcome == OK])
    operations.append(Operation(RECEIVE, "c4", taken.place, taken.value, OK, True))
    return taken.value


def plant_unflagged(generator: random.Random, operations: list[Operation]) -> str:
    index = generator.choice([n for n, o in enumerate(operations) if o.redelivered])
    flagged = operations[index]
    operations[index] = Operation(RECEIVE, flagged.actor, flagged.place, flagged.value, OK)
    return flagged.value


def plant_reordered(generator: random.Random, operations: list[Operation]) -> str:
    senders = {(o.place, o.value): o.actor for o in operations if o.kind == SEND}
    streams: dict[tuple[str, str, str], list[int]] = {}
    for index, o in enumerate(operations):
        if o.kind == RECEIVE and not o.redelivered:
            streams.setdefault((o.actor, o.place, senders[o.place, o.value]), []).append(index)
    stream = generator.choice([indexes for indexes in streams.values() if len(indexes) > 1])
    first = generator.randrange(len(stream) - 1)
    one, other = stream[first], stream[first + 1]
    operations[one], operations[other] = operations[other], operations[one]
    return operations[other].value


PLANT: dict[str, Callable[[random.Random, list[Operation]], str]] = {
    "lost": plant_lost,
    "phantom": plant_phantom,
    "duplicated": plant_duplicated,
    "unflagged": plant_unflagged,
    "reordered": plant_reordered,
}


def test_there_is_something_to_plant_for_every_checker() -> None:
    assert set(PLANT) == set(CHECKERS)


@pytest.mark.parametrize("name", list(PLANT))
def test_planted_anomalies_are_found_in_every_one_of_100_seeds(name: str) -> None:
    for seed in range(100):
        generator = random.Random(seed)
        operations = plausible(generator, 120)
        assert check(History(operations)) == [], f"seed {seed}: nothing is wrong yet"
        value = PLANT[name](generator, operations)
        found = [a for a in check(History(operations), [name]) if value in a.values]
        assert found, f"seed {seed}: {name} of {value} was not noticed"


@pytest.mark.slow
def test_100_000_operations_are_checked_in_time() -> None:
    operations = plausible(random.Random(1), 100_000)
    operations += [Operation(SEND, "p1", "q", f"more-{n}", UNKNOWN) for n in range(20_000)]
    assert len(operations) >= 100_000
    started_s = time.process_time()
    assert check(History(operations)) == []
    assert time.process_time() - started_s < 10
