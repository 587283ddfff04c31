"""Plants one mutant and runs the requirements that it should kill."""

from __future__ import annotations

import io
import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from conformance.reporting.results import Results
from conformance.reporting.verdicts import Verdict
from conformance.requirements import Level, load_catalogue
from conformance.runner.options import RunOptions
from conformance.runner.run import run_target
from conformance.targets.model import CONTROLS
from tests.mutants.mutant import Mutant, planted
from tests.mutants.served import served

SEED = 20_261_123
"""The run of the mutants draws the same inputs each time."""

ANSWER_WITHIN_S = 1.0
"""The reference answers within milliseconds; many mutants answer nothing, and are waited for."""

NOTICED = Verdict.FAILED, Verdict.WARNED
"""What becomes of a MUST and of a SHOULD that a broker does not keep."""


@dataclass
class Outcome:
    """What became of one mutant: the requirements that should have failed and did not."""

    mutant: str
    survived: list[str]
    verdicts: dict[str, str]
    seconds: float
    broken: str = ""


def try_mutant(mutant: Mutant, kills: tuple[str, ...], external: bool = False) -> Outcome:
    """Run the requirements `kills` against a mutant: embedded, or as somebody else's broker."""
    started_s = time.monotonic()
    slips = _Slips()
    logging.getLogger("asyncio").addHandler(slips)
    try:
        with _target(mutant, external) as target, tempfile.TemporaryDirectory() as folder:
            options = RunOptions(
                target=target,
                profile="core",
                select=kills,
                seed=SEED,
                shrink=False,
                nonce="mutant",
                test_limit_s=20.0,
                answer_within_s=ANSWER_WITHIN_S,
            )
            quiet = Console(file=io.StringIO())
            results = run_target(options, Path(folder), quiet, None)
    except Exception as error:  # whatever a mutant breaks, the others have their turn
        return Outcome(mutant.name, list(kills), {}, 0.0, f"{type(error).__name__}: {error}")
    finally:
        logging.getLogger("asyncio").removeHandler(slips)
    if slips.found:
        return Outcome(mutant.name, list(kills), {}, 0.0, f"its own code fails: {slips.found[0]}")
    verdicts = {identifier: results.verdict(identifier) for identifier in results.records}
    survived = [name for name in kills if verdicts.get(name) not in NOTICED]
    shown = {name: _shown(results, name, verdict) for name, verdict in verdicts.items()}
    return Outcome(mutant.name, survived, shown, round(time.monotonic() - started_s, 2))


def _shown(results: Results, identifier: str, verdict: Verdict) -> str:
    """A verdict, with the reason where the requirement was not decided."""
    reasons = [record.reason for record in results.records[identifier] if record.verdict is verdict]
    decided = verdict in (Verdict.FAILED, Verdict.PASSED)
    why = next(iter([*reasons, *results.problems]), results.stopped_early or "no test ran")
    return verdict.value if decided else f"{verdict.value} ({why})"


class _Slips(logging.Handler):
    """Catches what a mutant raises that no longer fits the code around it: any test would notice
    such a broker."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, AttributeError | NameError | TypeError):
            self.found.append(repr(error))


@contextmanager
def _target(mutant: Mutant, external: bool) -> Iterator[str]:
    if external:
        with served(mutant) as url:
            yield url
    else:
        with planted(mutant):
            yield mutant.target


def kills_through_url(mutant: Mutant) -> tuple[str, ...]:
    """The kills that need nothing but an address: no restart, no users, no alarm."""
    catalogue = load_catalogue()
    return tuple(name for name in mutant.kills if not CONTROLS.keys() & set(catalogue[name].needs))


def unkilled_requirements(mutants: list[Mutant]) -> list[str]:
    """MUST requirements that no mutant names."""
    killed = {identifier for mutant in mutants for identifier in mutant.kills}
    return [
        requirement.id
        for requirement in load_catalogue().values()
        if requirement.level is Level.MUST and requirement.has_test and requirement.id not in killed
    ]
