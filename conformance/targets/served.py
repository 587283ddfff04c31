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

from conformance.drivers.registry import DRIVERS
from conformance.errors import TargetError
from conformance.targets import descriptor
from conformance.targets.embedded import Emulation, emulation
from conformance.targets.model import Capabilities, Target
from conformance.targets.ports import LOOPBACK

READY_WITHIN_S = 20.0
STOP_WITHIN_S = 10.0

VERSION_OPTIONS = {"amqp": "--rabbitmq", "kafka": "--kafka-version"}


class ServedReferenceTarget(Target):
    """`brokertck serve` with a temporary data directory; can be killed."""

    def __init__(self, emulated: Emulation | None = None, *, durable: bool = True) -> None:
        self._emulation = emulated or emulation("")
        self.name = f"process:reference{self._emulation.text}"
        self.protocols = self._emulation.protocols
        self.version = self._emulation.versions.get("kafka")
        controls = dict.fromkeys(("restart", "kill"), True)
        self.capabilities = Capabilities({**self._emulation.capabilities, **controls})
        self._durable = durable
        self._data: Path | None = None
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        if self._durable:
            self._data = Path(tempfile.mkdtemp(prefix="brokertck-served-"))
        self._launch()

    def _launch(self) -> None:
        command = [sys.executable, "-m", "reference_impl"]
        for protocol, address in self.endpoints.items():
            command += [f"--{protocol}", f"{LOOPBACK}:{address.port}"]
        for protocol, version in self._emulation.versions.items():
            command += [VERSION_OPTIONS[protocol], version]
        if "kafka" in self.protocols:
            for name, value in descriptor.shipped()["kafka"]["settings"].items():
                command += ["--kafka-setting", f"{name}={value}"]
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
        addresses = {
            protocol: DRIVERS[protocol].parse_url(
                ready[protocol] if "//" in ready[protocol] else f"{protocol}://{ready[protocol]}"
            )
            for protocol in self.protocols
        }
        self.endpoints = addresses

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
        self.endpoints = {}
        if self._data is not None:
            shutil.rmtree(self._data, ignore_errors=True)
            self._data = None

    def restart(self, *, kill: bool = False) -> None:
        self._halt(signal.SIGKILL if kill else signal.SIGTERM)
        self._launch()

    def describe(self) -> Mapping[str, Any]:
        return {"kind": "process", "emulates": self._emulation.describe()}

    @property
    def pid(self) -> int:
        """The broker's process, for measurements."""
        assert self._process is not None
        return self._process.pid
