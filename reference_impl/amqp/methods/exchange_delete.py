"""exchange.delete (40.20)

Versions   All.
Behaviour  Deletes the exchange and every binding from and to it; a missing one is no error.
Deviations None known.
Source     XML exchange.delete; rabbit_channel:handle_method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reference_impl.amqp.channel_session import ChannelSession

METHOD = "exchange.delete"


def handle(
    channel: ChannelSession, ticket: int, exchange: str, if_unused: bool, no_wait: bool
) -> None:
    core = channel.channel
    core.vhost.delete_exchange(core.connection, exchange, if_unused)
    channel.reply("exchange.delete-ok", no_wait=no_wait)
