"""Reads the catalogue from TOML and refuses what is incomplete or contradictory."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.requirements.model import (
    EVERY_VERSION,
    ID_PATTERN,
    PROFILES,
    Catalogue,
    ChapterSemantic,
    Level,
    Outcome,
    Requirement,
    VersionRange,
)
from conformance.targets.model import CONTROLS, FEATURES

_FOLDER = Path(__file__).parent
_CHAPTER_FILE = "chapter.toml"

_TEXT, _TEXTS, _TABLE = "text", "list of texts", "table of texts"
_KEYS = {
    "id": _TEXT,
    "statement": _TEXT,
    "level": _TEXT,
    "sources": _TEXTS,
    "catalogue": _TEXTS,
    "chapter": _TEXTS,
    "needs": _TEXTS,
    "profile": _TEXT,
    "applies": _TEXT,
    "outcomes": _TABLE,
    "excluded": _TEXT,
    "todo": _TEXT,
}


@functools.cache
def load_catalogue(folder: Path = _FOLDER) -> Catalogue:
    """Return all requirements: `folder`/PROTOCOL/TOPIC.toml.

    Raises UsageError that names the file and the entry for anything that is wrong.
    """
    requirements: dict[str, Requirement] = {}
    chapter = load_chapter()
    for path in sorted(folder.glob("*/*.toml")):
        _, entries = read_tables(path, "requirement")
        for entry in entries:
            requirement = _parse(path, entry, chapter)
            if requirement.id in requirements:
                raise UsageError(f"{path.name}: {requirement.id} is defined twice")
            requirements[requirement.id] = requirement
    return Catalogue(requirements.values())


@functools.cache
def load_chapter(folder: Path = _FOLDER) -> dict[str, ChapterSemantic]:
    """Return the semantics of the chapter by id, in the order of the chapter."""
    semantics = {}
    for section in _read(folder / _CHAPTER_FILE)["section"]:
        for identifier, statement in section["semantics"].items():
            semantics[identifier] = ChapterSemantic(identifier, statement, section["title"])
    return semantics


def read_tables(
    path: Path, name: str, others: tuple[str, ...] = ()
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a file's content and its [[name]] tables.

    Raises UsageError for a file that cannot be read, or that holds anything but them and `others`.
    """
    content = _read(path)
    for key in content:
        if key not in (name, *others):
            raise UsageError(f"{path.name}: unknown key {key!r}; write [[{name}]] for each entry")
    entries = content.get(name, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{path.name}: {name!r} is one table; write [[{name}]] for each entry")
    return content, entries


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def _parse(path: Path, entry: Mapping[str, Any], chapter: Container[str]) -> Requirement:
    identifier = entry.get("id", "")
    where = f"{path.name}: {identifier or dict(entry)}"

    def refuse(why: str) -> UsageError:
        return UsageError(f"{where}: {why}")

    for key, value in entry.items():
        if key not in _KEYS:
            raise refuse(f"unknown key {key!r}; known are {', '.join(sorted(_KEYS))}")
        if not _is(_KEYS[key], value):
            raise refuse(f"{key!r} must be a {_KEYS[key]}, not {value!r}")
    if not ID_PATTERN.fullmatch(identifier):
        raise refuse("the id must be of the form protocol.topic.words-with-dashes")
    protocol, topic, _ = identifier.split(".", 2)
    if (path.parent.name, path.stem.replace("_", "-")) != (protocol, topic):
        raise refuse(f"it belongs into {protocol}/{topic.replace('-', '_')}.toml")
    if not entry.get("statement", "").endswith("."):
        raise refuse("the statement must be a sentence that ends with a full stop")
    if not entry.get("sources"):
        raise refuse("at least one source is needed")
    if entry.get("level") not in [level.value for level in Level]:
        levels = ", ".join(level.value for level in Level)
        raise refuse(f"level {entry.get('level')!r} is unknown; choose one of {levels}")
    if entry.get("excluded") and entry.get("todo"):
        raise refuse("it cannot be excluded and todo at the same time")
    if entry.get("profile", "quick") not in PROFILES:
        raise refuse(f"no profile {entry['profile']!r}; choose one of {', '.join(PROFILES)}")
    for name in entry.get("needs", ()):
        if name not in FEATURES.get(protocol, {}) and name not in CONTROLS:
            raise refuse(f"it needs {name!r}, which is no capability of {protocol}")
    for name in entry.get("chapter", ()):
        if name not in chapter:
            raise refuse(f"the chapter has no semantic {name!r}")
    try:
        return _build(path.stem, entry)
    except ValueError as error:
        raise refuse(str(error)) from error


def _is(wanted: str, value: Any) -> bool:
    if wanted == _TEXTS:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if wanted == _TABLE:
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    return isinstance(value, str)


def _build(topic: str, entry: Mapping[str, Any]) -> Requirement:
    """Make the requirement of a checked entry. Raises ValueError for a version or an outcome."""
    return Requirement(
        id=entry["id"],
        statement=entry["statement"],
        level=Level(entry["level"]),
        topic=topic,
        sources=tuple(entry["sources"]),
        catalogue=tuple(entry.get("catalogue", ())),
        chapter=tuple(entry.get("chapter", ())),
        needs=tuple(entry.get("needs", ())),
        profile=entry.get("profile", "quick"),
        applies=VersionRange.parse(entry["applies"]) if "applies" in entry else EVERY_VERSION,
        outcomes={
            VersionRange.parse(versions): Outcome.parse(outcome)
            for versions, outcome in entry.get("outcomes", {}).items()
        },
        excluded=entry.get("excluded", ""),
        todo=entry.get("todo", ""),
    )
