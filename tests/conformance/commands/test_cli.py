"""The command line: help, versions, and errors that are one sentence without a traceback."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from conformance import __version__
from conformance.cli import COMMANDS, main
from conformance.commands import explain
from conformance.requirements import load_catalogue, load_chapter
from conformance.requirements.coverage import status
from conformance.targets.model import CONTROLS, FEATURES
from tests.conformance.kits import TinyKit, run_kit

ID = "amqp.routing.topic-wildcards"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands write into the current folder unless they are told otherwise."""
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and complaints of a command."""
    try:
        code = main(arguments)
    except SystemExit as ended:  # argparse
        code = int(ended.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def exists(command: str) -> bool:
    return importlib.util.find_spec(f"conformance.commands.{command}") is not None


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    if not exists(command):
        pytest.skip(f"{command} has no module yet")
    code, out, complaint = run(capsys, command, "--help")
    assert (code, complaint) == (0, "")
    assert f"usage: brokertck {command}" in out
    assert COMMANDS[command] in " ".join(out.split())


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for command in COMMANDS:
        assert f"    {command} " in out
    assert run(capsys, "--version") == (0, f"brokertck {__version__}\n", "")


@pytest.mark.parametrize("arguments", [[], ["ran"], ["--no-such-option"], ["run", "--bogus"]])
def test_what_argparse_refuses(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    code, out, complaint = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert "Traceback" not in complaint
    assert "brokertck" in complaint


REFUSED = [
    (["run", "-t", "rabit"], "unknown target 'rabit'; choose one of these:"),
    (["run", "-t", "reference:1.0"], "RabbitMQ '1.0' is not emulated; choose one of 3.10, 4.0, 4"),
    (["run", "-t", "reference", "-t", "nope"], "unknown target 'nope'"),
    (["run", "-t", "reference", "-t", "reference"], "--target reference is given twice"),
    (["run", "-t", "broker.toml"], "no descriptor at broker.toml; check the path"),
    (["run", "-t", "amqp://"], "'amqp://' is not an AMQP address; write amqp://USER:PASSWORD@"),
    (["run", "--profile", "nightly"], "unknown profile 'nightly'; choose one of quick, core, full"),
    (["run", "--level", "shall"], "unknown level 'SHALL'; choose from MUST, SHOULD, MAY, EXTENS"),
    (["run", "--select", "amqp.rooting.*"], "no requirement matches 'amqp.rooting.*'; `brokertck"),
    (["run", "--shard", "3/2"], "shard 3/2 does not exist; write I/N with 1 <= I <= N"),
    (["run", "--shard", "half"], "'half' is not a shard; write I/N, for example 1/4"),
    (["run", "--workers", "-1"], "--workers -1: give 0, 1 or more"),
    (["run", "--kit", "nowhere"], "nowhere: it has no folder requirements/"),
    (["run", "--out", "a-file"], "--out a-file: there is a file of this name; choose a folder"),
    (["run", "--out", "a-file/below"], "a-file/below: Not a directory"),
    (["list", "amqp.nothing"], "no requirement matches 'amqp.nothing'; `brokertck list` shows"),
    (["explain", "amqp.routing.topic-wildcard"], f"did you mean {ID}, amqp.routing.topic-"),
    (["explain", "routing.topic-wildcards"], f"did you mean {ID}?"),
    (["explain", "amqp.ruoting.topic-wildcards"], f"did you mean {ID}"),
    (["explain", "???"], "no requirement '???'; `brokertck list` shows them all"),
    (["explain", ID, "--results", "bad"], "bad/results.json is not a results file of this kit"),
    (["targets", "rabit"], "unknown target 'rabit'; choose one of these:"),
    (["chapter", "--results", "bad"], "bad/results.json is not a results file of this kit"),
    (["report", "nowhere"], "no results.json in nowhere; `brokertck run --out nowhere` writes one"),
    (["report", "bad"], "bad/results.json is not a results file of this kit (schema"),
    (["report", "broken"], "cannot read results broken/results.json"),
    (["report", "damaged"], "damaged/results.json is damaged: it lacks problems, requirements"),
    (["check", "nowhere"], "cannot read history nowhere"),
    (["bench", "--vs", "amqp://127.0.0.1:1/"], "cannot measure amqp://127.0.0.1:1: no process of"),
    (["bench", "--vs", "nope"], "unknown target 'nope'"),
    (["bench", "--vs", "reference", "--rounds", "0"], "--rounds must be at least 1"),
    (["bench", "--vs", "reference", "--messages", "-5"], "--messages must be at least 1"),
    (["bench", "--vs", "reference", "--json", "no/where"], "there is no folder no"),
]


@pytest.mark.parametrize(("arguments", "why"), REFUSED, ids=[" ".join(a) for a, _ in REFUSED])
def test_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], why: str
) -> None:
    Path("a-file").write_text("")
    for name, content in (
        ("bad", "[]"),
        ("broken", '{"schema": '),
        ("damaged", '{"schema": "brokertck/results/1", "target": {}, "run": {}, "summary": {}}'),
    ):
        Path(name).mkdir()
        (Path(name) / "results.json").write_text(content)
    code, out, complaint = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert complaint.startswith("error: ")
    assert why in complaint
    assert "Traceback" not in complaint
    lines = complaint.splitlines()
    assert len(lines) == 1 or lines[0].endswith("choose one of these:")


def test_a_folder_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    code, out, complaint = run(capsys, "run", "--out", "locked")
    assert (code, out, complaint) == (2, "", "error: locked: Permission denied\n")


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "list")
    catalogue = load_catalogue()
    assert code == 0
    assert out.splitlines()[-1].startswith(f"{len(catalogue)} requirements: ")
    assert all(identifier in out for identifier in catalogue)
    code, out, _ = run(capsys, "list", ID, "--status", "tested")
    assert out.splitlines()[0] == f"tested   MUST      {ID}"
    assert out.splitlines()[-1] == "1 requirements: 1 tested"
    code, out, _ = run(capsys, "list", ID, "--status", "todo")
    assert (code, out) == (0, "0 requirements: none\n")


def test_explain(capsys: pytest.CaptureFixture[str], kit: TinyKit) -> None:
    code, out, _ = run(capsys, "explain", ID)
    assert code == 0
    for part in (
        "MUST: In a topic binding key",
        "status: tested",
        "source: https://www.rabbitmq.com/docs/exchanges#topic",
        "chapter: CH5.2-7 ",
        "first profile: quick",
        "test: conformance/suites/routing/test_amqp_topic.py::test_topic_routing_agrees",
        "killed mutant: topic-star-is-literal",
        "verdict: no results in out, reports",
    ):
        assert part in out


def test_every_requirement_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for requirement in load_catalogue().values():
        assert explain.run(Namespace(id=requirement.id, results=[Path("none")])) == 0
        assert f"status: {status(requirement)}" in capsys.readouterr().out


def test_verdicts_of_earlier_runs_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for version in ("4.0", "4.3"):
        run(capsys, "run", "-t", f"reference:{version}", "-s", ID, "--no-allure", "-o", version)
    _, out, _ = run(capsys, "explain", ID, "--results", ".")
    assert "verdict: passed on reference:4.0 (4.0.5), 20" in out
    assert "verdict: passed on reference:4.3 (4.3.6), 20" in out
    _, out, _ = run(capsys, "chapter", "--results", ".")
    (line,) = (line for line in out.splitlines() if "reference:4.0" in line)
    assert "1 passed" in line


def test_chapter(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "chapter")
    assert code == 0
    chapter = load_chapter()
    assert all(identifier in out for identifier in chapter)
    assert f" of {len(chapter)} semantics are tested, " in out.splitlines()[-1]


def test_targets(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "targets")
    assert code == 0
    for name in ("reference", "process:rabbitmq", *FEATURES["amqp"], *CONTROLS):
        assert name in out
    code, out, _ = run(capsys, "targets", "reference")
    assert "yes dead-letter" in out
    assert "no  quorum-queues" in out
    assert "not served of amqp: channel.flow-ok" in out
    assert "ConsumerGroupHeartbeat" in out


def test_report(capsys: pytest.CaptureFixture[str], kit: TinyKit) -> None:
    kit.test("good", "pass")
    run_kit(kit)
    code, out, _ = run(capsys, "report", str(kit.folder))
    assert (code, out) == (0, f"{kit.folder}/index.html\n")
    assert "amqp.tiny.good" in (kit.folder / "index.html").read_text()


def test_several_targets_side_by_side(capsys: pytest.CaptureFixture[str], kit: TinyKit) -> None:
    kit.test("good", "pass")
    targets = ["-t", "reference", "-t", "reference:4.0"]
    code, out, _ = run(capsys, "run", "--kit", str(kit.folder), *targets, "-o", "both")
    assert code == 0
    assert Path("both/reference/results.json").is_file()
    assert Path("both/reference-4.0/junit.xml").is_file()
    page = Path("both/index.html").read_text()
    assert "reference:4.0" in page
    assert "report: both/index.html" in out
    results = list(Path("both/allure-results").glob("*-result.json"))
    assert len(results) == 2
    run(capsys, "run", "--kit", str(kit.folder), "-o", "both")
    assert len(list(Path("both/allure-results").glob("*-result.json"))) == 1, "not those of before"


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error() -> None:
    command = [sys.executable, "-m", "conformance", "list"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
