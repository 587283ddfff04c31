"""basic.recover (60.110)

Versions   All.
Behaviour  Requeues all that the channel holds unacknowledged, then answers; requeue=false is 540.
Deviations None known.
Source     XML basic.recover; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.errors import NotImplementedByBroker

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "basic.recover"


def handle(channel: ChannelSession, requeue: bool) -> None:
    if not requeue:
        raise NotImplementedByBroker("requeue=false")
    channel.channel.recover()
    channel.reply("basic.recover-ok")
