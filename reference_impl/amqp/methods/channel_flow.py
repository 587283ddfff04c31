"""channel.flow (20.20)

Versions   All.
Behaviour  active=true is confirmed and changes nothing; active=false is 540.
Deviations None known.
Source     XML channel.flow; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.errors import NotImplementedByBroker

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "channel.flow"


def handle(channel: ChannelSession, active: bool) -> None:
    if not active:
        raise NotImplementedByBroker("active=false")
    channel.reply("channel.flow-ok", True)
