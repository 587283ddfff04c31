"""queue.delete (50.40)

Versions   All.
Behaviour  Deletes the queue and answers with the number of ready messages that went with it; a
           missing queue is no error. Nothing is dead-lettered.
Deviations None known.
Source     XML queue.delete; rabbit_channel:handle_method; rabbit_amqqueue:delete_with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.vhost import stripped
from reference_impl.errors import PreconditionFailed

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "queue.delete"


def handle(
    channel: ChannelSession,
    ticket: int,
    queue: str,
    if_unused: bool,
    if_empty: bool,
    no_wait: bool,
) -> None:
    core = channel.channel
    name = stripped(queue or core.last_declared())
    core.connection.check_access("queue", name, "configure")
    count = 0
    if name in core.vhost.queues:
        found = core.vhost.queue(name, core.connection)
        if if_empty and found.ready:
            raise PreconditionFailed(f"{found} not empty")
        if if_unused and len(found.consumers) > 0:
            raise PreconditionFailed(f"{found} in use")
        count = core.vhost.delete_queue(found)
    channel.reply("queue.delete-ok", count, no_wait=no_wait)
