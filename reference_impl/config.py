"""What a broker can be asked to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reference_impl.amqp.core.access import Permissions, User
from reference_impl.amqp.core.broker import GUEST
from reference_impl.amqp.versions import DEFAULT_VERSION
from reference_impl.errors import ConfigurationError
from reference_impl.kafka.versions import DEFAULT_VERSION as DEFAULT_KAFKA_VERSION

LOOPBACK = "127.0.0.1"
MAX_PORT = 65_535


@dataclass(frozen=True)
class Config:
    """Settings of one reference broker.

    `amqp` and `kafka` are where to listen, as (host, port); port 0 picks a free one, None does not
    listen. With `kafka_sasl` Kafka's clients must log in as one of `users`. `kafka_settings` are
    settings of the Kafka broker by Kafka's names, such as "num.partitions".
    `data` is the directory of a durable broker; None keeps everything in memory.
    """

    rabbitmq: str = DEFAULT_VERSION
    amqp: tuple[str, int] | None = (LOOPBACK, 0)
    kafka_version: str = DEFAULT_KAFKA_VERSION
    kafka: tuple[str, int] | None = (LOOPBACK, 0)
    kafka_sasl: bool = False
    kafka_settings: Mapping[str, str] = field(default_factory=dict)
    data: Path | None = None
    fsync: bool = False
    vhosts: tuple[str, ...] = ("/",)
    users: tuple[User, ...] = field(default=(GUEST,))


def parse_address(text: str) -> tuple[str, int]:
    """Parse "HOST:PORT", or "PORT" for the loopback interface. Raises ConfigurationError."""
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit()) or int(port) > MAX_PORT:
        raise ConfigurationError(
            f"{text!r} is not an address; write HOST:PORT with a port from 0 to {MAX_PORT}, "
            "0 for any free one"
        )
    return host or LOOPBACK, int(port)


def parse_setting(text: str) -> tuple[str, str]:
    """Parse "NAME=VALUE". Raises ConfigurationError."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ConfigurationError(f"{text!r} is not a setting; write NAME=VALUE")
    return name.strip(), value.strip()


def user(name: str, password: str, vhosts: Iterable[str] = ("/",)) -> User:
    """Return a user with all permissions in `vhosts`."""
    return User(name, password, {vhost: Permissions() for vhost in vhosts})
