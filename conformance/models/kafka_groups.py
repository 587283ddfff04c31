"""The protocol of a group by definition: one that all support and that has most votes.

Source: ClassicGroup.selectProtocol; the documentation of JoinGroup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def in_common(supported: Sequence[Sequence[str]]) -> set[str]:
    """Protocols that all members support."""
    return set.intersection(*map(set, supported))


def winners(supported: Sequence[Sequence[str]]) -> set[str]:
    """Protocols that may be chosen: each member votes for the first that all support."""
    possible = in_common(supported)
    votes = Counter(next(name for name in names if name in possible) for names in supported)
    most = max(votes.values())
    return {name for name, count in votes.items() if count == most}
