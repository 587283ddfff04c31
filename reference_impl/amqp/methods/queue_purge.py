"""queue.purge (50.30)

Versions   All.
Behaviour  Removes the ready messages, not those unacknowledged, and answers with their number.
Deviations None known.
Source     XML queue.purge; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "queue.purge"


def handle(channel: ChannelSession, ticket: int, queue: str, no_wait: bool) -> None:
    core = channel.channel
    name = queue or core.last_declared()
    core.connection.check_access("queue", name, "read")
    count = core.vhost.queue(name, core.connection).purge()
    channel.reply("queue.purge-ok", count, no_wait=no_wait)
