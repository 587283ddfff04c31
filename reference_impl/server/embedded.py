"""A broker inside the caller's process, on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from reference_impl.amqp.core.access import Permissions, User
from reference_impl.amqp.core.broker import GUEST
from reference_impl.amqp.versions import DEFAULT_VERSION
from reference_impl.clock import Clock
from reference_impl.config import LOOPBACK, Config
from reference_impl.kafka.versions import DEFAULT_VERSION as DEFAULT_KAFKA_VERSION
from reference_impl.server.loops import new_event_loop
from reference_impl.server.runner import BrokerServer

T = TypeVar("T")


class ReferenceBroker:
    """The reference broker as a context manager.

        with ReferenceBroker() as broker:
            connection = pika.BlockingConnection(pika.URLParameters(broker.amqp_url))

    `rabbitmq` and `kafka` are the emulated versions ("3.10", "4.0" or "4.3"; "3.9" or "4.3").
    Kafka's clients connect to `kafka_address`; `kafka_settings` are settings by Kafka's names, such
    as {"num.partitions": "3"}. `clock` may be a `ManualClock`: then TTLs and leases run only when
    it is advanced, and `clock.advance(ms)` returns after their effects. `data` is the directory of
    a durable broker. Port 0 picks a free port on loopback.
    Raises ConfigurationError or StorageError when it cannot start.
    """

    def __init__(
        self,
        *,
        rabbitmq: str = DEFAULT_VERSION,
        kafka: str = DEFAULT_KAFKA_VERSION,
        clock: Clock | None = None,
        data: str | Path | None = None,
        fsync: bool = False,
        amqp_port: int = 0,
        kafka_port: int = 0,
        kafka_sasl: bool = False,
        kafka_settings: Mapping[str, str] | None = None,
        vhosts: tuple[str, ...] = ("/",),
        users: tuple[User, ...] = (GUEST,),
    ) -> None:
        self.clock = clock
        self._config = Config(
            rabbitmq=rabbitmq,
            amqp=(LOOPBACK, amqp_port),
            kafka_version=kafka,
            kafka=(LOOPBACK, kafka_port),
            kafka_sasl=kafka_sasl,
            kafka_settings=kafka_settings or {},
            data=None if data is None else Path(data),
            fsync=fsync,
            vhosts=vhosts,
            users=users,
        )
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: BrokerServer | None = None

    # -- life -------------------------------------------------------------------------------

    def start(self) -> ReferenceBroker:
        """Start listening; returns when clients can connect."""
        if self._thread is not None:
            raise RuntimeError("the broker is already started")
        ready = threading.Event()
        failure: list[BaseException] = []
        self._thread = threading.Thread(
            target=self._run, args=(ready, failure), name="reference-broker", daemon=True
        )
        self._thread.start()
        ready.wait()
        if failure:
            self._thread.join()
            self._thread = self._server = None
            raise failure[0]
        return self

    def _run(self, ready: threading.Event, failure: list[BaseException]) -> None:
        loop = self._loop = new_event_loop()
        try:
            loop.run_until_complete(self._serve(ready, failure))
        finally:
            loop.close()

    async def _serve(self, ready: threading.Event, failure: list[BaseException]) -> None:
        try:
            self._server = BrokerServer(self._config, self.clock)
            await self._server.start()
        except BaseException as error:
            failure.append(error)
            ready.set()
            return
        ready.set()
        await self._server.stopped.wait()

    def stop(self) -> None:
        """Close all connections and stop; what a durable broker confirmed is on disk.

        A broker that is not started stays so. Raises StorageError if the data directory failed, now
        or before; the broker is stopped all the same.
        """
        if self._thread is None:
            return
        server, loop = self._server, self._loop
        assert server is not None and loop is not None
        try:
            loop.call_soon_threadsafe(server.request_stop)
        except RuntimeError:
            pass  # the loop is closed: the broker stopped by itself, when its storage failed
        self._thread.join()
        self._thread = self._server = None
        if server.failure is not None:
            raise server.failure

    def __enter__(self) -> ReferenceBroker:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # -- use --------------------------------------------------------------------------------

    @property
    def amqp_url(self) -> str:
        """Where AMQP clients connect: amqp://user:password@host:port/vhost."""
        return self._running().amqp_url

    @property
    def amqp_address(self) -> tuple[str, int]:
        """Host and port of the AMQP listener."""
        address = self._running().amqp_address
        assert address is not None
        return address

    @property
    def kafka_address(self) -> tuple[str, int]:
        """Host and port of the Kafka listener."""
        address = self._running().kafka_address
        assert address is not None
        return address

    def set_alarm(self, name: str, active: bool = True) -> None:
        """Raise or clear the "memory" or "disk" alarm, which blocks publishers."""
        self._call(lambda server: server.broker.set_alarm(name, active))

    def create_vhost(self, name: str) -> None:
        """Create a virtual host, in which the users of the start get all permissions."""
        self._call(lambda server: server.broker.create_vhost(name))

    def create_user(
        self,
        name: str,
        password: str,
        *,
        configure: str = ".*",
        write: str = ".*",
        read: str = ".*",
        vhost: str = "/",
    ) -> None:
        """Create a user with permissions in one virtual host (regular expressions)."""
        created = User(name, password, {vhost: Permissions(configure, write, read)})
        self._call(lambda server: server.broker.users.update({name: created}))

    def _running(self) -> BrokerServer:
        if self._server is None:
            raise RuntimeError("the broker is not started; use it as a context manager")
        return self._server

    def _call(self, function: Callable[[BrokerServer], T]) -> T:
        """Run `function` on the broker's thread and return its result."""
        server, loop = self._running(), self._loop
        assert loop is not None
        done: Future[T] = Future()

        def call() -> None:
            # The result is handed over after the effects: a turn of the loop ends with a commit.
            try:
                loop.call_soon(done.set_result, function(server))
            except Exception as error:
                done.set_exception(error)

        loop.call_soon_threadsafe(call)
        return done.result()
