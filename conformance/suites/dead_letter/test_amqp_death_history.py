"""What a message tells of all its deaths, after journeys through several queues."""

from __future__ import annotations

import pika

from conformance import expect
from conformance.drivers.amqp.client import Message
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_deaths import EXPIRED, MAXLEN, Death
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.dead_letter.deaths import bury, deadly_queue, kill, one, x_death
from conformance.suites.dead_letter.journeys import Node, Stop, decisions, nodes, travel

NETWORK = nodes(2, most_targets=1)
STEPS = decisions(6, 9)

TO_AND_FRO = [Node(MAXLEN, (1,), "own key"), Node(EXPIRED, (0,), None)]
TO_AND_FRO_STEPS = [(0, rejected) for rejected in (False, True, True, True, False, True, True)]
"""A way on which one queue is left for two reasons, and for each of them twice."""


def check_counts(stops: list[Stop]) -> None:
    """One entry for each queue and reason, with the number of such deaths."""
    for message, life in stops:
        counts = [((d["queue"], d["reason"]), d["count"]) for d in x_death(message)]
        expect.same_members(counts, list(life.counts().items()), "entries of x-death")


def check_latest(stops: list[Stop]) -> None:
    """The first entry is that of the latest death."""
    for message, life in stops:
        latest = x_death(message)[0]
        expected = (life.deaths[-1].queue, life.deaths[-1].reason)
        expect.equal((latest["queue"], latest["reason"]), expected, "first entry of x-death")


def check_order(stops: list[Stop]) -> None:
    """All entries are ordered by their latest death."""
    for message, life in stops:
        order = [(d["queue"], d["reason"]) for d in x_death(message)]
        expect.equal(order, life.by_recency(), "entries of x-death")


def check_firsts(stops: list[Stop]) -> None:
    """An entry tells what the message was like before the first of its deaths."""
    told = ("exchange", "routing-keys", "original-expiration")
    for message, life in stops:
        firsts = {
            (d["queue"], d["reason"]): {name: d[name] for name in told if name in d}
            for d in x_death(message)
        }
        expect.equal(firsts, life.firsts(), "what the entries of x-death tell")


@requirement("amqp.dead-letter.x-death-count")
@holds_for(cost=6, network=NETWORK, steps=STEPS)
def test_each_entry_counts_its_deaths(
    amqp: AmqpTester, network: list[Node], steps: list[tuple[int, bool]]
) -> None:
    check_counts(travel(amqp, network, steps))


@requirement("amqp.dead-letter.x-death-count")
def test_each_entry_counts_its_deaths_to_and_fro(amqp: AmqpTester) -> None:
    check_counts(travel(amqp, TO_AND_FRO, TO_AND_FRO_STEPS))


@requirement("amqp.dead-letter.x-death-order")
@holds_for(cost=6, network=NETWORK, steps=STEPS)
def test_the_latest_death_comes_first(
    amqp: AmqpTester, network: list[Node], steps: list[tuple[int, bool]]
) -> None:
    check_latest(travel(amqp, network, steps))


@requirement("amqp.dead-letter.x-death-order")
def test_the_latest_death_comes_first_to_and_fro(amqp: AmqpTester) -> None:
    check_latest(travel(amqp, TO_AND_FRO, TO_AND_FRO_STEPS))


@requirement("amqp.dead-letter.x-death-order-of-all")
@holds_for(cost=6, network=NETWORK, steps=STEPS)
def test_deaths_are_told_latest_first(
    amqp: AmqpTester, network: list[Node], steps: list[tuple[int, bool]]
) -> None:
    check_order(travel(amqp, network, steps))


@requirement("amqp.dead-letter.x-death-order-of-all")
def test_three_deaths_in_a_row_come_latest_first(amqp: AmqpTester) -> None:
    graveyard = amqp.queue()
    third = deadly_queue(amqp, EXPIRED, "", graveyard)
    second = deadly_queue(amqp, EXPIRED, "", third)
    first = deadly_queue(amqp, EXPIRED, "", second)
    kill(amqp, first, EXPIRED)
    for queue in (second, third):
        bury(amqp.admin, queue, EXPIRED)
    order = [death["queue"] for death in x_death(one(amqp.admin.drain(graveyard)))]
    expect.equal(order, [third, second, first], "queues in x-death")


@requirement("amqp.dead-letter.x-death-tells-of-the-first")
@holds_for(cost=6, network=NETWORK, steps=STEPS)
def test_an_entry_tells_where_the_message_came_from_at_first(
    amqp: AmqpTester, network: list[Node], steps: list[tuple[int, bool]]
) -> None:
    check_firsts(travel(amqp, network, steps))


@requirement("amqp.dead-letter.x-death-tells-of-the-first")
def test_an_entry_tells_of_the_first_death_to_and_fro(amqp: AmqpTester) -> None:
    check_firsts(travel(amqp, TO_AND_FRO, TO_AND_FRO_STEPS))


@requirement("amqp.dead-letter.first-death-headers")
@holds_for(cost=8, network=NETWORK, steps=STEPS)
def test_the_first_death_is_never_forgotten(
    amqp: AmqpTester, network: list[Node], steps: list[tuple[int, bool]]
) -> None:
    for message, life in travel(amqp, network, steps):
        check_death_headers(message, "x-first-death", life.deaths[0])


@requirement("amqp.dead-letter.last-death-headers")
@holds_for(cost=8, network=NETWORK, steps=STEPS)
def test_the_last_death_is_always_the_last(
    amqp: AmqpTester, network: list[Node], steps: list[tuple[int, bool]]
) -> None:
    for message, life in travel(amqp, network, steps):
        check_death_headers(message, "x-last-death", life.deaths[-1])


def check_death_headers(message: Message, prefix: str, death: Death) -> None:
    """The headers of one prefix tell queue, reason and exchange of one death."""
    names = ("queue", "reason", "exchange")
    seen = {name: message.headers.get(f"{prefix}-{name}") for name in names}
    expect.equal(seen, {name: getattr(death, name) for name in names}, f"{prefix} headers")


@requirement("amqp.dead-letter.time-of-the-first")
def test_an_entry_keeps_the_time_of_its_first_death(amqp: AmqpTester) -> None:
    queue = amqp.queue_name()
    fate = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue}
    amqp.admin.declare_queue(queue, exclusive=True, arguments=fate)
    channel = amqp.channel()
    consumer = channel.consume(queue)
    channel.publish("", queue, "often dead")
    channel.reject(consumer.expect(1)[0].tag, requeue=False)
    first = consumer.expect(2)[1]
    amqp.let_pass(1100)
    channel.reject(first.tag, requeue=False)
    second = x_death(consumer.expect(3)[2])[0]
    expect.equal(second["count"], 2, "deaths counted")
    expect.equal(second.get("time"), x_death(first)[0].get("time"), "time of the first death")


def die_again(amqp: AmqpTester, dead: Message, queue: str, graveyard: str) -> Message:
    """Publish a dead letter into `queue` as it is, and let it die there."""
    kill(amqp, queue, EXPIRED, dead.text, pika.BasicProperties(headers=dict(dead.headers)))
    return one(amqp.admin.drain(graveyard))


@requirement("amqp.dead-letter.republished-begins-anew")
def test_x_death_from_a_client_does_not_count(amqp: AmqpTester) -> None:
    graveyard = amqp.queue()
    first, second = (deadly_queue(amqp, EXPIRED, "", graveyard) for _ in range(2))
    kill(amqp, first, EXPIRED)
    dead = one(amqp.admin.drain(graveyard))
    for queue in (first, second):
        again = die_again(amqp, dead, queue, graveyard)
        deaths = [(d["queue"], d["count"]) for d in x_death(again)]
        expect.equal(deaths, [(queue, 1)], "deaths since it was published")
        check_death_headers(again, "x-first-death", Death(queue, EXPIRED, "", (), None))


@requirement("amqp.dead-letter.republished-goes-on")
def test_x_death_from_a_client_is_continued(amqp: AmqpTester) -> None:
    graveyard = amqp.queue()
    first, second = (deadly_queue(amqp, EXPIRED, "", graveyard) for _ in range(2))
    kill(amqp, first, EXPIRED)
    dead = one(amqp.admin.drain(graveyard))
    for queue, expected in (first, [(first, 2)]), (second, [(second, 1), (first, 1)]):
        again = die_again(amqp, dead, queue, graveyard)
        deaths = [(d["queue"], d["count"]) for d in x_death(again)]
        expect.equal(deaths, expected, "deaths of both lives")
        check_death_headers(again, "x-first-death", Death(first, EXPIRED, "", (), None))
