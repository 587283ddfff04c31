"""confluent-kafka (librdkafka) as an application uses it: topics, every compression, a delivery
report for each record, a group of two members, an idempotent and a transactional producer that
consumes, transforms and produces."""

import sys
import time
import uuid

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

RUN = uuid.uuid4().hex[:8]
BOOTSTRAP = sys.argv[1]
PATIENCE_S = 30


def hidden(text):
    return str(text).replace(RUN, "RUN")


def deadline():
    limit_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit_s:
        yield
    print("not in time")
    raise SystemExit(1)


def create(admin, name, partitions, config=None):
    topic = f"{name}-{RUN}"
    admin.create_topics([NewTopic(topic, partitions, 1, config=config or {})])[topic].result(30)
    for _ in deadline():
        if topic in admin.list_topics(timeout=10).topics:
            return topic


def administration(admin):
    print("# administration")
    topic = create(admin, "events", 2, {"cleanup.policy": "compact"})
    for new in (NewTopic(topic, 1, 1), NewTopic("a b", 1, 1), NewTopic(f"wide-{RUN}", 1, 9)):
        try:
            admin.create_topics([new])[new.topic].result(30)
        except KafkaException as error:
            print(hidden(new.topic), error.args[0].name())
    resource = ConfigResource(ResourceType.TOPIC, topic)
    entries = admin.describe_configs([resource])[resource].result(30)
    for name in ("cleanup.policy", "retention.ms", "max.message.bytes", "segment.bytes"):
        print(name, entries[name].value, entries[name].source, entries[name].is_default)
    return topic


def produce(topic, **settings):
    reports = []
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "linger.ms": 5, **settings})
    for number in range(6):
        producer.produce(
            topic,
            key=f"k{number % 2}",
            value=f"{settings.get('compression.type', 'none')} {number}" * 20,
            partition=number % 2,
            headers={"h": str(number)},
            on_delivery=lambda error, m: reports.append((m.partition(), m.offset(), error)),
        )
    producer.flush(PATIENCE_S)
    return sorted(reports)


def compression(topic):
    print("# compression")
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        print(codec, *produce(topic, **{"compression.type": codec, "enable.idempotence": True}))


def read(topic, count, **settings):
    consumer = Consumer(
        {
            "bootstrap.servers": BOOTSTRAP,
            "group.id": f"reader-{uuid.uuid4().hex}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            **settings,
        }
    )
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, index, 0) for index in partitions])
    found = []
    for _ in deadline():
        message = consumer.poll(1)
        if message is not None and not message.error():
            found.append((message.partition(), message.offset(), message.value().decode()[:8]))
        if len(found) == count:
            break
    watermarks = [
        consumer.get_watermark_offsets(TopicPartition(topic, index), timeout=10)
        for index in sorted(partitions)
    ]
    consumer.close()
    return sorted(found), watermarks


def group(topic):
    print("# group")
    members = [
        Consumer(
            {
                "bootstrap.servers": BOOTSTRAP,
                "group.id": f"pair-{RUN}",
                "auto.offset.reset": "earliest",
                "partition.assignment.strategy": "range",
            }
        )
        for _ in range(2)
    ]
    for member in members:
        member.subscribe([topic])
    counts = [0, 0]
    for _ in deadline():
        for number, member in enumerate(members):
            message = member.poll(0.1)
            counts[number] += message is not None and not message.error()
        shared = [len(member.assignment()) for member in members]
        if shared == [1, 1] and sum(counts) >= 30:
            break
    print(shared, "all read" if sum(counts) >= 30 else counts)
    for member in members:
        member.close()


def transform(admin, source):
    print("# consume, transform, produce")
    target = create(admin, "results", 1)
    consumer = Consumer(
        {
            "bootstrap.servers": BOOTSTRAP,
            "group.id": f"worker-{RUN}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([source])
    producer = Producer({"bootstrap.servers": BOOTSTRAP, "transactional.id": f"worker-{RUN}"})
    producer.init_transactions(PATIENCE_S)
    done = 0
    for _ in deadline():
        messages = [m for m in consumer.consume(10, 1) if not m.error()]
        if not messages:
            continue
        aborts = done == 0
        producer.begin_transaction()
        for message in messages:
            producer.produce(target, "aborted" if aborts else message.value()[:8])
        producer.send_offsets_to_transaction(
            consumer.position(consumer.assignment()), consumer.consumer_group_metadata(), 30
        )
        if aborts:
            producer.abort_transaction(PATIENCE_S)
            for partition in consumer.committed(consumer.assignment(), timeout=10):
                offset = partition.offset if partition.offset >= 0 else 0
                consumer.seek(TopicPartition(partition.topic, partition.partition, offset))
            done = -1
            continue
        producer.commit_transaction(PATIENCE_S)
        done = max(done, 0) + len(messages)
        if done == 30:
            break
    committed = consumer.committed([TopicPartition(source, 0), TopicPartition(source, 1)], 10)
    print("committed", [partition.offset for partition in committed])
    consumer.close()
    found, _ = read(target, 30, **{"isolation.level": "read_committed"})
    print(sorted({value for _, _, value in found}), len(found))


def main():
    admin = AdminClient({"bootstrap.servers": BOOTSTRAP})
    topic = administration(admin)
    compression(topic)
    found, watermarks = read(topic, 30)
    print(len(found), watermarks, found[0], found[-1])
    group(topic)
    transform(admin, topic)
    admin.delete_topics([topic])[topic].result(30)
    print("done")


main()
