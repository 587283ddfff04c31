"""A client of the core without a session: plain values in, what it was sent as plain values."""

from __future__ import annotations

from reference_impl.amqp.core.broker import Broker
from reference_impl.amqp.core.channel import Channel
from reference_impl.amqp.core.connection import Connection
from reference_impl.amqp.core.delivery import Consumer
from reference_impl.amqp.core.message import Content, Message
from reference_impl.amqp.core.queues import Queue
from reference_impl.amqp.fields import Field, Properties, Table, longstr
from reference_impl.clock import ManualClock
from tests.reference_impl.amqp.scripted import new_broker


class RecordingSink:
    """Keeps deliveries as (consumer tag, delivery tag, redelivered, body)."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[str, int, bool, bytes]] = []
        self.returned: list[bytes] = []
        self.cancelled: list[str] = []

    def deliver(self, consumer: Consumer, tag: int, redelivered: bool, message: Message) -> None:
        self.deliveries.append((consumer.tag, tag, redelivered, message.body))

    def return_message(self, message: Message) -> None:
        self.returned.append(message.body)

    def consumer_cancelled(self, tag: str) -> None:
        self.cancelled.append(tag)


class CoreClient:
    """A connection with one channel of number 1; more channels on demand."""

    def __init__(self, broker: Broker | None = None, version: str = "4.3") -> None:
        self.broker = broker or new_broker(version)
        self.vhost = self.broker.vhosts["/"]
        self.connection = Connection(self.vhost, self.broker.users["guest"], frozenset())
        self.sink = RecordingSink()
        self.channel = self.open_channel()

    def open_channel(self) -> Channel:
        return Channel(self.connection, len(self.connection.channels) + 1, self.sink)

    def declare(self, name: str, **arguments: int | str | bool) -> Queue:
        """Declare a durable queue; x_message_ttl=5 is the argument x-message-ttl."""
        table: Table = {}
        for key, value in arguments.items():
            field = longstr(value) if isinstance(value, str) else Field("long", value)
            field = Field("bool", value) if isinstance(value, bool) else field
            table[key.replace("_", "-")] = field
        return self.vhost.declare_queue(
            self.connection,
            name,
            durable=True,
            exclusive=False,
            auto_delete=False,
            arguments=table,
        )

    def publish(
        self,
        queue: str,
        body: bytes,
        *,
        expiration: int | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Publish through the default exchange."""
        text = None if expiration is None else str(expiration)
        content = Content(Properties(expiration=text))
        (channel or self.channel).publish("", queue, False, content, body, None)

    def consume(
        self,
        queue: str,
        tag: str,
        *,
        ack_required: bool = True,
        priority: int = 0,
        channel: Channel | None = None,
    ) -> Consumer:
        """Start a consumer; what is ready is delivered at once."""
        consumer = (channel or self.channel).consume(
            queue,
            tag,
            ack_required=ack_required,
            exclusive=False,
            arguments={"x-priority": Field("long", priority)},
        )
        consumer.queue.deliver_ready()
        return consumer

    def pass_time(self, ms: int) -> None:
        """Let everything happen that becomes due in `ms` milliseconds."""
        assert isinstance(self.broker.clock, ManualClock)
        self.broker.clock.advance(ms)
        self.broker.timers.run_due()

    def ready(self, queue: str) -> list[bytes]:
        """Return the bodies of the ready messages, the next one first."""
        return [entry.message.body for entry in self.vhost.queues[queue].ready]
