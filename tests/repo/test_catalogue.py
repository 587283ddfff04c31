"""The catalogue of requirements and the mutants fit the suites and the code."""

from __future__ import annotations

from conformance.requirements import load_catalogue, load_chapter
from conformance.requirements.coverage import check, shipped_tests
from tests.mutants.catalogue import all_mutants
from tests.mutants.mutant import planted

MUTANTS = all_mutants()


def test_every_requirement_is_accounted_for() -> None:
    assert check(load_catalogue()) == []


def test_requirements_name_semantics_of_the_chapter_that_exist() -> None:
    chapter = load_chapter()
    for requirement in load_catalogue().values():
        assert set(requirement.chapter) <= set(chapter), requirement.id


def test_every_shipped_test_decides_a_requirement() -> None:
    assert set(shipped_tests()) <= set(load_catalogue())


def test_every_mutant_can_be_planted_and_taken_out() -> None:
    for mutant in MUTANTS:
        for _ in range(2):  # the first time leaves everything as it was
            with planted(mutant):
                pass


def test_mutants_kill_requirements_that_have_tests() -> None:
    assert [
        f"{mutant.name} kills {identifier}"
        for mutant in MUTANTS
        for identifier in mutant.kills
        if identifier not in shipped_tests()
    ] == []
    assert all(mutant.kills for mutant in MUTANTS)
