"""aio-pika with a robust connection: exchanges, publisher confirms, a retry queue made of a time to
live and dead-lettering, a queue iterator, RPC by patterns, transactions."""

import asyncio
import sys
import uuid

import aio_pika
from aio_pika import DeliveryMode, ExchangeType, Message
from aio_pika.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed, DeliveryError
from aio_pika.patterns import RPC, Master

RUN = uuid.uuid4().hex[:8]


async def exchanges(connection):
    print("# exchanges")
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=10)
    direct = await channel.declare_exchange(f"direct-{RUN}", ExchangeType.DIRECT, auto_delete=True)
    headers = await channel.declare_exchange(
        f"headers-{RUN}", ExchangeType.HEADERS, auto_delete=True
    )
    fanout = await channel.declare_exchange(f"fanout-{RUN}", ExchangeType.FANOUT, auto_delete=True)
    await fanout.bind(direct, "copy")
    by_key = await channel.declare_queue(exclusive=True)
    by_header = await channel.declare_queue(exclusive=True)
    by_exchange = await channel.declare_queue(exclusive=True)
    await by_key.bind(direct, "key")
    await by_header.bind(headers, arguments={"x-match": "any", "colour": "red", "size": 5})
    await by_exchange.bind(fanout)
    for key in ("key", "copy", "other"):
        await direct.publish(Message(key.encode()), key, mandatory=False)
    for values in ({"colour": "red"}, {"size": 5}, {"colour": "blue", "size": 6}):
        await headers.publish(Message(str(values).encode(), headers=values), "", mandatory=False)
    for name, queue in (("key", by_key), ("header", by_header), ("exchange", by_exchange)):
        bodies = []
        while (message := await queue.get(fail=False, no_ack=True)) is not None:
            bodies.append(message.body.decode())
        print(name, bodies)
    await channel.close()


async def delivery(connection):
    print("# delivery")
    channel = await connection.channel(publisher_confirms=True)
    queue = await channel.declare_queue(f"delivery-{RUN}", durable=True)
    message = Message(
        b"body",
        content_type="application/json",
        correlation_id="c1",
        delivery_mode=DeliveryMode.PERSISTENT,
        expiration=60,
        headers={"n": 1, "nested": {"list": [1, "two", 3.5]}},
        message_id="m1",
        priority=3,
        timestamp=1_700_000_000,
        type="kind",
        app_id="program",
    )
    confirmation = await channel.default_exchange.publish(message, queue.name)
    print("confirmed", type(confirmation).__name__)
    try:
        await channel.default_exchange.publish(Message(b"lost"), f"nowhere-{RUN}", mandatory=True)
    except DeliveryError as error:
        print("returned", error.message.delivery.reply_code, error.message.delivery.reply_text)
    got = await queue.get()
    headers = dict(sorted(got.headers.items()))
    print(
        got.body, got.content_type, got.correlation_id, got.delivery_mode, got.expiration, headers
    )
    print(got.message_id, got.priority, got.timestamp.timestamp(), got.type, got.app_id)
    await got.nack(requeue=True)
    again = await queue.get()
    print("redelivered", again.redelivered)
    async with again.process():
        pass
    await queue.delete(if_empty=True)
    await channel.close()


async def retry(connection):
    print("# retry by time to live and dead-lettering")
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=1)
    work = await channel.declare_queue(
        f"work-{RUN}",
        durable=True,
        arguments={
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": f"wait-{RUN}",
        },
    )
    wait = await channel.declare_queue(
        f"wait-{RUN}",
        durable=True,
        arguments={
            "x-message-ttl": 150,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": f"work-{RUN}",
        },
    )
    await channel.default_exchange.publish(Message(b"job"), work.name)
    async with work.iterator() as messages:
        async for message in messages:
            deaths = [
                (
                    death["queue"].replace(RUN, "RUN"),
                    death["reason"],
                    death["count"],
                    death["exchange"],
                    [key.replace(RUN, "RUN") for key in death["routing-keys"]],
                )
                for death in message.headers.get("x-death", [])
            ]
            print("attempt", message.redelivered, deaths)
            first = message.headers.get("x-first-death-queue")
            print("first death", first and str(first).replace(RUN, "RUN"))
            if len(deaths) == 2 and deaths[0][2] == 2:
                await message.ack()
                break
            await message.reject(requeue=False)
    await work.delete(if_unused=False, if_empty=False)
    await wait.delete()
    await channel.close()


async def patterns(connection):
    print("# patterns")
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=1)
    rpc = await RPC.create(channel)

    async def multiply(*, x, y):
        return x * y

    async def fail(**_):
        raise ValueError("no")

    await rpc.register(f"multiply-{RUN}", multiply, exclusive=True)
    await rpc.register(f"fail-{RUN}", fail, exclusive=True)
    answers = await asyncio.gather(
        *(rpc.call(f"multiply-{RUN}", kwargs={"x": 6, "y": y}) for y in range(5))
    )
    print(answers)
    try:
        await rpc.call(f"fail-{RUN}", kwargs={})
    except ValueError as error:
        print("failed", error)
    await rpc.close()

    master = Master(channel)
    done = asyncio.Queue()

    async def worker(*, task):
        await done.put(task)

    created = await master.create_worker(f"tasks-{RUN}", worker, exclusive=True)
    for task in range(3):
        await master.create_task(f"tasks-{RUN}", kwargs={"task": task})
    print([await done.get() for _ in range(3)])
    await created.close()
    await channel.close()


async def errors(connection):
    print("# errors")
    channel = await connection.channel()
    try:
        await channel.declare_queue(f"missing-{RUN}", passive=True)
    except ChannelNotFoundEntity as error:
        print(str(error).replace(RUN, "RUN"))
    channel = await connection.channel()
    queue = await channel.declare_queue(f"taken-{RUN}", durable=True)
    other = await connection.channel()
    try:
        await other.declare_queue(f"taken-{RUN}", durable=True, arguments={"x-max-length": 5})
    except ChannelPreconditionFailed as error:
        print(str(error).replace(RUN, "RUN"))
    await queue.delete()


async def transaction(connection):
    print("# transaction")
    channel = await connection.channel(publisher_confirms=False)
    queue = await channel.declare_queue(exclusive=True)
    async with channel.transaction():
        await channel.default_exchange.publish(Message(b"committed"), queue.name)
    try:
        async with channel.transaction():
            await channel.default_exchange.publish(Message(b"rolled back"), queue.name)
            raise RuntimeError("changed my mind")
    except RuntimeError:
        pass
    bodies = []
    while (message := await queue.get(fail=False, no_ack=True)) is not None:
        bodies.append(message.body)
    print(bodies)


async def main(url):
    connection = await aio_pika.connect_robust(url)
    async with connection:
        await exchanges(connection)
        await delivery(connection)
        await retry(connection)
        await patterns(connection)
        await errors(connection)
        await transaction(connection)
    print("closed", connection.is_closed)


asyncio.run(main(sys.argv[1]))
