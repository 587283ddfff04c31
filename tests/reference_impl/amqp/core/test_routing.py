"""Matchers: what they still know after any number of bindings came and went."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_impl.amqp.core.exchanges import MATCHERS
from reference_impl.amqp.core.routing import Counted, Topic
from reference_impl.amqp.fields import Field, Table, longstr
from reference_impl.amqp.versions import DIALECTS
from tests.reference_impl.strategies import quick

DIALECT = DIALECTS["4.3"]
DESTINATIONS = ("p", "q", "r")
KEYS = ("", "a", "b", "a.b", "a.*", "*", "#", "a.#", "#.b", ".", "a..b")
ARGUMENTS: tuple[Table, ...] = (
    {},
    {"h": Field("byte", 1)},
    {"h": Field("long", 1)},
    {"x-match": longstr("any"), "h": Field("byte", 1), "i": Field("void", None)},
    {"i": longstr("x")},
)
HEADERS: tuple[Table | None, ...] = (None, {}, {"h": Field("short", 1)}, {"i": longstr("x")})
SPECIFIED = ("direct", "fanout", "topic", "headers")

Route = tuple[str, str, int]
"""Destination, key and number of the arguments."""

ROUTES = st.tuples(
    st.sampled_from(DESTINATIONS),
    st.sampled_from(KEYS),
    st.integers(0, len(ARGUMENTS) - 1),
)


def matches(matcher: Any) -> list[frozenset[str]]:
    """What is found for every key and headers of the universe, each destination once."""
    results = []
    for key in KEYS:
        for headers in HEADERS:
            found = list(matcher.match(key, headers))
            assert len(found) == len(set(found))
            results.append(frozenset(found))
    return results


@pytest.mark.parametrize("type_name", SPECIFIED)
def test_result_depends_on_the_bindings_that_are_left_alone(type_name: str) -> None:
    """Add and remove in any order, the same binding several times among them."""

    @quick
    @given(st.lists(ROUTES, max_size=8), st.integers(0, 2**32))
    def holds(added: list[Route], seed: int) -> None:
        chance = random.Random(seed)
        worn = MATCHERS[type_name](DIALECT)
        left: list[Route] = []
        for route in added:
            worn.add(route[0], route[1], ARGUMENTS[route[2]])
            left.append(route)
            while left and chance.randrange(3) == 0:
                gone = left.pop(chance.randrange(len(left)))
                worn.remove(gone[0], gone[1], ARGUMENTS[gone[2]])
        fresh = MATCHERS[type_name](DIALECT)
        for route in left:
            fresh.add(route[0], route[1], ARGUMENTS[route[2]])
        assert matches(worn) == matches(fresh)
        for route in left:
            worn.remove(route[0], route[1], ARGUMENTS[route[2]])
        assert matches(worn) == matches(MATCHERS[type_name](DIALECT))
        assert is_empty(worn)

    holds()


def is_empty(matcher: Any) -> bool:
    """Whether a matcher holds no memory of bindings that are gone."""
    names = ("_by_key", "_members", "_bindings", "_root")
    (kept,) = [getattr(matcher, name) for name in names if hasattr(matcher, name)]
    if isinstance(matcher, Topic):
        return not kept.next and not kept.destinations
    return not kept


@quick
@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc")), max_size=30))
def test_counted_members_stay_until_the_last_one_goes(steps: list[tuple[bool, str]]) -> None:
    subject = Counted()
    model: Counter[str] = Counter()
    for adds, member in steps:
        if adds:
            subject.add(member)
            model[member] += 1
        elif model[member]:
            subject.remove(member)
            model[member] -= 1
        else:
            with pytest.raises(KeyError):
                subject.remove(member)
        assert set(subject) == set(+model)
        assert bool(subject) == bool(+model)


def test_topic_costs_words_times_nodes() -> None:
    """Patterns with several '#' have many ways to match; they are tried together."""
    topic = Topic()
    pattern = ".".join(["#", "a"] * 12) + ".b"
    topic.add("q", pattern, {})
    assert list(topic.match(".".join(["a"] * 200), None)) == []
    assert list(topic.match(".".join(["a"] * 200) + ".b", None)) == ["q"]
