"""Heartbeats. One watch of a few seconds over several connections serves all tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pika import frame, spec

from conformance import expect
from conformance.drivers.amqp import frames
from conformance.drivers.amqp.raw import RawConnection, any_frame, method_frame
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import BrokenPromise, NoAnswer
from conformance.requirements import requirement
from conformance.runner.session import RunSession

INTERVAL_S = 1
WATCH_S = 3.4
"""More than three intervals, after which every broker has given up a silent client."""

SLACK_S = 1.5
"""How much later than promised something may come on a loaded machine."""

HEARTBEAT = any_frame(frames.HEARTBEAT, 0, b"")


@dataclass
class Watched:
    """A connection that negotiates `interval_s` and sends `says` twice in every interval."""

    raw: RawConnection
    interval_s: int
    says: bytes = b""
    heartbeats_s: list[float] = field(default_factory=list)
    others: list[object] = field(default_factory=list)
    ended_s: float | None = None

    def look(self, started_s: float) -> None:
        """Read what there is and note when it came, in seconds from the start."""
        try:
            received = self.raw.read_frame(0.01)
        except NoAnswer:
            return
        now_s = time.monotonic() - started_s
        if received is None:
            self.ended_s = now_s
        elif isinstance(received, frame.Heartbeat):
            self.heartbeats_s.append(now_s)
        else:
            self.others.append(received)


class Watch:
    """Watches connections of all kinds at once, for whoever asks first."""

    def __init__(self, amqp: AmqpTester) -> None:
        self._amqp = amqp
        self._broken: BrokenPromise | None = None
        self._done = False
        self.queue = ""
        """What the silent connection holds one message of."""

    def result(self, amqp: AmqpTester) -> Watch:
        """Watch, unless that is done; the traffic becomes the evidence of the test."""
        amqp.transcript = self._amqp.transcript
        if not self._done:
            self._done = True
            try:
                self._watch()
            except BrokenPromise as error:
                self._broken = error
        if self._broken is not None:
            raise self._broken
        return self

    def _watch(self) -> None:
        amqp = self._amqp
        self.queue = amqp.queue(durable=True)
        amqp.admin.publish("", self.queue, "held")
        amqp.admin.barrier()
        qos = method_frame(1, spec.Basic.Qos(prefetch_count=1))
        self.silent = Watched(amqp.raw(), INTERVAL_S)
        self.busy = Watched(amqp.raw(), INTERVAL_S, says=qos)
        self.beating = Watched(amqp.raw(), INTERVAL_S, says=HEARTBEAT)
        self.without = Watched(amqp.raw(), 0)
        everyone = [self.silent, self.busy, self.beating, self.without]
        for watched in everyone:
            watched.raw.open(heartbeat=watched.interval_s)
        self.without.raw.send(HEARTBEAT)
        started_s = time.monotonic()
        self.silent.raw.call(1, spec.Basic.Get(queue=self.queue), spec.Basic.GetOk)
        for _ in range(2):  # header and body
            self.silent.raw.read_frame()
        self._look_at(everyone, started_s)

    def _look_at(self, everyone: list[Watched], started_s: float) -> None:
        """Watch from the moment on at which the silent client was heard for the last time."""
        said_s = started_s
        limit_s = started_s + WATCH_S
        while time.monotonic() < limit_s + (SLACK_S if self.silent.ended_s is None else 0):
            if time.monotonic() >= said_s + INTERVAL_S / 2:
                said_s = time.monotonic()
                for watched in everyone:
                    watched.raw.send(watched.says)
            for watched in everyone:
                if watched.ended_s is None:
                    watched.look(started_s)


@pytest.fixture(scope="module")
def watch(request: pytest.FixtureRequest) -> Iterator[Watch]:
    session: RunSession = request.config.stash[RunSession.KEY]
    amqp = AmqpTester(session.target, f"tck-{session.options.nonce}-beat-")
    yield Watch(amqp)
    amqp.close()


@requirement("amqp.connection.heartbeats-sent")
def test_an_idle_broker_sends_heartbeats(amqp: AmqpTester, watch: Watch) -> None:
    beats_s = watch.result(amqp).beating.heartbeats_s
    expect.at_least(len(beats_s), 3, "heartbeats within three intervals")
    gaps_s = [b - a for a, b in zip([0.0, *beats_s], beats_s, strict=False)]
    expect.at_most(max(gaps_s), 2 * INTERVAL_S, "seconds between two heartbeats")


@requirement("amqp.connection.silent-client-dropped")
def test_a_silent_client_is_dropped(amqp: AmqpTester, watch: Watch) -> None:
    silent = watch.result(amqp).silent
    expect.true(silent.ended_s is not None, "the end of the connection", "it is still open")
    expect.at_least(
        silent.ended_s or 0, 2 * INTERVAL_S - 0.1, "seconds until the client is dropped"
    )
    expect.at_most(silent.ended_s or 0, 3 * INTERVAL_S + SLACK_S, "seconds until it is dropped")
    expect.equal(silent.others, [], "frames other than heartbeats before the end")


@requirement("amqp.connection.silent-client-loses-all")
def test_what_a_silent_client_held_is_requeued(amqp: AmqpTester, watch: Watch) -> None:
    queue = watch.result(amqp).queue
    channel = amqp.channel()
    expect.eventually(lambda: channel.ready(queue) == 1, "the message that was held")
    message = channel.get(queue, ack=False)
    expect.true(message is not None and message.redelivered, "a redelivered message", message)


@requirement("amqp.connection.heartbeats-keep-alive")
def test_heartbeats_keep_a_connection_alive(amqp: AmqpTester, watch: Watch) -> None:
    expect.equal(watch.result(amqp).beating.ended_s, None, "seconds until the connection ended")


@requirement("amqp.connection.traffic-keeps-alive")
def test_any_traffic_keeps_a_connection_alive(amqp: AmqpTester, watch: Watch) -> None:
    expect.equal(watch.result(amqp).busy.ended_s, None, "seconds until the connection ended")


@requirement("amqp.connection.heartbeats-off")
def test_without_heartbeats_nothing_is_sent_and_nothing_expected(
    amqp: AmqpTester, watch: Watch
) -> None:
    without = watch.result(amqp).without
    expect.equal(without.heartbeats_s, [], "seconds at which heartbeats came")
    expect.equal(without.ended_s, None, "seconds until the connection ended")
    without.raw.barrier(1)


@requirement("amqp.connection.heartbeat-discarded")
def test_a_heartbeat_is_discarded_where_none_is_expected(amqp: AmqpTester) -> None:
    raw = amqp.raw().open(heartbeat=0)
    raw.send(3 * HEARTBEAT)
    raw.barrier(1)
