"""Properties: a test that must hold for whatever is drawn.

    @requirement("amqp.routing.topic-wildcards")
    @holds_for(patterns=st.lists(topic_patterns()), key=topic_keys())
    def test_topic(amqp, patterns, key): ...

The seed of the run fixes what is drawn. Inputs should come from small universes that collide.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import hypothesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.strategies import SearchStrategy

from conformance.errors import BrokenPromise

F = TypeVar("F", bound=Callable[..., None])

SHRINK_BUDGET_S = 15.0
"""After the first failure smaller inputs are tried for so long; a broker that does not answer
makes each try cost seconds."""

_base_examples = 20
_phases: tuple[Phase, ...] = tuple(Phase)
_budgets: list[_ShrinkBudget] = []


def configure(base_examples: int, *, shrink: bool) -> None:
    """Set the budget of every property; called at the start of a run, before the suites are
    imported. They stay imported for later runs in one process, which must start afresh."""
    for budget in _budgets:
        budget.reset()
    global _base_examples, _phases
    _base_examples = base_examples
    wanted = [Phase.explicit, Phase.generate]
    _phases = (*wanted, Phase.shrink) if shrink else tuple(wanted)


def holds_for(*, cost: float = 1.0, **strategies: SearchStrategy[Any]) -> Callable[[F], F]:
    """Draw the named arguments and run the test for each; `cost` divides the number of examples.

    Each example begins with the traffic of the one before forgotten, so that a failure shows only
    its own.
    """

    def decorate(test: F) -> F:
        budget = _ShrinkBudget()
        _budgets.append(budget)
        takes_amqp = "amqp" in inspect.signature(test).parameters

        @functools.wraps(test)
        def one_example(*args: Any, **kwargs: Any) -> None:
            if takes_amqp:
                kwargs["amqp"].begin_example()
            shown = repr({name: kwargs[name] for name in strategies})
            assume(budget.allows(shown))
            try:
                test(*args, **kwargs)
            except BrokenPromise:
                budget.failed(shown)
                raise

        limited = settings(
            max_examples=max(1, round(_base_examples / cost)),
            deadline=None,
            database=None,
            phases=_phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        return cast(F, limited(given(**strategies)(one_example)))

    return decorate


class _ShrinkBudget:
    """Ends the search for a smaller input in time, without hiding the one that was found."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the failures of an earlier run."""
        self._first_failure_s: float | None = None
        self._failing: set[str] = set()

    def allows(self, example: str) -> bool:
        if self._first_failure_s is None or example in self._failing:
            return True
        return time.monotonic() - self._first_failure_s < SHRINK_BUDGET_S

    def failed(self, example: str) -> None:
        self._failing.add(example)
        if self._first_failure_s is None:
            self._first_failure_s = time.monotonic()


def note(text: str) -> None:
    """Add a line to the report of a failing example."""
    hypothesis.note(text)
