"""pika's AsyncioConnection: a publisher with confirms and a consumer with prefetch, side by side on
one event loop; a consumer that is cancelled by the broker; a channel that is closed by it."""

import asyncio
import sys
import uuid

import pika
from pika.adapters.asyncio_connection import AsyncioConnection

RUN = uuid.uuid4().hex[:8]


async def connect(url):
    opened = asyncio.get_running_loop().create_future()
    connection = AsyncioConnection(
        pika.URLParameters(url),
        on_open_callback=opened.set_result,
        on_open_error_callback=lambda _, error: opened.set_exception(error),
    )
    await opened
    return connection


async def open_channel(connection):
    opened = asyncio.get_running_loop().create_future()
    connection.channel(on_open_callback=opened.set_result)
    return await opened


async def call(method, *arguments, **options):
    """Call a method of pika that takes a callback, and wait for the callback."""
    answer = asyncio.get_running_loop().create_future()
    method(*arguments, callback=answer.set_result, **options)
    return (await answer).method


async def publish_and_consume(connection):
    print("# publish with confirms, consume with prefetch")
    publisher, consumer = await open_channel(connection), await open_channel(connection)
    queue = f"work-{RUN}"
    declared = await call(publisher.queue_declare, queue, durable=True)
    print("declared", declared.message_count, declared.consumer_count)
    pending = set(range(1, 11))
    confirmed = asyncio.Event()

    def on_confirm(frame):
        tag = frame.method.delivery_tag
        settled = {n for n in pending if n <= tag} if frame.method.multiple else {tag}
        pending.difference_update(settled)
        if not pending:
            confirmed.set()

    await call(lambda callback: publisher.confirm_delivery(on_confirm, callback))
    for number in range(10):
        publisher.basic_publish(
            "", queue, str(number).encode(), pika.BasicProperties(delivery_mode=2)
        )
    await asyncio.wait_for(confirmed.wait(), 10)
    print("all confirmed")

    await call(consumer.basic_qos, prefetch_count=3)
    arrived = asyncio.Queue()
    tag = consumer.basic_consume(queue, lambda *delivery: arrived.put_nowait(delivery))
    first = [await arrived.get() for _ in range(3)]
    print("first", [body.decode() for _, _, _, body in first])
    ready = (await call(publisher.queue_declare, queue, durable=True, passive=True)).message_count
    print("ready behind the prefetch", ready, "more given", arrived.qsize())
    consumer.basic_ack(first[-1][1].delivery_tag, multiple=True)
    rest = []
    while len(rest) < 7:
        _, method, _, body = await arrived.get()
        rest.append(body.decode())
        consumer.basic_ack(method.delivery_tag)
    print("rest", rest)
    await call(consumer.basic_cancel, tag)
    print("deleted", (await call(publisher.queue_delete, queue)).message_count)


async def returned(connection):
    print("# returned")
    channel = await open_channel(connection)
    came_back = asyncio.get_running_loop().create_future()
    channel.add_on_return_callback(lambda *message: came_back.set_result(message))
    properties = pika.BasicProperties(message_id="m1", headers={"x": 1})
    channel.basic_publish("amq.topic", f"no.{RUN}", b"payload", properties, mandatory=True)
    _, method, properties, body = await came_back
    print(method.reply_code, method.reply_text, method.exchange, body, properties.message_id)


async def cancelled(connection):
    print("# cancelled by the broker")
    channel = await open_channel(connection)
    queue = (await call(channel.queue_declare, "", exclusive=True)).queue
    notified = asyncio.get_running_loop().create_future()
    channel.add_on_cancel_callback(notified.set_result)
    tag = channel.basic_consume(queue, lambda *_: None)
    other = await open_channel(connection)
    await call(other.queue_delete, queue)
    print((await notified).method.consumer_tag == tag)


async def closed(connection):
    print("# closed by the broker")
    channel = await open_channel(connection)
    ended = asyncio.get_running_loop().create_future()
    channel.add_on_close_callback(lambda _, reason: ended.set_result(reason))
    channel.basic_ack(77)
    reason = await ended
    print(reason.reply_code, reason.reply_text)
    again = await open_channel(connection)
    print("the connection is", "open" if connection.is_open and again.is_open else "closed")


async def transaction(connection):
    print("# transaction")
    channel = await open_channel(connection)
    queue = (await call(channel.queue_declare, "", exclusive=True)).queue
    await call(channel.tx_select)

    async def ready():
        other = await open_channel(connection)
        return (await call(other.queue_declare, queue, passive=True)).message_count

    channel.basic_publish("", queue, b"rolled back")
    await call(channel.tx_rollback)
    channel.basic_publish("", queue, b"committed")
    print("before", await ready())
    await call(channel.tx_commit)
    print("after", await ready())


async def main(url):
    connection = await connect(url)
    await publish_and_consume(connection)
    await returned(connection)
    await cancelled(connection)
    await closed(connection)
    await transaction(connection)
    ended = asyncio.get_running_loop().create_future()
    connection.add_on_close_callback(lambda _, reason: ended.set_result(reason))
    connection.close()
    reason = await ended
    print("closed", reason.reply_code, reason.reply_text)


asyncio.run(main(sys.argv[1]))
