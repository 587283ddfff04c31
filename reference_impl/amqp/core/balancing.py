"""Exchange types that give each message to one of their queues.

Source: docs: local-random-exchange, rabbit_exchange_type_local_random.erl (4.0);
rabbit_exchange_type_modulus_hash.erl (in the core from 4.3).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from reference_impl.amqp.core.routing import Counted
from reference_impl.amqp.fields import Table
from reference_impl.errors import PreconditionFailed


class LocalRandom:
    """x-local-random: any one of the queues. Here they take turns, because the core draws no
    random numbers; a broker of one node has only local queues."""

    routes_by_key_alone = False

    def __init__(self) -> None:
        self._members = Counted()
        self._turn = 0

    @staticmethod
    def check_binding(key: str, to_queue: bool) -> None:
        """Raise PreconditionFailed unless a queue is bound with an empty key."""
        if key:
            raise PreconditionFailed(f"Non empty binding '{key}' key not permitted")
        if not to_queue:
            raise PreconditionFailed("Destination not found")

    def add(self, destination: Any, key: str, arguments: Table) -> None:
        self._members.add(destination)

    def remove(self, destination: Any, key: str, arguments: Table) -> None:
        self._members.remove(destination)

    def match(self, key: str, headers: Table | None) -> Iterable[Any]:
        members = list(self._members)
        self._turn += 1
        return members[self._turn % len(members) :][:1] if members else ()


class ModulusHash:
    """x-modulus-hash: the routing key decides, by a hash of its own, which destination it is."""

    routes_by_key_alone = True

    def __init__(self) -> None:
        self._members = Counted()

    def add(self, destination: Any, key: str, arguments: Table) -> None:
        self._members.add(destination)

    def remove(self, destination: Any, key: str, arguments: Table) -> None:
        self._members.remove(destination)

    def match(self, key: str, headers: Table | None) -> Iterable[Any]:
        members = sorted(self._members, key=lambda destination: str(destination.name))
        octets = key.encode("utf-8", "surrogateescape")
        return members[zlib.crc32(octets) % len(members) :][:1] if members else ()
