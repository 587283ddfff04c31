"""What a test of AMQP holds in its hands: connections, fresh names, and a clean end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from pika.exceptions import AMQPError

from conformance.drivers.amqp.client import Channel, Client, Connection
from conformance.drivers.amqp.decoding import describe_frame, new_decoder
from conformance.drivers.amqp.endpoint import Endpoint
from conformance.drivers.amqp.raw import RawConnection
from conformance.drivers.tester import Tester
from conformance.drivers.transcript import Line, Transcript
from conformance.drivers.waiting import ANSWER_WITHIN_S
from conformance.errors import BrokenPromise
from conformance.requirements.model import Outcome
from conformance.targets.model import Target

PUBLIC_PASSWORD = "guest"
"""What everybody knows need not be hidden, and hiding it would hide the user's name too."""

CONNECTION_CLASS = b"\x00\x0a"


class AmqpTester(Tester):
    """One for each test. `prefix` makes its names unique on a shared broker.

    Queues are exclusive by default and go with the connection; everything else that was named
    through `queue_name` or `exchange_name` is deleted at the end.
    """

    def __init__(
        self,
        target: Target,
        prefix: str,
        outcomes: tuple[Outcome, ...] = (),
        deadline_s: float = float("inf"),
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self.target = target
        self.endpoint: Endpoint = target.amqp
        self.outcomes = outcomes
        """How the tested operation may end on this version (`outcomes` of the requirement)."""
        self.transcript = Transcript(new_decoder)
        self.examples = 0
        self._prefix = prefix
        self._deadline_s = deadline_s
        self.answer_within_s = answer_within_s
        self._client: Client | None = None
        self._main: Connection | None = None
        self._admin: Channel | None = None
        self._raw: list[RawConnection] = []
        self._count = 0
        self._queues: list[str] = []
        self._exchanges: list[str] = []

    def __repr__(self) -> str:
        return f"<client of {self.target.name}>"

    # -- connections ------------------------------------------------------------------------

    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = Client(self.endpoint, self.transcript, self.answer_within_s)
            self._client.deadline_s = self._deadline_s
        return self._client

    def connect(self, **options: Any) -> Connection:
        """Open a connection of its own; options as `Client.connect`."""
        return self.client.connect(**options)

    @property
    def connection(self) -> Connection:
        """The test's main connection, opened when it is first used."""
        if self._main is None or self._main.closed is not None:
            self._main = self.connect()
        return self._main

    def channel(self) -> Channel:
        """Open a new channel on the main connection."""
        return self.connection.channel()

    @property
    def admin(self) -> Channel:
        """A channel on the main connection for declaring and looking, kept open."""
        if self._admin is None or self._admin.closed or self._admin.connection.closed:
            self._admin = self.channel()
        return self._admin

    def raw(self) -> RawConnection:
        """Open a socket for raw frames; nothing is sent yet."""
        self._count += 1
        number = 1000 + self._count
        connection = RawConnection(self.endpoint, self.transcript, number, self.answer_within_s)
        connection.deadline_s = self._deadline_s
        self._raw.append(connection)
        return connection

    # -- names and entities -----------------------------------------------------------------

    def name(self, label: str) -> str:
        """A name that nobody else uses."""
        self._count += 1
        return f"{self._prefix}{label}{self._count}"

    def queue_name(self, ending: str = "") -> str:
        """A name for a queue, which is deleted at the end if it exists."""
        name = self.name("q") + ending
        self._queues.append(name)
        return name

    def exchange_name(self, ending: str = "") -> str:
        """A name for an exchange, which is deleted at the end if it exists."""
        name = self.name("x") + ending
        self._exchanges.append(name)
        return name

    def queue(
        self,
        *,
        durable: bool = False,
        auto_delete: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> str:
        """Declare a queue and return its name: exclusive to the main connection, or durable."""
        name = self.queue_name()
        self.admin.declare_queue(
            name,
            durable=durable,
            exclusive=not durable,
            auto_delete=auto_delete,
            arguments=arguments,
        )
        return name

    def exchange(self, type_: str = "direct", **options: Any) -> str:
        """Declare an exchange and return its name."""
        name = self.exchange_name()
        self.admin.declare_exchange(name, type_, **options)
        return name

    def bound_queue(
        self, exchange: str, key: str = "", arguments: Mapping[str, Any] | None = None
    ) -> str:
        """Declare an exclusive queue, bind it, and return its name."""
        queue = self.queue()
        self.admin.bind(queue, exchange, key, arguments)
        return queue

    def mortal_queue(self, arguments: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """Declare an exclusive queue and one that gets its dead letters; return both names."""
        graveyard = self.queue()
        fate = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": graveyard}
        return self.queue(arguments={**fate, **(arguments or {})}), graveyard

    def let_pass(self, ms: float) -> None:
        """Wait for nothing but time, while everything else goes on."""
        until_s = time.monotonic() + ms / 1000
        self.client.wait_for(lambda: time.monotonic() >= until_s, "time to pass", ms / 1000)

    def bodies(self, queue: str) -> list[str]:
        """Take everything ready in a queue; return the bodies as text, in order."""
        return [message.text for message in self.admin.drain(queue)]

    # -- life -------------------------------------------------------------------------------

    def begin_example(self) -> None:
        """Begin the next example of a property: only its traffic belongs to the transcript.

        The main connection is kept, unless the broker owes it an answer; every channel and every
        other connection is closed.
        """
        self.examples += 1
        if self._client is not None:
            if self._client.unanswered:
                self._client.unanswered = False
                self._main = self._admin = None
            for connection in list(self._client.connections):
                if connection is not self._main or connection.closed is not None:
                    connection.drop()
                    self._client.connections.remove(connection)
            if self._main is not None and self._main.closed is None:
                for channel in self._main.channels:
                    if channel is not self._admin or channel.closed is not None:
                        channel.close()
                kept = [self._admin] if self._admin is not None else []
                self._main.channels[:] = kept
        for raw in self._raw:
            raw.close()
        self._raw.clear()
        self.transcript.clear()

    def restart(self, *, kill: bool = False) -> None:
        """Restart the broker, with a clean stop or by SIGKILL; open connections are lost."""
        if self._client is not None:
            self._client.close()
        self._client = self._main = self._admin = None
        self.target.restart(kill=kill)

    def close(self) -> None:
        """Delete what the test created and close everything, also after its time is over."""
        if self._client is not None:
            self._client.deadline_s = float("inf")
        self._attempt(self._delete_created)
        for raw in self._raw:
            raw.close()
        if self._client is not None:
            if self._main is not None:
                self._attempt(self._main.close)
            self._attempt(self._client.close)

    def _delete_created(self) -> None:
        if not self._queues and not self._exchanges:
            return
        self.client.deadline_s = float("inf")
        channel = self.channel()
        for queue in self._queues:
            channel.impl.queue_delete(queue)
        for exchange in self._exchanges:
            channel.impl.exchange_delete(exchange)
        channel.barrier()

    # -- evidence ---------------------------------------------------------------------------

    def is_operation(self, line: Line) -> bool:
        """Whether a frame is something that the test did, rather than how a connection opens."""
        words = line.text.split()
        return len(words) > 1 and not words[1].startswith(("connection.", "channel.", "header"))

    def publishable(self, line: Line) -> Line:
        """The line without the password, which stands in start-ok and must not be published."""
        password = self.endpoint.password
        secret = password.encode()
        login = line.octets[7:9] == CONNECTION_CLASS or "no whole frame" in line.text
        if line.direction == "<" or not login or password in ("", PUBLIC_PASSWORD):
            return line
        if secret not in line.octets:
            return line
        octets = line.octets.replace(secret, b"*" * len(secret))
        text = line.text if "no whole frame" in line.text else describe_frame(octets)
        return Line(line.at_ms, line.connection, line.direction, text, octets)

    @staticmethod
    def _attempt(action: Callable[[], object]) -> None:
        """Cleaning up must not change a verdict; a broker that cannot do it shows elsewhere."""
        try:
            action()
        except (BrokenPromise, AMQPError):
            pass
