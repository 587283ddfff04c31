"""pika's BlockingConnection, in the ways of its tutorials: work queue, publish and subscribe,
topics, RPC, confirms and returned messages, errors."""

import sys
import uuid

import pika
from pika.exceptions import ChannelClosedByBroker, UnroutableError

RUN = uuid.uuid4().hex[:8]
PERSISTENT = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)


def work_queue(connection):
    print("# work queue")
    channel = connection.channel()
    queue = f"tasks-{RUN}"
    channel.queue_declare(queue, durable=True)
    channel.basic_qos(prefetch_count=1)
    for number in range(4):
        channel.basic_publish("", queue, f"task {number}".encode(), PERSISTENT)
    seen = []

    def work(channel, method, properties, body):
        seen.append(body)
        print("got", body.decode(), "redelivered" if method.redelivered else "first time")
        if body == b"task 1" and not method.redelivered:
            channel.basic_nack(method.delivery_tag, requeue=True)
        elif body == b"task 2":
            channel.basic_reject(method.delivery_tag, requeue=False)
        else:
            channel.basic_ack(method.delivery_tag)
        if len(seen) == 5:
            channel.stop_consuming()

    channel.basic_consume(queue, work)
    channel.start_consuming()
    left = channel.queue_declare(queue, durable=True, passive=True).method
    print("left", left.message_count, "messages,", left.consumer_count, "consumers")
    print("deleted with", channel.queue_delete(queue).method.message_count, "messages")
    channel.close()


def publish_subscribe(connection):
    print("# publish and subscribe")
    channel = connection.channel()
    exchange = f"logs-{RUN}"
    channel.exchange_declare(exchange, "fanout", auto_delete=True)
    queues = [channel.queue_declare("", exclusive=True).method.queue for _ in range(3)]
    for queue in queues:
        print("server-named", queue.startswith("amq.gen-"))
        channel.queue_bind(queue, exchange)
    channel.queue_unbind(queues[2], exchange)
    properties = pika.BasicProperties(
        content_type="text/plain", headers={"level": 3, "tags": ["a", None, True]}, priority=2
    )
    channel.basic_publish(exchange, "ignored", b"hello", properties)
    for queue in queues:
        method, got, body = channel.basic_get(queue, auto_ack=True)
        if method is None:
            print("nothing")
        else:
            headers = dict(sorted(got.headers.items()))
            print(body.decode(), got.content_type, headers, got.priority, method.message_count)
    channel.close()


def topics(connection):
    print("# topics")
    channel = connection.channel()
    exchange = f"topic-{RUN}"
    channel.exchange_declare(exchange, "topic", auto_delete=True)
    patterns = ["*.orange.*", "*.*.rabbit", "lazy.#", "#"]
    queues = {}
    for pattern in patterns:
        queues[pattern] = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queues[pattern], exchange, pattern)
    keys = ["quick.orange.rabbit", "lazy.orange.elephant", "lazy", "orange", "lazy.a.b.rabbit", ""]
    for key in keys:
        channel.basic_publish(exchange, key, (key or "(empty)").encode())
    for pattern, queue in queues.items():
        count = channel.queue_declare(queue, passive=True).method.message_count
        bodies = []
        for _, _, body in channel.consume(queue, auto_ack=True, inactivity_timeout=5):
            bodies.append(body.decode())
            if len(bodies) == count:
                break
        channel.cancel()
        print(pattern, bodies)
    channel.close()


def rpc(connection, url):
    print("# rpc")
    server = connection.channel()
    queue = f"rpc-{RUN}"
    server.queue_declare(queue, exclusive=True)

    def square(channel, method, properties, body):
        answer = str(int(body) ** 2).encode()
        reply = pika.BasicProperties(correlation_id=properties.correlation_id)
        channel.basic_publish("", properties.reply_to, answer, reply)
        channel.basic_ack(method.delivery_tag)

    server.basic_consume(queue, square)
    client = connection.channel()
    answers = {}

    def on_answer(channel, method, properties, body):
        answers[properties.correlation_id] = body.decode()

    client.basic_consume("amq.rabbitmq.reply-to", on_answer, auto_ack=True)
    for number in (3, 4):
        properties = pika.BasicProperties(
            reply_to="amq.rabbitmq.reply-to", correlation_id=f"call-{number}"
        )
        client.basic_publish("", queue, str(number).encode(), properties)
    while len(answers) < 2:
        connection.process_data_events(time_limit=5)
    print(sorted(answers.items()))
    client.close()
    server.close()


def confirms(connection):
    print("# confirms")
    channel = connection.channel()
    channel.confirm_delivery()
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.basic_publish("", queue, b"kept", PERSISTENT, mandatory=True)
    print("confirmed")
    try:
        channel.basic_publish("", f"nowhere-{RUN}", b"lost", mandatory=True)
    except UnroutableError as error:
        (message,) = error.messages
        print("returned", message.method.reply_code, message.method.reply_text, message.body)
    channel.basic_publish("", f"nowhere-{RUN}", b"dropped", mandatory=False)
    print("confirmed although unroutable")
    limited = channel.queue_declare(
        "", exclusive=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"}
    ).method.queue
    channel.basic_publish("", limited, b"one")
    try:
        channel.basic_publish("", limited, b"two")
    except pika.exceptions.NackError as error:
        print("nacked", [message.body for message in error.messages])
    channel.close()


def errors(connection):
    print("# errors")
    queue = f"durable-{RUN}"
    connection.channel().queue_declare(queue, durable=True)

    def attempt(action):
        channel = connection.channel()
        try:
            action(channel)
            print("no error")
        except ChannelClosedByBroker as error:
            print(error.reply_code, error.reply_text.replace(RUN, "RUN"))

    attempt(lambda c: c.queue_declare(queue, durable=True, auto_delete=True))
    attempt(lambda c: c.queue_declare(queue, durable=True, arguments={"x-message-ttl": 5}))
    attempt(lambda c: c.queue_declare(f"missing-{RUN}", passive=True))
    attempt(lambda c: c.exchange_declare(f"missing-{RUN}", passive=True))
    attempt(lambda c: c.exchange_declare("amq.topic", "fanout", durable=True))
    attempt(lambda c: c.exchange_delete("amq.direct"))
    attempt(lambda c: c.queue_bind(queue, f"missing-{RUN}", "k"))
    attempt(lambda c: c.basic_get(f"missing-{RUN}"))
    attempt(lambda c: c.queue_delete(f"missing-{RUN}"))
    attempt(lambda c: c.queue_delete(queue, if_unused=True))


def main(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    work_queue(connection)
    publish_subscribe(connection)
    topics(connection)
    rpc(connection, url)
    confirms(connection)
    errors(connection)
    connection.close()
    print("closed", connection.is_closed)


main(sys.argv[1])
