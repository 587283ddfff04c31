"""Messages that no queue takes: returned if mandatory, otherwise dropped."""

import pika
from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

NO_ROUTE = 312

ROUNDS = st.lists(
    st.tuples(st.sampled_from("ab"), st.booleans(), st.booleans(), st.integers(0, 1)),
    min_size=1,
    max_size=6,
)
"""Which key to bind or to unbind; then a publish to each key: is it mandatory; on which channel."""


@requirement("amqp.publishing.mandatory-returned")
@holds_for(
    kind=st.sampled_from(["default", "direct", "fanout", "topic", "headers"]),
    key=st.sampled_from(["", "k", "a.b", "gr\u00fcn", "k" * 200]),
    headers=st.sampled_from([None, {}, {"a": 1}]),
)
def test_an_unroutable_mandatory_message_comes_back(
    amqp: AmqpTester, kind: str, key: str, headers: dict[str, int] | None
) -> None:
    exchange = "" if kind == "default" else amqp.exchange(kind)
    key = amqp.name(key)
    properties = pika.BasicProperties(headers=headers, message_id=key, delivery_mode=2)
    channel = amqp.channel()
    channel.publish(exchange, key, "body of it", properties, mandatory=True)
    channel.barrier()
    returned = [
        (
            message.reply_code,
            message.exchange,
            message.routing_key,
            message.properties,
            message.text,
        )
        for message in channel.returned
    ]
    expect.equal(returned, [(NO_ROUTE, exchange, key, properties, "body of it")])


@requirement("amqp.publishing.mandatory-returns-exactly")
@holds_for(cost=2, kind=st.sampled_from(["direct", "topic"]), rounds=ROUNDS)
def test_exactly_the_mandatory_and_unroutable_come_back(
    amqp: AmqpTester, kind: str, rounds: list[tuple[str, bool, bool, int]]
) -> None:
    exchange, queue = amqp.exchange(kind), amqp.queue()
    publishers = [amqp.channel(), amqp.channel()]
    bound: set[str] = set()
    arrived: list[str] = []
    returned: list[list[str]] = [[], []]
    for number, (toggled, *mandatory, who) in enumerate(rounds):
        toggle = amqp.admin.unbind if toggled in bound else amqp.admin.bind
        toggle(queue, exchange, toggled)
        bound ^= {toggled}
        for key, is_mandatory in zip("ab", mandatory, strict=True):
            body = f"{number} {key}"
            publishers[who].publish(exchange, key, body, mandatory=bool(is_mandatory))
            if key in bound:
                arrived.append(body)
            elif is_mandatory:
                returned[who].append(body)
        publishers[who].barrier()
    for publisher, expected in zip(publishers, returned, strict=True):
        expect.equal([m.text for m in publisher.returned], expected, "returned to its publisher")
    expect.equal(amqp.bodies(queue), arrived, "in the queue")


@requirement("amqp.publishing.unroutable-dropped")
def test_an_unroutable_message_is_dropped_for_good(amqp: AmqpTester) -> None:
    exchange, queue = amqp.exchange("direct"), amqp.queue_name()
    channel = amqp.channel()
    channel.publish(exchange, "key", "early")
    channel.publish("", queue, "early")
    channel.barrier()
    expect.equal(channel.events, [], "what the publisher is told")
    amqp.admin.declare_queue(queue, exclusive=True)
    amqp.admin.bind(queue, exchange, "key")
    channel.publish(exchange, "key", "late")
    channel.barrier()
    expect.equal(amqp.bodies(queue), ["late"])
