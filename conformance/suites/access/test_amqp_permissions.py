"""Which permission each operation needs: a matrix of operations and permissions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.client import Channel
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.requirements.model import Outcome
from conformance.runner.properties import holds_for
from conformance.suites.access.users import LETTERS, NOBODY

Resources = dict[str, str]
"""Names by role; each ends with a dot and the letters of what the user may do with it."""


@dataclass(frozen=True)
class Operation:
    """Does `do`; needs the permissions `needs` (letters by role). Roles that begin with q are
    queues, the others exchanges; those in `exist` are declared before."""

    do: Callable[[Channel, Resources], Any]
    needs: dict[str, str]
    exist: tuple[str, ...] = ()


def _publish(channel: Channel, names: Resources) -> None:
    channel.publish(names["x"], "k", "body")
    channel.flow(True)


OPERATIONS = {
    "exchange.declare": Operation(lambda c, n: c.declare_exchange(n["x"]), {"x": "c"}),
    "exchange.declare again": Operation(
        lambda c, n: c.declare_exchange(n["x"]), {"x": "c"}, exist=("x",)
    ),
    "exchange.delete": Operation(lambda c, n: c.delete_exchange(n["x"]), {"x": "c"}, exist=("x",)),
    "queue.declare": Operation(lambda c, n: c.declare_queue(n["q"], durable=True), {"q": "c"}),
    "queue.declare again": Operation(
        lambda c, n: c.declare_queue(n["q"], durable=True), {"q": "c"}, exist=("q",)
    ),
    "queue.delete": Operation(lambda c, n: c.delete_queue(n["q"]), {"q": "c"}, exist=("q",)),
    "queue.purge": Operation(lambda c, n: c.purge(n["q"]), {"q": "r"}, exist=("q",)),
    "basic.get": Operation(lambda c, n: c.get(n["q"]), {"q": "r"}, exist=("q",)),
    "basic.consume": Operation(lambda c, n: c.consume(n["q"]), {"q": "r"}, exist=("q",)),
    "basic.publish": Operation(_publish, {"x": "w"}, exist=("x",)),
    "queue.bind": Operation(
        lambda c, n: c.bind(n["q"], n["x"], "k"), {"q": "w", "x": "r"}, exist=("q", "x")
    ),
    "queue.unbind": Operation(
        lambda c, n: c.unbind(n["q"], n["x"], "k"), {"q": "w", "x": "r"}, exist=("q", "x")
    ),
    "exchange.bind": Operation(
        lambda c, n: c.bind_exchange(n["to"], n["x"], "k"),
        {"to": "w", "x": "r"},
        exist=("to", "x"),
    ),
    "exchange.unbind": Operation(
        lambda c, n: c.unbind_exchange(n["to"], n["x"], "k"),
        {"to": "w", "x": "r"},
        exist=("to", "x"),
    ),
    "alternate exchange": Operation(
        lambda c, n: c.declare_exchange(n["x"], arguments={"alternate-exchange": n["alt"]}),
        {"x": "cr", "alt": "w"},
    ),
    "dead-letter exchange": Operation(
        lambda c, n: c.declare_queue(
            n["q"], durable=True, arguments={"x-dead-letter-exchange": n["dlx"]}
        ),
        {"q": "cr", "dlx": "w"},
    ),
}
"""By what they are; docs: access control, table of operations."""

GRANTS = ["", "c", "w", "r", "cw", "cr", "wr", "cwr"]


def _names(amqp: AmqpTester, grants: dict[str, str]) -> Resources:
    return {
        role: (amqp.queue_name if role.startswith("q") else amqp.exchange_name)("." + letters)
        for role, letters in grants.items()
    }


def _declare(amqp: AmqpTester, operation: Operation, names: Resources) -> None:
    for role in operation.exist:
        if role.startswith("q"):
            amqp.admin.declare_queue(names[role], durable=True)
        else:
            amqp.admin.declare_exchange(names[role])


def _check(amqp: AmqpTester, label: str, grants: dict[str, str], channel: Channel) -> None:
    """Do it on a channel of the restricted user; it must be allowed or not as the table says."""
    operation = OPERATIONS[label]
    names = _names(amqp, grants)
    _declare(amqp, operation, names)
    allowed = all(set(needed) <= set(grants[role]) for role, needed in operation.needs.items())
    with expect.ends(Outcome("ok", 0) if allowed else Outcome("channel", 403)):
        operation.do(channel, names)


def _matrix(amqp: AmqpTester, *labels: str) -> None:
    """Each of these operations, with every grant to each of its roles in turn."""
    connection = LETTERS.connect(amqp)
    for label in labels:
        needs = OPERATIONS[label].needs
        for role in needs:
            for letters in GRANTS:
                grants = dict.fromkeys(needs, "cwr") | {role: letters}
                with expect.case(f"{label} with {grants}"):
                    _check(amqp, label, grants, connection.channel())


@requirement("amqp.access.configure")
def test_declare_and_delete_need_configure(amqp: AmqpTester) -> None:
    _matrix(
        amqp,
        "exchange.declare",
        "exchange.declare again",
        "exchange.delete",
        "queue.declare",
        "queue.declare again",
        "queue.delete",
    )


@requirement("amqp.access.write")
def test_publish_needs_write(amqp: AmqpTester) -> None:
    _matrix(amqp, "basic.publish")


@requirement("amqp.access.read")
def test_get_consume_and_purge_need_read(amqp: AmqpTester) -> None:
    _matrix(amqp, "basic.get", "basic.consume", "queue.purge")


@requirement("amqp.access.queue-bindings")
def test_queue_bindings_need_write_and_read(amqp: AmqpTester) -> None:
    _matrix(amqp, "queue.bind", "queue.unbind")


@requirement("amqp.access.exchange-bindings")
def test_exchange_bindings_need_write_and_read(amqp: AmqpTester) -> None:
    _matrix(amqp, "exchange.bind", "exchange.unbind")


@requirement("amqp.access.alternate-exchange")
def test_an_alternate_exchange_needs_read_and_write(amqp: AmqpTester) -> None:
    _matrix(amqp, "alternate exchange")


@requirement("amqp.access.dead-letter-exchange")
def test_a_dead_letter_exchange_needs_read_and_write(amqp: AmqpTester) -> None:
    _matrix(amqp, "dead-letter exchange")


@requirement("amqp.access.matrix")
@holds_for(
    cost=1.5,
    label=st.sampled_from(sorted(OPERATIONS)),
    first=st.sampled_from(GRANTS),
    second=st.sampled_from(GRANTS),
)
def test_operations_are_allowed_as_the_table_says(
    amqp: AmqpTester, label: str, first: str, second: str
) -> None:
    grants = dict(zip(OPERATIONS[label].needs, (first, second), strict=False))
    connection = LETTERS.connect(amqp)
    sibling = connection.channel()
    _check(amqp, label, grants, connection.channel())
    expect.equal(sibling.flow(True), True, "what another channel answers")


@requirement("amqp.access.default-exchange")
def test_the_default_exchange_is_amq_default(amqp: AmqpTester) -> None:
    queue = amqp.queue(durable=True)
    allowed = LETTERS.connect(amqp).channel()
    allowed.publish("", queue, "allowed")
    allowed.flow(True)
    refused = NOBODY.connect(amqp).channel()
    with expect.channel_error(403):
        refused.publish("", queue, "refused")
        refused.flow(True)
    expect.equal(amqp.bodies(queue), ["allowed"], "messages of both users")


@requirement("amqp.access.refused-publish-has-no-effect")
def test_a_refused_publish_is_not_routed(amqp: AmqpTester) -> None:
    exchange = amqp.exchange_name(".cr")
    amqp.admin.declare_exchange(exchange, "fanout")
    queue = amqp.bound_queue(exchange)
    channel = LETTERS.connect(amqp).channel()
    channel.flow(True)
    channel.publish(exchange, "", "refused")
    closed = channel.wait_closed()
    expect.equal(closed.code, 403, "the code of channel.close")
    expect.equal(amqp.bodies(queue), [], "refused messages that were routed")


@requirement("amqp.access.empty-patterns")
def test_empty_patterns_allow_nothing(amqp: AmqpTester) -> None:
    connection = NOBODY.connect(amqp)
    for label, operation in OPERATIONS.items():
        names = _names(amqp, dict.fromkeys(operation.needs, "cwr"))
        _declare(amqp, operation, names)
        with expect.case(label), expect.channel_error(403):
            operation.do(connection.channel(), names)


PASSIVE_DECLARES = {
    "q": Operation(lambda c, n: c.declare_queue(n["q"], passive=True), {}, exist=("q",)),
    "x": Operation(lambda c, n: c.declare_exchange(n["x"], passive=True), {}, exist=("x",)),
}


@requirement("amqp.access.passive-declare-is-free")
def test_a_passive_declare_needs_no_permission(amqp: AmqpTester) -> None:
    connection = LETTERS.connect(amqp)
    for role, operation in PASSIVE_DECLARES.items():
        names = _names(amqp, {role: ""})
        _declare(amqp, operation, names)
        operation.do(connection.channel(), names)


@requirement("amqp.access.passive-declare-needs-any")
def test_a_passive_declare_needs_any_one_permission(amqp: AmqpTester) -> None:
    connection = LETTERS.connect(amqp)
    for role, operation in PASSIVE_DECLARES.items():
        for letters in GRANTS:
            names = _names(amqp, {role: letters})
            _declare(amqp, operation, names)
            expected = Outcome("ok", 0) if letters else Outcome("channel", 403)
            with expect.case(f"{role} with {letters!r}"), expect.ends(expected):
                operation.do(connection.channel(), names)


@requirement("amqp.access.refusal-closes-the-channel-only")
def test_a_refusal_closes_only_its_channel(amqp: AmqpTester) -> None:
    connection = LETTERS.connect(amqp)
    sibling, refused = connection.channel(), connection.channel()
    name = amqp.queue_name(".wr")
    with expect.channel_error(403):
        refused.declare_queue(name, durable=True)
    sibling.flow(True)
    connection.channel().flow(True)
    with expect.channel_error(404):
        amqp.channel().declare_queue(name, passive=True)
