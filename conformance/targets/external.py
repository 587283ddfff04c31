"""A broker that somebody else runs."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.drivers.amqp.client import Endpoint
from conformance.errors import TargetError
from conformance.targets.model import Capabilities, Target, all_features

COMMAND_TIMEOUT_S = 120
"""Longest time that a start, stop or restart command of a descriptor may take."""


class ExternalTarget(Target):
    """Reached at an address; started and stopped by commands, if its descriptor has some."""

    def __init__(
        self,
        name: str,
        amqp: Endpoint,
        *,
        product: str | None = None,
        capabilities: Mapping[str, bool] | None = None,
        commands: Mapping[str, Sequence[str]] | None = None,
        description: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.product = product
        self.protocols = ("amqp",)
        self._commands = dict(commands or {})
        controls = {"restart": "restart" in self._commands, "kill": "kill" in self._commands}
        self.capabilities = Capabilities(
            {**all_features(self.protocols), **controls, **(capabilities or {})}
        )
        self._endpoint = amqp
        self._description = dict(description or {})
        self._started = False

    def start(self) -> None:
        self._run("start")
        self._started = True
        self._amqp = self._endpoint

    def stop(self) -> None:
        if self._started:
            self._started = False
            self._run("stop")

    def restart(self, *, kill: bool = False) -> None:
        self._run("kill" if kill else "restart")

    def describe(self) -> Mapping[str, Any]:
        endpoint = self._endpoint
        return {
            "kind": "external",
            "address": f"{endpoint.host}:{endpoint.port}",
            "virtual_host": endpoint.virtual_host,
            **self._description,
        }

    def _run(self, action: str) -> None:
        command = self._commands.get(action)
        if command is None:
            return
        shown = shlex.join(command)
        try:
            done = subprocess.run(
                list(command),
                capture_output=True,
                text=True,
                timeout=COMMAND_TIMEOUT_S,
                check=False,
            )
        except FileNotFoundError as error:
            raise TargetError(
                f"target {self.name}: {action} command {shown!r} not found; check [commands] in "
                "its descriptor"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise TargetError(
                f"target {self.name}: {action} command {shown!r} took longer than "
                f"{COMMAND_TIMEOUT_S} s"
            ) from error
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise TargetError(
                f"target {self.name}: {action} command {shown!r} failed with exit code "
                f"{done.returncode}: {said[-1] if said else 'no output'}"
            )
