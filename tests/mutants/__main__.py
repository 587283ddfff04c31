"""`make mutants`: plant every mutant, run what should kill it, and say which survived.

A mutant is killed when every requirement that it names fails. Exit code 0 if all are killed and
every MUST requirement kills at least one; otherwise 1.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import multiprocessing
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tests.mutants.catalogue import all_mutants
from tests.mutants.mutant import Mutant
from tests.mutants.runner import Outcome, kills_through_url, try_mutant, unkilled_requirements

LIMIT_S = 120.0
"""The slowest mutant takes 10 s, as one that sends heartbeats or forgets a time-out."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("pattern", nargs="*", default=["*"], help="globs over names of mutants")
    parser.add_argument("--out", type=Path, default=Path("out/mutants.json"))
    parser.add_argument(
        "--workers",
        type=int,
        default=2 * (os.cpu_count() or 1),
        help="processes; they wait most of the time (default: two for each processor)",
    )
    parser.add_argument(
        "--external",
        action="store_true",
        help="serve each mutant in a process of its own and give the suite only its URL",
    )
    arguments = parser.parse_args()
    everything = all_mutants()
    chosen = [
        mutant
        for mutant in everything
        if any(fnmatch.fnmatchcase(mutant.name, pattern) for pattern in arguments.pattern)
    ]
    started_s = time.monotonic()
    outcomes = _try_all(chosen, arguments.workers, arguments.external)
    print(f"{time.monotonic() - started_s:.0f} s with {arguments.workers} workers")
    return _conclude(everything, outcomes, arguments.out)


def _try_all(mutants: list[Mutant], workers: int, external: bool) -> list[Outcome]:
    """Try the mutants; their outcomes come in the same order, however many workers there are."""
    outcomes = []
    kills = {m.name: kills_through_url(m) if external else m.kills for m in mutants}
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        pending = [
            (mutant, pool.apply_async(try_mutant, (mutant, kills[mutant.name], external)))
            for mutant in mutants
            if kills[mutant.name]
        ]
        for mutant, result in pending:
            try:
                outcome = result.get(LIMIT_S)
            except multiprocessing.TimeoutError:
                why = f"not finished within {LIMIT_S} s: a mutant must be noticed, not waited for"
                outcome = Outcome(mutant.name, list(mutant.kills), {}, LIMIT_S, why)
            outcomes.append(outcome)
            print(f"{len(outcomes):4}/{len(pending)} {_line(outcome)}", flush=True)
    return outcomes


def _line(outcome: Outcome) -> str:
    if outcome.broken:
        return f"BROKEN    {outcome.mutant}: {outcome.broken}"
    if outcome.survived:
        verdicts = ", ".join(
            f"{name} {outcome.verdicts.get(name, 'no verdict')}" for name in outcome.survived
        )
        return f"SURVIVED  {outcome.mutant}: {verdicts}"
    return f"killed    {outcome.mutant} ({outcome.seconds} s)"


def _conclude(everything: list[Mutant], outcomes: list[Outcome], out: Path) -> int:
    survivors = [outcome for outcome in outcomes if outcome.survived or outcome.broken]
    unkilled = unkilled_requirements(everything)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))
    for outcome in survivors:
        print(_line(outcome), file=sys.stderr)
    for identifier in unkilled:
        print(f"no mutant kills {identifier}", file=sys.stderr)
    print(
        f"{len(outcomes) - len(survivors)} of {len(outcomes)} mutants killed, "
        f"{len(survivors)} survived; {len(unkilled)} MUST requirements without a mutant"
    )
    return 1 if survivors or unkilled else 0


if __name__ == "__main__":
    raise SystemExit(main())
