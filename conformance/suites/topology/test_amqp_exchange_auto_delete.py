"""Auto-delete exchanges: they go with the last binding of which they are the source."""

from itertools import pairwise

from hypothesis import strategies as st

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_topology import Topology
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.topology.looking import exchange_exists

KEYS = st.sampled_from(["a", "b", "c"])


@requirement("amqp.topology.exchange-auto-delete-unbind")
@holds_for(cost=3, keys=st.lists(KEYS, min_size=1, max_size=3, unique=True))
def test_last_unbind_deletes_the_exchange(amqp: AmqpTester, keys: list[str]) -> None:
    exchange, queue = amqp.exchange(auto_delete=True), amqp.queue()
    for key in keys:
        amqp.admin.bind(queue, exchange, key)
    for key in keys:
        expect.equal(exchange_exists(amqp, exchange), True, f"exchange while {key!r} is bound")
        amqp.admin.unbind(queue, exchange, key)
    expect.equal(exchange_exists(amqp, exchange), False, "exchange after its last unbind-ok")


@requirement("amqp.topology.exchange-auto-delete-unbind-exchange")
def test_last_unbind_of_an_exchange_deletes_the_source(amqp: AmqpTester) -> None:
    source, destination = amqp.exchange(auto_delete=True), amqp.exchange(auto_delete=True)
    amqp.admin.bind_exchange(destination, source, "a")
    amqp.admin.bind_exchange(destination, source, "b")
    amqp.admin.unbind_exchange(destination, source, "a")
    expect.equal(exchange_exists(amqp, source), True, "source with one binding left")
    amqp.admin.unbind_exchange(destination, source, "b")
    expect.equal(exchange_exists(amqp, source), False, "source after its last unbind-ok")
    expect.equal(exchange_exists(amqp, destination), True, "destination, which never was a source")


@requirement("amqp.topology.exchange-auto-delete-queue-deleted")
@holds_for(cost=2, queues=st.integers(1, 3), bindings_each=st.integers(1, 2))
def test_deleting_the_last_queue_deletes_the_exchange(
    amqp: AmqpTester, queues: int, bindings_each: int
) -> None:
    exchange = amqp.exchange(auto_delete=True)
    names = [amqp.queue() for _ in range(queues)]
    for name in names:
        for number in range(bindings_each):
            amqp.admin.bind(name, exchange, str(number))
    for name in names:
        expect.equal(exchange_exists(amqp, exchange), True, "exchange with a queue bound to it")
        amqp.admin.delete_queue(name)
    expect.equal(exchange_exists(amqp, exchange), False, "exchange after the last queue is deleted")


@requirement("amqp.topology.exchange-auto-delete-queue-gone")
def test_exchange_goes_with_queues_that_delete_themselves(amqp: AmqpTester) -> None:
    by_connection, by_consumer = amqp.exchange(auto_delete=True), amqp.exchange(auto_delete=True)
    owner = amqp.connect()
    channel = owner.channel()
    for exchange, auto_delete in ((by_connection, False), (by_consumer, True)):
        queue = amqp.queue_name()
        channel.declare_queue(queue, exclusive=True, auto_delete=auto_delete)
        channel.bind(queue, exchange, "key")
    channel.cancel(channel.consume(queue))
    expect.eventually(
        lambda: not exchange_exists(amqp, by_consumer),
        "the end of the auto-delete queue's exchange",
    )
    expect.equal(exchange_exists(amqp, by_connection), True, "exchange whose queue is still there")
    owner.close()
    expect.eventually(
        lambda: not exchange_exists(amqp, by_connection),
        "the end of the exclusive queue's exchange",
    )


@requirement("amqp.topology.exchange-auto-delete-destination-deleted")
@holds_for(destinations=st.integers(1, 3))
def test_deleting_the_last_destination_deletes_the_source(
    amqp: AmqpTester, destinations: int
) -> None:
    source = amqp.exchange("fanout", auto_delete=True)
    exchanges = [amqp.exchange() for _ in range(destinations)]
    for exchange in exchanges:
        amqp.admin.bind_exchange(exchange, source)
    for exchange in exchanges:
        expect.equal(exchange_exists(amqp, source), True, "source while it has a destination")
        amqp.admin.delete_exchange(exchange)
    expect.equal(exchange_exists(amqp, source), False, "source after its last destination")


@requirement("amqp.topology.exchange-auto-delete-never-source")
def test_exchange_that_was_never_a_source_stays(amqp: AmqpTester) -> None:
    exchange, queue = amqp.exchange_name(), amqp.queue()
    declaring = amqp.connect()
    declaring.channel().declare_exchange(exchange, "fanout", auto_delete=True)
    declaring.close()
    amqp.admin.publish(exchange, "", "unroutable")
    amqp.admin.unbind(queue, exchange, "no such binding")
    front = amqp.exchange("fanout")
    amqp.admin.bind_exchange(exchange, front)
    amqp.admin.unbind_exchange(exchange, front)
    amqp.admin.delete_queue(queue)
    expect.equal(exchange_exists(amqp, exchange), True, "exchange that was never bound to anything")


@requirement("amqp.topology.exchange-lasting-without-bindings")
def test_exchange_without_auto_delete_outlives_its_bindings(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("fanout")
    amqp.admin.unbind(amqp.bound_queue(exchange), exchange)
    amqp.admin.delete_queue(amqp.bound_queue(exchange))
    expect.equal(exchange_exists(amqp, exchange), True, "exchange after its last binding")


EXCHANGES = ("w", "x", "y", "z")
EDGES = st.tuples(st.sampled_from(EXCHANGES), st.sampled_from(EXCHANGES))


@requirement("amqp.topology.exchange-auto-delete-cascade")
@holds_for(
    cost=2,
    lasting=st.sets(st.sampled_from(EXCHANGES), max_size=1),
    chain=st.permutations(EXCHANGES),
    more_edges=st.lists(EDGES, max_size=3),
    deleted=st.sampled_from(EXCHANGES),
)
def test_auto_deletion_goes_through_the_graph(
    amqp: AmqpTester,
    lasting: set[str],
    chain: list[str],
    more_edges: list[tuple[str, str]],
    deleted: str,
) -> None:
    model = Topology()
    names = {label: amqp.exchange_name() for label in EXCHANGES}
    for label, name in names.items():
        model.declare_exchange(label, "fanout", label not in lasting)
        amqp.admin.declare_exchange(name, "fanout", auto_delete=label not in lasting)
    for source, destination in [*pairwise(chain), *more_edges]:
        model.bind(destination, source, "")
        amqp.admin.bind_exchange(names[destination], names[source])
    model.delete_exchange(deleted)
    amqp.admin.delete_exchange(names[deleted])
    left = [label for label, name in names.items() if exchange_exists(amqp, name)]
    expect.equal(left, sorted(model.exchanges), f"exchanges left after {deleted} was deleted")
