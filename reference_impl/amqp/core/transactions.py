"""The tx class: publishes and settlements that wait for commit (docs: semantics, tx)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.direct_reply import ReplyConsumer
from reference_impl.amqp.core.exchanges import named_targets
from reference_impl.amqp.core.message import Message
from reference_impl.errors import PreconditionFailed, ResourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reference_impl.amqp.core.channel import Channel, Delivery
    from reference_impl.amqp.core.exchanges import Target


class Transaction:
    """What a transactional channel has done since the last commit or rollback."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._dialect = channel.vhost.dialect
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
        (rabbit_channel:complete_tx). A queue that is gone counts as one that refuses, or ends the
        commit where it stands with ResourceError (4.3).
        """
        published, self._published = self._published, []
        accepted = True
        for message, mandatory, routed in published:
            if not self._enqueue(message, mandatory, self._targets_at_commit(message, routed)):
                accepted = False
        settled, self._settled = self._settled, []
        for outcome, taken in settled:
            self._channel.settle_deliveries([delivery for _, delivery in sorted(taken)], outcome)
        if not accepted:
            raise PreconditionFailed("partial tx completion")

    def _enqueue(self, message: Message, mandatory: bool, queues: list[Target]) -> bool:
        """Give each queue its copy; False if one refused it or is gone."""
        present = [queue for queue in queues if not queue.deleted]
        gone = [queue.name for queue in queues if queue.deleted]
        if gone and self._dialect.deleted_queue_at_commit_closes_connection:
            raise ResourceError(
                'failed to deliver message: {not_found,{resource,<<"%s">>,queue,<<"%s">>}}'
                % (self._channel.vhost.name, gone[0])
            )
        accepted = self._channel.enqueue(message, mandatory and not gone, present)
        return accepted and not gone

    def _targets_at_commit(self, message: Message, routed: list[Target]) -> list[Target]:
        """The queues of a message; looked up again by name where that is done at commit."""
        if not self._dialect.routes_at_commit:
            return routed
        # The default exchange routes to names, whether or not there are such queues yet.
        names = message.routing_keys if message.exchange == "" else [q.name for q in routed]
        found = named_targets(self._channel.vhost, names)
        return [target for target in found if not isinstance(target, ReplyConsumer)]

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
