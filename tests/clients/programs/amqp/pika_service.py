"""pika's BlockingConnection as a service uses it: a named connection that asks to be told when it
is blocked, priorities, a delayed retry that counts deaths, a consumer that loses its queue, queues
that belong to somebody else, an error of the whole connection, a wrong password."""

import sys
import uuid

import pika
from pika.exceptions import (
    ChannelClosedByBroker,
    ConnectionClosedByBroker,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

RUN = uuid.uuid4().hex[:8]
PERSISTENT = pika.DeliveryMode.Persistent


def connect(url, name):
    parameters = pika.URLParameters(url)
    parameters.client_properties = {"connection_name": f"{name}-{RUN}", "team": {"size": 3}}
    parameters.heartbeat = 30
    parameters.blocked_connection_timeout = 20
    connection = pika.BlockingConnection(parameters)
    connection.add_on_connection_blocked_callback(lambda *_: print("blocked"))
    connection.add_on_connection_unblocked_callback(lambda *_: print("unblocked"))
    return connection


def described(error):
    return f"{error.reply_code} {error.reply_text.replace(RUN, 'RUN')}"


def priorities(connection):
    print("# priorities")
    channel = connection.channel()
    queue = f"urgent-{RUN}"
    channel.queue_declare(queue, durable=True, arguments={"x-max-priority": 5})
    for number, priority in enumerate((None, 1, 9, 5, 0, 1)):
        properties = pika.BasicProperties(priority=priority, delivery_mode=PERSISTENT)
        channel.basic_publish("", queue, f"{number}:{priority}".encode(), properties)
    order = []
    while (got := channel.basic_get(queue))[0] is not None:
        order.append(got[2].decode())
        channel.basic_ack(got[0].delivery_tag)
    print(order, channel.queue_delete(queue).method.message_count)
    low = channel.queue_declare("", exclusive=True).method.queue
    given = []
    for name, priority in (("low", 0), ("high", 10)):
        channel.basic_consume(
            low,
            lambda _, __, ___, body, name=name: given.append((name, body.decode())),
            auto_ack=True,
            consumer_tag=name,
            arguments={"x-priority": priority},
        )
    for number in range(3):
        channel.basic_publish("", low, str(number).encode())
    while len(given) < 3:
        connection.process_data_events(time_limit=5)
    print(given)
    channel.close()


def delayed_retry(connection):
    print("# delayed retry")
    channel = connection.channel()
    channel.exchange_declare(f"retry-{RUN}", "direct", durable=True)
    channel.queue_declare(
        f"jobs-{RUN}", durable=True, arguments={"x-dead-letter-exchange": f"retry-{RUN}"}
    )
    later = {"x-message-ttl": 100, "x-dead-letter-exchange": ""}
    channel.queue_declare(f"later-{RUN}", durable=True, arguments=later)
    channel.queue_declare(f"failed-{RUN}", durable=True)
    channel.queue_bind(f"later-{RUN}", f"retry-{RUN}", f"jobs-{RUN}")
    channel.basic_qos(prefetch_count=5)
    channel.confirm_delivery()
    properties = pika.BasicProperties(
        delivery_mode=PERSISTENT, expiration="60000", message_id="m1", correlation_id="c1"
    )
    channel.basic_publish("", f"jobs-{RUN}", b"job", properties)
    for method, got, body in channel.consume(f"jobs-{RUN}"):
        deaths = (got.headers or {}).get("x-death", [])
        told = [(d["queue"].replace(RUN, "RUN"), d["reason"], d["count"]) for d in deaths]
        print(body.decode(), got.expiration, got.message_id, got.correlation_id, told)
        print(sorted(deaths[-1]) if deaths else "no deaths", "original-expiration" in str(deaths))
        if deaths and deaths[0]["count"] == 2:
            channel.basic_publish("", f"failed-{RUN}", body, got)
            channel.basic_ack(method.delivery_tag)
            break
        channel.basic_nack(method.delivery_tag, requeue=False)
    print("put back", channel.cancel())
    for name in ("jobs", "later", "failed"):
        print(name, channel.queue_delete(f"{name}-{RUN}").method.message_count)
    channel.exchange_delete(f"retry-{RUN}")
    channel.close()


def loses_its_queue(connection):
    print("# a consumer loses its queue")
    channel = connection.channel()
    queue = channel.queue_declare(f"gone-{RUN}", durable=True).method.queue
    cancelled = []
    channel.add_on_cancel_callback(lambda frame: cancelled.append(frame.method.consumer_tag))
    channel.basic_consume(queue, lambda *_: None, consumer_tag="watcher")
    other = connection.channel()
    print("deleted with", other.queue_delete(queue).method.message_count)
    while not cancelled:
        connection.process_data_events(time_limit=5)
    print("cancelled", cancelled, "channel open", channel.is_open, channel.consumer_tags)
    channel.close()


def somebody_elses(connection, url):
    print("# what belongs to somebody else")
    stranger = connect(url, "stranger")
    mine = connection.channel()
    mine.queue_declare(f"mine-{RUN}", exclusive=True)
    mine.queue_declare(f"shared-{RUN}", durable=True)
    mine.basic_consume(f"shared-{RUN}", lambda *_: None, exclusive=True)

    def attempt(action):
        channel = stranger.channel()
        try:
            action(channel)
            print("no error")
        except ChannelClosedByBroker as error:
            print(described(error))

    attempt(lambda channel: channel.queue_declare(f"mine-{RUN}", passive=True))
    attempt(lambda channel: channel.queue_declare(f"mine-{RUN}", exclusive=True))
    attempt(lambda channel: channel.basic_consume(f"mine-{RUN}", lambda *_: None))
    attempt(lambda channel: channel.queue_delete(f"mine-{RUN}"))
    attempt(lambda channel: channel.basic_consume(f"shared-{RUN}", lambda *_: None))
    attempt(lambda channel: channel.queue_delete(f"shared-{RUN}", if_unused=True))
    attempt(lambda channel: channel.queue_declare(f"amq.{RUN}", durable=True))
    attempt(lambda channel: channel.exchange_declare(f"odd-{RUN}", "odd"))
    mine.queue_delete(f"shared-{RUN}")
    mine.close()
    stranger.close()


def ends_the_connection(url):
    print("# errors that end the connection")

    def attempt(action):
        connection = connect(url, "unlucky")
        try:
            action(connection.channel())
        except (ConnectionClosedByBroker, ChannelClosedByBroker) as error:
            print(described(error), "connection open", connection.is_open)
        if connection.is_open:
            connection.close()

    attempt(lambda channel: channel.exchange_declare("", "direct", durable=True))
    attempt(lambda channel: channel.basic_qos(prefetch_size=10))
    attempt(lambda channel: channel.queue_declare(f"x-{RUN}", arguments={"x-expires": 0}))
    parameters = pika.URLParameters(url)
    parameters.credentials = pika.PlainCredentials("guest", "wrong")
    try:
        pika.BlockingConnection(parameters)
    except ProbableAuthenticationError as error:
        print(error)
    parameters = pika.URLParameters(url)
    parameters.virtual_host = f"missing-{RUN}"
    try:
        pika.BlockingConnection(parameters)
    except ProbableAccessDeniedError as error:
        print(str(error).replace(RUN, "RUN"))


def main(url):
    connection = connect(url, "service")
    priorities(connection)
    delayed_retry(connection)
    loses_its_queue(connection)
    somebody_elses(connection, url)
    ends_the_connection(url)
    connection.close()
    print("closed", connection.is_closed)


main(sys.argv[1])
