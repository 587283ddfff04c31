"""The reference broker as a process of its own: what a user gets from `brokertck serve`."""

from __future__ import annotations

import json
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.drivers.amqp.endpoint import Endpoint
from conformance.errors import TargetError
from conformance.targets.embedded import UNSERVED_FEATURES, check_version
from conformance.targets.model import Capabilities, Target, all_features
from conformance.targets.ports import LOOPBACK

READY_WITHIN_S = 20.0
STOP_WITHIN_S = 10.0


class ServedReferenceTarget(Target):
    """`brokertck serve` with a temporary data directory; can be killed."""

    product = "RabbitMQ"

    def __init__(self, version: str | None = None, *, durable: bool = True) -> None:
        self.name = "process:reference" if version is None else f"process:reference:{version}"
        self.protocols = ("amqp",)
        features = all_features(self.protocols)
        features.update(dict.fromkeys(UNSERVED_FEATURES, False))
        controls = dict.fromkeys(("restart", "kill"), True)
        self.capabilities = Capabilities({**features, **controls})
        check_version(version)
        self._version = version
        self._durable = durable
        self._data: Path | None = None
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        if self._durable:
            self._data = Path(tempfile.mkdtemp(prefix="brokertck-served-"))
        self._launch(0)

    def _launch(self, port: int) -> None:
        command = [sys.executable, "-m", "reference_impl", "--amqp", f"{LOOPBACK}:{port}"]
        if self._version is not None:
            command += ["--rabbitmq", self._version]
        if self._data is not None:
            command += ["--data", str(self._data)]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        ready = json.loads(self._first_line())
        host, _, bound = ready["amqp"].rpartition("@")[2].partition("/")[0].partition(":")
        self._amqp = Endpoint(host, int(bound))

    def _first_line(self) -> str:
        process = self._process
        assert process is not None and process.stdout is not None and process.stderr is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(READY_WITHIN_S):
                self.stop()
                raise TargetError(f"target {self.name}: not ready within {READY_WITHIN_S:g} s")
        line = process.stdout.readline()
        if not line:
            said = process.stderr.read().strip()
            self.stop()
            raise TargetError(f"target {self.name}: the broker ended while starting: {said}")
        return line

    def _halt(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def stop(self) -> None:
        self._halt(signal.SIGTERM)
        if self._data is not None:
            shutil.rmtree(self._data, ignore_errors=True)
            self._data = None

    def restart(self, *, kill: bool = False) -> None:
        port = self.amqp.port
        self._halt(signal.SIGKILL if kill else signal.SIGTERM)
        self._launch(port)

    def describe(self) -> Mapping[str, Any]:
        return {"kind": "process", "emulates": f"RabbitMQ {self._version or 'default'}"}

    @property
    def pid(self) -> int:
        """The broker's process, for measurements."""
        assert self._process is not None
        return self._process.pid
