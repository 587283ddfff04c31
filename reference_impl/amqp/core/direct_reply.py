"""Direct reply-to: replies to a consumer without a queue (docs: direct-reply-to).

A requester consumes from the pseudo-queue without acknowledgements; its requests get a reply
address of their own in `reply_to`, and what is published to that address through the default
exchange is delivered to the requester at once or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.delivery import Consumer
from reference_impl.amqp.core.message import REPLY_QUEUE, Content, Message
from reference_impl.errors import NotAllowed, PreconditionFailed

if TYPE_CHECKING:
    from reference_impl.amqp.core.channel import Channel


class ReplyConsumer:
    """The requester's end: takes the place of a queue in the routing of the default exchange."""

    deleted = False
    name: str
    """The address for replies."""

    def __init__(self, channel: Channel, tag: str, address: str) -> None:
        self.name = address
        self.tag = tag
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
        channel = self._channel
        tag = channel.next_tag
        channel.next_tag += 1
        channel.sink.deliver(self._consumer, tag, False, message)
        return True


def consume_replies(channel: Channel, tag: str, ack_required: bool) -> ReplyConsumer:
    """Register the reply consumer of a channel: one only, and without acknowledgements."""
    current = channel.reply_consumer
    if tag in channel.consumers or (current is not None and tag == current.tag):
        raise NotAllowed(f"attempt to reuse consumer tag '{tag}'")
    if ack_required:
        raise PreconditionFailed("reply consumer cannot acknowledge")
    if current is not None:
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
        del channel.vhost.reply_consumers[channel.reply_consumer.name]
        channel.vhost.routes.clear()
        channel.reply_consumer = None


def addressed(channel: Channel, content: Content) -> Content:
    """Return `content` with the pseudo-queue in `reply_to` replaced by the channel's address."""
    if channel.reply_consumer is None:
        raise PreconditionFailed("fast reply consumer does not exist")
    return Content(content.properties.replace(reply_to=channel.reply_consumer.name))
