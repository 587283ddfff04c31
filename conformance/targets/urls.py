"""amqp:// URLs, as RabbitMQ defines them, and kafka:// addresses."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from conformance.drivers.amqp.endpoint import Endpoint
from conformance.drivers.kafka.endpoint import KafkaEndpoint
from conformance.errors import UsageError

DEFAULT_PORT = 5672
DEFAULT_KAFKA_PORT = 9092
_PASSWORD = re.compile(r"(?<=://)([^:@/]*):(.*)@")


def parse_amqp_url(url: str) -> Endpoint:
    """Parse amqp://USER:PASSWORD@HOST:PORT/VHOST; everything but the host has a default.

    User, password and virtual host are percent-encoded. An absent path is the virtual host "/"; so
    is a lone slash, which most clients treat that way. Raises UsageError, without the password.
    """
    shown = repr(without_password(url))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(
            f"{shown} is not a URL ({_without_texts(error)}); percent-encode what is special in "
            "user and password"
        ) from error
    if parts.scheme != "amqp" or not parts.hostname:
        raise UsageError(
            f"{shown} is not an AMQP address; write amqp://USER:PASSWORD@HOST:PORT/VHOST"
        )
    if parts.query or parts.fragment:
        raise UsageError(
            f"{shown} has parameters after the virtual host, which the kit does not understand; "
            "remove them"
        )
    return Endpoint(
        host=parts.hostname,
        port=DEFAULT_PORT if port is None else port,
        username=unquote(parts.username) if parts.username else "guest",
        password="guest" if parts.password is None else unquote(parts.password),
        virtual_host=unquote(parts.path[1:]) or "/",
    )


def parse_kafka_url(url: str) -> KafkaEndpoint:
    """Parse kafka://HOST:PORT, the address of any broker of a cluster. Raises UsageError."""
    shown = repr(without_password(url))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{shown} is not a URL ({_without_texts(error)})") from error
    rest = (parts.username, parts.path.strip("/"), parts.query, parts.fragment)
    if parts.scheme != "kafka" or not parts.hostname or any(rest):
        raise UsageError(f"{shown} is not a Kafka address; write kafka://HOST:PORT")
    return KafkaEndpoint(parts.hostname, DEFAULT_KAFKA_PORT if port is None else port)


def without_password(target: str) -> str:
    """The text of a target as it may be published: a password in a URL becomes "***"."""
    return _PASSWORD.sub(_starred, target)


def _starred(match: re.Match[str]) -> str:
    user, password = match.groups()
    return match.group() if user == password == "guest" else f"{user}:***@"


def _without_texts(error: ValueError) -> str:
    """What urlsplit says, without the piece of the URL that it quotes."""
    return re.sub(r"['\"].*['\"]", "...", str(error))
