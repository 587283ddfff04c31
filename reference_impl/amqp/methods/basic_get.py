"""basic.get (60.70)

Versions   All.
Behaviour  Takes the head of a queue outside any prefetch limit; answers with the number of messages
           still ready, or get-empty.
Deviations None known.
Source     XML basic.get; rabbit_channel:handle_basic_get.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "basic.get"


def handle(channel: ChannelSession, ticket: int, queue: str, no_ack: bool) -> None:
    core = channel.channel
    found = core.get(queue or core.last_declared(), not no_ack)
    if found is None:
        channel.reply("basic.get-empty", "")
        return
    tag, entry, ready = found
    channel.send_get_ok(tag, entry.redelivered, entry.message, ready)
