"""A socket on which a test says exactly what it wants to say, whatever the protocol."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from conformance.drivers.transcript import Transcript
from conformance.drivers.waiting import ANSWER_WITHIN_S
from conformance.errors import ConnectionClosed

AT_ONCE_OCTETS = 1 << 18


class RawSocket:
    """Sends and receives octets, each wait bounded; everything goes into the transcript. What has
    arrived and was not read stands in `buffer`."""

    def __init__(
        self,
        address: tuple[str, int],
        transcript: Transcript,
        number: int,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        """Connect. `number` is that of the connection in the transcript. Raises
        ConnectionClosed."""
        self.transcript = transcript
        self.number = number
        self.answer_within_s = answer_within_s
        self.deadline_s = float("inf")
        self.closed = False
        """Whether the broker has ended the connection, as far as was read."""
        self.buffer = b""
        try:
            self._socket = socket.create_connection(address, timeout=answer_within_s)
        except OSError as error:
            raise ConnectionClosed(0, f"cannot connect: {error}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, *octets: bytes) -> None:
        """Send octets as they are. A broker that has hung up is noticed when reading."""
        data = b"".join(octets)
        self.transcript.record(self.number, ">", data)
        try:
            self._socket.settimeout(self.answer_within_s)
            self._socket.sendall(data)
        except (ConnectionError, TimeoutError):
            pass

    def receive(self, limit_s: float) -> bool:
        """Wait until a moment of time.monotonic() for more octets in `buffer`; return False at the
        end of the stream. Raises TimeoutError."""
        if self.closed:
            return False
        remaining_s = min(limit_s, self.deadline_s) - time.monotonic()
        if remaining_s <= 0:
            raise TimeoutError
        self._socket.settimeout(remaining_s)
        try:
            data = self._socket.recv(AT_ONCE_OCTETS)
        except ConnectionError:
            data = b""
        if not data:
            self.closed = True
            return False
        self.transcript.record(self.number, "<", data)
        self.buffer += data
        return True

    def half_close(self) -> None:
        """End our direction of the connection."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close both directions."""
        with suppress(OSError):
            self._socket.close()
