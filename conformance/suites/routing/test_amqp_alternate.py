"""Alternate exchanges: where a message goes that an exchange cannot route."""

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.suites.routing.common import returned_bodies, take


def with_alternate(amqp: AmqpTester, alternate: str, type_: str = "direct") -> str:
    """Declare an exchange that has an alternate exchange; return its name."""
    return amqp.exchange(type_, arguments={"alternate-exchange": alternate})


@requirement("amqp.routing.alternate-takes-unroutable")
def test_the_alternate_exchange_gets_what_matches_no_binding_and_nothing_else(
    amqp: AmqpTester,
) -> None:
    for type_, arguments in [
        ("direct", {}),
        ("topic", {}),
        ("headers", {"x-match": "all", "h": 1}),
    ]:
        alternate = amqp.exchange("fanout")
        rest = amqp.bound_queue(alternate)
        exchange = with_alternate(amqp, alternate, type_)
        queue = amqp.queue()
        amqp.admin.publish(exchange, "a", "before there is a binding")
        amqp.admin.bind(queue, exchange, "other", arguments)
        amqp.admin.publish(exchange, "a", "matches no binding")
        amqp.admin.bind(queue, exchange, "a")
        amqp.admin.publish(exchange, "a", "matches")
        expect.equal(amqp.bodies(queue), ["matches"], f"a queue bound to the {type_} exchange")
        expect.equal(
            amqp.bodies(rest),
            ["before there is a binding", "matches no binding"],
            f"a queue behind the alternate exchange of the {type_} exchange",
        )


@requirement("amqp.routing.alternate-chain")
def test_a_chain_is_followed_until_an_exchange_routes(amqp: AmqpTester) -> None:
    last = amqp.exchange("fanout")
    middle = with_alternate(amqp, last)
    first = with_alternate(amqp, with_alternate(amqp, middle))
    behind_middle = amqp.bound_queue(middle, "a")
    behind_last = amqp.bound_queue(last)
    amqp.admin.publish(first, "a", "for the middle")
    amqp.admin.publish(first, "b", "for the last")
    expect.equal(amqp.bodies(behind_middle), ["for the middle"], "the middle of the chain")
    expect.equal(amqp.bodies(behind_last), ["for the last"], "the end of the chain")


@requirement("amqp.routing.alternate-cycle")
def test_a_circle_of_alternate_exchanges_ends(amqp: AmqpTester) -> None:
    names = [amqp.exchange_name() for _ in range(3)]
    for name, following in zip(names, names[1:] + names[:1], strict=True):
        amqp.admin.declare_exchange(name, "direct", arguments={"alternate-exchange": following})
    own = amqp.exchange_name()
    amqp.admin.declare_exchange(own, "direct", arguments={"alternate-exchange": own})
    queue = amqp.bound_queue(names[2], "a")
    for name in names:
        amqp.admin.publish(name, "a", f"entered at {names.index(name)}")
    expect.equal(amqp.bodies(queue), [f"entered at {number}" for number in range(3)])
    expect.equal(
        returned_bodies(amqp, names[0], "b", "around"), ["around"], "returned from the circle"
    )
    expect.equal(
        returned_bodies(amqp, own, "b", "myself"), ["myself"], "returned from an own alternate"
    )


@requirement("amqp.routing.alternate-counts-as-routed")
def test_a_message_routed_by_the_alternate_exchange_is_not_returned_bodies(
    amqp: AmqpTester,
) -> None:
    alternate = amqp.exchange("fanout")
    queue = amqp.bound_queue(alternate)
    exchange = with_alternate(amqp, with_alternate(amqp, alternate))
    expect.equal(returned_bodies(amqp, exchange, "a", "mandatory"), [], "messages returned")
    expect.equal(amqp.bodies(queue), ["mandatory"], "the queue behind the alternate exchange")


@requirement("amqp.routing.alternate-unrouted-returned")
def test_what_no_exchange_of_the_chain_routes_is_returned_bodies(amqp: AmqpTester) -> None:
    last = amqp.exchange("direct")
    queue = amqp.bound_queue(last, "other")
    exchange = with_alternate(amqp, with_alternate(amqp, last))
    expect.equal(
        returned_bodies(amqp, exchange, "a", "mandatory"), ["mandatory"], "messages returned"
    )
    expect.equal(amqp.bodies(queue), [], "a queue that was not meant")


@requirement("amqp.routing.alternate-missing")
def test_a_missing_alternate_exchange_is_no_error(amqp: AmqpTester) -> None:
    missing = amqp.exchange_name()
    exchange = with_alternate(amqp, missing)
    queue = amqp.bound_queue(exchange, "a")
    expect.equal(
        returned_bodies(amqp, exchange, "b", "unroutable"), ["unroutable"], "messages returned"
    )
    amqp.admin.publish(exchange, "b", "dropped")
    amqp.admin.publish(exchange, "a", "matches")
    expect.equal(amqp.bodies(queue), ["matches"], "the queue bound to the exchange")


@requirement("amqp.routing.alternate-declared-later")
def test_an_alternate_exchange_may_come_and_go(amqp: AmqpTester) -> None:
    alternate = amqp.exchange_name()
    exchange = with_alternate(amqp, alternate)
    expect.equal(returned_bodies(amqp, exchange, "a", "early"), ["early"], "returned before")
    amqp.admin.declare_exchange(alternate, "fanout")
    queue = amqp.bound_queue(alternate)
    expect.equal(
        returned_bodies(amqp, exchange, "a", "declared"), [], "returned while there is one"
    )
    amqp.admin.delete_exchange(alternate)
    expect.equal(
        returned_bodies(amqp, exchange, "a", "deleted"), ["deleted"], "returned without one"
    )
    expect.equal(amqp.bodies(queue), ["declared"], "the queue behind the alternate exchange")


@requirement("amqp.routing.alternate-per-exchange")
def test_an_exchange_that_is_bound_to_counts_as_a_destination(amqp: AmqpTester) -> None:
    alternate = amqp.exchange("fanout")
    rest = amqp.bound_queue(alternate)
    first = with_alternate(amqp, alternate, "fanout")
    amqp.admin.bind_exchange(amqp.exchange("fanout"), first)
    expect.equal(returned_bodies(amqp, first, "a", "lost"), ["lost"], "returned from a dead end")
    expect.equal(amqp.bodies(rest), [], "behind the alternate exchange of the first exchange")


@requirement("amqp.routing.alternate-inside-the-graph")
def test_an_exchange_on_the_way_uses_its_own_alternate_exchange(amqp: AmqpTester) -> None:
    alternate = amqp.exchange("fanout")
    rest = amqp.bound_queue(alternate)
    first = amqp.exchange("fanout")
    inner = with_alternate(amqp, alternate)
    amqp.admin.bind_exchange(inner, first)
    other = amqp.bound_queue(first)
    amqp.admin.publish(first, "a", "matches nothing at the inner exchange")
    expected = ["matches nothing at the inner exchange"]
    expect.equal(amqp.bodies(rest), expected, "behind the alternate exchange of the inner one")
    expect.equal(amqp.bodies(other), expected, "a queue bound to the outer exchange")


@requirement("amqp.routing.alternate-keeps-address")
def test_the_consumer_sees_where_the_message_was_published_to(amqp: AmqpTester) -> None:
    alternate = amqp.exchange("fanout")
    queue = amqp.bound_queue(alternate, "binding key")
    exchange = with_alternate(amqp, with_alternate(amqp, alternate))
    for body in ["got", "delivered"]:
        amqp.admin.publish(exchange, "the key", body)
    got = take(amqp, queue)
    delivered = amqp.channel().consume(queue).expect(1)[0]
    for message in (got, delivered):
        address = (message.exchange, message.routing_key)
        expect.equal(address, (exchange, "the key"), f"exchange and key of what was {message.text}")


@requirement("amqp.routing.alternate-redeclared")
def test_another_alternate_exchange_is_refused(amqp: AmqpTester) -> None:
    alternate = amqp.exchange("fanout")
    queue = amqp.bound_queue(alternate)
    exchange, plain = with_alternate(amqp, alternate), amqp.exchange()
    for name, arguments in [
        (exchange, {"alternate-exchange": amqp.exchange("fanout")}),
        (exchange, {}),
        (plain, {"alternate-exchange": alternate}),
    ]:
        with expect.channel_error(406):
            amqp.channel().declare_exchange(name, "direct", arguments=arguments)
    amqp.admin.declare_exchange(exchange, "direct", arguments={"alternate-exchange": alternate})
    amqp.admin.publish(exchange, "a", "by the alternate exchange it had")
    expect.equal(returned_bodies(amqp, plain, "a", "still has none"), ["still has none"])
    expect.equal(amqp.bodies(queue), ["by the alternate exchange it had"])
