"""Two references side by side: a clean one in a process of its own, and one that can have a bug."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from conformance.machines.pair import Pair
from conformance.machines.registry import MACHINES
from conformance.machines.search import Search, Tally
from conformance.targets.embedded import EmbeddedTarget
from conformance.targets.served import ServedReferenceTarget

_NUMBERS = itertools.count(1)
"""Of searches: a broker keeps transactional ids, so that names must be new in each."""


@dataclass
class Targets:
    """`clean` runs elsewhere; what is planted in this process changes `planted` only."""

    clean: ServedReferenceTarget
    planted: EmbeddedTarget


@contextmanager
def started_targets() -> Iterator[Targets]:
    """Start both; stop them at the end."""
    targets = Targets(ServedReferenceTarget(None), EmbeddedTarget())
    with ExitStack() as stack:
        for target in (targets.clean, targets.planted):
            stack.callback(target.stop)
            target.start()
        yield targets


def searched(targets: Targets, machine: str, histories: int, seed: int = 1) -> Tally:
    """Search for one difference, and give shrinking little time."""
    kind = MACHINES[machine]
    with ExitStack() as stack:
        subjects = []
        for target in (targets.clean, targets.planted):
            subjects.append(kind.subject(target))
            stack.callback(subjects[-1].close)
        search = Search(
            Pair(*subjects),
            kind.rules,
            machine,
            prefix=f"tck-test{next(_NUMBERS)}-",
            shrink_attempts=10,
        )
        return search.run(histories, 30, seed, most_findings=1)
