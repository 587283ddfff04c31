"""The catalogue's loader: what it takes, and every entry that it must refuse by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.errors import UsageError
from conformance.requirements import Level, Outcome, load_catalogue, load_chapter
from conformance.requirements.loader import load_catalogue as load
from tests.conformance.kits import TinyKit


def requirements(kit: TinyKit) -> Path:
    return kit.folder / "requirements"


def refusal(kit: TinyKit) -> str:
    with pytest.raises(UsageError) as caught:
        load(requirements(kit))
    return str(caught.value)


def test_a_whole_entry_is_read(kit: TinyKit) -> None:
    kit.requirement(
        "all-keys",
        level="EXTENSION",
        catalogue=["AMQP-X-1"],
        chapter=["CH5.2-7"],
        needs=["dead-letter", "restart"],
        profile="full",
        applies=">=4.0",
        outcomes={"<4.0": "ok", ">=4.0": "channel 406"},
    )
    found = load(requirements(kit))["amqp.tiny.all-keys"]
    assert found.level is Level.EXTENSION
    assert found.topic == "tiny"
    assert found.protocol == "amqp"
    assert found.needs == ("dead-letter", "restart")
    assert found.profile == "full"
    assert found.outcomes_for("4.3.6") == (Outcome("channel", 406),)
    assert found.outcomes_for("3.10.8") == (Outcome("ok", 0),)
    assert found.outcomes_for(None) == (Outcome("ok", 0), Outcome("channel", 406))
    assert found.has_test


def test_defaults(kit: TinyKit) -> None:
    kit.requirement("plain")
    found = load(requirements(kit))["amqp.tiny.plain"]
    assert (found.profile, found.needs, found.outcomes) == ("quick", (), {})
    assert "1.0" in found.applies and "" in found.applies


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"levle": "MUST"}, "unknown key 'levle'; known are"),
        ({"id": "amqp.tiny"}, "the id must be of the form protocol.topic.words-with-dashes"),
        ({"id": "amqp.tiny.Upper"}, "the id must be of the form"),
        ({"id": "amqp.other.entry"}, "it belongs into amqp/other.toml"),
        ({"id": "kafka.tiny.entry"}, "it belongs into kafka/tiny.toml"),
        ({"statement": "No full stop"}, "a sentence that ends with a full stop"),
        ({"statement": ""}, "a sentence that ends with a full stop"),
        ({"sources": []}, "at least one source is needed"),
        ({"sources": "https://example.org"}, "'sources' must be a list of texts, not"),
        ({"sources": [5]}, "'sources' must be a list of texts, not [5]"),
        ({"level": "SHALL"}, "level 'SHALL' is unknown; choose one of MUST, SHOULD, MAY"),
        ({"level": 1}, "'level' must be a text, not 1"),
        ({"profile": "nightly"}, "no profile 'nightly'; choose one of quick, core, full"),
        ({"applies": "newer than 4"}, "'newer than 4' is not a version range such as '>=4.0,<4.3'"),
        ({"outcomes": {"4.0": "ok"}}, "'4.0' is not a version range"),
        ({"outcomes": {">=4.0": "error 406"}}, "'error 406' is not an outcome: write ok, channel"),
        ({"needs": ["dead-leter"]}, "it needs 'dead-leter', which is no capability of amqp"),
        ({"chapter": ["CH9.9-9"]}, "the chapter has no semantic 'CH9.9-9'"),
        ({"todo": "later", "excluded": "never"}, "cannot be excluded and todo at the same time"),
    ],
)
def test_refused(kit: TinyKit, changes: dict[str, Any], why: str) -> None:
    identifier = kit.requirement("entry", **changes)
    said = refusal(kit)
    assert said.startswith(f"tiny.toml: {identifier}: ")
    assert why in said


def test_a_missing_level_is_refused(kit: TinyKit) -> None:
    kit.requirement("entry")
    file = requirements(kit) / "amqp" / "tiny.toml"
    file.write_text(file.read_text().replace('level = "MUST"', ""))
    assert "amqp.tiny.entry: level None is unknown" in refusal(kit)


def test_an_entry_without_id_is_shown_whole(kit: TinyKit) -> None:
    file = requirements(kit) / "amqp" / "tiny.toml"
    file.write_text('[[requirement]]\nstatement = "Nameless."\n')
    assert refusal(kit).startswith("tiny.toml: {'statement': 'Nameless.'}: the id must be")


def test_duplicates_are_refused_across_files(kit: TinyKit) -> None:
    kit.requirement("twice")
    kit.requirement("twice")
    assert refusal(kit) == "tiny.toml: amqp.tiny.twice is defined twice"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('[[requirements]]\nid = "x"\n', "unknown key 'requirements'; write [[requirement]]"),
        ('[requirement]\nid = "x"\n', "'requirement' is one table; write [[requirement]]"),
        ("[[requirement]\n", "cannot read"),
        (b"\xff\xfe", "cannot read"),
    ],
)
def test_files_are_refused(kit: TinyKit, content: str | bytes, why: str) -> None:
    file = requirements(kit) / "amqp" / "tiny.toml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    said = refusal(kit)
    assert "tiny.toml" in said
    assert why in said


def test_the_shipped_catalogue_and_chapter_load() -> None:
    assert load_catalogue()
    chapter = load_chapter()
    assert chapter["CH5.2-7"].section.startswith("5.2")
