"""Dead letters that come back to where they died."""

from __future__ import annotations

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_deaths import EXPIRED, MAXLEN
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.dead_letter.deaths import x_death
from conformance.suites.dead_letter.journeys import Node, decisions, journey, nodes, travel

EXPIRE, REJECT = False, True
TO_ITSELF = [Node(EXPIRED, (0,), None)]
PAIR = [Node(EXPIRED, (1,), None), Node(EXPIRED, (0,), None)]
RING = [Node(EXPIRED, (1,), None), Node(MAXLEN, (2,), None), Node(EXPIRED, (0,), None)]


def arrivals(amqp: AmqpTester, network: list[Node], rejections: list[bool]) -> list[bool]:
    """Let the one message die in turn of a rejection or by itself; tell after which deaths it
    arrived anywhere."""
    arrived: list[bool] = []
    with journey(amqp, network) as way:
        for rejected in rejections:
            arrived.append(bool(way.step(0, rejected)))
            if not arrived[-1]:
                break
    return arrived


@requirement("amqp.dead-letter.automatic-cycle-drops")
def test_a_cycle_without_a_rejection_ends(amqp: AmqpTester) -> None:
    for reason in (EXPIRED, MAXLEN):
        to_itself = [Node(reason, (0,), None)]
        expect.equal(arrivals(amqp, to_itself, [EXPIRE]), [False], f"{reason} in its own queue")
    for start in range(3):
        ring = [Node(RING[(start + n) % 3].reason, ((n + 1) % 3,), None) for n in range(3)]
        expect.equal(arrivals(amqp, ring, [EXPIRE] * 3), [True, True, False], "around a ring")


@requirement("amqp.dead-letter.automatic-cycle-drops")
def test_a_ring_of_times_to_live_runs_dry(amqp: AmqpTester) -> None:
    first, second = amqp.queue_name(), amqp.queue_name()
    way, log = amqp.exchange("fanout"), amqp.queue()
    amqp.admin.bind(log, way)
    for queue, fate in (first, {"x-dead-letter-exchange": way}), (second, to(first)):
        arguments = {"x-message-ttl": 20, **fate}
        amqp.admin.declare_queue(queue, exclusive=True, arguments=arguments)
    amqp.admin.bind(second, way)
    amqp.admin.publish("", first, "round and round")
    witness = amqp.admin.consume(log)
    witness.expect(1)
    amqp.let_pass(120)
    amqp.admin.barrier()
    expect.equal(len(witness.received), 1, "times that the message went around")


def to(queue: str) -> dict[str, str]:
    """Arguments that send dead letters into a queue."""
    return {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": queue}


@requirement("amqp.dead-letter.rejection-breaks-cycle")
def test_a_cycle_with_a_rejection_goes_on(amqp: AmqpTester) -> None:
    expect.equal(arrivals(amqp, TO_ITSELF, [REJECT] * 5), [True] * 5, "into its own queue")
    for turn in [REJECT, REJECT], [REJECT, EXPIRE], [EXPIRE, REJECT]:
        expect.equal(arrivals(amqp, PAIR, turn * 3), [True] * 6, "between two queues")


@requirement("amqp.dead-letter.rejection-breaks-longer-cycle")
def test_one_rejection_anywhere_in_a_ring_is_enough(amqp: AmqpTester) -> None:
    for rejected_at in range(3):
        turn = [EXPIRE] * 3
        turn[rejected_at] = REJECT
        expect.equal(arrivals(amqp, RING, turn * 2), [True] * 6, "around a ring, twice")


@requirement("amqp.dead-letter.old-rejection-does-not-count")
def test_a_rejection_before_the_cycle_does_not_break_it(amqp: AmqpTester) -> None:
    deaths = [REJECT, EXPIRE, EXPIRE, EXPIRE, EXPIRE]
    expect.equal(arrivals(amqp, PAIR, deaths), [True, True, False], "between two queues")
    expect.equal(arrivals(amqp, RING, deaths), [True] * 3 + [False], "around a ring")


@requirement("amqp.dead-letter.cycles-in-networks")
def test_one_copy_may_go_on_where_another_is_dropped(amqp: AmqpTester) -> None:
    both = [Node(EXPIRED, (0, 1), None), Node(EXPIRED, (0, 1), None)]
    with journey(amqp, both) as way:
        expect.equal(len(way.step(0, EXPIRE)), 1, "copies after the first death")
        expect.equal(len(way.step(0, EXPIRE)), 0, "copies after the second death")


@requirement("amqp.dead-letter.cycles-in-networks")
@holds_for(cost=6, network=nodes(3, most_targets=2), steps=decisions(3, 8))
def test_dead_letters_on_a_network_go_where_they_may(
    amqp: AmqpTester, network: list[Node], steps: list[tuple[int, bool]]
) -> None:
    for message, life in travel(amqp, network, steps, plain=False):
        deaths = [(d["queue"], d["reason"]) for d in x_death(message)]
        expect.equal(deaths, life.by_recency(), "deaths on the way")
