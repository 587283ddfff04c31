"""Direct reply-to: replies to a requester that has no queue."""

from functools import partial
from random import Random

import pika
from hypothesis import strategies as st
from pika import spec

from conformance import expect
from conformance.drivers.amqp.client import Channel, Consumer
from conformance.drivers.amqp.tester import AmqpTester
from conformance.errors import ChannelClosed, Mismatch
from conformance.requirements import requirement
from conformance.runner.properties import holds_for

REPLY_TO = "amq.rabbitmq.reply-to"


def listen(channel: Channel) -> Consumer:
    """Let a channel receive direct replies."""
    return channel.consume(REPLY_TO, ack=False)


def request(amqp: AmqpTester, channel: Channel, queue: str, body: str = "request") -> str:
    """Send a request to the service behind `queue`; return the address that it sees."""
    channel.publish("", queue, body, pika.BasicProperties(reply_to=REPLY_TO))
    channel.barrier()
    message = amqp.admin.get(queue, ack=False)
    if message is None or message.text != body:
        raise Mismatch(f"{body!r} in the queue", repr(message))
    return str(message.properties.reply_to)


def reply(channel: Channel, address: str, body: str, *, mandatory: bool = False) -> None:
    channel.publish("", address, body, mandatory=mandatory)
    channel.barrier()


@requirement("amqp.publishing.direct-reply")
@holds_for(
    cost=3,
    requests=st.lists(st.integers(0, 2), min_size=1, max_size=8),
    random=st.randoms(use_true_random=False),
)
def test_every_reply_reaches_its_requester(
    amqp: AmqpTester, requests: list[int], random: Random
) -> None:
    queue, service = amqp.queue(), amqp.connect().channel()
    channels = [amqp.channel(), amqp.channel(), amqp.connect().channel()]
    requesters = [listen(channel) for channel in channels]
    asked = [(who, f"request {number}") for number, who in enumerate(requests)]
    addressed = [(who, body, request(amqp, channels[who], queue, body)) for who, body in asked]
    random.shuffle(addressed)
    for _, body, address in addressed:
        reply(service, address, f"reply to {body}")
    for number, requester in enumerate(requesters):
        expected = [f"reply to {body}".encode() for who, body, _ in addressed if who == number]
        requester.expect(len(expected))
        requester.channel.barrier()
        expect.equal(requester.bodies, expected, f"what requester {number} received")


@requirement("amqp.publishing.direct-reply-address")
def test_the_service_sees_an_address_instead_of_the_pseudo_queue(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    channels = [amqp.channel(), amqp.channel()]
    sent = {"headers": {"h": 1}, "correlation_id": "c", "content_type": "t", "priority": 3}
    addresses = []
    for channel in channels:
        listen(channel)
        for _ in range(2):
            properties = pika.BasicProperties(reply_to=REPLY_TO, **sent)
            channel.publish("", queue, "request", properties)
            channel.barrier()
    for message in amqp.admin.drain(queue):
        seen = vars(message.properties)
        addresses.append(seen["reply_to"] or "")
        expect.equal({k: v for k, v in seen.items() if v is not None and k != "reply_to"}, sent)
        expect.equal(message.text, "request")
    expect.true(
        all(address.startswith(f"{REPLY_TO}.") for address in addresses),
        f"addresses that begin with {REPLY_TO} and a dot",
        addresses,
    )
    first, second = set(addresses[:2]), set(addresses[2:])
    expect.true(first.isdisjoint(second), "different addresses for two requesters", addresses)


@requirement("amqp.publishing.direct-reply-message")
def test_a_reply_arrives_as_it_was_published(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    requester = listen(channel)
    address = request(amqp, channel, amqp.queue())
    properties = pika.BasicProperties(
        correlation_id="c", headers={"h": "v"}, delivery_mode=2, reply_to="elsewhere"
    )
    amqp.admin.publish("", address, "reply", properties)
    message = requester.expect(1)[0]
    expect.equal(
        (message.exchange, message.routing_key, message.properties, message.text),
        ("", address, properties, "reply"),
    )
    expect.equal((message.redelivered, message.consumer_tag), (False, requester.tag))


@requirement("amqp.publishing.direct-reply-routed")
def test_a_mandatory_reply_counts_as_routed(amqp: AmqpTester) -> None:
    requester, service = amqp.channel(), amqp.channel()
    replies = listen(requester)
    address = request(amqp, requester, amqp.queue())
    reply(service, address, "reply", mandatory=True)
    replies.expect(1)
    expect.equal(service.events, [], "what the service is told")


@requirement("amqp.publishing.direct-reply-needs-consumer")
def test_a_request_needs_a_consumer_for_its_reply(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    listen(amqp.channel())
    channel = amqp.channel()
    with expect.channel_error(406, barrier=channel.barrier):
        channel.publish("", queue, "request", pika.BasicProperties(reply_to=REPLY_TO))
    expect.equal(amqp.bodies(queue), [], "what was refused")


@requirement("amqp.publishing.direct-reply-needs-no-ack")
def test_replies_cannot_be_acknowledged(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    with expect.channel_error(406):
        channel.consume(REPLY_TO, ack=True)


@requirement("amqp.publishing.direct-reply-single-consumer")
def test_a_channel_has_one_consumer_of_replies(amqp: AmqpTester) -> None:
    listen(amqp.channel())
    channel = amqp.channel()
    listen(channel)
    with expect.channel_error(406):
        listen(channel)


@requirement("amqp.publishing.direct-reply-consumer-renewed")
def test_the_consumer_of_replies_can_be_cancelled_and_set_again(amqp: AmqpTester) -> None:
    queue, channel = amqp.queue(), amqp.channel()
    first = listen(channel)
    old = request(amqp, channel, queue)
    channel.cancel(first)
    second = listen(channel)
    new = request(amqp, channel, queue)
    expect.true(new != old, "another address than before", new)
    reply(amqp.admin, old, "to nobody")
    reply(amqp.admin, new, "reply")
    second.expect(1)
    channel.barrier()
    expect.equal((first.bodies, second.bodies), ([], [b"reply"]))
    channel.cancel(second)
    with expect.channel_error(406, barrier=channel.barrier):
        channel.publish("", queue, "request", pika.BasicProperties(reply_to=REPLY_TO))


@requirement("amqp.publishing.direct-reply-exists")
def test_the_address_of_a_requester_can_be_looked_up(amqp: AmqpTester) -> None:
    channel = amqp.channel()
    listen(channel)
    address = request(amqp, channel, amqp.queue())
    answer = amqp.connect().channel().declare_queue(address, passive=True)
    expect.equal((answer.queue, answer.message_count, answer.consumer_count), (address, 0, 1))


@requirement("amqp.publishing.direct-reply-gone")
def test_the_address_of_a_gone_requester_does_not_exist(amqp: AmqpTester) -> None:
    queue = amqp.queue()
    for end in ("cancel", "close", "cut"):
        connection = amqp.connect()
        channel = connection.channel()
        requester = listen(channel)
        address = request(amqp, channel, queue)
        if end == "cancel":
            channel.cancel(requester)
        elif end == "close":
            channel.close()
        else:
            connection.drop()
        expect.eventually(partial(_is_missing, amqp, address), f"404 after {end}")


def _is_missing(amqp: AmqpTester, address: str) -> bool:
    try:
        amqp.channel().declare_queue(address, passive=True)
    except ChannelClosed as error:
        expect.equal(error.code, 404, "reply code")
        return True
    return False


@requirement("amqp.publishing.direct-reply-dropped")
def test_replies_to_a_gone_requester_are_dropped(amqp: AmqpTester) -> None:
    queue, requester, service = amqp.queue(), amqp.channel(), amqp.channel()
    listen(requester)
    address = request(amqp, requester, queue)
    requester.close()
    service.select_confirms()
    expect.equal(service.publish_confirmed("", address, "too late"), "ack")
    service.barrier()
    expect.equal(service.events, ["ack 1"], "what the service is told")


@requirement("amqp.publishing.direct-reply-not-forgeable")
@holds_for(
    cost=3,
    place=st.integers(5, 12),
    letter=st.sampled_from("aZ09"),
    how=st.sampled_from(["other letter", "cut off"]),
)
def test_a_guessed_address_reaches_nobody(
    amqp: AmqpTester, place: int, letter: str, how: str
) -> None:
    channel = amqp.channel()
    requester = listen(channel)
    address = request(amqp, channel, amqp.queue())
    other = letter if address[-place] != letter else "b"
    tail = address[1 - place :] if how == "other letter" else ""
    reply(amqp.admin, address[:-place] + other + tail, "forged")
    reply(amqp.admin, address, "genuine")
    requester.expect(1)
    channel.barrier()
    expect.equal(requester.bodies, [b"genuine"])


@requirement("amqp.publishing.direct-reply-tag-in-use")
def test_the_tag_of_another_consumer_cannot_be_used_for_replies(amqp: AmqpTester) -> None:
    raw, queue = amqp.raw().open(), amqp.queue_name()
    raw.call(1, spec.Queue.Declare(queue=queue, exclusive=True), spec.Queue.DeclareOk)
    raw.call(1, spec.Basic.Consume(queue=queue, consumer_tag="taken"), spec.Basic.ConsumeOk)
    raw.send_method(1, spec.Basic.Consume(queue=REPLY_TO, consumer_tag="taken", no_ack=True))
    raw.expect_close(530)
