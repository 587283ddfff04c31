"""RabbitMQ as installed on this machine, started privately: own data, own ports, own cookie."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.drivers.amqp.endpoint import Endpoint
from conformance.errors import UsageError
from conformance.targets.model import Capabilities, all_features
from conformance.targets.ports import LOOPBACK, free_ports
from conformance.targets.process import ProcessTarget
from conformance.targets.rabbitmqctl import RabbitMqControl

SERVER_CANDIDATES = ("/usr/lib/rabbitmq/bin/rabbitmq-server",)
"""The script of the package itself: the one on the PATH switches to another user."""

_CONFIG = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
loopback_users = none
distribution.listener.interface = 127.0.0.1
distribution.listener.port_range.min = {dist}
distribution.listener.port_range.max = {dist}
log.console.level = warning
"""


class RabbitMqProcessTarget(ProcessTarget):
    """One RabbitMQ node in a temporary directory."""

    product = "RabbitMQ"

    def __init__(self) -> None:
        super().__init__()
        self.name = "process:rabbitmq"
        self.protocols = ("amqp",)
        controls = dict.fromkeys(("restart", "kill", "alarm", "vhosts", "users"), True)
        features = all_features(self.protocols)
        self.capabilities = Capabilities({**features, **controls})
        self._server = _find_server()
        self._environment: dict[str, str] = {}
        self._node = ""

    def prepare(self, home: Path) -> None:
        amqp, dist = free_ports(2)
        (home / "rabbitmq.conf").write_text(_CONFIG.format(amqp=amqp, dist=dist))
        (home / "plugins").write_text("[].\n")
        self._node = f"tck{amqp}@localhost"
        self._environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "ERL_EPMD_ADDRESS": LOOPBACK,
        }
        self.endpoints = {"amqp": Endpoint(LOOPBACK, amqp)}

    def command(self) -> Sequence[str]:
        return [str(self._server)]

    def environment(self) -> Mapping[str, str]:
        return self._environment

    # -- description and control ------------------------------------------------------------

    def describe(self) -> Mapping[str, Any]:
        config = re.sub(r"\d{5}", "PORT", _CONFIG.format(amqp=20000, dist=20000))
        return {"kind": "process", "server": str(self._server), "configuration": config}

    def _control(self) -> RabbitMqControl:
        program = self._server.with_name("rabbitmqctl")
        return RabbitMqControl(self.name, [str(program), "-n", self._node], self._environment)

    def set_alarm(self, active: bool) -> None:
        self._control().set_alarm(active)

    def create_vhost(self, name: str) -> None:
        self._control().create_vhost(name, self.amqp.username)

    def create_user(self, name: str, password: str, configure: str, write: str, read: str) -> None:
        vhost = self.amqp.virtual_host
        self._control().create_user(vhost, name, password, configure, write, read)


def _find_server() -> Path:
    for candidate in SERVER_CANDIDATES:
        if Path(candidate).is_file():
            return Path(candidate)
    raise UsageError(
        "process:rabbitmq needs RabbitMQ on this machine; install it (Debian: apt-get install "
        "rabbitmq-server), or use the container target rabbitmq:VERSION"
    )
