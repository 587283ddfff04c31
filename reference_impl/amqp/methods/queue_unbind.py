"""queue.unbind (50.50)

Versions   Binding a direct reply-to address is refused with 403 from 4.2.9.
Behaviour  Removes a binding before it answers; whatever does not exist is no error. An empty queue
           name means the queue that this channel declared last; if the routing key is empty too,
           its name is it.
Deviations None known.
Source     XML queue.unbind; rabbit_channel:binding_action_with_checks, expand_shortcuts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.fields import Table

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "queue.unbind"


def handle(
    channel: ChannelSession,
    ticket: int,
    queue: str,
    exchange: str,
    routing_key: str,
    arguments: Table,
) -> None:
    core = channel.channel
    if not queue and not routing_key:
        routing_key = core.last_declared()
    queue = queue or core.last_declared()
    core.vhost.unbind(core.connection, exchange, "queue", queue, routing_key, arguments)
    channel.reply("queue.unbind-ok")
