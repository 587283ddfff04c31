"""Versions, outcomes, and the selection of requirements."""

from __future__ import annotations

import pytest

from conformance.errors import UsageError
from conformance.requirements import Catalogue, Level, Outcome, VersionRange, load_catalogue
from tests.conformance.kits import TinyKit


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("", ["4.3.6", "0.1", "", "unknown", "4.3.6-rc.1"], []),
        (">=4.0", ["4.0", "4.0.5", "4.3.6-rc.1", "4.0.0-beta.2", "10.0"], ["3.13.7", "", "main"]),
        (">=4.0,<4.3", ["4.0.5", "4.2.9+1"], ["4.3.0", "4.3.0-rc.1", "3.10.8+dfsg"]),
        ("<4.0", ["3.10.8+dfsg", "3.10.8-1.1+deb12u1", "3.13.7.2"], ["4.0", ""]),
        ("==3.10.*", ["3.10.8", "3.10.8+dfsg"], ["3.11.0", "3.1"]),
    ],
)
def test_version_ranges(text: str, inside: list[str], outside: list[str]) -> None:
    versions = VersionRange.parse(text)
    assert [version for version in inside if version not in versions] == []
    assert [version for version in outside if version in versions] == []


@pytest.mark.parametrize("text", ["4.0", "~4", ">= four", ">=4.0 <4.3"])
def test_no_version_range(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version range such as"):
        VersionRange.parse(text)


@pytest.mark.parametrize("text", ["ok", "channel 406", "connection 541"])
def test_outcomes(text: str) -> None:
    assert str(Outcome.parse(text)).replace("error ", "") == text


@pytest.mark.parametrize("text", ["", "okay", "channel", "channel x", "queue 404", "ok ok"])
def test_no_outcome(text: str) -> None:
    with pytest.raises(ValueError, match="is not an outcome"):
        Outcome.parse(text)


def test_levels_that_bind() -> None:
    assert [level for level in Level if level.binding] == [Level.MUST, Level.EXTENSION]


@pytest.fixture
def catalogue(kit: TinyKit) -> Catalogue:
    kit.requirement("one", chapter=["CH5.1-3"])
    kit.requirement("two", level="SHOULD", chapter=["CH5.2-7"])
    kit.requirement("other-one", chapter=["CH5.2-7", "CH5.1-1"])
    return load_catalogue(kit.folder / "requirements")


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["amqp.tiny.one"], ["one"]),
        (["*one"], ["one", "other-one"]),
        (["topic:tiny"], ["one", "two", "other-one"]),
        (["topic:t*"], ["one", "two", "other-one"]),
        (["level:should"], ["two"]),
        (["CH5.2-7"], ["two", "other-one"]),
        (["CH5.1-*"], ["one", "other-one"]),
        (["*other*", "amqp.tiny.one"], ["one", "other-one"]),
    ],
)
def test_selection(catalogue: Catalogue, patterns: list[str], names: list[str]) -> None:
    assert [r.id for r in catalogue.select(patterns)] == [f"amqp.tiny.{name}" for name in names]


@pytest.mark.parametrize(
    "pattern", ["amqp.tiny.tow", "topic:tinny", "topic:", "level:MUSTT", "CH5.9-9", "", "AMQP.*"]
)
def test_a_pattern_that_matches_nothing_is_refused(catalogue: Catalogue, pattern: str) -> None:
    with pytest.raises(UsageError, match="`brokertck list` shows them all"):
        catalogue.select(["amqp.tiny.*", pattern])
