"""A broker that the kit runs as a process of its own, in a folder of its own."""

from __future__ import annotations

import abc
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from conformance.errors import TargetError
from conformance.targets.model import Target
from conformance.targets.readiness import wait_ready

STOP_WITHIN_S = 30.0
START_ATTEMPTS = 3
"""A port can be taken between our choice and the broker's bind; it ends its boot then."""


class ProcessTarget(Target):
    """A program in a temporary directory, which goes with it. Subclasses say which and where."""

    def __init__(self) -> None:
        self._home: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    # -- what the subclasses say ------------------------------------------------------------

    @abc.abstractmethod
    def prepare(self, home: Path) -> None:
        """Pick ports, set `endpoints`, write what the program reads. Raises TargetError."""

    @abc.abstractmethod
    def command(self) -> Sequence[str]:
        """The program and its arguments."""

    def environment(self) -> Mapping[str, str]:
        """The program's environment."""
        return os.environ

    # -- life -------------------------------------------------------------------------------

    @property
    def home(self) -> Path:
        """The folder of the broker; only between `start` and `stop`."""
        assert self._home is not None
        return self._home

    def start(self) -> None:
        for attempt in range(1, START_ATTEMPTS + 1):
            self._home = Path(tempfile.mkdtemp(prefix="brokertck-"))
            try:
                self.prepare(self._home)
                self._launch()
                return
            except TargetError:
                self.stop()
                if attempt == START_ATTEMPTS:
                    raise

    def _launch(self) -> None:
        with (self.home / "out.log").open("ab") as log:
            process = self._process = subprocess.Popen(
                list(self.command()),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=dict(self.environment()),
                cwd=self.home,
                start_new_session=True,
            )
        wait_ready(self.name, self.endpoints, lambda: process.poll() is None, self._last_words)

    def _last_words(self) -> str:
        lines = (self.home / "out.log").read_text(errors="replace").strip().splitlines()
        return " / ".join(line.strip() for line in lines[-3:]) or "no output"

    def _halt(self, number: signal.Signals) -> None:
        """End the broker and everything that it started, and wait until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        family = [process.pid]
        if psutil.pid_exists(process.pid):
            children = psutil.Process(process.pid).children(recursive=True)
            family += [child.pid for child in children]
        for pid in family if number == signal.SIGKILL else family[:1]:
            _send_signal(pid, number)
        if not _gone(process, family, STOP_WITHIN_S):
            for pid in family:
                _send_signal(pid, signal.SIGKILL)
            _gone(process, family, STOP_WITHIN_S)

    def stop(self) -> None:
        self._halt(signal.SIGTERM)
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None

    def restart(self, *, kill: bool = False) -> None:
        self._halt(signal.SIGKILL if kill else signal.SIGTERM)
        self._launch()

    @property
    def pid(self) -> int:
        """The first process of the broker; for measurements."""
        assert self._process is not None
        return self._process.pid


def _send_signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _gone(process: subprocess.Popen[bytes], family: list[int], within_s: float) -> bool:
    limit_s = time.monotonic() + within_s
    while time.monotonic() < limit_s:
        if not any(_runs(pid) for pid in family):
            process.poll()  # the first of the family is a zombie until its parent takes notice
            return True
        time.sleep(0.05)
    return False


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
