"""Runs that are ended from outside leave valid results and nothing that runs."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from conformance import expect
from tests.conformance.kits import TinyKit
from tests.conformance.schema import problems_of

pytestmark = pytest.mark.slow

WITHIN_S = 60
"""Far more than a run needs to get to its second test on a busy machine."""


@contextmanager
def waiting_run(kit: TinyKit, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A run whose second test waits for ever; the first has passed or is on another worker."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(WITHIN_S)
        address = listener.getsockname()
        kit.test("first", "amqp.queue()")
        kit.test(
            "second",
            f"""
            import socket
            amqp.queue()
            with socket.create_connection({address!r}) as server:
                server.recv(1)
            """,
        )
        command = [sys.executable, "-m", "conformance", "run", "--no-allure"]
        command += ["--kit", str(kit.folder), "-o", str(kit.folder / "out"), *arguments]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            client, _ = listener.accept()
            yield process
            client.close()
        finally:
            with process:
                process.kill()


def first_has_passed(kit: TinyKit) -> bool:
    """Whether results.json says so."""
    path = kit.folder / "out" / "results.json"
    if not path.is_file():
        return False
    first = json.loads(path.read_text(encoding="utf-8"))["requirements"].get("amqp.tiny.first")
    return first is not None and first["verdict"] == "passed"


def results(kit: TinyKit) -> dict[str, dict[str, Any]]:
    """results.json, which must be valid."""
    path: Path = kit.folder / "out" / "results.json"
    content: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    assert problems_of(content) == []
    return content


def verdicts(content: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: record["verdict"] for name, record in content["requirements"].items()}


def test_a_killed_run_leaves_valid_results_that_say_so(kit: TinyKit) -> None:
    with waiting_run(kit) as process:
        process.kill()
        process.wait(WITHIN_S)
    content = results(kit)
    assert content["run"]["complete"] is False
    assert verdicts(content)["amqp.tiny.second"] == "not run"


def test_a_terminated_run_leaves_no_process(kit: TinyKit) -> None:
    with waiting_run(kit, "-t", "process:reference", "--workers", "2") as process:
        expect.eventually(lambda: first_has_passed(kit), "the first test passes", WITHIN_S)
        family = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        _, complaints = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 130, complaints
    assert results(kit)["run"]["stopped_early"] == "the run was interrupted"
    _, alive = psutil.wait_procs(family, timeout=WITHIN_S)
    assert alive == []


@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_leaves_valid_results_reports_and_no_process(kit: TinyKit, workers: int) -> None:
    arguments = ["-t", "process:reference", "--workers", str(workers)]
    with waiting_run(kit, *arguments) as process:
        if workers:
            expect.eventually(lambda: first_has_passed(kit), "the first test passes", WITHIN_S)
        family = psutil.Process(process.pid).children(recursive=True)
        assert family, "the broker, at least"
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        said, complaints = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 130, complaints
    assert "Traceback" not in said + complaints
    content = results(kit)
    assert content["run"]["complete"] is False
    assert content["run"]["stopped_early"] == "the run was interrupted"
    assert verdicts(content) == {"amqp.tiny.first": "passed", "amqp.tiny.second": "not run"}
    for name in ("index.html", "junit.xml", "summary.md"):
        assert (kit.folder / "out" / name).is_file()
    _, alive = psutil.wait_procs(family, timeout=WITHIN_S)
    assert alive == []
