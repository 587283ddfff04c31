"""Every difference between RabbitMQ versions that the reference emulates, in one table.

Each field names the behaviour, its docstring line the source. Values were observed on the real
brokers of that version by the conformance suite (reports/) unless the line says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

from reference_impl.errors import UnknownVersion

MIB = 1024 * 1024


@dataclass(frozen=True)
class Dialect:
    """How one version of RabbitMQ behaves where versions differ."""

    version: str
    """The version announced in connection.start; clients switch behaviour on it."""
    unknown_protocol_reply: bytes
    """Answer to a protocol header that is not known (rabbit_reader:refuse_connection)."""
    accepts_protocol_0_8: bool
    """Whether the header of AMQP 0-8 opens a connection (rabbit_reader:version_negotiation)."""
    frame_min_size: int
    """Least frame-max a client may choose, and the largest frame before tuning, in octets."""
    mechanisms: str
    """SASL mechanisms offered, space-separated."""
    unknown_exchange_type_closes_connection: bool
    """503 for the connection (up to 3.12) or 406 for the channel."""
    max_message_size: int
    """Largest body in octets; above it the channel is closed with 406."""
    cc_dropped_with_dead_letter_key: bool
    """Whether a dead-letter routing key removes the CC header (up to 3.12)."""
    last_death_headers: bool
    """Whether x-last-death-* headers accompany x-death (message containers, 3.13)."""
    honours_published_x_death: bool
    """Whether an x-death header sent by a client is continued (up to 3.13; release notes 4.0.1)."""
    rewrites_expiration: bool
    """Whether "007" in the expiration property is passed on as "7" (message containers, 3.13)."""
    least_max_priority: int
    """What x-max-priority 0 counts as (rabbit_priority_queue:priorities)."""
    routes_at_commit: bool
    """Whether a transaction looks queues up at commit (up to 3.12) rather than at publish."""
    global_prefetch: bool
    """Whether basic.qos global=true limits the channel (not by default from 4.3)."""
    headers_compare_numbers_loosely: bool
    """Whether 1 matches 1.0 in a headers exchange (== up to 3.12, =:= from 3.13)."""
    topic_key_hash_limit: int | None
    """Most '#' words in a topic binding key (4.3.5)."""
    checks_body_overrun: bool
    """Whether body octets beyond the announced size are 501 (4.2.9, 4.3)."""
    max_body_size_in_header: int | None
    """Largest announced body size in octets, refused with 501 when exceeded (4.3)."""
    refused_queue_arguments: tuple[str, ...]
    """Deprecated arguments that close the connection with 541 (4.3)."""
    queue_versions: tuple[int, ...]
    """Accepted values of x-queue-version."""
    consumer_timeout_argument: bool
    """Whether x-consumer-timeout is known to classic queues (3.12 to 4.2)."""
    validates_argument_ownership: bool
    """Whether an argument of another queue type is refused on a classic queue."""
    passive_declare_needs_permission: bool
    """Whether a passive declare needs any one permission (4.3.1)."""
    binds_reply_queue: bool
    """Whether amq.rabbitmq.reply-to may be bound (refused with 403 from 4.2.9)."""
    recovered_count_as_redelivered: bool
    """Whether every message is flagged redelivered after a restart (classic queues v2, 4.0), or
    only those delivered before a clean stop."""
    extra_exchange_types: tuple[str, ...]
    """Exchange types of the core beside the four of the specification."""


_V3_10 = Dialect(
    version="3.10.8",
    unknown_protocol_reply=b"AMQP\x00\x00\x09\x01",
    accepts_protocol_0_8=True,
    frame_min_size=4096,
    mechanisms="AMQPLAIN PLAIN",
    unknown_exchange_type_closes_connection=True,
    max_message_size=128 * MIB,
    cc_dropped_with_dead_letter_key=True,
    last_death_headers=False,
    honours_published_x_death=True,
    rewrites_expiration=False,
    least_max_priority=0,
    routes_at_commit=True,
    global_prefetch=True,
    headers_compare_numbers_loosely=True,
    topic_key_hash_limit=None,
    checks_body_overrun=False,
    max_body_size_in_header=None,
    refused_queue_arguments=(),
    queue_versions=(1, 2),
    consumer_timeout_argument=False,
    validates_argument_ownership=True,
    passive_declare_needs_permission=False,
    binds_reply_queue=True,
    recovered_count_as_redelivered=False,
    extra_exchange_types=(),
)

_V4_0 = Dialect(
    version="4.0.5",
    unknown_protocol_reply=b"AMQP\x03\x01\x00\x00",
    accepts_protocol_0_8=False,
    frame_min_size=4096,
    mechanisms="ANONYMOUS PLAIN AMQPLAIN",
    unknown_exchange_type_closes_connection=False,
    max_message_size=16 * MIB,
    cc_dropped_with_dead_letter_key=False,
    last_death_headers=True,
    honours_published_x_death=False,
    rewrites_expiration=True,
    least_max_priority=1,
    routes_at_commit=False,
    global_prefetch=True,
    headers_compare_numbers_loosely=False,
    topic_key_hash_limit=None,
    checks_body_overrun=False,
    max_body_size_in_header=None,
    refused_queue_arguments=(),
    queue_versions=(1, 2),
    consumer_timeout_argument=True,
    validates_argument_ownership=True,
    passive_declare_needs_permission=False,
    binds_reply_queue=True,
    recovered_count_as_redelivered=True,
    extra_exchange_types=("x-local-random",),
)

_V4_3 = Dialect(
    version="4.3.6",
    unknown_protocol_reply=b"AMQP\x03\x01\x00\x00",
    accepts_protocol_0_8=False,
    frame_min_size=8192,
    mechanisms="ANONYMOUS PLAIN AMQPLAIN",
    unknown_exchange_type_closes_connection=False,
    max_message_size=16 * MIB,
    cc_dropped_with_dead_letter_key=False,
    last_death_headers=True,
    honours_published_x_death=False,
    rewrites_expiration=True,
    least_max_priority=1,
    routes_at_commit=False,
    global_prefetch=False,
    headers_compare_numbers_loosely=False,
    topic_key_hash_limit=2,
    checks_body_overrun=True,
    max_body_size_in_header=512 * MIB,
    refused_queue_arguments=("x-queue-master-locator",),
    queue_versions=(2,),
    consumer_timeout_argument=False,
    validates_argument_ownership=True,
    passive_declare_needs_permission=True,
    binds_reply_queue=False,
    recovered_count_as_redelivered=True,
    extra_exchange_types=("x-local-random", "x-modulus-hash"),
)

DIALECTS: dict[str, Dialect] = {"3.10": _V3_10, "4.0": _V4_0, "4.3": _V4_3}
"""Emulated RabbitMQ versions by series."""

DEFAULT_VERSION = "4.3"


def dialect_for(series: str) -> Dialect:
    """Return the dialect of a RabbitMQ series such as "4.0". Raises UnknownVersion."""
    try:
        return DIALECTS[series]
    except KeyError:
        known = ", ".join(DIALECTS)
        raise UnknownVersion(
            f"RabbitMQ {series!r} is not emulated; choose one of {known}"
        ) from None
