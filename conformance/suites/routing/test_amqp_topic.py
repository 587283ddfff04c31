"""Topic exchanges: words, `*` and `#`."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_routing import topic_matches
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

WORDS = st.sampled_from(["a", "b", "ab", ""])
KEYS = st.lists(WORDS, max_size=4).map(".".join)
PATTERNS = (
    st.lists(st.sampled_from(["a", "b", "*", "#", ""]), max_size=4)
    .map(".".join)
    .filter(
        lambda pattern: pattern.split(".").count("#") <= 2  # RabbitMQ 4.3.5 allows no more
    )
)


@requirement("amqp.routing.topic-wildcards")
@holds_for(
    patterns=st.lists(PATTERNS, min_size=1, max_size=3), keys=st.lists(KEYS, min_size=1, max_size=6)
)
def test_topic_routing_agrees_with_the_definition(
    amqp: AmqpTester, patterns: list[str], keys: list[str]
) -> None:
    exchange = amqp.exchange("topic")
    queues = [amqp.bound_queue(exchange, pattern) for pattern in patterns]
    for key in keys:
        amqp.admin.publish(exchange, key, key)
    for pattern, queue in zip(patterns, queues, strict=True):
        expected = [key for key in keys if topic_matches(pattern, key)]
        expect.equal(
            amqp.bodies(queue), expected, f"keys that reach a queue bound with {pattern!r}"
        )


@requirement("amqp.routing.topic-hash-matches-empty-key")
def test_hash_matches_the_empty_key(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("topic")
    queue = amqp.bound_queue(exchange, "#")
    amqp.admin.publish(exchange, "", "empty key")
    expect.equal(amqp.bodies(queue), ["empty key"])
