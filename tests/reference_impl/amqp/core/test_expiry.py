"""Expiry of messages and queues at exact milliseconds, which the suite cannot look at."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.amqp.core.channel import ACK, DISCARD, REQUEUE
from reference_impl.amqp.core.message import MAX_TTL_MS
from tests.reference_impl.amqp.core.client import CoreClient
from tests.reference_impl.strategies import quick

HOUR_MS = 3_600_000


@pytest.mark.parametrize("ttl_ms", [1, 2, 999, HOUR_MS, MAX_TTL_MS])
@pytest.mark.parametrize("by", ["queue", "message", "both", "longer queue", "longer message"])
def test_a_message_lives_exactly_as_long_as_the_smaller_ttl(by: str, ttl_ms: int) -> None:
    longer_ms = min(ttl_ms + 1, MAX_TTL_MS)
    queue_ms = {"message": None, "longer queue": longer_ms}.get(by, ttl_ms)
    message_ms = {"queue": None, "longer message": longer_ms}.get(by, ttl_ms)
    client = CoreClient()
    client.declare("dead")
    death = {"x_dead_letter_exchange": "", "x_dead_letter_routing_key": "dead"}
    client.declare("q", **death, **({} if queue_ms is None else {"x_message_ttl": queue_ms}))
    client.publish("q", b"m", expiration=message_ms)
    client.pass_time(ttl_ms - 1)
    assert (client.ready("q"), client.ready("dead")) == ([b"m"], [])
    client.pass_time(1)
    assert (client.ready("q"), client.ready("dead")) == ([], [b"m"])


def test_zero_lives_for_a_waiting_consumer_only() -> None:
    client = CoreClient()
    client.declare("q", x_message_ttl=0)
    client.publish("q", b"nobody waits")
    assert client.ready("q") == []
    client.consume("q", "c")
    client.publish("q", b"taken")
    assert [body for *_, body in client.sink.deliveries] == [b"taken"]
    client.pass_time(HOUR_MS)
    client.channel.settle(1, False, REQUEUE)
    assert [body for *_, body in client.sink.deliveries] == [b"taken"], "it was over long ago"
    assert client.ready("q") == []


def test_a_head_that_lives_shorter_than_the_one_before_is_not_forgotten() -> None:
    client = CoreClient()
    client.declare("q")
    client.publish("q", b"long", expiration=HOUR_MS)
    client.channel.get("q", True)
    client.publish("q", b"short", expiration=5)
    client.pass_time(5)
    assert client.ready("q") == []
    client.channel.settle(1, False, REQUEUE)
    client.pass_time(HOUR_MS - 6)
    assert client.ready("q") == [b"long"]
    client.pass_time(1)
    assert client.ready("q") == []


def test_timers_of_a_queue_do_not_pile_up() -> None:
    """One timer a queue, however many messages come and go."""
    client = CoreClient()
    client.declare("q", x_message_ttl=HOUR_MS)
    for number in range(1000):
        client.publish("q", b"%d" % number, expiration=HOUR_MS - number)
        client.pass_time(1)
        if number % 3 == 0:
            client.channel.get("q", False)
    assert len(client.broker.timers) < 100


def test_a_deleted_queue_does_not_expire_what_has_its_name_now() -> None:
    client = CoreClient()
    queue = client.declare("q", x_message_ttl=10, x_expires=10)
    client.publish("q", b"old")
    client.vhost.delete_queue(queue)
    client.declare("q", x_message_ttl=20, x_expires=21)
    client.publish("q", b"new")
    client.pass_time(19)
    assert client.ready("q") == [b"new"]
    client.pass_time(1)
    assert client.ready("q") == []
    client.pass_time(1)
    assert client.vhost.queues == {}


def test_each_queue_on_the_way_gives_its_own_time_from_its_own_start() -> None:
    """A message that was dead-lettered late begins the next wait when it arrives."""
    client = CoreClient()
    client.declare("end")
    for name, following in (("a", "b"), ("b", "c"), ("c", "end")):
        death = {"x_dead_letter_exchange": "", "x_dead_letter_routing_key": following}
        client.declare(name, x_message_ttl=10, **death)
    client.publish("a", b"m", expiration=7)
    journey = []
    for _ in range(28):
        journey.append(next(name for name in ("a", "b", "c", "end") if client.ready(name)))
        client.pass_time(1)
    assert journey == ["a"] * 7 + ["b"] * 10 + ["c"] * 10 + ["end"]


# -- leases -----------------------------------------------------------------------------------


@pytest.mark.parametrize("use", ["declare", "get", "get of a message", "cancel"])
def test_a_lease_is_renewed_in_full_by_use(use: str) -> None:
    client = CoreClient()
    client.declare("q", x_expires=HOUR_MS)
    if use == "get of a message":
        client.publish("q", b"m")
    client.pass_time(HOUR_MS - 1)
    if use == "declare":
        client.declare("q", x_expires=HOUR_MS)
    elif use == "cancel":
        client.consume("q", "c")
        client.pass_time(5 * HOUR_MS)
        client.channel.cancel("c")
    else:
        client.channel.get("q", True)
    client.pass_time(HOUR_MS - 1)
    assert "q" in client.vhost.queues
    client.pass_time(1)
    assert "q" not in client.vhost.queues


def test_a_lease_is_not_renewed_by_publishing_nor_by_settling() -> None:
    client = CoreClient()
    client.declare("q", x_expires=10)
    client.publish("q", b"1")
    client.channel.get("q", True)
    client.pass_time(9)
    client.publish("q", b"2")
    client.channel.settle(1, False, REQUEUE)
    client.pass_time(1)
    assert client.vhost.queues == {}


# -- any history ------------------------------------------------------------------------------


@dataclass
class Model:
    """Messages are (number, due or None). Only the head of the line expires."""

    queue_ttl_ms: int | None
    max_length: int
    now_ms: int = 0
    ready: list[tuple[int, int | None]] = field(default_factory=list)
    held: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    dead: list[int] = field(default_factory=list)
    tags: int = 0
    published: int = 0

    def publish(self, ttl_ms: int | None) -> None:
        self.published += 1
        limits = [ms for ms in (ttl_ms, self.queue_ttl_ms) if ms is not None]
        self.ready.append((self.published, self.now_ms + min(limits) if limits else None))
        self.settle_down()

    def settle_down(self) -> None:
        while len(self.ready) > self.max_length:
            self.dead.append(self.ready.pop(0)[0])
        while self.ready and self.ready[0][1] is not None and self.ready[0][1] <= self.now_ms:
            self.dead.append(self.ready.pop(0)[0])

    def get(self) -> None:
        self.settle_down()
        if self.ready:
            self.tags += 1
            self.held[self.tags] = self.ready.pop(0)
            self.settle_down()

    def settle(self, tags: list[int], outcome: str) -> None:
        taken = [self.held.pop(tag) for tag in tags]
        if outcome == DISCARD:
            self.dead += [number for number, _ in taken]
        elif outcome == REQUEUE:
            self.ready = sorted(self.ready + taken)
            self.settle_down()

    def pass_time(self, ms: int) -> None:
        self.now_ms += ms
        self.settle_down()


TTLS = st.sampled_from((None, None, 0, 1, 3, 10))
STEPS = st.one_of(
    st.tuples(st.just("publish"), TTLS),
    st.tuples(st.just("publish"), TTLS),
    st.tuples(st.just("pass_time"), st.integers(0, 5)),
    st.tuples(st.just("get")),
    st.tuples(
        st.just("settle"),
        st.integers(0, 3),
        st.booleans(),
        st.sampled_from((ACK, REQUEUE, DISCARD)),
    ),
)


@pytest.mark.slow
@settings(quick, max_examples=100)
@given(
    queue_ttl_ms=st.sampled_from((None, 0, 2, 7)),
    max_length=st.sampled_from((100, 100, 2, 1)),
    steps=st.lists(STEPS, min_size=10, max_size=40),
)
def test_any_history_agrees_with_a_line_of_due_times(
    queue_ttl_ms: int | None, max_length: int, steps: list[tuple[object, ...]]
) -> None:
    model = Model(queue_ttl_ms, max_length)
    client = CoreClient()
    client.declare("dead")
    arguments: dict[str, int | str] = {"x_max_length": max_length}
    if queue_ttl_ms is not None:
        arguments["x_message_ttl"] = queue_ttl_ms
    client.declare("q", x_dead_letter_exchange="", x_dead_letter_routing_key="dead", **arguments)
    for kind, *values in steps:
        if kind == "publish":
            (ttl_ms,) = values
            model.publish(ttl_ms)  # type: ignore[arg-type]
            client.publish("q", b"%d" % model.published, expiration=ttl_ms)
        elif kind == "pass_time":
            model.pass_time(values[0])  # type: ignore[arg-type]
            client.pass_time(values[0])  # type: ignore[arg-type]
        elif kind == "get":
            model.get()
            client.channel.get("q", True)
        elif model.held:
            which, multiple, outcome = values
            tags = sorted(model.held)
            tag = tags[which % len(tags)]  # type: ignore[operator]
            model.settle([t for t in tags if t <= tag] if multiple else [tag], str(outcome))
            client.channel.settle(tag, bool(multiple), outcome)  # type: ignore[arg-type]
        assert [int(body) for body in client.ready("q")] == [number for number, _ in model.ready]
        assert [int(body) for body in client.ready("dead")] == model.dead
        assert list(client.channel.unacked) == sorted(model.held)
