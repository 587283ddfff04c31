"""The reference broker inside this process: the only place where the kit imports it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.drivers.amqp.endpoint import Endpoint
from conformance.errors import TargetError, UsageError
from conformance.targets.model import Capabilities, Target, all_features
from reference_impl import BrokerError, ReferenceBroker, UnknownVersion
from reference_impl.amqp.versions import dialect_for

UNSERVED_FEATURES = ("quorum-queues", "streams")


class EmbeddedTarget(Target):
    """The reference, emulating one version, durable in a temporary directory.

    Raises UsageError for a version that it does not emulate.
    """

    product = "RabbitMQ"

    def __init__(self, version: str | None = None) -> None:
        self.name = "reference" if version is None else f"reference:{version}"
        self.protocols = ("amqp",)
        features = all_features(self.protocols)
        features.update(dict.fromkeys(UNSERVED_FEATURES, False))
        controls = dict.fromkeys(("restart", "alarm", "vhosts", "users"), True)
        self.capabilities = Capabilities({**features, **controls})
        check_version(version)
        self._version = version
        self._data: Path | None = None
        self._broker: ReferenceBroker | None = None
        self._users: list[tuple[str, str, str, str, str]] = []
        """Created users, which the reference does not keep over a restart."""

    def start(self) -> None:
        self._users.clear()
        self._data = Path(tempfile.mkdtemp(prefix="brokertck-reference-"))
        self._broker = self._new_broker(0)
        self._listen()

    def _new_broker(self, port: int) -> ReferenceBroker:
        options: dict[str, Any] = {} if self._version is None else {"rabbitmq": self._version}
        return ReferenceBroker(data=self._data, amqp_port=port, **options)

    def _listen(self) -> None:
        assert self._broker is not None
        try:
            self._broker.start()
        except BrokerError as error:
            self._broker = None
            raise TargetError(f"target {self.name}: it cannot start: {error}") from error
        host, port = self._broker.amqp_address
        self._amqp = Endpoint(host, port)

    def stop(self) -> None:
        data, self._data = self._data, None
        try:
            self._halt()
        finally:
            if data is not None:
                shutil.rmtree(data, ignore_errors=True)

    def _halt(self) -> None:
        broker, self._broker = self._broker, None
        try:
            if broker is not None:
                broker.stop()
        except BrokerError as error:
            raise TargetError(f"target {self.name}: it failed while it ran: {error}") from error

    def describe(self) -> Mapping[str, Any]:
        return {"kind": "embedded", "emulates": f"RabbitMQ {self._version or 'default'}"}

    def restart(self, *, kill: bool = False) -> None:
        self._halt()
        self._broker = self._new_broker(self.amqp.port)
        self._listen()
        for user in self._users:
            self._create_user(*user)

    def set_alarm(self, active: bool) -> None:
        assert self._broker is not None
        self._broker.set_alarm("memory", active)

    def create_vhost(self, name: str) -> None:
        assert self._broker is not None
        self._broker.create_vhost(name)

    def create_user(self, name: str, password: str, configure: str, write: str, read: str) -> None:
        self._users.append((name, password, configure, write, read))
        self._create_user(name, password, configure, write, read)

    def _create_user(self, name: str, password: str, configure: str, write: str, read: str) -> None:
        assert self._broker is not None
        self._broker.create_user(name, password, configure=configure, write=write, read=read)


def check_version(version: str | None) -> None:
    """Raise UsageError for a RabbitMQ version that the reference does not emulate."""
    try:
        if version is not None:
            dialect_for(version)
    except UnknownVersion as error:
        raise UsageError(str(error)) from error
