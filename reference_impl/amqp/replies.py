"""What the broker says of itself and of errors."""

from __future__ import annotations

from reference_impl.amqp.fields import Field, longstr
from reference_impl.amqp.versions import Dialect
from reference_impl.errors import Refusal

MAX_TEXT_OCTETS = 255


def reply_text(refusal: Refusal, dialect: Dialect) -> str | None:
    """NAME - explanation, cut to 255; None for a text that does not fit into a short string.

    Names that are no UTF-8 are shown as Latin-1.
    Source: rabbit_binary_generator:amqp_exception_explanation.
    """
    if not refusal.text:
        return refusal.name
    text = "".join(map(_shown, f"{refusal.name} - {refusal.text}"))
    if dialect.cuts_texts_by_characters:
        if len(text) > MAX_TEXT_OCTETS:
            text = text[: MAX_TEXT_OCTETS - 3] + "..."
        return text if len(text.encode()) <= MAX_TEXT_OCTETS else None
    octets = text.encode()
    if len(octets) <= MAX_TEXT_OCTETS:
        return text
    return octets[: MAX_TEXT_OCTETS - 3].decode(errors="ignore") + "..."


def _shown(character: str) -> str:
    """An octet that was no UTF-8 stands in the text as a surrogate."""
    code = ord(character)
    return chr(code - 0xDC00) if 0xDC80 <= code <= 0xDCFF else character


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
