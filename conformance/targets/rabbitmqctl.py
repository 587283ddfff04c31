"""What the kit does to a RabbitMQ that it started, through rabbitmqctl."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from conformance.errors import TargetError

COMMAND_TIMEOUT_S = 60
"""rabbitmqctl takes 1.5 to 3 s here; a node that is just starting may need far longer."""


class RabbitMqControl:
    """Runs rabbitmqctl behind a command prefix: in a container, or with a private environment."""

    def __init__(
        self, name: str, prefix: Sequence[str], environment: dict[str, str] | None = None
    ) -> None:
        self._name = name
        self._prefix = list(prefix)
        self._environment = environment

    def run(self, *arguments: str) -> str:
        """Return what the command prints. Raises TargetError if it fails."""
        try:
            done = subprocess.run(
                [*self._prefix, *arguments],
                capture_output=True,
                text=True,
                timeout=COMMAND_TIMEOUT_S,
                env=self._environment,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TargetError(
                f"target {self._name}: rabbitmqctl {arguments[0]} took longer than "
                f"{COMMAND_TIMEOUT_S} s"
            ) from error
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise TargetError(f"target {self._name}: rabbitmqctl {arguments[0]} failed: {said}")
        return done.stdout

    def set_alarm(self, active: bool) -> None:
        """Move the memory limit below or above what the node uses (docs: alarms)."""
        self.run("set_vm_memory_high_watermark", "0.00001" if active else "0.6")

    def create_vhost(self, name: str, user: str) -> None:
        self.run("add_vhost", name)
        self.run("set_permissions", "-p", name, user, ".*", ".*", ".*")

    def create_user(
        self, vhost: str, name: str, password: str, configure: str, write: str, read: str
    ) -> None:
        self.run("add_user", name, password)
        self.run("set_permissions", "-p", vhost, name, configure, write, read)
