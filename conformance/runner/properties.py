"""Properties: a test that must hold for whatever is drawn.

    @requirement("amqp.routing.topic-wildcards")
    @holds_for(patterns=st.lists(topic_patterns()), key=topic_keys())
    def test_topic(amqp, patterns, key): ...

The seed of the run fixes what is drawn. Inputs should come from small universes that collide.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

import hypothesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.internal.conjecture import providers
from hypothesis.strategies import SearchStrategy

from conformance.drivers.tester import Tester
from conformance.errors import BrokenPromise, NoAnswer, Overdue

F = TypeVar("F", bound=Callable[..., None])

SHRINK_BUDGET_S = 15.0
"""After the first failure smaller inputs are tried for so long; a broker that does not answer
makes each try cost seconds."""

_tests_begun = 0
_base_examples = 20
_phases: tuple[Phase, ...] = tuple(Phase)


def configure(base_examples: int, *, shrink: bool) -> None:
    """Set the budget of every property; called before the suites are imported."""
    global _base_examples, _phases
    _draw_the_same_everywhere()
    _base_examples = base_examples
    wanted = [Phase.explicit, Phase.generate]
    _phases = (*wanted, Phase.shrink) if shrink else tuple(wanted)


def _draw_the_same_everywhere() -> None:
    """Keep Hypothesis from drawing constants that it finds in the source of modules that are
    imported and not installed: what a seed draws would depend on how the kit was installed, and on
    what ran before. There is no public switch for it."""
    if hasattr(providers, "_get_local_constants"):
        none = type(providers.GLOBAL_CONSTANTS)()
        providers._get_local_constants = lambda: none
        providers.CONSTANTS_CACHE.cache.clear()


def begin_test() -> None:
    """A test is about to run: what an earlier run of it found, on another target, is forgotten."""
    global _tests_begun
    _tests_begun += 1


def holds_for(*, cost: float = 1.0, **strategies: SearchStrategy[Any]) -> Callable[[F], F]:
    """Draw the named arguments and run the test for each; `cost` divides the number of examples.

    Each example begins with the traffic of the one before forgotten, so that a failure shows only
    its own.
    """

    def decorate(test: F) -> F:
        budget = _ShrinkBudget()

        @functools.wraps(test)
        def one_example(*args: Any, **kwargs: Any) -> None:
            shown = repr({name: kwargs[name] for name in strategies})
            budget.raise_again(shown)
            for value in kwargs.values():
                if isinstance(value, Tester):
                    value.begin_example()
            assume(budget.allows(shown))
            try:
                test(*args, **kwargs)
            except BrokenPromise as error:
                budget.failed(shown, error)
                raise

        limited = settings(
            max_examples=max(1, round(_base_examples / cost)),
            deadline=None,
            database=None,
            derandomize=False,  # the profile that Hypothesis loads in CI would ignore the seed
            phases=_phases,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )
        searching = limited(given(**strategies)(one_example))

        @functools.wraps(searching)
        def until_broken(*args: Any, **kwargs: Any) -> None:
            try:
                searching(*args, **kwargs)
            except FlakyStrategyDefinition as error:
                # The broker behaved differently when an example was repeated.
                budget.raise_latest(error)
                raise

        return cast(F, until_broken)

    return decorate


class _ShrinkBudget:
    """Ends the search for a smaller input in time, without hiding the one that was found.

    Hypothesis runs the example that it reports once more. Where something did not come, that
    would cost the same wait again, so the failure just seen is raised instead.
    """

    def __init__(self) -> None:
        self._test = 0
        self._first_failure_s: float | None = None
        self._failing: set[str] = set()
        self._latest: tuple[str, BrokenPromise] | None = None

    def raise_again(self, example: str) -> None:
        """Raise what the latest failing example met, if this is the one and it waited in vain."""
        if self._test != _tests_begun:
            self._test = _tests_begun
            self._first_failure_s = self._latest = None
            self._failing.clear()
        latest, error = self._latest or ("", None)
        if latest == example and isinstance(error, NoAnswer | Overdue):
            raise error

    def raise_latest(self, cause: Exception) -> None:
        """Raise the latest broken promise of this test, if there was one."""
        if self._test == _tests_begun and self._latest is not None:
            example, error = self._latest
            error.add_note(f"example: {example}")
            raise error from cause

    def allows(self, example: str) -> bool:
        if self._first_failure_s is None or example in self._failing:
            return True
        return time.monotonic() - self._first_failure_s < SHRINK_BUDGET_S

    def failed(self, example: str, error: BrokenPromise) -> None:
        self._failing.add(example)
        self._latest = example, error
        if self._first_failure_s is None:
            self._first_failure_s = time.monotonic()


def note(text: str) -> None:
    """Add a line to the report of a failing example."""
    hypothesis.note(text)
