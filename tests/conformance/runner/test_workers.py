"""Several processes: the same verdicts, whatever the number of workers; shards; shared brokers."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.errors import UsageError
from conformance.runner.options import RunOptions, parse_shard
from conformance.targets.ports import free_ports
from tests.conformance.kits import TinyKit, run_kit


def comparable(content: dict[str, Any]) -> dict[str, Any]:
    """Verdicts and evidence that must not depend on the number of workers."""
    kept = ("verdict", "expected", "observed", "example", "examples")
    return {
        identifier: [
            requirement["verdict"],
            [{key: test.get(key) for key in kept} for test in requirement["tests"]],
        ]
        for identifier, requirement in content["requirements"].items()
    }


@pytest.mark.slow
def test_two_workers_give_the_verdicts_of_one(kit: TinyKit) -> None:
    kit.test("good", "expect.equal(amqp.bodies(amqp.queue()), [])")
    kit.test("bad", "expect.equal(1, 2, 'the number')")
    kit.test("broken", "{}['no such key']")
    kit.test("nice", "expect.equal(1, 2)", level="SHOULD")
    kit.test("other", "pass", applies="<4.0")
    identifier = kit.requirement("drawn")
    kit.tests(
        f"""
        @requirement({identifier!r})
        @holds_for(n=st.integers(0, 10**9))
        def test_drawn(amqp, n):
            expect.at_most(n, 5)
        """
    )
    one, two = run_kit(kit), run_kit(kit, workers=2)
    assert comparable(two.content) == comparable(one.content)
    assert (two.code, two.results.complete) == (one.code, True)
    assert two.content["run"]["workers"] == 2


@pytest.mark.slow
def test_a_worker_that_dies_is_an_error_of_the_kit(kit: TinyKit) -> None:
    kit.test("good", "pass")
    kit.test("fatal", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    ran = run_kit(kit, workers=2)
    assert (ran.verdict("good"), ran.verdict("fatal")) == ("passed", "harness error")
    assert ran.code == 3
    assert any("the test ended without a verdict" in problem for problem in ran.results.problems)


def test_a_broker_controlled_by_commands_is_not_shared(kit: TinyKit) -> None:
    (port,) = free_ports(1)
    kit.test("good", "pass")
    descriptor = kit.folder / "broker.toml"
    descriptor.write_text(
        'name = "mine"\nkind = "external"\nprotocols = ["amqp"]\n'
        f'[amqp]\nurl = "amqp://127.0.0.1:{port}/"\n[commands]\nstart = ["false"]\n'
    )
    ran = run_kit(kit, target=str(descriptor), workers=2)
    assert ran.results.problems == [
        "all tests ran in one process: the workers would start and stop the same broker"
    ]
    assert ran.record("good").reason == (
        "target mine: start command 'false' failed with exit code 1: no output"
    )


def selected(**options: Any) -> list[str]:
    return [r.id for r in RunOptions("reference", **options).selected(("amqp",))]


def test_shards_partition_the_catalogue() -> None:
    whole = selected(profile="full")
    parts = [selected(profile="full", shard=(index, 3)) for index in (1, 2, 3)]
    assert sorted(part for shard in parts for part in shard) == sorted(whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_shards_of_a_run_are_disjoint_and_whole(kit: TinyKit) -> None:
    for name in "abcde":
        kit.test(name, "pass")
    runs = [run_kit(kit, shard=(index, 2)) for index in (1, 2)]
    assert [ran.code for ran in runs] == [0, 0]
    names = [[i.rpartition(".")[2] for i in ran.results.records] for ran in runs]
    assert names == [["a", "c", "e"], ["b", "d"]]


def test_a_profile_runs_everything_of_the_ones_before_it(kit: TinyKit) -> None:
    for profile in ("quick", "core", "full"):
        kit.requirement(profile, profile=profile)
    found = {
        profile: [i.rpartition(".")[2] for i in selected(profile=profile, kit=str(kit.folder))]
        for profile in ("quick", "core", "full")
    }
    assert found == {
        "quick": ["quick"],
        "core": ["quick", "core"],
        "full": ["quick", "core", "full"],
    }


@pytest.mark.parametrize("text", ["", "1", "1/", "/2", "a/b", "1/2/3", "-1/2"])
def test_no_shard(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a shard; write I/N, for example 1/4"):
        parse_shard(text)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"shard": (0, 2)}, "shard 0/2 does not exist; write I/N with 1 <= I <= N"),
        ({"shard": (3, 2)}, "shard 3/2 does not exist"),
        ({"profile": "all"}, "unknown profile 'all'; choose one of quick, core, full"),
        ({"levels": ("WILL",)}, "unknown level 'WILL'; choose from MUST, SHOULD, MAY, EXTENSION"),
    ],
)
def test_options_are_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        RunOptions("reference", **options)


def test_options_travel_to_workers_as_text() -> None:
    options = RunOptions("reference", select=("a", "b"), levels=("MUST",), shard=(1, 2), kit="x")
    assert RunOptions.from_json(options.to_json()) == options
