"""queue.declare (50.10)

Versions   Arguments of classic queues differ, see versions.py.
Behaviour  Creates a queue, or checks that an equivalent one exists, and answers with the number of
           ready messages and of consumers. Passive only checks that the queue exists. The channel
           remembers the name. Every declare of a direct reply-to address is passive.
Deviations Quorum queues and streams are refused with 540.
Source     XML queue.declare; rabbit_channel:handle_method; docs: queues, direct-reply-to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.message import REPLY_QUEUE
from reference_impl.amqp.core.vhost import stripped
from reference_impl.amqp.fields import Table

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "queue.declare"


def handle(
    channel: ChannelSession,
    ticket: int,
    queue: str,
    passive: bool,
    durable: bool,
    exclusive: bool,
    auto_delete: bool,
    no_wait: bool,
    arguments: Table,
) -> None:
    core = channel.channel
    vhost = core.vhost
    if queue.startswith(REPLY_QUEUE):
        name, ready, consumers = stripped(queue), 0, 1
        vhost.check_reply_address(name)
    else:
        if passive:
            found = vhost.find_queue(core.connection, queue)
        else:
            found = vhost.declare_queue(
                core.connection,
                queue,
                durable=durable,
                exclusive=exclusive,
                auto_delete=auto_delete,
                arguments=arguments,
            )
        name, ready, consumers = found.name, len(found.ready), len(found.consumers)
    core.last_declared_queue = name
    channel.reply("queue.declare-ok", name, ready, consumers, no_wait=no_wait)
