"""basic.reject (60.90)

Versions   All.
Behaviour  Requeues one delivery, or discards it: dead-letters it if its queue says so.
Deviations None known.
Source     XML basic.reject; rabbit_channel:reject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.channel import REJECT, RETURN

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "basic.reject"


def handle(channel: ChannelSession, delivery_tag: int, requeue: bool) -> None:
    channel.channel.settle(delivery_tag, False, RETURN if requeue else REJECT)
