"""What a dead letter carries: everything it had, and what is written about its deaths."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import pika
from hypothesis import strategies as st
from pika.compat import long

from conformance import expect
from conformance.drivers.amqp.client import Message
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_deaths import EXPIRED, REJECTED
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.dead_letter.deaths import (
    REASONS,
    bury,
    deadly_queue,
    kill,
    one,
    x_death,
)

CLOCKS_APART_S = 60
"""How wrong the clock of a broker on another machine may be."""

REASON = st.sampled_from(REASONS)
TEXT = st.text("aé ", max_size=5)
HEADERS = st.dictionaries(
    st.sampled_from(["one", "two", "x-own"]),
    TEXT | st.integers(-(2**40), 2**40) | st.booleans() | st.lists(TEXT, max_size=2),
    max_size=3,
)
PROPERTIES: dict[str, st.SearchStrategy[Any]] = {
    "content_type": TEXT,
    "content_encoding": TEXT,
    "delivery_mode": st.sampled_from([1, 2]),
    "priority": st.integers(0, 255),
    "correlation_id": TEXT,
    "reply_to": TEXT,
    "message_id": TEXT,
    "timestamp": st.integers(0, 2**40),
    "type": TEXT,
    "app_id": TEXT,
}


@requirement("amqp.dead-letter.properties-kept")
@holds_for(
    cost=6,
    reason=REASON,
    body=st.text(max_size=10),
    properties=st.fixed_dictionaries(PROPERTIES) | st.fixed_dictionaries({}),
    headers=HEADERS,
)
def test_body_and_properties_stay(
    amqp: AmqpTester, reason: str, body: str, properties: dict[str, Any], headers: dict[str, Any]
) -> None:
    graveyard = amqp.queue()
    queue = deadly_queue(amqp, reason, "", graveyard)
    user_id = amqp.endpoint.username if properties else None
    sent = pika.BasicProperties(headers=headers, user_id=user_id, **properties)
    kill(amqp, queue, reason, body, sent)
    dead = one(amqp.admin.drain(graveyard))
    kept = {k: v for k, v in dead.headers.items() if k in headers or not k.startswith("x-")}
    expect.equal(dead.text, body, "body")
    expect.equal(kept, headers, "headers")
    seen = {name: getattr(dead.properties, name) for name in PROPERTIES}
    expect.equal(seen, {**dict.fromkeys(PROPERTIES), **properties}, "properties")
    expect.equal(dead.properties.user_id, user_id, "user-id")


@requirement("amqp.dead-letter.expiration-removed")
@holds_for(cost=10, rejected=st.booleans())
def test_a_dead_letter_does_not_expire_again(amqp: AmqpTester, rejected: bool) -> None:
    graveyard = amqp.queue()
    channel = amqp.channel()
    consumer = channel.consume(deadly_queue(amqp, REJECTED, "", graveyard))
    channel.publish("", consumer.queue, "dead", pika.BasicProperties(expiration="0"))
    channel.nack(consumer.expect(1)[0].tag, requeue=not rejected)
    channel.get(consumer.queue)
    dead = one(channel.drain(graveyard))
    expect.equal(dead.properties.expiration, None, "expiration of a dead letter")


@requirement("amqp.dead-letter.original-expiration")
def test_the_expiration_is_noted_in_x_death(amqp: AmqpTester) -> None:
    graveyard = amqp.queue()
    for reason, expiration in itertools.product(REASONS, (None, "600000")):
        queue = deadly_queue(amqp, reason, "", graveyard)
        kill(amqp, queue, reason, properties=pika.BasicProperties(expiration=expiration))
        death = x_death(one(amqp.admin.drain(graveyard)))[0]
        about = f"original-expiration of what was {reason}"
        expect.equal(death.get("original-expiration"), expiration, about)


@requirement("amqp.dead-letter.x-death-form")
@holds_for(cost=10, reason=REASON)
def test_an_entry_has_its_fields_and_types(amqp: AmqpTester, reason: str) -> None:
    graveyard, exchange = amqp.queue(), amqp.exchange("fanout")
    queue = deadly_queue(amqp, reason, "", graveyard)
    amqp.admin.bind(queue, exchange)
    before = datetime.datetime.now(datetime.UTC)
    amqp.admin.publish(exchange, "key", "dead")
    bury(amqp.admin, queue, reason)
    death = x_death(one(amqp.admin.drain(graveyard)))[0]
    time = death.pop("time", None)
    expected = {
        "count": 1,
        "reason": reason,
        "queue": queue,
        "exchange": exchange,
        "routing-keys": ["key"],
    }
    expect.equal(death, expected, "entry of x-death")
    expect.equal(type(death["count"]).__name__, long.__name__, "type of the count")
    expect.equal(type(time).__name__, "datetime", "type of the time")
    assert isinstance(time, datetime.datetime)
    expect.at_most(abs((time - before).total_seconds()), CLOCKS_APART_S, "age of the death in s")


@requirement("amqp.dead-letter.keys-in-x-death")
def test_x_death_shows_cc_and_hides_bcc(amqp: AmqpTester) -> None:
    graves = amqp.exchange("fanout")
    graveyard = amqp.bound_queue(graves)
    second_way = amqp.exchange("fanout")
    second = deadly_queue(amqp, EXPIRED, graves)
    first = deadly_queue(amqp, EXPIRED, second_way)
    amqp.admin.bind(second, second_way)
    headers = {"CC": ["open"], "BCC": ["secret"]}
    kill(amqp, first, EXPIRED, "dead", pika.BasicProperties(headers=headers))
    bury(amqp.admin, second, EXPIRED)
    deaths = x_death(one(amqp.admin.drain(graveyard)))
    keys = {death["queue"]: death.get("routing-keys") for death in deaths}
    expect.equal(keys, {first: [first, "open"], second: [first, "open"]}, "routing-keys")


@requirement("amqp.dead-letter.bcc-removed")
@holds_for(cost=6, reason=REASON)
def test_bcc_never_shows(amqp: AmqpTester, reason: str) -> None:
    for own_key in (True, False):
        dead = with_cc_and_bcc(amqp, reason, own_key=own_key)
        expect.equal(dead.headers.get("BCC"), None, "BCC of a dead letter")


@requirement("amqp.dead-letter.cc-removed-with-key")
def test_a_dead_letter_key_removes_cc(amqp: AmqpTester) -> None:
    for reason in REASONS:
        dead = with_cc_and_bcc(amqp, reason, own_key=True)
        expect.equal(dead.headers.get("CC"), None, "CC of a dead letter")


@requirement("amqp.dead-letter.cc-kept-with-key")
def test_a_dead_letter_key_leaves_cc_alone(amqp: AmqpTester) -> None:
    for reason in REASONS:
        dead = with_cc_and_bcc(amqp, reason, own_key=True)
        expect.equal(dead.headers.get("CC"), ["open"], "CC of a dead letter")


@requirement("amqp.dead-letter.cc-kept-without-key")
def test_without_a_dead_letter_key_cc_stays(amqp: AmqpTester) -> None:
    for reason in REASONS:
        dead = with_cc_and_bcc(amqp, reason, own_key=False)
        expect.equal(dead.headers.get("CC"), ["open"], "CC of a dead letter")


def with_cc_and_bcc(amqp: AmqpTester, reason: str, *, own_key: bool) -> Message:
    """Return a dead letter that was published with CC and BCC."""
    graves = amqp.exchange("fanout")
    graveyard = amqp.bound_queue(graves)
    queue = deadly_queue(amqp, reason, graves, "own key" if own_key else None)
    headers = {"CC": ["open"], "BCC": ["secret"]}
    kill(amqp, queue, reason, "dead", pika.BasicProperties(headers=headers))
    return one(amqp.admin.drain(graveyard))
