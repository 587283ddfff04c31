"""Which tests decide which requirement, found in the suites' source without running them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

from conformance.errors import UsageError
from conformance.requirements.model import Catalogue, Requirement
from conformance.resources import suites_dir


@functools.cache
def shipped_tests() -> Mapping[str, tuple[str, ...]]:
    """Return the tests of every requirement in the shipped suites; see `find_tests`."""
    return find_tests(suites_dir())


def find_tests(suites: Path) -> Mapping[str, tuple[str, ...]]:
    """Return the tests of every requirement: "TOPIC/test_FILE.py::test_name".

    A test in a class is "TOPIC/test_FILE.py::Class::test_name".
    """
    found: dict[str, list[str]] = {}
    for path in sorted(suites.rglob("test_*.py")):
        where = path.relative_to(suites).as_posix()
        for name, identifier in _marked(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(identifier, []).append(f"{where}::{name}")
    return {identifier: tuple(tests) for identifier, tests in found.items()}


def _marked(tree: ast.Module, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (test, requirement) for every function with @requirement("...")."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            inner = ast.Module(body=node.body, type_ignores=[])
            yield from _marked(inner, f"{prefix}{node.name}::")
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if (
                isinstance(decorator, ast.Call)
                and isinstance(decorator.func, ast.Name)
                and decorator.func.id == "requirement"
                and isinstance(decorator.args[0], ast.Constant)
            ):
                yield prefix + node.name, str(decorator.args[0].value)


def status(requirement: Requirement) -> str:
    """ "tested", "todo", "excluded" or, for what nobody accounts for, "silent"."""
    tests = shipped_tests().get(requirement.id, ())
    if requirement.excluded:
        return "excluded"
    if requirement.todo:
        return "todo"
    return "tested" if tests else "silent"


def check(catalogue: Catalogue) -> list[str]:
    """Return what does not fit: silent requirements, tests of unknown ones, tests of what is said
    to have none."""
    tests = shipped_tests()
    problems = [f"{i} has a test but is not in the catalogue" for i in tests if i not in catalogue]
    for requirement in catalogue.values():
        state = status(requirement)
        if state == "silent":
            problems.append(f"{requirement.id} has no test and no reason (todo or excluded)")
        elif state != "tested" and requirement.id in tests:
            problems.append(f"{requirement.id} is {state} and has a test")
    return problems


def require_sound(catalogue: Catalogue) -> None:
    """Raise UsageError if catalogue and suites do not fit together."""
    problems = check(catalogue)
    if problems:
        raise UsageError("; ".join(problems))
