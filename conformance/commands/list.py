"""`brokertck list`: requirements, one line each."""

from __future__ import annotations

import argparse
from collections import Counter

from conformance.requirements import load_catalogue
from conformance.requirements.coverage import status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "pattern", nargs="*", help="globs over ids, topic:NAME, level:NAME or chapter ids"
    )
    parser.add_argument("--status", choices=("tested", "todo", "excluded"))


def run(arguments: argparse.Namespace) -> int:
    catalogue = load_catalogue()
    chosen = catalogue.select(arguments.pattern) if arguments.pattern else list(catalogue.values())
    counter: Counter[str] = Counter()
    for requirement in chosen:
        state = status(requirement)
        if arguments.status in (None, state):
            counter[state] += 1
            print(f"{state:8} {requirement.level.value:9} {requirement.id}")
            print(f"{'':18} {requirement.statement}")
    total = ", ".join(f"{count} {state}" for state, count in sorted(counter.items()))
    print(f"{sum(counter.values())} requirements: {total or 'none'}")
    return 0
