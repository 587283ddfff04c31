"""A broker that somebody else runs."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.drivers.registry import DRIVERS
from conformance.errors import TargetError
from conformance.targets.model import Address, Capabilities, Target, all_features
from conformance.targets.readiness import wait_ready

COMMAND_TIMEOUT_S = 120
"""Longest time that a start, stop or restart command of a descriptor may take."""


class ExternalTarget(Target):
    """Reached at an address; started and stopped by commands, if its descriptor has some.

    A command may leave the broker running in the background; the kit waits until it lets a client
    in. After `kill` comes `start`.
    """

    def __init__(
        self,
        name: str,
        endpoints: Mapping[str, Address],
        *,
        product: str | None = None,
        capabilities: Mapping[str, bool] | None = None,
        commands: Mapping[str, Sequence[str]] | None = None,
        description: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.product = product
        self.protocols = tuple(endpoints)
        self._commands = dict(commands or {})
        controls = {"restart": "restart" in self._commands, "kill": "kill" in self._commands}
        self.capabilities = Capabilities(
            {**all_features(self.protocols), **controls, **(capabilities or {})}
        )
        self._endpoints = dict(endpoints)
        self._description = dict(description or {})
        self._started = False
        self.side_by_side = not self._commands

    @property
    def addresses(self) -> list[Address]:
        """Where it is reached, started or not."""
        return list(self._endpoints.values())

    def start(self) -> None:
        # Before the command: one that fails halfway may have started something.
        self._started = True
        self.endpoints = self._endpoints
        self._run("start")
        if "start" in self._commands:
            self._wait_ready()

    def stop(self) -> None:
        if self._started:
            self._started = False
            self._run("stop")

    def restart(self, *, kill: bool = False) -> None:
        if kill:
            self._run("kill")
            self._run("start")
        else:
            self._run("restart")
        self._wait_ready()

    def _wait_ready(self) -> None:
        wait_ready(self.name, self.endpoints, lambda: True, lambda: "")

    def describe(self) -> Mapping[str, Any]:
        described = {"kind": "external"}
        for protocol, endpoint in self._endpoints.items():
            described.update(DRIVERS[protocol].describe(endpoint))
        return {**described, **self._description}

    def _run(self, action: str) -> None:
        command = self._commands.get(action)
        if command is None:
            return
        shown = shlex.join(command)
        # Into a file, not a pipe: a broker that the command leaves running would hold a pipe open.
        with tempfile.TemporaryFile("w+", errors="replace") as output:
            try:
                code = subprocess.run(
                    list(command),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=COMMAND_TIMEOUT_S,
                    check=False,
                ).returncode
            except OSError as error:
                raise TargetError(
                    f"target {self.name}: {action} command {shown!r} cannot be run "
                    f"({error.strerror}); check [commands] in its descriptor"
                ) from error
            except subprocess.TimeoutExpired as error:
                raise TargetError(
                    f"target {self.name}: {action} command {shown!r} took longer than "
                    f"{COMMAND_TIMEOUT_S} s"
                ) from error
            output.seek(0)
            said = output.read().strip().splitlines()
        if code != 0:
            raise TargetError(
                f"target {self.name}: {action} command {shown!r} failed with exit code "
                f"{code}: {said[-1] if said else 'no output'}"
            )
