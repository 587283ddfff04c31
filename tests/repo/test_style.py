"""Rules of the code that ruff does not know (DESIGN, rules of the code)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.repo.sources import python_files, text_of, tracked, tree_of

MAX_LINE_COLUMNS = 100
MAX_FUNCTION_LINES = 75
MAX_FILE_LINES = 520

LONGER_FILES: dict[str, int] = {"conformance/drivers/amqp/client.py": 760}
"""Files that are over the limit and may not grow: the driver hides all of pika in one place."""

UNFINISHED = re.compile("|".join(rf"\b{word}\b" for word in ("TO" + "DO", "FIX" + "ME", "X" * 3)))

TEXTS = (".py", ".md", ".toml", ".txt", ".j2", ".yml", ".yaml", ".cfg", ".ini", "Makefile", "run")

PYTHON = python_files()


def test_there_is_something_to_check() -> None:
    assert len(PYTHON) > 100
    assert {"reference_impl/__init__.py", "conformance/__init__.py"} <= set(PYTHON)


def test_files_are_short() -> None:
    assert [
        f"{path}: {lines} lines"
        for path in PYTHON
        if (lines := len(text_of(path).splitlines())) > LONGER_FILES.get(path, MAX_FILE_LINES)
    ] == []


def test_lines_are_short() -> None:
    assert [
        f"{path}:{number}: {len(line)} columns"
        for path in PYTHON
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if len(line) > MAX_LINE_COLUMNS
    ] == []


@pytest.mark.slow
def test_functions_are_short() -> None:
    assert [
        f"{path}:{node.lineno}: {node.name} has {lines} lines"
        for path in PYTHON
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    ] == []


def test_nothing_is_left_to_do() -> None:
    assert [
        f"{path}:{number}: {line.strip()}"
        for path in tracked()
        if path.endswith(TEXTS)
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if UNFINISHED.search(line)
    ] == []


# -- sleeping ---------------------------------------------------------------------------------


def test_no_test_sleeps() -> None:
    """Tests wait for a condition. In the kit, conformance/expect.py and targets/ have the polls;
    client programs are any user's, who have nothing but sleep to poll with; what sleeps by a manual
    clock does not sleep."""
    assert [
        f"{path}:{node.lineno}"
        for path in python_files("tests", "conformance/suites")
        if not path.startswith("tests/clients/programs/")
        for node in ast.walk(tree_of(path))
        if (
            isinstance(node, ast.Attribute) and ast.unparse(node) in ("time.sleep", "asyncio.sleep")
        )
        or (isinstance(node, ast.alias) and node.name == "sleep")
    ] == []


# -- docstrings -------------------------------------------------------------------------------

SAID_BY_THE_MODULE = {
    "reference_impl/amqp/methods/": ("handle",),
    "conformance/commands/": ("add_arguments", "run"),
}
"""Functions that every module of a folder has, and that the docstring of the module describes."""


def test_modules_say_what_they_are() -> None:
    """Empty packages of suites and tests have nothing to say."""
    assert [
        path
        for path in PYTHON
        if not ast.get_docstring(tree_of(path))
        and (text_of(path).strip() or not path.startswith(("conformance/suites/", "tests/")))
    ] == []


def test_public_names_say_what_they_are() -> None:
    assert [
        f"{path}:{node.lineno}: {node.name}"
        for path in PYTHON
        if not path.startswith(("conformance/suites/", "tests/"))
        for node in _undocumented(path, tree_of(path))
    ] == []


def _undocumented(path: str, tree: ast.Module) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    said = {
        name
        for folder, names in SAID_BY_THE_MODULE.items()
        if path.startswith(folder)
        for name in names
    }
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        hidden = node.name in said or node.name.startswith(("test_", "pytest_"))
        if not hidden and not ast.get_docstring(node) and not _is_refusal(path, node):
            yield node


def _is_refusal(path: str, node: ast.stmt) -> bool:
    """Errors of the protocol are their code and their name; the head of the module has the tree."""
    return (
        path == "reference_impl/errors.py"
        and isinstance(node, ast.ClassDef)
        and isinstance(node.body[0], ast.Assign)
    )
