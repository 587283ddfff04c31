"""The catalogue: every requirement as data, by topic, with its sources and its status.

A requirement is one testable sentence. Its TOML entry says everything but how it is tested; the
test names it with `@requirement(id)`.
"""

from conformance.requirements.loader import load_catalogue, load_chapter
from conformance.requirements.marker import requirement
from conformance.requirements.model import (
    Catalogue,
    ChapterSemantic,
    Level,
    Outcome,
    Requirement,
    VersionRange,
)

__all__ = [
    "Catalogue",
    "ChapterSemantic",
    "Level",
    "Outcome",
    "Requirement",
    "VersionRange",
    "load_catalogue",
    "load_chapter",
    "requirement",
]
