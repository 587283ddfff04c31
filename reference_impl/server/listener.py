"""The only place that touches sockets: asyncio connections around sans-I/O sessions.

Order of effects, after each piece of input: everything that the sessions did is made durable, then
what they have to say is sent. So a confirm, and every other reply, leaves after what it promises.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from typing import Protocol, cast

from reference_impl.config import MAX_PORT
from reference_impl.errors import AddressInUse, ConfigurationError, StorageError


class Session(Protocol):
    """What a protocol's session offers; see amqp/session.py."""

    @property
    def closed(self) -> bool: ...

    @property
    def reading(self) -> bool: ...

    @property
    def deadline_ms(self) -> int | None: ...

    def receive_data(self, data: bytes) -> None: ...

    def receive_eof(self) -> None: ...

    def data_to_send(self) -> bytes: ...

    def set_transport_full(self, full: bool) -> None: ...

    def handle_deadline(self) -> None: ...


SessionFactory = Callable[[Callable[[], None]], Session]
"""Makes a session; its argument is to be called when the session has output."""


class Turn:
    """Collects the connections with output, and flushes them together.

    A turn is the handling of one piece of input (`begin`, `end`), of whatever else asks for a flush
    outside of that, or with `grouped` of all that one turn of the event loop brings, so that
    clients share a commit that is slow. `commit` makes durable what happened; if it raises
    StorageError nothing is sent and `failed` is called. `after` runs when everything was sent, for
    instance to arm timers.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        commit: Callable[[], None],
        failed: Callable[[StorageError], None],
        after: Callable[[], None],
        *,
        grouped: bool,
    ) -> None:
        self._loop = loop
        self._commit = commit
        self._failed = failed
        self._after = after
        self._grouped = grouped
        self._waiting: dict[ClientConnection, None] = {}
        self._requested = False
        self._handling_input = False

    def begin(self) -> None:
        """Input is about to be handled; `end` must follow."""
        self._handling_input = not self._grouped

    def end(self) -> None:
        """Input has been handled: flush what it led to."""
        if self._handling_input:
            self._handling_input = False
            if self._requested:
                self._flush()

    def request(self, connection: ClientConnection | None = None) -> None:
        """Flush at the end of this turn, `connection` among others."""
        if connection is not None:
            self._waiting[connection] = None
        if not self._requested:
            self._requested = True
            if not self._handling_input:
                self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._requested = False
        waiting, self._waiting = self._waiting, {}
        try:
            self._commit()
        except StorageError as error:
            self._failed(error)
            return
        for connection in waiting:
            connection.flush()
        self._after()


class ClientConnection(asyncio.Protocol):
    """One TCP connection and its session."""

    def __init__(
        self,
        server: ProtocolServer,
        new_session: SessionFactory,
        turn: Turn,
        liveness_ms: Callable[[], int],
    ) -> None:
        self._server = server
        self._turn = turn
        self._liveness_ms = liveness_ms
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due_s = 0.0
        self._paused = False
        self.session = new_session(lambda: turn.request(self))

    # -- asyncio ----------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections.add(self)
        self._arm()

    def data_received(self, data: bytes) -> None:
        self._turn.begin()
        try:
            self.session.receive_data(data)
        finally:
            self._turn.end()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._server.connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        self.session.receive_eof()

    def pause_writing(self) -> None:
        self.session.set_transport_full(True)

    def resume_writing(self) -> None:
        self.session.set_transport_full(False)

    # -- the session's wishes ---------------------------------------------------------------

    def flush(self) -> None:
        """Send the output of the session, and do what else it wants."""
        transport = self._transport
        if transport is None:
            return
        octets = self.session.data_to_send()
        if octets:
            transport.write(octets)
        if self.session.closed:
            transport.close()
            return
        if self.session.reading == self._paused:
            self._paused = not self.session.reading
            if self._paused:
                transport.pause_reading()
            else:
                transport.resume_reading()
        self._arm()

    def drop(self) -> None:
        """Close without another word."""
        if self._transport is not None:
            self._transport.abort()

    def _arm(self) -> None:
        """Keep one timer for the next deadline. One that comes too early arms the next, so that
        traffic, which moves deadlines back all the time, costs nothing."""
        deadline_ms = self.session.deadline_ms
        if deadline_ms is None:
            return
        delay_s = max(0, deadline_ms - self._liveness_ms()) / 1000
        loop = asyncio.get_running_loop()
        due_s = loop.time() + delay_s
        if self._timer is not None:
            if self._timer_due_s <= due_s:
                return
            self._timer.cancel()
        self._timer = loop.call_at(due_s, self._deadline)
        self._timer_due_s = due_s  # uvloop's handles do not tell it when they are due at once

    def _deadline(self) -> None:
        self._timer = None
        deadline_ms = self.session.deadline_ms
        if deadline_ms is not None and deadline_ms <= self._liveness_ms():
            self.session.handle_deadline()
            self._turn.request(self)
        self._arm()


class ProtocolServer:
    """A listening socket of one protocol, and the connections that it accepted."""

    def __init__(
        self, new_session: SessionFactory, turn: Turn, liveness_ms: Callable[[], int]
    ) -> None:
        self.connections: set[ClientConnection] = set()
        self._new_connection = lambda: ClientConnection(self, new_session, turn, liveness_ms)
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; return the address. Raises AddressInUse or ConfigurationError."""
        if not 0 <= port <= MAX_PORT:
            raise ConfigurationError(f"there is no port {port}; choose one from 0 to {MAX_PORT}")
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._new_connection, host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise AddressInUse(
                    f"port {port} on {host} is in use; stop what listens there, or use port 0 "
                    "for any free one"
                ) from error
            raise ConfigurationError(
                f"cannot listen on {host}:{port}: {error.strerror or error}"
            ) from error
        bound: tuple[str, int] = self._server.sockets[0].getsockname()[:2]
        return bound

    async def stop(self) -> None:
        """Stop listening and drop the connections that are still there."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.drop()
        while self.connections:  # connection_lost takes them out, in one of the next turns
            await asyncio.sleep(0)
