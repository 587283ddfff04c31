"""Arguments of queues: which are accepted, and which a redeclaration must repeat."""

from typing import Any

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp.raw import RawConnection
from conformance.drivers.amqp.tester import AmqpTester
from conformance.drivers.amqp.typed import INTEGERS, field, number, with_arguments
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import queue_exists

KNOWN_ARGUMENTS: dict[str, tuple[Any, Any]] = {
    "x-message-ttl": (60_000, 60_001),
    "x-expires": (60_000, 60_001),
    "x-max-length": (5, 6),
    "x-max-length-bytes": (500, 600),
    "x-overflow": ("drop-head", "reject-publish"),
    "x-max-priority": (5, 6),
    "x-dead-letter-exchange": ("one", "other"),
    "x-dead-letter-routing-key": ("one", "other"),
    "x-single-active-consumer": (True, False),
}
"""What a classic queue understands, with two values each."""

UNKNOWN_ARGUMENTS = st.dictionaries(
    st.sampled_from(["junk", "x-junk", "X-Max-Length", "max-length", "x-max-length "]),
    st.sampled_from([0, -1, 2**40, True, "", "text", None, [1, "a"], {"a": 1}]),
)
FOREIGN_ARGUMENTS: dict[str, Any] = {
    "x-max-age": "1D",
    "x-stream-max-segment-size-bytes": 1000,
    "x-initial-cluster-size": 1,
    "x-delivery-limit": 5,
    "x-dead-letter-strategy": "at-most-once",
    "x-quorum-initial-group-size": 1,
    "x-max-in-memory-length": 5,
}
WIDTHS = st.sampled_from(sorted(INTEGERS))
NO_INTEGERS = {
    "text": field("5"),
    "boolean": field(True),
    "float": number("f", 5),
    "double": number("d", 5),
    "table": field({}),
    "array": field([]),
    "void": field(None),
}
"""Values that look like the integer 5, or like nothing."""


def arguments_with(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """One argument, and the dead-letter exchange without which its routing key is refused."""
    if name == "x-dead-letter-routing-key":
        return {"x-dead-letter-exchange": "one", **values}
    return values


@requirement("amqp.topology.queue-redeclare-other-arguments")
@holds_for(cost=3, values=st.permutations([None, 0, 1]))
def test_known_arguments_must_be_repeated(amqp: AmqpTester, values: list[int | None]) -> None:
    for name, choices in KNOWN_ARGUMENTS.items():
        before, after = (
            arguments_with(name, {} if choice is None else {name: choices[choice]})
            for choice in values[:2]
        )
        queue = amqp.queue(arguments=before)
        with expect.channel_error(406):
            amqp.channel().declare_queue(queue, exclusive=True, arguments=after)
        amqp.channel().declare_queue(queue, exclusive=True, arguments=before)


@requirement("amqp.topology.queue-unknown-arguments")
@holds_for(cost=3, before=UNKNOWN_ARGUMENTS, after=UNKNOWN_ARGUMENTS)
def test_unknown_arguments_do_not_matter(
    amqp: AmqpTester, before: dict[str, Any], after: dict[str, Any]
) -> None:
    queue = amqp.queue(arguments=before)
    amqp.channel().declare_queue(queue, exclusive=True, arguments=after)


@requirement("amqp.topology.queue-argument-width")
@holds_for(cost=3, before=WIDTHS, after=WIDTHS, value=st.integers(1, 127))
def test_integers_of_any_width_are_the_same(
    amqp: AmqpTester, before: str, after: str, value: int
) -> None:
    queue = amqp.queue_name()
    raw = amqp.raw().open()
    for letter in (before, after):
        raw.send(declare_limited(queue, number(letter, value)))
        raw.expect(spec.Queue.DeclareOk)
    raw.send(declare_limited(queue, number(after, value - 1)))
    refuse(raw, f"{value - 1} instead of {value}")


@requirement("amqp.topology.queue-argument-class")
@holds_for(cost=3, letter=WIDTHS)
def test_an_integer_is_nothing_else(amqp: AmqpTester, letter: str) -> None:
    queue = amqp.queue_name()
    raw = amqp.raw().open()
    raw.send(declare_limited(queue, number(letter, 5)))
    raw.expect(spec.Queue.DeclareOk)
    for kind, value in NO_INTEGERS.items():
        raw.send(declare_limited(queue, value))
        refuse(raw, f"5 redeclared as {kind}")


@requirement("amqp.topology.queue-argument-any-width")
@holds_for(cost=3, limit=st.integers(0, 3))
def test_integers_of_any_width_are_accepted(amqp: AmqpTester, limit: int) -> None:
    raw = amqp.raw().open()
    for letter in INTEGERS:
        queue = amqp.queue_name()
        raw.send(declare_limited(queue, number(letter, limit)))
        raw.expect(spec.Queue.DeclareOk)
        for _ in range(4):
            raw.publish(1, "", queue, b"")
        purged = raw.call(1, spec.Queue.Purge(queue=queue), spec.Queue.PurgeOk)
        expect.equal(purged.message_count, limit, f"messages under a length of type {letter}")


@requirement("amqp.topology.queue-argument-not-integer")
def test_other_types_are_no_length(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    for kind, value in NO_INTEGERS.items():
        queue = amqp.queue_name()
        raw.send(declare_limited(queue, value))
        refuse(raw, f"{kind} as x-max-length")
        expect.equal(queue_exists(amqp, queue), False, "queue after the refusal")


@requirement("amqp.topology.queue-argument-foreign")
def test_arguments_of_other_queue_types_are_refused(amqp: AmqpTester) -> None:
    for name, value in FOREIGN_ARGUMENTS.items():
        queue = amqp.queue_name()
        with expect.channel_error(406):
            amqp.channel().declare_queue(queue, durable=True, arguments={name: value})
        expect.equal(queue_exists(amqp, queue), False, f"queue refused because of {name}")


@requirement("amqp.topology.queue-type-unknown")
@holds_for(type_=st.sampled_from(["no-such-type", "Classic", "classic ", 5, True, None]))
def test_unknown_queue_type_is_refused(amqp: AmqpTester, type_: Any) -> None:
    queue = amqp.queue_name()
    with expect.channel_error(406):
        amqp.channel().declare_queue(queue, durable=True, arguments={"x-queue-type": type_})
    expect.equal(queue_exists(amqp, queue), False, "queue after the refusal")


@requirement("amqp.topology.queue-type-classic")
@holds_for(before=st.booleans(), after=st.booleans(), durable=st.booleans())
def test_classic_is_the_type_of_a_queue_declared_without_one(
    amqp: AmqpTester, before: bool, after: bool, durable: bool
) -> None:
    first, second = ({"x-queue-type": "classic"} if named else {} for named in (before, after))
    queue = amqp.queue(durable=durable, arguments=first)
    amqp.channel().declare_queue(queue, durable=durable, exclusive=not durable, arguments=second)


@requirement("amqp.topology.queue-mode")
@holds_for(cost=2, mode=st.sampled_from(["default", "lazy"]))
def test_queue_mode_is_accepted(amqp: AmqpTester, mode: str) -> None:
    queue = amqp.queue(arguments={"x-queue-mode": mode})
    amqp.admin.publish("", queue, "taken")
    expect.equal(amqp.bodies(queue), ["taken"])


@requirement("amqp.topology.queue-version-1")
def test_queue_version_1(amqp: AmqpTester) -> None:
    channel = amqp.connect().channel()
    with expect.ends(amqp.outcomes):
        channel.declare_queue(amqp.queue_name(), exclusive=True, arguments={"x-queue-version": 1})


def declare_limited(queue: str, limit: bytes) -> bytes:
    """Declare an exclusive queue with a maximum length."""
    declare = spec.Queue.Declare(queue=queue, exclusive=True, arguments={})
    return with_arguments(1, declare, {"x-max-length": limit})


def refuse(raw: RawConnection, what: str) -> None:
    """The declaration sent last must close its channel with 406; open the channel again."""
    expect.equal(raw.expect(spec.Channel.Close).reply_code, 406, f"reply code for {what}")
    raw.send_method(1, spec.Channel.CloseOk())
    raw.call(1, spec.Channel.Open(), spec.Channel.OpenOk)
