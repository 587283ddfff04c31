"""Every difference between RabbitMQ versions that the reference emulates, in one table.

Each field names the behaviour, its docstring line the source. Values were observed on the real
brokers of that version by the conformance suite (reports/) unless the line says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    takes_any_code_point: bool
    """Whether names may hold UTF-8 of surrogates and of numbers beyond Unicode (up to 4.0)."""
    cuts_texts_by_characters: bool
    """Whether texts of errors are cut to 255 characters instead of octets, so that one beyond ASCII
    may not fit: then 541 for a channel, and no word at all for a connection (4.0.5)."""
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
    turns_earlier_deaths_around: bool
    """Whether each death turns the order of the other entries of x-death around, which decides what
    counts as a cycle (up to 3.12; rabbit_dead_letter:group_by_queue_and_reason)."""
    last_death_headers: bool
    """Whether x-last-death-* headers accompany x-death (message containers, 3.13)."""
    honours_published_x_death: bool
    """Whether an x-death header sent by a client is continued (up to 3.13; release notes 4.0.1)."""
    dead_letters_keep_count: bool
    """Whether a dead letter keeps its delivery count, so that one that somebody rejected, or that
    once came back from a channel that ended, is flagged redelivered when it has waited in its new
    queue (4.3; rabbit_variable_queue:annotate_delivery_count)."""
    names_default_queue_type: bool
    """Whether an omitted x-queue-type is compared, and named in texts, as "classic" (4.0;
    rabbit_amqqueue:augment_declare_args)."""
    rewrites_expiration: bool
    """Whether "007" in the expiration property is passed on as "7" (message containers, 3.13)."""
    least_max_priority: int
    """What x-max-priority 0 counts as (rabbit_priority_queue:priorities)."""
    routes_at_commit: bool
    """Whether a transaction looks queues up at commit (up to 3.12) rather than at publish."""
    deleted_queue_at_commit_closes_connection: bool
    """Whether a commit to a queue that is gone is 506 for the connection (4.3) or 406 for the
    channel; where queues are looked up at commit it is neither."""
    refuses_other_delivery_modes: bool
    """Whether a delivery-mode other than 1 and 2 is 406 (up to 3.12; rabbit_basic:message)."""
    global_prefetch: bool
    """Whether basic.qos global=true limits the channel (not by default from 4.3)."""
    headers_compare_numbers_loosely: bool
    """Whether 1 matches 1.0 in a headers exchange (== up to 3.12, =:= from 3.13)."""
    headers_scale_timestamps: bool
    """Whether a headers exchange compares timestamps of messages in ms with those of bindings in
    s, so that equal ones do not match (3.13; mc_amqpl:routing_value)."""
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
    omitted_queue_types: tuple[str, ...]
    """Values of x-queue-type that ask for the default type."""
    checks_queue_mode: bool
    """Whether x-queue-mode must be "default" or "lazy" (up to 4.2)."""
    foreign_queue_arguments: tuple[str, ...]
    """Arguments of quorum queues and streams, which a classic queue refuses with 406."""
    passive_declare_needs_permission: bool
    """Whether a passive declare needs any one permission (4.3.1)."""
    foreign_consumer_arguments: tuple[str, ...]
    """Consumer arguments of quorum queues and streams, refused for a classic queue (the lists
    consumer_arguments in rabbit_quorum_queue and rabbit_stream_queue)."""
    takes_cancel_ok: bool
    """Whether a client may answer basic.cancel (4.3, for consumers that time out)."""
    binds_reply_queue: bool
    """Whether amq.rabbitmq.reply-to may be bound (refused with 403 from 4.2.9)."""
    keeps_transient_exchanges: bool
    """Whether exchanges that are not durable survive a restart (stored by Khepri, 4.3)."""
    volatile_reply_queues: bool
    """Whether a direct reply-to address is a queue type of its own (release notes 4.2.0): a reply
    counts as routed, even if the requester is gone, waits for the commit of a transaction, and its
    delivery takes a delivery tag."""
    recovered_count_as_redelivered: bool
    """Whether every message is flagged redelivered after a restart (classic queues v2, 4.0), or
    only those delivered before a clean stop."""
    extra_exchange_types: tuple[str, ...]
    """Exchange types of the core beside the four of the specification."""


_FOREIGN_QUEUE_ARGUMENTS = (
    "x-max-age",
    "x-stream-max-segment-size-bytes",
    "x-initial-cluster-size",
    "x-delivery-limit",
    "x-dead-letter-strategy",
    "x-quorum-initial-group-size",
    "x-max-in-memory-length",
    "x-max-in-memory-bytes",
)

_V3_10 = Dialect(
    version="3.10.8",
    unknown_protocol_reply=b"AMQP\x00\x00\x09\x01",
    accepts_protocol_0_8=True,
    takes_any_code_point=True,
    cuts_texts_by_characters=False,
    frame_min_size=4096,
    mechanisms="AMQPLAIN PLAIN",
    unknown_exchange_type_closes_connection=True,
    max_message_size=128 * MIB,
    cc_dropped_with_dead_letter_key=True,
    turns_earlier_deaths_around=True,
    last_death_headers=False,
    honours_published_x_death=True,
    dead_letters_keep_count=False,
    names_default_queue_type=False,
    rewrites_expiration=False,
    least_max_priority=0,
    routes_at_commit=True,
    deleted_queue_at_commit_closes_connection=False,
    refuses_other_delivery_modes=True,
    global_prefetch=True,
    headers_compare_numbers_loosely=True,
    headers_scale_timestamps=False,
    topic_key_hash_limit=None,
    checks_body_overrun=False,
    max_body_size_in_header=None,
    refused_queue_arguments=(),
    queue_versions=(1, 2),
    omitted_queue_types=(),
    checks_queue_mode=True,
    foreign_queue_arguments=(*_FOREIGN_QUEUE_ARGUMENTS, "x-queue-leader-locator"),
    passive_declare_needs_permission=False,
    foreign_consumer_arguments=("x-stream-offset",),
    takes_cancel_ok=False,
    binds_reply_queue=True,
    keeps_transient_exchanges=False,
    volatile_reply_queues=False,
    recovered_count_as_redelivered=False,
    extra_exchange_types=(),
)

_V4_0 = replace(
    _V3_10,
    version="4.0.5",
    unknown_protocol_reply=b"AMQP\x03\x01\x00\x00",
    accepts_protocol_0_8=False,
    cuts_texts_by_characters=True,
    mechanisms="ANONYMOUS PLAIN AMQPLAIN",
    unknown_exchange_type_closes_connection=False,
    max_message_size=16 * MIB,
    cc_dropped_with_dead_letter_key=False,
    turns_earlier_deaths_around=False,
    last_death_headers=True,
    honours_published_x_death=False,
    names_default_queue_type=True,
    rewrites_expiration=True,
    least_max_priority=1,
    routes_at_commit=False,
    refuses_other_delivery_modes=False,
    headers_compare_numbers_loosely=False,
    headers_scale_timestamps=True,
    omitted_queue_types=("undefined",),
    foreign_queue_arguments=_FOREIGN_QUEUE_ARGUMENTS,
    foreign_consumer_arguments=("x-stream-offset", "x-stream-filter", "x-stream-match-unfiltered"),
    recovered_count_as_redelivered=True,
    extra_exchange_types=("x-local-random",),
)

_V4_3 = replace(
    _V4_0,
    version="4.3.6",
    takes_any_code_point=False,
    frame_min_size=8192,
    dead_letters_keep_count=True,
    deleted_queue_at_commit_closes_connection=True,
    global_prefetch=False,
    topic_key_hash_limit=2,
    checks_body_overrun=True,
    max_body_size_in_header=512 * MIB,
    refused_queue_arguments=("x-queue-master-locator",),
    queue_versions=(2,),
    omitted_queue_types=("", "undefined"),
    checks_queue_mode=False,
    foreign_queue_arguments=(
        *_FOREIGN_QUEUE_ARGUMENTS,
        "x-stream-filter-size-bytes",
        "x-consumer-timeout",
        "x-consumer-disconnected-timeout",
        "x-delayed-retry-type",
        "x-delayed-retry-min",
        "x-delayed-retry-max",
    ),
    passive_declare_needs_permission=True,
    foreign_consumer_arguments=(
        "x-stream-offset",
        "x-stream-filter",
        "x-stream-match-unfiltered",
        "x-consumer-timeout",
    ),
    takes_cancel_ok=True,
    binds_reply_queue=False,
    keeps_transient_exchanges=True,
    volatile_reply_queues=True,
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
