"""A message, what its properties mean to the broker, and its place in one queue."""

from __future__ import annotations

import copy
from typing import Any

from reference_impl.amqp.fields import Properties, Table
from reference_impl.errors import PreconditionFailed

REPLY_QUEUE = "amq.rabbitmq.reply-to"
"""The pseudo-queue of direct reply-to."""

MAX_TTL_MS = 315_360_000_000
"""Ten years (rabbit_misc:check_expiry)."""


class Content:
    """The properties of a message and everything that the broker reads out of them.

    Made once for each distinct content header and shared by all messages that carry it. A property
    that the broker must refuse is kept in `refusal` until the publish reaches the point where
    RabbitMQ checks it. `needs_checks` tells whether a publish has to look at the properties.
    `altered` tells that `properties` are not those received: the BCC header is never passed on.
    """

    __slots__ = (
        "altered",
        "bcc_keys",
        "extra_keys",
        "has_plain_expiration",
        "needs_checks",
        "persistent",
        "priority",
        "properties",
        "refusal",
        "ttl_ms",
    )

    def __init__(self, properties: Properties) -> None:
        self.properties = properties
        self.persistent = properties.delivery_mode == 2
        self.priority = properties.priority
        self.refusal: PreconditionFailed | None = None
        self.ttl_ms: int | None = None
        self.extra_keys: tuple[str, ...] = ()
        self.bcc_keys: tuple[str, ...] = ()
        self.altered = False
        try:
            if properties.expiration is not None:
                self.ttl_ms = parse_expiration(properties.expiration)
            if properties.headers:
                self.bcc_keys = self._header_keys("BCC")
                self.extra_keys = self._header_keys("CC") + self.bcc_keys
                self._hide_bcc(properties.headers)
        except PreconditionFailed as refusal:
            self.refusal = refusal
        self.has_plain_expiration = self.ttl_ms is None or properties.expiration == str(self.ttl_ms)
        """Whether the expiration is written as the number that it means, such as "7"."""
        self.needs_checks = (
            self.refusal is not None
            or not self.has_plain_expiration
            or properties.user_id is not None
            or properties.delivery_mode not in (None, 1, 2)
            or properties.reply_to == REPLY_QUEUE
            or self.altered
        )

    def _hide_bcc(self, headers: Table) -> None:
        if "BCC" in headers:
            shown = {name: field for name, field in headers.items() if name != "BCC"}
            self.properties = self.properties.replace(headers=shown)
            self.altered = True

    def with_properties(self, **changes: Any) -> Content:
        """Return the same content with these properties shown instead."""
        changed = copy.copy(self)
        changed.properties = self.properties.replace(**changes)
        return changed

    def _header_keys(self, name: str) -> tuple[str, ...]:
        """Routing keys of the CC or BCC header (docs: sender-selected distribution)."""
        field = (self.properties.headers or {}).get(name)
        if field is None:
            return ()
        if field.type != "array":
            raise PreconditionFailed(
                'invalid message: {unacceptable_type_in_header,"%s",%s}' % (name, field.type)
            )
        return tuple(item.value for item in field.value if item.type == "longstr")


def parse_expiration(text: str) -> int:
    """Return the `expiration` property in ms: decimal digits, at most ten years.

    Raises PreconditionFailed with RabbitMQ's text (rabbit_basic:parse_expiration).
    """
    digits = text[1:] if text[:1] in "+-" else text
    length = next((i for i, c in enumerate(digits) if c not in "0123456789"), len(digits))
    if length == 0:
        reason = "no_integer"
    elif length < len(digits):
        reason = '{leftover_string,"%s"}' % digits[length:]
    else:
        value = int(text)
        if 0 <= value <= MAX_TTL_MS:
            return value
        reason = "{value_negative,%d}" % value if value < 0 else "{value_too_large,%d}" % value
    raise PreconditionFailed(f"invalid expiration '{text}': {reason}")


class Message:
    """A published message. Immutable, and shared by every queue that it was routed to.

    `routing_keys` starts with the publisher's key; CC and BCC keys follow. `deaths` is None until
    the message is dead-lettered; `delivery_count` is what versions with
    Dialect.dead_letters_keep_count take along then. `encoded` belongs to the session: the octets of
    exchange and routing key, and the payload of the content header, as received or as first sent.
    """

    __slots__ = (
        "body",
        "content",
        "deaths",
        "delivery_count",
        "encoded",
        "exchange",
        "routing_keys",
    )

    def __init__(
        self,
        exchange: str,
        routing_keys: tuple[str, ...],
        content: Content,
        body: bytes,
        encoded: Any = None,
        deaths: Any = None,
        delivery_count: int = 0,
    ) -> None:
        self.exchange = exchange
        self.routing_keys = routing_keys
        self.content = content
        self.body = body
        self.encoded = encoded
        self.deaths = deaths
        self.delivery_count = delivery_count


class Entry:
    """A message in one queue: its place, its deadline and whether it was delivered before.

    `position` orders a queue and never changes, so that a requeued message finds its place again;
    `expires_at_ms` is fixed when the message enters the queue and survives requeueing.
    `delivery_count` counts the deliveries that were rejected or ended with their channel, not those
    that came back by basic.nack or basic.recover (rabbit_variable_queue:maybe_inc_delivery_count).
    """

    __slots__ = (
        "delivery_count",
        "expires_at_ms",
        "message",
        "position",
        "redelivered",
        "stored",
    )

    def __init__(self, message: Message, position: int, expires_at_ms: int | None) -> None:
        self.message = message
        self.position = position
        self.expires_at_ms = expires_at_ms
        self.delivery_count = message.delivery_count
        self.redelivered = False
        self.stored = False
