"""The tx class: publishes and settlements that wait for commit (docs: semantics, tx)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.message import Message
from reference_impl.errors import PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reference_impl.amqp.core.channel import Channel, Delivery
    from reference_impl.amqp.core.exchanges import Target


class Transaction:
    """What a transactional channel has done since the last commit or rollback."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._published: list[tuple[Message, bool, list[Target]]] = []
        self._settled: list[tuple[str, list[tuple[int, Delivery]]]] = []

    def publish(self, message: Message, mandatory: bool, queues: Iterable[Target]) -> None:
        self._published.append((message, mandatory, list(queues)))

    def settle(self, outcome: str, taken: list[tuple[int, Delivery]]) -> None:
        """Remember settled deliveries with their tags; equal outcomes in a row are one."""
        if self._settled and self._settled[-1][0] == outcome:
            self._settled[-1][1].extend(taken)
        else:
            self._settled.append((outcome, taken))

    def commit(self) -> None:
        """Make all effects happen: returns first, then messages, then settlements.

        Raises PreconditionFailed if a queue refused a message; the rest is done all the same
        (rabbit_channel:complete_tx).
        """
        published, self._published = self._published, []
        settled, self._settled = self._settled, []
        accepted = True
        for message, mandatory, routed in published:
            queues = [queue for queue in routed if not queue.deleted]
            if not queues and routed and not self._channel.vhost.dialect.routes_at_commit:
                continue  # routed when it was published: not returned (3.13)
            if not self._channel._enqueue(message, mandatory, queues):
                accepted = False
        for outcome, taken in settled:
            self._channel.settle_deliveries([delivery for _, delivery in sorted(taken)], outcome)
        if not accepted:
            raise PreconditionFailed("partial tx completion")

    def rollback(self) -> None:
        """Forget the publishes; settled deliveries become unacknowledged again, in order."""
        self._published = []
        unacked = dict(self._channel.unacked)
        for _, taken in self._settled:
            unacked.update(taken)
        self._settled = []
        self._channel.unacked = dict(sorted(unacked.items()))

    def uncommitted_deliveries(self) -> list[Delivery]:
        """Deliveries whose settlement was not committed; closing the channel requeues them."""
        return [delivery for _, taken in self._settled for _, delivery in taken]
