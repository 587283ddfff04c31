"""Declaring exchanges: what there is, what a redeclaration must repeat, what is refused."""

from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import exchange_exists

PREDECLARED = {
    "amq.direct": "direct",
    "amq.fanout": "fanout",
    "amq.topic": "topic",
    "amq.headers": "headers",
    "amq.match": "headers",
}
TYPES = ("direct", "fanout", "topic", "headers")
UNKNOWN_TYPES = st.sampled_from(["no-such-type", "Direct", "fanout ", "", "x-no-such-type"])
DECLARATIONS = st.fixed_dictionaries(
    {
        "type_": st.sampled_from(TYPES),
        "durable": st.booleans(),
        "auto_delete": st.booleans(),
        "internal": st.booleans(),
    }
)
VALUES = st.sampled_from([0, -1, 2**40, True, "", "text", None, [1, "a"], {"a": 1}])
UNKNOWN_ARGUMENTS = st.dictionaries(
    st.sampled_from(["junk", "x-junk", "Alternate-Exchange", "x-alternate-exchange"]), VALUES
)


@requirement("amqp.topology.exchange-predeclared")
def test_predeclared_exchanges_are_durable_and_of_their_types(amqp: AmqpTester) -> None:
    for name, type_ in PREDECLARED.items():
        amqp.admin.declare_exchange(name, passive=True)
        amqp.admin.declare_exchange(name, type_, durable=True)


@requirement("amqp.topology.exchange-predeclared-routes")
def test_predeclared_exchanges_route(amqp: AmqpTester) -> None:
    for name in PREDECLARED:
        key = amqp.name("k")
        queue = amqp.bound_queue(name, key)
        amqp.admin.publish(name, key, f"through {name}")
        bodies = amqp.bodies(queue)  # others may use amq.fanout at the same time
        expect.true(f"through {name}" in bodies, f"a message through {name}", bodies)


@requirement("amqp.topology.exchange-types")
@holds_for(cost=3, declaration=DECLARATIONS)
def test_every_type_can_be_declared(amqp: AmqpTester, declaration: dict[str, Any]) -> None:
    exchange = amqp.exchange(**declaration)
    expect.equal(exchange_exists(amqp, exchange), True, f"exchange declared as {declaration}")


@requirement("amqp.topology.exchange-type-unknown")
@holds_for(cost=2, type_=UNKNOWN_TYPES)
def test_unknown_type_is_refused_and_creates_nothing(amqp: AmqpTester, type_: str) -> None:
    exchange = amqp.exchange_name()
    channel = amqp.connect().channel()
    with expect.ends(amqp.outcomes):
        channel.declare_exchange(exchange, type_)
    expect.equal(exchange_exists(amqp, exchange), False, "exchange after the refusal")


@requirement("amqp.topology.exchange-redeclare-same")
@holds_for(cost=3, declaration=DECLARATIONS, unused=st.booleans())
def test_redeclaring_the_same_changes_nothing(
    amqp: AmqpTester, declaration: dict[str, Any], unused: bool
) -> None:
    exchange = amqp.exchange(**declaration)
    queue = "" if unused else amqp.bound_queue(exchange, "key")
    amqp.channel().declare_exchange(exchange, **declaration)
    amqp.channel().declare_exchange(exchange, **declaration)
    if queue:
        assert_still_routes(amqp, exchange, queue, declaration)


@requirement("amqp.topology.exchange-redeclare-other-type")
@holds_for(cost=3, declaration=DECLARATIONS, types=st.permutations(TYPES))
def test_another_type_is_refused(
    amqp: AmqpTester, declaration: dict[str, Any], types: list[str]
) -> None:
    refuse_redeclaration(amqp, {**declaration, "type_": types[0]}, {"type_": types[1]})


@requirement("amqp.topology.exchange-redeclare-other-durable")
@holds_for(cost=3, declaration=DECLARATIONS)
def test_another_durability_is_refused(amqp: AmqpTester, declaration: dict[str, Any]) -> None:
    refuse_redeclaration(amqp, declaration, {"durable": not declaration["durable"]})


@requirement("amqp.topology.exchange-redeclare-other-auto-delete")
@holds_for(cost=3, declaration=DECLARATIONS)
def test_another_auto_delete_is_refused(amqp: AmqpTester, declaration: dict[str, Any]) -> None:
    refuse_redeclaration(amqp, declaration, {"auto_delete": not declaration["auto_delete"]})


@requirement("amqp.topology.exchange-redeclare-other-internal")
@holds_for(cost=3, declaration=DECLARATIONS)
def test_another_internal_is_refused(amqp: AmqpTester, declaration: dict[str, Any]) -> None:
    refuse_redeclaration(amqp, declaration, {"internal": not declaration["internal"]})


@requirement("amqp.topology.exchange-redeclare-other-alternate")
@holds_for(
    cost=3, declaration=DECLARATIONS, alternates=st.permutations([None, "amq.direct", "amq.fanout"])
)
def test_another_alternate_exchange_is_refused(
    amqp: AmqpTester, declaration: dict[str, Any], alternates: list[str | None]
) -> None:
    before, after = ({"alternate-exchange": name} if name else {} for name in alternates[:2])
    refuse_redeclaration(amqp, {**declaration, "arguments": before}, {"arguments": after})


@requirement("amqp.topology.exchange-unknown-arguments")
@holds_for(cost=3, declaration=DECLARATIONS, before=UNKNOWN_ARGUMENTS, after=UNKNOWN_ARGUMENTS)
def test_unknown_arguments_do_not_matter(
    amqp: AmqpTester, declaration: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> None:
    exchange = amqp.exchange(**declaration, arguments=before)
    amqp.channel().declare_exchange(exchange, **declaration, arguments=after)


@requirement("amqp.topology.exchange-alternate-not-text")
@holds_for(cost=6, value=VALUES.filter(lambda value: not isinstance(value, str)))
def test_alternate_exchange_must_be_a_name(amqp: AmqpTester, value: Any) -> None:
    exchange = amqp.exchange_name()
    with expect.channel_error(406):
        amqp.channel().declare_exchange(exchange, arguments={"alternate-exchange": value})
    expect.equal(exchange_exists(amqp, exchange), False, "exchange after the refusal")


@requirement("amqp.topology.exchange-passive-existing")
@holds_for(cost=3, declaration=DECLARATIONS, asked=DECLARATIONS, type_=UNKNOWN_TYPES | st.none())
def test_passive_declare_asks_for_the_name_only(
    amqp: AmqpTester, declaration: dict[str, Any], asked: dict[str, Any], type_: str | None
) -> None:
    exchange = amqp.exchange(**declaration)
    if type_ is not None:
        asked = {**asked, "type_": type_}
    amqp.channel().declare_exchange(
        exchange, **asked, passive=True, arguments={"alternate-exchange": "amq.direct"}
    )
    amqp.channel().declare_exchange(exchange, **declaration)


@requirement("amqp.topology.exchange-passive-missing")
@holds_for(cost=6, asked=DECLARATIONS)
def test_passive_declare_of_a_missing_exchange_creates_nothing(
    amqp: AmqpTester, asked: dict[str, Any]
) -> None:
    for exchange in (amqp.exchange_name(), "amq." + amqp.name("x")):
        for _ in range(2):
            with expect.channel_error(404):
                amqp.channel().declare_exchange(exchange, **asked, passive=True)


@requirement("amqp.topology.exchange-many")
def test_many_exchanges_can_be_declared(amqp: AmqpTester) -> None:
    exchanges = [amqp.exchange("fanout") for _ in range(100)]
    queue = amqp.queue()
    for exchange in exchanges:
        amqp.admin.bind(queue, exchange)
        amqp.admin.publish(exchange, "", exchange)
    expect.equal(amqp.bodies(queue), exchanges, "messages through 100 exchanges")


@requirement("amqp.topology.exchange-type-local-random")
def test_local_random_exchange_gives_a_message_to_one_queue(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("x-local-random")
    queues = [amqp.bound_queue(exchange) for _ in range(2)]
    published = [str(number) for number in range(64)]
    for body in published:
        amqp.admin.publish(exchange, "any key", body)
    shares = [amqp.bodies(queue) for queue in queues]
    expect.same_members([*shares[0], *shares[1]], published, "messages in both queues together")
    expect.true(all(shares), "a share of 64 messages for each queue", shares)
    amqp.admin.unbind(queues[0], exchange)
    for body in published:
        amqp.admin.publish(exchange, "any key", body)
    expect.equal(amqp.bodies(queues[1]), published, "messages in the queue that is still bound")


@requirement("amqp.topology.exchange-type-local-random-key")
def test_local_random_exchange_is_bound_without_a_key(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("x-local-random")
    queue = amqp.queue()
    with expect.channel_error(406):
        amqp.channel().bind(queue, exchange, "key")
    amqp.admin.publish(exchange, "key", "unroutable")
    expect.equal(amqp.bodies(queue), [], "messages after the refusal")


@requirement("amqp.topology.exchange-type-modulus-hash")
def test_modulus_hash_exchange_lets_the_key_decide(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("x-modulus-hash")
    queues = [amqp.bound_queue(exchange, "ignored") for _ in range(2)]
    keys = [str(number) for number in range(32)]
    for key in keys * 2:
        amqp.admin.publish(exchange, key, key)
    shares = [amqp.bodies(queue) for queue in queues]
    for share in shares:
        expect.same_members(share, 2 * sorted(set(share)), "each key twice in its queue")
    expect.same_members([*shares[0], *shares[1]], keys * 2, "messages in both queues together")
    expect.true(all(shares), "a share of 32 keys for each queue", shares)


def refuse_redeclaration(
    amqp: AmqpTester, declaration: dict[str, Any], changes: dict[str, Any]
) -> None:
    """The changed declaration must be refused and the exchange stay what it was."""
    exchange = amqp.exchange(**declaration)
    queue = amqp.bound_queue(exchange, "key")
    with expect.channel_error(406):
        amqp.channel().declare_exchange(exchange, **{**declaration, **changes})
    amqp.channel().declare_exchange(exchange, **declaration)
    assert_still_routes(amqp, exchange, queue, declaration)


def assert_still_routes(
    amqp: AmqpTester, exchange: str, queue: str, declaration: dict[str, Any]
) -> None:
    """The queue must still be bound. Nobody can publish to an internal exchange."""
    if not declaration["internal"]:
        amqp.admin.publish(exchange, "key", "still bound")
        expect.equal(amqp.bodies(queue), ["still bound"], "messages after the redeclaration")
