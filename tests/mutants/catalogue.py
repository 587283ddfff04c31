"""All mutants: the lists named MUTANTS in the modules of tests.mutants.amqp."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

from tests.mutants import amqp
from tests.mutants.mutant import Mutant


def all_mutants() -> list[Mutant]:
    """Return every mutant, by topic. Raises ValueError if two have one name."""
    mutants: list[Mutant] = []
    for module in sorted(pkgutil.iter_modules(amqp.__path__), key=lambda module: module.name):
        mutants += importlib.import_module(f"{amqp.__name__}.{module.name}").MUTANTS
    names = Counter(mutant.name for mutant in mutants)
    twice = {name for name, times in names.items() if times > 1}
    if twice:
        raise ValueError(f"several mutants are named {', '.join(sorted(twice))}")
    return mutants
