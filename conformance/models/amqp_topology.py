"""Exchanges, queues and bindings as plain sets: what declaring, binding and deleting lead to.

Source: AMQP 0-9-1 XML, classes exchange and queue; https://www.rabbitmq.com/docs/exchanges,
/docs/queues, /docs/e2e. Exchanges are of type direct or fanout and route through one another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

NOT_FOUND = 404
PRECONDITION_FAILED = 406


class Refused(Exception):
    """The operation is refused with `code` and changes nothing."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Exchange(NamedTuple):
    """What a redeclaration must repeat."""

    type_: str
    auto_delete: bool


class Binding(NamedTuple):
    """From an exchange to a destination; names of queues and of exchanges differ."""

    source: str
    destination: str
    key: str


@dataclass
class Queue:
    """A queue with its bodies, the oldest first; `consumers` is how many it has."""

    auto_delete: bool
    ready: list[str] = field(default_factory=list)
    consumers: int = 0


class Topology:
    """One virtual host. Each method is one AMQP method with its answer, or raises `Refused`."""

    def __init__(self) -> None:
        self.exchanges: dict[str, Exchange] = {}
        self.queues: dict[str, Queue] = {}
        self.bindings: set[Binding] = set()

    # -- exchanges --------------------------------------------------------------------------

    def declare_exchange(self, name: str, type_: str, auto_delete: bool) -> None:
        declared = Exchange(type_, auto_delete)
        if self.exchanges.setdefault(name, declared) != declared:
            raise Refused(PRECONDITION_FAILED)

    def delete_exchange(self, name: str, if_unused: bool = False) -> None:
        if name not in self.exchanges:
            return
        if if_unused and any(binding.source == name for binding in self.bindings):
            raise Refused(PRECONDITION_FAILED)
        self._remove(name)

    # -- bindings ---------------------------------------------------------------------------

    def bind(self, destination: str, source: str, key: str) -> None:
        if source not in self.exchanges:
            raise Refused(NOT_FOUND)
        if destination not in self.exchanges and destination not in self.queues:
            raise Refused(NOT_FOUND)
        self.bindings.add(Binding(source, destination, key))

    def unbind(self, destination: str, source: str, key: str) -> None:
        self._take_out({Binding(source, destination, key)} & self.bindings)

    # -- queues -----------------------------------------------------------------------------

    def declare_queue(self, name: str, auto_delete: bool) -> None:
        queue = self.queues.setdefault(name, Queue(auto_delete))
        if queue.auto_delete != auto_delete:
            raise Refused(PRECONDITION_FAILED)

    def delete_queue(self, name: str, if_unused: bool = False, if_empty: bool = False) -> int:
        """Returns the number of messages that went with it."""
        if name not in self.queues:
            return 0
        queue = self.queues[name]
        if (if_unused and queue.consumers) or (if_empty and queue.ready):
            raise Refused(PRECONDITION_FAILED)
        self._remove(name)
        return len(queue.ready)

    def purge(self, name: str) -> int:
        """Returns the number of messages removed."""
        if name not in self.queues:
            raise Refused(NOT_FOUND)
        count = len(self.queues[name].ready)
        self.queues[name].ready.clear()
        return count

    # -- messages ---------------------------------------------------------------------------

    def publish(self, exchange: str, key: str, body: str) -> None:
        """A consumer takes what is there and what comes, so that nothing stays ready."""
        if exchange not in self.exchanges:
            raise Refused(NOT_FOUND)
        for name in self.routes(exchange, key):
            if not self.queues[name].consumers:
                self.queues[name].ready.append(body)

    def consume(self, name: str) -> None:
        if name not in self.queues:
            raise Refused(NOT_FOUND)
        self.queues[name].consumers += 1
        self.queues[name].ready.clear()

    def cancel(self, name: str) -> None:
        """Cancel one of the consumers of a queue, if it has any."""
        queue = self.queues.get(name)
        if queue is None or not queue.consumers:
            return
        queue.consumers -= 1
        if queue.auto_delete and not queue.consumers:
            self._remove(name)

    def routes(self, exchange: str, key: str) -> set[str]:
        """The queues that a message reaches."""
        reached = {exchange}
        while True:
            following = {
                binding.destination
                for binding in self.bindings
                if binding.source in reached
                and (self.exchanges[binding.source].type_ == "fanout" or binding.key == key)
            }
            if following <= reached:
                return reached & set(self.queues)
            reached |= following

    # -- removal ----------------------------------------------------------------------------

    def _remove(self, name: str) -> None:
        self.exchanges.pop(name, None)
        self.queues.pop(name, None)
        self._take_out({b for b in self.bindings if name in (b.source, b.destination)})

    def _take_out(self, removed: set[Binding]) -> None:
        """An auto-delete exchange goes with the last binding of which it was the source."""
        self.bindings -= removed
        for source in {binding.source for binding in removed}:
            exchange = self.exchanges.get(source)
            if exchange is None or not exchange.auto_delete:
                continue
            if not any(binding.source == source for binding in self.bindings):
                self._remove(source)
