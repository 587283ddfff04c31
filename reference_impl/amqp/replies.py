"""What the broker says of itself and of errors."""

from __future__ import annotations

from reference_impl.amqp.fields import Field, longstr
from reference_impl.errors import Refusal

MAX_TEXT_OCTETS = 255


def reply_text(refusal: Refusal) -> str:
    """NAME - explanation, cut to what a short string holds (amqp_exception_explanation). Names
    that are no UTF-8 are shown as Latin-1."""
    if not refusal.text:
        return refusal.name
    octets = f"{refusal.name} - {refusal.text}".encode("utf-8", "surrogateescape")
    text = octets.decode("utf-8", "surrogateescape")
    text = "".join(chr(ord(c) - 0xDC00) if 0xDC80 <= ord(c) <= 0xDCFF else c for c in text)
    octets = text.encode()
    if len(octets) <= MAX_TEXT_OCTETS:
        return text
    return octets[: MAX_TEXT_OCTETS - 3].decode(errors="ignore") + "..."


def server_properties(version: str) -> dict[str, Field]:
    """The server-properties of connection.start (rabbit_reader:server_properties)."""
    capabilities = (
        "publisher_confirms",
        "exchange_exchange_bindings",
        "basic.nack",
        "consumer_cancel_notify",
        "connection.blocked",
        "consumer_priorities",
        "authentication_failure_close",
        "per_consumer_qos",
        "direct_reply_to",
    )
    return {
        "capabilities": Field("table", {name: Field("bool", True) for name in capabilities}),
        "cluster_name": longstr("rabbit@localhost"),
        "copyright": longstr("brokertck contributors"),
        "information": longstr("Licensed under the Apache License 2.0"),
        "platform": longstr("brokertck reference"),
        "product": longstr("RabbitMQ"),
        "version": longstr(version),
    }
