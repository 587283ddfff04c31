"""Direct exchanges: routing key equal to binding key."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.common import bound_under, publish_each

KEYS = ["", "a", "A", "a ", "a.b", "a.", "b", "é", "e\u0301"]
"""Near misses of each other: case, blanks, dots, and two ways to write one letter."""


@requirement("amqp.routing.direct-exact-match")
def test_near_misses_are_no_matches(amqp: AmqpTester) -> None:
    for bound in KEYS:
        exchange = amqp.exchange("direct")
        queue = amqp.bound_queue(exchange, bound)
        for key in KEYS:
            amqp.admin.publish(exchange, key, key)
        expect.equal(amqp.bodies(queue), [bound], f"keys that reach a queue bound under {bound!r}")


@requirement("amqp.routing.direct-exact-match")
@holds_for(
    cost=2,
    bound=st.lists(st.lists(st.sampled_from(KEYS), max_size=4), min_size=1, max_size=3),
)
def test_a_queue_gets_what_carries_one_of_its_binding_keys(
    amqp: AmqpTester, bound: list[list[str]]
) -> None:
    exchange = amqp.exchange("direct")
    queues = [bound_under(amqp, exchange, own) for own in bound]
    sent = publish_each(amqp, exchange, KEYS)
    for own, queue in zip(bound, queues, strict=True):
        expected = [body for body, key in sent.items() if key in own]
        expect.equal(amqp.bodies(queue), expected, f"messages for a queue bound under {own}")


@requirement("amqp.routing.direct-wildcards-are-literal")
def test_wildcards_mean_nothing_to_a_direct_exchange(amqp: AmqpTester) -> None:
    patterns = ["*", "#", "a.*", "a.#"]
    exchange = amqp.exchange("direct")
    queues = [amqp.bound_queue(exchange, pattern) for pattern in patterns]
    for key in ["", "a", "a.b", *patterns]:
        amqp.admin.publish(exchange, key, key)
    for pattern, queue in zip(patterns, queues, strict=True):
        expect.equal(amqp.bodies(queue), [pattern], f"keys that reach a queue bound to {pattern!r}")


@requirement("amqp.routing.direct-one-copy-a-queue")
def test_one_copy_however_many_bindings_match(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("direct")
    queue = bound_under(amqp, exchange, ["a", "b"])
    amqp.admin.bind(queue, exchange, "a", {"another": "binding"})
    amqp.admin.publish(exchange, "a", "under a")
    amqp.admin.publish(exchange, "b", "under b")
    expect.equal(amqp.bodies(queue), ["under a", "under b"])


@requirement("amqp.routing.direct-shared-key")
def test_every_queue_bound_under_a_key_gets_a_copy(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("direct")
    queues = [amqp.bound_queue(exchange, "shared") for _ in range(4)]
    amqp.admin.publish(exchange, "shared", "for all")
    expect.equal([amqp.bodies(queue) for queue in queues], [["for all"]] * 4)


@requirement("amqp.routing.direct-logs-example")
def test_logs_by_severity(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("direct")
    errors = amqp.bound_queue(exchange, "error")
    warnings = amqp.bound_queue(exchange, "warning")
    everything = bound_under(amqp, exchange, ["info", "warning", "error"])
    for severity in ["error", "warning", "info", "debug"]:
        amqp.admin.publish(exchange, severity, severity)
    expect.equal(amqp.bodies(errors), ["error"], "the queue of errors")
    expect.equal(amqp.bodies(warnings), ["warning"], "the queue of warnings")
    expect.equal(amqp.bodies(everything), ["error", "warning", "info"], "the queue of three")
