"""Topic exchanges: words, `*` and `#`."""

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_routing import topic_matches
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.common import bound_under, publish_each

WORDS = st.sampled_from(["a", "b", "ab", "A", "", "*", "#"])
KEYS = st.lists(WORDS, max_size=4).map(".".join)
TELLING_KEYS = ["", "a", "ab", ".", "a.", ".a", "a.b", "b.a", "a.a.b", "b..a", "a.b.a.b"]
PATTERNS = (
    st.lists(st.sampled_from(["a", "b", "*", "*", "#", "#", ""]), max_size=4)
    .map(".".join)
    .filter(
        lambda pattern: pattern.split(".").count("#") <= 2  # RabbitMQ 4.3.5 allows no more
    )
)


def check_pattern(
    amqp: AmqpTester, pattern: str, *, matching: list[str], others: list[str]
) -> None:
    """Of these routing keys, only `matching` must reach a queue bound with `pattern`."""
    exchange = amqp.exchange("topic")
    queue = amqp.bound_queue(exchange, pattern)
    for key in others + matching:
        amqp.admin.publish(exchange, key, key)
    expect.equal(amqp.bodies(queue), matching, f"keys that reach a queue bound with {pattern!r}")


@requirement("amqp.routing.topic-wildcards")
@holds_for(
    cost=1.5, patterns=st.lists(PATTERNS, min_size=3, max_size=5), keys=st.lists(KEYS, max_size=4)
)
def test_topic_routing_agrees_with_the_definition(
    amqp: AmqpTester, patterns: list[str], keys: list[str]
) -> None:
    exchange = amqp.exchange("topic")
    queues = [amqp.bound_queue(exchange, pattern) for pattern in patterns]
    sent = publish_each(amqp, exchange, TELLING_KEYS + keys)
    for pattern, queue in zip(patterns, queues, strict=True):
        expected = [body for body, key in sent.items() if topic_matches(pattern, key)]
        expect.equal(
            amqp.bodies(queue), expected, f"messages that reach a queue bound with {pattern!r}"
        )


@requirement("amqp.routing.topic-hash-matches-empty-key")
def test_hash_matches_every_key(amqp: AmqpTester) -> None:
    check_pattern(amqp, "#", matching=["", "a", "a.b", ".", "a.b.c.d"], others=[])


@requirement("amqp.routing.topic-hash-zero-words")
def test_hash_stands_for_no_word_at_any_position(amqp: AmqpTester) -> None:
    check_pattern(amqp, "a.#", matching=["a", "a.b", "a.b.c"], others=["", "b", "ab"])
    check_pattern(amqp, "#.a", matching=["a", "b.a", "b.c.a"], others=["", "b", "a.b"])
    check_pattern(amqp, "a.#.b", matching=["a.b", "a.c.b", "a.c.d.b"], others=["a", "b", "a.b.c"])
    check_pattern(amqp, "#.a.#", matching=["a", "b.a", "a.b", "b.a.b"], others=["", "b", "b.b"])
    check_pattern(amqp, "a.*.#", matching=["a.b", "a.b.c"], others=["a", "b.b"])


@requirement("amqp.routing.topic-star-one-word")
def test_star_stands_for_one_word_and_no_more(amqp: AmqpTester) -> None:
    check_pattern(amqp, "*", matching=["a", "ab"], others=["a.b", "a.b.c"])
    check_pattern(amqp, "a.*", matching=["a.b"], others=["a", "a.b.c", "b.b"])
    check_pattern(amqp, "*.a", matching=["b.a"], others=["a", "c.b.a", "b.b"])
    check_pattern(amqp, "a.*.b", matching=["a.c.b"], others=["a.b", "a.c.c.b"])


@requirement("amqp.routing.topic-empty-words")
def test_empty_words_are_words_but_the_empty_key_has_none(amqp: AmqpTester) -> None:
    check_pattern(amqp, "*", matching=["a"], others=["", "."])
    check_pattern(amqp, "a.*", matching=["a."], others=["a", "a..", ""])
    check_pattern(amqp, "*.a", matching=[".a"], others=["a", "..a"])
    check_pattern(amqp, "*.*", matching=[".", "a.", ".a"], others=["", "a", ".."])
    check_pattern(amqp, "a..b", matching=["a..b"], others=["a.b", "a.c.b", "a...b"])
    check_pattern(amqp, "a.", matching=["a."], others=["a", "a.b", "a.."])


@requirement("amqp.routing.topic-wildcard-inside-word")
def test_a_wildcard_inside_a_longer_word_is_literal(amqp: AmqpTester) -> None:
    check_pattern(amqp, "a*", matching=["a*"], others=["a", "ab", "a.b"])
    check_pattern(amqp, "#a", matching=["#a"], others=["a", "ba", "b.a"])
    check_pattern(amqp, "a.*b", matching=["a.*b"], others=["a.b", "a.cb", "a.c.b"])
    check_pattern(amqp, "**", matching=["**"], others=["a", "ab", "a.b"])
    check_pattern(amqp, "##", matching=["##"], others=["", "a", "a.b"])


@requirement("amqp.routing.topic-wildcard-in-key")
def test_a_wildcard_in_a_routing_key_is_an_ordinary_word(amqp: AmqpTester) -> None:
    check_pattern(amqp, "a.b", matching=["a.b"], others=["a.*", "a.#", "#", "*.*"])
    check_pattern(amqp, "a.*", matching=["a.*", "a.#"], others=["*", "#", "*.b", "a.#.b"])
    check_pattern(amqp, "a.#.b", matching=["a.#.b"], others=["a.#", "#.b", "#"])


@requirement("amqp.routing.topic-empty-binding-key")
def test_the_empty_binding_key_matches_the_empty_key_of_its_own_exchange(amqp: AmqpTester) -> None:
    one, other = amqp.exchange("topic"), amqp.exchange("topic")
    of_one, of_other = amqp.bound_queue(one, ""), amqp.bound_queue(other, "")
    for key in ["", "a", ".", "#"]:
        amqp.admin.publish(one, key, f"one {key}")
    amqp.admin.publish(other, "", "other")
    expect.equal(amqp.bodies(of_one), ["one "], "the queue of the first exchange")
    expect.equal(amqp.bodies(of_other), ["other"], "the queue of the second exchange")


@requirement("amqp.routing.topic-one-copy-a-queue")
@holds_for(
    cost=3,
    patterns=st.lists(PATTERNS, min_size=1, max_size=4),
    keys=st.lists(KEYS, max_size=4),
)
def test_one_copy_however_many_patterns_match(
    amqp: AmqpTester, patterns: list[str], keys: list[str]
) -> None:
    exchange = amqp.exchange("topic")
    queue = bound_under(amqp, exchange, ["#", "a.#", *patterns])
    sent = publish_each(amqp, exchange, TELLING_KEYS + keys)
    expect.equal(amqp.bodies(queue), list(sent), "messages of a queue whose bindings overlap")


@requirement("amqp.routing.topic-hash-limit")
def test_three_hashes_in_a_binding_key(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("topic")
    queue = amqp.queue()
    accepted = False
    with expect.ends(amqp.outcomes):
        amqp.channel().bind(queue, exchange, "#.a.#.b.#")
        accepted = True
    amqp.admin.publish(exchange, "a.b", "matches")
    expected = ["matches"] if accepted else []
    expect.equal(amqp.bodies(queue), expected, f"messages (bind was {accepted=})")


@requirement("amqp.routing.topic-long-keys")
def test_keys_of_255_octets(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("topic")
    last_differs = ".".join(["a"] * 127 + ["b"])
    first_differs = ".".join(["b"] + ["a"] * 127)
    keys = [last_differs, first_differs, "." * 255, "a" * 255]
    patterns = [last_differs, "#.b", "b.#", "#.a.#.b", ".".join("*" * 128), ".".join("*" * 127)]
    patterns += ["#", "." * 255, "#.", "*", "a" * 255, "#.b.#.a"]
    queues = [amqp.bound_queue(exchange, pattern) for pattern in patterns]
    sent = publish_each(amqp, exchange, keys)
    for pattern, queue in zip(patterns, queues, strict=True):
        expected = [body for body, key in sent.items() if topic_matches(pattern, key)]
        expect.equal(amqp.bodies(queue), expected, f"messages for {pattern!r}")


@requirement("amqp.routing.topic-orders-example")
def test_orders_by_topic(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("topic")
    orders = amqp.bound_queue(exchange, "orders.*")
    shipping = amqp.bound_queue(exchange, "orders.shipped")
    analytics = amqp.bound_queue(exchange, "#")
    events = ["orders.created", "orders.shipped", "orders.cancelled", "payments.processed"]
    for event in events:
        amqp.admin.publish(exchange, event, event)
    expect.equal(amqp.bodies(orders), events[:3], "the order service")
    expect.equal(amqp.bodies(shipping), ["orders.shipped"], "the shipping service")
    expect.equal(amqp.bodies(analytics), events, "the analytics service")
