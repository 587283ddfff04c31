"""Which tests decide which requirement, found in the suites' source without running them."""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from conformance.requirements.model import Catalogue, Requirement
from conformance.resources import suites_dir


@functools.cache
def shipped_tests() -> Mapping[str, tuple[str, ...]]:
    """Return the tests of every requirement in the shipped suites; see `find_tests`."""
    return find_tests(suites_dir())


def find_tests(suites: Path) -> Mapping[str, tuple[str, ...]]:
    """Return the tests of every requirement: "TOPIC/test_FILE.py::test_name".

    A test in a class is "TOPIC/test_FILE.py::Class::test_name". Tests that name no requirement
    stand under "".
    """
    found: dict[str, list[str]] = {}
    for path in sorted(suites.rglob("test_*.py")):
        where = path.relative_to(suites).as_posix()
        for name, identifier in _tests_in(path.read_text(encoding="utf-8")):
            found.setdefault(identifier, []).append(f"{where}::{name}")
    return {identifier: tuple(tests) for identifier, tests in found.items()}


@functools.lru_cache(maxsize=1024)
def _tests_in(source: str) -> tuple[tuple[str, str], ...]:
    """The tests of one file; what is asked for again and again is parsed once."""
    return tuple(_marked(ast.parse(source)))


def _marked(tree: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (test, requirement) for every @requirement("...") of every test function."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from _marked(node, f"{prefix}{node.name}::")
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            names = [name for decorator in node.decorator_list for name in _named_by(decorator)]
            for identifier in names or [""]:
                yield prefix + node.name, identifier


def _named_by(decorator: ast.expr) -> list[str]:
    """The requirement that @requirement("...") names; nothing for any other decorator."""
    match decorator:
        case ast.Call(func=ast.Name(id="requirement"), args=[ast.Constant(value=str(identifier))]):
            return [identifier]
    return []


def status(requirement: Requirement, tests: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """ "tested", "todo", "excluded" or, for what nobody accounts for, "silent"."""
    if requirement.excluded:
        return "excluded"
    if requirement.todo:
        return "todo"
    found = shipped_tests() if tests is None else tests
    return "tested" if requirement.id in found else "silent"


def check(catalogue: Catalogue, tests: Mapping[str, tuple[str, ...]] | None = None) -> list[str]:
    """Return what does not fit: silent requirements, tests of no or of unknown ones or of several,
    and tests of what is said to have none."""
    tests = shipped_tests() if tests is None else tests
    problems = []
    for identifier, named in tests.items():
        if not identifier:
            problems += [f"{test} names no requirement" for test in named]
        elif identifier not in catalogue:
            problems.append(f"{named[0]} names {identifier!r}, which is not in the catalogue")
    counts = Counter(test for named in tests.values() for test in named)
    problems += [f"{test} names several requirements" for test, n in counts.items() if n > 1]
    for requirement in catalogue.values():
        state = status(requirement, tests)
        if state == "silent":
            problems.append(f"{requirement.id} has no test and no reason (todo or excluded)")
        elif state != "tested" and requirement.id in tests:
            problems.append(f"{requirement.id} is {state} and has a test")
    return problems
