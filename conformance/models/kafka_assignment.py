"""Who owns which partitions, by the definitions of the assignors.

Source: the documentation of RangeAssignor, RoundRobinAssignor and StickyAssignor.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

Place = tuple[str, int]
"""Topic and index of a partition."""


def all_places(counts: Mapping[str, int]) -> set[Place]:
    """Every partition of topics with these numbers of them."""
    return {(topic, index) for topic, count in counts.items() for index in range(count)}


def by_range(
    counts: Mapping[str, int], subscribed: Mapping[str, Set[str]]
) -> dict[str, set[Place]]:
    """Of each topic a block to each subscriber, in the order of their ids; the first ones get one
    more where it does not divide."""
    owned: dict[str, set[Place]] = {member: set() for member in subscribed}
    for topic, count in counts.items():
        members = sorted(one for one, topics in subscribed.items() if topic in topics)
        next_index = 0
        for number, member in enumerate(members):
            size = count // len(members) + (number < count % len(members))
            owned[member] |= {(topic, index) for index in range(next_index, next_index + size)}
            next_index += size
    return owned


def spread(owned: Mapping[str, Set[Place]]) -> int:
    """By how many partitions the largest share exceeds the least."""
    sizes = [len(places) for places in owned.values()]
    return max(sizes) - min(sizes)
