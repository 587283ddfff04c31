"""basic.qos (60.10)

Versions   From 4.3 global=true is answered and treated as global=false.
Behaviour  Without global: limits each consumer started from now on, and lifts the channel's limit.
           With global: limits all consumers of the channel together. prefetch-size is 540.
Deviations None known.
Source     XML basic.qos; docs: consumer-prefetch; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reference_impl.errors import NotImplementedByBroker

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "basic.qos"


def handle(channel: ChannelSession, prefetch_size: int, prefetch_count: int, global_: bool) -> None:
    if prefetch_size:
        raise NotImplementedByBroker(f"prefetch_size!=0 ({prefetch_size})")
    core = channel.channel
    channel.reply("basic.qos-ok")
    core.set_prefetch(prefetch_count, for_channel=global_)
