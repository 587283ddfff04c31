"""basic.consume (60.20)

Versions   All.
Behaviour  Starts a consumer; consume-ok precedes its first delivery. no-local is ignored.
Deviations None known.
Source     XML basic.consume; rabbit_channel:basic_consume; docs: consumers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.direct_reply import consume_replies
from reference_impl.amqp.core.message import REPLY_QUEUE
from reference_impl.amqp.fields import Table

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "basic.consume"


def handle(
    channel: ChannelSession,
    ticket: int,
    queue: str,
    consumer_tag: str,
    no_local: bool,
    no_ack: bool,
    exclusive: bool,
    no_wait: bool,
    arguments: Table,
) -> None:
    core = channel.channel
    name = queue or core.last_declared()
    if name == REPLY_QUEUE:
        replies = consume_replies(core, consumer_tag, not no_ack)
        channel.reply("basic.consume-ok", replies.tag, no_wait=no_wait)
        return
    consumer = core.consume(
        name, consumer_tag, ack_required=not no_ack, exclusive=exclusive, arguments=arguments
    )
    channel.reply("basic.consume-ok", consumer.tag, no_wait=no_wait)
    consumer.queue.deliver_ready()
