"""The default exchange: every queue is bound to it by its own name."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.common import returned

ENDINGS = ["", "a", "A", ".a", "a.", "*", ".*", "#", " a", "é"]
"""Of names that are easily taken for each other."""


@requirement("amqp.routing.default-exchange-by-queue-name")
def test_near_misses_of_a_name_reach_nothing(amqp: AmqpTester) -> None:
    for ending in ENDINGS:
        check_reached(amqp, [ending])


@requirement("amqp.routing.default-exchange-by-queue-name")
@holds_for(cost=4, endings=st.lists(st.sampled_from(ENDINGS), min_size=2, max_size=4, unique=True))
def test_the_default_exchange_reaches_the_queue_that_the_key_names(
    amqp: AmqpTester, endings: list[str]
) -> None:
    check_reached(amqp, endings)


@requirement("amqp.routing.default-exchange-by-queue-name")
def test_a_queue_is_reached_as_soon_as_it_is_there(amqp: AmqpTester) -> None:
    name = amqp.name("q")
    for life in ("first", "second"):
        amqp.admin.publish("", name, f"before its {life} life")
        amqp.admin.declare_queue(name, exclusive=True)
        amqp.admin.publish("", name, f"in its {life} life")
        expect.equal(amqp.bodies(name), [f"in its {life} life"])
        amqp.admin.delete_queue(name)


def check_reached(amqp: AmqpTester, declared: list[str]) -> None:
    """Publish under names with all endings; each declared queue must get its own message."""
    name = amqp.name("q")
    for ending in declared:
        amqp.admin.declare_queue(name + ending, exclusive=True)
    for ending in ENDINGS:
        amqp.admin.publish("", name + ending, ending)
    for ending in declared:
        expect.equal(amqp.bodies(name + ending), [ending], f"what reached {name + ending!r}")


@requirement("amqp.routing.default-exchange-unroutable")
def test_a_key_that_names_no_queue_is_unroutable(amqp: AmqpTester) -> None:
    missing = amqp.queue_name()
    other = amqp.queue()
    amqp.admin.publish("", missing, "not mandatory")
    came_back = [(m.reply_code, m.text) for m in returned(amqp, "", missing, "mandatory")]
    expect.equal(came_back, [(312, "mandatory")], "messages returned")
    amqp.admin.declare_queue(missing, exclusive=True)
    expect.equal(amqp.bodies(missing) + amqp.bodies(other), [], "messages kept in queues")
