"""A reference broker with listeners, timers and storage, on an asyncio event loop."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from reference_impl.amqp.core.broker import Broker
from reference_impl.amqp.durable import DurableStore
from reference_impl.amqp.session import AmqpSession
from reference_impl.amqp.versions import dialect_for
from reference_impl.clock import Clock, ManualClock
from reference_impl.config import Config
from reference_impl.errors import ConnectionForced, StorageError
from reference_impl.kafka.core.broker import KafkaBroker
from reference_impl.kafka.durable import DurableStore as KafkaStore
from reference_impl.kafka.session import KafkaSession
from reference_impl.kafka.versions import dialect_for as kafka_dialect_for
from reference_impl.server.clock import MonotonicClock, SystemClock
from reference_impl.server.listener import ProtocolServer, Turn
from reference_impl.storage.durable import DurableJournal

S = TypeVar("S")


class BrokerServer:
    """A running broker. Create it inside a running event loop, then `await start()`."""

    def __init__(self, config: Config, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.failure: StorageError | None = None
        self._loop = asyncio.get_running_loop()
        self._liveness = MonotonicClock()
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for_ms: int | None = None
        self.stopped = asyncio.Event()
        self._turn = Turn(
            self._loop,
            self._commit,
            self._storage_failed,
            self._arm_timer,
            grouped=config.fsync,
        )
        self.broker = Broker(
            dialect_for(config.rabbitmq),
            self.clock,
            lambda: secrets.token_urlsafe(16),
            self._turn.request,
            config.vhosts,
            config.users,
        )
        self.kafka_broker = KafkaBroker(
            kafka_dialect_for(config.kafka_version),
            self.clock,
            lambda: secrets.token_bytes(16),
            self._turn.request,
            settings=config.kafka_settings,
            users={user.name: user.password for user in config.users}
            if config.kafka_sasl
            else None,
        )
        self._store: DurableStore | None = None
        self._kafka_store: KafkaStore | None = None
        self.torn_bytes = 0
        if config.data is not None:
            self._open_stores(config.data)
        self._amqp = ProtocolServer(self._new_amqp_session, self._turn, self._liveness.now_ms)
        self._kafka = ProtocolServer(self._new_kafka_session, self._turn, self._liveness.now_ms)
        self.amqp_address: tuple[str, int] | None = None
        self.kafka_address: tuple[str, int] | None = None
        self._forget_clock: Callable[[], None] = lambda: None
        self._giving_up: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None

    def _open_stores(self, directory: Path) -> None:
        """Bring back what the directory holds: AMQP's journal, and Kafka's in one below it."""
        self._store = self._open(directory, lambda journal: DurableStore(self.broker, journal))
        try:
            self._kafka_store = self._open(
                directory / "kafka", lambda journal: KafkaStore(self.kafka_broker, journal)
            )
        except BaseException:
            self._store.abandon()
            raise

    def _open(self, directory: Path, recover: Callable[[DurableJournal], S]) -> S:
        journal = DurableJournal(directory, fsync=self.config.fsync)
        self.torn_bytes += journal.torn_bytes
        try:
            return recover(journal)
        except BaseException:
            journal.abandon()
            raise

    def _new_amqp_session(self, on_output: Callable[[], None]) -> AmqpSession:
        return AmqpSession(self.broker, self._liveness, on_output)

    def _new_kafka_session(self, on_output: Callable[[], None]) -> KafkaSession:
        return KafkaSession(self.kafka_broker, on_output)

    # -- life -------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen. Raises ConfigurationError, for instance when a port is in use."""
        try:
            if self.config.amqp is not None:
                self.amqp_address = await self._amqp.start(*self.config.amqp)
            if self.config.kafka is not None:
                self.kafka_address = await self._kafka.start(*self.config.kafka)
                self.kafka_broker.listens_at(*self.kafka_address)
        except BaseException:
            self._close_store()
            raise
        if isinstance(self.clock, ManualClock):
            self._forget_clock = self.clock.on_advance(self._clock_advanced)
        self._arm_timer()

    def request_stop(self) -> None:
        """Begin to stop, from inside the loop; `stopped` is set at the end."""
        self._stopping = self._loop.create_task(self.stop())

    async def stop(self) -> None:
        """Tell the clients (320), make everything durable, and stop.

        If storage fails now or failed before, `failure` says so.
        """
        try:
            self._commit()  # before anything that waits to be sent leaves
        except StorageError as error:
            self._storage_failed(error)
            await self.stopped.wait()
            return
        try:
            for connection in list(self._amqp.connections):
                session = connection.session
                assert isinstance(session, AmqpSession)
                session.close_by_broker(ConnectionForced("broker forced connection closure"))
                connection.flush()
        finally:  # a session with a bug must not keep the broker, and whoever stops it, for ever
            await self._end()

    async def _end(self) -> None:
        """Stop listening and working, and give back what is held."""
        self._forget_clock()
        self._forget_clock = lambda: None
        if self._timer is not None:
            self._timer.cancel()
        try:
            await self._amqp.stop()
            await self._kafka.stop()
            self._close_store()
        finally:
            self.stopped.set()

    def _close_store(self) -> None:
        stores = [store for store in (self._store, self._kafka_store) if store is not None]
        self._store = self._kafka_store = None
        for store in stores:
            if self.failure is not None:
                store.abandon()
                continue
            try:
                store.close()
            except StorageError as error:
                self.failure = error

    @property
    def amqp_url(self) -> str:
        """An AMQP URL for the first user and the first virtual host."""
        assert self.amqp_address is not None, "the broker does not listen for AMQP"
        host, port = self.amqp_address
        user, vhost = self.config.users[0], self.config.vhosts[0]
        credentials = f"{quote(user.name, safe='')}:{quote(user.password, safe='')}"
        return f"amqp://{credentials}@{host}:{port}/{quote(vhost, safe='')}"

    # -- storage and timers -----------------------------------------------------------------

    def _commit(self) -> None:
        if self.failure is not None:
            raise self.failure
        if self._store is not None:
            self._store.commit()
        if self._kafka_store is not None:
            self._kafka_store.commit()

    def _storage_failed(self, error: StorageError) -> None:
        """Nothing can be promised any more: drop every client, keep the error for the owner."""
        if self._giving_up is None:
            self.failure = error
            self._giving_up = self._loop.create_task(self._end())

    def run_timers(self) -> None:
        """Let everything happen that is due on the broker's clock."""
        self._armed_for_ms = None
        self.broker.timers.run_due()
        self.kafka_broker.timers.run_due()
        self._turn.request()

    def _clock_advanced(self) -> None:
        """Called by ManualClock.advance, as a rule from another thread: wait for the effects."""
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self._loop:
            self.run_timers()
        elif self._loop.is_running():
            future = asyncio.run_coroutine_threadsafe(self._run_timers_in_loop(), self._loop)
            future.result()

    async def _run_timers_in_loop(self) -> None:
        self.run_timers()
        await asyncio.sleep(0)

    def _arm_timer(self) -> None:
        """Wake up when the next timer of the broker is due; a manual clock wakes us itself."""
        amqp_due_ms = self.broker.timers.next_due_ms()
        due_ms = self.kafka_broker.timers.next_due_ms()
        if due_ms is None or (amqp_due_ms is not None and amqp_due_ms < due_ms):
            due_ms = amqp_due_ms
        if due_ms == self._armed_for_ms:
            return
        self._armed_for_ms = due_ms
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if due_ms is not None and not isinstance(self.clock, ManualClock):
            delay_s = max(0, due_ms - self.clock.now_ms()) / 1000
            self._timer = self._loop.call_later(delay_s, self.run_timers)
