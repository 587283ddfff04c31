"""Normal AMQP operations through pika, one at a time, each with a bound on the wait.

pika's asynchronous classes are used, not its blocking ones: they hand every frame to a callback,
so that the order of what arrives can be observed, and nothing waits longer than the kit allows.
All connections of a client share one loop: waiting for one of them moves them all.

What the broker does wrong comes out as a `BrokenPromise` (conformance/errors.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pika
from pika import exceptions, spec
from pika.adapters.select_connection import IOLoop, SelectConnection
from pika.channel import Channel as PikaChannel

from conformance.drivers.amqp.endings import connection_closed
from conformance.drivers.amqp.endpoint import Endpoint
from conformance.drivers.transcript import Transcript
from conformance.drivers.waiting import ANSWER_WITHIN_S
from conformance.errors import ChannelClosed, ConnectionClosed, Mismatch, NoAnswer

MAX_DRAINED = 1000
"""More messages than any test leaves in a queue; a broker that does not remove what it gave away
would go on for ever."""


@dataclass(frozen=True)
class Message:
    """A message as a client sees it: delivered, got or returned."""

    body: bytes
    exchange: str
    routing_key: str
    properties: pika.BasicProperties
    tag: int = 0
    redelivered: bool = False
    consumer_tag: str = ""
    ready_after: int = 0
    """For basic.get: the messages that were still ready."""
    reply_code: int = 0
    """For basic.return."""

    @property
    def headers(self) -> Mapping[str, Any]:
        return self.properties.headers or {}

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


@dataclass(frozen=True)
class Confirm:
    """basic.ack or basic.nack for a publish."""

    kind: str
    tag: int
    multiple: bool


@dataclass
class Consumer:
    """A consumer and what it was given so far."""

    channel: Channel
    tag: str
    queue: str
    received: list[Message] = field(default_factory=list)
    cancelled_by_broker: bool = False

    def expect(self, count: int, within_s: float | None = None) -> list[Message]:
        """Wait for at least `count` deliveries in all; return all so far."""
        self.channel.wait_for(
            lambda: len(self.received) >= count,
            f"{count} deliveries to consumer {self.tag} (so far {len(self.received)})",
            within_s,
        )
        return self.received

    @property
    def bodies(self) -> list[bytes]:
        return [message.body for message in self.received]


class _RecordingConnection(SelectConnection):
    """pika's connection, with a copy of its octets for the transcript."""

    def __init__(self, client: Client, number: int, *args: Any, **kwargs: Any) -> None:
        self._tck_client = client
        self._tck_number = number
        super().__init__(*args, **kwargs)

    def _adapter_emit_data(self, data: bytes) -> None:
        self._tck_client.transcript.record(self._tck_number, ">", data)
        super()._adapter_emit_data(data)

    def _on_data_available(self, data_in: bytes) -> None:
        self._tck_client.transcript.record(self._tck_number, "<", data_in)
        try:
            super()._on_data_available(data_in)
        except Exception as error:  # whatever pika stumbles over
            raise Mismatch("frames that can be decoded", repr(error)) from error


class Client:
    """A client program: any number of connections to one broker.

    `deadline_s` is the moment, on the monotonic clock, after which nothing is waited for any more:
    the time limit of the test. `answer_within_s` is how long a wait may take that names no limit.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        transcript: Transcript,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self.endpoint = endpoint
        self.transcript = transcript
        self.answer_within_s = answer_within_s
        self.deadline_s = float("inf")
        self.unanswered = False
        """Whether something was waited for in vain; pika may still wait for it."""
        self.loop = IOLoop()
        self.loop.activate_poller()
        self.connections: list[Connection] = []
        self._count = 0

    def connect(
        self,
        *,
        heartbeat: int = 0,
        channel_max: int = 2047,
        frame_max: int = 131_072,
        username: str | None = None,
        password: str | None = None,
        virtual_host: str | None = None,
    ) -> Connection:
        """Open a connection; a refusal raises ConnectionClosed."""
        endpoint = self.endpoint
        credentials = pika.PlainCredentials(
            endpoint.username if username is None else username,
            endpoint.password if password is None else password,
        )
        parameters = pika.ConnectionParameters(
            host=endpoint.host,
            port=endpoint.port,
            virtual_host=endpoint.virtual_host if virtual_host is None else virtual_host,
            credentials=credentials,
            heartbeat=heartbeat,
            channel_max=channel_max,
            frame_max=frame_max,
            connection_attempts=1,
            socket_timeout=self.answer_within_s,
            stack_timeout=self.answer_within_s,
        )
        self._count += 1
        connection = Connection(self, self._count, parameters)
        self.connections.append(connection)
        connection.wait_open()
        return connection

    def wait_for(
        self, condition: Callable[[], bool], what: str, within_s: float | None = None
    ) -> None:
        """Let things happen until `condition` holds; raise NoAnswer when `within_s` has passed."""
        if not condition():
            limit_s = self.answer_within_s if within_s is None else within_s
            self._poll_until(condition, what, limit_s)

    def _poll_until(self, condition: Callable[[], bool], what: str, within_s: float) -> None:
        started_s = time.monotonic()
        limit_s = min(started_s + within_s, self.deadline_s)
        wake = self.loop.call_later(max(0.0, limit_s - started_s) + 0.001, lambda: None)
        try:
            while not condition():
                if time.monotonic() >= limit_s:
                    self.unanswered = True
                    raise NoAnswer(what, round(limit_s - started_s, 3))
                self.loop.poll()
                self.loop.process_timeouts()
        finally:
            self.loop.remove_timeout(wake)

    def close(self) -> None:
        """Close whatever is still open; nothing that goes wrong here matters to a verdict."""
        self.deadline_s = float("inf")  # the time of the test is over, but not that of its sockets
        for connection in self.connections:
            connection.drop()
        self.connections.clear()
        self.loop.process_timeouts()
        self.loop.deactivate_poller()
        self.loop.close()


class Connection:
    """One connection. `closed` tells how it ended, if it did."""

    def __init__(self, client: Client, number: int, parameters: pika.ConnectionParameters) -> None:
        self.client = client
        self.number = number
        self.channels: list[Channel] = []
        self.closed: ConnectionClosed | None = None
        self.blocked: list[str] = []
        """Reasons of connection.blocked, and "" for each connection.unblocked."""
        self._open = False
        self.impl = _RecordingConnection(
            client,
            number,
            parameters,
            on_open_callback=self._on_open,
            on_open_error_callback=self._on_closed,
            on_close_callback=self._on_closed,
            custom_ioloop=client.loop,
        )
        self.impl.add_on_connection_blocked_callback(
            lambda _, frame: self.blocked.append(frame.method.reason or "")
        )
        self.impl.add_on_connection_unblocked_callback(lambda *_: self.blocked.append(""))

    def _on_open(self, _: Any) -> None:
        self._open = True

    def _on_closed(self, _: Any, error: BaseException) -> None:
        if self.closed is None:
            self.closed = connection_closed(error)
        for channel in self.channels:
            channel.connection_closed()

    def wait_open(self) -> None:
        self.client.wait_for(
            lambda: self._open or self.closed is not None,
            "an open connection",
            2 * self.client.answer_within_s,
        )
        if self.closed is not None:
            raise self.closed

    @property
    def server_properties(self) -> Mapping[str, Any]:
        return self.impl.server_properties or {}

    def channel(self) -> Channel:
        """Open a channel."""
        channel = Channel(self)
        self.channels.append(channel)
        channel.open()
        return channel

    def wait_closed(self, within_s: float | None = None) -> ConnectionClosed:
        """Wait until the broker has closed the connection; return how."""
        self.client.wait_for(
            lambda: self.closed is not None, "the broker to close the connection", within_s
        )
        assert self.closed is not None
        return self.closed

    def close(self) -> None:
        """Close in the orderly way and wait for the answer; its channels go with it."""
        if self.closed is None:
            self.impl._channels.clear()  # or pika closes each of them first
            self.impl.close()
            self.client.wait_for(lambda: self.closed is not None, "connection.close-ok")

    def drop(self) -> None:
        """Cut the TCP connection without a word."""
        if self.closed is None:
            self.closed = ConnectionClosed(0, "the client cut the connection")
            self.impl._terminate_stream(exceptions.StreamLostError("cut by the client"))
            self.client.wait_for(lambda: self.impl.is_closed, "the local end of a connection")

    def stop_reading(self) -> None:
        """Leave what arrives in the socket, until any wait on this client reads again."""


class Channel:
    """One channel. Methods are those of AMQP; each waits for its answer.

    `closed` tells how the broker closed the channel, if it did; the next operation raises it.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.client = connection.client
        self.closed: ChannelClosed | None = None
        self.consumers: dict[str, Consumer] = {}
        self.returned: list[Message] = []
        self.confirms: list[Confirm] = []
        self.events: list[str] = []
        """What arrived unasked, in order: "deliver BODY", "return BODY", "ack N", "cancel TAG"."""
        self._impl: PikaChannel | None = None
        self._opened = False
        self._confirming = False

    # -- plumbing ---------------------------------------------------------------------------

    def open(self) -> None:
        def on_open(_: PikaChannel) -> None:
            self._opened = True

        self._impl = self.connection.impl.channel(on_open_callback=on_open)
        self._impl.add_on_close_callback(self._on_closed)
        self._impl.add_on_return_callback(self._on_return)
        self._impl.add_on_cancel_callback(self._on_cancel)
        self._wait(lambda: self._opened, "channel.open-ok")

    @property
    def impl(self) -> PikaChannel:
        assert self._impl is not None
        return self._impl

    @property
    def number(self) -> int:
        return int(self.impl.channel_number)

    def connection_closed(self) -> None:
        """The connection is gone and the channel with it; `_raise_if_closed` tells so."""

    def _on_closed(self, _: Any, error: BaseException) -> None:
        if isinstance(error, exceptions.ChannelClosedByBroker):
            self.closed = ChannelClosed(error.reply_code, error.reply_text)

    def _on_return(
        self, _: Any, method: spec.Basic.Return, properties: pika.BasicProperties, body: bytes
    ) -> None:
        self.events.append(f"return {body.decode(errors='replace')}")
        self.returned.append(
            Message(
                body,
                method.exchange,
                method.routing_key,
                properties,
                reply_code=method.reply_code,
            )
        )

    def _on_cancel(self, frame: Any) -> None:
        tag = frame.method.consumer_tag
        self.events.append(f"cancel {tag}")
        if tag in self.consumers:
            self.consumers[tag].cancelled_by_broker = True

    def _raise_if_closed(self) -> None:
        if self.closed is not None:
            raise self.closed
        if self.connection.closed is not None:
            raise self.connection.closed

    def _is_over(self) -> bool:
        return self.closed is not None or self.connection.closed is not None

    def _wait(
        self, condition: Callable[[], bool], what: str, within_s: float | None = None
    ) -> None:
        self.client.wait_for(lambda: condition() or self._is_over(), what, within_s)
        if not condition():
            self._raise_if_closed()

    def wait_for(
        self, condition: Callable[[], bool], what: str, within_s: float | None = None
    ) -> None:
        """Let things happen until `condition` holds, or raise how channel or connection ended."""
        self._wait(condition, what, within_s)

    def _call(self, method: Callable[..., Any], what: str, *args: Any, **kwargs: Any) -> Any:
        """Send a synchronous method and wait for its answer."""
        self._raise_if_closed()
        answers: list[Any] = []
        with _pika_errors(self):
            method(*args, callback=answers.append, **kwargs)
        self._wait(lambda: bool(answers), what)
        return answers[0].method

    def barrier(self) -> None:
        """Return when the broker has carried out everything sent on this channel before.

        An asynchronous method that failed shows here as the error it caused. The answer comes from
        the channel itself; a second round trip lets what queues sent meanwhile arrive before it.
        """
        for _ in range(2):
            self._call(self.impl.exchange_declare, "an answer", "amq.direct", passive=True)

    def close(self) -> None:
        """Close the channel and wait for close-ok; its consumers go with it."""
        if not self._is_over() and self.impl.is_open:
            self.impl._consumers.clear()  # or pika cancels each of them first
            self.impl.close()
            self._wait(lambda: self.impl.is_closed, "channel.close-ok")

    def wait_closed(self, within_s: float | None = None) -> ChannelClosed:
        """Wait until the broker has closed the channel; return how."""
        self.client.wait_for(self._is_over, "the broker to close the channel", within_s)
        if self.closed is None:
            self._raise_if_closed()
        assert self.closed is not None
        return self.closed

    # -- exchanges and queues ---------------------------------------------------------------

    def declare_exchange(
        self,
        name: str,
        type_: str = "direct",
        *,
        passive: bool = False,
        durable: bool = False,
        auto_delete: bool = False,
        internal: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        self._call(
            self.impl.exchange_declare,
            "exchange.declare-ok",
            name,
            exchange_type=type_,
            passive=passive,
            durable=durable,
            auto_delete=auto_delete,
            internal=internal,
            arguments=dict(arguments or {}),
        )

    def delete_exchange(self, name: str, *, if_unused: bool = False) -> None:
        self._call(self.impl.exchange_delete, "exchange.delete-ok", name, if_unused=if_unused)

    def bind_exchange(
        self,
        destination: str,
        source: str,
        key: str = "",
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        self._call(
            self.impl.exchange_bind,
            "exchange.bind-ok",
            destination,
            source,
            routing_key=key,
            arguments=dict(arguments or {}),
        )

    def unbind_exchange(
        self,
        destination: str,
        source: str,
        key: str = "",
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        self._call(
            self.impl.exchange_unbind,
            "exchange.unbind-ok",
            destination,
            source,
            routing_key=key,
            arguments=dict(arguments or {}),
        )

    def declare_queue(
        self,
        name: str = "",
        *,
        passive: bool = False,
        durable: bool = False,
        exclusive: bool = False,
        auto_delete: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> spec.Queue.DeclareOk:
        """Returns declare-ok, with `queue`, `message_count` and `consumer_count`."""
        answer: spec.Queue.DeclareOk = self._call(
            self.impl.queue_declare,
            "queue.declare-ok",
            name,
            passive=passive,
            durable=durable,
            exclusive=exclusive,
            auto_delete=auto_delete,
            arguments=dict(arguments or {}),
        )
        return answer

    def bind(
        self, queue: str, exchange: str, key: str = "", arguments: Mapping[str, Any] | None = None
    ) -> None:
        self._call(
            self.impl.queue_bind,
            "queue.bind-ok",
            queue,
            exchange,
            routing_key=key,
            arguments=dict(arguments or {}),
        )

    def unbind(
        self, queue: str, exchange: str, key: str = "", arguments: Mapping[str, Any] | None = None
    ) -> None:
        self._call(
            self.impl.queue_unbind,
            "queue.unbind-ok",
            queue,
            exchange,
            routing_key=key,
            arguments=dict(arguments or {}),
        )

    def purge(self, queue: str) -> int:
        """Return the number of messages removed."""
        answer = self._call(self.impl.queue_purge, "queue.purge-ok", queue)
        return int(answer.message_count)

    def delete_queue(self, queue: str, *, if_unused: bool = False, if_empty: bool = False) -> int:
        """Return the number of messages removed."""
        answer = self._call(
            self.impl.queue_delete,
            "queue.delete-ok",
            queue,
            if_unused=if_unused,
            if_empty=if_empty,
        )
        return int(answer.message_count)

    def ready(self, queue: str) -> int:
        """Return the number of ready messages, by a passive declare."""
        return int(self.declare_queue(queue, passive=True).message_count)

    # -- publishing -------------------------------------------------------------------------

    def publish(
        self,
        exchange: str,
        key: str,
        body: bytes | str = b"",
        properties: pika.BasicProperties | None = None,
        *,
        mandatory: bool = False,
    ) -> None:
        """Send a message; nothing is waited for."""
        self._raise_if_closed()
        octets = body.encode() if isinstance(body, str) else body
        with _pika_errors(self):
            self.impl.basic_publish(exchange, key, octets, properties, mandatory)

    def select_confirms(self) -> None:
        self._confirming = True
        self._call(
            lambda callback: self.impl.confirm_delivery(self._on_confirm, callback),
            "confirm.select-ok",
        )

    def _on_confirm(self, frame: Any) -> None:
        kind = "ack" if isinstance(frame.method, spec.Basic.Ack) else "nack"
        tag, multiple = int(frame.method.delivery_tag), bool(frame.method.multiple)
        self.events.append(f"{kind} {tag}{' multiple' if multiple else ''}")
        self.confirms.append(Confirm(kind, tag, multiple))

    def outcomes(self, published: int) -> dict[int, str]:
        """Return the outcome of publishes 1 to `published` so far: "ack" or "nack" by number."""
        outcomes: dict[int, str] = {}
        for confirm in self.confirms:
            first = 1 if confirm.multiple else confirm.tag
            for number in range(first, min(confirm.tag, published) + 1):
                outcomes.setdefault(number, confirm.kind)
        return outcomes

    def wait_confirms(self, published: int, within_s: float | None = None) -> dict[int, str]:
        """Wait until publishes 1 to `published` are all confirmed; return the outcomes."""
        self._wait(
            lambda: len(self.outcomes(published)) >= published,
            f"confirms of {published} publishes",
            within_s,
        )
        return self.outcomes(published)

    def publish_confirmed(
        self,
        exchange: str,
        key: str,
        body: bytes | str = b"",
        properties: pika.BasicProperties | None = None,
    ) -> str:
        """Publish on a confirm channel, wait, and return "ack" or "nack"."""
        before = len(self.confirms)
        self.publish(exchange, key, body, properties)
        self._wait(lambda: len(self.confirms) > before, "a publisher confirm")
        return self.confirms[-1].kind

    # -- consuming --------------------------------------------------------------------------

    def qos(self, prefetch: int, *, global_: bool = False, size: int = 0) -> None:
        self._call(
            self.impl.basic_qos,
            "basic.qos-ok",
            prefetch_size=size,
            prefetch_count=prefetch,
            global_qos=global_,
        )

    def consume(
        self,
        queue: str,
        *,
        tag: str = "",
        ack: bool = True,
        exclusive: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> Consumer:
        """Start a consumer. With `ack` false, deliveries count as settled."""
        self._raise_if_closed()
        answers: list[Any] = []
        consumer = Consumer(self, tag, queue)
        with _pika_errors(self):
            consumer.tag = self.impl.basic_consume(
                queue,
                lambda *delivery: self._on_delivery(consumer, *delivery),
                auto_ack=not ack,
                exclusive=exclusive,
                consumer_tag=tag or None,
                arguments=dict(arguments or {}),
                callback=answers.append,
            )
        self.consumers[consumer.tag] = consumer
        self._wait(lambda: bool(answers), "basic.consume-ok")
        return consumer

    def _on_delivery(
        self,
        consumer: Consumer,
        _: Any,
        method: spec.Basic.Deliver,
        properties: pika.BasicProperties,
        body: bytes,
    ) -> None:
        self.events.append(f"deliver {body.decode(errors='replace')}")
        consumer.received.append(
            Message(
                body,
                method.exchange,
                method.routing_key,
                properties,
                int(method.delivery_tag),
                bool(method.redelivered),
                method.consumer_tag,
            )
        )

    def cancel(self, consumer: Consumer) -> None:
        """Stop a consumer; deliveries already on the way are still recorded."""
        self._call(self._cancel, "basic.cancel-ok", consumer.tag)

    def _cancel(self, tag: str, callback: Callable[[Any], None]) -> None:
        self.impl.basic_cancel(tag, callback=callback)
        # Or pika rejects what arrives before cancel-ok, and the test's messages move.
        self.impl._cancelled.discard(tag)

    def get(self, queue: str, *, ack: bool = True) -> Message | None:
        """Take one message, or None from an empty queue."""
        self._raise_if_closed()
        answers: list[Message | None] = []
        with _pika_errors(self):
            self.impl.add_callback(lambda _: answers.append(None), [spec.Basic.GetEmpty])
            self.impl.basic_get(
                queue,
                lambda _, method, properties, body: answers.append(
                    Message(
                        body,
                        method.exchange,
                        method.routing_key,
                        properties,
                        int(method.delivery_tag),
                        bool(method.redelivered),
                        ready_after=int(method.message_count),
                    )
                ),
                auto_ack=not ack,
            )
        self._wait(lambda: bool(answers), "basic.get-ok or get-empty")
        self.impl.callbacks.remove(self.impl.channel_number, spec.Basic.GetEmpty)
        return answers[0]

    def take(self, queue: str, *, ack: bool = True) -> Message:
        """Take one message, which must be there."""
        message = self.get(queue, ack=ack)
        if message is None:
            raise Mismatch("a message", "get-empty", f"basic.get from {queue}")
        return message

    def drain(self, queue: str, *, at_most: int = MAX_DRAINED) -> list[Message]:
        """Take everything that is ready, settled at once. A queue that never ends is broken."""
        messages: list[Message] = []
        while (message := self.get(queue, ack=False)) is not None:
            messages.append(message)
            if len(messages) > at_most:
                raise Mismatch("an empty queue in the end", f"{at_most} messages and more")
        return messages

    def ack(self, tag: int, *, multiple: bool = False) -> None:
        self._raise_if_closed()
        self.impl.basic_ack(tag, multiple)

    def nack(self, tag: int, *, multiple: bool = False, requeue: bool = True) -> None:
        self._raise_if_closed()
        self.impl.basic_nack(tag, multiple, requeue)

    def reject(self, tag: int, *, requeue: bool = True) -> None:
        self._raise_if_closed()
        self.impl.basic_reject(tag, requeue)

    def recover(self, *, requeue: bool = True) -> None:
        self._call(self.impl.basic_recover, "basic.recover-ok", requeue=requeue)

    # -- transactions and flow --------------------------------------------------------------

    def tx_select(self) -> None:
        self._call(self.impl.tx_select, "tx.select-ok")

    def tx_commit(self) -> None:
        self._call(self.impl.tx_commit, "tx.commit-ok")

    def tx_rollback(self) -> None:
        self._call(self.impl.tx_rollback, "tx.rollback-ok")

    def flow(self, active: bool) -> bool:
        """channel.flow; returns what flow-ok says."""
        self._raise_if_closed()
        answers: list[bool] = []
        with _pika_errors(self):
            self.impl.flow(active, callback=answers.append)
        self._wait(lambda: bool(answers), "channel.flow-ok")
        return answers[0]


@contextmanager
def _pika_errors(channel: Channel) -> Iterator[None]:
    """pika notices a closed channel before the kit does: tell how it was closed."""
    try:
        yield
    except (exceptions.ChannelWrongStateError, exceptions.ConnectionWrongStateError):
        channel._raise_if_closed()
        raise
    except exceptions.MethodNotImplemented as error:
        raise Mismatch("the capability announced in connection.start", str(error)) from error
