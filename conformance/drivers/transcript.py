"""Everything that went over the wire during one test or one example of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

MAX_OCTETS = 4 << 20
"""A transcript keeps whole what a test sends and receives; only a runaway one is cut, and says
so. The largest legitimate test moves 2 MiB."""


@dataclass(frozen=True)
class Chunk:
    """Octets that were sent (">") or received ("<") at once on one connection."""

    at_s: float
    connection: int
    direction: str
    octets: bytes


@dataclass(frozen=True)
class Line:
    """One frame or request of the transcript, decoded for reading."""

    at_ms: float
    connection: int
    direction: str
    text: str
    octets: bytes

    def __str__(self) -> str:
        return f"{self.at_ms:8.1f} ms  #{self.connection} {self.direction} {self.text}"


Decoder = Callable[[int, str, bytes], Iterator[tuple[str, bytes]]]
"""Splits octets, of a connection and a direction, into readable texts and their octets."""


class Transcript:
    """Records chunks cheaply; decoding waits until somebody wants to read them.

    `new_decoder` makes a decoder for each reading: one that has to remember what was asked, to
    understand the answers, begins anew.
    """

    def __init__(self, new_decoder: Callable[[], Decoder]) -> None:
        self._new_decoder = new_decoder
        self._chunks: list[Chunk] = []
        self._size = 0
        self._started_s = time.monotonic()
        self.truncated = False

    def record(self, connection: int, direction: str, octets: bytes) -> None:
        if self._size + len(octets) > MAX_OCTETS:
            self.truncated = True
            return
        self._size += len(octets)
        self._chunks.append(Chunk(time.monotonic(), connection, direction, octets))

    def clear(self) -> None:
        """Begin anew, for the next example of a property."""
        self._chunks.clear()
        self._size = 0
        self.truncated = False
        self._started_s = time.monotonic()

    def counts(self) -> tuple[int, int]:
        """Octets sent and received so far."""
        sent = sum(len(c.octets) for c in self._chunks if c.direction == ">")
        return sent, self._size - sent

    def lines(self) -> list[Line]:
        """Decode: frames in the order in which they were completed, on all connections."""
        return list(self.decoded())

    def decoded(self, direction: str | None = None) -> Iterator[Line]:
        """The same one by one, of both directions or of one."""
        decode = self._new_decoder()
        streams: dict[tuple[int, str], bytes] = {}
        for chunk in self._chunks:
            if direction not in (None, chunk.direction):
                continue
            key = chunk.connection, chunk.direction
            pending = streams.get(key, b"") + chunk.octets
            used = 0
            for text, octets in decode(*key, pending):
                used += len(octets)
                at_ms = (chunk.at_s - self._started_s) * 1000
                yield Line(at_ms, chunk.connection, chunk.direction, text, octets)
            streams[key] = pending[used:]
        for (connection, sender), rest in streams.items():
            if rest:
                text = f"{len(rest)} octets that are no whole frame"
                yield Line(0.0, connection, sender, text, rest)
