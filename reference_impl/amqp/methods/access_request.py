"""access.request (30.10)

Versions   All.
Behaviour  A relic of AMQP 0-8: accepted, answered with ticket 1, without effect.
Deviations None known.
Source     docs: spec differences; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "access.request"


def handle(
    channel: ChannelSession,
    realm: str,
    exclusive: bool,
    passive: bool,
    active: bool,
    write: bool,
    read: bool,
) -> None:
    channel.reply("access.request-ok", 1)
