"""Whole runs of tiny kits on the reference: what each ending of a test means."""

from __future__ import annotations

import pytest

from conformance.errors import UsageError
from tests.conformance.kits import TinyKit, run_kit

PASS = "expect.equal(1, 1)"
FAIL = "expect.equal(1, 2, 'the number')"
KIT_ERROR = "{}['no such key']"


def test_all_pass(kit: TinyKit) -> None:
    kit.test("one", "queue = amqp.queue()\nexpect.equal(amqp.bodies(queue), [])")
    kit.test("two", PASS)
    ran = run_kit(kit)
    assert (ran.code, ran.results.counts(), ran.results.unexpected()) == (0, {"passed": 2}, [])
    assert ran.results.complete
    assert "nothing unexpected" in ran.text
    assert ran.content["target"]["product"] == "RabbitMQ"
    assert [line.split()[1] for line in ran.record("one").operations] == [
        "queue.declare",
        "basic.get",
    ]


def test_one_failure(kit: TinyKit) -> None:
    kit.test("good", PASS)
    kit.test("bad", f"amqp.queue()\n{FAIL}")
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("bad"), ran.verdict("good")) == (1, "failed", "passed")
    record = ran.record("bad")
    assert (record.expected, record.observed) == ("the number: 2", "1")
    assert any("queue.declare" in line["text"] for line in record.transcript)
    assert record.traceback == ""
    for part in (
        "FAILED  amqp.tiny.bad",
        "MUST: The broker does bad.",
        "source: https://example.org/spec",
        "expected: the number: 2",
        "observed: 1",
        "queue.declare-ok",
        "again: brokertck run --target reference --select amqp.tiny.bad --profile core --seed 1",
        "1 failed, 1 passed; 1 unexpected",
    ):
        assert part in ran.text


def test_a_fault_of_the_kit_is_not_blamed_on_the_target(kit: TinyKit) -> None:
    kit.test("good", PASS)
    kit.test("broken", KIT_ERROR)
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("broken"), ran.verdict("good")) == (3, "harness error", "passed")
    assert "KeyError" in ran.record("broken").traceback
    assert "traceback of the kit:" in ran.text


def test_a_bare_assertion_and_a_closed_channel_are_failures(kit: TinyKit) -> None:
    kit.test("assertion", "assert amqp.queue() == 'another name'")
    kit.test("channel", "amqp.channel().declare_queue('no.such.queue', passive=True)")
    ran = run_kit(kit)
    assert (ran.verdict("assertion"), ran.verdict("channel")) == ("failed", "failed")
    assert "the broker closed the channel: 404 NOT_FOUND" in ran.record("channel").observed


@pytest.mark.parametrize("level", ["SHOULD", "MAY"])
def test_what_does_not_bind_warns_unless_the_run_is_strict(kit: TinyKit, level: str) -> None:
    kit.test("nice", FAIL, level=level)
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("nice")) == (0, "warned")
    strict = run_kit(kit, strict=True)
    assert (strict.code, strict.verdict("nice")) == (1, "failed")


def test_an_extension_binds(kit: TinyKit) -> None:
    kit.test("extra", FAIL, level="EXTENSION")
    assert run_kit(kit).code == 1


def test_a_harness_error_is_never_softened(kit: TinyKit) -> None:
    kit.test("nice", KIT_ERROR, level="MAY")
    assert (ran := run_kit(kit)).code == 3
    assert ran.verdict("nice") == "harness error"


def test_a_known_deviation_that_fails_is_expected(kit: TinyKit) -> None:
    kit.test("bad", FAIL)
    kit.deviation("bad")
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("bad")) == (0, "failed")
    assert ran.results.counts() == {"known deviation": 1}
    assert ran.content["requirements"]["amqp.tiny.bad"]["deviation"] == {
        "reason": "it was never built",
        "link": "https://example.org/issue",
    }


def test_a_known_deviation_that_passes_is_stale(kit: TinyKit) -> None:
    kit.test("mended", PASS)
    kit.deviation("mended")
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("mended")) == (1, "passed")
    assert "stale: listed as a deviation (it was never built), but it passes" in ran.text


def test_a_deviation_of_other_versions_excuses_nothing(kit: TinyKit) -> None:
    kit.test("bad", FAIL)
    kit.deviation("bad", "<4.0")
    assert run_kit(kit).code == 1
    assert run_kit(kit, target="reference:3.10").code == 0


def test_a_deviation_does_not_excuse_the_kit(kit: TinyKit) -> None:
    kit.test("bad", KIT_ERROR)
    kit.deviation("bad")
    assert run_kit(kit).code == 3


def test_what_cannot_be_asked_is_not_applicable_and_says_why(kit: TinyKit) -> None:
    kit.test("quorum", FAIL, needs=["quorum-queues"])
    kit.test("old", FAIL, applies="<4.0")
    kit.test("good", PASS)
    ran = run_kit(kit)
    assert ran.code == 0
    assert ran.record("quorum").reason == "the target is declared without quorum-queues"
    assert ran.record("old").reason == "version 4.3.6 does not make this promise (<4.0)"
    assert ran.results.counts() == {"not applicable": 2, "passed": 1}


def test_a_skip_decides_nothing(kit: TinyKit) -> None:
    kit.test("shy", "pytest.skip('no idea how')")
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("shy")) == (1, "inconclusive")
    assert ran.record("shy").reason == "no idea how"


def test_a_target_that_cannot_be_controlled_decides_nothing(kit: TinyKit) -> None:
    kit.test("restart", "raise TargetError('target x: restart command failed')")
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("restart")) == (1, "inconclusive")
    assert "restart command failed" in ran.record("restart").reason


def test_the_worst_test_of_a_requirement_counts(kit: TinyKit) -> None:
    identifier = kit.test("both", PASS)
    kit.tests(f"@requirement({identifier!r})\ndef test_again(amqp):\n    {FAIL}\n")
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("both")) == (1, "failed")
    assert [r.verdict.value for r in ran.results.records[identifier]] == ["passed", "failed"]
    assert ran.text.count("FAILED  amqp.tiny.both") == 1


def test_a_fixture_of_a_suite_that_meets_a_broken_promise_fails_the_requirement(
    kit: TinyKit,
) -> None:
    identifier = kit.requirement("prepared")
    kit.tests(
        f"""
        @pytest.fixture
        def queue(amqp):
            amqp.admin.declare_queue("no.such.queue", passive=True)

        @requirement({identifier!r})
        def test_it(amqp, queue): ...
        """
    )
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("prepared")) == (1, "failed")


@pytest.mark.parametrize(
    ("test", "teardown", "verdict", "code"),
    [
        (PASS, "raise NoAnswer('queue.delete-ok', 5)", "passed", 0),
        (PASS, "raise OSError('gone')", "passed", 0),
        (PASS, KIT_ERROR, "harness error", 3),
        (FAIL, KIT_ERROR, "failed", 1),
        (FAIL, "raise NoAnswer('queue.delete-ok', 5)", "failed", 1),
    ],
)
def test_cleaning_up_does_not_change_a_verdict(
    kit: TinyKit, test: str, teardown: str, verdict: str, code: int
) -> None:
    identifier = kit.requirement("tidy")
    kit.tests(
        f"""
        @pytest.fixture
        def mess():
            yield
            {teardown}

        @requirement({identifier!r})
        def test_it(amqp, mess):
            {test}
        """
    )
    ran = run_kit(kit)
    assert (ran.verdict("tidy"), ran.code) == (verdict, code)
    assert any("cleaning up after the test failed" in problem for problem in ran.results.problems)


def test_a_test_that_names_no_requirement_stops_the_run(kit: TinyKit) -> None:
    kit.test("good", PASS)
    kit.tests("def test_nameless(amqp): ...\n")
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("good")) == (3, "not run")
    assert "test_nameless names no requirement of the catalogue" in ran.text


def test_a_suite_that_cannot_be_imported_stops_the_run(kit: TinyKit) -> None:
    kit.test("good", PASS)
    kit.tests("import no_such_module\n")
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("good")) == (3, "not run")
    assert "No module named 'no_such_module'" in ran.text
    assert ran.content["run"]["stopped_early"] == "the suites could not be run"


def test_a_requirement_of_which_a_test_did_not_run_is_not_green(kit: TinyKit) -> None:
    identifier = kit.test("half", PASS)
    kit.tests(f"if False:\n    pass\n@requirement({identifier!r})\ndef test_more(amqp): ...\n")
    _, second = sorted(kit.suite.glob("test_*.py"))
    kit.tests("collect_ignore = []\n").unlink()
    (kit.suite / "conftest.py").write_text(f"collect_ignore = [{second.name!r}]\n")
    ran = run_kit(kit)
    assert (ran.code, ran.verdict("half")) == (3, "not run")


def test_nothing_to_run_is_refused(kit: TinyKit) -> None:
    kit.requirement("later", todo="no time")
    with pytest.raises(UsageError, match="nothing to run: no requirement of amqp and kafka"):
        run_kit(kit)


def test_a_folder_without_suites_is_no_kit(kit: TinyKit) -> None:
    kit.suite.rmdir()
    kit.suite.parent.rmdir()
    with pytest.raises(UsageError, match="it has no folder suites/"):
        run_kit(kit)
