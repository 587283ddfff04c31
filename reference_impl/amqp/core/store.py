"""What the core tells a durable store; the default store keeps nothing.

Calls come in the order of their effects. What was told before a reply is handed to a sink must be
durable before that reply leaves the process; the server sees to it (docs/architecture.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.core.exchanges import Binding, Exchange
    from reference_impl.amqp.core.message import Entry
    from reference_impl.amqp.core.queues import Queue


class MemoryStore:
    """Forgets everything: a broker on it starts empty."""

    def vhost_created(self, name: str) -> None:
        """A virtual host exists from now on."""

    def exchange_declared(self, exchange: Exchange) -> None:
        """An exchange that survives restarts exists from now on."""

    def exchange_deleted(self, exchange: Exchange) -> None:
        """Such an exchange is gone, and its bindings with it."""

    def queue_declared(self, queue: Queue) -> None:
        """A durable queue exists from now on."""

    def queue_deleted(self, queue: Queue) -> None:
        """A durable queue is gone, with its messages and bindings."""

    def bound(self, source: Exchange, binding: Binding) -> None:
        """A binding between entities that survive restarts exists from now on."""

    def unbound(self, source: Exchange, binding: Binding) -> None:
        """Such a binding is gone."""

    def enqueued(self, queue: Queue, entry: Entry) -> None:
        """A persistent message entered a durable queue; sets `entry.stored`."""

    def removed(self, queue: Queue, entry: Entry) -> None:
        """A stored message left its queue for good."""
