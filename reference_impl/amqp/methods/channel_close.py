"""channel.close (20.40)

Versions   All.
Behaviour  Cancels the consumers without basic.cancel, requeues what is unacknowledged, answers
           close-ok; the number is free at once.
Deviations None known.
Source     XML channel.close; rabbit_channel:handle_method, notify_queues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "channel.close"


def handle(
    channel: ChannelSession, reply_code: int, reply_text: str, class_id: int, method_id: int
) -> None:
    channel.send_confirms()
    channel.end()
    channel.session.channels.pop(channel.number, None)
    channel.reply("channel.close-ok")
