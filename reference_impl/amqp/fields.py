"""The plain values that the AMQP wire format and the AMQP core have in common.

A field table keeps the wire type of every value, because RabbitMQ's semantics depend on it: an
integer of any width equals an integer of any other, but never a string (`type_class/1` in
rabbit_misc), and error texts name the type. Types carry RabbitMQ's own names:

    longstr, signedint, long, short, byte, unsignedbyte, unsignedshort, unsignedint, bool, float,
    double, decimal, timestamp, table, array, binary, void
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Field(NamedTuple):
    """One typed value: `value` is str for longstr, bytes for binary, int, float, bool, a `Table`
    for table, a list of `Field` for array, (scale, unscaled) for decimal, None for void."""

    type: str
    value: Any


Table = dict[str, Field]

INTEGER_TYPES = frozenset(
    ("byte", "short", "signedint", "long", "unsignedbyte", "unsignedshort", "unsignedint")
)


def longstr(value: str) -> Field:
    """Return a string as a field."""
    return Field("longstr", value)


PROPERTY_NAMES = (
    "content_type",
    "content_encoding",
    "headers",
    "delivery_mode",
    "priority",
    "correlation_id",
    "reply_to",
    "expiration",
    "message_id",
    "timestamp",
    "type",
    "user_id",
    "app_id",
    "cluster_id",
)
"""In the order of their flags in the content header, highest bit first (XML class basic)."""


class Properties:
    """The 14 properties of a basic message; None where the publisher set none.

    Class attributes are the defaults, so that decoding pays only for what is present. `raw` holds
    the property flags and list exactly as received, or None for properties that the broker made
    itself and that have not been encoded yet.
    """

    content_type: str | None = None
    content_encoding: str | None = None
    headers: Table | None = None
    delivery_mode: int | None = None
    priority: int | None = None
    correlation_id: str | None = None
    reply_to: str | None = None
    expiration: str | None = None
    message_id: str | None = None
    timestamp: int | None = None
    type: str | None = None
    user_id: str | None = None
    app_id: str | None = None
    cluster_id: str | None = None
    raw: bytes | None = None

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def replace(self, **changes: Any) -> Properties:
        """Return a copy with `changes`; it has no `raw` form."""
        return Properties(**{**self.__dict__, "raw": None, **changes})
