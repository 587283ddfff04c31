"""Arguments of declarations: what is valid, and when two declarations say the same.

Texts and order of checks: rabbit_amqqueue.erl (declare_args, consume_args, check_*),
rabbit_misc:assert_args_equivalence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reference_impl.amqp.core.message import MAX_TTL_MS
from reference_impl.amqp.core.queues import DROP_HEAD, REJECT_PUBLISH, REJECT_PUBLISH_DLX
from reference_impl.amqp.fields import INTEGER_TYPES, Field, Table, longstr
from reference_impl.amqp.versions import Dialect
from reference_impl.errors import (
    InternalError,
    NotImplementedByBroker,
    PreconditionFailed,
)

MAX_PRIORITY = 255

Check = Callable[[Field, Table], str | None]
"""Returns the reason why a value is refused, as RabbitMQ prints it, or None."""


def _integer(field: Field, table: Table) -> str | None:
    if field.type in INTEGER_TYPES:
        return None
    return f'"expected integer, got {field.type}"'


def _non_negative(field: Field, table: Table) -> str | None:
    reason = _integer(field, table)
    if reason is None and field.value < 0:
        reason = f"{{value_negative,{field.value}}}"
    return reason


def _expiry(value: int) -> str | None:
    if value > MAX_TTL_MS:
        return f"{{value_too_large,{value}}}"
    return f"{{value_negative,{value}}}" if value < 0 else None


def _ttl(field: Field, table: Table) -> str | None:
    return _integer(field, table) or _expiry(field.value)


def _lease(field: Field, table: Table) -> str | None:
    reason = _integer(field, table)
    if reason is None and field.value == 0:
        return "{value_zero,0}"
    return reason or _expiry(field.value)


def _priority(field: Field, table: Table) -> str | None:
    reason = _non_negative(field, table)
    if reason is None and field.value > MAX_PRIORITY:
        reason = f"{{max_value_exceeded,{field.value}}}"
    return reason


def _text(field: Field, table: Table) -> str | None:
    return None if field.type == "longstr" else f"{{unacceptable_type,{field.type}}}"


def _boolean(field: Field, table: Table) -> str | None:
    return None if field.type == "bool" else f"{{unacceptable_type,{field.type}}}"


def _dead_letter_key(field: Field, table: Table) -> str | None:
    reason = _text(field, table)
    if reason is None and "x-dead-letter-exchange" not in table:
        reason = "routing_key_but_no_dlx_defined"
    return reason


def _one_of(choices: Iterable[str], refusal: str) -> Check:
    allowed = frozenset(choices)

    def check(field: Field, table: Table) -> str | None:
        return _text(field, table) or (None if field.value in allowed else refusal)

    return check


CLASSIC_QUEUE_CHECKS: dict[str, Check] = {
    "x-expires": _lease,
    "x-message-ttl": _ttl,
    "x-dead-letter-exchange": _text,
    "x-dead-letter-routing-key": _dead_letter_key,
    "x-max-length": _non_negative,
    "x-max-length-bytes": _non_negative,
    "x-max-priority": _priority,
    "x-overflow": _one_of((DROP_HEAD, REJECT_PUBLISH, REJECT_PUBLISH_DLX), "invalid_overflow"),
    "x-queue-mode": _one_of(("default", "lazy"), "invalid_queue_mode"),
    "x-single-active-consumer": _boolean,
    "x-queue-leader-locator": _one_of(
        ("client-local", "balanced", "random", "least-leaders"), "invalid_queue_locator_arg"
    ),
}
"""Arguments whose value a classic queue checks, in RabbitMQ's order."""

CLASSIC_QUEUE_COMPARED = (
    *CLASSIC_QUEUE_CHECKS,
    "x-queue-version",
    "x-queue-type",
    "x-queue-master-locator",
)
"""Arguments that a redeclaration must repeat with an equal value."""

DEFAULT_TYPE: Table = {"x-queue-type": longstr("classic")}
"""What a queue is declared with that says nothing of its type."""


def check_queue_declaration(subject: str, arguments: Table, dialect: Dialect) -> None:
    """Refuse queue arguments that are invalid, foreign to classic queues or not served."""
    _check_queue_type(subject, arguments, dialect)
    for name in dialect.refused_queue_arguments:
        if name in arguments:
            feature = name.removeprefix("x-").replace("-", "_")
            raise InternalError(f"Feature `{feature}` is deprecated.")
    for name, check in CLASSIC_QUEUE_CHECKS.items():
        if name not in arguments or name in dialect.foreign_queue_arguments:
            continue
        if name != "x-queue-mode" or dialect.checks_queue_mode:
            _refuse(subject, name, check(arguments[name], arguments))
    version = arguments.get("x-queue-version")
    if version is not None:
        reason = _non_negative(version, arguments)
        if reason is None and version.value not in dialect.queue_versions:
            reason = f"\"unsupported queue version '{version.value}'\""
        _refuse(subject, "x-queue-version", reason)
    _refuse_foreign(subject, arguments, dialect.foreign_queue_arguments)


def _check_queue_type(subject: str, arguments: Table, dialect: Dialect) -> None:
    queue_type = arguments.get("x-queue-type")
    if queue_type is None:
        return
    _refuse(subject, "x-queue-type", _text(queue_type, arguments))
    if queue_type.value in ("quorum", "stream"):
        raise NotImplementedByBroker(f"queue type '{queue_type.value}'")
    if queue_type.value not in ("classic", *dialect.omitted_queue_types):
        _refuse(subject, "x-queue-type", f"\"unsupported queue type '{queue_type.value}'\"")


def check_consume_arguments(subject: str, arguments: Table, dialect: Dialect) -> None:
    """Refuse consumer arguments that are invalid or belong to another queue type."""
    if "x-priority" in arguments:
        _refuse(subject, "x-priority", _integer(arguments["x-priority"], arguments))
    _refuse_foreign(subject, arguments, dialect.foreign_consumer_arguments)


def _refuse(subject: str, name: str, reason: str | None) -> None:
    if reason is not None:
        raise PreconditionFailed(f"invalid arg '{name}' for {subject}: {reason}")


def _refuse_foreign(subject: str, arguments: Table, foreign: Iterable[str]) -> None:
    for name in arguments:
        if name in foreign:
            raise PreconditionFailed(
                f"invalid arg '{name}' for {subject} of queue type rabbit_classic_queue"
            )


def text_argument(subject: str, arguments: Table, name: str) -> str | None:
    """Return an argument that names an exchange; refuse any type but a string."""
    field = arguments.get(name)
    if field is None:
        return None
    if field.type != "longstr":
        raise PreconditionFailed(f"invalid type '{field.type}' for arg '{name}' in {subject}")
    return str(field.value)


# -- equivalence ----------------------------------------------------------------------------


def check_field(subject: object, name: str, current: object, received: object) -> None:
    """Raise PreconditionFailed unless an attribute of a redeclaration is unchanged."""
    if current != received:
        raise PreconditionFailed(
            f"inequivalent arg '{name}' for {subject}: "
            f"received {_shown(received)} but current is {_shown(current)}"
        )


def check_arguments(
    subject: object, current: Table, received: Table, compared: Iterable[str]
) -> None:
    """Raise PreconditionFailed unless the compared arguments are equivalent.

    RabbitMQ compares the bare values: an integer of any width equals any other, and a timestamp; a
    string equals its octets; a boolean, a float or a string is never a number."""
    for name in compared:
        old, new = current.get(name), received.get(name)
        if old == new or (name == "x-queue-type" and _both_classic(old, new)):
            continue
        if old is not None and new is not None:
            if _bare(old) == _bare(new):
                continue
            raise PreconditionFailed(
                f"inequivalent arg '{name}' for {subject}: "
                f"received {_shown(new.value)} but current is {_shown(old.value)}"
            )
        raise PreconditionFailed(
            f"inequivalent arg '{name}' for {subject}: "
            f"received {_shown_typed(new)} but current is {_shown_typed(old)}"
        )


def _both_classic(old: Field | None, new: Field | None) -> bool:
    return all(field is None or field.value == "classic" for field in (old, new))


def _bare(field: Field) -> tuple[type, object]:
    """A value without its width, which equals another if Erlang's =:= says so."""
    value = field.value
    if field.type == "longstr":
        value = value.encode("utf-8", "surrogateescape")
    return type(value), value


def _shown(value: object) -> str:
    return f"'{str(value).lower() if isinstance(value, bool) else value}'"


def _shown_typed(field: Field | None) -> str:
    if field is None:
        return "none"
    return f"the value {_shown(field.value)} of type '{field.type}'"
