"""amqp:// URLs, as RabbitMQ defines them."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from conformance.drivers.amqp.client import Endpoint
from conformance.errors import UsageError

DEFAULT_PORT = 5672


def parse_amqp_url(url: str) -> Endpoint:
    """Parse amqp://USER:PASSWORD@HOST:PORT/VHOST; everything but the host has a default.

    An absent path is the virtual host "/"; so is a lone slash, which most clients treat that way.
    Raises UsageError.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is not a URL: {error}") from error
    if parts.scheme != "amqp" or not parts.hostname:
        raise UsageError(
            f"{url!r} is not an AMQP address; write amqp://USER:PASSWORD@HOST:PORT/VHOST"
        )
    return Endpoint(
        host=parts.hostname,
        port=DEFAULT_PORT if port is None else port,
        username=unquote(parts.username) if parts.username else "guest",
        password=unquote(parts.password) if parts.password else "guest",
        virtual_host=unquote(parts.path[1:]) or "/",
    )


def without_password(target: str) -> str:
    """The text of a target as it may be published: a password in a URL becomes "***"."""
    if not target.startswith("amqp://"):
        return target
    endpoint = parse_amqp_url(target)
    if (endpoint.username, endpoint.password) == ("guest", "guest"):
        return target
    return target.replace(f":{urlsplit(target).password}@", ":***@", 1)
