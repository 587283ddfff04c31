"""basic.recover-async (60.100)

Versions   All.
Behaviour  basic.recover without an answer.
Deviations None known.
Source     XML basic.recover-async; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.errors import NotImplementedByBroker

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "basic.recover-async"


def handle(channel: ChannelSession, requeue: bool) -> None:
    if not requeue:
        raise NotImplementedByBroker("requeue=false")
    channel.channel.recover()
