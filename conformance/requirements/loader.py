"""Reads the catalogue from TOML and refuses what is incomplete or contradictory."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
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

_FOLDER = Path(__file__).parent
_CHAPTER_FILE = "chapter.toml"

_KEYS = frozenset(
    (
        "id",
        "statement",
        "level",
        "sources",
        "catalogue",
        "chapter",
        "needs",
        "profile",
        "applies",
        "outcomes",
        "excluded",
        "todo",
    )
)


@functools.cache
def load_catalogue(folder: Path = _FOLDER) -> Catalogue:
    """Return all requirements: `folder`/PROTOCOL/TOPIC.toml.

    Raises UsageError that names the file and the entry for anything that is wrong.
    """
    requirements: dict[str, Requirement] = {}
    for path in sorted(folder.glob("*/*.toml")):
        for entry in _read(path).get("requirement", []):
            requirement = _parse(path, entry)
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


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error


def _parse(path: Path, entry: Mapping[str, Any]) -> Requirement:
    identifier = entry.get("id", "")
    where = f"{path.name}: {identifier or entry}"

    def refuse(why: str) -> UsageError:
        return UsageError(f"{where}: {why}")

    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise refuse(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    if not ID_PATTERN.fullmatch(identifier):
        raise refuse("the id must be of the form protocol.topic.words-with-dashes")
    statement = entry.get("statement", "")
    if not statement.endswith("."):
        raise refuse("the statement must be a sentence that ends with a full stop")
    if not entry.get("sources"):
        raise refuse("at least one source is needed")
    if entry.get("excluded") and entry.get("todo"):
        raise refuse("it cannot be excluded and todo at the same time")
    profile = entry.get("profile", "quick")
    if profile not in PROFILES:
        raise refuse(f"no profile {profile!r}; choose one of {', '.join(PROFILES)}")
    try:
        return Requirement(
            id=identifier,
            statement=statement,
            level=Level(entry.get("level")),
            topic=path.stem,
            sources=tuple(entry["sources"]),
            catalogue=tuple(entry.get("catalogue", ())),
            chapter=tuple(entry.get("chapter", ())),
            needs=tuple(entry.get("needs", ())),
            profile=profile,
            applies=VersionRange.parse(entry["applies"]) if "applies" in entry else EVERY_VERSION,
            outcomes={
                VersionRange.parse(versions): Outcome.parse(outcome)
                for versions, outcome in entry.get("outcomes", {}).items()
            },
            excluded=entry.get("excluded", ""),
            todo=entry.get("todo", ""),
        )
    except ValueError as error:
        raise refuse(str(error)) from error
