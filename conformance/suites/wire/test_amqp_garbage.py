"""Octets that make no sense at all: they may cost one connection, and nothing else."""

from collections.abc import Callable

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp import frames
from conformance.drivers.amqp.raw import (
    PROTOCOL_HEADER,
    RawConnection,
    any_frame,
    body_frame,
    header_frame,
    method_frame,
)
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.wire.strangers import others_unharmed

STAGES: dict[str, Callable[[RawConnection], object]] = {
    "connected": repr,
    "started": RawConnection.start,
    "tuning": lambda raw: (raw.start(), raw.authenticate()),
    "open": RawConnection.open,
}

HARMLESS = [
    PROTOCOL_HEADER,
    method_frame(1, spec.Basic.Qos(prefetch_count=1)),
    method_frame(1, spec.Channel.Flow(True)),
    method_frame(1, spec.Basic.Publish(exchange="", routing_key="tck-none")),
    header_frame(1, 4),
    body_frame(1, b"body"),
    method_frame(1, spec.Basic.Get(queue="tck-none")),
    method_frame(1, spec.Confirm.Select()),
    any_frame(frames.HEARTBEAT, 0, b""),
]
"""Frames that create nothing, not even with an octet changed."""


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    """Valid frames with a few octets changed, removed or inserted."""
    octets = bytearray(b"".join(draw(st.lists(st.sampled_from(HARMLESS), min_size=1, max_size=6))))
    for _ in range(draw(st.integers(1, 4))):
        position = draw(st.integers(0, len(octets) - 1))
        change = draw(st.sampled_from(["set", "remove", "insert"]))
        if change == "remove" and len(octets) > 1:
            del octets[position]
        elif change == "insert":
            octets.insert(position, draw(st.integers(0, 255)))
        else:
            octets[position] = draw(st.integers(0, 255))
    return bytes(octets)


@requirement("amqp.wire.garbage-harms-nobody-else")
@holds_for(
    cost=1.5,
    stage=st.sampled_from(sorted(STAGES)),
    octets=st.one_of(st.binary(min_size=1, max_size=60), _mutated()),
)
def test_garbage_on_one_connection_harms_no_other(
    amqp: AmqpTester, stage: str, octets: bytes
) -> None:
    queue = amqp.queue()
    amqp.admin.publish("", queue, "before")
    with others_unharmed(amqp):
        raw = amqp.raw()
        STAGES[stage](raw)
        raw.send(octets)
        raw.half_close()
    amqp.admin.publish("", queue, "after")
    expect.equal(amqp.bodies(queue), ["before", "after"], "messages of another connection")
