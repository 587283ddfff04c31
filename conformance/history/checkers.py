"""What can be wrong with a history, said in words. Every checker is linear in its length.

The checkers are sound: what they report is an anomaly under any interleaving. Operations whose
outcome is unknown excuse, they never accuse.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from conformance.history.record import FAIL, OK, RECEIVE, SEND, History, Operation

MAX_NAMED = 5
"""Values that a sentence names; the count tells the rest."""


@dataclass(frozen=True)
class Anomaly:
    """One thing that should not be; `values` are the messages concerned."""

    kind: str
    place: str
    values: tuple[str, ...]
    explanation: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.place}: {self.explanation}"


def _named(values: Iterable[str]) -> str:
    listed = list(values)
    more = f" and {len(listed) - MAX_NAMED} more" if len(listed) > MAX_NAMED else ""
    return ", ".join(listed[:MAX_NAMED]) + more


def _by_place(operations: Iterable[Operation]) -> dict[str, list[Operation]]:
    places: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        places[operation.place].append(operation)
    return places


def lost(history: History) -> Iterator[Anomaly]:
    """Confirmed sends that nobody ever received. The history must end with empty places."""
    received = {(o.place, o.value) for o in history.of_kind(RECEIVE)}
    for place, sends in _by_place(history.of_kind(SEND)).items():
        missing = tuple(
            o.value for o in sends if o.outcome == OK and (place, o.value) not in received
        )
        if missing:
            yield Anomaly(
                "lost",
                place,
                missing,
                f"{len(missing)} sends were confirmed and never received: {_named(missing)}",
            )


def phantom(history: History) -> Iterator[Anomaly]:
    """Receives of what nobody sent, or of what was refused."""
    possible = {(o.place, o.value) for o in history.of_kind(SEND) if o.outcome != FAIL}
    for place, receives in _by_place(history.of_kind(RECEIVE)).items():
        strange = dict.fromkeys(o.value for o in receives if (place, o.value) not in possible)
        if strange:
            yield Anomaly(
                "phantom",
                place,
                tuple(strange),
                f"received, but never sent or refused when sent: {_named(strange)}",
            )


def duplicated(history: History) -> Iterator[Anomaly]:
    """Messages acknowledged more than once: the second receive should not have happened."""
    for place, receives in _by_place(history.of_kind(RECEIVE)).items():
        counts = Counter(o.value for o in receives if o.outcome == OK)
        twice = tuple(value for value, count in counts.items() if count > 1)
        if twice:
            yield Anomaly(
                "duplicated",
                place,
                twice,
                f"acknowledged and received again: {_named(twice)}",
            )


def unflagged(history: History) -> Iterator[Anomaly]:
    """Second receives that the broker did not flag as redelivered."""
    for place, receives in _by_place(history.of_kind(RECEIVE)).items():
        seen: set[str] = set()
        bare: dict[str, None] = {}
        for operation in receives:
            if operation.value in seen and not operation.redelivered:
                bare[operation.value] = None
            seen.add(operation.value)
        if bare:
            yield Anomaly(
                "unflagged redelivery",
                place,
                tuple(bare),
                f"received again without the redelivered flag: {_named(bare)}",
            )


def reordered(history: History) -> Iterator[Anomaly]:
    """First receives of one consumer that contradict the order of one producer."""
    positions: dict[tuple[str, str], tuple[str, int]] = {}
    for number, send in enumerate(history.of_kind(SEND)):
        positions[send.place, send.value] = send.actor, number
    last: dict[tuple[str, str, str], tuple[int, str]] = {}
    for receive in history.of_kind(RECEIVE):
        known = positions.get((receive.place, receive.value))
        if known is None or receive.redelivered:
            continue
        producer, number = known
        key = receive.actor, receive.place, producer
        before = last.get(key)
        if before is not None and number < before[0]:
            yield Anomaly(
                "reordered",
                receive.place,
                (before[1], receive.value),
                f"{receive.actor} received {before[1]} before {receive.value}, but {producer} "
                f"sent {receive.value} first",
            )
        else:
            last[key] = number, receive.value


CHECKERS: dict[str, Callable[[History], Iterator[Anomaly]]] = {
    "lost": lost,
    "phantom": phantom,
    "duplicated": duplicated,
    "unflagged": unflagged,
    "reordered": reordered,
}


def check(history: History, names: Iterable[str] = CHECKERS) -> list[Anomaly]:
    """Run the named checkers (default: all) and return what they find."""
    return [anomaly for name in names for anomaly in CHECKERS[name](history)]
