"""confirm.select (85.10)

Versions   All; an extension of RabbitMQ.
Behaviour  From now on every publish on this channel is numbered from 1 and confirmed; not together
           with tx.
Deviations None known.
Source     docs: confirms; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "confirm.select"


def handle(channel: ChannelSession, no_wait: bool) -> None:
    channel.channel.select_confirms()
    channel.reply("confirm.select-ok", no_wait=no_wait)
