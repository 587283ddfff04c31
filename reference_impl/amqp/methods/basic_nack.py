"""basic.nack (60.120)

Versions   All; an extension of RabbitMQ.
Behaviour  basic.reject for one delivery or, with multiple, for all up to the tag.
Deviations None known.
Source     docs: nack; rabbit_channel:reject.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.channel import DISCARD, REQUEUE

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "basic.nack"


def handle(channel: ChannelSession, delivery_tag: int, multiple: bool, requeue: bool) -> None:
    channel.channel.settle(delivery_tag, multiple, REQUEUE if requeue else DISCARD)
