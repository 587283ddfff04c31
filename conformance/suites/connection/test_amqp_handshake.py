"""From connection.start to connection.open-ok."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp import frames
from conformance.drivers.amqp.raw import RawConnection, any_frame
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import Mismatch
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.wire.strangers import others_unharmed

SILENT_CLOSE_WITHIN_S = 12.0
"""RabbitMQ lets a client that broke the handshake wait for 3 s; on a loaded machine, longer."""

LEAST_FRAME_MAX = 4096
"""frame-min-size of the specification; RabbitMQ 4.1 and later want 8192."""


def _never_opens(connections: list[RawConnection]) -> None:
    """Each connection must be closed, with or without connection.close, and not be opened.

    They wait side by side, because a broker may make such clients wait.
    """
    for raw in connections:
        received: Any = ...
        while received is not None:
            received = raw.read_frame(SILENT_CLOSE_WITHIN_S)
            method = getattr(received, "method", None)
            if isinstance(method, spec.Connection.OpenOk):
                raise Mismatch("a connection that is closed", "connection.open-ok")
            if isinstance(method, spec.Connection.Close):
                break


def _tune(raw: RawConnection, channel_max: int, frame_max: int) -> None:
    """Send tune-ok and connection.open."""
    raw.send_method(0, spec.Connection.TuneOk(channel_max, frame_max, 0))
    raw.send_method(0, spec.Connection.Open(raw.endpoint.virtual_host))


def _authenticated(amqp: AmqpTester) -> tuple[RawConnection, spec.Connection.Tune]:
    raw = amqp.raw()
    raw.start()
    return raw, raw.authenticate()


# -- connection.start -----------------------------------------------------------------------


@requirement("amqp.connection.offers-plain")
def test_plain_and_amqplain_are_offered(amqp: AmqpTester) -> None:
    offered = amqp.raw().start().mechanisms.split()
    missing = {b"PLAIN", b"AMQPLAIN"} - set(offered)
    expect.equal(missing, set(), "mechanisms that are not offered")


@requirement("amqp.connection.offers-anonymous")
def test_anonymous_is_offered(amqp: AmqpTester) -> None:
    offered = amqp.raw().start().mechanisms.split()
    expect.true(b"ANONYMOUS" in offered, "ANONYMOUS among the mechanisms", offered)


@requirement("amqp.connection.offers-en-us")
def test_the_locale_en_us_is_offered(amqp: AmqpTester) -> None:
    locales = amqp.raw().start().locales.split()
    expect.true(b"en_US" in locales, "en_US among the locales", locales)


@requirement("amqp.connection.server-properties")
def test_the_broker_introduces_itself(amqp: AmqpTester) -> None:
    properties = amqp.raw().start().server_properties
    for name in ("product", "version", "platform", "copyright", "information"):
        value = properties.get(name)
        expect.true(isinstance(value, str) and value != "", f"a text as {name}", value)
    capabilities = properties.get("capabilities")
    expect.true(isinstance(capabilities, dict), "a table of capabilities", capabilities)


@requirement("amqp.connection.server-capabilities")
def test_the_broker_announces_what_it_can(amqp: AmqpTester) -> None:
    announced = amqp.raw().start().server_properties.get("capabilities", {})
    for name in (
        "publisher_confirms",
        "exchange_exchange_bindings",
        "basic.nack",
        "consumer_cancel_notify",
        "connection.blocked",
        "consumer_priorities",
        "authentication_failure_close",
        "per_consumer_qos",
    ):
        expect.equal(announced.get(name), True, f"capability {name}")


# -- tuning ---------------------------------------------------------------------------------


@requirement("amqp.connection.tune-follows-start-ok")
def test_tune_proposes_limits_that_the_specification_allows(amqp: AmqpTester) -> None:
    _, tune = _authenticated(amqp)
    expect.true(
        tune.frame_max == 0 or tune.frame_max >= LEAST_FRAME_MAX,
        f"no limit or a frame-max of at least {LEAST_FRAME_MAX}",
        tune.frame_max,
    )


@requirement("amqp.connection.tune-defaults")
def test_tune_proposes_the_documented_defaults(amqp: AmqpTester) -> None:
    _, tune = _authenticated(amqp)
    proposed = (tune.channel_max, tune.frame_max, tune.heartbeat)
    expect.equal(proposed, (2047, 131_072, 60), "channel-max, frame-max and heartbeat")


@requirement("amqp.connection.tune-within-limits")
@holds_for(
    cost=2,
    frame_max=st.one_of(st.sampled_from([8192, 131_072]), st.integers(8192, 131_072)),
    channel_max=st.one_of(st.sampled_from([1, 2047]), st.integers(1, 2047)),
)
def test_values_up_to_the_proposed_ones_are_accepted(
    amqp: AmqpTester, frame_max: int, channel_max: int
) -> None:
    raw, tune = _authenticated(amqp)
    _tune(
        raw, min(channel_max, tune.channel_max or 2047), min(frame_max, tune.frame_max or 131_072)
    )
    raw.expect(spec.Connection.OpenOk)


@requirement("amqp.connection.frame-max-above-proposal")
def test_a_frame_max_above_the_proposed_one_is_refused(amqp: AmqpTester) -> None:
    refused = []
    for excess in (1, 8, 1 << 24):
        raw, tune = _authenticated(amqp)
        _tune(raw, tune.channel_max, tune.frame_max + excess)
        refused.append(raw)
    _never_opens(refused)


@requirement("amqp.connection.channel-max-above-proposal")
def test_a_channel_max_above_the_proposed_one_is_refused(amqp: AmqpTester) -> None:
    refused = []
    for excess in (1, 1000, 60_000):
        raw, tune = _authenticated(amqp)
        _tune(raw, tune.channel_max + excess, tune.frame_max)
        refused.append(raw)
    _never_opens(refused)


@requirement("amqp.connection.no-limit-refused")
def test_no_limit_is_refused_where_one_was_proposed(amqp: AmqpTester) -> None:
    refused = []
    for channel_max, frame_max in ((0, 131_072), (2047, 0), (0, 0)):
        raw, _ = _authenticated(amqp)
        _tune(raw, channel_max, frame_max)
        refused.append(raw)
    _never_opens(refused)


@requirement("amqp.connection.frame-max-below-minimum")
def test_a_frame_max_below_the_minimum_is_refused(amqp: AmqpTester) -> None:
    refused = []
    for frame_max in (1, 100, LEAST_FRAME_MAX - 1):
        raw, tune = _authenticated(amqp)
        _tune(raw, tune.channel_max, frame_max)
        refused.append(raw)
    _never_opens(refused)


@requirement("amqp.connection.frame-max-of-4096")
def test_the_least_frame_max_is_4096(amqp: AmqpTester) -> None:
    raw, tune = _authenticated(amqp)
    _tune(raw, tune.channel_max, LEAST_FRAME_MAX)
    raw.expect(spec.Connection.OpenOk)


@requirement("amqp.connection.frame-max-below-8192")
def test_the_least_frame_max_is_8192(amqp: AmqpTester) -> None:
    refused = []
    for frame_max in (LEAST_FRAME_MAX, 8191):
        raw, tune = _authenticated(amqp)
        _tune(raw, tune.channel_max, frame_max)
        refused.append(raw)
    _never_opens(refused)


def _start_ok_of(raw: RawConnection, payload_size: int) -> bytes:
    """A valid start-ok frame with a payload of so many octets."""
    response = f"\0{raw.endpoint.username}\0{raw.endpoint.password}".encode()
    rest = frames.short(b"PLAIN") + frames.long(response) + frames.short(b"en_US")
    filler = payload_size - len(rest) - 4 - 4 - len(frames.field(b"filler", b"S\0\0\0\0"))
    table = frames.field(b"filler", b"S" + frames.long(b"x" * filler))
    return frames.method(10, 11, frames.long(table) + rest, channel=0)


@requirement("amqp.connection.first-frames-up-to-4096")
def test_frames_of_4096_octets_are_accepted_before_tuning(amqp: AmqpTester) -> None:
    raw = amqp.raw()
    raw.start()
    raw.send(_start_ok_of(raw, LEAST_FRAME_MAX - 8))
    raw.expect(spec.Connection.Tune)


@requirement("amqp.connection.first-frames-too-large")
def test_large_frames_are_refused_before_tuning(amqp: AmqpTester) -> None:
    refused = []
    for size in (8193, 60_000):
        raw = amqp.raw()
        raw.start()
        raw.send(_start_ok_of(raw, size))
        refused.append(raw)
    for raw in refused:
        expect.equal(raw.expect_eof(SILENT_CLOSE_WITHIN_S), [], "frames after a large start-ok")


# -- the order of steps ---------------------------------------------------------------------

Step = Callable[[RawConnection], bytes | object]

STEPS: dict[str, Step] = {
    "start-ok": lambda raw: raw.start_ok(),
    "secure-ok": lambda _: spec.Connection.SecureOk("response"),
    "tune-ok": lambda _: spec.Connection.TuneOk(2047, 131_072, 0),
    "open": lambda raw: spec.Connection.Open(raw.endpoint.virtual_host),
    "close-ok": lambda _: spec.Connection.CloseOk(),
    "tx.select": lambda _: spec.Tx.Select(),
    "body": lambda _: any_frame(frames.BODY, 0, b"body"),
    "channel 1": lambda _: frames.method(20, 10, b"\0"),
}
LEGAL = ["start-ok", "tune-ok", "open"]


def _is_wrong(steps: list[str]) -> bool:
    """Whether some step is out of order, so that the last one cannot open the connection."""
    return steps != LEGAL[: len(steps)] and steps[: len(LEGAL)] != LEGAL


WRONG_ORDERS = st.one_of(
    st.permutations(LEGAL), st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=3)
).filter(_is_wrong)


@requirement("amqp.connection.handshake-out-of-order")
@holds_for(cost=20, orders=st.lists(WRONG_ORDERS, min_size=12, max_size=12))
def test_steps_out_of_order_never_open_a_connection(
    amqp: AmqpTester, orders: list[list[str]]
) -> None:
    with others_unharmed(amqp):
        connections = []
        for steps in [["open"], ["tune-ok", "open"], ["start-ok", "open"], *orders]:
            raw = amqp.raw()
            raw.start()
            for step in [*steps, "open"]:
                made = STEPS[step](raw)
                if isinstance(made, bytes):
                    raw.send(made)
                else:
                    raw.send_method(0, made)
            connections.append(raw)
        _never_opens(connections)


# -- connection.open ------------------------------------------------------------------------


@requirement("amqp.connection.unknown-virtual-host")
def test_an_unknown_virtual_host_is_refused(amqp: AmqpTester) -> None:
    for name in (amqp.name("vhost"), "", amqp.endpoint.virtual_host + " "):
        raw, tune = _authenticated(amqp)
        raw.send_method(0, spec.Connection.TuneOk(tune.channel_max, tune.frame_max, 0))
        raw.send_method(0, spec.Connection.Open(name))
        close = raw.expect_close(530)
        expect.equal((close.class_id, close.method_id), (10, 40), "the method to blame")


@requirement("amqp.connection.second-open")
def test_an_open_connection_cannot_be_opened_again(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    raw.send_method(0, spec.Connection.Open(amqp.endpoint.virtual_host))
    raw.expect_close(504)


@requirement("amqp.connection.handshake-methods-once")
def test_a_handshake_cannot_be_repeated(amqp: AmqpTester) -> None:
    for repeated in (
        spec.Connection.TuneOk(2047, 131_072, 0),
        spec.Connection.SecureOk("response"),
        amqp.raw().start_ok(),
    ):
        with expect.case(type(repeated).__qualname__):
            raw = amqp.raw().open()
            raw.send_method(0, repeated)
            raw.expect_close(504)


@requirement("amqp.connection.update-secret")
def test_a_new_secret_is_accepted(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    secret = amqp.endpoint.password
    raw.call(0, spec.Connection.UpdateSecret(secret, "rotation"), spec.Connection.UpdateSecretOk)
    raw.barrier(1)
