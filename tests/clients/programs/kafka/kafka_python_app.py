"""kafka-python as an application uses it: topics, keyed and compressed records with headers,
seeking, offsets by time, a consumer group that resumes, transactions committed and aborted."""

import sys
import time
import uuid

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewPartitions, NewTopic
from kafka.errors import KafkaError

RUN = uuid.uuid4().hex[:8]
BOOTSTRAP = sys.argv[1]
PATIENCE_S = 30


def until(condition, what):
    limit_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit_s:
        if condition():
            return
        time.sleep(0.05)
    print(f"no {what} in time")
    raise SystemExit(1)


def hidden(text):
    return str(text).replace(RUN, "RUN")


def name_of(error):
    return type(error).__name__


def create(admin, name, partitions, configs=None):
    admin.create_topics([NewTopic(f"{name}-{RUN}", partitions, 1, topic_configs=configs or {})])
    topic = f"{name}-{RUN}"
    until(lambda: topic in admin.list_topics(), f"topic {name}")
    return topic


def topics(admin):
    print("# topics")
    topic = create(admin, "orders", 3, {"retention.ms": "-1"})
    try:
        admin.create_topics([NewTopic(topic, 3, 1)])
    except KafkaError as error:
        print("again:", name_of(error))
    for bad in ("a b", ".", "x" * 250):
        try:
            admin.create_topics([NewTopic(bad, 1, 1)])
        except KafkaError as error:
            print(repr(bad[:10]), name_of(error))
    try:
        admin.create_topics([NewTopic(f"many-{RUN}", 0, 1)])
    except KafkaError as error:
        print("no partitions:", name_of(error))
    admin.create_partitions({topic: NewPartitions(4)})
    until(lambda: len(admin.describe_topics([topic])[0]["partitions"]) == 4, "fourth partition")
    described = admin.describe_topics([topic])[0]
    print(hidden(described["name"]), len(described["partitions"]), described["is_internal"])
    return topic


def records(topic):
    print("# records")
    producer = KafkaProducer(bootstrap_servers=BOOTSTRAP, acks="all", compression_type="gzip")
    for number in range(8):
        sent = producer.send(
            topic,
            key=f"key {number % 5}".encode(),
            value=f"v{number}".encode() if number != 5 else None,
            headers=[("n", str(number).encode()), ("n", b"")],
            timestamp_ms=1_700_000_000_000 + number,
        ).get(PATIENCE_S)
        print(number, sent.partition, sent.offset, sent.timestamp)
    producer.close()
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=BOOTSTRAP,
        auto_offset_reset="earliest",
        group_id=None,
        consumer_timeout_ms=PATIENCE_S * 1000,
    )
    found = []
    for record in consumer:
        found.append((record.partition, record.offset, record.key, record.value, record.headers))
        if len(found) == 8:
            break
    for one in sorted(found):
        print(*one)
    partitions = sorted(consumer.assignment(), key=lambda tp: tp.partition)
    print(
        "begin",
        sorted((tp.partition, o) for tp, o in consumer.beginning_offsets(partitions).items()),
    )
    print("end", sorted((tp.partition, o) for tp, o in consumer.end_offsets(partitions).items()))
    times = consumer.offsets_for_times(dict.fromkeys(partitions, 1_700_000_000_004))
    print("times", sorted((tp.partition, t and (t.offset, t.timestamp)) for tp, t in times.items()))
    first = next(tp for tp in partitions if consumer.end_offsets([tp])[tp])
    consumer.seek_to_end(first)
    print("at end", consumer.position(first) == consumer.end_offsets([first])[first])
    consumer.close()


def group(topic):
    print("# group")

    def take(count):
        consumer = KafkaConsumer(
            topic,
            bootstrap_servers=BOOTSTRAP,
            group_id=f"billing-{RUN}",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        taken = []
        limit_s = time.monotonic() + PATIENCE_S
        while len(taken) < count and time.monotonic() < limit_s:
            for batch in consumer.poll(500, max_records=count - len(taken)).values():
                taken += [record.value for record in batch]
                consumer.commit()
        consumer.close()
        return taken

    one, two = take(3), take(5)
    print(len(one), len(two), sorted(one + two, key=str))


def transactions(admin):
    print("# transactions")
    topic = create(admin, "money", 1)
    producer = KafkaProducer(
        bootstrap_servers=BOOTSTRAP, transactional_id=f"bank-{RUN}", acks="all"
    )
    producer.init_transactions()
    for number, commits in enumerate((True, False, True)):
        producer.begin_transaction()
        for leg in ("debit", "credit"):
            producer.send(topic, f"{leg} {number}".encode())
        producer.flush(PATIENCE_S)
        if commits:
            producer.commit_transaction()
        else:
            producer.abort_transaction()
    producer.close()
    for isolation, count in (("read_uncommitted", 6), ("read_committed", 4)):
        consumer = KafkaConsumer(
            bootstrap_servers=BOOTSTRAP,
            isolation_level=isolation,
            auto_offset_reset="earliest",
            group_id=None,
        )
        consumer.assign([TopicPartition(topic, 0)])
        seen = []
        limit_s = time.monotonic() + PATIENCE_S
        while len(seen) < count and time.monotonic() < limit_s:
            for batch in consumer.poll(500).values():
                seen += [(record.offset, record.value) for record in batch]
        print(isolation, *seen)
        consumer.close()


def main():
    admin = KafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    topic = topics(admin)
    records(topic)
    group(topic)
    transactions(admin)
    admin.delete_topics([topic])
    until(lambda: topic not in admin.list_topics(), "end of topic")
    admin.close()
    print("done")


main()
