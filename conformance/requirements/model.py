"""What a requirement is."""

from __future__ import annotations

import enum
import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from conformance.errors import UsageError

ID_PATTERN = re.compile(r"[a-z0-9]+(\.[a-z0-9]+(-[a-z0-9]+)*){2,}")
"""protocol.topic.statement-in-a-few-words"""

PROFILES = ("quick", "core", "full")
"""Each profile runs everything of the ones before it."""


class Level(enum.Enum):
    """How binding a requirement is; decides what its failure means."""

    MUST = "MUST"
    """A rule of the specification: failure."""
    SHOULD = "SHOULD"
    """A recommendation of the specification: warning."""
    MAY = "MAY"
    """An option: information."""
    EXTENSION = "EXTENSION"
    """A promise of the product's documentation beyond the specification: failure."""

    @property
    def binding(self) -> bool:
        """Whether breaking it fails the run."""
        return self in (Level.MUST, Level.EXTENSION)


@dataclass(frozen=True)
class VersionRange:
    """Versions of the emulated product, such as ">=4.0,<4.3"; the empty range is every version."""

    text: str
    specifiers: SpecifierSet

    @classmethod
    def parse(cls, text: str) -> VersionRange:
        """Raises ValueError for a text that is no range."""
        try:
            return cls(text, SpecifierSet(text))
        except InvalidSpecifier as error:
            raise ValueError(f"{text!r} is not a version range such as '>=4.0,<4.3'") from error

    def __contains__(self, version: str) -> bool:
        """Whether a version is in the range; what follows its numbers does not count.

        A version without numbers is in no range but that of every version.
        """
        match = re.match(r"\d+(\.\d+)*", version)
        if match is None:
            return not self.specifiers
        return Version(match.group()) in self.specifiers


EVERY_VERSION = VersionRange.parse("")


@dataclass(frozen=True)
class Outcome:
    """How an operation ends: "ok", or an error of a code on the channel or the connection."""

    scope: str
    code: int

    @classmethod
    def parse(cls, text: str) -> Outcome:
        """Parse "ok", "channel 406" or "connection 541". Raises ValueError."""
        words = text.split()
        if words == ["ok"]:
            return cls("ok", 0)
        if len(words) == 2 and words[0] in ("channel", "connection") and words[1].isdigit():
            return cls(words[0], int(words[1]))
        raise ValueError(f"{text!r} is not an outcome: write ok, channel CODE or connection CODE")

    def __str__(self) -> str:
        return "ok" if self.scope == "ok" else f"{self.scope} error {self.code}"


@dataclass(frozen=True)
class Requirement:
    """One testable sentence about a broker.

    `applies` are the product versions that make the promise; `outcomes` are the versions that keep
    it in different ways. `needs` are capabilities without which it cannot be tested. A requirement
    with `excluded` or `todo` (each a reason) has no test.
    """

    id: str
    statement: str
    level: Level
    topic: str
    sources: tuple[str, ...]
    catalogue: tuple[str, ...] = ()
    chapter: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    profile: str = "quick"
    applies: VersionRange = EVERY_VERSION
    outcomes: Mapping[VersionRange, Outcome] = field(default_factory=dict)
    excluded: str = ""
    todo: str = ""

    @property
    def protocol(self) -> str:
        return self.id.partition(".")[0]

    @property
    def has_test(self) -> bool:
        """Whether there must be a test."""
        return not self.excluded and not self.todo

    def outcomes_for(self, version: str | None) -> tuple[Outcome, ...]:
        """The outcomes allowed for a version; for an unknown product, that of any version."""
        if version is None:
            return tuple(dict.fromkeys(self.outcomes.values()))
        return tuple(o for versions, o in self.outcomes.items() if version in versions)


@dataclass(frozen=True)
class ChapterSemantic:
    """One semantic of the chapter that the project implements, such as CH5.2-7."""

    id: str
    statement: str
    section: str


class Catalogue(Mapping[str, Requirement]):
    """All requirements by id, in the order of their files."""

    def __init__(self, requirements: Iterable[Requirement]) -> None:
        self._by_id = {requirement.id: requirement for requirement in requirements}

    def __getitem__(self, identifier: str) -> Requirement:
        return self._by_id[identifier]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def select(self, patterns: Iterable[str]) -> list[Requirement]:
        """Return the requirements that a pattern matches: a glob over ids, a topic such as
        "topic:routing", a level such as "level:MUST", or a chapter id such as "CH5.2-7".

        Raises UsageError for a pattern that matches nothing, so that a typing error does not pass
        for a green run.
        """
        chosen: dict[str, Requirement] = {}
        for pattern in patterns:
            found = [r for r in self.values() if _matches(pattern, r)]
            if not found:
                raise UsageError(
                    f"no requirement matches {pattern!r}; `brokertck list` shows them all"
                )
            chosen.update((r.id, r) for r in found)
        return [r for r in self.values() if r.id in chosen]


def _matches(pattern: str, requirement: Requirement) -> bool:
    kind, _, value = pattern.partition(":")
    if kind == "topic" and value:
        return fnmatch.fnmatchcase(requirement.topic, value)
    if kind == "level" and value:
        return requirement.level.value == value.upper()
    if pattern.startswith("CH"):
        return any(fnmatch.fnmatchcase(chapter, pattern) for chapter in requirement.chapter)
    return fnmatch.fnmatchcase(requirement.id, pattern)
