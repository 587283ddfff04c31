"""Ready messages against a list that is kept sorted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.amqp.core.message import Content, Entry, Message
from reference_impl.amqp.core.ready import ByPriority, Fifo, restore_all
from reference_impl.amqp.fields import Properties
from tests.reference_impl.strategies import quick

MAX_PRIORITY = 2
PRIORITIES: tuple[int | None, ...] = (None, 0, 1, 2, 3, 255)


def new_entry(position: int, size: int, priority: int | None) -> Entry:
    content = Content(Properties(priority=priority))
    return Entry(Message("", ("q",), content, bytes(size)), position, None)


def by_position(entry: Entry) -> Any:
    return entry.position


def by_priority(entry: Entry) -> Any:
    return -min(entry.message.content.priority or 0, MAX_PRIORITY), entry.position


# A push has a size and a priority; "pop" takes the head away and keeps it; an integer restores one
# of those that were popped, a list of integers several of them at once.
PUSHES = st.tuples(st.integers(0, 3), st.sampled_from(PRIORITIES))
STEPS = PUSHES | st.just("pop") | st.integers(0, 99) | st.lists(st.integers(0, 99)) | st.just("x")


@pytest.mark.parametrize(
    ("ready", "order"), [(Fifo, by_position), (lambda: ByPriority(MAX_PRIORITY), by_priority)]
)
def test_ready_messages_are_a_sorted_list(ready: Any, order: Any) -> None:
    @quick
    @given(st.lists(STEPS, max_size=50))
    def holds(steps: list[Any]) -> None:
        subject = ready()
        model: list[Entry] = []
        taken: list[Entry] = []
        for position, step in enumerate(steps):
            if isinstance(step, tuple):
                entry = new_entry(position, *step)
                subject.push(entry)
                model.append(entry)
            elif step == "pop":
                if model:
                    taken.append(subject.pop())
                    assert taken[-1] is model.pop(0)
                else:
                    with pytest.raises(IndexError):
                        subject.pop()
            elif step == "x":
                subject.clear()
                model.clear()
            elif isinstance(step, int) and taken:
                model.append(taken.pop(step % len(taken)))
                subject.restore(model[-1])
            elif isinstance(step, list):
                chosen = [taken.pop(i % len(taken)) for i in step if taken]
                model += chosen
                restore_all(subject, chosen)
            model.sort(key=order)
            assert list(subject) == model
            assert len(subject) == len(model)
            assert bool(subject) == bool(model)
            assert subject.head() is (model[0] if model else None)
            assert subject.body_bytes == sum(len(entry.message.body) for entry in model)

    holds()


def test_what_dies_together_dies_by_priority() -> None:
    entries = [new_entry(n, 1, priority) for n, priority in enumerate((None, 1, 9, 1, 2))]
    assert list(Fifo().in_turn(entries)) == entries
    in_turn = [entry.position for entry in ByPriority(MAX_PRIORITY).in_turn(entries)]
    assert in_turn == [2, 4, 1, 3, 0]
