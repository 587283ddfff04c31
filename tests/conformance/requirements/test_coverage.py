"""Which requirement has which test, found without running anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.requirements import Catalogue, load_catalogue
from conformance.requirements.coverage import check, find_tests, status
from tests.conformance.kits import TinyKit


def read(kit: TinyKit) -> tuple[Catalogue, Path]:
    return load_catalogue(kit.folder / "requirements"), kit.folder / "suites"


def test_every_test_is_found_by_its_requirement(kit: TinyKit) -> None:
    one = kit.requirement("one")
    module = kit.tests(
        f"""
        @requirement({one!r})
        @holds_for(n=st.integers())
        def test_first(amqp, n): ...

        class TestGroup:
            @requirement({one!r})
            def test_second(self, amqp): ...

        def helper(): ...
        """
    )
    catalogue, suites = read(kit)
    where = f"tiny/{module.name}"
    tests = find_tests(suites)
    assert tests == {one: (f"{where}::test_first", f"{where}::TestGroup::test_second")}
    assert status(catalogue[one], tests) == "tested"
    assert check(catalogue, tests) == []


def test_a_removed_marker_makes_a_requirement_silent(kit: TinyKit) -> None:
    identifier = kit.test("one", "pass")
    catalogue, suites = read(kit)
    assert check(catalogue, find_tests(suites)) == []
    (module,) = kit.suite.glob("test_*.py")
    module.write_text(module.read_text().replace(f"@requirement({identifier!r})", ""))
    tests = find_tests(suites)
    assert status(catalogue[identifier], tests) == "silent"
    assert check(catalogue, tests) == [
        f"tiny/{module.name}::test_one names no requirement",
        f"{identifier} has no test and no reason (todo or excluded)",
    ]


def test_a_marker_without_a_requirement_is_found(kit: TinyKit) -> None:
    module = kit.tests("@requirement('amqp.tiny.gone')\ndef test_it(amqp): ...\n")
    catalogue, suites = read(kit)
    assert check(catalogue, find_tests(suites)) == [
        f"tiny/{module.name}::test_it names 'amqp.tiny.gone', which is not in the catalogue"
    ]


def test_a_test_of_two_requirements_is_found(kit: TinyKit) -> None:
    one, two = kit.requirement("one"), kit.requirement("two")
    module = kit.tests(f"@requirement({one!r})\n@requirement({two!r})\ndef test_it(amqp): ...\n")
    catalogue, suites = read(kit)
    assert check(catalogue, find_tests(suites)) == [
        f"tiny/{module.name}::test_it names several requirements"
    ]


@pytest.mark.parametrize("state", ["todo", "excluded"])
def test_what_is_said_to_have_no_test_must_have_none(kit: TinyKit, state: str) -> None:
    identifier = kit.test("one", "pass", **{state: "a reason"})
    catalogue, suites = read(kit)
    assert check(catalogue, find_tests(suites)) == [f"{identifier} is {state} and has a test"]
    assert check(catalogue, {}) == []


def test_the_shipped_suites_are_sound() -> None:
    assert check(load_catalogue()) == []
