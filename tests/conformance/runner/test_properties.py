"""Properties: shrinking, reproduction, and what a seed fixes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis.internal.conjecture import providers
from pika import spec

from conformance.cli import main
from conformance.reporting.results import load_results
from conformance.runner import properties
from tests.conformance.fake_broker import FakeBroker, silence
from tests.conformance.kits import Ran, TinyKit, run_kit
from tests.mutants.catalogue import all_mutants
from tests.mutants.mutant import planted


def property_of(kit: TinyKit, name: str, strategies: str, body: str) -> None:
    identifier = kit.requirement(name)
    kit.tests(
        f"@requirement({identifier!r})\n@holds_for({strategies})\ndef test_{name}(amqp, **drawn):\n"
        f"    {body}\n"
    )


def test_a_failure_shrinks_and_shows_only_its_own_traffic(kit: TinyKit) -> None:
    property_of(
        kit,
        "few",
        "keys=st.lists(st.sampled_from('abc'), max_size=9)",
        "queue = amqp.queue(); [amqp.admin.publish('', queue, key) for key in drawn['keys']]; "
        "expect.at_most(amqp.admin.ready(queue), 2, 'messages')",
    )
    ran = run_kit(kit, seed=4)
    record = ran.record("few")
    assert "keys=['a', 'a', 'a']" in record.example
    assert (record.expected, record.observed) == ("messages: at most 2", "3")
    assert sum("basic.publish" in line for line in record.operations) == 3
    assert "example:" in ran.text
    assert record.examples > 1


def test_without_shrinking_the_first_failure_stands(kit: TinyKit) -> None:
    property_of(kit, "small", "n=st.integers(0, 10**9)", "expect.at_most(drawn['n'], 5)")
    found = run_kit(kit, seed=4, shrink=False).record("small")
    assert int(found.observed) > 6


def test_silence_is_waited_for_once(kit: TinyKit) -> None:
    property_of(kit, "silent", "n=st.integers(0, 3)", "amqp.channel().recover()")
    with FakeBroker({spec.Basic.Recover: silence}) as broker:
        run = run_kit(kit, seed=4, target=broker.url, shrink=False, answer_within_s=0.1)
        recovers = [m for m in broker.methods if isinstance(m, spec.Basic.Recover)]
    record = run.record("silent")
    assert (record.verdict.value, record.observed) == ("failed", "nothing within 0.1 s")
    assert "drawn" in record.example or "n=" in record.example
    assert sum("basic.recover" in line for line in record.operations) == 1
    assert len(recovers) == 1


def test_what_is_drawn_does_not_depend_on_what_is_imported() -> None:
    properties.configure(6, shrink=False)
    before = providers._get_local_constants()
    assert len(before) == 0


def test_each_target_is_given_its_own_search(kit: TinyKit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(properties, "SHRINK_BUDGET_S", 0.0)
    property_of(
        kit,
        "fresh",
        "n=st.integers(0, 9)",
        "expect.true(amqp.target.name != 'reference', 'another target', '')",
    )
    assert run_kit(kit, seed=4).verdict("fresh") == "failed"
    second = run_kit(kit, seed=5, target="reference:4.0")
    assert second.verdict("fresh") == "passed"
    assert second.record("fresh").examples > 5


def test_a_search_for_smaller_inputs_ends_in_time(
    kit: TinyKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(properties, "SHRINK_BUDGET_S", 0.0)
    property_of(kit, "slow", "n=st.integers(0, 10**9)", "expect.at_most(drawn['n'], 5)")
    ran = run_kit(kit, seed=4)
    assert ran.verdict("slow") == "failed"
    assert int(ran.record("slow").observed) > 5


@pytest.mark.parametrize(("profile", "examples"), [("quick", 4), ("core", 20), ("full", 40)])
def test_the_profile_decides_the_number_of_examples(
    kit: TinyKit, profile: str, examples: int
) -> None:
    property_of(kit, "plain", "n=st.integers()", "amqp.client")
    property_of(kit, "dear", "cost=10, n=st.integers()", "amqp.client")
    ran = run_kit(kit, profile=profile)
    assert ran.record("plain").examples == examples
    assert ran.record("dear").examples == max(1, round(examples / 10))


def drawing(kit: TinyKit) -> None:
    property_of(
        kit,
        "draws",
        "keys=st.lists(st.text('ab.', max_size=3), min_size=3, max_size=6)",
        "queue = amqp.queue(); [amqp.admin.bind(queue, 'amq.topic', key) for key in drawn['keys']]",
    )


def operations(ran: Ran) -> list[str]:
    """What was sent in the last example."""
    return without_nonce(ran.record("draws").operations)


def without_nonce(operations: Sequence[str]) -> list[str]:
    """The operations, with the run's own names made equal."""
    return [re.sub(r"tck-\w+-", "tck-", text) for text in operations]


def test_a_seed_fixes_the_operations(kit: TinyKit) -> None:
    drawing(kit)
    first = operations(run_kit(kit, seed=11, nonce="aaaaaa"))
    assert len(first) > 3
    assert operations(run_kit(kit, seed=11, nonce="bbbbbb")) == first
    assert operations(run_kit(kit, seed=12)) != first


@pytest.mark.parametrize("variable", ["CI", "GITHUB_ACTIONS"])
def test_a_seed_counts_in_continuous_integration_too(variable: str, tmp_path: Path) -> None:
    """Hypothesis loads a profile there, at import, that draws by the name of the test alone."""
    examples = set()
    for seed in ("11", "12"):
        out = tmp_path / seed
        chosen = ["--select", "amqp.routing.topic-wildcards", "--profile", "quick", "--seed", seed]
        subprocess.run(
            [sys.executable, "-m", "conformance", "run", *chosen, "--no-allure", "-o", str(out)],
            env={**os.environ, variable: "true"},
            check=True,
            timeout=60,
        )
        sent = only_test(out, "amqp.routing.topic-wildcards")["operations"]
        examples.add(tuple(without_nonce(sent)))
    assert len(examples) == 2


def only_test(out: Path, identifier: str) -> Any:
    return load_results(out / "results.json")["requirements"][identifier]["tests"][0]


def test_a_planted_bug_shrinks_and_the_printed_command_finds_it_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    identifier = "amqp.routing.topic-wildcards"
    (mutant,) = (m for m in all_mutants() if m.name == "topic-star-is-literal")
    with planted(mutant):
        options = ["--no-allure", "--profile", "quick", "--seed", "20261123"]
        code = main(["run", "--select", identifier, *options, "-o", str(tmp_path / "a")])
        said = capsys.readouterr().out
        assert code == 1
        found = only_test(tmp_path / "a", identifier)
        (again,) = re.findall(r"again: brokertck (.+)", said)
        code = main([*shlex.split(again), "--no-allure", "-o", str(tmp_path / "b")])
        assert code == 1
        repeated = only_test(tmp_path / "b", identifier)
    methods = [text.split()[1] for text in found["operations"] if " body " not in text]
    assert "patterns=['', '', '*']" in found["example"]
    assert "keys=[]" in found["example"]
    declared = 3 * ["queue.declare", "queue.bind"]
    assert methods[:8] == ["exchange.declare", *declared, "basic.publish"]
    assert set(methods[8:]) == {"basic.publish", "basic.get"}
    for key in ("example", "expected", "observed", "examples"):
        assert repeated[key] == found[key]


def test_the_printed_command_names_what_the_run_was_given(kit: TinyKit) -> None:
    kit.test("nice", "expect.equal(1, 2)", level="SHOULD")
    ran = run_kit(kit, strict=True, profile="full")
    (again,) = re.findall(r"again: brokertck (.+)", ran.text)
    assert "--strict" in shlex.split(again)
    assert shlex.split(again)[-2:] == ["--kit", str(kit.folder)]
    assert "--profile full" in again
