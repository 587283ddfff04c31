"""What is published comes back as it was: properties, header tables, bodies."""

from typing import Any

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_content import PROPERTIES, SIZES, Value
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.publishing.contents import (
    PROPERTY_SETS,
    TABLES,
    WAYS,
    Courier,
    body_of,
    cut,
    expect_content,
    signed,
)

FRAME_MAX = 8192
"""The least that every broker of the catalogue accepts, so that small bodies need many frames."""

ROOM = FRAME_MAX - 8
"""The largest body that fits into one frame."""

ONE_OF_EACH = {
    letter.encode(): Value(letter, b"\x01" * size) for letter, size in SIZES.items() if size
} | {
    b"S": Value("S", "gr\u00fc\u00dfe \U0001d11e".encode()),
    b"x": Value("x", bytes(range(256))),
    b"V": Value("V", b""),
    b"A": Value("A", [Value("I", b"\xff\xff\xff\xfb"), Value("A", []), Value("F", {})]),
    b"F": Value("F", {b"deep": Value("F", {b"deeper": Value("A", [Value("t", b"\0")])})}),
}

SOME_EMPTY: list[dict[str, Any]] = [{"headers": {}}, {}, {"headers": {}, "delivery-mode": b"\2"}]


@requirement("amqp.publishing.properties-kept")
@holds_for(cost=2, properties=PROPERTY_SETS, way=st.sampled_from(WAYS))
def test_properties_are_kept(amqp: AmqpTester, properties: dict[str, Any], way: str) -> None:
    properties = signed(amqp, properties)
    arrived = Courier(amqp).carry(properties, b"body", way=way)
    expect_content(arrived, properties, b"body")


@requirement("amqp.publishing.unset-properties-absent")
def test_properties_that_were_not_set_are_absent(amqp: AmqpTester) -> None:
    values = {"headers": {}, "timestamp": bytes(8), "delivery-mode": b"\1", "priority": b"\0"}
    courier = Courier(amqp)
    for name in PROPERTIES:
        if name not in ("user-id", "expiration"):
            properties: dict[str, Any] = {name: values.get(name, b"")}
            expect_content(courier.carry(properties, b"one"), properties, b"one")
    expect_content(courier.carry({}, b"none"), {}, b"none")


@requirement("amqp.publishing.header-types-kept")
def test_every_field_type_is_kept(amqp: AmqpTester) -> None:
    expected = {**ONE_OF_EACH, b"L": Value("l", b"\x01" * 8)}
    for way in WAYS:
        arrived = Courier(amqp).carry({"headers": ONE_OF_EACH}, b"body", way=way)
        expect_content(arrived, {"headers": expected}, b"body")


@requirement("amqp.publishing.header-types-kept")
@holds_for(cost=2, headers=TABLES)
def test_tables_of_any_shape_are_kept(amqp: AmqpTester, headers: dict[bytes, Value]) -> None:
    arrived = Courier(amqp).carry({"headers": headers}, b"body")
    expect_content(arrived, {"headers": headers}, b"body")


@requirement("amqp.publishing.long-integer-tags")
def test_both_tags_of_long_integers_mean_the_same(amqp: AmqpTester) -> None:
    extremes = [-(2**63), -1, 0, 2**63 - 1]
    courier = Courier(amqp)
    for letter in "lL":
        sent = [Value(letter, number.to_bytes(8, "big", signed=True)) for number in extremes]
        arrived = courier.carry({"headers": {b"n": Value("A", sent)}}, b"body")
        numbers = arrived.properties["headers"][b"n"].content
        expect.equal(numbers, [Value("l", value.content) for value in sent], f"sent with {letter}")


@requirement("amqp.publishing.empty-headers-kept")
def test_empty_headers_are_not_absent_headers(amqp: AmqpTester) -> None:
    for way in WAYS:
        courier = Courier(amqp)
        for properties in SOME_EMPTY:
            expect_content(courier.carry(properties, b"body", way=way), properties, b"body")


@requirement("amqp.publishing.timestamp-opaque")
def test_timestamps_are_not_interpreted(amqp: AmqpTester) -> None:
    courier = Courier(amqp)
    for moment in (0, 1, 2**31, 2**32, 253_402_300_800, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1):
        properties = {"timestamp": moment.to_bytes(8, "big")}
        expect_content(courier.carry(properties, b"body"), properties, b"body")


@requirement("amqp.publishing.other-delivery-modes")
def test_a_delivery_mode_beside_1_and_2(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    with expect.ends(amqp.outcomes):
        for mode in (0, 3, 255):
            channel.publish("", queue, "body", pika.BasicProperties(delivery_mode=mode))
            channel.barrier()
            arrived = [message.properties.delivery_mode for message in amqp.admin.drain(queue)]
            expect.equal(arrived, [mode])


@requirement("amqp.publishing.empty-body")
def test_an_empty_body_needs_no_frame(amqp: AmqpTester) -> None:
    for way in WAYS:
        courier = Courier(amqp)
        expect_content(courier.carry({"type": b"empty"}, way=way), {"type": b"empty"}, b"")
        expect_content(courier.carry({}, b"full", way=way), {}, b"full")


@requirement("amqp.publishing.body-kept")
def test_bodies_about_as_large_as_a_frame(amqp: AmqpTester) -> None:
    for way in WAYS:
        courier = Courier(amqp, FRAME_MAX)
        for size in (1, ROOM - 1, ROOM, ROOM + 1, FRAME_MAX, 2 * ROOM, 2 * ROOM + 1, 5 * FRAME_MAX):
            body = body_of(size)
            parts = cut(body, range(ROOM, size, ROOM))
            expect_content(courier.carry({}, *parts, way=way), {}, body)


@requirement("amqp.publishing.body-split-anywhere")
@holds_for(
    cost=2,
    size=st.integers(1, 2 * ROOM),
    places=st.lists(st.integers(1, 2 * ROOM), max_size=8),
    way=st.sampled_from(WAYS),
)
def test_a_body_may_be_split_anywhere(
    amqp: AmqpTester, size: int, places: list[int], way: str
) -> None:
    body = body_of(size)
    arrived = Courier(amqp, FRAME_MAX).carry({}, *cut(body, [*places, ROOM]), way=way)
    expect_content(arrived, {}, body)
