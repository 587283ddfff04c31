"""Publisher confirms: each publish is told of once, in the right way, on its own channel."""

from collections import Counter
from typing import Any

import pika
from hypothesis import strategies as st
from pika import frame, spec

from conformance import expect
from conformance.drivers.amqp.client import Channel, Consumer
from conformance.drivers.amqp.raw import method_frame, publish_frames
from conformance.drivers.amqp.tester import AmqpTester
from conformance.models.amqp_confirms import coverage
from conformance.requirements import requirement
from conformance.runner.properties import holds_for
from conformance.suites.publishing.traffic import BATCHES, Publish, events_of, full_queue


@requirement("amqp.publishing.confirmed-once")
@holds_for(cost=3, batches=BATCHES)
def test_each_publish_is_confirmed_once(amqp: AmqpTester, batches: list[list[Publish]]) -> None:
    for confirm, covered in coverage(events_of(amqp, batches)):
        expect.true(
            confirm.number in covered, "a number that awaits its confirm", confirm, "confirmed"
        )


@requirement("amqp.publishing.confirm-kind")
@holds_for(cost=3, batches=BATCHES)
def test_what_a_queue_refused_is_nacked_and_the_rest_acked(
    amqp: AmqpTester, batches: list[list[Publish]]
) -> None:
    told = {
        number: confirm.kind
        for confirm, covered in coverage(events_of(amqp, batches))
        for number in covered
    }
    publishes = enumerate((publish for batch in batches for publish in batch), 1)
    expected = {number: publish.outcome for number, publish in publishes}
    expect.equal(dict(sorted(told.items())), expected)


@requirement("amqp.publishing.confirm-multiple")
@holds_for(cost=3, batches=BATCHES)
def test_multiple_covers_one_kind_only(amqp: AmqpTester, batches: list[list[Publish]]) -> None:
    publishes = [publish for batch in batches for publish in batch]
    for confirm, covered in coverage(events_of(amqp, batches)):
        if confirm.multiple:
            expect.at_most(confirm.number, len(publishes), "number of a multiple confirm")
            kinds = {number: publishes[number - 1].outcome for number in sorted(covered)}
            expect.equal(kinds, dict.fromkeys(kinds, confirm.kind), f"covered by {confirm}")


@requirement("amqp.publishing.return-before-confirm")
@holds_for(cost=3, batches=BATCHES)
def test_a_return_comes_before_its_confirm(amqp: AmqpTester, batches: list[list[Publish]]) -> None:
    events = events_of(amqp, batches)
    publishes = enumerate((publish for batch in batches for publish in batch), 1)
    returned = [event.number for event in events if event.kind == "return"]
    expect.equal(returned, [number for number, publish in publishes if publish.returned])
    for confirm, covered in coverage(events):
        so_far = {event.number for event in events[: events.index(confirm)]}
        missing = covered & set(returned) - so_far
        expect.equal(missing, set(), f"publishes of {confirm} that were returned after it")


@requirement("amqp.publishing.confirm-unroutable")
def test_an_unroutable_message_is_acked(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    channel.select_confirms()
    for exchange in ("", amqp.exchange("fanout"), amqp.exchange("headers")):
        outcome = channel.publish_confirmed(exchange, amqp.name("nowhere"), "lost")
        expect.equal(outcome, "ack", f"publish to {exchange!r}")


@requirement("amqp.publishing.confirm-select-twice")
def test_selecting_confirms_again_changes_nothing(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    for number in (1, 2, 3):
        raw.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
        raw.publish(1, "", amqp.name("nowhere"), b"body")
        expect.equal(raw.expect(spec.Basic.Ack).delivery_tag, number, "number of the confirm")


@requirement("amqp.publishing.confirm-select-no-wait")
def test_selecting_confirms_without_an_answer(amqp: AmqpTester) -> None:
    raw = amqp.raw().open()
    raw.send_method(1, spec.Confirm.Select(nowait=True))
    raw.barrier(1)
    raw.publish(1, "", amqp.name("nowhere"), b"body")
    expect.equal(raw.expect(spec.Basic.Ack).delivery_tag, 1, "number of the confirm")


@requirement("amqp.publishing.confirm-numbers")
def test_numbers_count_what_was_published_since_select(amqp: AmqpTester) -> None:
    queue, raw = amqp.queue(), amqp.raw().open()
    for _ in range(3):
        raw.publish(1, "", queue, b"not numbered")
    raw.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    for number in (1, 2, 3):
        raw.publish(1, "", queue, b"numbered")
        expect.equal(raw.expect(spec.Basic.Ack).delivery_tag, number, "number of the confirm")


@requirement("amqp.publishing.confirm-own-channel")
@holds_for(cost=2, channels=st.lists(st.integers(1, 3), min_size=1, max_size=10))
def test_every_channel_counts_for_itself(amqp: AmqpTester, channels: list[int]) -> None:
    """Channels 1 and 2 confirm, channel 3 does not."""
    queue, raw = amqp.queue(), amqp.raw().open(channels=3)
    for number in (1, 2):
        raw.call(number, spec.Confirm.Select(), spec.Confirm.SelectOk)
    for number in channels:
        raw.publish(number, "", queue, b"body")
    confirmed: Counter[int] = Counter()
    expected = Counter(number for number in channels if number != 3)
    while confirmed != expected:
        received: Any = raw.read_frame()
        expect.true(
            isinstance(received, frame.Method) and isinstance(received.method, spec.Basic.Ack),
            f"an ack; still to come {expected - confirmed}",
            received,
        )
        tag, multiple = received.method.delivery_tag, received.method.multiple
        first = confirmed[received.channel_number] + 1
        expect.true(tag == first or (multiple and tag > first), f"ack of {first}", received)
        confirmed[received.channel_number] = tag
        expect.at_most(tag, expected[received.channel_number], "number of publishes")
    raw.barrier(3)


@requirement("amqp.publishing.confirmed-is-enqueued")
def test_what_is_confirmed_is_in_the_queue(amqp: AmqpTester) -> None:
    exchange = amqp.exchange("fanout")
    queues = [amqp.bound_queue(exchange) for _ in range(3)]
    publisher = amqp.connect().channel()
    publisher.select_confirms()
    for count in range(1, 6):
        publisher.publish_confirmed(exchange, "", str(count))
        expect.equal([amqp.admin.ready(queue) for queue in queues], 3 * [count], "messages")


def _expire(amqp: AmqpTester, queue: str) -> None:
    """The messages have a TTL of 0."""


def _purge(amqp: AmqpTester, queue: str) -> None:
    amqp.admin.purge(queue)


def _delete(amqp: AmqpTester, queue: str) -> None:
    amqp.admin.delete_queue(queue)


def _reject(amqp: AmqpTester, queue: str) -> None:
    channel: Channel = amqp.channel()
    consumer: Consumer = channel.consume(queue)
    consumer.expect(1)
    channel.reject(consumer.received[0].tag, requeue=False)


FATES = {"expire": _expire, "purge": _purge, "delete": _delete, "reject": _reject}


@requirement("amqp.publishing.confirmed-whatever-happens")
@holds_for(
    cost=2,
    fate=st.sampled_from([*FATES, "overflow"]),
    persistent=st.booleans(),
    count=st.integers(1, 4),
)
def test_what_is_dropped_is_confirmed_all_the_same(
    amqp: AmqpTester, fate: str, persistent: bool, count: int
) -> None:
    arguments = {"x-max-length": 1} if fate == "overflow" else {}
    queue, publisher = amqp.queue(durable=True, arguments=arguments), amqp.channel()
    publisher.select_confirms()
    properties = pika.BasicProperties(
        delivery_mode=2 if persistent else 1, expiration="0" if fate == "expire" else None
    )
    for number in range(count):
        publisher.publish("", queue, str(number), properties)
    if fate in FATES:
        FATES[fate](amqp, queue)
    outcomes = publisher.wait_confirms(count)
    expect.equal(outcomes, dict.fromkeys(range(1, count + 1), "ack"))


@requirement("amqp.publishing.confirms-end-with-the-channel")
def test_no_confirm_follows_the_end_of_its_channel(amqp: AmqpTester) -> None:
    queue, raw = amqp.queue(), amqp.raw().open()
    raw.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    publish = publish_frames(1, spec.Basic.Publish(exchange="", routing_key=queue), b"body")
    raw.send(5 * publish, method_frame(1, spec.Channel.Close(200, "done", 0, 0)))
    while not isinstance(received := raw.read_frame(), frame.Method) or not isinstance(
        received.method, spec.Channel.CloseOk
    ):
        expect.true(received is not None, "channel.close-ok", "end of the connection")
    raw.call(1, spec.Channel.Open(), spec.Channel.OpenOk)
    raw.publish(1, "", queue, b"not numbered")
    raw.barrier(1)
    raw.call(1, spec.Confirm.Select(), spec.Confirm.SelectOk)
    raw.publish(1, "", queue, b"numbered")
    expect.equal(raw.expect(spec.Basic.Ack).delivery_tag, 1, "number of the confirm")


@requirement("amqp.publishing.reject-publish-silent")
def test_without_confirms_a_refused_message_is_dropped(amqp: AmqpTester) -> None:
    queue, channel = full_queue(amqp), amqp.channel()
    channel.publish("", queue, "refused", mandatory=True)
    channel.publish("", queue, "refused too")
    channel.barrier()
    expect.equal(channel.events, [], "what the publisher is told")
    expect.equal(amqp.bodies(queue), ["fills it"])
    channel.publish("", queue, "there is room now")
    channel.barrier()
    expect.equal(amqp.bodies(queue), ["there is room now"])


@requirement("amqp.publishing.no-confirms-in-transactions")
def test_confirms_cannot_be_selected_on_a_tx_channel(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    channel.tx_select()
    with expect.channel_error(406):
        channel.select_confirms()
