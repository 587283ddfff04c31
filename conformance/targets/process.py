"""RabbitMQ as installed on this machine, started privately: own data, own ports, own cookie."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from conformance.drivers.amqp.endpoint import Endpoint
from conformance.errors import TargetError, UsageError
from conformance.targets.model import Capabilities, Target, all_features
from conformance.targets.ports import LOOPBACK, free_ports
from conformance.targets.rabbitmqctl import RabbitMqControl
from conformance.targets.readiness import wait_ready

SERVER_CANDIDATES = ("/usr/lib/rabbitmq/bin/rabbitmq-server",)
"""The script of the package itself: the one on the PATH switches to another user."""

STOP_WITHIN_S = 30.0
START_ATTEMPTS = 3
"""A port can be taken between our choice and the node's bind; it ends its boot then."""

_CONFIG = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
loopback_users = none
distribution.listener.interface = 127.0.0.1
distribution.listener.port_range.min = {dist}
distribution.listener.port_range.max = {dist}
log.console.level = warning
"""


class RabbitMqProcessTarget(Target):
    """One RabbitMQ node in a temporary directory."""

    product = "RabbitMQ"

    def __init__(self) -> None:
        self.name = "process:rabbitmq"
        self.protocols = ("amqp",)
        controls = dict.fromkeys(("restart", "kill", "alarm", "vhosts", "users"), True)
        features = all_features(self.protocols)
        self.capabilities = Capabilities({**features, **controls})
        self._server = _find_server()
        self._home: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}
        self._node = ""

    # -- life -------------------------------------------------------------------------------

    def start(self) -> None:
        for attempt in range(1, START_ATTEMPTS + 1):
            self._prepare()
            try:
                self._launch()
                return
            except TargetError:
                self.stop()
                if attempt == START_ATTEMPTS:
                    raise

    def _prepare(self) -> None:
        home = self._home = Path(tempfile.mkdtemp(prefix="brokertck-rabbitmq-"))
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
        self._amqp = Endpoint(LOOPBACK, amqp)

    def _launch(self) -> None:
        assert self._home is not None
        with (self._home / "out.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._server)],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self._environment,
                cwd=self._home,
                start_new_session=True,
            )
        process = self._process
        wait_ready(self.name, self.amqp, lambda: process.poll() is None, self._last_words)

    def _last_words(self) -> str:
        assert self._home is not None
        lines = (self._home / "out.log").read_text(errors="replace").strip().splitlines()
        return " / ".join(line.strip() for line in lines[-3:]) or "no output"

    def _halt(self, number: signal.Signals) -> None:
        """End the node and everything that it started, and wait until it is gone."""
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

    # -- description and control ------------------------------------------------------------

    def describe(self) -> Mapping[str, Any]:
        config = re.sub(r"\d{5}", "PORT", _CONFIG.format(amqp=20000, dist=20000))
        return {"kind": "process", "server": str(self._server), "configuration": config}

    @property
    def pid(self) -> int:
        """The process whose children are the node; for measurements."""
        assert self._process is not None
        return self._process.pid

    def _control(self) -> RabbitMqControl:
        program = self._server.with_name("rabbitmqctl")
        return RabbitMqControl(self.name, [str(program), "-n", self._node], self._environment)

    def restart(self, *, kill: bool = False) -> None:
        self._halt(signal.SIGKILL if kill else signal.SIGTERM)
        self._launch()

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


def _send_signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _gone(process: subprocess.Popen[bytes], family: list[int], within_s: float) -> bool:
    limit_s = time.monotonic() + within_s
    while time.monotonic() < limit_s:
        process.poll()
        if not any(_runs(pid) for pid in family):
            return True
        time.sleep(0.05)
    return False


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
