"""basic.cancel-ok (60.31)

Versions   All.
Behaviour  A client may answer the broker's basic.cancel; nothing is left to do.
Deviations None known.
Source     docs: consumer-cancel; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "basic.cancel-ok"


def handle(channel: ChannelSession, consumer_tag: str) -> None:
    channel.channel.cancel(consumer_tag)
