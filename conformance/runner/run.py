"""One run of the suites on one target, from start to exit code."""

from __future__ import annotations

import contextlib
import io
import secrets
from pathlib import Path

import pytest
from rich.console import Console

from conformance.errors import UsageError
from conformance.reporting.results import Results
from conformance.reporting.verdicts import Verdict
from conformance.resources import suites_dir
from conformance.runner.controller import Controller
from conformance.runner.options import RunOptions
from conformance.runner.progress import TerminalProgress
from conformance.targets.resolve import resolve
from conformance.targets.urls import without_password

EXIT_OK = 0
EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3


def run_target(
    options: RunOptions, out: Path, console: Console, allure_dir: Path | None
) -> Results:
    """Run on one target and write OUT/results.json. Raises UsageError before anything starts."""
    requirements = [r for r in options.selected() if r.has_test]
    if not requirements:
        raise UsageError("nothing to run: no selected requirement has a test")
    resolve(options.target)
    out.mkdir(parents=True, exist_ok=True)
    results = Results(
        out / "results.json",
        requirements,
        {
            "target": without_password(options.target),
            "profile": options.profile,
            "seed": options.seed,
            "workers": options.workers,
            "select": list(options.select),
            "strict": options.strict,
        },
    )
    results.write()
    progress = TerminalProgress(console, results.run["target"])
    controller = Controller(results, progress)
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = pytest.main(_arguments(options, allure_dir), plugins=[controller])
    finally:
        progress.stop()
    _conclude(results, controller, pytest.ExitCode(code), said.getvalue())
    results.write()
    return results


def _arguments(options: RunOptions, allure_dir: Path | None) -> list[str]:
    suites = suites_dir()
    arguments = [
        str(suites),
        f"--rootdir={suites}",
        "--confcutdir",
        str(suites),
        "-c",
        str(suites / "pytest.ini"),
        "-p",
        "conformance.runner.plugin",
        "-p",
        "no:cacheprovider",
        "--capture=no",
        "--import-mode=importlib",
        f"--hypothesis-seed={options.seed}",
        "--tck-options",
        options.to_json(),
    ]
    if options.workers > 1:
        arguments += ["-n", str(options.workers), "--dist", "worksteal", "--maxprocesses", "16"]
    else:
        arguments += ["-p", "no:xdist"]
    if allure_dir is not None:
        arguments += [f"--alluredir={allure_dir}"]
    return arguments


def _conclude(results: Results, controller: Controller, code: pytest.ExitCode, said: str) -> None:
    """Note how pytest ended."""
    if code is pytest.ExitCode.INTERRUPTED:
        results.stopped_early = "the run was interrupted"
    elif code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        results.complete = True
    if controller.collection_errors or code in (
        pytest.ExitCode.INTERNAL_ERROR,
        pytest.ExitCode.USAGE_ERROR,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        results.complete = False
        results.stopped_early = "the suites could not be run"
        results.problems += controller.collection_errors or [said.strip()[-4000:]]


def exit_code(results: Results) -> int:
    """What a run means to a caller (DESIGN.md, section 5)."""
    verdicts = [results.verdict(identifier) for identifier in results.unexpected()]
    if Verdict.HARNESS_ERROR in verdicts or not results.complete:
        return EXIT_UNREACHABLE
    if verdicts and all(verdict is Verdict.NOT_RUN for verdict in verdicts):
        return EXIT_UNREACHABLE
    return EXIT_UNEXPECTED if verdicts else EXIT_OK


def new_nonce() -> str:
    """Six characters that make the names of a run unique on a shared broker."""
    return secrets.token_hex(3)
