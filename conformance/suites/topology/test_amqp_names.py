"""Names of exchanges and queues: what is reserved, what is taken out, how far they go."""

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp.raw import RawConnection
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import exchange_exists, queue_exists

MAX_NAME_OCTETS = 255
LINE_ENDS = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["\r", "\n", "\r\n"])), min_size=1, max_size=4
)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
RESERVED = st.sampled_from(["amq.", "amq.direct.", "amq.gen-", "amq.rabbitmq."])


def with_line_ends(name: str, line_ends: list[tuple[int, str]]) -> str:
    """Scatter carriage returns and line feeds over a name."""
    for position, line_end in line_ends:
        name = name[:position] + line_end + name[position:]
    return name


def cut_to_octets(name: str) -> str:
    """The longest beginning of a name that fits into a short string."""
    return name.encode()[:MAX_NAME_OCTETS].decode(errors="ignore")


@requirement("amqp.topology.exchange-name-reserved")
@holds_for(cost=2, prefix=RESERVED, durable=st.booleans())
def test_reserved_names_are_refused_to_new_exchanges(
    amqp: AmqpTester, prefix: str, durable: bool
) -> None:
    exchange = prefix + amqp.name("x")
    with expect.channel_error(403):
        amqp.channel().declare_exchange(exchange, durable=durable)
    expect.equal(exchange_exists(amqp, exchange), False, "exchange after the refusal")


@requirement("amqp.topology.queue-name-reserved")
@holds_for(cost=2, prefix=RESERVED, durable=st.booleans())
def test_reserved_names_are_refused_to_new_queues(
    amqp: AmqpTester, prefix: str, durable: bool
) -> None:
    queue = prefix + amqp.name("q")
    with expect.channel_error(403):
        amqp.channel().declare_queue(queue, durable=durable, exclusive=not durable)
    expect.equal(queue_exists(amqp, queue), False, "queue after the refusal")


@requirement("amqp.topology.queue-name-reserved-existing")
def test_server_named_queue_can_only_be_declared_passively(amqp: AmqpTester) -> None:
    queue = amqp.admin.declare_queue(exclusive=True).queue
    with expect.channel_error(403):
        amqp.channel().declare_queue(queue, exclusive=True)
    expect.equal(queue_exists(amqp, queue), True, "queue after the refusal")


@requirement("amqp.topology.exchange-name-line-ends")
@holds_for(cost=4, line_ends=LINE_ENDS)
def test_line_ends_are_no_part_of_an_exchange_name(
    amqp: AmqpTester, line_ends: list[tuple[int, str]]
) -> None:
    exchange, queue = amqp.exchange_name(), amqp.queue()
    written = with_line_ends(exchange, line_ends)
    amqp.admin.declare_exchange(written)
    expect.equal(exchange_exists(amqp, exchange), True, "exchange without CR and LF")
    amqp.admin.declare_exchange(written, passive=True)
    amqp.admin.bind(queue, written, "key")
    amqp.admin.publish(exchange, "key", "routed")
    expect.equal(amqp.bodies(queue), ["routed"])
    amqp.admin.unbind(queue, written, "key")
    amqp.admin.publish(exchange, "key", "not routed")
    expect.equal(amqp.bodies(queue), [], "messages after the unbind")
    amqp.admin.delete_exchange(written)
    expect.equal(exchange_exists(amqp, exchange), False, "exchange after delete-ok")


@requirement("amqp.topology.queue-name-line-ends")
@holds_for(cost=4, line_ends=LINE_ENDS)
def test_line_ends_are_no_part_of_a_queue_name(
    amqp: AmqpTester, line_ends: list[tuple[int, str]]
) -> None:
    queue, exchange = amqp.name("q"), amqp.exchange()
    written = with_line_ends(queue, line_ends)
    raw = amqp.raw().open()
    for passive in (False, True):  # pika does not know a declare-ok for another name
        declare = spec.Queue.Declare(queue=written, exclusive=True, passive=passive)
        answer = raw.call(1, declare, spec.Queue.DeclareOk)
        expect.equal(answer.queue, queue, "name in declare-ok")
    bind = spec.Queue.Bind(queue=written, exchange=exchange, routing_key="key")
    raw.call(1, bind, spec.Queue.BindOk)
    expect.equal(count_routed(raw, exchange, queue), 1, "messages in the bound queue")
    unbind = spec.Queue.Unbind(queue=written, exchange=exchange, routing_key="key")
    raw.call(1, unbind, spec.Queue.UnbindOk)
    expect.equal(count_routed(raw, exchange, queue), 0, "messages in the unbound queue")
    raw.call(1, spec.Queue.Delete(queue=written), spec.Queue.DeleteOk)
    expect.equal(queue_exists(amqp, queue), False, "queue after delete-ok")


def count_routed(raw: RawConnection, exchange: str, queue: str) -> int:
    """How many messages a publish with "key" puts into the queue, which a purge tells."""
    raw.publish(1, exchange, "key", b"")
    count: int = raw.call(1, spec.Queue.Purge(queue=queue), spec.Queue.PurgeOk).message_count
    return count


@requirement("amqp.topology.exchange-name-any-text")
@holds_for(cost=2, text=TEXTS, long=st.booleans())
def test_exchange_names_are_any_text(amqp: AmqpTester, text: str, long: bool) -> None:
    exchange = cut_to_octets(amqp.name("x") + text + (260 * "é" if long else ""))
    amqp.admin.declare_exchange(exchange, auto_delete=True)
    queue = amqp.bound_queue(exchange, "key")
    amqp.admin.publish(exchange, "key", "through it")
    messages = amqp.admin.drain(queue)
    expect.equal([message.exchange for message in messages], [exchange], "exchange of the message")
    amqp.admin.delete_exchange(exchange)


@requirement("amqp.topology.queue-name-any-text")
@holds_for(cost=2, text=TEXTS, long=st.booleans())
def test_queue_names_are_any_text(amqp: AmqpTester, text: str, long: bool) -> None:
    queue = cut_to_octets(amqp.name("q") + text + (260 * "é" if long else ""))
    answer = amqp.admin.declare_queue(queue, exclusive=True)
    expect.equal(answer.queue, queue, "name in declare-ok")
    amqp.admin.publish("", queue, "by its name")
    expect.equal(amqp.bodies(queue), ["by its name"])


@requirement("amqp.topology.names-of-both-kinds")
def test_queue_and_exchange_may_share_a_name(amqp: AmqpTester) -> None:
    name, source = amqp.exchange("fanout"), amqp.exchange("fanout")
    amqp.admin.declare_queue(name, exclusive=True)
    amqp.admin.bind(name, source)
    amqp.admin.publish(source, "", "to the queue")
    amqp.admin.publish(name, "", "to the exchange, which routes nowhere")
    expect.equal(amqp.bodies(name), ["to the queue"], "messages in the queue")
    amqp.admin.delete_exchange(name)
    amqp.admin.publish(source, "", "still bound")
    expect.equal(amqp.bodies(name), ["still bound"], "messages after the exchange is deleted")


@requirement("amqp.topology.names-case")
def test_names_are_case_sensitive(amqp: AmqpTester) -> None:
    queue, exchange = amqp.queue(), amqp.exchange()
    expect.equal(queue_exists(amqp, queue.upper()), False, "queue in capitals")
    expect.equal(exchange_exists(amqp, exchange.upper()), False, "exchange in capitals")


@requirement("amqp.topology.name-long-missing")
def test_missing_queue_of_a_long_name(amqp: AmqpTester) -> None:
    queue = cut_to_octets(amqp.name("q") + 260 * "é")
    channel = amqp.connect().channel()
    with expect.ends(amqp.outcomes):
        channel.declare_queue(queue, passive=True)
