"""results.json: always valid, with the counts and expectations that follow from the records."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from conformance.errors import UsageError
from conformance.reporting import results as module
from conformance.reporting.results import (
    SCHEMA,
    Results,
    TestRecord,
    command_again,
    load_results,
)
from conformance.reporting.verdicts import Verdict
from tests.conformance.kits import TinyKit, run_kit
from tests.conformance.reporting.samples import NASTY, RUN, record, requirement, results
from tests.conformance.schema import problems_of


def test_the_schema_holds_for_every_verdict(tmp_path: Path) -> None:
    found = results(tmp_path)
    found.write()
    content = load_results(found.path)
    assert problems_of(content) == []
    assert content == found.to_json() | {"run": content["run"]}
    assert content["schema"] == SCHEMA
    failed = content["requirements"]["amqp.sample.bad"]["tests"][0]
    assert failed["expected"] == NASTY


def test_the_schema_holds_before_the_target_is_reached_and_for_real_runs(kit: TinyKit) -> None:
    kit.test("good", "amqp.queue()")
    kit.test("bad", "amqp.queue()\nexpect.equal(1, 2)")
    ran = run_kit(kit)
    assert problems_of(ran.content) == []
    empty = Results(kit.folder / "results.json", [requirement("x")], RUN)
    empty.write()
    assert problems_of(json.loads(empty.path.read_text())) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "brokertck/results/2"),
        (("run", "complete"), "yes"),
        (("run", "profile"), "nightly"),
        (("summary", "broken"), 1),
        (("summary", "passed"), -1),
        (("requirements", "amqp.sample.good", "verdict"), "ok"),
        (("requirements", "amqp.sample.good", "surprise"), 1),
        (("requirements", "bad id"), {}),
        (("extra",), 1),
    ],
)
def test_the_schema_is_no_rubber_stamp(
    tmp_path: Path, path: tuple[str, ...], value: object
) -> None:
    content = results(tmp_path).to_json()
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert problems_of(content) != []


def test_counts_and_what_is_unexpected(tmp_path: Path) -> None:
    found = results(tmp_path)
    assert found.counts() == {
        "failed": 1,
        "harness error": 1,
        "inconclusive": 1,
        "known deviation": 1,
        "not applicable": 1,
        "not run": 2,
        "passed": 2,
        "warned": 1,
    }
    names = [identifier.rpartition(".")[2] for identifier in found.unexpected()]
    assert names == ["bad", "stale", "skipped", "unclear", "kit", "untested"]
    assert found.to_json()["summary"]["unexpected"] == 6


def test_the_file_is_replaced_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = results(tmp_path)
    found.write()
    before = found.path.read_text()

    def fail(*_: object, **__: object) -> str:
        raise RuntimeError("the machine ends here")

    monkeypatch.setattr(module.json, "dumps", fail)
    with pytest.raises(RuntimeError):
        found.write()
    assert found.path.read_text() == before


def test_records_are_written_while_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Results(tmp_path / "results.json", [requirement("a"), requirement("b")], RUN)
    found.write()
    found.add(record("a", Verdict.PASSED))
    verdicts = load_results(found.path)["requirements"]
    assert verdicts["amqp.sample.a"]["verdict"] == "not run", "at most twice a second"
    later_s = time.monotonic() + 60
    monkeypatch.setattr(module.time, "monotonic", lambda: later_s)
    found.add(record("b", Verdict.FAILED))
    content = load_results(found.path)
    assert [r["verdict"] for r in content["requirements"].values()] == ["passed", "failed"]
    assert content["run"]["complete"] is False


def test_a_planned_test_without_record_keeps_a_requirement_from_being_green(
    tmp_path: Path,
) -> None:
    planned = {"amqp.sample.a": ["sample/test_x.py::test_a", "sample/test_x.py::test_more"]}
    found = Results(tmp_path / "results.json", [requirement("a")], RUN, planned)
    assert found.verdict("amqp.sample.a") is Verdict.NOT_RUN
    found.add(record("a", Verdict.PASSED))
    assert found.verdict("amqp.sample.a") is Verdict.NOT_RUN
    found.add(TestRecord("amqp.sample.a", "sample/test_x.py::test_more[1]", Verdict.PASSED))
    assert found.verdict("amqp.sample.a") is Verdict.PASSED
    assert found.requirement_of("sample/test_x.py::test_more[2]") == "amqp.sample.a"
    assert found.requirement_of("sample/test_x.py::test_other") == ""


def test_records_travel_as_json() -> None:
    one = record("a", Verdict.FAILED, reason="x", octets=(1, 2), operations=["y"])
    assert TestRecord.from_json(json.loads(json.dumps(one.to_json()))) == one


@pytest.mark.parametrize(
    ("run", "command"),
    [
        (RUN, "brokertck run --target reference --select a.b.c --profile core --seed 7"),
        (
            {**RUN, "target": "my broker.toml", "strict": True, "kit": "k"},
            "brokertck run --target 'my broker.toml' --select a.b.c --profile core --seed 7 "
            "--strict --kit k",
        ),
    ],
)
def test_the_command_that_runs_it_again(run: dict[str, object], command: str) -> None:
    assert command_again(run, "a.b.c") == command


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot read results"),
        ("", "cannot read results"),
        ("[]", "is not a results file of this kit (schema 'brokertck/results/1')"),
        ('{"schema": "other"}', "is not a results file of this kit"),
        ('{"schema": "brokertck/results/1"}', "is damaged: it lacks problems, requirements, run"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: str | None, why: str) -> None:
    path = tmp_path / "results.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError) as caught:
        load_results(path)
    assert str(path) in str(caught.value)
    assert why in str(caught.value)
