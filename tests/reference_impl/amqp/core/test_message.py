"""What the properties of a message mean to the broker."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reference_impl.amqp.core.message import MAX_TTL_MS, Content, parse_expiration
from reference_impl.amqp.fields import Field, Properties, longstr
from reference_impl.errors import PreconditionFailed
from tests.reference_impl.strategies import quick

TEN_YEARS_MS = 10 * 365 * 24 * 3600 * 1000


def test_longest_expiration_is_ten_years() -> None:
    assert MAX_TTL_MS == TEN_YEARS_MS


@quick
@given(st.text("+-0159 a.", max_size=6) | st.integers(-5, 2 * TEN_YEARS_MS).map(str))
@example("")
@example("+")
@example("-0")
@example("007")
@example(str(TEN_YEARS_MS))
@example(str(TEN_YEARS_MS + 1))
@example("\u0661")
@example("9" * 255)
def test_expiration_is_an_integer_of_zero_to_ten_years(text: str) -> None:
    """As string:to_integer reads it: an optional sign and decimal digits, and nothing after."""
    match = re.fullmatch(r"[+-]?[0-9]+", text)
    if match and 0 <= int(text) <= TEN_YEARS_MS:
        assert parse_expiration(text) == int(text)
        return
    with pytest.raises(PreconditionFailed) as refusal:
        parse_expiration(text)
    if match:
        reason = "value_negative" if int(text) < 0 else "value_too_large"
    else:
        reason = "leftover_string" if re.match(r"[+-]?[0-9]", text) else "no_integer"
    assert refusal.value.text.startswith(f"invalid expiration '{text}': ")
    assert reason in refusal.value.text


@pytest.mark.parametrize(
    ("headers", "keys", "bcc"),
    [
        ({}, (), ()),
        ({"CC": Field("array", [])}, (), ()),
        ({"CC": Field("array", [longstr("a"), longstr("b")])}, ("a", "b"), ()),
        ({"BCC": Field("array", [longstr("a")])}, ("a",), ("a",)),
        (
            {"BCC": Field("array", [longstr("b")]), "CC": Field("array", [longstr("c")])},
            ("c", "b"),
            ("b",),
        ),
    ],
)
def test_cc_and_bcc_are_further_keys(headers: Any, keys: Any, bcc: Any) -> None:
    content = Content(Properties(headers=headers))
    assert (content.extra_keys, content.bcc_keys, content.refusal) == (keys, bcc, None)


@pytest.mark.parametrize(
    "properties",
    [
        Properties(expiration="soon"),
        Properties(headers={"CC": longstr("a")}),
        Properties(headers={"BCC": Field("void", None)}),
    ],
)
def test_what_must_be_refused_is_kept_until_the_publish(properties: Properties) -> None:
    content = Content(properties)
    assert isinstance(content.refusal, PreconditionFailed)
    assert content.needs_checks


@pytest.mark.parametrize("mode", [None, 0, 1, 2, 3, 255])
def test_only_mode_2_is_persistent(mode: int | None) -> None:
    assert Content(Properties(delivery_mode=mode)).persistent == (mode == 2)


def test_plain_messages_need_no_checks() -> None:
    plain = Properties(priority=1, expiration="7", reply_to="q", headers={"a": longstr("b")})
    content = Content(plain)
    assert not content.needs_checks
    assert (content.priority, content.ttl_ms) == (1, 7)
    assert Content(Properties(user_id="guest")).needs_checks
    assert Content(Properties(reply_to="amq.rabbitmq.reply-to")).needs_checks
