"""The reference broker inside this process: the only place where the kit imports it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.drivers.amqp.endpoint import Endpoint
from conformance.drivers.kafka.endpoint import KafkaEndpoint
from conformance.drivers.registry import DRIVERS
from conformance.errors import TargetError, UsageError
from conformance.targets import descriptor
from conformance.targets.model import Address, Capabilities, Target, all_features
from reference_impl import BrokerError, ReferenceBroker, UnknownVersion
from reference_impl.amqp.methods import UNSERVED as UNSERVED_METHODS
from reference_impl.amqp.versions import DEFAULT_VERSION as DEFAULT_RABBITMQ
from reference_impl.amqp.versions import dialect_for
from reference_impl.kafka.apis import UNSERVED as UNSERVED_APIS
from reference_impl.kafka.versions import DEFAULT_VERSION as DEFAULT_KAFKA
from reference_impl.kafka.versions import dialect_for as kafka_dialect_for

UNSERVED_FEATURES = ("quorum-queues", "streams")


@dataclass(frozen=True)
class Emulation:
    """What the reference is to be: the versions of one product or of all.

    `text` is what follows "reference" in the name of a target; `versions` are by protocol.
    """

    text: str
    versions: Mapping[str, str]

    @property
    def protocols(self) -> tuple[str, ...]:
        return tuple(self.versions)

    @property
    def options(self) -> dict[str, str]:
        """Arguments of ReferenceBroker."""
        return {PRODUCTS[protocol]: version for protocol, version in self.versions.items()}

    @property
    def capabilities(self) -> dict[str, bool]:
        """Features that the reference has."""
        features = all_features(self.protocols)
        return {name: name not in UNSERVED_FEATURES for name in features}

    def describe(self) -> str:
        """The emulated versions as a report tells them."""
        products = [
            f"{DRIVERS[protocol].product} {version}" for protocol, version in self.versions.items()
        ]
        return " and ".join(products)


LACKS = {
    "amqp": f"{', '.join(UNSERVED_METHODS)}; quorum queues, streams, policies, TLS, clusters",
    "kafka": f"{', '.join(UNSERVED_APIS)}; quotas, ACLs, TLS, clusters",
}
"""What the reference does not serve, by protocol."""

AMQP_CONTROLS = ("alarm", "vhosts", "users")

PRODUCTS = {"amqp": "rabbitmq", "kafka": "kafka"}
"""How the reference calls the product of each protocol."""


def emulation(text: str) -> Emulation:
    """Parse what may follow "reference:": nothing, VERSION (of RabbitMQ) or PRODUCT:VERSION.

    Raises UsageError for what is not emulated.
    """
    newest = {"amqp": DEFAULT_RABBITMQ, "kafka": DEFAULT_KAFKA}
    if not text:
        return Emulation("", newest)
    product, _, version = text.rpartition(":")
    if text in PRODUCTS.values():
        product, version = text, ""
    protocol = next((p for p, name in PRODUCTS.items() if name == (product or "rabbitmq")), None)
    if protocol is None:
        raise UsageError(f"the reference emulates no {product!r}; it can be rabbitmq or kafka")
    check = {"amqp": dialect_for, "kafka": kafka_dialect_for}[protocol]
    try:
        check(version or newest[protocol])
    except UnknownVersion as error:
        raise UsageError(str(error)) from error
    return Emulation(f":{text}", {protocol: version or newest[protocol]})


class EmbeddedTarget(Target):
    """The reference, emulating one version of each product, durable in a temporary directory."""

    def __init__(self, emulated: Emulation | None = None) -> None:
        self._emulation = emulated or emulation("")
        self.name = f"reference{self._emulation.text}"
        self.protocols = self._emulation.protocols
        self.version = self._emulation.versions.get("kafka")
        self.lacks = {protocol: LACKS[protocol] for protocol in self.protocols}
        controls = ("restart", *(AMQP_CONTROLS if "amqp" in self.protocols else ()))
        self.capabilities = Capabilities(
            {**self._emulation.capabilities, **dict.fromkeys(controls, True)}
        )
        self._data: Path | None = None
        self._broker: ReferenceBroker | None = None
        self._users: list[tuple[str, str, str, str, str]] = []
        """Created users, which the reference does not keep over a restart."""

    def start(self) -> None:
        self._users.clear()
        self._data = Path(tempfile.mkdtemp(prefix="brokertck-reference-"))
        self._broker = self._new_broker()
        self._listen()

    def _new_broker(self) -> ReferenceBroker:
        """A broker on the ports of the one before, if there was one."""
        ports = {f"{protocol}_port": address.port for protocol, address in self.endpoints.items()}
        options: dict[str, Any] = {**self._emulation.options, **ports}
        if "kafka" in self.protocols:
            options["kafka_settings"] = descriptor.shipped()["kafka"]["settings"]
        return ReferenceBroker(data=self._data, **options)

    def _listen(self) -> None:
        assert self._broker is not None
        try:
            self._broker.start()
        except BrokerError as error:
            self._broker = None
            raise TargetError(f"target {self.name}: it cannot start: {error}") from error
        addresses: dict[str, Address] = {
            "amqp": Endpoint(*self._broker.amqp_address),
            "kafka": KafkaEndpoint(*self._broker.kafka_address),
        }
        self.endpoints = {protocol: addresses[protocol] for protocol in self.protocols}

    def stop(self) -> None:
        self.endpoints = {}
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
        return {"kind": "embedded", "emulates": self._emulation.describe()}

    def restart(self, *, kill: bool = False) -> None:
        self._halt()
        self._broker = self._new_broker()
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
