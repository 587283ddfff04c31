"""All mutants: the lists named MUTANTS in the modules of each protocol's package."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

from tests.mutants import amqp, kafka
from tests.mutants.mutant import Mutant


def all_mutants() -> list[Mutant]:
    """Return every mutant, by topic. Raises ValueError if two have one name."""
    mutants: list[Mutant] = []
    for package in (amqp, kafka):
        found = sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name)
        for module in found:
            mutants += importlib.import_module(f"{package.__name__}.{module.name}").MUTANTS
    names = Counter(mutant.name for mutant in mutants)
    twice = {name for name, times in names.items() if times > 1}
    if twice:
        raise ValueError(f"several mutants are named {', '.join(sorted(twice))}")
    return mutants
