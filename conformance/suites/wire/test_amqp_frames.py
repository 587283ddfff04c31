"""Frames: type, channel, size, payload, end marker."""

import itertools
from collections.abc import Iterable, Sequence

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp import frames
from conformance.drivers.amqp.raw import (
    FRAME_END,
    any_frame,
    body_frame,
    header_frame,
    method_frame,
)
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.wire.strangers import others_unharmed, read_content

CHANNELS = st.sampled_from([0, 1, 9])
"""Channel 0, an open one, and one that was never opened."""

OVERHEAD = 8
FRAME_MAX = 8192
"""A frame-max that every version accepts."""


@requirement("amqp.wire.frame-end-marker")
@holds_for(
    cost=3,
    kind=st.sampled_from(frames.FRAME_TYPES),
    channel=CHANNELS,
    payload=st.binary(max_size=20),
    end=st.integers(0, 255).filter(lambda octet: octet != FRAME_END[0]),
)
def test_a_wrong_end_marker_ends_the_connection(
    amqp: AmqpTester, kind: int, channel: int, payload: bytes, end: int
) -> None:
    queue = amqp.queue()
    with others_unharmed(amqp):
        raw = amqp.raw().open()
        raw.send(any_frame(kind, channel, payload, bytes((end,))))
        raw.publish(1, "", queue, b"after the broken frame")
        raw.expect_close(501)
    expect.equal(amqp.bodies(queue), [], "messages published after the broken frame")


@requirement("amqp.wire.frame-end-marker-no-effect")
def test_a_frame_with_a_wrong_end_marker_has_no_effect(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    whole = [
        method_frame(1, spec.Basic.Publish(exchange="", routing_key=queue)),
        header_frame(1, 4),
        body_frame(1, b"body"),
    ]
    for broken in range(len(whole)):
        raw = amqp.raw().open()
        for number, octets in enumerate(whole):
            raw.send(octets[:-1] + b"\0" if number == broken else octets)
        raw.expect_close(501)
    expect.equal(amqp.bodies(queue), [], "messages of which one frame was broken")


@requirement("amqp.wire.frame-too-large")
@holds_for(
    cost=4,
    excess=st.sampled_from([1, 2, 8, 9, 100_000, 0xFFFFFFFF - FRAME_MAX]),
    kind=st.sampled_from(frames.FRAME_TYPES),
    channel=CHANNELS,
)
def test_a_frame_above_the_limit_is_refused_by_its_head(
    amqp: AmqpTester, excess: int, kind: int, channel: int
) -> None:
    with others_unharmed(amqp):
        raw = amqp.raw().open(frame_max=FRAME_MAX)
        size = FRAME_MAX + excess
        raw.send(bytes((kind,)), channel.to_bytes(2, "big"), size.to_bytes(4, "big"))
        raw.expect_close(501)


@requirement("amqp.wire.frame-of-the-largest-size")
def test_frames_up_to_the_limit_are_accepted(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    raw = amqp.raw().open(frame_max=FRAME_MAX)
    for size in (FRAME_MAX - OVERHEAD - 1, FRAME_MAX - OVERHEAD):
        raw.publish(1, "", queue, b"x" * size)
        raw.barrier(1)
        expect.equal(len(amqp.bodies(queue)[0]), size, "octets of the body")


@requirement("amqp.wire.frame-size-tolerance")
def test_eight_octets_above_the_limit_are_tolerated(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    raw = amqp.raw().open(frame_max=FRAME_MAX)
    raw.publish(1, "", queue, b"x" * FRAME_MAX)
    raw.barrier(1)
    expect.equal(len(amqp.bodies(queue)[0]), FRAME_MAX, "octets of the body")


UNKNOWN_FRAMES = st.tuples(
    st.integers(0, 255).filter(lambda kind: kind not in frames.FRAME_TYPES),
    CHANNELS,
    st.binary(max_size=20),
)


@requirement("amqp.wire.unknown-frame-type")
@holds_for(cost=6, unknown=st.lists(UNKNOWN_FRAMES, min_size=10, max_size=10))
def test_an_unknown_frame_type_is_refused(
    amqp: AmqpTester, unknown: list[tuple[int, int, bytes]]
) -> None:
    with others_unharmed(amqp):
        for frame in unknown:
            raw = amqp.raw().open()
            with expect.case(f"frame {frame}"):
                raw.send(any_frame(*frame))
                raw.expect_close(501)


@requirement("amqp.wire.payload-too-short")
@holds_for(cost=4, channel=CHANNELS, method=st.binary(max_size=3), header=st.binary(max_size=11))
def test_a_payload_without_its_fixed_fields_is_refused(
    amqp: AmqpTester, channel: int, method: bytes, header: bytes
) -> None:
    for kind, payload in ((frames.METHOD, method), (frames.HEADER, header)):
        with expect.case(f"type {kind}, {len(payload)} octets"), others_unharmed(amqp):
            raw = amqp.raw().open()
            raw.send(any_frame(kind, channel, payload))
            raw.expect_close(501)


@requirement("amqp.wire.heartbeat-on-channel")
@holds_for(cost=2, channel=st.sampled_from([1, 2, 9, 65_535]), within_content=st.booleans())
def test_a_heartbeat_belongs_to_channel_0(
    amqp: AmqpTester, channel: int, within_content: bool
) -> None:
    with others_unharmed(amqp):
        raw = amqp.raw().open(channels=2)
        if within_content:
            raw.send_method(1, spec.Basic.Publish(exchange="", routing_key="k"))
        raw.send(any_frame(frames.HEARTBEAT, channel, b""))
        raw.expect_close(505)


@requirement("amqp.wire.heartbeat-with-payload")
@holds_for(cost=4, channel=CHANNELS, payload=st.binary(min_size=1, max_size=20))
def test_a_heartbeat_has_no_payload(amqp: AmqpTester, channel: int, payload: bytes) -> None:
    with others_unharmed(amqp):
        raw = amqp.raw().open()
        raw.send(any_frame(frames.HEARTBEAT, channel, payload))
        raw.expect_close(501)


@requirement("amqp.wire.heartbeat-between-frames")
def test_a_heartbeat_may_stand_between_the_frames_of_a_content(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    heartbeat = any_frame(frames.HEARTBEAT, 0, b"")
    raw = amqp.raw().open()
    raw.send_method(1, spec.Basic.Publish(exchange="", routing_key=queue))
    raw.send(heartbeat, header_frame(1, 4), heartbeat, body_frame(1, b"body"), heartbeat)
    raw.barrier(1)
    expect.equal(amqp.bodies(queue), ["body"])


def cut(octets: bytes, places: Iterable[int]) -> list[bytes]:
    """Cut at these places; the pieces together are the octets."""
    edges = [0, *sorted(set(places)), len(octets)]
    return [octets[start:end] for start, end in itertools.pairwise(edges)]


def check_pieces(amqp: AmqpTester, places: Sequence[int]) -> None:
    """Publish 3 messages in pieces, each of which arrives before the next is sent."""
    queue = amqp.queue()
    publish = method_frame(1, spec.Basic.Publish(exchange="", routing_key=queue))
    bodies = ["first", "second", ""]
    octets = b"".join(
        publish + header_frame(1, len(body)) + (body_frame(1, body.encode()) if body else b"")
        for body in bodies
    )
    raw = amqp.raw().open()
    for piece in cut(octets, [place % len(octets) for place in places]):
        raw.send(piece)
        amqp.admin.barrier()
    raw.barrier(1)
    expect.equal(amqp.bodies(queue), bodies, f"messages in pieces cut at {places}")


@requirement("amqp.wire.frames-in-pieces")
def test_a_frame_may_be_cut_at_any_place(amqp: AmqpTester) -> None:
    """One octet after the other, from the first method to the second, and back from the end."""
    check_pieces(amqp, range(1, 120))
    check_pieces(amqp, range(-40, 0))


@requirement("amqp.wire.frames-in-pieces")
@holds_for(cost=2, places=st.lists(st.integers(1, 400), max_size=4))
def test_frames_may_be_cut_anywhere(amqp: AmqpTester, places: list[int]) -> None:
    check_pieces(amqp, places)


@requirement("amqp.wire.frame-max-kept-by-broker")
@holds_for(
    cost=4,
    frame_max=st.sampled_from([FRAME_MAX, FRAME_MAX + 1, 3 * FRAME_MAX]),
    parts=st.integers(0, 3),
    beside=st.integers(-9, 9),
)
def test_the_broker_sends_no_frame_above_the_limit(
    amqp: AmqpTester, frame_max: int, parts: int, beside: int
) -> None:
    for way in ("deliver", "get", "return"):
        for octets in (beside, 0, 1, 8, 9):
            with expect.case(f"{way}, {parts} frames and {octets} octets"):
                check_frames(amqp, frame_max, parts, octets, way)


def check_frames(amqp: AmqpTester, frame_max: int, parts: int, beside: int, way: str) -> None:
    """Receive a body of so many full frames and some octets more or less, in frames that fit."""
    body = bytes(index % 251 for index in range(max(0, parts * (frame_max - OVERHEAD) + beside)))
    queue = amqp.queue(durable=True)
    raw = amqp.raw().open(frame_max=frame_max)
    if way == "return":
        returning = spec.Basic.Publish(exchange="", routing_key="no queue", mandatory=True)
        raw.send_method(1, returning)
        raw.send(header_frame(1, len(body)))
        for start in range(0, len(body), frame_max - OVERHEAD):
            raw.send(body_frame(1, body[start : start + frame_max - OVERHEAD]))
    else:
        amqp.admin.publish("", queue, body)
        amqp.admin.barrier()
        if way == "get":
            raw.send_method(1, spec.Basic.Get(queue=queue, no_ack=True))
        else:
            raw.call(1, spec.Basic.Consume(queue=queue, no_ack=True), spec.Basic.ConsumeOk)
    received, sizes = read_content(raw, 1)
    expect.equal(received, body, "the body")
    expect.at_most(max(sizes), frame_max, "octets of the largest frame")
