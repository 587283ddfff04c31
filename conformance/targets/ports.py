"""Free TCP ports on loopback."""

from __future__ import annotations

import random
import socket

LOOPBACK = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 32_000
"""Below the range from which the kernel picks ports for clients (32768 and up on Linux): a port
from there can be taken by an outgoing connection between our choice and the broker's bind."""


def free_ports(count: int) -> list[int]:
    """Return `count` different ports that were free a moment ago."""
    ports: list[int] = []
    candidates = random.SystemRandom()
    while len(ports) < count:
        port = candidates.randint(LOWEST, HIGHEST)
        if port not in ports and _is_free(port):
            ports.append(port)
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
