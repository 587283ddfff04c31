"""Plants one mutant in this process and runs the requirements that it should kill."""

from __future__ import annotations

import io
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from conformance.reporting.verdicts import Verdict
from conformance.requirements import Level, load_catalogue
from conformance.runner.options import RunOptions
from conformance.runner.run import run_target
from tests.mutants.mutant import Mutant, MutantBroken, planted

SEED = 20_261_123
"""The run of the mutants draws the same inputs each time."""


ANSWER_WITHIN_S = 1.5
"""The reference answers within milliseconds; many mutants answer nothing, and are waited for."""


@dataclass
class Outcome:
    """What became of one mutant: the requirements that should have failed and did not."""

    mutant: str
    survived: list[str]
    verdicts: dict[str, str]
    seconds: float
    broken: str = ""


def try_mutant(mutant: Mutant) -> Outcome:
    """Run the requirements of a mutant while it is planted."""
    started_s = time.monotonic()
    options = RunOptions(
        target="reference" if mutant.version is None else f"reference:{mutant.version}",
        profile="core",
        select=mutant.kills,
        seed=SEED,
        shrink=False,
        nonce="mutant",
        test_limit_s=20.0,
        answer_within_s=ANSWER_WITHIN_S,
    )
    quiet = Console(file=io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        try:
            with planted(mutant):
                results = run_target(options, Path(folder), quiet, None)
        except MutantBroken as error:
            return Outcome(mutant.name, list(mutant.kills), {}, 0.0, str(error))
    verdicts = {identifier: results.verdict(identifier) for identifier in results.records}
    survived = [name for name, verdict in verdicts.items() if verdict is not Verdict.FAILED]
    shown = {name: verdict.value for name, verdict in verdicts.items()}
    return Outcome(mutant.name, survived, shown, round(time.monotonic() - started_s, 2))


def unkilled_requirements(mutants: list[Mutant]) -> list[str]:
    """MUST requirements that no mutant names."""
    killed = {identifier for mutant in mutants for identifier in mutant.kills}
    return [
        requirement.id
        for requirement in load_catalogue().values()
        if requirement.level is Level.MUST and requirement.has_test and requirement.id not in killed
    ]
