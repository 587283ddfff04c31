"""channel.open (20.10)

Versions   All.
Behaviour  Opens the channel; a second open on a number in use is 504.
Deviations None known.
Source     XML channel.open; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.channel import Channel
from reference_impl.errors import ChannelError

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "channel.open"


def handle(channel: ChannelSession, reserved_1: str) -> None:
    if channel.core is not None:
        raise ChannelError("second 'channel.open' seen")
    connection = channel.session.connection
    assert connection is not None
    channel.core = Channel(connection, channel.number, channel)
    channel.reply("channel.open-ok", "")
