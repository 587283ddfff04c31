"""Direct reply-to: replies to a consumer without a queue (docs: direct-reply-to).

A requester consumes from the pseudo-queue without acknowledgements; its requests get a reply
address of their own in `reply_to`, and what is published to that address through the default
exchange is delivered to the requester at once or not at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reference_impl.amqp.core.delivery import Consumer
from reference_impl.amqp.core.message import REPLY_QUEUE, Content, Message
from reference_impl.errors import NotAllowed, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference_impl.amqp.core.channel import Channel
    from reference_impl.amqp.core.exchanges import Target
    from reference_impl.amqp.core.vhost import VirtualHost


_ADDRESS = re.compile(re.escape(REPLY_QUEUE) + r"\.[A-Za-z0-9_-]{22}")
"""What `consume_replies` makes: the pseudo-queue and an identifier of the virtual host."""


class ReplyConsumer:
    """The requester's end: takes the place of a queue in the routing of the default exchange."""

    deleted = False
    name: str
    """The address for replies."""

    def __init__(self, channel: Channel, tag: str, address: str) -> None:
        self.name = address
        self.tag = tag
        self.stopped = False
        self._channel = channel
        self._consumer = Consumer(
            tag,
            channel,
            self,  # type: ignore[arg-type]
            ack_required=False,
            exclusive=False,
            prefetch=0,
            priority=0,
            arguments={},
        )

    def publish(self, message: Message) -> bool:
        """Deliver a reply; it counts as accepted whatever happens to it."""
        if self.stopped:
            return True
        channel = self._channel
        tag = channel.next_tag
        if channel.vhost.dialect.volatile_reply_queues:
            channel.next_tag += 1
        channel.sink.deliver(self._consumer, tag, False, message)
        return True


class GoneRequester:
    """Where replies end that are addressed to nobody any more (from 4.2)."""

    deleted = False

    def __init__(self, address: str) -> None:
        self.name = address

    def publish(self, message: Message) -> bool:
        return True


def consume_replies(channel: Channel, tag: str, ack_required: bool) -> ReplyConsumer:
    """Register the reply consumer of a channel: one only, and without acknowledgements."""
    if tag in channel.consumers:
        raise NotAllowed(f"attempt to reuse consumer tag '{tag}'")
    if ack_required:
        raise PreconditionFailed("reply consumer cannot acknowledge")
    if channel.reply_consumer is not None:
        raise PreconditionFailed("reply consumer already set")
    vhost = channel.vhost
    consumer = ReplyConsumer(
        channel, tag or "amq.ctag-" + vhost.new_id(), f"{REPLY_QUEUE}.{vhost.new_id()}"
    )
    channel.reply_consumer = consumer
    vhost.reply_consumers[consumer.name] = consumer
    vhost.routes.clear()
    return consumer


def stop_replies(channel: Channel) -> None:
    """Forget the reply consumer of a channel, if it has one."""
    if channel.reply_consumer is not None:
        channel.reply_consumer.stopped = True
        del channel.vhost.reply_consumers[channel.reply_consumer.name]
        channel.vhost.routes.clear()
        channel.reply_consumer = None


def reply_target(vhost: VirtualHost, name: str) -> ReplyConsumer | GoneRequester | None:
    """Return where a reply addressed to `name` goes; None if `name` is no address."""
    requester = vhost.reply_consumers.get(name)
    if requester is None and vhost.dialect.volatile_reply_queues and _ADDRESS.fullmatch(name):
        return GoneRequester(name)
    return requester


def deliver_replies(message: Message, targets: Sequence[Target]) -> list[Target]:
    """Deliver to the requesters among the targets at once, also in a transaction; return the
    others, which alone count for `mandatory` (up to 4.1)."""
    for requester in targets:
        if isinstance(requester, ReplyConsumer):
            requester.publish(message)
    return [target for target in targets if not isinstance(target, ReplyConsumer)]


def addressed(channel: Channel, content: Content) -> Content:
    """Return `content` with the pseudo-queue in `reply_to` replaced by the channel's address."""
    if channel.reply_consumer is None:
        raise PreconditionFailed("fast reply consumer does not exist")
    return content.with_properties(reply_to=channel.reply_consumer.name)
