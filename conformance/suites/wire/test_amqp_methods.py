"""Method frames: who may send what where, and what a method must look like inside."""

from collections.abc import Iterable

from hypothesis import strategies as st
from pika import BasicProperties, spec

from conformance import expect
from conformance.drivers.amqp import frames
from conformance.drivers.amqp.raw import body_frame, header_frame
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.wire.strangers import expect_end, others_unharmed

CONNECTION_METHODS = [
    spec.Connection.StartOk({}, "PLAIN", "\0guest\0guest", "en_US"),
    spec.Connection.SecureOk("response"),
    spec.Connection.TuneOk(10, 8192, 0),
    spec.Connection.Open("/"),
    spec.Connection.Close(200, "bye", 0, 0),
    spec.Connection.CloseOk(),
]
CHANNEL_METHODS = [
    spec.Channel.Open(),
    spec.Channel.Flow(True),
    spec.Channel.Close(200, "bye", 0, 0),
    spec.Exchange.Declare(exchange="amq.direct", passive=True),
    spec.Exchange.Delete(exchange="tck-none"),
    spec.Exchange.Bind(destination="amq.direct", source="amq.fanout"),
    spec.Queue.Declare(queue="tck-none", passive=True),
    spec.Queue.Bind(queue="tck-none", exchange="amq.direct", routing_key="k"),
    spec.Queue.Purge(queue="tck-none"),
    spec.Queue.Delete(queue="tck-none"),
    spec.Queue.Unbind(queue="tck-none", exchange="amq.direct", routing_key="k"),
    spec.Basic.Qos(prefetch_count=1),
    spec.Basic.Consume(queue="tck-none", consumer_tag="t"),
    spec.Basic.Cancel("t"),
    spec.Basic.Publish(exchange="", routing_key="tck-none"),
    spec.Basic.Get(queue="tck-none"),
    spec.Basic.Ack(1),
    spec.Basic.Reject(1),
    spec.Basic.Nack(1),
    spec.Basic.Recover(True),
    spec.Confirm.Select(),
    spec.Tx.Select(),
    spec.Tx.Commit(),
]
SERVER_METHODS = [
    spec.Channel.OpenOk(),
    spec.Exchange.DeclareOk(),
    spec.Exchange.DeleteOk(),
    spec.Exchange.BindOk(),
    spec.Exchange.UnbindOk(),
    spec.Queue.DeclareOk("q", 0, 0),
    spec.Queue.BindOk(),
    spec.Queue.PurgeOk(0),
    spec.Queue.DeleteOk(0),
    spec.Queue.UnbindOk(),
    spec.Basic.QosOk(),
    spec.Basic.ConsumeOk("t"),
    spec.Basic.GetEmpty(),
    spec.Basic.RecoverOk(),
    spec.Confirm.SelectOk(),
    spec.Tx.SelectOk(),
    spec.Tx.CommitOk(),
    spec.Tx.RollbackOk(),
    spec.Basic.Return(312, "NO_ROUTE", "", "k"),
    spec.Basic.Deliver("t", 1, False, "", "k"),
    spec.Basic.GetOk(1, False, "", "k", 0),
]
CONTENT_METHODS = (spec.Basic.Publish, spec.Basic.Return, spec.Basic.Deliver, spec.Basic.GetOk)
KNOWN_IDS = {(index >> 16, index & 0xFFFF) for index in spec.methods} | {
    (30, 10),
    (30, 11),
    (60, 100),
}
"""Class and method ids of the specification and of RabbitMQ's extensions; pika does not know
access.request and basic.recover-async."""


def _refuses(amqp: AmqpTester, channel: int, methods: Iterable[object], code: int) -> None:
    """Each of the methods, alone on a connection with channel 1 open, must be refused."""
    with others_unharmed(amqp):
        for method in methods:
            raw = amqp.raw().open()
            with expect.case(type(method).__qualname__):
                raw.send_method(channel, method)
                if isinstance(method, CONTENT_METHODS) and channel:
                    raw.send(header_frame(channel, 0))
                raw.expect_close(code)


@requirement("amqp.wire.connection-method-on-channel")
def test_connection_methods_belong_to_channel_0(amqp: AmqpTester) -> None:
    _refuses(amqp, 1, CONNECTION_METHODS, 503)


@requirement("amqp.wire.channel-method-on-channel-0")
def test_all_other_methods_belong_to_channels(amqp: AmqpTester) -> None:
    _refuses(amqp, 0, CHANNEL_METHODS, 504)


@requirement("amqp.wire.channel-never-opened")
def test_a_channel_must_be_opened_first(amqp: AmqpTester) -> None:
    methods = [*CONNECTION_METHODS, *CHANNEL_METHODS[1:], spec.Channel.CloseOk()]
    _refuses(amqp, 2, methods, 504)
    _refuses(amqp, 65_535, methods[:1], 504)


@requirement("amqp.wire.server-methods-refused")
def test_methods_of_a_server_are_refused(amqp: AmqpTester) -> None:
    _refuses(amqp, 1, SERVER_METHODS, 503)


UNKNOWN_IDS = st.tuples(
    st.one_of(st.sampled_from([10, 20, 40, 50, 60, 85, 90]), st.integers(0, 65_535)),
    st.one_of(st.integers(0, 130), st.integers(0, 65_535)),
).filter(lambda ids: ids not in KNOWN_IDS)


@requirement("amqp.wire.unknown-method")
@holds_for(
    cost=3, ids=UNKNOWN_IDS, channel=st.sampled_from([0, 1, 9]), arguments=st.binary(max_size=12)
)
def test_an_unknown_method_ends_the_connection(
    amqp: AmqpTester, ids: tuple[int, int], channel: int, arguments: bytes
) -> None:
    queue = amqp.queue()
    with others_unharmed(amqp):
        raw = amqp.raw().open()
        raw.send(frames.method(*ids, arguments, channel=channel))
        raw.publish(1, "", queue, b"after the unknown method")
        expect_end(raw)
    expect.equal(amqp.bodies(queue), [], "messages published after the unknown method")


@requirement("amqp.wire.malformed-method")
def test_one_octet_too_few_or_too_many(amqp: AmqpTester) -> None:
    for method in CHANNEL_METHODS:
        class_id, method_id, arguments = frames.arguments_of(method)
        for broken in {arguments[:-1], arguments + b"\0"} - {arguments}:
            with expect.case(f"{type(method).__name__}, {len(broken)} octets"):
                raw = amqp.raw().open()
                raw.send(frames.method(class_id, method_id, broken))
                raw.expect_close(501)
                raw.close()


@requirement("amqp.wire.malformed-method")
@holds_for(
    cost=2,
    method=st.sampled_from(CHANNEL_METHODS),
    cut=st.integers(1, 40),
    trailing=st.binary(max_size=3),
)
def test_arguments_must_fill_a_method_exactly(
    amqp: AmqpTester, method: object, cut: int, trailing: bytes
) -> None:
    class_id, method_id, arguments = frames.arguments_of(method)
    broken = arguments + trailing if trailing else arguments[: -min(cut, len(arguments))]
    if broken == arguments:
        broken += b"\0"
    with others_unharmed(amqp):
        raw = amqp.raw().open()
        raw.send(frames.method(class_id, method_id, broken))
        close = raw.expect_close(501)
        blamed = (close.class_id, close.method_id)
        expect.equal(blamed, (class_id, method_id), "the method to blame")


@requirement("amqp.wire.short-string-past-the-end")
@holds_for(cost=4, declared=st.integers(4, 255))
def test_a_short_string_must_end_within_its_method(amqp: AmqpTester, declared: int) -> None:
    arguments = b"\0\0" + bytes((declared,)) + b"abc"
    with others_unharmed(amqp):
        raw = amqp.raw().open()
        raw.send(frames.method(50, 10, arguments))
        raw.expect_close(501)
        raw = amqp.raw().open()
        raw.send(frames.method(20, 10, arguments[2:], channel=2))  # nothing follows the string
        raw.expect_close(501)


@requirement("amqp.wire.malformed-connection-method")
def test_a_malformed_close_ends_the_connection(amqp: AmqpTester) -> None:
    whole = b"\0\xc8\x03bye\0\0\0\0"
    with others_unharmed(amqp):
        for arguments in (b"", b"\0", whole[:-1], whole + b"\0", whole.replace(b"\3", b"\xff")):
            raw = amqp.raw().open()
            with expect.case(repr(arguments)):
                raw.send(frames.method(10, 50, arguments, channel=0))
                expect_end(raw, accepted=spec.Connection.CloseOk)


NOT_UTF8 = [
    b"\xff",
    b"\x80",
    b"a\xc3",
    b"\xc0\x80",
    b"\xe2\x82",
    b"\xf0\x9f\x98",
    b"\xf8\x88\x80\x80",
]


@requirement("amqp.wire.short-strings-are-utf8")
def test_a_name_that_is_no_utf8_is_refused(amqp: AmqpTester) -> None:
    with others_unharmed(amqp):
        for text in NOT_UTF8:
            name = frames.short(b"tck" + text)
            for octets in (
                frames.declare_queue(b"tck" + text),
                frames.method(40, 10, b"\0\0" + name + b"\x06direct\0\0\0\0\0"),
                frames.method(50, 20, b"\0\0\x01q\x0aamq.direct" + name + b"\0\0\0\0\0"),
                frames.method(60, 70, b"\0\0" + name + b"\0"),
                frames.method(60, 30, name + b"\0"),
            ):
                raw = amqp.raw().open()
                with expect.case(repr(octets)):
                    raw.send(octets)
                    raw.expect_close(501)


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)


@requirement("amqp.wire.names-are-any-utf8")
@holds_for(cost=3, text=TEXTS)
def test_names_and_keys_may_be_any_utf8(amqp: AmqpTester, text: str) -> None:
    name = amqp.queue_name() + text
    declared = amqp.admin.declare_queue(name, exclusive=True)
    expect.equal(declared.queue, name, "the name in declare-ok")
    amqp.admin.bind(name, "amq.direct", name)
    amqp.admin.publish("amq.direct", name, "by binding")
    amqp.admin.publish("", name, "by name")
    received = amqp.admin.drain(name)
    expect.equal([message.text for message in received], ["by binding", "by name"])
    expect.equal([message.routing_key for message in received], [name, name], "routing keys")


@requirement("amqp.wire.short-strings-of-any-length")
@holds_for(cost=2, length=st.one_of(st.sampled_from([254, 255]), st.integers(0, 255)))
def test_short_strings_may_have_up_to_255_octets(amqp: AmqpTester, length: int) -> None:
    exchange = amqp.exchange("direct")
    name = amqp.queue_name()
    name += "n" * (length - len(name))
    key = "k" * length
    declared = amqp.admin.declare_queue(name, exclusive=True)
    expect.equal(declared.queue, name, "the name in declare-ok")
    amqp.admin.bind(name, exchange, key)
    properties = BasicProperties(message_id=key)
    amqp.admin.publish(exchange, key, "bound", properties)
    amqp.admin.publish(exchange, key[:-1] if key else "k", "not bound", properties)
    received = amqp.admin.drain(name)
    expect.equal(
        [(m.text, m.routing_key, m.properties.message_id or "") for m in received],
        [("bound", key, key)],
    )


BAD_VALUES = [
    b"Z",
    b"\0",
    b"",
    b"t",
    b"I\0\0\0",
    b"l\0\0\0\0",
    b"S\0\0\0\x05abc",
    b"S\0\0",
    b"D\0\0\0",
    b"F" + frames.long(frames.field(b"k", b"Z")),
    b"F\0\0\0\x09abc",
    b"A" + frames.long(b"Z"),
    b"A\0\0\0\x02t",
]


@requirement("amqp.wire.malformed-arguments")
def test_a_table_that_cannot_be_read_ends_the_connection(amqp: AmqpTester) -> None:
    name = amqp.queue_name()
    good = frames.field(b"x-good", b"I\0\0\0\1")
    with others_unharmed(amqp):
        for value in BAD_VALUES:
            bad = frames.field(b"x-bad", value)
            for table in (bad, good + bad):
                raw = amqp.raw().open()
                with expect.case(repr(table)):
                    raw.send(frames.declare_queue(name.encode(), table))
                    expect_end(raw)
    with expect.channel_error(404):
        amqp.channel().declare_queue(name, passive=True)


@requirement("amqp.wire.table-of-another-length")
def test_a_table_must_be_as_long_as_it_says(amqp: AmqpTester) -> None:
    table = frames.field(b"k", b"t\1")
    with others_unharmed(amqp):
        for declared in (0, 1, len(table) - 1, len(table) + 1, 100, 0xFFFFFFFF):
            raw = amqp.raw().open()
            with expect.case(f"{len(table)} octets that say they are {declared}"):
                length = declared.to_bytes(4, "big")
                raw.send(frames.method(50, 10, b"\0\0\x08tck-none\1" + length + table))
                raw.expect_close(501)


BAD_PROPERTIES = [
    b"",
    b"\0",
    b"\0\0x",
    b"\x80\0",
    b"\x80\0\x05abc",
    b"\x20\0\0\0\0\x09",
    b"\x10\0",
    b"\0\x40\0\0\0",
    *(b"\x20\0" + frames.long(frames.field(b"k", value)) for value in BAD_VALUES),
]


@requirement("amqp.wire.malformed-properties")
def test_properties_that_cannot_be_read_end_the_connection(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    with others_unharmed(amqp):
        for number, properties in enumerate(BAD_PROPERTIES):
            raw = amqp.raw().open()
            with expect.case(repr(properties)):
                raw.send_method(1, spec.Basic.Publish(exchange="", routing_key=queue))
                raw.send(frames.header(4 * (number % 2), properties))
                raw.send(body_frame(1, b"body") if number % 2 else b"")
                raw.expect_close(541)
    expect.equal(amqp.bodies(queue), [], "messages whose properties cannot be read")
