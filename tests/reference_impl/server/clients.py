"""Clients for the tests of the server, and waiting for what must happen soon."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pika
from pika.adapters.blocking_connection import BlockingChannel

PATIENCE_S = 10.0
"""How long something may take that takes milliseconds on an idle machine."""


@contextmanager
def channel_to(url: str) -> Iterator[BlockingChannel]:
    """A channel of a new connection; the broker may have closed it by the end."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        yield connection.channel()
    finally:
        if connection.is_open:
            connection.close()


def eventually(holds: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds, without holding up the threads that make it hold."""
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.01)):
        if holds():
            return
        pause.wait(0.01)
    raise AssertionError(f"not within {PATIENCE_S:g} s: {what}")


@contextmanager
def listening() -> Iterator[int]:
    """A port of the loopback interface that is in use."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def free_port() -> int:
    """A port of the loopback interface that was free a moment ago."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
