"""basic.ack (60.80)

Versions   All.
Behaviour  Settles one delivery, or with multiple all up to the tag; tag 0 with multiple means all.
           An unknown tag is 406.
Deviations None known.
Source     XML basic.ack; rabbit_channel:collect_acks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.amqp.core.channel import ACK

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "basic.ack"


def handle(channel: ChannelSession, delivery_tag: int, multiple: bool) -> None:
    channel.channel.settle(delivery_tag, multiple, ACK)
