"""The no-wait flag: the same effect and the same errors, but no answer."""

from typing import Any

from pika import spec

from conformance import expect
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import Mismatch
from conformance.requirements import requirement
from conformance.suites.topology.looking import exchange_exists, is_routed, queue_exists

EXCHANGE, QUEUE = spec.Exchange, spec.Queue


@requirement("amqp.topology.no-wait-silent")
def test_there_is_no_answer(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    for method in every_method(amqp.exchange(), amqp.exchange_name(), amqp.name("q")):
        raw.send_method(1, method)
        try:
            raw.call(1, spec.Basic.Qos(prefetch_count=0), spec.Basic.QosOk)
        except Mismatch as error:
            raise Mismatch("no answer", error.observed, f"{method.NAME} with no-wait") from error


def every_method(source: str, exchange: str, queue: str) -> list[Any]:
    """Every method of the topology that has the flag, in an order in which all succeed."""
    return [
        EXCHANGE.Declare(exchange=exchange, nowait=True),
        EXCHANGE.Declare(exchange=exchange, passive=True, nowait=True),
        EXCHANGE.Bind(destination=exchange, source=source, routing_key="key", nowait=True),
        QUEUE.Declare(queue=queue, exclusive=True, nowait=True),
        QUEUE.Declare(queue=queue, passive=True, nowait=True),
        QUEUE.Bind(queue=queue, exchange=exchange, routing_key="key", nowait=True),
        QUEUE.Purge(queue=queue, nowait=True),
        QUEUE.Delete(queue=queue, nowait=True),
        EXCHANGE.Unbind(destination=exchange, source=source, routing_key="key", nowait=True),
        EXCHANGE.Delete(exchange=exchange, nowait=True),
    ]


@requirement("amqp.topology.no-wait-effect")
def test_the_effect_is_the_same(amqp: AmqpTester) -> None:
    source, exchange, queue = amqp.exchange("fanout"), amqp.exchange_name(), amqp.queue_name()
    channel = amqp.admin  # to pika, no callback means no-wait
    channel.impl.exchange_declare(exchange, "fanout", callback=None)
    channel.impl.exchange_bind(exchange, source, callback=None)
    channel.impl.queue_declare(queue, exclusive=True, callback=None)
    channel.impl.queue_bind(queue, exchange, callback=None)
    expect.equal(is_routed(channel, source, "", queue), True, "routing after both binds")
    channel.publish("", queue, "to be purged")
    channel.impl.queue_purge(queue, callback=None)
    expect.equal(amqp.bodies(queue), [], "messages after queue.purge")
    channel.impl.exchange_unbind(exchange, source, callback=None)
    expect.equal(is_routed(channel, source, "", queue), False, "routing after exchange.unbind")
    channel.impl.queue_delete(queue, callback=None)
    expect.equal(queue_exists(amqp, queue), False, "queue after queue.delete")
    amqp.admin.impl.exchange_delete(exchange, callback=None)
    expect.equal(exchange_exists(amqp, exchange), False, "exchange after exchange.delete")


@requirement("amqp.topology.no-wait-errors")
def test_the_errors_are_the_same(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    for method, code in every_mistake(amqp.name("missing")):
        raw.send_method(1, method)
        try:
            observed = raw.expect(spec.Channel.Close).reply_code
        except Mismatch as error:
            raise Mismatch("channel.close", error.observed, f"{method.NAME} refused") from error
        expect.equal(observed, code, f"reply code of {method.NAME} with no-wait")
        raw.send_method(1, spec.Channel.CloseOk())
        raw.call(1, spec.Channel.Open(), spec.Channel.OpenOk)


def every_mistake(missing: str) -> list[tuple[Any, int]]:
    """Methods that must be refused with a code; nothing is called `missing`."""
    return [
        (EXCHANGE.Declare(exchange="amq.tck", nowait=True), 403),
        (EXCHANGE.Declare(exchange=missing, passive=True, nowait=True), 404),
        (EXCHANGE.Bind(destination=missing, source="amq.direct", nowait=True), 404),
        (EXCHANGE.Unbind(destination=missing, source="", nowait=True), 403),
        (EXCHANGE.Delete(exchange="amq.tck", nowait=True), 403),
        (QUEUE.Declare(queue="amq.tck", exclusive=True, nowait=True), 403),
        (QUEUE.Declare(queue=missing, passive=True, nowait=True), 404),
        (QUEUE.Bind(queue=missing, exchange="amq.direct", nowait=True), 404),
        (QUEUE.Purge(queue=missing, nowait=True), 404),
        (QUEUE.Delete(queue="", nowait=True), 404),
    ]
