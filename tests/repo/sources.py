"""The files of the repository, parsed once."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("conformance", "reference_impl", "tests")


@functools.cache
def tracked() -> tuple[str, ...]:
    """Paths of all files under version control; of all sources where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        listed = [
            path.relative_to(ROOT).as_posix()
            for package in PACKAGES
            for path in (ROOT / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        ]
    return tuple(sorted(path for path in listed if (ROOT / path).is_file()))


def python_files(*folders: str) -> list[str]:
    """Paths of Python files in these folders, or named exactly; all without any."""
    found = [path for path in tracked() if path.endswith(".py")]
    if not folders:
        return found
    return [p for p in found if p in folders or any(p.startswith(f"{f}/") for f in folders)]


@functools.cache
def text_of(path: str) -> str:
    """The text of a file; empty for what is no text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@functools.cache
def tree_of(path: str) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(text_of(path), path)


def module_name(path: str) -> str:
    """The name under which a file is imported."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@functools.cache
def imports_of(path: str) -> tuple[str, ...]:
    """Names of all modules that a file imports anywhere, those for type checkers included."""
    return tuple(sorted(set(_imports(path))))


def _imports(path: str) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports by a relative name"
            base = node.module or ""
            for alias in node.names:
                yield f"{base}.{alias.name}" if is_module(f"{base}.{alias.name}") else base


def is_module(name: str) -> bool:
    """Whether a dotted name is a module or package of this repository."""
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def within(name: str, prefix: str) -> bool:
    """Whether a dotted name is `prefix` or something in it."""
    return name == prefix or name.startswith(f"{prefix}.")
