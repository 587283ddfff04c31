"""Libraries of other languages."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.drivers.patterns.library import Library, SpecRefused
from conformance.drivers.patterns.programs import LibraryFailed, open_program
from conformance.drivers.patterns.tester import PatternTester
from conformance.drivers.patterns.world import World
from conformance.errors import NoAnswer, TargetError
from conformance.targets.pattern import PatternTarget

ECHO = shlex.join([sys.executable, str(Path(__file__).with_name("echo.py"))])


@pytest.fixture
def library() -> Iterator[Library]:
    found = open_program(ECHO)
    yield found
    found.stop()


def test_a_program_says_who_it_is(library: Library) -> None:
    assert (library.name, library.version, dict(library.offers)) == (
        "counter",
        "1.2",
        {"counter": ()},
    )


def test_calls_reach_the_object_that_was_made(library: Library) -> None:
    world = World()
    one, other = (library.make("counter", {"start": start}, world) for start in (1, 10))
    assert [one.add(1), other.add(1), one.add(1)] == [2, 11, 3]


def test_a_new_world_forgets_objects_and_time(library: Library) -> None:
    first = World()
    first.clock.advance(7)
    assert library.make("counter", {}, first).sleep(5) == 12
    assert library.make("counter", {}, World()).sleep(5) == 5


def test_the_clocks_go_together(library: Library) -> None:
    world = World()
    counter = library.make("counter", {}, world)
    world.clock.advance(100)
    world.clock.set_back(30)
    assert counter.sleep(20) == 90
    assert (world.clock.now_ns, world.clock.slept_ns) == (90, [20])


def test_refusals_and_failures_are_told_apart(library: Library) -> None:
    with pytest.raises(SpecRefused, match="start is negative"):
        library.make("counter", {"start": -1}, World())
    counter = library.make("counter", {}, World())
    with pytest.raises(LibraryFailed, match="unknown_call"):
        counter.unknown_call()
    with pytest.raises(TargetError, match="exit code 3"):
        counter.end()


def test_a_call_that_hangs_costs_the_program_its_life() -> None:
    target = PatternTarget("counter", lambda: open_program(ECHO))
    target.start()
    tester = PatternTester(target, "tck-", answer_within_s=0.5)
    with pytest.raises(NoAnswer, match="hang"):
        tester.make("counter", {}).hang()
    tester.begin_example()
    assert tester.make("counter", {"start": 4}).add(1) == 5
    tester.close()
    target.stop()


def test_what_is_no_such_program_is_told() -> None:
    with pytest.raises(TargetError, match="cannot be started"):
        open_program("/does/not/exist")
    with pytest.raises(TargetError, match="gave no JSON line"):
        open_program(f"{shlex.quote(sys.executable)} -c pass")
    with pytest.raises(TargetError, match="does not say what it offers"):
        open_program(f"{shlex.quote(sys.executable)} -c 'print(\"{{}}\")'")
