"""pamqp's names for what the specification table of the reference calls otherwise."""

from __future__ import annotations

import re
from typing import Any

from pamqp import base, commands

FIELD_NAMES = {
    "no_wait": "nowait",
    "exchange.declare type": "exchange_type",
    "connection.open reserved_1": "capabilities",
    "connection.open reserved_2": "insist",
    "connection.open-ok reserved_1": "known_hosts",
    "channel.open reserved_1": "out_of_band",
    "channel.open-ok reserved_1": "channel_id",
}
"""By field, or by method and field: pamqp calls reserved fields as AMQP 0-8 did."""

MISSING = frozenset(("access.request", "access.request-ok"))
"""Methods of the specification table that pamqp does not have: the class was dropped from the
specification, and RabbitMQ still answers it."""


def field_name(method: str, name: str) -> str:
    """Return what pamqp calls a field."""
    return FIELD_NAMES.get(f"{method} {name}") or FIELD_NAMES.get(name, name)


def _full_name(command: type[base.Frame]) -> str:
    class_name, method = command.name.split(".")
    return f"{class_name.lower()}.{re.sub(r'(?<!^)(?=[A-Z])', '-', method).lower()}"


COMMANDS: dict[str, type[base.Frame]] = {
    _full_name(command): command for command in commands.INDEX_MAPPING.values()
}
"""Every method of pamqp by the name that the specification gives it."""


def command(name: str, *values: Any) -> base.Frame:
    """Return a method of pamqp with all its fields set, in wire order.

    It checks nothing: pamqp refuses names that are too long, tickets and the like.
    """
    kind = COMMANDS[name]
    unchecked = type(kind.__name__, (kind,), {"validate": lambda _: None})
    made: base.Frame = unchecked.__new__(unchecked)
    for field, value in zip(kind.attributes(), values, strict=True):
        setattr(made, field, value)
    return made


def unmarshalled(name: str, octets: bytes) -> base.Frame:
    """Return what pamqp reads out of the fields of a method."""
    kind = COMMANDS[name]
    made = kind.__new__(kind)
    made.unmarshal(octets)
    return made
