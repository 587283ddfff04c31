"""CC and BCC: routing keys that the publisher adds in headers."""

from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_routing import Binding, Graph
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.routing.common import bound_under, returned, take, with_headers

KEYS = st.sampled_from(["a", "b", "a.b", "c", ""])
KEY_LISTS = st.lists(KEYS, max_size=3)


def queues_bound_under(amqp: AmqpTester, exchange: str, keys: str) -> list[str]:
    """A queue for each letter."""
    return [amqp.bound_queue(exchange, key) for key in keys]


def check_reached(
    amqp: AmqpTester, headers: dict[str, Any], expected: list[bool], key: str = "a"
) -> None:
    """Publish under `key`; of queues bound under a, b, c and d these must get one copy each."""
    exchange = amqp.exchange("direct")
    queues = queues_bound_under(amqp, exchange, "abcd")
    amqp.admin.publish(exchange, key, "message", with_headers(headers))
    copies = {letter: amqp.bodies(queue) for letter, queue in zip("abcd", queues, strict=True)}
    wanted = {
        letter: ["message"] * reached for letter, reached in zip("abcd", expected, strict=True)
    }
    expect.equal(copies, wanted, f"messages by binding key, published under {key!r}, {headers}")


@requirement("amqp.routing.cc-adds-keys")
def test_cc_adds_routing_keys(amqp: AmqpTester) -> None:
    check_reached(amqp, {"CC": ["b", "c"]}, [True, True, True, False])
    check_reached(amqp, {"CC": ["b"]}, [False, True, False, False], key="other")
    check_reached(amqp, {"CC": []}, [True, False, False, False])
    check_reached(amqp, {"CC": ["c"], "BCC": ["d"]}, [True, False, True, True])


@requirement("amqp.routing.cc-adds-keys")
def test_the_keys_of_one_message_are_not_those_of_the_next(amqp: AmqpTester) -> None:
    for cc_first in (True, False):
        exchange = amqp.exchange("direct")
        queues = queues_bound_under(amqp, exchange, "abc")
        messages = [("plain", {}), ("to b", {"CC": ["b"]}), ("to c", {"BCC": ["c"]})]
        if cc_first:
            messages.reverse()
        for body, headers in 2 * messages:
            amqp.admin.publish(exchange, "a", body, with_headers(headers))
        sent = [body for body, _ in 2 * messages]
        expected = [sent, 2 * ["to b"], 2 * ["to c"]]
        expect.equal([amqp.bodies(queue) for queue in queues], expected, "queues a, b and c")


@requirement("amqp.routing.bcc-adds-keys")
def test_bcc_adds_routing_keys(amqp: AmqpTester) -> None:
    check_reached(amqp, {"BCC": ["b", "c"]}, [True, True, True, False])
    check_reached(amqp, {"BCC": ["b"]}, [False, True, False, False], key="other")
    check_reached(amqp, {"BCC": []}, [True, False, False, False])


@requirement("amqp.routing.cc-header-kept")
def test_the_cc_header_is_delivered_as_sent(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("direct")
    queues = queues_bound_under(amqp, exchange, "ab")
    headers = {"CC": ["b", "nowhere"], "other": 1}
    amqp.admin.publish(exchange, "a", "message", with_headers(headers))
    for queue in queues:
        expect.equal(dict(take(amqp, queue).headers), headers, "headers of the message")


@requirement("amqp.routing.bcc-header-removed")
def test_nobody_sees_the_bcc_header(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("direct")
    headers = {"CC": ["b"], "BCC": ["c"], "other": 1}
    shown = {"CC": ["b"], "other": 1}
    for letter, queue in zip("abc", queues_bound_under(amqp, exchange, "abc"), strict=True):
        for _ in range(2):
            amqp.admin.publish(exchange, "a", "message", with_headers(headers))
        got = take(amqp, queue)
        delivered = amqp.channel().consume(queue).expect(1)[0]
        for message in (got, delivered):
            expect.equal(dict(message.headers), shown, f"headers in the queue bound under {letter}")
    properties = with_headers({"CC": ["no"], "BCC": ["way"], "other": 1})
    unroutable = returned(amqp, exchange, "unroutable", "message", properties)
    came_back = [dict(message.headers) for message in unroutable]
    expect.equal(came_back, [{"CC": ["no"], "other": 1}], "headers of what is returned")


@requirement("amqp.routing.bcc-invisible-to-routing")
def test_a_headers_exchange_does_not_see_the_bcc_header(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("headers")
    by_bcc = amqp.bound_queue(exchange, "", {"BCC": None})
    by_cc = amqp.bound_queue(exchange, "", {"CC": None})
    amqp.admin.publish(exchange, "", "message", with_headers({"CC": ["a"], "BCC": ["b"]}))
    expect.equal(amqp.bodies(by_bcc), [], "a queue bound with the presence of BCC")
    expect.equal(amqp.bodies(by_cc), ["message"], "a queue bound with the presence of CC")


@requirement("amqp.routing.cc-one-copy-a-queue")
def test_one_copy_however_often_a_key_is_named(amqp: AmqpTester) -> None:
    check_reached(amqp, {"CC": ["a", "b", "b"], "BCC": ["b", "a"]}, [True, True, False, False])
    exchange = amqp.exchange("direct")
    queue = bound_under(amqp, exchange, ["a", "b", "c"])
    headers = {"CC": ["b"], "BCC": ["c"]}
    amqp.admin.publish(exchange, "a", "matches three times", with_headers(headers))
    expect.equal(amqp.bodies(queue), ["matches three times"], "a queue bound under every key")
    amqp.admin.publish("", queue, "named three times", with_headers({"CC": [queue, queue]}))
    expect.equal(amqp.bodies(queue), ["named three times"], "through the default exchange")


@requirement("amqp.routing.cc-everywhere")
@holds_for(
    cost=2,
    type_=st.sampled_from(["direct", "topic", "fanout", "headers"]),
    inner=st.sampled_from(["direct", "topic"]),
    patterns=st.lists(st.sampled_from(["a", "b", "a.*", "#.b", "c"]), min_size=1, max_size=3),
    messages=st.lists(st.tuples(KEYS, KEY_LISTS, KEY_LISTS), min_size=1, max_size=5),
)
def test_every_exchange_on_the_way_matches_all_the_keys(
    amqp: AmqpTester,
    type_: str,
    inner: str,
    patterns: list[str],
    messages: list[tuple[str, list[str], list[str]]],
) -> None:
    outer, behind = amqp.exchange(type_), amqp.exchange(inner)
    amqp.admin.bind_exchange(behind, outer, "b")
    bindings = [Binding(outer, behind, "b")]
    for pattern in patterns:
        for exchange in (outer, behind):
            queue = amqp.bound_queue(exchange, pattern)
            bindings.append(Binding(exchange, queue, pattern))
    queues = [binding.destination for binding in bindings[1:]]
    graph = Graph({outer: type_, behind: inner}, queues, bindings)
    expected: dict[str, list[str]] = {queue: [] for queue in queues}
    for number, (key, cc, bcc) in enumerate(messages):
        body = f"{number} under {key!r}, CC {cc}, BCC {bcc}"
        amqp.admin.publish(outer, key, body, with_headers({"CC": cc, "BCC": bcc}))
        for queue in graph.reached(outer, [key, *cc, *bcc]):
            expected[queue].append(body)
    for binding in bindings[1:]:
        about = f"messages for a queue bound with {binding.key!r} to the "
        about += f"{graph.exchanges[binding.source]} exchange"
        expect.equal(amqp.bodies(binding.destination), expected[binding.destination], about)


@requirement("amqp.routing.cc-default-exchange")
def test_cc_names_queues_of_the_default_exchange(amqp: AmqpTester) -> None:
    first, second, third, other = (amqp.queue() for _ in range(4))
    headers = {"CC": [second, amqp.name("missing")], "BCC": [third]}
    amqp.admin.publish("", first, "message", with_headers(headers))
    copies = [amqp.bodies(queue) for queue in (first, second, third, other)]
    expect.equal(copies, [["message"]] * 3 + [[]], "key, CC, BCC and a queue not named")


@requirement("amqp.routing.cc-counts-as-routed")
def test_a_message_routed_by_cc_or_bcc_alone_is_not_returned(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("direct")
    queue = amqp.bound_queue(exchange, "b")
    came_back: list[str] = []
    for headers in [{"CC": ["b"]}, {"BCC": ["b"]}, {"CC": ["no"], "BCC": ["way"]}]:
        unroutable = returned(amqp, exchange, "missing", f"by {headers}", with_headers(headers))
        came_back += [message.text for message in unroutable]
    expect.equal(came_back, ["by {'CC': ['no'], 'BCC': ['way']}"], "messages returned")
    expect.equal(amqp.bodies(queue), ["by {'CC': ['b']}", "by {'BCC': ['b']}"], "messages routed")


@requirement("amqp.routing.cc-not-a-list")
def test_a_cc_or_bcc_header_that_is_no_list_is_refused(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("direct")
    queues = queues_bound_under(amqp, exchange, "ab")
    for header in ["CC", "BCC"]:
        for value in ["b", 0, True, None, {"b": 1}]:
            channel = amqp.channel()
            with expect.channel_error(406, barrier=channel.barrier):
                channel.publish(exchange, "a", "refused", with_headers({header: value}))
    expect.equal([amqp.bodies(queue) for queue in queues], [[], []], "messages that were refused")


@requirement("amqp.routing.cc-other-values-ignored")
def test_values_that_are_no_text_add_no_key(amqp: AmqpTester) -> None:
    mixed = [1, "b", None, ["c"], {"c": "c"}, b"c", True]
    check_reached(amqp, {"CC": mixed}, [True, True, False, False])
    check_reached(amqp, {"BCC": mixed}, [True, True, False, False])


@requirement("amqp.routing.cc-names-case-sensitive")
def test_other_spellings_of_cc_and_bcc_are_ordinary_headers(amqp: AmqpTester) -> None:
    headers = {"cc": ["b"], "Cc": ["c"], "bcc": ["d"], "Bcc": "text", "cC": 1}
    check_reached(amqp, headers, [True, False, False, False])
    queue = amqp.queue()
    amqp.admin.publish("", queue, "message", with_headers(headers))
    expect.equal(dict(take(amqp, queue).headers), headers, "headers of the message")


@requirement("amqp.routing.cc-primary-key-shown")
def test_the_consumer_sees_the_routing_key_of_the_publish(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("direct")
    headers = {"CC": ["b"], "BCC": ["c"]}
    for letter, queue in zip("bc", queues_bound_under(amqp, exchange, "bc"), strict=True):
        for _ in range(2):
            amqp.admin.publish(exchange, "primary", "message", with_headers(headers))
        got = take(amqp, queue)
        delivered = amqp.channel().consume(queue).expect(1)[0]
        keys = (got.routing_key, delivered.routing_key)
        expect.equal(keys, ("primary", "primary"), f"keys of get and deliver, {letter} in a header")
