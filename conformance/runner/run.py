"""One run of the suites on one target, from start to exit code."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from rich.console import Console

from conformance.errors import UsageError
from conformance.reporting.results import Results
from conformance.reporting.verdicts import Verdict
from conformance.requirements import Requirement
from conformance.requirements.coverage import find_tests
from conformance.resources import kit_in
from conformance.runner.controller import Controller
from conformance.runner.options import RunOptions
from conformance.runner.progress import TerminalProgress
from conformance.targets.resolve import resolve
from conformance.targets.urls import without_password

EXIT_OK = 0
EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3
EXIT_INTERRUPTED = 130

PYTEST_VARIABLES = ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")
INTERRUPTED = "the run was interrupted"
NOT_RUNNABLE = "the suites could not be run"


def run_target(
    options: RunOptions, out: Path, console: Console, allure_dir: Path | None
) -> Results:
    """Run on one target and write OUT/results.json. Raises UsageError before anything starts."""
    target = resolve(options.target)
    requirements = [r for r in options.selected(target.protocols) if r.has_test]
    if not requirements:
        protocols = " and ".join(target.protocols)
        raise UsageError(
            f"nothing to run: no requirement of {protocols} that has a test is selected"
        )
    target.check()
    out.mkdir(parents=True, exist_ok=True)
    tests = find_tests(options.material.suites)
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
            **({"kit": options.kit} if options.kit else {}),
        },
        tests,
    )
    if options.workers > 1 and not target.side_by_side:
        options = dataclasses.replace(options, workers=0)
        results.problems.append(
            "all tests ran in one process: the workers would start and stop the same broker"
        )
    results.write()
    progress = TerminalProgress(console, results.run["target"])
    controller = Controller(results, progress, options.material)
    said = io.StringIO()
    try:
        with (
            _only_our_plugins(),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):
            code = pytest.main(
                _arguments(options, requirements, tests, allure_dir), plugins=[controller]
            )
    finally:
        progress.stop()
    _conclude(results, controller, pytest.ExitCode(code), said.getvalue())
    results.write()
    return results


@contextlib.contextmanager
def _only_our_plugins() -> Iterator[None]:
    """Keep what else is installed or set for pytest here out of the run and of its workers: a
    plugin that shuffles, repeats or times out tests would change verdicts."""
    before = {name: os.environ.pop(name, None) for name in PYTEST_VARIABLES}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update({name: value for name, value in before.items() if value is not None})


def _files(
    options: RunOptions, requirements: list[Requirement], tests: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """The files in which pytest has to look for tests: all, unless a selection needs a few."""
    suites = options.material.suites
    if not options.select:
        return [str(suites)]
    named = (test for requirement in requirements for test in tests.get(requirement.id, ()))
    return sorted({str(suites / test.partition("::")[0]) for test in named}) or [str(suites)]


def _arguments(
    options: RunOptions,
    requirements: list[Requirement],
    tests: Mapping[str, tuple[str, ...]],
    allure_dir: Path | None,
) -> list[str]:
    suites = options.material.suites
    arguments = [
        *_files(options, requirements, tests),
        f"--rootdir={suites}",
        "--confcutdir",
        str(suites),
        "-c",
        str(kit_in().suites / "pytest.ini"),
        "-p",
        "_hypothesis_pytestplugin",
        "-p",
        "conformance.runner.plugin",
        "-p",
        "no:cacheprovider",
        # What is left open in the kit, or goes wrong in a thread of an embedded broker, must not
        # become the error of the test that happens to run then.
        "-p",
        "no:unraisableexception",
        "-p",
        "no:threadexception",
        "--assert=plain",  # what a broker breaks is told by `expect`; rewriting costs a second
        "--capture=no",
        "--import-mode=importlib",
        f"--hypothesis-seed={options.seed}",
        "--tck-options",
        options.to_json(),
    ]
    if options.workers > 1:
        arguments += ["-p", "xdist.plugin", "-n", str(options.workers), "--dist", "worksteal"]
        arguments += ["--maxprocesses", "16"]
    if allure_dir is not None:
        arguments += ["-p", "allure_pytest.plugin", f"--alluredir={allure_dir}"]
    return arguments


def _conclude(results: Results, controller: Controller, code: pytest.ExitCode, said: str) -> None:
    """Note how pytest ended."""
    if code is pytest.ExitCode.INTERRUPTED:
        results.stopped_early = INTERRUPTED
    elif code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        results.complete = True
    if controller.collection_errors or code in (
        pytest.ExitCode.INTERNAL_ERROR,
        pytest.ExitCode.USAGE_ERROR,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        results.complete = False
        results.stopped_early = NOT_RUNNABLE
        results.problems += controller.collection_errors or [said.strip()[-4000:]]


def exit_code(results: Results) -> int:
    """What a run means to a caller (DESIGN.md, section 5)."""
    verdicts = [results.verdict(identifier) for identifier in results.unexpected()]
    if results.stopped_early == INTERRUPTED:
        return EXIT_INTERRUPTED
    if Verdict.HARNESS_ERROR in verdicts or not results.complete:
        return EXIT_UNREACHABLE
    if verdicts and all(verdict is Verdict.NOT_RUN for verdict in verdicts):
        return EXIT_UNREACHABLE
    return EXIT_UNEXPECTED if verdicts else EXIT_OK


def new_nonce() -> str:
    """Six characters that make the names of a run unique on a shared broker."""
    return secrets.token_hex(3)
