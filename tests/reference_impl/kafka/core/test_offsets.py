"""Committed and pending offsets against a list of all that happened."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.kafka.core.offsets import Offset, Offsets
from tests.reference_impl.strategies import quick

_groups = st.sampled_from(("g", "h"))
_partitions = st.sampled_from((("t", 0), ("t", 1)))
_producers = st.integers(0, 2)
STEPS = (
    st.tuples(st.just("commit"), _groups, _partitions)
    | st.tuples(st.just("stage"), _groups, _partitions, _producers)
    | st.tuples(st.just("remove"), _groups, _partitions)
    | st.tuples(st.just("end"), _producers, st.booleans())
)


class Model:
    """All events in a list; a question goes through the whole of it."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def committed(self, key: tuple[Any, ...]) -> int:
        """The number of the last event that gave this partition an offset that counts."""
        found = -1
        for number, (name, *event) in enumerate(self.events):
            if name == "remove" and tuple(event) == key:
                found = -1
            elif (name == "commit" and tuple(event) == key) or (
                name == "stage" and tuple(event[:2]) == key and self._ended(number) is True
            ):
                found = number
        return found

    def _ended(self, staged: int) -> bool | None:
        """How the transaction of a staged offset ended, if nothing made it void before."""
        _, group, partition, producer = self.events[staged]
        for name, *event in self.events[staged + 1 :]:
            if name == "end" and event[0] == producer:
                return bool(event[1])
            if name == "remove" and tuple(event) == (group, partition):
                return False
        return None

    def pending(self, key: tuple[Any, ...]) -> bool:
        return any(
            name == "stage" and tuple(event[:2]) == key and self._ended(number) is None
            for number, (name, *event) in enumerate(self.events)
        )


@pytest.mark.slow
@quick
@given(steps=st.lists(STEPS, max_size=25))
def test_like_a_list_of_events(steps: list[tuple[Any, ...]]) -> None:
    offsets, model = Offsets(), Model()
    keys = [(group, ("t", index)) for group in ("g", "h") for index in (0, 1)]
    for number, (name, *event) in enumerate(steps):
        model.events.append((name, *event))
        if name == "commit":
            offsets.commit(*event, Offset(number))
        elif name == "stage":
            group, partition, producer = event
            offsets.stage(producer, group, partition, Offset(number))
        elif name == "remove":
            offsets.remove(*event)
        else:
            offsets.complete(*event)
        for group, partition in keys:
            found = offsets.get(group, partition)
            assert (-1 if found is None else found.offset) == model.committed((group, partition))
            assert offsets.is_pending(group, partition) == model.pending((group, partition))
        some = {key for key in keys if model.committed(key) >= 0 or model.pending(key)}
        assert set(offsets.partitions()) == some
        for group in ("g", "h"):
            assert offsets.has_some(group) == any(key[0] == group for key in some)
