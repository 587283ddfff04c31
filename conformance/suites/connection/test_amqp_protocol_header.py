"""The first octets of a connection."""

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp.raw import PROTOCOL_HEADER
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

HEADER_0_9 = b"AMQP\x01\x01\x00\x09"
HEADERS_0_8 = (b"AMQP\x01\x01\x08\x00", b"AMQP\x01\x01\x09\x01")
HEADER_1_0_SASL = b"AMQP\x03\x01\x00\x00"
SPOKEN_SOMEWHERE = (PROTOCOL_HEADER, HEADER_0_9, *HEADERS_0_8, HEADER_1_0_SASL)


def _with_octet_changed(position: int, octet: int) -> bytes:
    return PROTOCOL_HEADER[:position] + bytes((octet,)) + PROTOCOL_HEADER[position + 1 :]


UNKNOWN_HEADERS = st.one_of(
    st.binary(min_size=8, max_size=8),
    st.binary(min_size=4, max_size=4).map(b"AMQP".__add__),
    st.builds(_with_octet_changed, st.integers(0, 7), st.integers(0, 255)),
    st.just(b"GET / HT"),
).filter(lambda header: header not in SPOKEN_SOMEWHERE)


NEARLY_0_9_1 = [
    _with_octet_changed(position, (PROTOCOL_HEADER[position] + step) % 256)
    for position in range(8)
    for step in (1, 255)
]
VERSIONS_NEARBY = [
    b"AMQP\0\0" + bytes((minor, revision)) for minor in (8, 9) for revision in range(3)
]


def _refusal(amqp: AmqpTester, header: bytes) -> bytes:
    """Send a header and return the one that answers it, after which the socket must be closed."""
    raw = amqp.raw()
    raw.send(header)
    answer = raw.read_octets(8)
    expect.equal(raw.read_octets(1), b"", "octets after the protocol header of the broker")
    return answer


@requirement("amqp.connection.starts-with-start")
def test_the_first_frame_is_connection_start(amqp: AmqpTester) -> None:
    start = amqp.raw().start()
    expect.equal((start.version_major, start.version_minor), (0, 9), "the version in start")


@requirement("amqp.connection.unknown-header-refused")
@holds_for(cost=2, headers=st.lists(UNKNOWN_HEADERS, min_size=2, max_size=2))
def test_an_unknown_header_is_answered_with_a_header(
    amqp: AmqpTester, headers: list[bytes]
) -> None:
    nearly = NEARLY_0_9_1 if amqp.examples == 1 else []
    for header in nearly + headers:
        with expect.case(repr(header)):
            answer = _refusal(amqp, header)
            is_header = len(answer) == 8 and answer.startswith(b"AMQP")
            expect.true(is_header, "a protocol header of 8 octets", answer)


@requirement("amqp.connection.unknown-header-offers-0-9-1")
@holds_for(cost=4, header=UNKNOWN_HEADERS)
def test_the_header_offered_is_that_of_0_9_1(amqp: AmqpTester, header: bytes) -> None:
    expect.equal(_refusal(amqp, header), PROTOCOL_HEADER, "the protocol header of the broker")


@requirement("amqp.connection.unknown-header-offers-1-0")
@holds_for(
    cost=4,
    headers=st.lists(
        st.one_of(
            UNKNOWN_HEADERS,
            st.tuples(st.integers(8, 255), st.integers(0, 3)).map(lambda v: b"AMQP\0\0" + bytes(v)),
        ).filter(lambda header: header not in SPOKEN_SOMEWHERE),
        max_size=4,
    ),
)
def test_the_header_offered_is_that_of_1_0_except_near_0_9(
    amqp: AmqpTester, headers: list[bytes]
) -> None:
    nearby = [header for header in VERSIONS_NEARBY if header not in SPOKEN_SOMEWHERE]
    for header in nearby + headers:
        near = header.startswith(b"AMQP\0\0") and header[6] >= 9
        expected = PROTOCOL_HEADER if near else HEADER_1_0_SASL
        with expect.case(repr(header)):
            expect.equal(_refusal(amqp, header), expected, "the protocol header of the broker")


@requirement("amqp.connection.header-0-9-accepted")
def test_the_header_of_0_9_opens_a_connection(amqp: AmqpTester) -> None:
    raw = amqp.raw()
    raw.send(HEADER_0_9)
    raw.expect(spec.Connection.Start)
    raw.authenticate()


@requirement("amqp.connection.header-0-8-accepted")
def test_the_headers_of_0_8_are_accepted(amqp: AmqpTester) -> None:
    for header in HEADERS_0_8:
        raw = amqp.raw()
        raw.send(header)
        start = raw.expect(spec.Connection.Start)
        expect.equal((start.version_major, start.version_minor), (8, 0), "the version in start")


@requirement("amqp.connection.header-0-8-refused")
def test_the_headers_of_0_8_are_refused(amqp: AmqpTester) -> None:
    for header in HEADERS_0_8:
        expect.equal(_refusal(amqp, header), HEADER_1_0_SASL, "the protocol header of the broker")


@requirement("amqp.connection.header-in-pieces")
def test_a_header_may_arrive_octet_by_octet(amqp: AmqpTester) -> None:
    raw = amqp.raw()
    for octet in PROTOCOL_HEADER:
        raw.send(bytes((octet,)))
        amqp.admin.barrier()  # so that the broker reads one octet at a time
    raw.expect(spec.Connection.Start)
