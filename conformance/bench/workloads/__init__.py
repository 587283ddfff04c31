"""What each client does with a broker; the first of a protocol is the default."""

from __future__ import annotations

from typing import NamedTuple

from conformance.bench.load import Workload
from conformance.bench.workloads import confluent, kafka_python, pika_blocking
from conformance.errors import UsageError


class Client(NamedTuple):
    """A client library, its protocol, and what it does."""

    protocol: str
    run: Workload


CLIENTS = {
    "pika": Client("amqp", pika_blocking.run),
    "kafka-python": Client("kafka", kafka_python.run),
    "confluent-kafka": Client("kafka", confluent.run),
}


def client_for(name: str | None, a: tuple[str, ...], b: tuple[str, ...]) -> Client:
    """Return the client of that name, or the first that both sides' protocols allow.

    Raises UsageError if there is none.
    """
    shared = [protocol for protocol in a if protocol in b]
    fitting = {known: client for known, client in CLIENTS.items() if client.protocol in shared}
    if name is None and fitting:
        return next(iter(fitting.values()))
    if name not in fitting:
        wanted = f"client {name!r} cannot measure" if name else "no client can measure"
        choice = f"; choose one of {', '.join(fitting)}" if fitting else ""
        raise UsageError(
            f"{wanted} these two: both serve {' and '.join(shared) or 'nothing'}{choice}"
        )
    return fitting[name]
