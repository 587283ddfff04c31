"""Who gets in: SASL mechanisms and responses."""

from typing import Any

from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp import frames
from conformance.drivers.amqp.raw import RawConnection
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.connection.test_amqp_handshake import SILENT_CLOSE_WITHIN_S
from conformance.suites.wire.strangers import others_unharmed

TELL_ME = {"authentication_failure_close": True}


def _text(value: str) -> bytes:
    return b"S" + frames.long(value.encode())


def _amqplain(raw: RawConnection, table: bytes, capabilities: bytes = b"") -> None:
    """Send start-ok for AMQPLAIN with any octets as response."""
    properties = frames.field(b"capabilities", b"F" + frames.long(capabilities))
    rest = frames.short(b"AMQPLAIN") + frames.long(table) + frames.short(b"en_US")
    raw.send(frames.method(10, 11, frames.long(properties) + rest, channel=0))


def _opens(raw: RawConnection) -> None:
    tune = raw.expect(spec.Connection.Tune)
    raw.send_method(0, spec.Connection.TuneOk(tune.channel_max, tune.frame_max, 0))
    raw.call(0, spec.Connection.Open(raw.endpoint.virtual_host), spec.Connection.OpenOk)


@requirement("amqp.access.plain")
def test_plain_takes_user_and_password(amqp: AmqpTester) -> None:
    raw = amqp.raw()
    raw.start()
    raw.send_method(0, raw.start_ok())
    _opens(raw)


@requirement("amqp.access.amqplain")
@holds_for(cost=4, order=st.permutations(["LOGIN", "PASSWORD", "another"]))
def test_amqplain_takes_a_table(amqp: AmqpTester, order: list[str]) -> None:
    endpoint = amqp.endpoint
    values = {"LOGIN": endpoint.username, "PASSWORD": endpoint.password, "another": "value"}
    raw = amqp.raw()
    raw.start()
    _amqplain(raw, b"".join(frames.field(name.encode(), _text(values[name])) for name in order))
    _opens(raw)


@requirement("amqp.access.anonymous")
def test_anonymous_needs_no_credentials(amqp: AmqpTester) -> None:
    raw = amqp.raw()
    raw.start()
    raw.send_method(0, raw.start_ok(mechanism="ANONYMOUS", response=""))
    _opens(raw)


def _refusal_of(amqp: AmqpTester, response: str) -> spec.Connection.Close:
    raw = amqp.raw()
    raw.start()
    raw.send_method(0, raw.start_ok(TELL_ME, response=response))
    return raw.expect_close(403)


@requirement("amqp.access.refused-login-is-told")
def test_a_refused_login_is_told_but_not_explained(amqp: AmqpTester) -> None:
    user, password = amqp.endpoint.username, amqp.endpoint.password
    wrong_password = _refusal_of(amqp, f"\0{user}\0{password}x")
    wrong_user = _refusal_of(amqp, f"\0{user}x\0{password}")
    no_password = _refusal_of(amqp, f"\0{user}\0")
    for refusal in (wrong_password, wrong_user, no_password):
        expect.equal(refusal.reply_text, wrong_user.reply_text, "the text of the refusal")
        expect.true(user not in refusal.reply_text, "no user in the text", refusal.reply_text)


@requirement("amqp.access.refused-login-is-silent")
def test_a_refused_login_ends_without_a_word(amqp: AmqpTester) -> None:
    user, password = amqp.endpoint.username, amqp.endpoint.password
    refused = []
    for capabilities in ({}, {"authentication_failure_close": False}, {"basic.nack": True}):
        for response in (f"\0{user}\0{password}x", f"\0{user}x\0{password}"):
            raw = amqp.raw()
            raw.start()
            raw.send_method(0, raw.start_ok(capabilities, response=response))
            refused.append(raw)
    for raw in refused:
        expect.equal(raw.expect_eof(SILENT_CLOSE_WITHIN_S), [], "frames after a refused login")


@requirement("amqp.access.mechanism-not-offered")
def test_a_mechanism_that_was_not_offered_ends_the_connection(amqp: AmqpTester) -> None:
    refused = []
    for mechanism in ("FOO", "plain", "", "PLAIN AMQPLAIN", "EXTERNAL"):
        raw = amqp.raw()
        raw.start()
        raw.send_method(0, raw.start_ok(mechanism=mechanism))
        refused.append((mechanism, raw))
    for mechanism, raw in refused:
        with expect.case(repr(mechanism)):
            _never_tuned(raw)


def _never_tuned(raw: RawConnection) -> None:
    """The broker must end the connection, and not go on with connection.tune."""
    received: Any = ...
    while received is not None:
        received = raw.read_frame(SILENT_CLOSE_WITHIN_S)
        method = getattr(received, "method", None)
        if isinstance(method, spec.Connection.Close):
            return
        expect.true(
            not isinstance(method, spec.Connection.Tune), "the end of the connection", "tune"
        )


NEARLY_PLAIN = (
    *("", "\0", "\0\0", "{u}", "{u}\0{p}", "\0{u}", "\0{u}\0", "\0{u}\0{p}\0", "x\0{u}\0{p}"),
    *("\0{u}\0{p}\0x", "\0{p}\0{u}x", "\0{u}\0{p} ", "\0{u} \0{p}", "\0\0{p}", "\0\0{u}\0{p}"),
)
LOGIN_ONLY = b"\x05LOGINS\0\0\0\x05guest"
NEARLY_TABLES = (b"", LOGIN_ONLY, LOGIN_ONLY.lower(), LOGIN_ONLY + b"\x08PASSWORDV", b"\0V")


@requirement("amqp.access.malformed-response")
@holds_for(
    cost=20,
    plain=st.lists(st.text(st.characters(max_codepoint=127), max_size=20), max_size=4),
    tables=st.lists(st.binary(max_size=20), max_size=4),
)
def test_no_malformed_response_authenticates(
    amqp: AmqpTester, plain: list[str], tables: list[bytes]
) -> None:
    endpoint = amqp.endpoint
    refused = []
    with others_unharmed(amqp):
        for template in (*NEARLY_PLAIN, *plain):
            raw = amqp.raw()
            raw.start()
            response = template.replace("{u}", endpoint.username)
            response = response.replace("{p}", endpoint.password)
            raw.send_method(0, raw.start_ok(response=response))
            refused.append((response, raw))
        for table in (*NEARLY_TABLES, *tables):
            raw = amqp.raw()
            raw.start()
            _amqplain(raw, table)
            refused.append((repr(table), raw))
        for shown, raw in refused:
            with expect.case(repr(shown)):
                _never_tuned(raw)
