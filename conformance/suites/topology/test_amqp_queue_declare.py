"""Declaring queues: what declare-ok says, and what a redeclaration must repeat."""

from typing import Any

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import fill, queue_exists


@requirement("amqp.topology.queue-declare")
@holds_for(durable=st.booleans(), auto_delete=st.booleans())
def test_new_queue_is_empty(amqp: AmqpTester, durable: bool, auto_delete: bool) -> None:
    queue = amqp.queue_name()
    answer = amqp.admin.declare_queue(
        queue, durable=durable, exclusive=not durable, auto_delete=auto_delete
    )
    said = (answer.queue, answer.message_count, answer.consumer_count)
    expect.equal(said, (queue, 0, 0), "name, messages and consumers in declare-ok")
    expect.equal(queue_exists(amqp, queue), True, "queue after declare-ok")


@requirement("amqp.topology.queue-transient")
def test_transient_queue_that_is_not_exclusive(amqp: AmqpTester) -> None:
    queue = amqp.queue_name()
    channel = amqp.connect().channel()
    with expect.ends(amqp.outcomes):
        channel.declare_queue(queue)
    expect.equal(queue_exists(amqp, queue), channel.connection.closed is None, "queue afterwards")


@requirement("amqp.topology.queue-server-named")
@holds_for(cost=6, counts=st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_invented_names_are_distinct(amqp: AmqpTester, counts: list[int]) -> None:
    names: list[str] = []
    for count in counts:
        channel = amqp.connect().channel()
        for _ in range(count):
            names.append(channel.declare_queue(exclusive=True).queue)
            channel.publish("", names[-1], names[-1])
            message = channel.get(names[-1])
            expect.true(message is not None, f"a message in {names[-1]!r}", "an empty queue")
    expect.same_members(names, sorted(set(names)), "names of queues declared without one")
    expect.true(all(names), "a name for every queue", names)


@requirement("amqp.topology.queue-server-named-prefix")
def test_invented_names_begin_with_amq_gen(amqp: AmqpTester) -> None:
    name = amqp.admin.declare_queue(exclusive=True).queue
    expect.true(name.startswith("amq.gen"), "a name that begins with amq.gen", name)


@requirement("amqp.topology.queue-redeclare-same")
@holds_for(cost=3, durable=st.booleans(), auto_delete=st.booleans(), ready=st.integers(0, 2))
def test_redeclaring_the_same_changes_nothing(
    amqp: AmqpTester, durable: bool, auto_delete: bool, ready: int
) -> None:
    queue = amqp.queue(durable=durable, auto_delete=auto_delete)
    exchange = amqp.exchange("fanout")
    amqp.admin.bind(queue, exchange)
    bodies = fill(amqp.admin, queue, ready)
    for _ in range(2):
        amqp.channel().declare_queue(
            queue, durable=durable, exclusive=not durable, auto_delete=auto_delete
        )
    amqp.admin.publish(exchange, "", "still bound")
    expect.equal(amqp.bodies(queue), [*bodies, "still bound"], "messages afterwards")


@requirement("amqp.topology.queue-redeclare-message-count")
@holds_for(cost=2, ready=st.integers(0, 4), unacknowledged=st.integers(0, 3), passive=st.booleans())
def test_redeclaring_tells_the_ready_messages(
    amqp: AmqpTester, ready: int, unacknowledged: int, passive: bool
) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    fill(channel, queue, ready + unacknowledged)
    for _ in range(unacknowledged):
        channel.get(queue)
    answer = amqp.admin.declare_queue(queue, exclusive=True, passive=passive)
    expect.equal(answer.message_count, ready, "message-count of declare-ok")


@requirement("amqp.topology.queue-redeclare-consumer-count")
@holds_for(cost=3, consumers=st.integers(1, 4), cancelled=st.integers(0, 4), passive=st.booleans())
def test_redeclaring_tells_the_consumers(
    amqp: AmqpTester, consumers: int, cancelled: int, passive: bool
) -> None:
    queue = amqp.queue()
    channels = [amqp.channel(), amqp.channel()]
    started = [channels[number % 2].consume(queue) for number in range(consumers)]
    for consumer in started[:cancelled]:
        consumer.channel.cancel(consumer)
    left = started[cancelled:]
    answer = amqp.admin.declare_queue(queue, exclusive=True, passive=passive)
    expect.equal(answer.consumer_count, len(left), "consumer-count of declare-ok")
    channels[0].close()
    remaining = len([consumer for consumer in left if consumer.channel is channels[1]])
    answer = amqp.admin.declare_queue(queue, exclusive=True, passive=passive)
    expect.equal(answer.consumer_count, remaining, "consumer-count after a channel is closed")


@requirement("amqp.topology.queue-consumer-count-inactive")
@holds_for(cost=2, consumers=st.integers(2, 4), passive=st.booleans())
def test_waiting_consumers_count_too(amqp: AmqpTester, consumers: int, passive: bool) -> None:
    arguments = {"x-single-active-consumer": True}
    queue = amqp.queue(arguments=arguments)
    channel = amqp.channel()
    for _ in range(consumers):
        channel.consume(queue)
    answer = amqp.admin.declare_queue(queue, exclusive=True, passive=passive, arguments=arguments)
    expect.equal(answer.consumer_count, consumers, "consumer-count of declare-ok")


@requirement("amqp.topology.queue-redeclare-other-durable")
@holds_for(auto_delete=st.booleans())
def test_another_durability_is_refused(amqp: AmqpTester, auto_delete: bool) -> None:
    refuse_redeclaration(
        amqp, {"durable": True, "auto_delete": auto_delete}, {"durable": False}, 406
    )


@requirement("amqp.topology.queue-redeclare-other-auto-delete")
@holds_for(cost=2, durable=st.booleans(), auto_delete=st.booleans())
def test_another_auto_delete_is_refused(amqp: AmqpTester, durable: bool, auto_delete: bool) -> None:
    declaration = {"durable": durable, "exclusive": not durable, "auto_delete": auto_delete}
    refuse_redeclaration(amqp, declaration, {"auto_delete": not auto_delete}, 406)


@requirement("amqp.topology.queue-redeclare-other-exclusive")
@holds_for(exclusive=st.booleans(), auto_delete=st.booleans())
def test_another_exclusivity_is_refused(
    amqp: AmqpTester, exclusive: bool, auto_delete: bool
) -> None:
    declaration = {"durable": not exclusive, "exclusive": exclusive, "auto_delete": auto_delete}
    refuse_redeclaration(amqp, declaration, {"exclusive": not exclusive}, 405)


@requirement("amqp.topology.queue-exclusive-durable")
@holds_for(durable=st.booleans())
def test_durability_of_an_exclusive_queue_does_not_matter(amqp: AmqpTester, durable: bool) -> None:
    queue = amqp.queue_name()
    amqp.admin.declare_queue(queue, durable=durable, exclusive=True)
    amqp.channel().declare_queue(queue, durable=not durable, exclusive=True)


@requirement("amqp.topology.queue-passive-existing")
@holds_for(
    cost=3,
    declared_durable=st.booleans(),
    durable=st.booleans(),
    exclusive=st.booleans(),
    auto_delete=st.booleans(),
    arguments=st.sampled_from([{}, {"x-max-length": 1}, {"x-message-ttl": "soon"}]),
)
def test_passive_declare_asks_for_the_name_only(
    amqp: AmqpTester, declared_durable: bool, arguments: dict[str, Any], **flags: Any
) -> None:
    queue = amqp.queue(durable=declared_durable)
    answer = amqp.channel().declare_queue(queue, passive=True, **flags, arguments=arguments)
    expect.equal(answer.queue, queue, "name in declare-ok")
    amqp.channel().declare_queue(queue, durable=declared_durable, exclusive=not declared_durable)


@requirement("amqp.topology.queue-passive-missing")
@holds_for(cost=3, durable=st.booleans(), exclusive=st.booleans(), auto_delete=st.booleans())
def test_passive_declare_of_a_missing_queue_creates_nothing(amqp: AmqpTester, **flags: Any) -> None:
    for queue in (amqp.queue_name(), "amq." + amqp.name("q")):
        for _ in range(2):
            with expect.channel_error(404):
                amqp.channel().declare_queue(queue, passive=True, **flags)


@requirement("amqp.topology.queue-many")
def test_many_queues_can_be_declared(amqp: AmqpTester) -> None:
    queues = [amqp.queue() for _ in range(256)]
    for queue in queues:
        amqp.admin.publish("", queue, queue)
    expect.equal([amqp.bodies(queue) for queue in queues], [[queue] for queue in queues])


@requirement("amqp.topology.queue-many-consumers")
def test_many_consumers_share_a_queue(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    channel = amqp.channel()
    channel.qos(1)
    consumers = [channel.consume(queue) for _ in range(16)]
    for number in range(16):
        channel.publish("", queue, str(number))
    for consumer in consumers:
        consumer.expect(1)
    bodies = [consumer.received[0].text for consumer in consumers]
    expect.same_members(bodies, [str(number) for number in range(16)], "one message each")


def refuse_redeclaration(
    amqp: AmqpTester, declaration: dict[str, Any], changes: dict[str, Any], code: int
) -> None:
    """The changed declaration must be refused and the queue stay what it was."""
    queue = amqp.queue_name()
    amqp.admin.declare_queue(queue, **declaration)
    amqp.admin.publish("", queue, "kept")
    with expect.channel_error(code):
        amqp.channel().declare_queue(queue, **{**declaration, **changes})
    amqp.channel().declare_queue(queue, **declaration)
    expect.equal(amqp.bodies(queue), ["kept"], "messages after the refusal")
