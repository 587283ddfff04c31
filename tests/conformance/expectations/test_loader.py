"""Deviation files: refusals, and which deviations concern which version."""

from __future__ import annotations

import json

import pytest

from conformance.errors import UsageError
from conformance.expectations import deviations_for, load_deviations
from conformance.resources import Kit, kit_in
from conformance.targets.model import Identity
from tests.conformance.kits import TinyKit

ENTRY = {
    "requirement": "amqp.tiny.one",
    "versions": ">=4.0",
    "reason": "never built",
    "link": "https://example.org/1",
}


@pytest.fixture
def material(kit: TinyKit) -> Kit:
    kit.requirement("one")
    kit.requirement("two")
    return kit_in(kit.folder)


def write(material: Kit, *entries: dict[str, object], head: str = 'product = "RabbitMQ"') -> None:
    lines = [head]
    for entry in entries:
        lines += ["[[deviation]]", *(f"{k} = {json.dumps(v)}" for k, v in entry.items())]
    (material.expectations / "some.toml").write_text("\n".join(lines))


def refusal(material: Kit) -> str:
    with pytest.raises(UsageError) as caught:
        load_deviations(material)
    return str(caught.value)


@pytest.mark.parametrize("key", list(ENTRY))
def test_every_key_is_needed(material: Kit, key: str) -> None:
    write(material, {k: v for k, v in ENTRY.items() if k != key})
    said = refusal(material)
    assert said.startswith("some.toml: ")
    assert f"{key!r} is missing or no text" in said


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"requirement": "amqp.tiny.three"}, "amqp.tiny.three: there is no such requirement"),
        ({"versions": "4"}, "amqp.tiny.one: '4' is not a version range"),
        ({"reason": "  "}, "amqp.tiny.one: 'reason' is missing or no text"),
        ({"reason": 5}, "amqp.tiny.one: 'reason' is missing or no text"),
        ({"link": "see the wiki"}, "amqp.tiny.one: the link 'see the wiki' is no web address"),
        ({"because": "x"}, "amqp.tiny.one: unknown key 'because'; known are requirement"),
    ],
)
def test_refused(material: Kit, changes: dict[str, object], why: str) -> None:
    write(material, {**ENTRY, **changes})
    assert refusal(material).startswith(f"some.toml: {why}")


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("", "some.toml: say whose deviations these are: product ="),
        ("product = 5", "some.toml: say whose deviations these are"),
        ('product = "X"\nversion = "1"', "some.toml: unknown key 'version'"),
        ("product =", "cannot read"),
    ],
)
def test_files_are_refused(material: Kit, head: str, why: str) -> None:
    write(material, ENTRY, head=head)
    assert refusal(material).startswith(why)


def test_product_and_version_decide(material: Kit) -> None:
    write(material, ENTRY, {**ENTRY, "requirement": "amqp.tiny.two", "versions": ""})

    def named(product: str, version: str) -> list[str]:
        return [i.rpartition(".")[2] for i in deviations_for(Identity(product, version), material)]

    assert named("RabbitMQ", "4.3.6") == ["one", "two"]
    assert named("RabbitMQ", "4.0.0-rc.1") == ["one", "two"]
    assert named("RabbitMQ", "3.13.7") == ["two"]
    assert named("RabbitMQ", "") == ["two"]
    assert named("LavinMQ", "4.3.6") == []


def test_the_shipped_deviations_load() -> None:
    assert load_deviations()
