"""aiokafka as an application uses it: producer with acknowledgements, a group that commits by hand
and resumes, a transaction."""

import asyncio
import sys
import uuid

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

RUN = uuid.uuid4().hex[:8]
BOOTSTRAP = sys.argv[1]
PATIENCE_S = 30


async def created(name, partitions):
    topic = f"{name}-{RUN}"
    admin = AIOKafkaAdminClient(bootstrap_servers=BOOTSTRAP)
    await admin.start()
    await admin.create_topics([NewTopic(topic, partitions, 1)])
    while topic not in await admin.list_topics():
        await asyncio.sleep(0.05)
    await admin.close()
    return topic


async def produce(topic):
    print("# produce")
    async with AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, acks="all") as producer:
        for number in range(5):
            sent = await producer.send_and_wait(topic, f"v{number}".encode(), partition=number % 2)
            print(sent.partition, sent.offset)


async def take(topic, count):
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=BOOTSTRAP,
        group_id=f"g-{RUN}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    taken = []
    async with consumer:
        while len(taken) < count:
            record = await asyncio.wait_for(consumer.getone(), PATIENCE_S)
            taken.append(record.value.decode())
            await consumer.commit()
    return taken


async def transact(topic):
    print("# transaction")
    producer = AIOKafkaProducer(bootstrap_servers=BOOTSTRAP, transactional_id=f"t-{RUN}")
    async with producer:
        async with producer.transaction():
            await producer.send_and_wait(topic, b"kept", partition=0)
        try:
            async with producer.transaction():
                await producer.send_and_wait(topic, b"gone", partition=0)
                raise ValueError("changed its mind")
        except ValueError as error:
            print(error)
        async with producer.transaction():
            await producer.send_and_wait(topic, b"kept too", partition=0)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=BOOTSTRAP, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    async with consumer:
        consumer.assign([TopicPartition(topic, 0)])
        for _ in range(2):
            record = await asyncio.wait_for(consumer.getone(), PATIENCE_S)
            print(record.offset, record.value)
        print("end", (await consumer.end_offsets([TopicPartition(topic, 0)])).values())


async def main():
    topic = await created("stream", 2)
    await produce(topic)
    print("# group")
    taken = await take(topic, 2) + await take(topic, 3)
    print(sorted(taken))
    await transact(await created("ledger", 1))
    print("done")


asyncio.run(main())
