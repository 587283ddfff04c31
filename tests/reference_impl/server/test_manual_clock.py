"""A broker on a clock that is driven by hand: hours pass in milliseconds, effects included."""

from __future__ import annotations

import threading
import time

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from reference_impl import ManualClock, ReferenceBroker
from tests.reference_impl.server.clients import channel_to, eventually

HOUR_MS = 3_600_000


def ready(channel: BlockingChannel, queue: str) -> int:
    count: int = channel.queue_declare(queue, passive=True).method.message_count
    return count


def declare(channel: BlockingChannel, queue: str, **arguments: object) -> None:
    named = {name.replace("_", "-"): value for name, value in arguments.items()}
    channel.queue_declare(queue, durable=True, arguments=named)


def test_an_hour_passes_in_milliseconds() -> None:
    clock = ManualClock()
    with ReferenceBroker(clock=clock) as broker, channel_to(broker.amqp_url) as channel:
        declare(channel, "q", x_message_ttl=HOUR_MS)
        channel.basic_publish("", "q", b"1")
        assert ready(channel, "q") == 1
        begun_s = time.perf_counter()
        clock.advance(HOUR_MS - 1)
        assert ready(channel, "q") == 1
        clock.advance(1)
        assert ready(channel, "q") == 0
        assert time.perf_counter() - begun_s < 0.1


def test_advance_returns_after_dead_lettering() -> None:
    clock = ManualClock()
    with ReferenceBroker(clock=clock) as broker, channel_to(broker.amqp_url) as channel:
        declare(channel, "dead")
        for name, target in (("q", "r"), ("r", "s"), ("s", "dead")):
            arguments = {"x_dead_letter_exchange": "", "x_dead_letter_routing_key": target}
            declare(channel, name, x_message_ttl=HOUR_MS, **arguments)
        channel.basic_publish("", "q", b"1")
        for step, name in enumerate(("q", "r", "s", "dead")):
            assert ready(channel, name) == 1, f"after {step} hours"
            clock.advance(HOUR_MS)


def test_advance_returns_after_the_expiry_of_queues() -> None:
    clock = ManualClock()
    with ReferenceBroker(clock=clock) as broker, channel_to(broker.amqp_url) as channel:
        declare(channel, "q", x_expires=HOUR_MS)
        clock.advance(HOUR_MS - 1)
        assert ready(channel, "q") == 0  # and renews the lease
        clock.advance(HOUR_MS - 1)
        assert channel.basic_get("q")[0] is None
        clock.advance(HOUR_MS)
        with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="404"):
            ready(channel, "q")


def test_what_expires_is_delivered_to_waiting_consumers() -> None:
    """The effects of `advance` include what is sent to clients."""
    clock = ManualClock()
    with ReferenceBroker(clock=clock) as broker, channel_to(broker.amqp_url) as channel:
        arguments = {"x_dead_letter_exchange": "", "x_dead_letter_routing_key": "dead"}
        declare(channel, "dead")
        declare(channel, "q", x_message_ttl=10, **arguments)
        bodies: list[bytes] = []
        channel.basic_consume("dead", lambda *values: bodies.append(values[3]), auto_ack=True)
        channel.basic_publish("", "q", b"1")
        assert ready(channel, "q") == 1
        clock.advance(10)
        channel.connection.process_data_events(0)
        assert bodies == [b"1"]


def test_real_time_changes_nothing() -> None:
    clock = ManualClock()
    with ReferenceBroker(clock=clock) as broker, channel_to(broker.amqp_url) as channel:
        declare(channel, "q", x_message_ttl=1)
        channel.basic_publish("", "q", b"1")
        begun_s = time.monotonic()
        eventually(lambda: time.monotonic() > begun_s + 0.02, "20 ms have passed")
        assert ready(channel, "q") == 1


def test_system_clock_expires_by_itself() -> None:
    with ReferenceBroker() as broker, channel_to(broker.amqp_url) as channel:
        declare(channel, "q", x_message_ttl=20)
        channel.basic_publish("", "q", b"1")
        eventually(lambda: ready(channel, "q") == 0, "the message has expired")


def test_clock_may_be_shared_and_outlives_its_brokers() -> None:
    clock = ManualClock()
    for _ in range(3):
        with ReferenceBroker(clock=clock) as one, ReferenceBroker(clock=clock) as other:
            for broker in (one, other):
                with channel_to(broker.amqp_url) as channel:
                    declare(channel, "q", x_message_ttl=HOUR_MS)
                    channel.basic_publish("", "q", b"1")
            clock.advance(HOUR_MS)
            for broker in (one, other):
                with channel_to(broker.amqp_url) as channel:
                    assert ready(channel, "q") == 0
        clock.advance(1)
    assert clock._listeners == []


def test_clock_may_be_advanced_by_several_threads() -> None:
    clock = ManualClock()
    start_ms = clock.now_ms()
    with ReferenceBroker(clock=clock) as broker, channel_to(broker.amqp_url) as channel:
        declare(channel, "q", x_message_ttl=400)
        channel.basic_publish("", "q", b"1")
        assert ready(channel, "q") == 1
        threads = [
            threading.Thread(target=lambda: [clock.advance(1) for _ in range(100)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert clock.now_ms() == start_ms + 400
        assert ready(channel, "q") == 0
