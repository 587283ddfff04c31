"""basic.cancel (60.30)

Versions   All.
Behaviour  Stops a consumer; nothing is delivered to it after cancel-ok, and what it was given stays
           unacknowledged. An unknown tag is no error.
Deviations None known.
Source     XML basic.cancel; docs: consumers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "basic.cancel"


def handle(channel: ChannelSession, consumer_tag: str, no_wait: bool) -> None:
    channel.channel.cancel(consumer_tag)
    channel.reply("basic.cancel-ok", consumer_tag, no_wait=no_wait)
