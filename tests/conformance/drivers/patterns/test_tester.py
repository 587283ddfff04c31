"""What tests of patterns hold: worlds, transcripts, and whom a failure blames."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from conformance.drivers.patterns import world as world_module
from conformance.drivers.patterns.library import Library, SpecRefused, find, names
from conformance.drivers.patterns.tester import PatternTester
from conformance.drivers.patterns.world import World
from conformance.errors import Mismatch, NoAnswer, UsageError
from conformance.targets.pattern import PatternTarget

NEVER = threading.Event()


class Counter:
    """An object of a contract that exists in this test alone."""

    def __init__(self, start: int) -> None:
        self.value = start

    def add(self, amount: int) -> int:
        self.value += amount
        return self.value

    def pair(self) -> tuple[int, int]:
        return self.value, self.value

    def fail(self) -> None:
        json.loads("no JSON")

    def hang(self) -> None:
        NEVER.wait()

    def thread(self) -> int:
        return threading.get_ident()


def make(contract: str, spec: Mapping[str, Any], world: World) -> Counter:
    if spec["start"] < 0:
        raise SpecRefused("start is negative")
    return Counter(spec["start"])


@pytest.fixture
def tester() -> Iterator[PatternTester]:
    library = Library("counter", {"counter": ()}, make, fixed_version="1")
    target = PatternTarget("counter", lambda: library)
    target.start()
    tester = PatternTester(target, "tck-", answer_within_s=0.5)
    yield tester
    tester.close()


def test_results_are_what_json_would_tell(tester: PatternTester) -> None:
    counter = tester.make("counter", {"start": 1})
    assert (counter.add(2), counter.pair()) == (3, [3, 3])
    tester.clock.advance(5)
    counter.add(1)
    assert [line.text for line in tester.transcript.lines()] == [
        'at 0 ns: new counter {"start": 1}',
        "object 1",
        "at 0 ns: 1.add(2)",
        "3",
        "at 0 ns: 1.pair()",
        "[3, 3]",
        "at 5 ns: 1.add(1)",
        "4",
    ]


def test_refused_specs(tester: PatternTester) -> None:
    assert tester.refusal("counter", {"start": -1}) == "start is negative"
    with pytest.raises(Mismatch, match="refused: start is negative"):
        tester.make("counter", {"start": -1})
    with pytest.raises(Mismatch, match="one was made"):
        tester.refusal("counter", {"start": 1})


def test_what_a_library_raises_is_its_broken_promise(tester: PatternTester) -> None:
    counter = tester.make("counter", {"start": 1})
    with pytest.raises(Mismatch, match="JSONDecodeError"):
        counter.fail()
    assert counter.add(1) == 2


def test_a_call_that_hangs_is_left_behind(tester: PatternTester) -> None:
    counter = tester.make("counter", {"start": 1})
    with pytest.raises(NoAnswer, match="hang"):
        counter.hang()
    assert counter.add(1) == 2


def test_one_thread_makes_all_calls(tester: PatternTester) -> None:
    counter = tester.make("counter", {"start": 1})
    assert counter.thread() == counter.thread() != threading.get_ident()


def test_each_example_has_a_world_of_its_own(tester: PatternTester) -> None:
    closed: list[int] = []
    for number in (1, 2):
        tester.begin_example()
        assert tester.clock.now_ns == 0
        tester.clock.advance(number)
        tester.world.on_close(lambda number=number: closed.append(number))
    tester.close()
    assert (closed, tester.examples) == ([1, 2], 2)


def test_a_world_puts_back_what_it_replaced() -> None:
    world = World()
    original = world_module.tempfile
    world.patch(world_module, "tempfile", "replaced")
    folder_needs_the_original = world_module.tempfile
    world.close()
    assert (folder_needs_the_original, world_module.tempfile) == ("replaced", original)


def test_faked_time_goes_by_the_clock() -> None:
    world = World()
    fake = world.fake_time()
    before = fake.time()
    fake.sleep(1.5)
    assert (fake.monotonic(), fake.perf_counter_ns()) == (1.5, 1_500_000_000)
    assert fake.time() - before == pytest.approx(1.5)
    assert (world.clock.slept_ns, fake.monotonic() < time.time()) == ([1_500_000_000], True)
    with pytest.raises(ValueError, match="forward"):
        world.clock.advance(-1)


def test_libraries_are_found_by_name() -> None:
    for name in names():
        assert find(name).name == name
    with pytest.raises(UsageError, match="no adapter for a library 'nobody'"):
        find("nobody")


def test_features_that_no_pattern_has_are_refused() -> None:
    library = Library("odd", {"counter": ("fast",)}, make, fixed_version="1")
    with pytest.raises(UsageError, match="'fast'"):
        PatternTarget("odd", lambda: library).start()
