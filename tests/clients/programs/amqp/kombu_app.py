"""kombu: producers and consumers with serializers, requeue and reject, ConsumerMixin, the RPC of
ConsumerProducerMixin, a SimpleQueue, and its retrying publisher with confirms."""

import sys
import uuid

from kombu import Connection, Consumer, Exchange, Producer, Queue
from kombu.mixins import ConsumerMixin, ConsumerProducerMixin

RUN = uuid.uuid4().hex[:8]
exchange = Exchange(f"media-{RUN}", "direct", durable=True)
video = Queue(f"video-{RUN}", exchange=exchange, routing_key="video", durable=True)
image = Queue(f"image-{RUN}", exchange=exchange, routing_key="image", durable=True)


def produce_and_consume(connection):
    print("# produce and consume")
    producer = Producer(connection)
    for number in range(3):
        producer.publish(
            {"name": f"clip-{number}", "size": number},
            exchange=exchange,
            routing_key="video",
            declare=[video, image],
            serializer="json",
            compression="zlib" if number == 2 else None,
            headers={"number": number},
            retry=True,
        )
    producer.publish(
        "plain",
        exchange=exchange,
        routing_key="image",
        serializer="raw",
        content_type="text/plain",
        content_encoding="utf-8",
    )
    producer.publish("nobody", exchange=exchange, routing_key="audio")
    got = {"video": [], "image": []}

    def on_message(body, message):
        info = message.delivery_info
        number = message.headers.get("number")
        got[info["routing_key"]].append((body, message.content_type, number, info["redelivered"]))
        if message.headers.get("number") == 1 and not info["redelivered"]:
            message.requeue()
        else:
            message.ack()

    channel = connection.channel()
    with Consumer(channel, [video, image], callbacks=[on_message], prefetch_count=1):
        while sum(map(len, got.values())) < 5:
            connection.drain_events(timeout=10)
        try:
            while True:
                connection.drain_events(timeout=0.2)
        except TimeoutError:
            print("drained")
    for key, messages in got.items():
        print(key, *messages, sep="\n  ")
    channel.close()


def reject_to_dead_letters(connection):
    print("# reject")
    dead = Queue(f"dead-{RUN}", durable=True)
    work = Queue(
        f"work-{RUN}",
        durable=True,
        queue_arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead.name},
    )
    channel = connection.channel()
    producer = Producer(channel)
    producer.publish({"job": 1}, routing_key=work.name, declare=[dead, work])
    message = work(channel).get()
    message.reject()
    with Consumer(channel, [dead], accept=["json"]) as consumer:
        received = []
        consumer.register_callback(lambda body, message: received.append((body, message)))
        while not received:
            connection.drain_events(timeout=10)
    body, message = received[0]
    (death,) = message.headers["x-death"]
    print(body, death["reason"], death["count"], death["queue"].replace(RUN, "RUN"))
    message.ack()
    print(work(channel).delete(), dead(channel).delete())
    channel.close()


class Worker(ConsumerMixin):
    """Stops itself after three tasks."""

    def __init__(self, connection, queue):
        self.connection = connection
        self.queue = queue
        self.done = []

    def get_consumers(self, Consumer, channel):
        return [Consumer(queues=[self.queue], callbacks=[self.on_task], prefetch_count=2)]

    def on_task(self, body, message):
        self.done.append(body["task"])
        message.ack()
        if len(self.done) == 3:
            self.should_stop = True


class Server(ConsumerProducerMixin):
    """Answers one call after another."""

    def __init__(self, connection, queue, calls):
        self.connection = connection
        self.queue = queue
        self.calls = calls

    def get_consumers(self, Consumer, channel):
        return [Consumer(queues=[self.queue], on_message=self.on_request, accept={"json"})]

    def on_request(self, message):
        number = message.payload["n"]
        self.producer.publish(
            {"result": number * 2},
            exchange="",
            routing_key=message.properties["reply_to"],
            correlation_id=message.properties["correlation_id"],
            serializer="json",
            retry=True,
        )
        message.ack()
        self.calls -= 1
        self.should_stop = self.calls == 0


def mixins(url):
    print("# mixins")
    tasks = Queue(f"tasks-{RUN}", durable=True)
    with Connection(url, heartbeat=10) as connection:
        producer = Producer(connection)
        for number in range(3):
            producer.publish({"task": number}, routing_key=tasks.name, declare=[tasks])
        worker = Worker(connection.clone(), tasks)
        worker.run()
        print(worker.done)
        tasks(connection).delete()
    calls = Queue(f"rpc-{RUN}", durable=True)
    with Connection(url) as connection:
        channel = connection.channel()
        replies = Queue(f"replies-{RUN}", exclusive=True, durable=False)
        answers = []
        producer = Producer(channel)
        with Consumer(
            channel, [replies], on_message=lambda m: answers.append(m.payload), no_ack=True
        ):
            for number in (20, 21):
                producer.publish(
                    {"n": number},
                    routing_key=calls.name,
                    declare=[calls, replies],
                    reply_to=replies.name,
                    correlation_id=str(number),
                )
            Server(connection.clone(), calls, 2).run()
            while len(answers) < 2:
                connection.drain_events(timeout=10)
        print(answers)
        calls(channel).delete()


def simple_queue(connection):
    print("# simple queue")
    queue = connection.SimpleQueue(f"simple-{RUN}")
    for number in range(3):
        queue.put({"n": number})
    message = queue.get(timeout=10)
    print(message.payload)
    message.requeue()
    rest = [queue.get(timeout=10) for _ in range(3)]
    print([(m.payload["n"], m.delivery_info["redelivered"]) for m in rest])
    for message in rest:
        message.ack()
    try:
        queue.get(timeout=0.2)
    except queue.Empty:
        print("empty")
    print("cleared", queue.clear())
    queue.close()
    print("left", queue.queue.delete())


def confirms(url):
    print("# confirms")
    with Connection(url, transport_options={"confirm_publish": True}) as connection:
        queue = Queue(
            f"limited-{RUN}",
            durable=True,
            queue_arguments={"x-max-length": 1, "x-overflow": "reject-publish"},
        )
        producer = Producer(connection)
        producer.publish("one", routing_key=queue.name, declare=[queue])
        try:
            producer.publish("two", routing_key=queue.name)
            print("taken")
        except Exception as error:
            print("refused", type(error).__name__)
        queue(connection).delete()
    try:
        with Connection(url) as connection:
            Queue(f"missing-{RUN}", no_declare=True)(connection.channel()).queue_declare(
                passive=True
            )
    except connection.channel_errors as error:
        print(str(error).replace(RUN, "RUN"))


def main(url):
    with Connection(url) as connection:
        connection.ensure_connection(max_retries=3)
        produce_and_consume(connection)
        reject_to_dead_letters(connection)
        simple_queue(connection)
        channel = connection.channel()
        for queue in (video, image):
            print("left", queue(channel).delete())
        exchange(channel).delete()
    mixins(url)
    confirms(url)
    print("done")


main(sys.argv[1])
