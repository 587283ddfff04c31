"""Contents: a method, a header and a body, each in frames of its own."""

from collections.abc import Iterable

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp import frames
from conformance.drivers.amqp.raw import BARRIER, body_frame, header_frame, method_frame
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import ConnectionClosed
from conformance.models.amqp_framing import Body, Frame, Header, Other, Publish, messages_of
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.wire.strangers import others_unharmed, read_content

MESSAGES: list[list[Frame]] = [
    [Publish(), Header(2), Body(b"ab")],
    [Publish(), Header(2), Body(b"c"), Body(b"d")],
    [Publish(), Header(0)],
    [Other()],
]
ALL_FRAMES: list[Frame] = [Publish(), Header(0), Header(2), Body(b"e"), Other()]
"""Nothing that could make a body too long, for which versions have codes of their own."""

FRAMES = st.sampled_from(ALL_FRAMES)
BEGINNINGS: list[list[Frame]] = [
    [],
    [Publish()],
    [Publish(), Header(2)],
    [Publish(), Header(2), Body(b"e")],
]


def _flat(messages: Iterable[Iterable[Frame]]) -> list[Frame]:
    return [frame for message in messages for frame in message]


SEQUENCES = st.one_of(
    st.lists(st.sampled_from(MESSAGES), max_size=3).map(_flat),
    st.permutations(_flat(MESSAGES[1:])),
    st.lists(FRAMES, max_size=4),
    st.builds(
        lambda whole, rest: [*whole, *rest], st.sampled_from(MESSAGES), st.lists(FRAMES, max_size=2)
    ),
)


def _encoded(frame: Frame, queue: str) -> bytes:
    match frame:
        case Publish():
            return method_frame(1, spec.Basic.Publish(exchange="", routing_key=queue))
        case Header(size):
            return header_frame(1, size)
        case Body(octets):
            return body_frame(1, octets)
        case Other():
            return method_frame(1, BARRIER)


@requirement("amqp.wire.content-frames-in-order")
def test_any_frame_at_any_point_of_a_content(amqp: AmqpTester) -> None:
    for beginning in BEGINNINGS:
        for frame in ALL_FRAMES:
            with expect.case(f"{beginning}, then {frame}"):
                check_order(amqp, [*beginning, frame])


@requirement("amqp.wire.content-frames-in-order")
@holds_for(sequence=SEQUENCES)
def test_only_frames_in_order_are_accepted(amqp: AmqpTester, sequence: list[Frame]) -> None:
    check_order(amqp, sequence)


def check_order(amqp: AmqpTester, sequence: list[Frame]) -> None:
    """Send the frames and a barrier; they must be accepted as far as the model says so."""
    queue = amqp.queue()
    sequence = [*sequence, Other()]
    messages = messages_of(sequence)
    with others_unharmed(amqp):
        raw = amqp.raw().open()
        raw.send(*(_encoded(frame, queue) for frame in sequence))
        if messages is None:
            raw.expect_close(505)
            return
        for _ in range(sequence.count(Other())):
            raw.expect(spec.Exchange.DeclareOk)
    expect.equal(amqp.bodies(queue), [body.decode() for body in messages])


@requirement("amqp.wire.content-without-header")
def test_a_publish_must_be_followed_by_a_header(amqp: AmqpTester) -> None:
    publish = method_frame(1, spec.Basic.Publish(exchange="", routing_key="k"))
    for wrong in (body_frame(1, b"body"), publish, method_frame(1, BARRIER)):
        with others_unharmed(amqp):
            raw = amqp.raw().open()
            raw.send(publish, wrong)
            close = raw.expect_close(505)
            expect.equal((close.class_id, close.method_id), (60, 40), "the method to blame")


@requirement("amqp.wire.content-without-method")
def test_a_content_must_be_preceded_by_its_method(amqp: AmqpTester) -> None:
    for wrong in (header_frame(1, 4), body_frame(1, b"body"), body_frame(1, b"")):
        with others_unharmed(amqp):
            raw = amqp.raw().open()
            raw.send(wrong)
            raw.expect_close(505)


@requirement("amqp.wire.content-without-body")
@holds_for(
    cost=2,
    sent=st.integers(0, 9),
    wrong=st.sampled_from([header_frame(1, 1), method_frame(1, BARRIER)]),
)
def test_a_body_must_be_complete_before_the_next_frame(
    amqp: AmqpTester, sent: int, wrong: bytes
) -> None:
    queue = amqp.queue()
    with others_unharmed(amqp):
        raw = amqp.raw().open()
        raw.send_method(1, spec.Basic.Publish(exchange="", routing_key=queue))
        raw.send(header_frame(1, 10), body_frame(1, b"x" * sent), wrong)
        raw.expect_close(505)
    expect.equal(amqp.bodies(queue), [], "incomplete messages")


OTHER_CLASSES = st.one_of(st.sampled_from([0, 10, 50, 61]), st.integers(0, 65_535)).filter(
    lambda class_id: class_id != frames.CLASS_BASIC
)


@requirement("amqp.wire.content-class-mismatch")
@holds_for(cost=4, class_id=OTHER_CLASSES)
def test_a_header_must_be_of_the_class_of_its_method(amqp: AmqpTester, class_id: int) -> None:
    with others_unharmed(amqp):
        raw = amqp.raw().open()
        raw.send_method(1, spec.Basic.Publish(exchange="", routing_key="k"))
        raw.send(frames.header(0, class_id=class_id))
        raw.expect_close(505)


@requirement("amqp.wire.content-weight")
@holds_for(cost=4, weight=st.integers(1, 65_535), size=st.integers(0, 5))
def test_the_weight_of_a_header_must_be_zero(amqp: AmqpTester, weight: int, size: int) -> None:
    with others_unharmed(amqp):
        raw = amqp.raw().open()
        raw.send_method(1, spec.Basic.Publish(exchange="", routing_key="k"))
        raw.send(frames.header(size, weight=weight))
        raw.expect_close(505)


@requirement("amqp.wire.content-on-channel-0")
@holds_for(frame=st.sampled_from([header_frame(0, 0), header_frame(0, 5), body_frame(0, b"body")]))
def test_channel_0_carries_no_content(amqp: AmqpTester, frame: bytes) -> None:
    with others_unharmed(amqp):
        raw = amqp.raw().open()
        raw.send(frame)
        raw.expect_close(505)


PARTS = st.lists(st.sampled_from([b"", b"a", b"bcd"]), max_size=3)
"""Parts of a body before its last one, 9 octets at most."""


@requirement("amqp.wire.body-of-another-size")
@holds_for(cost=6, parts=PARTS)
def test_only_a_body_of_the_announced_size_is_routed(amqp: AmqpTester, parts: list[bytes]) -> None:
    for difference in range(-3, 4):
        with expect.case(f"{difference} octets more than announced"):
            check_size(amqp, parts, difference)


def check_size(amqp: AmqpTester, parts: list[bytes], difference: int) -> None:
    """Publish more or fewer octets than announced; only the right number may be routed."""
    announced = len(b"".join(parts)) + 4
    parts = [*parts, b"x" * (4 + difference)]
    queue = amqp.queue()
    raw = amqp.raw().open(channels=2)
    raw.send_method(1, spec.Basic.Publish(exchange="", routing_key=queue))
    raw.send(header_frame(1, announced), *(body_frame(1, part) for part in parts))
    try:
        raw.barrier(2)
        if difference == 0:
            raw.barrier(1)
    except ConnectionClosed as closed:
        expect.true(difference > 0, "an open connection", str(closed))
    expected = [b"".join(parts).decode()] if difference == 0 else []
    expect.equal(amqp.bodies(queue), expected, f"messages of {announced} announced octets")


@requirement("amqp.wire.body-too-long")
@holds_for(cost=3, parts=PARTS, excess=st.integers(1, 9))
def test_more_octets_than_announced_are_refused(
    amqp: AmqpTester, parts: list[bytes], excess: int
) -> None:
    announced = len(b"".join(parts)) + 1
    with others_unharmed(amqp):
        raw = amqp.raw().open()
        raw.send_method(1, spec.Basic.Publish(exchange="", routing_key="k"))
        raw.send(header_frame(1, announced))
        raw.send(*(body_frame(1, part) for part in parts), body_frame(1, b"x" * (1 + excess)))
        raw.expect_close(501)


@requirement("amqp.wire.announced-body-too-large")
def test_a_body_above_512_mib_is_refused_by_its_header(amqp: AmqpTester) -> None:
    for size in ((512 << 20) + 1, 1 << 40, (1 << 64) - 1):
        with others_unharmed(amqp):
            raw = amqp.raw().open()
            raw.send_method(1, spec.Basic.Publish(exchange="", routing_key="k"))
            raw.send(header_frame(1, size))
            raw.expect_close(501)


@requirement("amqp.wire.contents-of-channels-interleave")
@holds_for(
    cost=3,
    bodies=st.tuples(*[st.lists(st.binary(min_size=1, max_size=3), max_size=3)] * 2),
    turns=st.lists(st.booleans(), max_size=10),
)
def test_frames_of_two_channels_may_interleave(
    amqp: AmqpTester, bodies: tuple[list[bytes], list[bytes]], turns: list[bool]
) -> None:
    queues = [amqp.queue(), amqp.queue()]
    pending = []
    for number, (queue, parts) in enumerate(zip(queues, bodies, strict=True), start=1):
        publish = spec.Basic.Publish(exchange="", routing_key=queue)
        octets = [method_frame(number, publish), header_frame(number, sum(map(len, parts)))]
        pending.append(octets + [body_frame(number, part) for part in parts])
    raw = amqp.raw().open(channels=2)
    for turn in turns:
        if pending[turn]:
            raw.send(pending[turn].pop(0))
    raw.send(*pending[0], *pending[1])
    raw.barrier(1)
    raw.barrier(2)
    for queue, parts in zip(queues, bodies, strict=True):
        received = [message.body for message in amqp.admin.drain(queue)]
        expect.equal(received, [b"".join(parts)], "what came of the frames of a channel")


@requirement("amqp.wire.contents-of-one-channel-are-whole")
def test_the_broker_finishes_a_content_before_the_next_on_its_channel(amqp: AmqpTester) -> None:
    queues = [amqp.queue(durable=True), amqp.queue(durable=True)]
    raw = amqp.raw().open(frame_max=8192)
    for queue in queues:
        raw.call(1, spec.Basic.Consume(queue=queue, no_ack=True), spec.Basic.ConsumeOk)
    sent = [bytes((97 + number,)) * 20_000 for number in range(8)]
    for number, body in enumerate(sent):
        amqp.admin.publish("", queues[number % 2], body)
    amqp.admin.barrier()
    received = [read_content(raw, 1)[0] for _ in sent]
    expect.same_members(received, sent, "bodies")
