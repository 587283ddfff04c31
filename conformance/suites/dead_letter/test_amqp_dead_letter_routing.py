"""Where dead letters go."""

from __future__ import annotations

import itertools

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_deaths import EXPIRED, MAXLEN, REJECTED
from conformance.models.amqp_routing import topic_matches
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.dead_letter.deaths import REASONS, bury, deadly_queue, kill, one
from conformance.suites.queue_arguments import check_accepted, check_refused

KEYS = ("a", "b", "")
REASON = st.sampled_from(REASONS)


@requirement("amqp.dead-letter.routing-key")
@holds_for(cost=20, reason=REASON)
def test_the_key_is_that_of_the_queue_or_the_original(amqp: AmqpTester, reason: str) -> None:
    graves = amqp.exchange("direct")
    graveyards = {bound: amqp.bound_queue(graves, bound) for bound in KEYS}
    for own, key in itertools.product((None, *KEYS), KEYS):
        exchange = amqp.exchange("direct")
        queue = deadly_queue(amqp, reason, graves, own)
        amqp.admin.bind(queue, exchange, key)
        amqp.admin.publish(exchange, key, "dead")
        bury(amqp.admin, queue, reason)
        reached = [bound for bound, graveyard in graveyards.items() if amqp.bodies(graveyard)]
        about = f"keys reached from key {key!r} with dead-letter key {own!r}"
        expect.equal(reached, [key if own is None else own], about)


@requirement("amqp.dead-letter.all-keys")
@holds_for(
    cost=8,
    reason=REASON,
    cc=st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True),
    bcc=st.lists(st.sampled_from("bcd"), min_size=1, max_size=2, unique=True),
)
def test_cc_and_bcc_keys_count_unless_the_queue_has_a_key(
    amqp: AmqpTester, reason: str, cc: list[str], bcc: list[str]
) -> None:
    graves = amqp.exchange("direct")
    graveyards = {key: amqp.bound_queue(graves, key) for key in "abcdx"}
    for own in (None, "a", "x"):
        queue = deadly_queue(amqp, reason, graves, own)
        graveyards[queue] = amqp.bound_queue(graves, queue)
        headers = {"CC": cc, "BCC": bcc}
        kill(amqp, queue, reason, "dead", pika.BasicProperties(headers=headers))
        reached = [key for key, graveyard in graveyards.items() if amqp.bodies(graveyard)]
        expected = {queue, *cc, *bcc} if own is None else {own}
        expect.same_members(reached, expected, f"keys reached with dead-letter key {own!r}")


@requirement("amqp.dead-letter.keys-of-the-last-life")
def test_the_next_death_knows_the_new_key_only(amqp: AmqpTester) -> None:
    graves = amqp.exchange("direct")
    second = deadly_queue(amqp, EXPIRED, graves)
    first = deadly_queue(amqp, EXPIRED, "", second)
    graveyards = {key: amqp.bound_queue(graves, key) for key in (first, second, "cc")}
    kill(amqp, first, EXPIRED, "dead", pika.BasicProperties(headers={"CC": ["cc"]}))
    bury(amqp.admin, second, EXPIRED)
    reached = [key for key, graveyard in graveyards.items() if amqp.bodies(graveyard)]
    expect.equal(reached, [second], "keys of the second dead letter")


@requirement("amqp.dead-letter.address")
@holds_for(cost=10, reason=REASON, own=st.sampled_from([None, "own key"]))
def test_consumers_see_the_dead_letter_exchange_and_the_key(
    amqp: AmqpTester, reason: str, own: str | None
) -> None:
    graves = amqp.exchange("fanout")
    queue = deadly_queue(amqp, reason, graves, own)
    got, consumed = amqp.bound_queue(graves), amqp.bound_queue(graves)
    kill(amqp, queue, reason)
    for message in one(amqp.admin.drain(got)), amqp.admin.consume(consumed).expect(1)[0]:
        expect.equal(message.exchange, graves, "exchange of the delivery")
        expect.equal(message.routing_key, queue if own is None else own, "its routing key")


@requirement("amqp.dead-letter.every-queue-one-copy")
@holds_for(
    cost=6,
    reason=REASON,
    bindings=st.lists(
        st.lists(st.sampled_from(["#", "*", "k", "l"]), min_size=1, max_size=3, unique=True),
        min_size=2,
        max_size=4,
    ),
)
def test_every_matching_queue_gets_one_copy(
    amqp: AmqpTester, reason: str, bindings: list[list[str]]
) -> None:
    graves = amqp.exchange("topic")
    graveyards = [amqp.queue() for _ in bindings]
    for graveyard, patterns in zip(graveyards, bindings, strict=True):
        for pattern in patterns:
            amqp.admin.bind(graveyard, graves, pattern)
    kill(amqp, deadly_queue(amqp, reason, graves, "k"), reason)
    for graveyard, patterns in zip(graveyards, bindings, strict=True):
        copies = int(any(topic_matches(pattern, "k") for pattern in patterns))
        expect.equal(len(amqp.bodies(graveyard)), copies, f"copies under {patterns}")


@requirement("amqp.dead-letter.any-exchange")
def test_every_type_of_exchange_routes_dead_letters(amqp: AmqpTester) -> None:
    properties = pika.BasicProperties(headers={"kind": "dead"})
    for type_, key, arguments in (
        ("direct", "k", None),
        ("fanout", "", None),
        ("topic", "*", None),
        ("headers", "", {"x-match": "all", "kind": "dead"}),
    ):
        graves = amqp.exchange(type_, internal=True)
        graveyard = amqp.bound_queue(graves, key, arguments)
        kill(amqp, deadly_queue(amqp, EXPIRED, graves, "k"), EXPIRED, type_, properties)
        expect.equal(amqp.bodies(graveyard), [type_], f"through an internal {type_} exchange")


@requirement("amqp.dead-letter.exchange-looked-up-at-death")
def test_the_exchange_may_come_and_go(amqp: AmqpTester) -> None:
    graves = amqp.exchange_name()
    queue = deadly_queue(amqp, EXPIRED, graves)
    graveyards = [amqp.queue(), amqp.queue()]
    for round_, graveyard in enumerate(graveyards):
        amqp.admin.declare_exchange(graves, "fanout")
        amqp.admin.bind(graveyard, graves)
        kill(amqp, queue, EXPIRED, f"death {round_}")
        amqp.admin.delete_exchange(graves)
    for round_, graveyard in enumerate(graveyards):
        expect.equal(amqp.bodies(graveyard), [f"death {round_}"], f"through exchange {round_}")


@requirement("amqp.dead-letter.missing-exchange-drops")
@holds_for(cost=10, reason=REASON)
def test_without_its_exchange_a_dead_message_is_dropped(amqp: AmqpTester, reason: str) -> None:
    queue = deadly_queue(amqp, reason, amqp.exchange_name())
    kill(amqp, queue, reason)
    kill(amqp, queue, reason, "the next one")
    amqp.admin.barrier()


@requirement("amqp.dead-letter.unroutable-is-dropped")
@holds_for(cost=10, reason=REASON)
def test_a_dead_letter_without_a_route_is_dropped(amqp: AmqpTester, reason: str) -> None:
    graves = amqp.exchange("direct")
    graveyard = amqp.bound_queue(graves, "other key")
    queue = deadly_queue(amqp, reason, graves)
    channel = amqp.channel()
    channel.publish("", queue, "lost", mandatory=True)
    bury(channel, queue, reason)
    channel.barrier()
    expect.equal([message.text for message in channel.returned], [], "returned messages")
    expect.equal(amqp.bodies(graveyard), [])


@requirement("amqp.dead-letter.key-needs-exchange")
def test_a_key_without_an_exchange_is_refused(amqp: AmqpTester) -> None:
    check_refused(amqp, {"x-dead-letter-routing-key": "k"})
    check_accepted(amqp, {"x-dead-letter-routing-key": "k", "x-dead-letter-exchange": "x"})


@requirement("amqp.dead-letter.argument-values")
def test_exchange_and_key_must_be_texts(amqp: AmqpTester) -> None:
    exchange, key = "x-dead-letter-exchange", "x-dead-letter-routing-key"
    for text in ("", "text"):
        check_accepted(amqp, {exchange: text})
        check_accepted(amqp, {exchange: "x", key: text})
    for value in (133, True, None, ["text"], {"text": "text"}):
        check_refused(amqp, {exchange: value})
        check_refused(amqp, {exchange: "x", key: value})


@requirement("amqp.dead-letter.fresh-in-its-new-queue")
def test_a_dead_letter_is_not_flagged_as_redelivered(amqp: AmqpTester) -> None:
    for reason in (EXPIRED, MAXLEN):
        graveyard = amqp.queue()
        channel = amqp.channel()
        consumer = channel.consume(deadly_queue(amqp, reason, "", graveyard))
        channel.publish("", consumer.queue, "dead")
        channel.nack(consumer.expect(1)[0].tag)
        expect.equal(channel.get(consumer.queue), None, "left in the queue where it died")
        dead = channel.take(graveyard)
        expect.equal(dead.redelivered, False, f"redelivered, of what was {reason}")
        channel.nack(dead.tag)
        expect.equal(channel.take(graveyard).redelivered, True, "redelivered, once requeued")


@requirement("amqp.dead-letter.fresh-in-its-new-queue")
def test_a_waiting_consumer_sees_no_flag_either(amqp: AmqpTester) -> None:
    graveyard = amqp.queue()
    waiting = amqp.channel().consume(graveyard)
    kill(amqp, deadly_queue(amqp, REJECTED, "", graveyard), REJECTED)
    expect.equal(waiting.expect(1)[0].redelivered, False, "redelivered, of what was rejected")


@requirement("amqp.dead-letter.rejected-is-fresh-too")
def test_what_was_rejected_is_not_flagged_as_redelivered(amqp: AmqpTester) -> None:
    graveyard = amqp.queue()
    queue = deadly_queue(amqp, REJECTED, "", graveyard)
    amqp.admin.publish("", queue, "dead")
    amqp.admin.nack(amqp.admin.take(queue).tag)
    bury(amqp.admin, queue, REJECTED)
    expect.equal(amqp.admin.take(graveyard).redelivered, False, "redelivered, of a dead letter")
